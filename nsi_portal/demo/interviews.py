"""Demonstration: paper typed in, a form waiting for its second typing, and a file of answers that was loaded."""

import io
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from jobs.models import Job
from jobs.services import run_job
from nsi_portal.demo.people import people_of
from regions.models import Institution
from regions.roles import Role
from surveys.filling.page_keys import new_page_key
from surveys.models import Recheck, Response, SurveyLink
from surveys.paper.importing import ANSWERED_ON, HEADER_ROWS, ROW_ID, build_template
from surveys.questionnaires.answers import read_answers
from surveys.services import imports, interviews
from surveys.services.links import create_link

# Number of the blank, satisfaction, recommendation.
FORMS = ((101, "yes", "10"), (102, "rather_yes", "8"), (103, "no", "3"))
ROWS = (("Да", 9), ("Да", 10), ("Скорее да", 7), ("Скорее нет", 5), ("Да", 8))


def show_interviews() -> None:
    """A link for paper in the first institution of the region: typed in by its representative and by its region."""
    people = people_of("niz")
    representative, administrator = people[Role.INSTITUTION_REP], people[Role.NSI_ADMIN]
    institution = representative.memberships.get(role=Role.INSTITUTION_REP).institution
    assert institution
    today = institution.region.local_date()
    filled = today - timedelta(days=1)
    link = _link(institution, filled - timedelta(days=7), administrator)
    for number, satisfaction, nps in FORMS:
        _type_in(link, number, satisfaction, nps, filled, representative)
    # The draw is left to chance; one is to be seen in any case.
    first = interviews.entries().get(link=link, blank_number=FORMS[0][0])
    Recheck.objects.get_or_create(entry=first, defaults={"asked_at": timezone.now()})
    _load(link, _filled_file(link, filled), "Анкеты за неделю.xlsx", representative)
    _load(link, _filled_file(link, filled, mistake=True), "Анкеты за прошлую неделю.xlsx", representative)


def _link(institution: Institution, opens_on: date, by: User) -> SurveyLink:
    participation = institution.participations.select_related("life_situation").order_by("pk").first()
    assert participation
    link = create_link(
        institution=institution,
        life_situation=participation.life_situation,
        channel=SurveyLink.Channel.PAPER,
        label="Бланки в зале",
        opens_on=opens_on,
        by=by,
    )
    return SurveyLink.objects.with_places().get(pk=link.pk)


def _type_in(link: SurveyLink, number: int, satisfaction: str, nps: str, day: date, by: User) -> None:
    definition = link.version.definition
    sent = {
        definition.by_measure["service_date"].code: [day.isoformat()],
        definition.by_measure["satisfaction"].code: [satisfaction],
        definition.by_measure["nps"].code: [nps],
    }
    form = interviews.Form(
        mode=Response.Mode.PAPER,
        answered_on=day,
        blank_number=number,
        answers=read_answers(definition, sent, today=day),
    )
    now = timezone.now()
    interviews.enter(link=link, key=new_page_key(link.pk, now), form=form, by=by, at=now)


def _filled_file(link: SurveyLink, day: date, *, mistake: bool = False) -> bytes:
    definition = link.version.definition
    workbook = load_workbook(io.BytesIO(build_template(definition)))
    sheet = workbook.worksheets[0]
    columns = {str(cell.value): column for column, cell in enumerate(sheet[1], start=1)}
    for row, (satisfaction, nps) in enumerate(ROWS, start=HEADER_ROWS + 1):
        values: dict[str, Any] = {
            ANSWERED_ON: day,
            definition.by_measure["service_date"].code: day,
            definition.by_measure["satisfaction"].code: satisfaction,
            definition.by_measure["nps"].code: 11 if mistake and row == HEADER_ROWS + 2 else nps,
            ROW_ID: f"{'В' if mistake else 'А'}-{row}",
        }
        for code, value in values.items():
            sheet.cell(row, columns[code]).value = value
    packed = io.BytesIO()
    workbook.save(packed)
    return packed.getvalue()


def _load(link: SurveyLink, content: bytes, name: str, by: User) -> None:
    """Check the file and load it if nothing is wrong with it, here and now."""
    found = imports.send_file(link=link, name=name, content=content, by=by)
    run_job(Job.objects.active().get(kind=imports.CHECK, scope=imports.scope(found)).pk)
    found.refresh_from_db()
    if found.state == found.State.CHECKED:
        imports.start(found=found, by=by)
        run_job(Job.objects.active().get(kind=imports.LOAD, scope=imports.scope(found)).pk)
