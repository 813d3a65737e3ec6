"""Representatives of institutions ask for access by themselves; the administrator of the region decides."""

import re
import smtplib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import consent
from accounts.models import User
from regions.models import AccessRequest, Institution, Membership, Region
from regions.roles import Role
from regions.services import letters_out
from regions.services import signup as services
from regions.services.links import hash_of
from regions.tasks import forget_unconfirmed_requests
from tests.factories import PASSWORD, InstitutionFactory, MembershipFactory, RegionFactory, UserFactory
from tests.regions.letter_box import link_to, send_letters, signed_in, token_in

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-11-22T12:00:00+03:00")
EMAIL = "lebedeva@example.ru"
GOOD = {"password": PASSWORD, "password_again": PASSWORD, "agreed": "on"}
State = AccessRequest.State


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    cache.clear()
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
    cache.clear()


@pytest.fixture
def region() -> Region:
    return RegionFactory(code="RU-NIZ")


@pytest.fixture
def institution(region: Region) -> Institution:
    return InstitutionFactory(region=region, name="Центр «Забота» города Бор")


@pytest.fixture
def admin(region: Region) -> User:
    return MembershipFactory(role=Role.NSI_ADMIN, region=region).user


def form(**changed: str) -> dict[str, str]:
    return {"email": EMAIL, "full_name": "Лебедева Нина Павловна", "position": "директор"} | changed


def sign_up(institution: Institution, client: Client | None = None, **changed: str) -> Any:
    url = f"{reverse('signup')}?institution={institution.pk}"
    return (client or Client()).post(url, form(**changed))


def waiting_request(institution: Institution) -> AccessRequest:
    """Somebody has signed up and opened the link."""
    sign_up(institution)
    send_letters()
    Client().post(link_to(EMAIL), GOOD)
    return AccessRequest.objects.get()


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# Finding the institution ----------------------------------------------------------------------------------------------


def test_the_page_of_signing_in_leads_to_signing_up():
    for name in ("account_login", "account_signup"):
        assert f'href="{reverse("signup")}"' in Client().get(reverse(name)).content.decode()


def test_the_institution_is_found_by_words_of_its_name_in_its_region(region: Region, institution: Institution):
    InstitutionFactory(region=region, name="Закрытый центр «Забота»", closed_on=date(2026, 11, 21))
    InstitutionFactory(region=RegionFactory(code="RU-TYU"), name="Центр «Забота» города Тюмени")
    InstitutionFactory(region=region, name="Больница № 1")
    client, url = Client(), reverse("signup")
    page = client.get(url, {"region": region.code, "name": "ЗАБОТА бор"})
    assert re.findall(r'<a href="\?[^"]*institution=(\d+)', page.content.decode()) == [str(institution.pk)]
    assert "Такого учреждения в списке нет" in text_of(client.get(url, {"region": region.code, "name": "аптека"}))
    assert client.get(url).status_code == 200
    for query in ({"region": "RU-XXX"}, {"region": ""}):
        assert client.get(url, query).status_code == 422
    for query in ({"institution": "0"}, {"institution": "x"}, {"institution": "9" * 40}):
        assert "Найдите своё учреждение" in text_of(client.get(url, query))


def test_at_most_fifty_institutions_are_shown(region: Region):
    for _ in range(51):
        InstitutionFactory(region=region)
    page = Client().get(reverse("signup"), {"region": region.code})
    assert page.content.decode().count("institution=") == 50
    assert "Показаны первые 50" in text_of(page)


def test_to_a_closed_institution_nobody_signs_up(region: Region):
    closed = InstitutionFactory(region=region, closed_on=date(2026, 11, 21))
    assert "Найдите своё учреждение" in text_of(sign_up(closed))
    assert not AccessRequest.objects.exists()


# Asking ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"email": ""}, "email", "Обязательное поле"),
        ({"email": "не адрес"}, "email", "правильный адрес"),
        ({"email": "lebedevа@example.ru"}, "email", "«а» (место 8)"),
        ({"email": "a@" + "ж" * 60 + ".рф"}, "email", "после «@» пишется неверно"),
        ({"email": "a@" + ("b" * 60 + ".") * 4 + "example.ru"}, "email", "254"),
        ({"full_name": ""}, "full_name", "Обязательное поле"),
        ({"full_name": "Я" * 201}, "full_name", "не более 200"),
        ({"position": ""}, "position", "Обязательное поле"),
    ],
)
def test_a_wrong_form_comes_back_with_what_was_typed(
    institution: Institution, changed: dict[str, str], field: str, says: str
):
    response = sign_up(institution, **changed)
    assert response.status_code == 422
    assert says in " ".join(response.context["form"].errors[field])
    assert 'value="директор"' in response.content.decode() or field == "position"
    assert not AccessRequest.objects.exists()


