"""Where a person is signed in: they see it and end it; who is disabled is out at once."""

from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.browsers import describe
from accounts.models import User
from accounts.services import disable, enable
from tests.accounts.pages import is_signed_in, sign_in, text_of
from tests.factories import UserFactory

NOON = datetime(2026, 11, 22, 9, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 YaBrowser/25.10 Mobile Safari/537.36"


@pytest.fixture
def desk(anna: User) -> Client:
    client = Client(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.10")
    sign_in(client, anna.email)
    return client


@pytest.fixture
def phone(anna: User, desk: Client) -> Client:
    client = Client(HTTP_USER_AGENT=PHONE, REMOTE_ADDR="192.0.2.20")
    sign_in(client, anna.email)
    return client


def is_let_in(client: Client) -> bool:
    return bool(client.get(reverse("cabinet")).status_code == 200)


def session_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=client.session.session_key)


def test_all_own_sessions_are_listed_and_nobody_elses(desk: Client, phone: Client, curator: User):
    sign_in(Client(REMOTE_ADDR="192.0.2.30"), curator.email)
    page = text_of(desk.get(reverse("usersessions_list")))
    assert "Firefox, Windows этот сеанс" in page and "192.0.2.10" in page
    assert "Яндекс Браузер, Android" in page and "192.0.2.20" in page
    assert "192.0.2.30" not in page


def test_one_session_is_ended(desk: Client, phone: Client):
    response = desk.post(reverse("usersessions_end", args=[session_of(phone).pk]), follow=True)
    assert "Сеанс завершён" in text_of(response)
    assert is_let_in(desk) and not is_let_in(phone)


def test_all_others_are_ended(desk: Client, phone: Client):
    response = desk.post(reverse("usersessions_list"), follow=True)
    assert "Все остальные сеансы завершены" in text_of(response)
    assert is_let_in(desk) and not is_let_in(phone)


def test_ending_the_session_one_is_in_is_signing_out(desk: Client, phone: Client):
    assert desk.post(reverse("usersessions_end", args=[session_of(desk).pk])).headers["Location"] == "/accounts/login/"
    assert not is_let_in(desk) and is_let_in(phone)


def test_a_session_of_somebody_else_does_not_exist(desk: Client, anna: User):
    stranger = Client()
    sign_in(stranger, UserFactory(email="boris@example.ru", password="пароль Бориса 5").email, "пароль Бориса 5")
    assert stranger.post(reverse("usersessions_end", args=[session_of(desk).pk])).status_code == 404
    assert is_let_in(desk)


def test_a_changed_password_ends_the_other_sessions(desk: Client, phone: Client):
    new = "совсем другой пароль 9"
    desk.post(
        reverse("account_change_password"),
        {"oldpassword": "пароль для тестов 7", "password1": new, "password2": new},
    )
    assert is_let_in(desk) and not is_let_in(phone)
    assert "Firefox" in text_of(desk.get(reverse("usersessions_list")))


def test_the_next_request_of_whoever_is_disabled_is_a_strangers(desk: Client, phone: Client, anna: User, curator: User):
    assert is_let_in(desk) and is_let_in(phone)
    disable(anna, by=curator, at=NOON)
    for browser in (desk, phone):
        response = browser.get(reverse("cabinet"))
        assert response.headers["Location"].startswith(reverse("account_login"))
        assert not response.wsgi_request.user.is_authenticated
    assert not UserSession.objects.filter(user=anna).exists()
    assert not any(one.get_decoded().get("_auth_user_id") == str(anna.pk) for one in Session.objects.all()), (
        "no row that would come to life again"
    )
    assert sign_in(Client(), anna.email).headers["Location"] == reverse("account_inactive")


def test_whoever_is_enabled_again_signs_in_anew(desk: Client, anna: User, curator: User):
    disable(anna, by=curator, at=NOON)
    enable(anna, by=curator, at=NOON)
    assert not is_let_in(desk)
    browser = Client()
    sign_in(browser, anna.email)
    assert is_signed_in(browser)


def test_disabling_stands_in_the_history_and_signing_in_does_not(anna: User, curator: User, desk: Client):
    before = anna.history.count()
    disable(anna, by=curator, at=NOON)
    enable(anna, by=None, at=NOON)
    rows = list(anna.history.all()[: anna.history.count() - before])
    assert [(row.is_active, row.history_user, row.history_date) for row in reversed(rows)] == [
        (False, curator, NOON),
        (True, None, NOON),
    ]
    assert before == 1, "made once; signed in since"
    assert not {"password", "last_login"} & {field.name for field in anna.history.model._meta.get_fields()}


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox, Windows"),
        (PHONE, "Яндекс Браузер, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605 Version/17.0 Safari/605.1", "Safari, macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x64) AppleWebKit/537 Chrome/142 Safari/537 Edg/142", "Edge, Linux"),
        ("curl/8", "Неизвестный браузер"),
        ("", "Неизвестный браузер"),
    ],
)
def test_a_browser_is_told_by_what_it_says_of_itself(agent: str, said: Any):
    assert describe(agent) == said
