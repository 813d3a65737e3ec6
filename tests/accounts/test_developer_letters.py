"""The developer's page of letters and codes: there on one's own machine, nowhere else."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from django.urls import reverse

from accounts.services import set_totp
from nsi_portal.demo.people import DEMO_TOTP_SECRET, email_of
from regions.roles import Role
from tests.accounts.codes import totp_code
from tests.accounts.pages import text_of
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

URL = "/developer/letters/"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, clock: object) -> Path:
    settings.EMAIL_FILE_PATH = tmp_path
    return tmp_path


def here(**changed: str) -> Client:
    return Client(**{"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1"} | changed)


def send(*messages: EmailMessage) -> None:
    get_connection("django.core.mail.backends.filebased.EmailBackend").send_messages(list(messages))


@pytest.mark.parametrize(
    ("changed", "settings_changed", "is_there"),
    [
        ({}, {}, True),
        ({"HTTP_HOST": "localhost:8000"}, {}, True),
        ({"REMOTE_ADDR": "::1"}, {}, True),
        ({}, {"PUBLIC_URL": "http://localhost:8000", "HOST": "::1"}, True),
        ({}, {"PRODUCTION": True}, False),
        ({}, {"LETTERS_IN_FILES": False}, False),
        ({}, {"PUBLIC_URL": "http://nsi.example.ru"}, False),
        ({}, {"PUBLIC_URL": "http://127.0.0.1.example.ru"}, False),
        ({}, {"HOST": "0.0.0.0"}, False),
        ({}, {"HOST": "192.0.2.1"}, False),
        ({"REMOTE_ADDR": "192.0.2.1"}, {}, False),
        ({"REMOTE_ADDR": ""}, {}, False),
        ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, {}, False),
        ({"HTTP_X_FORWARDED_FOR": ""}, {}, False),
        ({"HTTP_FORWARDED": "for=127.0.0.1"}, {}, False),
        ({"HTTP_HOST": "testserver"}, {}, False),
    ],
)
def test_it_is_there_only_on_ones_own_machine(
    settings: Any, changed: dict[str, str], settings_changed: dict[str, Any], is_there: bool
):
    send(EmailMessage("Тема", "Текст", to=["anna@example.ru"]))
    for name, value in settings_changed.items():
        setattr(settings, name, value)
    for url in (URL, f"{URL}none/"):
        response = here(**changed).get(url)
        assert response.status_code == (200 if is_there and url == URL else 404)
    assert ("Тема" in text_of(here(**changed).get(URL))) == is_there


def test_letters_are_listed_the_newest_first_and_read_with_their_links(clock: Any):
    send(EmailMessage("Портал НСИ: новый пароль", "Откройте:\n\nhttp://127.0.0.1:8000/a-b/\n", to=["anna@example.ru"]))
    clock.shift(60)
    send(
        EmailMessage("Вторая", "Здравствуйте!", to=["boris@example.ru"]),
        EmailMessage("Третья", "<script>alert(1)</script>", to=["vera@example.ru"]),
    )
    page = here().get(URL)
    subjects = re.findall(r'href="/developer/letters/[^"]+/">([^<]+)</a>', page.content.decode())
    assert set(subjects[:2]) == {"Вторая", "Третья"} and subjects[2] == "Портал НСИ: новый пароль"
    links = re.findall(r'href="(/developer/letters/[^"]+/)"', page.content.decode())
    letter = here().get(links[2]).content.decode()
    assert 'href="http://127.0.0.1:8000/a-b/"' in letter and "anna@example.ru" in letter
    third = here().get(links[subjects.index("Третья")]).content.decode()
    assert "&lt;script&gt;alert(1)" in third


def test_without_letters_it_says_so(folder: Path):
    assert "Писем пока нет" in text_of(here().get(URL))
    folder.rmdir()
    assert "Писем пока нет" in text_of(here().get(URL))


def test_a_path_is_no_name_of_a_letter():
    for name in ("..%2F..%2Fsecret_key", "%2e%2e", "a.log"):
        assert here().get(f"{URL}{name}/").status_code == 404


def test_the_code_of_the_demonstration_is_shown_when_its_people_are_there():
    code = totp_code(DEMO_TOTP_SECRET)
    own = MembershipFactory(role=Role.AGENCY_ADMIN, user=UserFactory(email="real@example.ru")).user
    assert code not in text_of(here().get(URL))
    # Somebody of the demonstration with a secret of their own is nobody's business.
    admin = UserFactory(email=email_of(Role.AGENCY_ADMIN))
    MembershipFactory(role=Role.AGENCY_ADMIN, user=admin)
    assert code not in text_of(here().get(URL))
    set_totp(admin, DEMO_TOTP_SECRET)
    page = text_of(here().get(URL))
    assert code in page and admin.email in page
    assert own.email not in page


def test_it_has_a_name():
    assert reverse("developer-letters") == URL
