"""One person has one address in the portal, and nobody has one that looks like somebody else's."""

import pytest
from django.core.exceptions import ValidationError

from accounts.addresses import normalise_email
from accounts.forms import EmailField
from accounts.models import User


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("ivanov@example.ru", "ivanov@example.ru"),
        ("  Ivanov@Example.RU \n", "ivanov@example.ru"),
        ("ｉｖａｎｏｖ＠example.ru", "ivanov@example.ru"),  # full-width letters, as an Asian keyboard types them
        ("ivanov+nsi@example.ru", "ivanov+nsi@example.ru"),
        ("i.o_ivanov-7@mail.example.ru", "i.o_ivanov-7@mail.example.ru"),
        # An international domain in one form, whichever way it was written.
        ("info@президент.рф", "info@президент.рф"),
        ("INFO@ПРЕЗИДЕНТ.РФ", "info@президент.рф"),
        ("info@xn--d1abbgf6aiiy.xn--p1ai", "info@президент.рф"),
        ("info@mail.почта.рф", "info@mail.почта.рф"),
        ("info@24.почта.рф", "info@24.почта.рф"),
        ("info@соро.рф", "info@соро.рф"),
        # No address at all: for the form's validator to say.
        ("ivanov", "ivanov"),
        ("", ""),
    ],
)
def test_an_address_has_one_form(written: str, stored: str):
    assert normalise_email(written) == stored
    assert normalise_email(stored) == stored


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("ivanоv@example.ru", ["«о» (место 5)"]),
        ("IVANОV@example.ru", ["«о» (место 5)"]),
        ("іvanov@example.ru", ["«і» (место 1)"]),  # Ukrainian і
        ("ivanov@exаmplе.ru", ["«а» (место 10)", "«е» (место 14)"]),
        ("ivanov@example.rу", ["«у» (место 17)"]),
        ("ivanov@сосо.com", ["«с» (место 8)"]),  # passes for a Latin name as a whole
        ("ivanov@exаmple.рф", ["«а» (место 10)"]),
        ("иванов@example.ru", ["«и» (место 1)", "и другие"]),
    ],
)
def test_cyrillic_letters_among_latin_ones_are_named_with_their_places(written: str, named: list[str]):
    with pytest.raises(ValidationError) as refused:
        normalise_email(written)
    (message,) = refused.value.messages
    assert "русские буквы" in message
    for one in named:
        assert one in message


@pytest.mark.parametrize("mark", ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\0", "\x1f"])
def test_an_invisible_character_is_refused_with_its_place(mark: str):
    with pytest.raises(ValidationError, match=r"невидимый знак.*место 3"):
        normalise_email(f"iv{mark}anov@example.ru")


@pytest.mark.parametrize("domain", ["ж" * 60 + ".рф", "почта..рф", "ж" * 300])
def test_a_domain_no_letter_can_be_sent_to_is_refused(domain: str):
    with pytest.raises(ValidationError, match=r"после «@» пишется неверно|длиннее 254"):
        normalise_email(f"info@{domain}")


@pytest.mark.parametrize(
    ("written", "fits"),
    [
        ("a" * 243 + "@example.ru", True),
        ("a" * 244 + "@example.ru", False),
        ("\ufdfa" * 20 + "@example.ru", False),  # one sign that becomes eighteen
    ],
)
def test_an_address_is_as_long_as_its_column_holds_in_its_one_form(written: str, fits: bool):
    if fits:
        assert normalise_email(written) == written
    else:
        with pytest.raises(ValidationError, match="длиннее 254"):
            normalise_email(written)


def test_the_form_field_says_what_is_wrong_and_gives_the_one_form():
    field = EmailField()
    assert field.clean(" Ivanov@XN--D1ABBGF6AIIY.xn--p1ai ") == "ivanov@президент.рф"
    for wrong in (
        "ivanоv@example.ru",
        "iva\u200bnov@example.ru",
        "ivanov",
        "ivanov@",
        "i@" + "ж" * 60 + ".рф",
        "@example.ru",
        "a b@example.ru",
    ):
        with pytest.raises(ValidationError):
            field.clean(wrong)


@pytest.mark.django_db
def test_a_person_is_stored_by_the_one_form_and_found_by_it():
    User.objects.create_user("Info@XN--d1abbgf6aiiy.xn--p1ai", full_name="Иванова Анна")
    assert User.objects.get().email == "info@президент.рф"
    for again in ("INFO@президент.рф", "info@xn--d1abbgf6aiiy.xn--p1ai"):
        with pytest.raises(ValidationError):
            User.objects.create_user(again, full_name="Другая Анна")
    with pytest.raises(ValidationError, match="русские буквы"):
        User.objects.create_user("ivanоv@example.ru", full_name="Иванова Анна")
