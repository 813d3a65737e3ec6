"""The API: the rights of the person whose key it is, the same rules as the pages, and nothing more."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import api_tokens
from accounts.models import ApiToken, Consent, User
from accounts.services import disable
from regions.roles import Role
from surveys.api.throttles import ByAddress
from surveys.filling import pages
from surveys.models import QuestionnaireVersion, Response, SurveyLink
from surveys.models.questionnaires import published_definition
from surveys.quality.addresses import forget_kept_keys, key_name
from tests.factories import (
    InstitutionFactory,
    MembershipFactory,
    ParticipationFactory,
    QuestionnaireVersionFactory,
    RegionFactory,
    SurveyLinkFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 17, 9, 0, 30, tzinfo=UTC)
PASSWORD = "достаточно длинный пароль 7"
GOOD: dict[str, Any] = {"service_date": "2026-11-16", "satisfaction": "yes", "recommend": 9}


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    def forget() -> None:
        pages.forget()
        published_definition.cache_clear()
        cache.clear()

    forget()
    yield
    forget()


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def link() -> SurveyLink:
    return SurveyLinkFactory(closes_on=date(2026, 11, 20))


@pytest.fixture
def rep(link: SurveyLink) -> User:
    user = UserFactory(password=PASSWORD)
    return MembershipFactory(user=user, role=Role.INSTITUTION_REP, region=None, institution=link.institution).user


class Program:
    """A program with a key of somebody."""

    def __init__(self, user: User | None = None, *, may_change: bool = True, days: int = 30) -> None:
        self.headers: dict[str, str] = {}
        if user is not None:
            self.token, self.secret = api_tokens.issue(
                user=user, name="проверка", days=days, may_change=may_change, at=NOON
            )
            self.headers = {"Authorization": f"Bearer {self.secret}"}
        self.client = Client(raise_request_exception=False)

    def get(self, name: str, *arguments: object, **query: object) -> Any:
        return self.client.get(reverse(name, args=arguments), query, headers=self.headers)

    def post(self, name: str, *arguments: object, body: Any = None, once: str | None = None) -> Any:
        content = body if isinstance(body, str | bytes) else json.dumps(body or {})
        headers = self.headers | ({} if once is None else {"Idempotency-Key": once})
        return self.client.post(
            reverse(name, args=arguments), content, content_type="application/json", headers=headers
        )


def new_link(link: SurveyLink, **fields: object) -> dict[str, object]:
    return {
        "institution": link.institution.pk,
        "life_situation": link.life_situation.code,
        "channel": "site",
        "opens_on": "2026-11-17",
        "closes_on": "2026-11-20",
        **fields,
    }


# Keys -----------------------------------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_told(link: SurveyLink):
    for name in ("api-institutions", "api-questionnaires", "api-links"):
        response = Program().get(name)
        assert response.status_code == 401 and response.headers["WWW-Authenticate"] == "Bearer", name


@pytest.mark.parametrize("header", ["Bearer nsi_unknown", "Bearer", "Basic cmVwOnJlcA==", "nsi_x", "Bearer \xff\xfe"])
def test_a_wrong_key_is_refused(link: SurveyLink, header: str):
    program = Program()
    program.headers = {"Authorization": header}
    assert program.get("api-links").status_code == 401


def test_only_the_digest_of_a_key_is_kept(rep: User):
    program = Program(rep)
    row = ApiToken.objects.values().get()
    assert program.secret not in str(row)
    assert len(program.secret) > 40


def test_a_key_dies_when_it_expires_or_is_revoked(rep: User, clock: time_machine.Traveller):
    program, other = Program(rep, days=30), Program(rep)
    assert program.get("api-links").status_code == 200
    clock.move_to(NOON + timedelta(days=30))
    assert program.get("api-links").status_code == 401
    clock.move_to(NOON)
    api_tokens.revoke(token=other.token, at=NOON)
    assert other.get("api-links").status_code == 401


def test_a_person_who_is_shut_out_shuts_out_their_programs(rep: User):
    program = Program(rep)
    disable(rep, by=None, at=NOON)
    assert program.get("api-links").status_code == 401


def test_a_key_works_only_for_who_has_agreed_and_has_the_second_factor(link: SurveyLink):
    rep = MembershipFactory(role=Role.INSTITUTION_REP, region=None, institution=link.institution).user
    Consent.objects.filter(user=rep).delete()
    assert "согласие" in Program(rep).get("api-links").json()["detail"]
    administrator = MembershipFactory(role=Role.NSI_ADMIN, region=link.institution.region, second_factor=False).user
    refused = Program(administrator).get("api-links")
    assert refused.status_code == 403 and "второй шаг" in refused.json()["detail"]


def test_a_key_for_reading_changes_nothing(link: SurveyLink, rep: User):
    program = Program(rep, may_change=False)
    assert program.get("api-links").status_code == 200
    assert program.post("api-links", body=new_link(link)).status_code == 403
    assert program.post("api-link-close", link.pk).status_code == 403
    assert SurveyLink.objects.get().closed_at is None


def test_no_session_signs_in_here(link: SurveyLink, rep: User):
    program = Program()
    program.client.force_login(rep)
    assert program.get("api-links").status_code == 401


def test_the_last_use_is_noted_by_day_with_one_write(rep: User, django_assert_num_queries: Any):
    program = Program(rep)
    program.get("api-links")
    assert ApiToken.objects.get().last_used_on == NOON.date()
    with django_assert_num_queries(5) as seen:
        program.get("api-links")
    assert not [query for query in seen.captured_queries if query["sql"].startswith("UPDATE")]


def test_a_person_has_ten_keys_at_most(rep: User):
    for _ in range(api_tokens.MOST_IN_FORCE):
        Program(rep)
    with pytest.raises(api_tokens.TooManyTokens):
        Program(rep)


def test_the_page_shows_the_key_once_and_takes_it_back(client: Client, rep: User):
    client.force_login(rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(reverse("api-token-create")).status_code == 302, "first prove who you are"
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    wrong = client.post(reverse("api-token-create"), {"name": "", "days": "90"})
    assert wrong.status_code == 422 and "Обязательное поле" in wrong.content.decode()
    made = client.post(reverse("api-token-create"), {"name": "Выгрузка", "days": "90"})
    secret = made.context["secret"]
    assert secret in made.content.decode() and "no-store" in made.headers["Cache-Control"]
    assert secret not in client.get(reverse("api-tokens")).content.decode()
    assert ApiToken.objects.get().expires_at == NOON + timedelta(days=90)
    client.post(reverse("api-token-revoke", args=[ApiToken.objects.get().pk]))
    assert "отозван" in client.get(reverse("api-tokens")).content.decode()


def test_nobody_takes_back_the_key_of_another(client: Client, rep: User):
    Program(rep)
    client.force_login(UserFactory(), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(reverse("api-token-revoke", args=[ApiToken.objects.get().pk])).status_code == 404


# Links and questionnaires ---------------------------------------------------------------------------------------------


def test_a_program_sees_what_its_person_sees(link: SurveyLink, rep: User):
    other = SurveyLinkFactory(institution=InstitutionFactory(region=RegionFactory(code="RU-TYU")))
    told = Program(rep).get("api-links").json()
    assert [row["id"] for row in told["results"]] == [link.pk]
    row = told["results"][0]
    assert row["url"] == link.public_url and row["short_code"] == link.typed_code and row["state"] == "open"
    assert Program(rep).get("api-link", other.pk).status_code == 404
    assert Program(rep).post("api-link-close", other.pk).status_code == 404
    institutions = Program(rep).get("api-institutions").json()["results"]
    assert [one["id"] for one in institutions] == [link.institution.pk]


def test_who_only_sees_the_institution_gets_no_address_of_a_link(link: SurveyLink):
    chair = MembershipFactory(role=Role.HQ_CHAIR, region=link.institution.region).user
    assert Program(chair).get("api-links").json()["results"] == []
    assert Program(chair).get("api-link", link.pk).status_code == 403
    assert Program(chair).post("api-links", body=new_link(link)).status_code == 403


def test_a_link_is_made_and_closed(link: SurveyLink, rep: User):
    made = Program(rep).post("api-links", body=new_link(link, label="Сайт", target=50))
    assert made.status_code == 201, made.content
    stored = SurveyLink.objects.get(pk=made.json()["id"])
    assert (stored.channel, stored.label, stored.target, stored.created_by) == ("site", "Сайт", 50, rep)
    closed = Program(rep).post("api-link-close", stored.pk)
    assert closed.status_code == 200 and closed.json()["state"] == "closing"


KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def test_a_request_sent_again_with_its_key_makes_no_second_link(link: SurveyLink, rep: User):
    program = Program(rep)
    made = program.post("api-links", body=new_link(link, label="Сайт"), once=KEY)
    assert made.status_code == 201, made.content
    # Whatever became of the link meanwhile, the same request leads to it.
    program.post("api-link-pause", made.json()["id"])
    again = program.post("api-links", body=new_link(link, label="Сайт"), once=KEY)
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"]), again.content
    for changed in ({"label": "Другая"}, {"label": "Сайт", "target": 5}, {"label": "Сайт", "closes_on": "2026-11-19"}):
        refused = program.post("api-links", body=new_link(link, **changed), once=KEY)
        assert refused.status_code == 409 and "другая ссылка" in refused.json()["detail"], changed
    assert SurveyLink.objects.filter(channel="site").count() == 1
    # Without a key, or with another, another link is meant.
    for once in (None, KEY[::-1]):
        assert program.post("api-links", body=new_link(link, label="Сайт"), once=once).status_code == 201
    assert SurveyLink.objects.filter(channel="site").count() == 3


def test_a_key_is_ones_own_and_tells_nothing_of_another(link: SurveyLink, rep: User):
    colleague = MembershipFactory(role=Role.INSTITUTION_REP, region=None, institution=link.institution).user
    for user, label in ((rep, "Сайт"), (colleague, "Сайт больницы")):
        assert Program(user).post("api-links", body=new_link(link, label=label), once=KEY).status_code == 201


def test_what_was_refused_uses_up_no_key(link: SurveyLink, rep: User):
    program = Program(rep)
    assert program.post("api-links", body=new_link(link, opens_on="2020-01-01"), once=KEY).status_code == 422
    assert program.post("api-links", body=new_link(link), once=KEY).status_code == 201


@pytest.mark.parametrize("once", ["", "short", "x" * 41, "ключ" * 5, "a b" * 10, f'"{KEY}"', KEY + "\n"])
def test_a_key_that_is_none_is_refused_at_its_header(link: SurveyLink, rep: User, once: str):
    refused = Program(rep).post("api-links", body=new_link(link), once=once)
    assert refused.status_code == 422, refused.content
    assert "Idempotency-Key" in refused.json()["errors"]
    assert SurveyLink.objects.count() == 1


def test_a_link_is_paused_and_goes_on_as_on_its_page(link: SurveyLink, rep: User):
    program = Program(rep)
    for name, states in (("api-link-pause", {"closing", "paused"}), ("api-link-resume", {"open"})):
        for _ in range(2):
            told = program.post(name, link.pk)
            assert told.status_code == 200 and told.json()["state"] in states, name
    assert SurveyLink.history.filter(id=link.pk).first().history_user == rep


def test_what_a_link_cannot_do_now_is_said(link: SurveyLink, rep: User):
    program = Program(rep)
    assert "не закрыта" in program.post("api-link-reopen", link.pk).json()["detail"]
    assert program.post("api-link-close", link.pk).status_code == 200
    for name in ("api-link-pause", "api-link-resume"):
        refused = program.post(name, link.pk)
        assert refused.status_code == 409 and refused.json()["detail"], name
    assert program.post("api-link-close", link.pk).status_code == 200, "closed is closed"


def test_a_closed_link_is_opened_again_by_the_rules_of_its_page(link: SurveyLink, rep: User):
    program = Program(rep)
    program.post("api-link-close", link.pk)
    for wrong in ("2026-11-01", "9999-12-31", "never"):
        refused = program.post("api-link-reopen", link.pk, body={"closes_on": wrong})
        assert refused.status_code == 422 and "closes_on" in refused.json()["errors"], wrong
    participation = link.institution.participations.get()
    participation.until = date(2026, 11, 25)
    participation.save()
    refused = program.post("api-link-reopen", link.pk, body={"closes_on": "2026-11-26"})
    assert refused.status_code == 422 and "участвует с" in refused.json()["errors"]["closes_on"][0]
    opened_again = program.post("api-link-reopen", link.pk, body={"closes_on": "2026-11-24"})
    assert opened_again.status_code == 200, opened_again.content
    assert (opened_again.json()["state"], opened_again.json()["closes_on"]) == ("open", "2026-11-24")
    assert opened_again.json()["url"] == link.public_url
    # Without a day: as long as the institution takes part.
    program.post("api-link-close", link.pk)
    assert program.post("api-link-reopen", link.pk).json()["closes_on"] == "2026-11-25"


@pytest.mark.parametrize("name", ["api-link-pause", "api-link-resume", "api-link-close", "api-link-reopen"])
def test_nobody_changes_a_link_that_is_not_theirs(link: SurveyLink, rep: User, name: str):
    other = SurveyLinkFactory(institution=InstitutionFactory(region=RegionFactory(code="RU-TYU")))
    assert Program(rep).post(name, other.pk).status_code == 404
    chair = MembershipFactory(role=Role.HQ_CHAIR, region=link.institution.region).user
    assert Program(chair).post(name, link.pk).status_code == 403
    assert Program(rep, may_change=False).post(name, link.pk).status_code == 403
    assert not SurveyLink.objects.exclude(closed_at=None, paused_at=None).exists()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"opens_on": "never"}, "opens_on"),
        ({"closes_on": "2026-11-01"}, "closes_on"),
        ({"opens_on": "9999-12-31", "closes_on": "9999-12-31"}, "opens_on"),
        ({"life_situation": "no-such"}, "life_situation"),
        ({"institution": "x"}, "institution"),
        ({"target": 0}, "target"),
        ({"label": "д" * 101}, "label"),
        ({"label": "\x00"}, "label"),
        ({"version": 10**12}, "version"),
        ({"life_situation": "\x00"}, "life_situation"),
        ({"life_situation": ["a"]}, "life_situation"),
        ({"life_situation": {"a": 1}}, "life_situation"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_wrong_with_a_link_is_said_by_field(link: SurveyLink, rep: User, fields: dict, wrong: str):
    refused = Program(rep).post("api-links", body=new_link(link, **fields))
    assert refused.status_code == 422, refused.content
    assert wrong in refused.json()["errors"]
    assert SurveyLink.objects.count() == 1


def test_a_guide_for_staff_gets_no_link_for_the_public(link: SurveyLink, rep: User):
    guide = QuestionnaireVersionFactory(
        questionnaire__kind="interview_guide",
        questionnaire__code="guide",
        questionnaire__direction=link.version.questionnaire.direction,
    )
    refused = Program(rep).post("api-links", body=new_link(link, version=guide.pk))
    assert refused.status_code == 422, refused.content
    assert "version" in refused.json()["errors"]


def test_an_institution_out_of_sight_is_not_there(link: SurveyLink, rep: User):
    other = ParticipationFactory(institution=InstitutionFactory(region=RegionFactory(code="RU-TYU"))).institution
    assert Program(rep).post("api-links", body=new_link(link, institution=other.pk)).status_code == 404


def test_questionnaires_come_with_their_published_versions(link: SurveyLink, rep: User):
    (row,) = Program(rep).get("api-questionnaires").json()["results"]
    (version,) = row["versions"]
    assert version["id"] == link.version.pk and version["retired"] is False
    document = Program(rep).get("api-questionnaire-version", link.version.pk).json()["document"]
    assert document == link.version.document


def test_a_draft_is_nobody_elses(link: SurveyLink, rep: User):
    draft = QuestionnaireVersionFactory(questionnaire=link.version.questionnaire, number=2, published_at=None)
    assert Program(rep).get("api-questionnaire-version", draft.pk).status_code == 404


# Answering ------------------------------------------------------------------------------------------------------------


def opened(link: SurveyLink) -> str:
    told = Program().get("api-public-questionnaire", link.token)
    assert told.status_code == 200 and told.headers["Cache-Control"] == "no-store"
    return str(told.json()["key"])


def send(link: SurveyLink, key: str, answers: Any = None) -> Any:
    return Program().post("api-public-answers", link.token, body={"key": key, "answers": answers or GOOD})


def test_answers_are_stored_exactly_once(link: SurveyLink):
    key = opened(link)
    first = send(link, key)
    assert (first.status_code, first.json()) == (201, {"result": "stored"})
    again = send(link, key)
    assert (again.status_code, again.json()) == (200, {"result": "repeated"})
    other = send(link, key, GOOD | {"satisfaction": "no"})
    assert other.status_code == 409 and "Первые сохранены" in other.json()["detail"]
    response = Response.objects.get()
    assert (response.satisfaction, response.nps, response.mode) == (4, 9, Response.Mode.ONLINE)
    assert response.is_eligible and not first.cookies


def test_the_page_and_the_api_are_one_door(client: Client, link: SurveyLink):
    """The same answers under the same key through the other door are a repeat."""
    key = opened(link)
    assert send(link, key).status_code == 201
    fields = {"key": key, **{name: str(value) for name, value in GOOD.items()}}
    thanks = client.post(
        reverse("answer", args=[link.token]),
        "&".join(f"{name}={value}" for name, value in fields.items()),
        content_type="application/x-www-form-urlencoded",
    )
    assert thanks.status_code == 200 and Response.objects.count() == 1


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        (GOOD | {"another_questionnaire": "yes"}, "another_questionnaire"),
        (GOOD | {"satisfaction": "maybe"}, "satisfaction"),
        (GOOD | {"recommend": 11}, "recommend"),
        (GOOD | {"recommend": 9.5}, "recommend"),
        (GOOD | {"recommend": [9]}, "recommend"),
        (GOOD | {"recommend": True}, "recommend"),
        (GOOD | {"satisfaction": {"a": 1}}, "satisfaction"),
        (GOOD | {"service_date": "2026-11-18"}, "service_date"),
        (GOOD | {"days": "1e400"}, "days"),
        (GOOD | {"suggestions": "я" * 40_000}, "suggestions"),
        ({"satisfaction": "yes"}, "service_date"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_answers_are_named(link: SurveyLink, answers: dict, wrong: str):
    refused = send(link, opened(link), answers)
    assert refused.status_code == 422, refused.content
    assert wrong in refused.json()["errors"]
    assert not Response.objects.exists()


@pytest.mark.parametrize("key", ["", "x", "a.1:b", "ключ", "x" * 201, None, 5, "\x00"], ids=repr)
def test_a_key_that_is_none_is_refused(link: SurveyLink, key: Any):
    refused = Program().post("api-public-answers", link.token, body={"key": key, "answers": GOOD})
    assert refused.status_code == 422 and "key" in refused.json()["errors"]


def test_a_key_of_another_link_is_refused(link: SurveyLink):
    other = SurveyLinkFactory(institution=link.institution, life_situation=link.life_situation)
    assert send(link, opened(other)).status_code == 422
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"key": NaN}', 400),
        (b'{"key": "' + b"x" * 300_000 + b'"}', 413),
        (b'{"key": "k", "answers": []}', 422),
        (b'{"key": "k", "answers": {"satisfaction": "\\ud800"}}', 422),
    ],
    ids=[
        "nothing",
        "half",
        "list",
        "null",
        "text",
        "no UTF-8",
        "nested",
        "NaN",
        "large",
        "answers a list",
        "surrogate",
    ],
)
def test_what_is_no_request_is_refused(link: SurveyLink, body: bytes, status: int):
    refused = Program().post("api-public-answers", link.token, body=body)
    assert refused.status_code == status, refused.content
    assert refused.headers["Content-Type"].startswith("application/json")


def test_a_form_is_no_json(link: SurveyLink):
    address = reverse("api-public-answers", args=[link.token])
    assert Client().post(address, {"key": "x"}).status_code == 415


def test_texts_lose_what_nobody_types_and_keep_the_rest(link: SurveyLink):
    text = "😀 \u202eзадом\u202c наперёд\x00 =1+1"
    assert send(link, opened(link), GOOD | {"suggestions": text}).status_code == 201
    assert Response.objects.get().answers["suggestions"] == text.replace("\x00", "")


def test_closed_links_take_what_was_begun_in_time(link: SurveyLink, clock: time_machine.Traveller):
    key, late = opened(link), opened(link)
    SurveyLink.objects.update(closed_at=NOON)
    pages.forget()
    clock.move_to(NOON + timedelta(seconds=settings.LINK_GRACE_SECONDS - 1))
    assert send(link, key).status_code == 201
    clock.move_to(NOON + timedelta(seconds=settings.LINK_GRACE_SECONDS + 1))
    assert send(link, late, GOOD | {"satisfaction": "no"}).status_code == 410
    # Here already: whoever asks again hears so.
    assert send(link, key).status_code == 200
    told = Program().get("api-public-questionnaire", link.token).json()
    assert told["state"] == "closed" and told["key"] is None


def test_a_link_not_open_yet_and_one_that_is_not_there(link: SurveyLink):
    later = SurveyLinkFactory(opens_on=date(2026, 11, 19), closes_on=None)
    assert Program().get("api-public-questionnaire", later.token).json()["key"] is None
    assert Program().get("api-public-questionnaire", "x" * 32).status_code == 404
    assert Program().post("api-public-answers", "нет такой", body={}).status_code == 404
    assert Program().get("api-public-questionnaire", "\x00" * 32).status_code == 404


def test_answers_stay_with_the_version_of_their_link(link: SurveyLink):
    key = opened(link)
    document = link.version.document | {"title": "Новая"}
    QuestionnaireVersion.objects.create(
        questionnaire=link.version.questionnaire, number=2, document=document, digest="x", published_at=NOON
    )
    assert send(link, key).status_code == 201
    assert Response.objects.get().version == link.version


def test_the_public_part_is_limited_by_address_without_keeping_it(link: SurveyLink, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ByAddress, "most", 3)
    cache.clear()
    kept: dict[str, object] = {}
    for name in ("set", "add", "count_one"):
        plain = getattr(cache, name)

        def keep(key: str, value: object, *rest: Any, plain: Any = plain, **more: Any) -> Any:
            kept[key] = value
            return plain(key, value, *rest, **more)

        monkeypatch.setattr(cache, name, keep)
    refused = [Program().get("api-public-questionnaire", link.token) for _ in range(4)]
    assert [one.status_code for one in refused] == [200, 200, 200, 429]
    assert 0 < int(refused[3].headers["Retry-After"]) <= 60
    day = key_name(ZoneInfo("Europe/Moscow"), NOON)
    assert isinstance(kept.pop(day), bytes)
    # No instants (a counter and for how long), and nothing that stands for the address once the key of the day is gone.
    counters = {name: value for name, value in kept.items() if name.startswith(("today:", "api"))}
    assert [cache.counted(name) for name in counters] == [4]
    assert not [name for name in kept if "127.0.0.1" in name]
    cache.delete(day)
    forget_kept_keys()
    assert Program().get("api-public-questionnaire", link.token).status_code == 200


def test_a_household_of_ipv6_is_one_address_and_a_minute_later_it_may_ask_again(
    link: SurveyLink, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
):
    monkeypatch.setattr(ByAddress, "most", 1)
    cache.clear()

    def ask(address: str) -> int:
        url = reverse("api-public-questionnaire", args=[link.token])
        return Client().get(url, REMOTE_ADDR=address).status_code

    assert [ask("2001:db8::1"), ask("2001:db8::ffff:1"), ask("2001:db8:0:1::1")] == [200, 429, 200]
    clock.move_to(NOON + timedelta(minutes=1))
    assert ask("2001:db8::1") == 200


def test_a_failure_is_answered_with_the_number_it_is_logged_under(link: SurveyLink, monkeypatch: Any, caplog: Any):
    def fail(*arguments: object, **more: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("surveys.api.views.submit", fail)
    failed = send(link, opened(link))
    assert failed.status_code == 500
    assert failed.json()["request_id"] == failed.headers["X-Request-Id"]
    assert failed.headers["X-Request-Id"] in caplog.text and "broken" not in failed.content.decode()


# The schema -----------------------------------------------------------------------------------------------------------


def test_the_schema_names_every_address_of_the_api(client: Client):
    schema = client.get(reverse("api-schema"), headers={"Accept": "application/json"}).json()
    from nsi_portal.urls import urlpatterns

    (api,) = [one for one in urlpatterns if str(one.pattern) == "api/v1/"]
    routes = [
        "/api/v1/" + str(pattern.pattern).replace("<int:pk>", "{id}").replace("<str:token>", "{token}")
        for included in api.url_patterns
        for pattern in getattr(included, "url_patterns", [])
    ]
    assert len(routes) >= 8
    assert {path.replace("{pk}", "{id}") for path in schema["paths"]} >= {
        route.replace("<slug:code>", "{code}") for route in routes if "<slug" not in route
    }
