"""Bad input on staff pages: a plain answer in Russian at the field, everything typed comes back, nothing is stored."""

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path, reverse

from accounts.models import User
from monitoring.models import Collection, ServedClients, WeightDecision
from regions.roles import Role
from surveys.models import SurveyLink
from tests.factories import PASSWORD, LifeSituationFactory, ParticipationFactory, UserFactory
from tests.world import NOW, World, build_world

pytestmark = pytest.mark.django_db

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a view that always fails")


# The portal with one more page, for the tests of failures.
urlpatterns = [path("broken/", broken, name="broken"), path("", include("nsi_portal.urls"))]
handler500 = "nsi_portal.errors.server_error"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture
def own(clock: None) -> World:
    return build_world("RU-NIZ")


@pytest.fixture
def other(clock: None) -> World:
    return build_world("RU-TYU")


def as_role(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.people[role], backend=BACKEND)
    return client


@pytest.fixture
def rep(own: World) -> Client:
    return as_role(own, Role.INSTITUTION_REP)


@pytest.fixture
def member(own: World) -> Client:
    return as_role(own, Role.HQ_MEMBER)


def text_of(response: Any) -> str:
    """What a person reads, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def errors_of(response: Any, field: str) -> str:
    """What stands at a field of the form that came back."""
    assert response.status_code == 422
    return " ".join(response.context["form"].errors.get(field, []))


# Links ----------------------------------------------------------------------------------------------------------------


def link_form(world: World, **changed: str) -> dict[str, str]:
    return {
        "life_situation": str(world.life_situation.pk),
        "channel": "poster",
        "label": "Регистратура",
        "opens_on": "2026-11-22",
        "closes_on": "2026-12-31",
    } | changed


@pytest.mark.parametrize(
    ("field", "changed", "says"),
    [
        ("closes_on", {"opens_on": "2026-12-02", "closes_on": "2026-12-01"}, "не может быть раньше первого"),
        ("closes_on", {"closes_on": "2026-11-21"}, "уже прошёл"),
        ("closes_on", {"closes_on": "2026-02-30"}, "правильную дату"),
        ("closes_on", {"closes_on": "9999-12-31"}, "слишком далеко"),
        ("opens_on", {"opens_on": "завтра"}, "правильную дату"),
        ("opens_on", {"opens_on": ""}, "Обязательное поле"),
        ("opens_on", {"opens_on": "9999-12-31", "closes_on": ""}, "слишком далеко"),
        ("opens_on", {"opens_on": "0001-01-01"}, "не участвует"),
        ("channel", {"channel": "pigeon"}, "pigeon"),
        ("channel", {"channel": ""}, "Обязательное поле"),
        ("label", {"label": "Я" * 101}, "не более 100"),
        ("label", {"label": "а\0б"}, "ноль-байт"),
        ("life_situation", {"life_situation": ""}, "Обязательное поле"),
        ("life_situation", {"life_situation": "0"}, "корректный вариант"),
        ("life_situation", {"life_situation": "9" * 40}, "корректный вариант"),
        ("life_situation", {"life_situation": "работа"}, "корректный вариант"),
    ],
)
def test_a_wrong_link_comes_back_with_the_reason_at_its_field(
    rep: Client, own: World, field: str, changed: dict[str, str], says: str
):
    before = SurveyLink.objects.count()
    sent = link_form(own, **changed)
    response = rep.post(reverse("link-create", args=[own.institution.pk]), sent)
    message = errors_of(response, field)
    assert says in message
    assert re.search("[а-я]", message)
    # The reason stands in the page twice: in the summary before the form and at the field.
    assert text_of(response).count(message) >= 2
    assert {name: response.context["form"][name].value() for name in sent} == sent
    assert SurveyLink.objects.count() == before


def test_what_was_typed_stands_in_the_fields_again(rep: Client, own: World):
    sent = link_form(own, label="Окно <3> & «лифт»", channel="sms", opens_on="2027-02-02", closes_on="2027-02-01")
    page = rep.post(reverse("link-create", args=[own.institution.pk]), sent).content.decode()
    assert 'value="Окно &lt;3&gt; &amp; «лифт»"' in page
    assert 'value="2027-02-02"' in page and 'value="2027-02-01"' in page
    assert re.search(r'<input[^>]*\bvalue="sms"[^>]*\bchecked', page)


def test_a_link_to_a_life_situation_of_another_institution_is_refused(rep: Client, own: World):
    elsewhere = LifeSituationFactory(code="social-home-care")
    ParticipationFactory(institution=own.sibling, life_situation=elsewhere)
    response = rep.post(
        reverse("link-create", args=[own.institution.pk]), link_form(own, life_situation=str(elsewhere.pk))
    )
    assert "корректный вариант" in errors_of(response, "life_situation")


def test_the_body_cannot_make_a_link_for_another_institution(rep: Client, own: World):
    response = rep.post(
        reverse("link-create", args=[own.institution.pk]),
        link_form(own, institution=str(own.sibling.pk), token="x" * 32, short_code="AAAAAAAA", batch="999"),
    )
    link = SurveyLink.objects.get(pk=int(response.headers["Location"].rstrip("/").rsplit("/", 1)[1]))
    assert link.institution == own.institution
    assert link.token != "x" * 32 and link.short_code != "AAAAAAAA"
    assert link.version == own.link.version


def test_the_longest_label_and_the_last_possible_days_are_accepted(rep: Client, own: World):
    sent = link_form(own, label="Я" * 100, opens_on="2026-11-22", closes_on="2026-11-22")
    response = rep.post(reverse("link-create", args=[own.institution.pk]), sent)
    assert response.status_code == 302
    assert rep.get(response.headers["Location"]).status_code == 200


def test_a_link_closed_twice_stays_as_it_was(rep: Client, own: World):
    url = reverse("link-close", args=[own.link.pk])
    assert rep.post(url).status_code == 302
    own.link.refresh_from_db()
    closed_at = own.link.closed_at
    with time_machine.travel(NOW.replace(hour=15), tick=False):
        assert rep.post(url, follow=True).status_code == 200
    own.link.refresh_from_db()
    assert own.link.closed_at == closed_at


# Weights --------------------------------------------------------------------------------------------------------------


def weights_form(**changed: str) -> dict[str, str]:
    return {"scheme": "equal", "document_number": "7-РШ", "document_date": "2026-11-20"} | changed


def test_nothing_is_chosen_beforehand(member: Client, own: World):
    page = member.get(reverse("weights", args=[own.region.code, 2026])).content.decode()
    assert len(re.findall(r'type="radio" name="scheme"', page)) == 3
    assert "checked" not in page


@pytest.mark.parametrize(
    ("field", "changed", "says"),
    [
        ("scheme", {"scheme": ""}, "Обязательное поле"),
        ("scheme", {"scheme": "по справедливости"}, "по справедливости"),
        ("document_number", {"document_number": ""}, "Обязательное поле"),
        ("document_number", {"document_number": "   "}, "Обязательное поле"),
        ("document_number", {"document_number": "7" * 1000}, "не более"),
        ("document_date", {"document_date": ""}, "Обязательное поле"),
        ("document_date", {"document_date": "20 ноября"}, "правильную дату"),
        ("document_date", {"document_date": "2026-11-23"}, "ещё не наступила"),
    ],
)
def test_a_wrong_decision_comes_back_with_the_reason_at_its_field(
    member: Client, own: World, field: str, changed: dict[str, str], says: str
):
    sent = weights_form(**changed)
    response = member.post(reverse("weights", args=[own.region.code, 2026]), sent)
    assert says in errors_of(response, field)
    assert {name: response.context["form"][name].value() for name in sent} == sent
    assert not WeightDecision.objects.filter(region=own.region, year=2026).exists()


def test_a_scheme_that_is_not_sent_at_all_is_no_decision(member: Client, own: World):
    sent = weights_form()
    del sent["scheme"]
    assert "Обязательное поле" in errors_of(
        member.post(reverse("weights", args=[own.region.code, 2026]), sent), "scheme"
    )


def test_a_wrong_change_leaves_the_decision_in_force(member: Client, own: World):
    url = reverse("weights", args=[own.region.code, 2026])
    assert member.post(url, weights_form()).status_code == 302
    assert member.post(url, weights_form(scheme="clients", document_date="2999-01-01")).status_code == 422
    assert WeightDecision.objects.get(region=own.region, year=2026).scheme == "equal"


def test_the_decision_of_a_year_with_a_published_quarter_does_not_change(member: Client, own: World):
    url = reverse("weights", args=[own.region.code, own.published.period.year])
    before = WeightDecision.objects.get(region=own.region, year=own.published.period.year)
    response = member.post(url, weights_form())
    assert "изменить веса нельзя" in errors_of(response, "__all__")
    before.refresh_from_db()
    assert before.scheme == "respondents"


@pytest.mark.parametrize("year", [1999, 2999, 10**30])
def test_a_year_without_quarters_does_not_exist(member: Client, own: World, year: int):
    url = f"/regions/{own.region.code}/weights/{year}/"
    assert (member.get(url).status_code, member.post(url, weights_form()).status_code) == (404, 404)


# People served --------------------------------------------------------------------------------------------------------


def clients_url(world: World) -> str:
    return reverse("clients", args=[world.region.code, world.life_situation.code, world.quarter.code])


@pytest.mark.parametrize("typed", ["-1", "сорок", "1e9", "1,5", "10000001", "9" * 5000, "0x10", "NaN", "1\0"])
def test_a_number_that_is_none_comes_back_and_nothing_is_stored(member: Client, own: World, typed: str):
    good, bad = f"clients_{own.institution.pk}", f"clients_{own.sibling.pk}"
    response = member.post(clients_url(own), {good: "120", bad: typed})
    assert re.search("[а-я]", errors_of(response, bad))
    assert errors_of(response, good) == ""
    assert response.context["form"][bad].value() == typed
    assert response.context["form"][good].value() == "120"
    assert not ServedClients.objects.exists()


def test_a_number_is_entered_changed_and_taken_back(member: Client, own: World):
    name = f"clients_{own.institution.pk}"
    for typed, stored in (("1200", [1200]), (" 0 ", [0]), ("", [])):
        assert member.post(clients_url(own), {name: typed}).status_code == 302
        assert list(ServedClients.objects.values_list("number", flat=True)) == stored


def test_numbers_for_institutions_of_others_in_the_body_are_ignored(rep: Client, own: World, other: World):
    sent = {f"clients_{one.pk}": "5" for one in (own.institution, own.sibling, other.institution)}
    assert rep.post(clients_url(own), sent).status_code == 302
    assert list(ServedClients.objects.values_list("institution", flat=True)) == [own.institution.pk]


def test_numbers_of_a_published_quarter_do_not_change(member: Client, own: World):
    url = reverse("clients", args=[own.region.code, own.life_situation.code, own.published.period.code])
    response = member.post(url, {f"clients_{own.institution.pk}": "5"})
    assert "изменить числа нельзя" in errors_of(response, "__all__")
    assert not ServedClients.objects.exists()


# Addresses ------------------------------------------------------------------------------------------------------------


def test_nothing_of_another_region_is_changed_by_its_address(member: Client, own: World, other: World):
    quarter = [other.region.code, other.life_situation.code, other.quarter.code]
    before = (Collection.objects.count(), WeightDecision.objects.count(), ServedClients.objects.count())
    for name, arguments, sent in (
        ("weights", [other.region.code, 2026], weights_form()),
        ("clients", quarter, {f"clients_{other.institution.pk}": "5"}),
        ("collection-calculate", quarter, {}),
        ("collection-publish", quarter, {}),
        ("collection-reports", quarter, {}),
        ("link-create", [other.institution.pk], link_form(other)),
        ("link-close", [other.link.pk], {}),
    ):
        response = member.post(reverse(name, args=arguments), sent)
        assert response.status_code == 404, name
        assert other.institution.name not in response.content.decode(), name
    assert (Collection.objects.count(), WeightDecision.objects.count(), ServedClients.objects.count()) == before
    other.link.refresh_from_db()
    assert other.link.closed_at is None


@pytest.mark.parametrize(
    "period", ["2026-Q5", "2026-Q0", "2026Q4", "вчера", "%00", "2026-Q4%00", "..%2f..", "a" * 3000]
)
@pytest.mark.parametrize("part", ["", "progress/", "passport/", "clients/"])
def test_a_period_that_is_none_does_not_exist(member: Client, own: World, period: str, part: str):
    url = f"/regions/{own.region.code}/{own.life_situation.code}/{period}/{part}"
    assert member.get(url).status_code == 404
    if not part:
        for action in ("calculate", "publish", "reports", "clients"):
            assert member.post(f"{url}{action}/").status_code == 404


@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**40])
@pytest.mark.parametrize(
    "address",
    ["/institutions/{}/", "/institutions/{}/links/", "/links/{}/", "/links/{}/qr.svg", "/reports/{}/download/"],
)
def test_a_number_nobody_has_does_not_exist(member: Client, own: World, address: str, number: int):
    assert member.get(address.format(number)).status_code == 404


# Lists and their filters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/institutions/?name=[",
        "/institutions/?name=\\&region=нет&settlement=нет",
        "/institutions/?life_situation=нет+такой&settlement=moon&page=нет",
        "/institutions/?name=(a%2B)%2B$&page=-1",
        "/reports/?period=нет&region=нет&page=abc",
    ],
)
def test_nonsense_in_a_filter_is_no_failure(member: Client, own: World, address: str):
    assert member.get(address).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/access/?region=%00",
        "/access/?who=%00",
        "/institutions/?name=%00",
        "/institutions/?region=%00&page=1",
        "/reports/?period=2026-Q4%00",
        "/choose/?region=%00",
        "/admin/regions/region/?federal_district__exact=%00",
        "/accounts/login/?next=%00",
        "/no-such-page/?%00",
    ],
)
def test_a_nul_in_the_query_is_refused_on_our_page_before_anything_is_asked(
    member: Client, own: World, address: str, django_assert_num_queries: Any
):
    for client in (member, Client()):
        with django_assert_num_queries(0):
            response = client.get(address)
        assert response.status_code == 400
        assert "Запрос не понят" in text_of(response)
        assert "Content-Security-Policy" in response.headers


def test_what_only_looks_like_a_nul_is_served(member: Client, own: World):
    for query in ("name=%2500", "name=%2000", "name=100%25"):
        assert member.get(f"/institutions/?{query}").status_code == 200


@pytest.mark.parametrize("query", ["", "region=нет", "region=RU-NIZ&period=нет"])
def test_a_choice_of_nothing_leads_nowhere(member: Client, own: World, query: str):
    assert member.get(f"{reverse('choose')}?{query}").status_code == 404


@pytest.mark.parametrize("number", ["99999999", "9" * 400, "0", "1e3"])
def test_a_page_that_is_too_far_is_the_last_one_or_the_first(member: Client, own: World, number: str):
    for address in ("/institutions/", "/reports/"):
        assert member.get(address, {"page": number}).status_code == 200
    assert own.institution.name in text_of(member.get("/institutions/", {"page": number}))


@pytest.mark.parametrize(
    ("field", "query", "says"),
    [
        ("first", {"first": "вчера", "last": "2026-11-01"}, "правильную дату"),
        ("last", {"first": "2026-11-01", "last": "2026-13-45"}, "правильную дату"),
        ("last", {"first": "2026-11-02", "last": "2026-11-01"}, "не может быть раньше первого"),
        ("first", {"last": "2026-11-01"}, "Укажите дату"),
        ("last", {"first": "2026-11-01"}, "Укажите дату"),
        ("period", {"period": "2026-Q9"}, "корректный вариант"),
        ("life_situation", {"life_situation": "social-home-care"}, "корректный вариант"),
    ],
)
def test_nonsense_dates_of_an_institution_come_back_with_the_reason(
    rep: Client, own: World, field: str, query: dict[str, str], says: str
):
    response = rep.get(reverse("institution", args=[own.institution.pk]), query)
    assert says in errors_of(response, field)


def test_all_of_time_is_a_period_too(rep: Client, own: World):
    url = reverse("institution", args=[own.institution.pk])
    response = rep.get(url, {"first": "0001-01-01", "last": "9999-12-31"})
    assert response.status_code == 200
    assert response.context["counts"].received == 12


# Sign-in --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def known(clock: None) -> User:
    return UserFactory(email="anna@example.ru", password=PASSWORD)


def sign_in(email: str, password: str, client: Client | None = None, **extra: Any) -> Any:
    return (client or Client()).post(reverse("account_login"), {"login": email, "password": password}, **extra)


def test_the_right_password_opens_the_cabinet_whatever_the_letter_case(known: User):
    response = sign_in("Anna@Example.RU", PASSWORD)
    assert (response.status_code, response.headers["Location"]) == (302, reverse("cabinet"))


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(known: User):
    said = []
    for email in (known.email, "nobody@example.ru"):
        response = sign_in(email, "не тот пароль")
        assert response.status_code == 200
        said.append(text_of(response).replace(response.headers["X-Request-Id"], ""))
        assert email in response.content.decode(), "what was typed comes back"
        assert "не тот пароль" not in response.content.decode()
    assert said[0] == said[1]
    assert re.search("почт.* парол.* неверн|неверн.* парол|правильны", said[0], re.IGNORECASE), said[0]


def test_guessing_the_password_of_one_person_is_stopped(known: User):
    for number in range(5):
        assert "попыт" not in text_of(sign_in(known.email, f"догадка {number}", REMOTE_ADDR=f"192.0.2.{number}"))
    # Also the right one does not help now, and the words are Russian.
    response = sign_in(known.email, PASSWORD, REMOTE_ADDR="192.0.2.99")
    assert response.status_code in (200, 429)
    assert re.search("[Сс]лишком много.* попыт", text_of(response))
    # Another person signs in meanwhile.
    UserFactory(email="boris@example.ru", password=PASSWORD)
    assert sign_in("boris@example.ru", PASSWORD, REMOTE_ADDR="192.0.2.99").status_code == 302


def test_guessing_from_one_address_is_stopped_whoever_is_guessed(clock: None):
    answers = [text_of(sign_in(f"person{number}@example.ru", "догадка")) for number in range(12)]
    assert "попыт" not in answers[0]
    assert re.search("[Сс]лишком много.* попыт", answers[-1])


@pytest.mark.parametrize("email", ["", "не почта", "а\0б@example.ru", f"{'a' * 400}@example.ru"])
def test_an_address_that_is_none_is_said_so(clock: None, email: str):
    response = sign_in(email, PASSWORD)
    assert response.status_code == 200
    assert response.context["form"].errors


def test_the_way_back_after_signing_in_never_leads_elsewhere(known: User):
    for where in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        response = Client().post(reverse("account_login"), {"login": known.email, "password": PASSWORD, "next": where})
        assert response.headers["Location"] == reverse("cabinet"), where


def test_a_person_who_may_no_longer_sign_in_does_not(known: User):
    known.is_active = False
    known.save()
    client = Client()
    sign_in(known.email, PASSWORD, client)
    assert client.get(reverse("cabinet")).status_code == 302


def ask_for_password(email: str, **extra: Any) -> Any:
    return Client().post(reverse("account_reset_password"), {"email": email}, follow=True, **extra)


def test_asking_for_a_new_password_does_not_tell_who_is_known(known: User):
    said = []
    for email in (known.email, "nobody@example.ru"):
        response = ask_for_password(email)
        assert [path for path, _ in response.redirect_chain] == [reverse("account_reset_password_done")]
        said.append(text_of(response).replace(response.headers["X-Request-Id"], ""))
    assert said[0] == said[1]
    # The truth goes to the owner of the address alone; a stranger gets no letter from the portal.
    assert [message.to for message in mail.outbox] == [[known.email]]


def test_the_link_to_a_new_password_leads_to_the_portals_own_address(known: User, settings: Any):
    settings.PUBLIC_URL = "https://nsi.example.ru"
    settings.ALLOWED_HOSTS = ["nsi.example.ru", "evil.example"]
    ask_for_password(known.email, HTTP_HOST="evil.example")
    (message,) = mail.outbox
    assert "evil.example" not in str(message.body) + message.subject
    (url,) = re.findall(r"https?://\S+", str(message.body))
    assert url.startswith("https://nsi.example.ru/accounts/password/reset/key/")


def test_a_new_password_is_set_by_the_link_once(known: User, settings: Any):
    settings.PUBLIC_URL = "http://testserver"
    ask_for_password(known.email)
    (url,) = re.findall(r"https?://\S+", str(mail.outbox[0].body))
    client = Client()
    form = client.get(url, follow=True)
    new = "совсем новый пароль 5"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert sign_in(known.email, PASSWORD).status_code == 200
    assert sign_in(known.email, new).status_code == 302
    again = Client().get(url, follow=True)
    assert 'type="password"' not in again.content.decode(), "the link works once"


# Refusals and failures ------------------------------------------------------------------------------------------------


def test_a_form_without_its_token_is_refused_in_russian(own: World):
    client = Client(enforce_csrf_checks=True)
    client.force_login(own.people[Role.INSTITUTION_REP], backend=BACKEND)
    before = SurveyLink.objects.count()
    for url, sent in (
        (reverse("link-create", args=[own.institution.pk]), link_form(own)),
        (reverse("link-close", args=[own.link.pk]), {}),
        (reverse("account_logout"), {}),
    ):
        response = client.post(url, sent)
        assert response.status_code == 403
        assert "Страница устарела" in text_of(response) and "CSRF" not in text_of(response)
    assert SurveyLink.objects.count() == before


def test_too_many_fields_are_refused_and_no_failure(rep: Client, own: World, settings: Any):
    response = rep.post(
        reverse("link-create", args=[own.institution.pk]),
        {f"f{n}": "1" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)},
    )
    assert response.status_code == 400
    assert "Запрос не понят" in text_of(response)


def test_a_body_that_is_too_large_is_refused_and_no_failure(rep: Client, own: World):
    response = rep.post(reverse("link-create", args=[own.institution.pk]), link_form(own, label="я" * 1_000_000))
    assert response.status_code in (400, 413)
    assert re.search("[а-я]", text_of(response))


@pytest.mark.urls("tests.test_staff_forms")
def test_a_failure_shows_the_number_under_which_it_stands_in_the_log(own: World, monkeypatch: pytest.MonkeyPatch):
    log = io.StringIO()
    (handler,) = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    monkeypatch.setattr(handler, "stream", log)
    client = Client(raise_request_exception=False)
    client.force_login(own.people[Role.INSTITUTION_REP], backend=BACKEND)
    response = client.get("/broken/")
    assert response.status_code == 500
    page = text_of(response)
    found = re.search(r"Номер ошибки: ([0-9a-f]{12})\b", page)
    assert found and found[1] == response.headers["X-Request-Id"]
    assert "RuntimeError" not in page and "always fails" not in page
    (line,) = [line for line in log.getvalue().splitlines() if "/broken/" in line]
    assert f"[{found[1]}]" in line
    assert "a view that always fails" in log.getvalue()


def test_a_request_cannot_bring_its_own_number(rep: Client):
    response = rep.get("/", HTTP_X_REQUEST_ID="forged")
    assert re.fullmatch("[0-9a-f]{12}", response.headers["X-Request-Id"])
