"""Nobody learns from the portal whose address it knows; guessing and asking too often is stopped."""

import time
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts import letters, limits
from accounts.models import User
from accounts.services import disable
from tests.accounts.pages import sign_in, without_what_differs
from tests.accounts.test_sessions import NOON
from tests.factories import UserFactory

UNKNOWN = "nobody@example.ru"


class SlowServer(locmem.EmailBackend):
    def send_messages(self, messages: Any) -> int:
        time.sleep(0.7)
        return super().send_messages(messages)


class BrokenServer(locmem.EmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError("no mail server today")


def ask(name: str, field: str, email: str, **sent: str) -> tuple[list[Any], str]:
    """All that is answered to a form with an address: status, redirects, headers and the page, byte for byte."""
    client = Client()
    response = client.post(reverse(name), {field: email, **sent}, follow=True)
    headers = sorted(
        (key, value)
        for key, value in response.headers.items()
        if key not in ("X-Request-Id", "Content-Length", "Set-Cookie")
    )
    return [response.redirect_chain, response.status_code, headers], without_what_differs(response, email)


FORMS = [
    ("account_login", "login", {"password": "не тот пароль"}),
    ("account_reset_password", "email", {}),
    ("account_request_login_code", "email", {}),
]


@pytest.mark.parametrize(("name", "field", "sent"), FORMS, ids=[name for name, _, _ in FORMS])
def test_a_known_and_an_unknown_address_get_the_same_answer(anna: User, name: str, field: str, sent: dict[str, str]):
    assert ask(name, field, anna.email, **sent) == ask(name, field, UNKNOWN, **sent)
    assert {address for letter in mail.outbox for address in letter.to} <= {anna.email}


@pytest.mark.parametrize(("name", "field", "sent"), FORMS, ids=[name for name, _, _ in FORMS])
def test_a_disabled_person_is_unknown(anna: User, name: str, field: str, sent: dict[str, str]):
    disable(anna, by=None, at=NOON)
    assert ask(name, field, anna.email, **sent) == ask(name, field, UNKNOWN, **sent)
    assert not mail.outbox


def test_a_wrong_code_is_answered_the_same(anna: User):
    said = []
    for email in (anna.email, UNKNOWN):
        client = Client()
        client.post(reverse("account_request_login_code"), {"email": email})
        answers = [client.post(reverse("account_confirm_login_code"), {"code": "0000-0000"}) for _ in range(3)]
        said.append([(one.status_code, without_what_differs(one, email)) for one in answers])
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "look_alike", ["аnna@example.ru", "an\u200bna@example.ru", "anna@ехample.ru", "анна@example.ru"]
)
def test_a_look_alike_at_sign_in_is_a_wrong_address_like_any_other(anna: User, look_alike: str):
    page = ask("account_login", "login", look_alike, password="пароль для тестов 7")[1]
    assert page == ask("account_login", "login", UNKNOWN, password="пароль для тестов 7")[1]
    assert "Адрес электронной почты или пароль указаны неверно" in page


@pytest.mark.parametrize(("name", "field", "sent"), FORMS[1:], ids=[name for name, _, _ in FORMS[1:]])
def test_the_time_of_the_answer_does_not_tell(anna: User, settings: Any, name: str, field: str, sent: dict[str, str]):
    settings.EMAIL_BACKEND = "tests.accounts.test_no_enumeration.SlowServer"
    settings.LETTERS_IN_BACKGROUND = True
    took = {}
    for email in (UNKNOWN, anna.email):
        begun = time.perf_counter()
        ask(name, field, email, **sent)
        took[email] = time.perf_counter() - begun
    # The mail server takes 0.7 s: nobody waits for it.
    assert took[anna.email] < took[UNKNOWN] + 0.35, took
    for _ in range(40):
        if mail.outbox:
            break
        time.sleep(0.05)
    assert [letter.to for letter in mail.outbox] == [[anna.email]]


def test_checking_the_password_takes_its_time_for_an_unknown_address_too(anna: User, settings: Any):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    anna.set_password("другой пароль 3")
    anna.save()
    took = {}
    for email in (anna.email, UNKNOWN):
        begun = time.perf_counter()
        ask("account_login", "login", email, password="не тот пароль")
        took[email] = time.perf_counter() - begun
    assert 0.5 < took[anna.email] / took[UNKNOWN] < 2, took


@pytest.mark.parametrize("background", [False, True])
def test_a_broken_mail_server_does_not_tell_either(anna: User, settings: Any, background: bool, caplog: Any):
    settings.EMAIL_BACKEND = "tests.accounts.test_no_enumeration.BrokenServer"
    settings.LETTERS_IN_BACKGROUND = background
    assert ask("account_reset_password", "email", anna.email) == ask("account_reset_password", "email", UNKNOWN)
    letters._postmen.submit(lambda: None).result()
    assert any("a letter was not sent" in record.getMessage() for record in caplog.records)


# Limits ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "field", "times"),
    [("account_login", "login", 31), ("account_reset_password", "email", 21)],
)
def test_too_many_attempts_from_one_address_get_the_page_that_says_so(
    db: None, clock: Any, name: str, field: str, times: int
):
    client = Client(REMOTE_ADDR="192.0.2.7")
    for number in range(times):
        response = client.post(reverse(name), {field: f"person{number}@example.ru", "password": "x"})
    assert response.status_code == 429
    assert "Слишком много попыток" in response.content.decode()
    assert Client(REMOTE_ADDR="198.51.100.8").get(reverse(name)).status_code == 200


def test_a_person_is_not_written_to_without_end(anna: User):
    for number in range(7):
        response = Client(REMOTE_ADDR=f"192.0.2.{number}").post(
            reverse("account_reset_password"), {"email": anna.email}
        )
    assert response.status_code == 429
    assert len(mail.outbox) == 5


def test_the_portals_own_public_forms_are_limited_by_the_address_of_the_network(clock: Any, rf: RequestFactory):
    def send(address: str, method: str = "post") -> bool:
        return limits.allow(getattr(rf, method)("/sign-up/", REMOTE_ADDR=address), "signup")

    assert [send("192.0.2.1") for _ in range(11)] == [True] * 10 + [False]
    assert send("198.51.100.1"), "others are not concerned"
    assert not send("192.0.2.1", "get"), "a page that only shows something does not ask"
    clock.shift(61)
    assert send("192.0.2.1")
    refused = limits.refuse(rf.post("/sign-up/"))
    assert refused.status_code == 429 and "Слишком много попыток" in refused.content.decode()


def test_a_limit_nobody_has_set_is_no_limit_forgotten(rf: RequestFactory):
    with pytest.raises(ValueError, match="sign-in-with-a-pigeon"):
        limits.allow(rf.post("/"), "sign-in-with-a-pigeon")


def test_one_persons_wrong_passwords_do_not_lock_out_others(anna: User):
    for number in range(6):
        sign_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), anna.email, "догадка")
    other = UserFactory(email="boris@example.ru", password="пароль Бориса 5")
    assert sign_in(Client(), other.email, "пароль Бориса 5").status_code == 302
