"""Signing in at a provider (OpenID Connect): for people the portal knows, by the address the provider vouches for."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as portal_settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, expect

from accounts.models import User
from accounts.services import disable
from tests import servers
from tests.accounts.codes import totp_code
from tests.accounts.pages import is_signed_in, sign_in, text_of
from tests.accounts.test_sessions import NOON
from tests.browser import *  # noqa: F403
from tests.factories import PASSWORD, TOTP_SECRET, UserFactory

PEOPLE = {
    "anna": {"email": "Anna@Example.ru", "email_verified": True},
    "curator": {"email": "curator@example.ru", "email_verified": True},
    "unknown": {"email": "nobody@example.ru", "email_verified": True},
    "unverified": {"email": "anna@example.ru", "email_verified": False},
    "silent": {"email": "anna@example.ru"},
    "as-text": {"email": "anna@example.ru", "email_verified": "false"},
    "look-alike": {"email": "аnna@example.ru", "email_verified": True},
    "nameless": {},
}
TO_PROVIDER = "openid_connect_login"


@pytest.fixture
def clock() -> Iterator[None]:
    """The real time here: the provider, a process of its own, knows no other."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A real provider on a free port."""
    port = servers.free_port()
    command = [servers.PYTHON, "-m", "oidc_provider_mock", "--port", str(port)]
    for name, claims in PEOPLE.items():
        command += ["--user-claims", json.dumps({"sub": name, **claims})]
    with servers.process(command, name="oidc-provider-mock") as process:
        servers.wait_for_http(f"http://127.0.0.1:{port}/.well-known/openid-configuration", 30, process)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def configured(provider: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NO_PROXY", "*")
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": "Учебные услуги",
                    "client_id": "portal",
                    "secret": "secret-of-the-portal",
                    "settings": {"server_url": provider},
                }
            ],
        }
    }
    return provider


def come_back_as(client: Client, person: str, **sent: str) -> Any:
    """Press the button, sign in at the provider, come back with what it gave."""
    there = client.post(reverse(TO_PROVIDER), sent).headers["Location"]
    answer = requests.post(there, data={"sub": person}, allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    assert back.path == reverse("openid_connect_callback") == "/accounts/oidc/login/callback/"
    return client.get(f"{back.path}?{back.query}")


def test_without_a_provider_there_is_no_button_and_no_page(client: Client, anna: User):
    assert "Войти через" not in text_of(client.get(reverse("account_login")))
    for name in (TO_PROVIDER, "openid_connect_callback"):
        assert client.get(reverse(name)).status_code == 404
        assert client.post(reverse(name)).status_code == 404


def test_the_sign_in_page_offers_the_provider_by_its_name(client: Client, configured: str, anna: User):
    assert "Войти через Учебные услуги" in text_of(client.get(reverse("account_login")))
    there = urlsplit(client.post(reverse(TO_PROVIDER)).headers["Location"])
    assert f"{there.scheme}://{there.netloc}" == configured
    asked = parse_qs(there.query)
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert asked["code_challenge_method"] == ["S256"]


def test_a_person_the_portal_knows_is_let_in(client: Client, configured: str, anna: User):
    response = come_back_as(client, "anna", next="/help/")
    assert response.headers["Location"] == "/help/"
    assert client.session["_auth_user_id"] == str(anna.pk)
    anna.refresh_from_db()
    assert anna.check_password(PASSWORD), "the password stays"
    assert not SocialAccount.objects.exists(), "nothing is connected: the address decides each time"


@pytest.mark.parametrize("person", ["unknown", "unverified", "silent", "as-text", "look-alike", "nameless"])
def test_everybody_else_is_sent_to_the_administrator(client: Client, configured: str, anna: User, person: str):
    response = come_back_as(client, person)
    assert response.status_code == 403
    assert "Обратитесь к администратору НСИ своего региона" in text_of(response)
    assert not is_signed_in(client)
    assert User.objects.count() == 1, "nobody is added"


def test_the_answer_does_not_tell_who_is_known(configured: str, anna: User):
    said = []
    for person in ("unknown", "unverified", "anna"):
        if person == "anna":
            disable(anna, by=None, at=NOON)
        response = come_back_as(Client(), person)
        said.append(text_of(response).replace(response.headers["X-Request-Id"], ""))
    assert said[0] == said[1] == said[2]


def test_the_second_factor_is_asked_for_all_the_same(client: Client, configured: str, curator: User):
    assert come_back_as(client, "curator").headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": totp_code(TOTP_SECRET)})
    assert is_signed_in(client)


def test_a_provider_cannot_be_connected_to_somebody_who_is_signed_in(configured: str, anna: User):
    boris = UserFactory(email="boris@example.ru", password="пароль Бориса 5")
    client = Client()
    sign_in(client, boris.email, "пароль Бориса 5")
    assert come_back_as(client, "anna", process="connect").status_code == 403
    assert not SocialAccount.objects.exists()


def test_the_way_on_never_leads_elsewhere(client: Client, configured: str, anna: User):
    assert come_back_as(client, "anna", next="https://evil.example/").headers["Location"] == "/"


@pytest.mark.parametrize("query", ["", "?code=x&state=y", "?error=server_error", "?state[]=1&code=1"])
def test_an_answer_nobody_asked_for_is_an_ordinary_page(client: Client, configured: str, anna: User, query: str):
    response = client.get(reverse("openid_connect_callback") + query)
    assert response.status_code == 401
    assert "Служба входа не ответила" in text_of(response)


def test_a_provider_that_is_away_is_an_ordinary_page(client: Client, configured: str, settings: Any, anna: User):
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"] = {"server_url": "http://127.0.0.1:9"}
    response = client.post(reverse(TO_PROVIDER))
    assert response.status_code == 401
    assert "Служба входа не ответила" in text_of(response)


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.django_db(transaction=True)
def test_a_browser_follows_the_button_under_the_policy_of_the_page(
    browser: Browser, configured: str, settings: Any, live_server: Any
):
    settings.CONTENT_SECURITY_POLICY = {
        "DIRECTIVES": {
            **portal_settings.CONTENT_SECURITY_POLICY["DIRECTIVES"],
            "form-action": ["'self'", configured],
        }
    }
    UserFactory(email="anna@example.ru")
    context = browser.new_context(base_url=live_server.url, locale="ru-RU")
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Войти через Учебные услуги").click()
    page.wait_for_url(f"{configured}/**")
    page.locator("button[name=sub][value=anna], button:has-text('anna')").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Мой кабинет")
    context.close()
