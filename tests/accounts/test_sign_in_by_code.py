"""Signing in with a code from a letter, which needs no password."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.pages import is_signed_in, text_of

CONFIRM = "account_confirm_login_code"


def ask_for_code(client: Client, email: str, **extra: str) -> Any:
    return client.post(reverse("account_request_login_code"), {"email": email, **extra})


def code_of_the_letter() -> str:
    (letter,) = mail.outbox
    found = re.search(r"^(\d{4}-\d{4})$", str(letter.body), re.MULTILINE)
    assert found, letter.body
    return found[1]


def enter(client: Client, code: str, **extra: str) -> Any:
    return client.post(reverse(CONFIRM), {"code": code, **extra})


def test_the_code_of_the_letter_signs_in(client: Client, anna: User):
    response = ask_for_code(client, "ANNA@example.ru")
    assert response.headers["Location"] == reverse(CONFIRM)
    assert mail.outbox[0].to == ["anna@example.ru"]
    assert mail.outbox[0].subject == "Портал НСИ: код для входа"
    response = enter(client, code_of_the_letter().replace("-", ""))
    assert response.headers["Location"] == reverse("cabinet")
    assert is_signed_in(client)


def test_the_person_goes_on_to_where_they_wanted_and_never_elsewhere(client: Client, anna: User):
    for wanted, leads_to in (("/help/", "/help/"), ("https://evil.example/", "/"), ("//evil.example", "/")):
        mail.outbox.clear()
        browser = Client()
        ask_for_code(browser, anna.email, next=wanted)
        assert enter(browser, code_of_the_letter(), next=wanted).headers["Location"] == leads_to


def test_a_code_of_one_browser_is_of_no_use_in_another(anna: User):
    ask_for_code(Client(), anna.email)
    stranger = Client()
    assert enter(stranger, code_of_the_letter()).status_code == 302
    assert not is_signed_in(stranger)


def test_three_wrong_codes_end_the_attempt(client: Client, anna: User):
    ask_for_code(client, anna.email)
    code = code_of_the_letter()
    for _ in range(2):
        assert "Код неверен" in text_of(enter(client, "0000-0000" if code != "0000-0000" else "1111-1111"))
    enter(client, "2222-2222")
    enter(client, code)
    assert not is_signed_in(client)


def test_a_code_lives_ten_minutes(client: Client, anna: User, clock: Any):
    ask_for_code(client, anna.email)
    clock.shift(10 * 60 + 1)
    enter(client, code_of_the_letter())
    assert not is_signed_in(client)


def test_whoever_asks_too_often_gets_no_more_letters(client: Client, anna: User):
    answers = []
    for number in range(5):
        answers.append(
            text_of(
                Client(REMOTE_ADDR=f"192.0.2.{number}").post(
                    reverse("account_request_login_code"), {"email": anna.email}
                )
            )
        )
    assert "попыток" in answers[-1]
    assert len(mail.outbox) == 3


def test_a_second_factor_is_asked_for_after_the_code_too(client: Client, curator: User):
    ask_for_code(client, curator.email)
    assert enter(client, code_of_the_letter()).headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)


@pytest.mark.parametrize("name", [CONFIRM, "mfa_authenticate"])
def test_a_step_without_the_one_before_leads_back(client: Client, db: None, name: str):
    assert client.get(reverse(name)).status_code == 302
    assert client.post(reverse(name), {"code": "123456"}).status_code == 302
