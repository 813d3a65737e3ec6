"""Objects for tests. Reference rows (regions, ЖС, standard questionnaires) are the real ones, read from their files."""

import csv
import json
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import factory
import yaml
from factory.django import DjangoModelFactory

from accounts import consent
from accounts.models import User
from accounts.services import set_totp
from regions.models import (
    Body,
    BodyMember,
    Direction,
    Institution,
    LifeSituation,
    Membership,
    Participation,
    Region,
    ServiceCommissioner,
)
from regions.models.bodies import Group
from regions.permissions import SECOND_FACTOR_ROLES
from regions.roles import INSTITUTION_ROLES, REGIONAL_ROLES, Role
from surveys.models import Questionnaire, QuestionnaireVersion, Response, SurveyLink
from surveys.questionnaires.definition import Definition
from tests.servers import ROOT

REGIONS = ROOT / "regions" / "reference"
SURVEYS = ROOT / "surveys" / "reference"

PASSWORD = "пароль для тестов 7"
# Of the authenticators MembershipFactory gives to people whose role needs a second factor.
TOTP_SECRET = "NSITESTS234567ABCDEFGHIJKLMNOPQR"


@lru_cache
def _regions() -> dict[str, dict[str, str]]:
    with (REGIONS / "regions.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


@lru_cache
def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _life_situation(code: str) -> Any:
    return _yaml(REGIONS / "life_situations" / f"{code}.yaml")


@lru_cache
def standard_document(direction: str) -> dict[str, Any]:
    """The standard questionnaire of a direction, as stored."""
    document = json.loads((SURVEYS / f"standard-{direction}.json").read_text(encoding="utf-8"))
    return Definition.model_validate(document).document()


class RegionFactory(DjangoModelFactory):
    """A real region by its code: RegionFactory(code="RU-KAM")."""

    class Meta:
        model = Region
        django_get_or_create = ("code",)

    class Params:
        row = factory.LazyAttribute(lambda region: _regions()[region.code])

    code = "RU-NIZ"
    okato = factory.LazyAttribute(lambda region: region.row["okato"])
    name = factory.LazyAttribute(lambda region: region.row["name"])
    name_genitive = factory.LazyAttribute(lambda region: region.row["name_genitive"])
    name_dative = factory.LazyAttribute(lambda region: region.row["name_dative"])
    name_prepositional = factory.LazyAttribute(lambda region: region.row["name_prepositional"])
    federal_district = factory.LazyAttribute(lambda region: region.row["federal_district"])
    time_zone = factory.LazyAttribute(lambda region: region.row["time_zone"])


class DirectionFactory(DjangoModelFactory):
    """A real direction by its code: health, employment, social."""

    class Meta:
        model = Direction
        django_get_or_create = ("code",)

    class Params:
        row = factory.LazyAttribute(
            lambda direction: next(
                {**row, "position": position}
                for position, row in enumerate(_yaml(REGIONS / "directions.yaml"), start=1)
                if row["code"] == direction.code
            )
        )

    code = "employment"
    title = factory.LazyAttribute(lambda direction: direction.row["title"])
    position = factory.LazyAttribute(lambda direction: direction.row["position"])


class LifeSituationFactory(DjangoModelFactory):
    """A real pilot ЖС by its code; without its indicators and problems."""

    class Meta:
        model = LifeSituation
        django_get_or_create = ("code",)

    class Params:
        row = factory.LazyAttribute(lambda situation: _life_situation(situation.code))

    code = "employment-centre"
    direction = factory.SubFactory(
        DirectionFactory, code=factory.LazyAttribute(lambda direction: direction.factory_parent.row["direction"])
    )
    number = factory.LazyAttribute(lambda situation: situation.row["number"])
    title = factory.LazyAttribute(lambda situation: situation.row["title"])
    short_title = factory.LazyAttribute(lambda situation: situation.row["short_title"])
    boundary = factory.LazyAttribute(lambda situation: situation.row["boundary"])
    beneficiaries = factory.LazyAttribute(lambda situation: situation.row["beneficiaries"])
    source = factory.LazyAttribute(lambda situation: situation.row["source"])


class InstitutionFactory(DjangoModelFactory):
    class Meta:
        model = Institution

    region = factory.SubFactory(RegionFactory)
    name = factory.Sequence(lambda number: f"Центр занятости населения № {number}")
    settlement = Institution.Settlement.TOWN
    locality = "Нижний Новгород"

    class Params:
        village = factory.Trait(settlement=Institution.Settlement.VILLAGE, locality="Большое Болдино")


class ParticipationFactory(DjangoModelFactory):
    class Meta:
        model = Participation
        django_get_or_create = ("institution", "life_situation")

    institution = factory.SubFactory(InstitutionFactory)
    life_situation = factory.SubFactory(LifeSituationFactory)
    since = date(2026, 1, 1)


class QuestionnaireFactory(DjangoModelFactory):
    """The standard questionnaire of a direction."""

    class Meta:
        model = Questionnaire
        django_get_or_create = ("code",)

    direction = factory.SubFactory(DirectionFactory)
    code = factory.LazyAttribute(lambda questionnaire: f"standard-{questionnaire.direction.code}")
    title = factory.LazyAttribute(lambda questionnaire: standard_document(questionnaire.direction.code)["title"])


class QuestionnaireVersionFactory(DjangoModelFactory):
    """A published version; with `document=…` any questionnaire of one's own (give it a `number` too)."""

    class Meta:
        model = QuestionnaireVersion
        django_get_or_create = ("questionnaire", "number")

    class Params:
        draft = factory.Trait(published_at=None)

    questionnaire = factory.SubFactory(QuestionnaireFactory)
    number = 1
    document = factory.LazyAttribute(lambda version: standard_document(version.questionnaire.direction.code))
    digest = factory.LazyAttribute(lambda version: Definition.model_validate(version.document).digest())
    published_at = datetime(2026, 1, 1, tzinfo=UTC)


class SurveyLinkFactory(DjangoModelFactory):
    """A link to the standard questionnaire of its ЖС, open since the start of 2026."""

    class Meta:
        model = SurveyLink
        skip_postgeneration_save = True

    institution = factory.SubFactory(InstitutionFactory)
    life_situation = factory.SubFactory(LifeSituationFactory)
    version = factory.SubFactory(
        QuestionnaireVersionFactory,
        questionnaire__direction=factory.SelfAttribute("...life_situation.direction"),
    )
    channel = SurveyLink.Channel.POSTER
    opens_on = date(2026, 1, 1)

    @factory.post_generation
    def participation(link: SurveyLink, create: bool, extracted: object, **kwargs: Any) -> None:
        if create:
            ParticipationFactory(institution=link.institution, life_situation=link.life_situation)


class ResponseFactory(DjangoModelFactory):
    """A satisfied person's answer, eligible, not rolled up yet. Give typed columns (satisfaction=1, nps=0, days=…)."""

    class Meta:
        model = Response

    link = factory.SubFactory(SurveyLinkFactory)
    version = factory.SelfAttribute("link.version")
    institution = factory.SelfAttribute("link.institution")
    life_situation = factory.SelfAttribute("link.life_situation")
    key = factory.Sequence(lambda number: f"factory-{number}")
    digest = bytes(32)
    mode = Response.Mode.ONLINE
    answered_on = date(2026, 11, 5)
    arrived_at = factory.LazyAttribute(
        lambda response: datetime(
            response.answered_on.year, response.answered_on.month, response.answered_on.day, 9, 30, tzinfo=UTC
        )
    )
    service_date = factory.SelfAttribute("answered_on")
    is_eligible = True
    satisfaction = 4
    nps = 10
    answers = factory.LazyAttribute(
        lambda response: {"satisfaction": "yes", "recommend": response.nps, "service_date": str(response.service_date)}
    )


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        django_get_or_create = ("email",)
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"user{number}@example.ru")
    full_name = factory.Sequence(lambda number: f"Иванова Анна Петровна {number}")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        password = kwargs.pop("password", None)
        user: User = super()._create(model_class, *args, **kwargs)
        # Hashing is slow by design: only who signs in with a password gets one; the rest use client.force_login.
        if password:
            user.set_password(password)
            user.save(update_fields=["password"])
        return user

    @factory.post_generation
    def consent(user: User, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        """Everybody has agreed to the processing of their data, but for UserFactory(consent=False)."""
        if create and extracted is not False:
            consent.give(user, datetime(2026, 1, 1, tzinfo=UTC))


class MembershipFactory(DjangoModelFactory):
    """A role in the scope it needs: MembershipFactory(role=Role.NSI_ADMIN, region=…); missing scopes are made."""

    class Meta:
        model = Membership
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    role = Role.INSTITUTION_REP
    region = factory.Maybe(
        factory.LazyAttribute(lambda membership: membership.role in REGIONAL_ROLES),
        yes_declaration=factory.SubFactory(RegionFactory),
        no_declaration=None,
    )
    institution = factory.Maybe(
        factory.LazyAttribute(lambda membership: membership.role in INSTITUTION_ROLES),
        yes_declaration=factory.SubFactory(InstitutionFactory),
        no_declaration=None,
    )
    starts_on = date(2026, 1, 1)

    @factory.post_generation
    def life_situations(membership: Membership, create: bool, extracted: Any, **kwargs: Any) -> None:
        """For an hq_member: MembershipFactory(role=Role.HQ_MEMBER, life_situations=[…])."""
        if create and extracted:
            membership.life_situations.set(extracted)

    @factory.post_generation
    def second_factor(membership: Membership, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        """Whose role needs a second factor has one (TOTP_SECRET), but for MembershipFactory(second_factor=False)."""
        if create and extracted is not False and membership.role in SECOND_FACTOR_ROLES:
            set_totp(membership.user, TOTP_SECRET)


class BodyFactory(DjangoModelFactory):
    """The РШ of a region with its head: BodyFactory(region=…); head=False leaves the head out."""

    class Meta:
        model = Body
        skip_postgeneration_save = True

    region = factory.SubFactory(RegionFactory)
    kind = Body.Kind.HEADQUARTERS
    document_number = "12-р"
    document_date = date(2026, 3, 1)
    formed_on = date(2026, 3, 1)

    @factory.post_generation
    def head(body: Body, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        if create and extracted is not False:
            BodyMemberFactory(body=body, is_head=True, **kwargs)


class BodyMemberFactory(DjangoModelFactory):
    class Meta:
        model = BodyMember

    body = factory.SubFactory(BodyFactory)
    full_name = factory.Sequence(lambda number: f"Петрова Мария Сергеевна {number}")
    position = "Заместитель губернатора"
    organisation = "Правительство области"
    email = factory.Sequence(lambda number: f"member{number}@example.ru")
    group = Group.OTHER
    starts_on = factory.SelfAttribute("body.formed_on")


class CommissionerFactory(DjangoModelFactory):
    """The РСУ of a region, not accredited."""

    class Meta:
        model = ServiceCommissioner

    region = factory.SubFactory(RegionFactory)
    full_name = "Соколов Олег Иванович"
    position = "Директор проектного офиса"
    email = "rsu@example.ru"
    document_number = "7-у"
    document_date = date(2026, 3, 1)
    appointed_on = date(2026, 3, 1)
