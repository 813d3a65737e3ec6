"""The links of an institution and what people answered by them, quarter by quarter."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from accounts.models import User
from monitoring.models import ReportingPeriod, ServedClients
from nsi_portal.demo.places import DemoInstitution
from regions.models import Institution, LifeSituation
from surveys.models import Response, SurveyLink
from surveys.questionnaires.answers import read_answers
from surveys.services.arriving import Origin, build_response, store_responses
from surveys.services.links import create_link

COMMENTS = (
    "Долго ждали своей очереди",
    "Попросили принести справку второй раз",
    "Не объяснили, куда идти дальше",
    "По телефону невозможно дозвониться",
    "Записаться получилось только через две недели",
)
SUGGESTIONS = (
    "Сделайте запись через интернет на вечернее время",
    "Поставьте больше стульев в коридоре",
    "Хорошо бы получать СМС, когда документы готовы",
    "Всё устроило, спасибо",
)


def load_answers(
    one: DemoInstitution,
    institution: Institution,
    life_situation: LifeSituation,
    periods: list[ReportingPeriod],
    today: date,
    administrator: User,
) -> int:
    # Not for secrets: the same quarter on every machine.
    draw = random.Random(f"{institution.region.code} {one.name}")  # noqa: S311
    links = [
        create_link(
            institution=institution,
            life_situation=life_situation,
            channel=channel,
            label=label,
            opens_on=periods[0].opens_on,
            by=administrator,
        )
        for channel, label in (
            (SurveyLink.Channel.POSTER, "Плакат у входа"),
            (SurveyLink.Channel.SMS, "СМС после посещения"),
        )
    ]
    responses: list[Response] = []
    for index, period in enumerate(periods):
        number = round(one.per_quarter * draw.uniform(0.8, 1.25))
        quality = min(0.97, one.quality + 0.02 * index)
        responses += [
            _response(one, draw, quality, day, draw.choices(links, weights=(3, 2))[0])
            for day in _days(draw, period.opens_on, period.closes_on, number)
        ]
        if one.known_clients or index < len(periods) - 1:
            ServedClients.objects.create(
                institution=institution,
                life_situation=life_situation,
                period=period,
                number=max(number * draw.randint(6, 14), 40),
                entered_by=administrator,
            )
    # A few answers of the quarter now open.
    since = periods[-1].closes_on + timedelta(days=1)
    recent = one.per_quarter // 12 if since <= today else 0
    responses += [_response(one, draw, one.quality, day, links[0]) for day in _days(draw, since, today, recent)]
    return store_responses(responses)


def _days(draw: random.Random, first: date, last: date, number: int) -> Iterator[date]:
    """Days of answers: most in the last weeks before the report, as is recommended."""
    length = (last - first).days
    for _ in range(number):
        yield last - timedelta(days=min(length, int(draw.expovariate(1 / 18))))


def _response(one: DemoInstitution, draw: random.Random, quality: float, day: date, link: SurveyLink) -> Response:
    def scale(chance: float) -> str:
        if draw.random() < chance:
            return "yes" if draw.random() < 0.6 else "rather_yes"
        return "rather_no" if draw.random() < 0.65 else "no"

    satisfaction = scale(quality)
    content = satisfaction in ("yes", "rather_yes")
    late = draw.random() < 0.1
    sent: dict[str, list[str]] = {
        "service_date": [(day - timedelta(days=draw.randint(6, 25) if late else draw.randint(0, 5))).isoformat()],
        "satisfaction": [satisfaction],
        "recommend": [str(min(10, max(0, round(draw.gauss(8.8 if content else 4.6, 1.6)))))],
    }
    if not content and draw.random() < 0.5:
        sent["satisfaction_comment"] = [draw.choice(COMMENTS)]
    for code, shift in (("documents", -0.05), ("duration", -0.1), ("clarity", 0.0), ("support", 0.04)):
        if draw.random() < 0.93:
            sent[code] = [scale(min(0.98, quality + shift))]
    if draw.random() < 0.9:
        sent["days"] = [str(max(0, round(draw.lognormvariate(0, 0.45) * one.days)))]
    if draw.random() < 0.08:
        sent["suggestions"] = [draw.choice(SUGGESTIONS)]
    at = datetime.combine(day, time(draw.randint(9, 20), draw.randint(0, 59)), link.institution.region.zone)
    return build_response(
        origin=Origin.of(link),
        key=f"demo-{draw.getrandbits(96):024x}",
        answers=read_answers(link.version.definition, sent, today=day),
        mode=Response.Mode.ONLINE,
        arrived_at=at.astimezone(UTC),
        answered_on=day,
    )
