"""E-mail addresses in one form, so that one person cannot stand twice in the portal, nor for somebody else.

Stored and compared: Unicode NFKC, lower case, an international domain in Cyrillic letters (президент.рф), not in
punycode (xn--d1abbgf6aiiy.xn--p1ai): people read it, and Django writes punycode into the letter by itself.
"""

import re
import unicodedata

from django.core.exceptions import ValidationError

# Cyrillic letters that look like Latin ones, small: after lower-casing there are no others.
LOOK_ALIKES = frozenset("авгекмнорстухьіјѕһԁԛԝѵӏ")
# What columns of addresses hold, and the longest a mail server must take.
LONGEST = 254
_NAMED_AT_MOST = 5


def normalise_email(text: str) -> str:
    """The one form of an address. Whether it is an address at all is for Django's validator to say.

    Raises ValidationError when it holds invisible characters, or Cyrillic letters where Latin ones are meant: naming
    the letters and their places. Likewise for an address that is too long, and a domain no letter can be sent to.
    """
    text = unicodedata.normalize("NFKC", text.strip()).lower()
    # NFKC makes several letters of one.
    _refuse_long(text)
    _refuse_invisible(text)
    local, at, domain = text.rpartition("@")
    if not at:
        return text
    _refuse_cyrillic(text, 0, local, alone_is_fine=False)
    domain = _in_letters(domain)
    # A domain of Cyrillic letters is fine, but not one that passes for a Latin one: «сосо.com» with a Cyrillic «сосо».
    has_latin = any(_is_latin(character) for character in domain)
    begin = len(local) + 1
    for label in domain.split("."):
        passes_for_latin = has_latin and bool(label) and LOOK_ALIKES.issuperset(re.sub(r"[\d-]", "", label) or ".")
        _refuse_cyrillic(f"{local}@{domain}", begin, label, alone_is_fine=not passes_for_latin)
        begin += len(label) + 1
    _refuse_unsendable(domain)
    return f"{local}@{domain}"


def _refuse_long(text: str) -> None:
    if len(text) > LONGEST:
        raise ValidationError(f"Адрес длиннее {LONGEST} знаков. Проверьте, весь ли он относится к адресу.", code="long")


def _refuse_unsendable(domain: str) -> None:
    try:
        domain.encode("idna")
    except UnicodeError as error:
        raise ValidationError(
            "Часть адреса после «@» пишется неверно: между точками пусто, слишком много знаков или есть лишний знак. "
            "Проверьте её.",
            code="domain",
        ) from error


def _refuse_invisible(text: str) -> None:
    # Cf: zero-width spaces and joiners, marks of direction; Cc: control characters.
    found = [
        (place, unicodedata.category(character))
        for place, character in enumerate(text, start=1)
        if unicodedata.category(character) in ("Cf", "Cc")
    ]
    if found:
        raise ValidationError(
            f"В адресе есть невидимый знак (место {', '.join(str(place) for place, _ in found[:_NAMED_AT_MOST])}). "
            "Сотрите адрес и наберите его с клавиатуры.",
            code="control" if "Cc" in {category for _, category in found} else "invisible",
        )


def _refuse_cyrillic(address: str, begin: int, part: str, *, alone_is_fine: bool) -> None:
    """Refuse a part of the address where Cyrillic letters stand among Latin ones, or (unless fine) stand at all."""
    found = [(index, character) for index, character in enumerate(part) if _is_cyrillic(character)]
    if not found or (alone_is_fine and not any(_is_latin(character) for character in part)):
        return
    named = ", ".join(f"«{character}» (место {begin + index + 1})" for index, character in found[:_NAMED_AT_MOST])
    more = " и другие" if len(found) > _NAMED_AT_MOST else ""
    similar = any(character in LOOK_ALIKES for _, character in found)
    raise ValidationError(
        f"В адресе {address} есть русские буквы{', похожие на латинские' if similar else ''}: {named}{more}. "
        "Наберите их на латинской раскладке.",
        code="cyrillic",
    )


def _is_cyrillic(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CYRILLIC")


def _is_latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith("LATIN")


def _in_letters(domain: str) -> str:
    """xn--… as letters; what is no international domain stays as it is."""
    try:
        return domain.encode("idna").decode("idna")
    except UnicodeError:
        return domain
