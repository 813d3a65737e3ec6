"""Demonstration of data quality: answers that arrived strangely, and decisions about them."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from monitoring.models import ReportingPeriod
from nsi_portal.demo.people import people_of
from regions.models import Institution
from regions.roles import Role
from surveys.models import ExclusionCase, Response, SurveyLink
from surveys.quality.marks import Flag
from surveys.questionnaires.answers import read_answers
from surveys.services import quality
from surveys.services.arriving import Origin, build_response, store_responses


def show_data_quality() -> None:
    """At one institution a burst by night, left out already, and some forms that are alike, about which nobody has
    decided yet: both in the last quarter that has closed.
    """
    people = people_of("niz")
    institution = Institution.objects.get(
        region__code="RU-NIZ", name__startswith="Комплексный центр", locality="Арзамас"
    )
    region = institution.region
    link = SurveyLink.objects.with_places().get(institution=institution, channel=SurveyLink.Channel.SMS)
    closed = ReportingPeriod.objects.filter(closes_on__lt=region.local_date()).latest("closes_on").closes_on
    night, next_day = closed - timedelta(days=3), closed - timedelta(days=2)
    responses = [
        _suspicious(link, f"night-{number}", night, time(2, 10 + number // 5), Flag.FAST | Flag.NIGHT, days=number)
        for number in range(14)
    ]
    text = {"satisfaction": ["rather_no"], "satisfaction_comment": ["Соцработник приходит не в назначенное время"]}
    responses += [
        _suspicious(link, f"alike-{number}", next_day, time(11, 7 * number), Flag(0), days=4, **text)
        for number in range(6)
    ]
    store_responses(responses)
    quality.mark(night, next_day)
    at = timezone.now()
    cases = [
        quality.propose(
            institution=institution,
            life_situation=link.life_situation,
            kind=ExclusionCase.Kind.LEAVE_OUT,
            response_ids=Response.objects.filter(key__startswith=f"demo-quality-{name}").values_list("pk", flat=True),
            reason=reason,
            by=people[Role.NSI_ADMIN],
        )
        for name, reason in (
            ("night", "Четырнадцать анкет за три минуты ночью, рассылки СМС в этот день не было"),
            ("alike", "Шесть анкет с одним и тем же комментарием слово в слово, заполнены с одного рабочего места"),
        )
    ]
    quality.approve(
        case=cases[0], by=people[Role.SERVICE_COMMISSIONER], at=at, explanation="Проверили: рассылки не было"
    )


def _suspicious(
    link: SurveyLink, name: str, day: date, at: time, flags: Flag, *, days: int, **more: list[str]
) -> Response:
    sent = {
        "service_date": [str(day - timedelta(days=1))],
        "satisfaction": ["yes"],
        "recommend": ["10"],
        "days": [str(days)],
        **more,
    }
    return build_response(
        origin=Origin.of(link),
        key=f"demo-quality-{name}",
        answers=read_answers(link.version.definition, sent, today=day),
        mode=Response.Mode.ONLINE,
        arrived_at=datetime.combine(day, at, link.institution.region.zone).astimezone(UTC),
        answered_on=day,
        flags=flags,
    )