def test_the_answer_is_the_same_whoever_has_the_address(institution: Institution):
    UserFactory(email="known@example.ru")
    MembershipFactory(role=Role.INSTITUTION_REP, institution=institution, user__email="here@example.ru")
    UserFactory(email="gone@example.ru", is_active=False)
    sign_up(institution, email="waits@example.ru")
    AccessRequest.objects.update(state=State.WAITING, user=UserFactory(email="waits@example.ru"))
    answers = set()
    for email in ("new@example.ru", "known@example.ru", "here@example.ru", "gone@example.ru", "waits@example.ru"):
        response = sign_up(institution, email=email)
        assert (response.status_code, response.headers["Location"]) == (302, "/signup/?sent=1")
        answers.add(re.sub(r"<code>\w+</code>", "", Client().get("/signup/?sent=1").content.decode()))
    assert len(answers) == 1
    assert "Письмо отправлено" in answers.pop()


def test_each_address_gets_the_letter_that_fits_it(institution: Institution, django_capture_on_commit_callbacks: Any):
    UserFactory(email="known@example.ru")
    MembershipFactory(role=Role.INSTITUTION_REP, institution=institution, user__email="here@example.ru")
    waits = UserFactory(email="waits@example.ru")
    sign_up(institution, email="waits@example.ru")
    AccessRequest.objects.update(state=State.WAITING, user=waits)
    with django_capture_on_commit_callbacks(execute=True):
        for email in ("new@example.ru", "known@example.ru", "here@example.ru", "waits@example.ru"):
            sign_up(institution, email=email)
    send_letters()
    letters = {one.to[0]: one.body for one in mail.outbox}
    assert "задайте пароль" in letters["new@example.ru"]
    assert "войдите как обычно" in letters["known@example.ru"]
    assert "у Вас уже есть" in letters["here@example.ru"]
    assert "уже подали заявку" in letters["waits@example.ru"]
    for email, body in letters.items():
        assert institution.name in body
        # What a stranger typed goes to nobody: the portal sends no advertisements.
        assert "Лебедева" not in body and "директор" not in body, email
    assert {email for email, body in letters.items() if "/signup/" in body} == {"new@example.ru", "known@example.ru"}


def test_a_second_request_for_the_same_institution_is_the_same_request(
    institution: Institution, clock: time_machine.Traveller
):
    sign_up(institution)
    sign_up(institution, full_name="Шутник Иван")
    assert AccessRequest.objects.get().full_name == "Шутник Иван"
    send_letters()
    first = link_to(EMAIL)
    # The link has just been sent: it stays good, and no second letter goes out.
    sign_up(institution, full_name="Ещё Шутник")
    send_letters()
    assert len(mail.outbox) == 1
    clock.shift(timedelta(minutes=11))
    sign_up(institution, full_name="Лебедева Нина Павловна")
    send_letters()
    assert len(mail.outbox) == 2
    assert Client().get(first).status_code == 404
    assert "Лебедева Нина Павловна" in text_of(Client().get(link_to(EMAIL)))
    assert AccessRequest.objects.count() == 1


def test_one_address_is_not_flooded_with_letters_about_many_institutions(region: Region):
    for number in range(8):
        cache.clear()  # not the limit by the asker's own address
        sign_up(InstitutionFactory(region=region, name=f"Учреждение {number}"))
    send_letters()
    assert len(mail.outbox) == services.MOST_UNCONFIRMED


def test_requests_whose_links_are_over_bar_nobody(
    region: Region, institution: Institution, clock: time_machine.Traveller
):
    for number in range(services.MOST_UNCONFIRMED):
        sign_up(InstitutionFactory(region=region, name=f"Учреждение {number}"))
    send_letters()
    clock.shift(timedelta(days=7))
    sign_up(institution)
    send_letters()
    assert "Забота" in text_of(Client().get(link_to(EMAIL)))
    assert len(mail.outbox) == services.MOST_UNCONFIRMED + 1


