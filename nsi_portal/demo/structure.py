"""Demonstration of the structure of two regions: one has nearly everything, the other is on its way.

All goes through the services, by the people who would do it, so that the history shows who entered what.
"""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from accounts.models import User
from regions.models import (
    AccessRequest,
    Body,
    Indicator,
    LetterDeadline,
    LifeSituation,
    Region,
    RegionLifeSituation,
)
from regions.models.bodies import Competence, Group
from regions.roles import Role
from regions.services import bodies, letters, life_situations, materials, targets
from regions.stages import ORDER

HEADQUARTERS = (
    ("Лаптева Ольга Романовна", "Заместитель Губернатора по социальным вопросам", "Правительство", Group.OTHER),
    ("Захаров Илья Олегович", "Министр социальной политики", "Министерство", Group.SECTOR_AUTHORITY),
    ("Рябов Степан Ильич", "Министр внутренней политики", "Министерство", Group.MUNICIPAL_RELATIONS),
    ("Титова Вера Павловна", "Глава городского округа", "Администрация округа", Group.MUNICIPALITY),
    ("Носов Антон Егорович", "Министр финансов", "Министерство финансов", Group.FINANCE_AND_DIGITAL),
    ("Крылов Денис Евгеньевич", "Председатель РЭГ", "Общественная палата", Group.EXPERT_CHAIR),
    ("Мельникова Юлия Андреевна", "РСУ", "Правительство", Group.COMMISSIONER),
)
EXPERTS = (
    ("Крылов Денис Евгеньевич", "Заведующий кафедрой", "Университет", Group.SCIENCE),
    ("Белова Ирина Львовна", "Президент", "Ассоциация социальных служб", Group.SECTOR_EXPERTS),
    ("Гусев Олег Ринатович", "Директор", "Фонд «Рядом»", Group.NONPROFIT),
    ("Иванова Алла Павловна", "Директор", "Центр занятости населения", Group.INSTITUTION_HEAD),
)
# Current and target value by the unit of the indicator: a quarter of the way to the mark.
VALUES = {
    Indicator.Unit.PERCENT: ("78", "81"),
    Indicator.Unit.POINTS: ("22", "24"),
    Indicator.Unit.DAYS: ("20", "16"),
}
OTHER_VALUES = ("40", "30")


def email_in(region: Region, tag: str, number: int) -> str:
    return f"member-{number}@{tag}.example.org"


def load_structure(
    region: Region, tag: str, people: dict[Role, User], *, since: date, at: datetime, whole: bool
) -> None:
    """Fill in the structure of a region. `whole`: everything a region needs; else what one has after half a year."""
    administrator = people[Role.NSI_ADMIN]
    letters.set_participation(region=region, since=since, by=administrator, at=at)
    headquarters = _form(region, tag, Body.Kind.HEADQUARTERS, HEADQUARTERS, since, administrator, at, number="104-р")
    _form(region, tag, Body.Kind.EXPERT_GROUP, EXPERTS, since, administrator, at, number="105-р")
    if whole:
        _form_group(region, since, administrator, at)
    _appoint(region, people, since=since, at=at, accredited=whole)
    _advance(region, people, since=since, at=at, whole=whole)
    _write_letters(region, since=since, by=administrator, at=at, whole=whole)
    # Somebody of the РШ has no account yet, and an institution asks for access.
    assert headquarters.members.count() == len(HEADQUARTERS)
    _ask_for_access(region, tag)


def _person(one: tuple[str, str, str, Group], number: int, region: Region, tag: str) -> bodies.Person:
    name, position, organisation, group = one
    competences = list(Competence)
    return bodies.Person(
        full_name=name,
        position=position,
        organisation=organisation,
        group=group,
        email=email_in(region, tag, number),
        competences=[competences[number % len(competences)].value, competences[(number * 3) % len(competences)].value],
    )


def _form(
    region: Region,
    tag: str,
    kind: Body.Kind,
    members: tuple[tuple[str, str, str, Group], ...],
    since: date,
    by: User,
    at: datetime,
    *,
    number: str,
) -> Body:
    head, *others = [_person(one, place, region, tag) for place, one in enumerate(members)]
    body = bodies.form_body(
        region=region,
        kind=kind,
        decision=bodies.Decision(number=number, day=since),
        formed_on=since,
        head=head,
        by=by,
        at=at,
    )
    for one in others:
        bodies.add_member(body=body, person=one, starts_on=since, by=by, at=at)
    return body


def _form_group(region: Region, since: date, by: User, at: datetime) -> None:
    bodies.form_body(
        region=region,
        kind=Body.Kind.SECTOR_GROUP,
        title="Отраслевая группа по занятости",
        life_situations=list(LifeSituation.objects.filter(code="employment-centre")),
        decision=bodies.Decision(number="3", day=since),
        formed_on=since,
        head=bodies.Person(
            full_name="Захаров Илья Олегович",
            position="Министр социальной политики",
            organisation="Министерство",
            group=Group.SECTOR_AUTHORITY,
            competences=[Competence.MANAGEMENT.value],
        ),
        by=by,
        at=at,
    )


