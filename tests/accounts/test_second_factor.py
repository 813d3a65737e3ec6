"""The second factor: setting it up, signing in with it, recovery codes, and who cannot do without."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import reset_second_factor, set_totp
from regions.roles import Role
from tests.accounts.codes import totp_code
from tests.accounts.pages import BACKEND, is_signed_in, sign_in, text_of
from tests.factories import PASSWORD, TOTP_SECRET, MembershipFactory, UserFactory

NEEDS = {
    Role.AGENCY_ADMIN,
    Role.AGENCY_CURATOR,
    Role.AGENCY_ANALYST,
    Role.FEDERAL_OBSERVER,
    Role.NSI_ADMIN,
}


def enter(client: Client, code: str) -> Any:
    return client.post(reverse("mfa_authenticate"), {"code": code})


def recovery_codes(user: User) -> list[str]:
    codes: list[str] = user.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()
    return codes


# Who has to -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_federal_roles_and_the_nsi_administrator_set_it_up_before_anything_else(role: Role, db: None, clock: object):
    client = Client()
    client.force_login(MembershipFactory(role=role, second_factor=False).user, backend=BACKEND)
    response = client.get("/institutions/?page=2")
    if role in NEEDS:
        assert response.status_code == 302
        assert response.headers["Location"].startswith(reverse("second-factor") + "?next=%2Finstitutions%2F%3Fpage%3D2")
        assert "Ваша роль" in text_of(client.get(response.headers["Location"]))
    else:
        assert response.status_code != 302
        assert client.get(reverse("second-factor")).status_code == 200, "offered to everybody"


def test_a_role_that_has_ended_asks_for_nothing(db: None, clock: object):
    membership = MembershipFactory(role=Role.AGENCY_ADMIN, second_factor=False)
    membership.ends_on = membership.starts_on
    membership.save()
    client = Client()
    client.force_login(membership.user, backend=BACKEND)
    assert client.get(reverse("cabinet")).status_code == 200


@pytest.fixture
def newcomer(db: None, clock: object) -> Client:
    """An administrator who has signed in with a password a minute ago and has no second factor yet."""
    user = UserFactory(email="new@example.ru", password=PASSWORD)
    MembershipFactory(role=Role.NSI_ADMIN, user=user, second_factor=False)
    client = Client()
    sign_in(client, user.email)
    return client


def test_nothing_is_done_before_the_second_factor_is_there(newcomer: Client):
    response = newcomer.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": "x" * 20})
    assert response.headers["Location"] == reverse("second-factor"), "the address of a form is no place to come back to"
    assert User.objects.get().check_password(PASSWORD)
    fragment = newcomer.get(
        "/institutions/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/institutions/?page=2"}
    )
    assert fragment.status_code == 200 and not fragment.content
    assert fragment.headers["HX-Redirect"] == reverse("second-factor") + "?next=%2Finstitutions%2F%3Fpage%3D2"


@pytest.mark.parametrize("open_page", ["/help/", "/health/live", "/accounts/consent/", "/accounts/security/app/"])
def test_help_consent_and_the_setting_up_itself_stay_open(newcomer: Client, open_page: str):
    assert newcomer.get(open_page).status_code == 200


def test_after_setting_up_come_the_recovery_codes_and_then_the_page_wanted(
    newcomer: Client, django_capture_on_commit_callbacks: Any
):
    page = newcomer.get(newcomer.get("/institutions/").headers["Location"])
    (link,) = re.findall(r'href="(/accounts/security/app/[^"]*)"', page.content.decode())
    form = newcomer.get(link)
    assert "data:image/svg+xml;base64," in form.content.decode(), "the picture to be scanned"
    secret = form.context["form"].secret
    assert secret in text_of(form), "the same as text"
    with django_capture_on_commit_callbacks(execute=True):
        response = newcomer.post(link, {"code": totp_code(secret)})
    assert response.headers["Location"] == reverse("mfa_view_recovery_codes") + "?next=%2Finstitutions%2F"
    codes = newcomer.get(response.headers["Location"])
    assert len(re.findall(r"<code[^>]*>\d{8}</code>", codes.content.decode())) == 10
    assert 'href="/institutions/"' in codes.content.decode()
    assert newcomer.get("/institutions/").status_code == 200
    assert [letter.subject for letter in mail.outbox] == ["Портал НСИ: второй шаг входа включён"]


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example/", r"/\evil.example", "javascript:alert(1)"]
)
def test_the_way_on_never_leads_elsewhere(newcomer: Client, where: str):
    page = newcomer.get(reverse("second-factor"), {"next": where})
    assert "evil.example" not in page.content.decode().split("<main")[1].split("<footer")[0]
    link = reverse("mfa_activate_totp")
    secret = newcomer.get(link, {"next": where}).context["form"].secret
    response = newcomer.post(f"{link}?next={where}", {"code": totp_code(secret)})
    assert response.headers["Location"] == reverse("mfa_view_recovery_codes")
    assert newcomer.get(reverse("second-factor"), {"next": where}).headers["Location"] == "/"


# Signing in -----------------------------------------------------------------------------------------------------------


def test_the_password_alone_does_not_sign_in(client: Client, curator: User):
    assert sign_in(client, curator.email).headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert "Шесть цифр" in text_of(client.get(reverse("mfa_authenticate")))
    enter(client, totp_code(TOTP_SECRET))
    assert is_signed_in(client)
    assert client.get(reverse("cabinet")).status_code == 200


@pytest.mark.parametrize(("step", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(client: Client, curator: User, step: int, right: bool):
    sign_in(client, curator.email)
    enter(client, totp_code(TOTP_SECRET, step=step))
    assert is_signed_in(client) == right


def test_a_code_works_once_for_as_long_as_it_would_be_valid(curator: User, clock: Any):
    code = totp_code(TOTP_SECRET, step=1)
    for seconds, right in ((0, True), (1, False), (29, False), (29, False)):
        clock.shift(seconds)
        browser = Client()
        sign_in(browser, curator.email)
        enter(browser, code)
        assert is_signed_in(browser) == right


def test_guessing_the_code_is_stopped(client: Client, curator: User):
    sign_in(client, curator.email)
    answers = [text_of(enter(client, f"{number:06}")) for number in range(7)]
    assert "Код неверен" in answers[0]
    assert "Слишком много" in answers[-1]
    # Also the right one does not help now.
    enter(client, totp_code(TOTP_SECRET))
    assert not is_signed_in(client)


def test_a_recovery_code_works_once(curator: User):
    code = recovery_codes(curator)[0]
    for right in (True, False):
        browser = Client()
        sign_in(browser, curator.email)
        enter(browser, code)
        assert is_signed_in(browser) == right
    assert len(recovery_codes(curator)) == 9


def test_whose_factor_was_reset_meanwhile_begins_anew(client: Client, curator: User):
    sign_in(client, curator.email)
    curator.authenticator_set.all().delete()
    response = client.get(reverse("mfa_authenticate"), follow=True)
    assert response.redirect_chain == [(reverse("account_login"), 302)]
    sign_in(client, curator.email)
    assert is_signed_in(client)
    assert client.get(reverse("cabinet")).headers["Location"].startswith(reverse("second-factor"))


# Changing it ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def signed_in(curator: User) -> Client:
    client = Client()
    sign_in(client, curator.email)
    enter(client, totp_code(TOTP_SECRET))
    return client


CHANGES = (
    "mfa_deactivate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
)


@pytest.mark.parametrize("name", CHANGES)
def test_whoever_signed_in_long_ago_shows_again_who_they_are(signed_in: Client, clock: Any, name: str):
    assert signed_in.get(reverse(name)).status_code == 200
    clock.shift(301)
    response = signed_in.get(reverse(name))
    assert (
        response.headers["Location"] == f"{reverse('account_reauthenticate')}?next={reverse(name).replace('/', '%2F')}"
    )
    response = signed_in.post(response.headers["Location"], {"password": PASSWORD})
    assert response.headers["Location"] == reverse(name)
    assert signed_in.get(reverse(name)).status_code == 200


def test_the_last_factor_of_a_role_that_needs_one_stays(signed_in: Client, curator: User):
    page = signed_in.get(reverse("mfa_deactivate_totp"))
    assert "Отключить нельзя" in text_of(page) and "добавьте другой способ" in text_of(page)
    signed_in.post(reverse("mfa_deactivate_totp"))
    assert curator.authenticator_set.filter(type="totp").exists()


def test_the_last_passkey_of_a_role_that_needs_one_stays(signed_in: Client, curator: User):
    key = Authenticator.objects.create(user=curator, type="webauthn", data={"name": "Ключ", "credential": {}})
    url = reverse("mfa_remove_webauthn", args=[key.pk])
    curator.authenticator_set.filter(type="totp").delete()
    assert "Удалить нельзя" in text_of(signed_in.get(url))
    assert signed_in.post(url).status_code == 422
    assert Authenticator.objects.filter(pk=key.pk).exists()
    set_totp(curator, TOTP_SECRET)
    assert signed_in.post(url).status_code == 302
    assert not Authenticator.objects.filter(pk=key.pk).exists()


def test_who_needs_none_may_switch_it_off(client: Client, anna: User):
    set_totp(anna, TOTP_SECRET)
    sign_in(client, anna.email)
    enter(client, totp_code(TOTP_SECRET))
    client.post(reverse("mfa_deactivate_totp"))
    assert not anna.authenticator_set.exists(), "the recovery codes go with it"


def test_recovery_codes_are_downloaded_and_made_anew(signed_in: Client, curator: User):
    old = recovery_codes(curator)
    file = signed_in.get(reverse("mfa_download_recovery_codes"))
    assert file.headers["Content-Type"].startswith("text/plain")
    assert "attachment" in file.headers["Content-Disposition"]
    assert re.findall(r"^\d{8}$", file.content.decode(), re.MULTILINE) == old
    assert signed_in.post(reverse("mfa_generate_recovery_codes")).status_code == 302
    assert not set(recovery_codes(curator)) & set(old)


def test_few_recovery_codes_are_a_warning(signed_in: Client, curator: User):
    assert "кончаются" not in text_of(signed_in.get(reverse("mfa_index")))
    for code in recovery_codes(curator)[:7]:
        curator.authenticator_set.get(type="recovery_codes").wrap().validate_code(code)
    assert "кончаются" in text_of(signed_in.get(reverse("mfa_index")))
    assert "кончаются" in text_of(signed_in.get(reverse("mfa_view_recovery_codes")))


def test_secrets_do_not_lie_open_in_the_database(curator: User, settings: Any):
    app, codes = (curator.authenticator_set.get(type=one) for one in ("totp", "recovery_codes"))
    assert TOTP_SECRET not in str(app.data)
    known = recovery_codes(curator)
    # A new key of the portal still reads what the former one wrote.
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-of-the-portal-0123456789-abcdefghijklmnop"
    assert app.wrap().validate_code(totp_code(TOTP_SECRET))
    assert codes.wrap().get_unused_codes() == known


def test_with_another_key_of_the_portal_no_code_fits_and_no_page_fails(curator: User, settings: Any):
    settings.SECRET_KEY = "another-key-of-the-portal-0123456789-abcdefghijklmnop"
    browser = Client()
    sign_in(browser, curator.email)
    for code in (totp_code(TOTP_SECRET), "000000"):
        assert "Код неверен" in text_of(enter(browser, code))
    assert not is_signed_in(browser)


def test_a_lost_factor_is_reset_and_the_person_told(
    signed_in: Client, curator: User, django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        reset_second_factor(curator, by=None, at=timezone.now())
    assert not curator.authenticator_set.exists()
    assert signed_in.get(reverse("cabinet")).headers["Location"].startswith(reverse("account_login"))
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([curator.email], "Портал НСИ: второй шаг входа сброшен")
    assert "http://127.0.0.1:8000/accounts/login/" in str(letter.body)
    browser = Client()
    sign_in(browser, curator.email)
    assert browser.get(reverse("cabinet")).headers["Location"].startswith(reverse("second-factor"))


# Passkeys, without a browser ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "null",
        "1",
        "[]",
        "{}",
        '{"response": null}',
        '{"response": {"userHandle": "%%%"}}',
        '{"response": {"userHandle": 7}}',
        '{"response": {"userHandle": null}}',
        '{"id": "x", "rawId": "x", "response": {"userHandle": "MQ"}}',
        '{"rawId": "eA", "response": {"clientDataJSON": "e30", "authenticatorData": "eA", "signature": "eA", '
        '"userHandle": "MQ"}}',
        '{"rawId": "eA", "response": {"clientDataJSON": "e30", "attestationObject": "oA"}}',
    ],
)
def test_nonsense_instead_of_a_passkey_is_refused_and_no_failure(signed_in: Client, curator: User, nonsense: str):
    stranger = Client()
    stranger.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
    assert stranger.post(reverse("mfa_login_webauthn"), {"credential": nonsense}).status_code in (200, 302)
    assert not is_signed_in(stranger)
    half_way = Client()
    sign_in(half_way, curator.email)
    half_way.get(reverse("mfa_authenticate"))
    assert half_way.post(reverse("mfa_authenticate"), {"credential": nonsense}).status_code == 200
    signed_in.get(reverse("mfa_add_webauthn"))
    assert signed_in.post(reverse("mfa_add_webauthn"), {"name": "К", "credential": nonsense}).status_code == 200
    signed_in.get(reverse("mfa_reauthenticate_webauthn"))
    assert signed_in.post(reverse("mfa_reauthenticate_webauthn"), {"credential": nonsense}).status_code in (200, 302)
    assert not curator.authenticator_set.filter(type="webauthn").exists()