def test_requests_nobody_confirmed_are_forgotten_with_their_history(
    region: Region, institution: Institution, clock: time_machine.Traveller
):
    kept = waiting_request(institution)
    sign_up(institution, email="late@example.ru", full_name="Чужое Имя")
    send_letters()
    clock.shift(timedelta(days=7, seconds=-1))
    sign_up(institution, email="new@example.ru")
    assert services.forget_unconfirmed(at=timezone.now()) == 0
    clock.shift(timedelta(seconds=1))
    forget_unconfirmed_requests()
    assert set(AccessRequest.objects.values_list("email", flat=True)) == {EMAIL, "new@example.ru"}
    assert not AccessRequest.history.filter(email="late@example.ru").exists()
    assert AccessRequest.history.filter(id=kept.pk).exists()
    planned = {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}
    assert forget_unconfirmed_requests.name in planned
    # And a link that is gone is answered plainly.
    assert Client().get(link_to("late@example.ru")).status_code == 404


def test_a_refused_address_stops_neither_the_other_letters_nor_its_owner(
    admin: User, institution: Institution, monkeypatch: pytest.MonkeyPatch
):
    request = waiting_request(institution)
    services.decline(request=request, reason="нет", by=admin, at=timezone.now())
    sign_up(institution, email="new@example.ru")

    def refuse(*, to: str, **letter: Any) -> None:
        raise smtplib.SMTPRecipientsRefused({to: (550, b"no such box")})

    with monkeypatch.context() as patch:
        patch.setattr(letters_out, "send_letter", refuse)
        send_letters()
    assert not AccessRequest.objects.to_send().exists()
    page = signed_in(admin).get(reverse("request-list", args=[institution.region.code]))
    assert "адрес не принят" in text_of(page)
    sign_up(institution, email="new@example.ru")
    send_letters()
    assert Client().get(link_to("new@example.ru")).status_code == 200


def test_too_many_requests_from_one_place_are_turned_away(institution: Institution):
    statuses = [sign_up(institution, email=f"{number}@example.ru").status_code for number in range(12)]
    assert statuses[:10] == [302] * 10
    assert statuses[10:] == [429, 429]
    assert AccessRequest.objects.count() == 10
    assert Client().get(reverse("signup")).status_code == 200


def test_too_many_searches_from_one_place_are_turned_away(institution: Institution):
    query = {"region": institution.region.code, "name": "центр"}
    statuses = [Client().get(reverse("signup"), query).status_code for _ in range(32)]
    assert statuses == [200] * 30 + [429] * 2
    # Who has found theirs goes on.
    assert Client().get(reverse("signup"), {**query, "institution": institution.pk}).status_code == 200
    assert Client().get(reverse("signup")).status_code == 200


def test_a_search_by_two_letters_is_not_begun(institution: Institution):
    page = Client().get(reverse("signup"), {"region": institution.region.code, "name": "це"})
    assert page.status_code == 422
    assert "Введите хотя бы три буквы названия" in text_of(page)
    assert institution.name not in text_of(page)


# Confirming -----------------------------------------------------------------------------------------------------------


def test_the_link_confirms_the_address_and_the_request_waits(institution: Institution):
    sign_up(institution)
    assert AccessRequest.objects.get().state == State.UNCONFIRMED
    send_letters()
    path = link_to(EMAIL)
    request = AccessRequest.objects.get()
    assert (request.token_hash, request.expires_at) == (hash_of(token_in(path)), NOW + timedelta(days=7))
    client = Client()
    page = client.get(path)
    assert page.headers["Referrer-Policy"] == "strict-origin" and "no-store" in page.headers["Cache-Control"]
    assert client.post(path, GOOD).headers["Location"] == reverse("cabinet")
    request.refresh_from_db()
    user = User.objects.get(email=EMAIL)
    assert (request.state, request.user) == (State.WAITING, user)
    assert (user.full_name, user.position) == ("Лебедева Нина Павловна", "директор")
    assert user.consents.get().version == consent.VERSION
    assert not user.memberships.exists()
    assert client.get(reverse("cabinet")).status_code == 200
    # A second click, and the letter opened once more.
    assert client.post(path, GOOD).headers["Location"] == reverse("cabinet")
    assert Client().get(path).status_code == 410
    assert AccessRequest.objects.count() == User.objects.filter(email=EMAIL).count() == 1


