"""Letters of the portal: plain, in Russian, with addresses of the portal only."""

from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.template import engines
from django.template.backends.django import DjangoTemplates

from accounts.letters import send_letter


@pytest.fixture
def invitation(tmp_path: Path, settings: Any) -> str:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "invitation_subject.txt").write_text("Портал НСИ:\n{{ name|safe }} приглашает вас\n")
    (folder / "invitation.txt").write_text(
        "{% autoescape off %}Здравствуйте, {{ name }}!\n\n{{ public_url }}{% url 'help' %}\n\n"
        "Вы: {{ email }}{% endautoescape %}"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    assert isinstance(engines["django"], DjangoTemplates)
    settings.PUBLIC_URL = "https://nsi.example.ru"
    return "letters/invitation"


def test_a_letter_is_its_two_templates(invitation: str):
    send_letter(to="anna@example.ru", template=invitation, context={"name": "Анна & Ко"})
    (letter,) = mail.outbox
    assert letter.to == ["anna@example.ru"]
    assert letter.from_email.startswith("Портал НСИ <")
    assert letter.subject == "Портал НСИ: Анна & Ко приглашает вас"
    assert str(letter.body) == "Здравствуйте, Анна & Ко!\n\nhttps://nsi.example.ru/help/\n\nВы: anna@example.ru\n"


def test_a_name_makes_no_headers(invitation: str):
    send_letter(to="anna@example.ru", template=invitation, context={"name": "Анна\r\nBcc: evil@example.ru"})
    (letter,) = mail.outbox
    assert letter.subject == "Портал НСИ: Анна Bcc: evil@example.ru приглашает вас"
    assert letter.recipients() == ["anna@example.ru"]
    assert "\nBcc:" not in letter.message().as_string().split("\n\n")[0]


def test_an_address_makes_no_headers(invitation: str):
    with pytest.raises(ValueError):
        send_letter(to="anna@example.ru\nBcc: evil@example.ru", template=invitation, context={"name": "Анна"})
    assert not mail.outbox


def test_a_domain_in_russian_is_reached(invitation: str):
    send_letter(to="info@президент.рф", template=invitation, context={"name": "Анна"})
    assert mail.outbox[0].message()["To"] == "info@xn--d1abbgf6aiiy.xn--p1ai"
