"""A region with a ЖС, its indicators and people of every role, without any answers: quick to make."""

from dataclasses import dataclass
from datetime import date

from django.test import Client

from accounts.models import User
from regions.models import Indicator, LifeSituation, LifeSituationIndicator, Region, RegionLifeSituation
from regions.roles import FEDERAL_ROLES, REGIONAL_ROLES, Role
from regions.services.life_situations import Document
from tests.factories import LifeSituationFactory, MembershipFactory, RegionFactory

SINCE = date(2026, 1, 15)
DECISION = Document("12-р", date(2026, 11, 20))


@dataclass
class Taken:
    region: Region
    life_situation: LifeSituation
    place: RegionLifeSituation
    indicators: list[Indicator]
    people: dict[Role, User]

    def client(self, role: Role) -> Client:
        return signed_in(self.people[role])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def make_indicators() -> list[Indicator]:
    """One of each unit that targets are entered in, as the catalogue has them; the last one has no mark."""
    rows = (
        ("satisfaction", "Удовлетворённость пользователей", "percent", False, 90),
        ("nps", "Индекс приверженности потребителей (NPS)", "points", False, 30),
        ("time", "Время, потраченное пользователем", "days", True, None),
    )
    return [
        Indicator.objects.get_or_create(
            code=code,
            defaults={
                "title": title,
                "unit": unit,
                "kind": Indicator.Kind.MAIN,
                "lower_is_better": lower,
                "long_term_mark": mark,
            },
        )[0]
        for code, title, unit, lower, mark in rows
    ]


def take(code: str = "RU-NIZ", life_situation: str = "employment-centre") -> Taken:
    """The region `code` with the ЖС at «выбрана»; one hq_member answers for it."""
    region, situation = RegionFactory(code=code), LifeSituationFactory(code=life_situation)
    indicators = make_indicators()
    for position, indicator in enumerate(indicators, start=1):
        LifeSituationIndicator.objects.get_or_create(
            life_situation=situation, indicator=indicator, defaults={"number": str(position), "position": position}
        )
    place = RegionLifeSituation.objects.create(region=region, life_situation=situation, since=SINCE, status_since=SINCE)
    people = {role: MembershipFactory(role=role, starts_on=SINCE).user for role in sorted(FEDERAL_ROLES)}
    for role in sorted(REGIONAL_ROLES):
        bound = [situation] if role == Role.HQ_MEMBER else []
        people[role] = MembershipFactory(role=role, region=region, life_situations=bound, starts_on=SINCE).user
    return Taken(region, situation, place, indicators, people)