def test_a_known_person_signs_in_before_the_request_waits(institution: Institution):
    user = UserFactory(email=EMAIL, full_name="Лебедева Н. П.", password=PASSWORD)
    sign_up(institution)
    send_letters()
    path, client = link_to(EMAIL), Client()
    assert "войдите на портал" in text_of(client.get(path))
    client.post(path, GOOD)
    assert AccessRequest.objects.get().state == State.UNCONFIRMED
    other = signed_in(UserFactory())
    assert other.post(path).status_code == 403
    client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD, "next": path})
    client.post(path)
    request = AccessRequest.objects.get()
    assert (request.state, request.user, request.full_name) == (State.WAITING, user, "Лебедева Н. П.")


def test_a_link_that_is_late_or_of_a_closed_institution_confirms_nothing(
    institution: Institution, clock: time_machine.Traveller
):
    sign_up(institution)
    send_letters()
    path = link_to(EMAIL)
    institution.closed_on = date(2026, 11, 22)
    institution.save()
    assert Client().get(path).status_code == 200  # the last day of work
    clock.shift(timedelta(days=1))
    assert "больше не работает" in text_of(Client().post(path, GOOD))
    institution.closed_on = None
    institution.save()
    clock.shift(timedelta(days=6))
    response = Client().post(path, GOOD)
    assert response.status_code == 410 and "Срок ссылки истёк" in text_of(response)
    assert Client().post("/signup/unknown/", GOOD).status_code == 404
    assert not User.objects.filter(email=EMAIL).exists()
    # The request is asked for anew.
    sign_up(institution)
    send_letters()
    assert Client().post(link_to(EMAIL), GOOD).status_code == 302


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"password": "12345678"}, "password"), ({"password_again": "x"}, "password_again"), ({"agreed": ""}, "agreed")],
)
def test_a_weak_password_or_no_consent_makes_no_account(institution: Institution, changed: dict[str, str], field: str):
    sign_up(institution)
    send_letters()
    response = Client().post(link_to(EMAIL), {**GOOD, **changed})
    assert response.status_code == 422 and field in response.context["form"].errors
    assert not User.objects.filter(email=EMAIL).exists()


# Deciding -------------------------------------------------------------------------------------------------------------


def test_the_administrator_opens_access_and_the_person_is_told(admin: User, institution: Institution):
    request = waiting_request(institution)
    client = signed_in(admin)
    assert "Лебедева Нина Павловна" in text_of(client.get(reverse("region-people", args=[institution.region.code])))
    for _ in range(2):  # the second click
        response = client.post(reverse("request-approve", args=[request.pk]))
        assert response.headers["Location"] == reverse("request-list", args=[institution.region.code])
    membership = Membership.objects.get(user__email=EMAIL)
    assert (membership.role, membership.institution) == (Role.INSTITUTION_REP, institution)
    assert (membership.starts_on, membership.granted_by) == (date(2026, 11, 22), admin)
    request.refresh_from_db()
    assert (request.state, request.decided_by, request.decided_at) == (State.APPROVED, admin, NOW)
    send_letters()
    send_letters()
    assert [one.subject for one in mail.outbox if one.to == [EMAIL]][1:] == ["Портал НСИ: доступ открыт"]
    assert signed_in(membership.user).get(reverse("link-list", args=[institution.pk])).status_code == 200


def test_the_administrator_declines_with_a_reason_and_the_person_may_ask_again(admin: User, institution: Institution):
    request = waiting_request(institution)
    client, url = signed_in(admin), reverse("request-decline", args=[request.pk])
    assert client.post(url, {"reason": " "}).status_code == 422
    assert client.post(url, {"reason": "Вы там не работаете"}).status_code == 302
    assert client.post(url, {"reason": "ещё раз"}).status_code == 302
    assert client.post(reverse("request-approve", args=[request.pk])).status_code == 302
    request.refresh_from_db()
    assert (request.state, request.reason) == (State.DECLINED, "Вы там не работаете")
    assert not Membership.objects.filter(user__email=EMAIL).exists()
    send_letters()
    assert "Вы там не работаете" in mail.outbox[-1].body and mail.outbox[-1].to == [EMAIL]
    sign_up(institution)
    assert AccessRequest.objects.filter(state=State.UNCONFIRMED).count() == 1


