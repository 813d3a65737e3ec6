"""Consent to the processing of personal data: nobody works in the portal without it (152-ФЗ)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import consent
from accounts.models import Consent, User
from regions.roles import Role
from tests.accounts.pages import BACKEND, is_signed_in, sign_in, text_of
from tests.factories import PASSWORD, MembershipFactory, UserFactory

NOON = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def newcomer(db: None, clock: object) -> User:
    user = UserFactory(email="new@example.ru", password=PASSWORD, consent=False)
    MembershipFactory(user=user)
    return user


def test_the_first_page_after_signing_in_asks_for_it(client: Client, newcomer: User):
    sign_in(client, newcomer.email)
    response = client.get("/institutions/?page=2")
    assert response.headers["Location"] == reverse("consent") + "?next=%2Finstitutions%2F%3Fpage%3D2"
    page = text_of(client.get(response.headers["Location"]))
    for word in ("Кто обрабатывает", "электронной почты", "Как отозвать", "152-ФЗ", f"Редакция {consent.VERSION}"):
        assert word in page
    response = client.post(response.headers["Location"], {"agreed": "on"})
    assert response.headers["Location"] == "/institutions/?page=2"
    assert client.get("/institutions/?page=2").status_code == 200
    given = Consent.objects.get()
    assert (given.user, given.version) == (newcomer, consent.VERSION)
    assert "Вы дали согласие 22 ноября 2026 года" in text_of(client.get(reverse("consent")))


def test_without_the_tick_nothing_is_given(client: Client, newcomer: User):
    sign_in(client, newcomer.email)
    response = client.post(reverse("consent"))
    assert response.status_code == 422
    assert "Отметьте, что даёте согласие" in text_of(response)
    assert not Consent.objects.exists()


def test_whoever_does_not_agree_may_leave(client: Client, newcomer: User):
    sign_in(client, newcomer.email)
    client.get(reverse("consent"))
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


def test_nothing_is_done_before(client: Client, newcomer: User):
    client.force_login(newcomer, backend=BACKEND)
    sent = {"oldpassword": PASSWORD, "password1": "совсем другой 9", "password2": "совсем другой 9"}
    assert client.post(reverse("account_change_password"), sent).headers["Location"] == reverse("consent")
    newcomer.refresh_from_db()
    assert newcomer.check_password(PASSWORD)
    fragment = client.get("/institutions/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (200, reverse("consent"))


@pytest.mark.parametrize("open_page", ["/help/", "/health/live", "/accounts/password/reset/"])
def test_help_and_public_pages_stay_open(client: Client, newcomer: User, open_page: str):
    client.force_login(newcomer, backend=BACKEND)
    assert client.get(open_page).status_code == 200


def test_a_new_version_of_the_text_is_asked_for_anew(client: Client, anna: User, monkeypatch: Any):
    client.force_login(anna, backend=BACKEND)
    assert client.get(reverse("cabinet")).status_code == 200
    monkeypatch.setattr(consent, "VERSION", "2")
    assert client.get(reverse("cabinet")).headers["Location"].startswith(reverse("consent"))
    client.post(reverse("consent"), {"agreed": "on"})
    assert client.get(reverse("cabinet")).status_code == 200
    assert anna.consents.count() == 2


def test_it_comes_before_the_second_factor(client: Client, db: None, clock: object):
    user = UserFactory(consent=False)
    MembershipFactory(user=user, role=Role.NSI_ADMIN, second_factor=False)
    client.force_login(user, backend=BACKEND)
    response = client.get("/institutions/")
    assert response.headers["Location"].startswith(reverse("consent"))
    onward = client.post(response.headers["Location"], {"agreed": "on"}).headers["Location"]
    assert client.get(onward).headers["Location"] == reverse("second-factor") + "?next=%2Finstitutions%2F"


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example/",
        "//evil.example/",
        r"/\evil.example",
        "javascript:alert(1)",
        "word",
        "cabinet",
        "?a=b",
        "http://testserver/help/",
    ],
)
def test_the_way_on_never_leads_elsewhere(client: Client, newcomer: User, where: str):
    client.force_login(newcomer, backend=BACKEND)
    assert client.post(f"{reverse('consent')}?next={where}", {"agreed": "on"}).headers["Location"] == "/"


def test_saying_it_twice_changes_nothing(newcomer: User):
    assert not consent.is_given(newcomer)
    first = consent.give(newcomer, NOON)
    assert consent.give(newcomer, datetime(2027, 1, 1, tzinfo=UTC)).accepted_at == first.accepted_at
    assert consent.is_given(newcomer)


def test_a_page_asks_the_database_for_it_once_a_session(client: Client, anna: User, django_assert_max_num_queries: Any):
    client.force_login(anna, backend=BACKEND)
    client.get(reverse("help"))
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(reverse("mfa_list_webauthn"))
        client.get(reverse("mfa_list_webauthn"))
    assert sum("accounts_consent" in query["sql"] for query in asked) == 1