def _appoint(region: Region, people: dict[Role, User], *, since: date, at: datetime, accredited: bool) -> None:
    person = people[Role.SERVICE_COMMISSIONER]
    commissioner = bodies.appoint_commissioner(
        region=region,
        facts=bodies.CommissionerFacts(
            full_name=person.full_name,
            position="Региональный сервисный уполномоченный",
            email=person.email,
            competences=[Competence.ANALYSIS.value, Competence.METHODOLOGY.value],
        ),
        decision=bodies.Decision(number="106-р", day=since),
        appointed_on=since,
        by=people[Role.NSI_ADMIN],
        at=at,
    )
    commissioner.user = person
    commissioner.save(update_fields=["user"])
    if accredited:
        bodies.accredit(
            commissioner=commissioner,
            course="Программа подготовки региональных сервисных уполномоченных",
            course_completed_on=since + timedelta(days=40),
            accredited_on=since + timedelta(days=50),
            accredited_until=since + timedelta(days=50 + 2 * 365),
            by=people[Role.AGENCY_ADMIN],
            at=at,
        )


def _advance(region: Region, people: dict[Role, User], *, since: date, at: datetime, whole: bool) -> None:
    """Lead the region's ЖС along their way, and enter and approve their targets."""
    year = region.local_date(at).year
    places = RegionLifeSituation.objects.filter(region=region).select_related("life_situation", "region")
    for place in places:
        steps = 3 if whole else 1
        for step in range(steps):
            before, after = ORDER[step], ORDER[step + 1]
            on = since + timedelta(days=30 * (step + 1))
            life_situations.change_status(
                place=place,
                seen=before,
                after=after,
                on=on,
                document=life_situations.Document(number=f"{place.pk}-ДК", day=on)
                if after == "implementation"
                else life_situations.Document(),
                by=people[Role.HQ_MEMBER],
                at=at,
            )
        values = {one: _values(one) for one in targets.indicators_of(place)}
        targets.enter(place=place, year=year, values=values, by=people[Role.HQ_MEMBER])
        if whole:
            targets.approve(
                place=place,
                year=year,
                seen=targets.digest(place.targets.filter(year=year)),
                document=life_situations.Document(number="7-РШ", day=since + timedelta(days=90)),
                by=people[Role.HQ_CHAIR],
                at=at,
            )


def _values(indicator: Indicator) -> tuple[Decimal, Decimal]:
    current, target = VALUES.get(Indicator.Unit(indicator.unit), OTHER_VALUES)
    return Decimal(current), Decimal(target)


def _write_letters(region: Region, *, since: date, by: User, at: datetime, whole: bool) -> None:
    """The letters of the beginning; of the quarterly ones all but the newest, or none yet."""
    once = LetterDeadline.objects.filter(region=None, kind__is_quarterly=False)
    due = LetterDeadline.objects.filter(region=None, kind__is_quarterly=True, due_on__gte=since)
    passed = list(due.filter(due_on__lt=region.local_date(at)).order_by("due_on", "kind__position"))
    sent = [*once.order_by("kind__position"), *passed[:-1]] if whole else once.order_by("kind__position")[:1]
    for number, deadline in enumerate(sent, start=1):
        letters.register(
            region=region,
            facts=letters.Facts(
                kind=deadline.kind,
                occasion=deadline.occasion,
                number=f"01-{number}",
                day=max(since, deadline.due_on - timedelta(days=number)),
            ),
            by=by,
            at=at,
        )


def _ask_for_access(region: Region, tag: str) -> None:
    institution = region.institutions.order_by("-pk")[0]
    user = User.objects.create_user(
        f"newcomer@{tag}.example.org", full_name="Новикова Дарья Игоревна", position="Методист"
    )
    AccessRequest.objects.create(
        email=user.email,
        full_name=user.full_name,
        position=user.position,
        institution=institution,
        state=AccessRequest.State.WAITING,
        user=user,
    )


def publish_materials(by: User, at: datetime) -> None:
    """What the Agency gives to read: a file for some roles and a link for all."""
    materials.publish(
        title="Список членов РШ и РЭГ: образец",
        description="Таблица, которой регион передаёт состав и адреса для приглашения на портал.",
        roles=[Role.NSI_ADMIN.value, Role.HQ_CHAIR.value],
        life_situation=None,
        edition=materials.Edition(
            file=SimpleUploadedFile("Список членов РШ и РЭГ.xlsx", _sample_list()), note="Первая версия"
        ),
        by=by,
        at=at,
    )
    materials.publish(
        title="Онлайн-сервис первого мониторинга",
        description="Адрес сервиса, которым проводился первый мониторинг.",
        roles=[],
        life_situation=None,
        edition=materials.Edition(url="https://nsi.edu.asi.ru/quality/"),
        by=by,
        at=at,
    )


def _sample_list() -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["ФИО", "Должность", "Организация", "Электронная почта"])
    for name, position, organisation, _ in HEADQUARTERS:
        sheet.append([name, position, organisation, ""])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