def test_a_decision_whose_letter_could_not_be_sent_is_told_later(admin: User, institution: Institution, settings: Any):
    request = waiting_request(institution)
    services.decline(request=request, reason="нет", by=admin, at=timezone.now())
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 1
    send_letters()
    assert AccessRequest.objects.to_send().count() == 1
    settings.EMAIL_BACKEND = backend
    send_letters()
    assert "отклонена" in mail.outbox[-1].subject
    assert not AccessRequest.objects.to_send().exists()


def test_nothing_is_opened_at_a_closed_institution_nor_to_a_disabled_person(admin: User, institution: Institution):
    request = waiting_request(institution)
    client, url = signed_in(admin), reverse("request-approve", args=[request.pk])
    User.objects.filter(email=EMAIL).update(is_active=False)
    assert "Вход этого человека на портал закрыт" in text_of(client.post(url, follow=True))
    User.objects.filter(email=EMAIL).update(is_active=True)
    institution.closed_on = date(2026, 11, 21)
    institution.save()
    assert "больше не работает" in text_of(client.post(url, follow=True))
    request.refresh_from_db()
    assert request.state == State.WAITING
    assert not Membership.objects.filter(user__email=EMAIL).exists()


@pytest.mark.parametrize("action", ["approve", "decline"])
@pytest.mark.parametrize(
    ("role", "where", "status"),
    [
        (Role.NSI_ADMIN, "own", 302),
        (Role.AGENCY_ADMIN, "", 302),
        (Role.NSI_ADMIN, "other", 404),
        (Role.HQ_CHAIR, "own", 404),
        (Role.EXPERT, "own", 404),
        (Role.AGENCY_ANALYST, "", 404),
    ],
)
def test_who_decides(institution: Institution, role: Role, where: str, status: int, action: str):
    request = waiting_request(institution)
    place = {"own": institution.region, "other": RegionFactory(code="RU-TYU")}.get(where)
    client = signed_in(MembershipFactory(role=role, region=place).user)
    response = client.post(reverse(f"request-{action}", args=[request.pk]), {"reason": "так решено"})
    assert response.status_code == status


@pytest.mark.parametrize("action", ["approve", "decline"])
def test_nobody_decides_about_themselves(institution: Institution, action: str):
    request = waiting_request(institution)
    assert request.user
    MembershipFactory(role=Role.NSI_ADMIN, region=institution.region, user=request.user)
    client = signed_in(request.user)
    url = reverse(f"request-{action}", args=[request.pk])
    assert client.post(url, {"reason": "сам решил"}).status_code == 403
    assert url not in client.get(reverse("request-list", args=[institution.region.code])).content.decode()
    request.refresh_from_db()
    assert request.state == State.WAITING


def test_an_unconfirmed_request_is_nothing_to_decide(admin: User, institution: Institution):
    sign_up(institution)
    request = AccessRequest.objects.get()
    client = signed_in(admin)
    assert "Лебедева" not in text_of(client.get(reverse("request-list", args=[institution.region.code])))
    assert client.post(reverse("request-approve", args=[request.pk])).status_code == 404


def test_the_list_of_requests_filters_downloads_and_asks_the_database_equally_often(
    admin: User, region: Region, institution: Institution
):
    def ask(number: int) -> None:
        user = UserFactory()
        AccessRequest.objects.create(
            email=f"{number}@example.ru",
            full_name=f"Человек {number}",
            position="директор",
            institution=institution,
            state=State.WAITING if number % 2 else State.DECLINED,
            user=user,
            decided_by=None if number % 2 else admin,
        )

    client, url = signed_in(admin), reverse("request-list", args=[region.code])
    ask(1)
    ask(2)
    assert "Человек 2" not in text_of(client.get(url, {"state": "waiting"}))
    assert "Человек 1" not in text_of(client.get(url, {"name": "человек 2"}))
    assert client.get(url, {"format": "xlsx"}).headers["Content-Type"].endswith("sheet")
    for nonsense in ({"state": "unconfirmed"}, {"institution": "x"}, {"sort": "x"}, {"page": "0"}):
        assert client.get(url, nonsense).status_code == 200
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(3, 40):
        ask(number)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)
