"""Hides personal data in what people wrote: telephones, e-mails, numbers of documents, names where they are sure.

Pure. Every pattern looks at a bounded stretch from each place it begins at, so the time grows with the length of the
text and with nothing else; what a text cannot hold (a telephone without digits) is not looked for in it. The words of
names are in `person_names.py`. What is sure and what is not: decision 29.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from surveys.comments.person_names import find_names, may_hold_names

PHONE, EMAIL, DOCUMENT, NAME = "[телефон]", "[почта]", "[документ]", "[имя]"
PLACEHOLDER = re.compile(r"(\[(?:телефон|почта|документ|имя)\])")

Span = tuple[int, int]
Finder = Callable[[str], Iterator[Span]]


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without the personal data that was found; `is_masked`: something was."""

    text: str
    is_masked: bool


def mask(text: str) -> Masked:
    """The text with «[телефон]», «[почта]», «[документ]» and «[имя]» instead of what they name.

    Never raises; masking what is masked changes nothing.
    """
    masked = text
    # What is hidden may have stood in the way of its neighbour. Each round hides more; two are nearly always enough.
    for _ in range(_MOST_ROUNDS):
        again = _round(masked)
        if again == masked:
            break
        masked = again
    return Masked(masked, masked != text)


def _round(text: str) -> str:
    finders = [one for may_hold, group in _FINDERS if may_hold(text) for one in group]
    if not finders:
        return text
    pieces = PLACEHOLDER.split(text)
    # Every second piece is a placeholder: it is no word of the text and nothing is read across it.
    for finder, placeholder in finders:
        found: list[str] = []
        for number, piece in enumerate(pieces):
            found += [piece] if number % 2 else _split(piece, finder, placeholder)
        pieces = found
    return "".join(pieces)


def _split(piece: str, finder: Finder, placeholder: str) -> list[str]:
    """Text, placeholder, text, …, text."""
    parts, at = [], 0
    for start, end in sorted(finder(piece)):
        if start >= at:
            parts += [piece[at:start], placeholder]
            at = end
    return [*parts, piece[at:]]


_MOST_ROUNDS = 8

# E-mails --------------------------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++\s?@\s?[\w-]++(?:\.[\w-]++)++")
_PROVIDERS = r"(?:mail|yandex|ya|gmail|bk|list|inbox|rambler|icloud|outlook|hotmail|яндекс|майл|мейл|гмейл|рамблер)"
# Said in words: only where what follows can be nothing but the address of a mail service.
_EMAIL_IN_WORDS = re.compile(
    r"(?<![\w.+-])[a-z0-9][a-z0-9._+-]{1,63}+\s{0,2}[\[(]?(?:собака|собачка|(?<=[\[(])at)[\])]?\s{0,2}"
    rf"(?:{_PROVIDERS}(?:\s{{0,2}}(?:\.|точка|dot)\s{{0,2}}(?:ru|com|рф|ру|ком))?|[a-z0-9-]{{2,63}}\.(?:ru|com|рф|org|net))\b",
    re.IGNORECASE,
)
_EMAIL_WITHOUT_END = re.compile(rf"(?<![\w.+-])[\w.+-]++@{_PROVIDERS}\b", re.IGNORECASE)


# What «собака» stands between, and it itself; in any letter case [a-z] takes these four letters too.
_LATIN = re.compile("[A-Za-z0-9\u0130\u0131\u017f\u212a]")
_AT_IN_WORDS = re.compile(r"собак|собач|[\[(]at", re.IGNORECASE)


def _may_hold_emails(text: str) -> bool:
    return "@" in text


def _may_hold_emails_in_words(text: str) -> bool:
    return _LATIN.search(text) is not None and _AT_IN_WORDS.search(text) is not None


def _emails(text: str) -> Iterator[Span]:
    yield from _spans(_EMAIL, text)


def _emails_without_end(text: str) -> Iterator[Span]:
    yield from _spans(_EMAIL_WITHOUT_END, text)


def _emails_in_words(text: str) -> Iterator[Span]:
    yield from _spans(_EMAIL_IN_WORDS, text)


# Documents ------------------------------------------------------------------------------------------------------------

_DIGIT = re.compile(r"\d")
# The shortest number that is hidden, a telephone after «телефон»: no pattern below takes fewer digits.
_FEWEST_DIGITS = 5


def _may_hold_numbers(text: str) -> bool:
    return len(_DIGIT.findall(text)) >= _FEWEST_DIGITS


# The word says what the number is: then its form and its control digits need not be right.
_NAMED_DOCUMENT = re.compile(
    r"\b(?:снилс\w{0,2}|инн|паспорт\w{0,4}|полис\w{0,3}|омс|удостоверени\w{1,3}|свидетельств\w{1,3})\b[^\d\n]{0,40}?"
    r"(?P<number>\d(?:[ \t\xa0№:,-]{0,3}(?:номер[ :]{0,2})?\d){5,19}+)(?!\d)(?![.,]\d)",
    re.IGNORECASE,
)
_SNILS = re.compile(r"(?<!\d)\d{3}[ \xa0-]?\d{3}[ \xa0-]?\d{3}[ \xa0-]?\d{2}(?!\d)")
_INN = re.compile(r"(?<!\d)\d{12}(?!\d)")
# Series (region of issue, year of the form) and number.
_PASSPORT = re.compile(r"(?<![\d.,-])(\d{2})[ \xa0]?(\d{2})[ \xa0№N]{1,4}(\d{6})(?![\d]|[.,-]\d)")
_PASSPORT_YEARS = {*range(97, 100), *range(0, 36)}
_BIRTH_CERTIFICATE = re.compile(r"\b[IVXLCІХ]{1,5}[ -]{1,3}[А-Я]{2}[ №]{1,4}\d{6}(?!\d)")
_SIXTEEN = re.compile(r"(?<!\d)\d{4}([ \xa0-]?)\d{4}\1\d{4}\1\d{4}(?!\d)")
_CARD = re.compile(r"(?<!\d)\d{4}[ \xa0-]?\d{4}[ \xa0-]?\d{4}[ \xa0-]?\d{1,7}(?!\d)")
# The account of a person in a bank.
_ACCOUNT = re.compile(r"(?<!\d)(?:408|423)\d{17}(?!\d)")


def _named_documents(text: str) -> Iterator[Span]:
    for found in _NAMED_DOCUMENT.finditer(text):
        yield found.span("number")


def _documents(text: str) -> Iterator[Span]:
    for pattern, holds in (
        (_ACCOUNT, lambda found: True),
        (_SIXTEEN, lambda found: True),
        (_CARD, lambda found: _is_card(_digits(found[0]))),
        (_INN, lambda found: is_inn(_digits(found[0]))),
        # Eleven digits that begin as a Russian telephone are one, whatever their sum.
        (_SNILS, lambda found: is_snils(_digits(found[0])) and not _is_phone(found[0])),
        (_PASSPORT, lambda found: int(found[2]) in _PASSPORT_YEARS and int(found[1]) > 0),
        (_BIRTH_CERTIFICATE, lambda found: True),
    ):
        yield from (found.span() for found in pattern.finditer(text) if holds(found))


def is_snils(digits: str) -> bool:
    """Whether the last two of eleven digits are the control sum of the others (order of the Pension Fund)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(9, 0, -1), strict=True))
    return total % 101 % 100 == int(digits[9:])


def is_inn(digits: str) -> bool:
    """Whether the last two of a person's twelve digits are control digits of the others (order of the tax service)."""
    weights = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
    eleventh = sum(int(digit) * weight for digit, weight in zip(digits, weights[1:], strict=False)) % 11 % 10
    twelfth = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11 % 10
    return eleventh == int(digits[10]) and twelfth == int(digits[11])


def _is_card(digits: str) -> bool:
    """By Luhn (ISO/IEC 7812)."""
    doubled = (sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0 and digits[0] != "0"


# Telephones -----------------------------------------------------------------------------------------------------------

_GAP = r"[ \t\xa0()./‐‑–—-]{0,3}"
_NOT_MONEY = r"(?!\d)(?![ \xa0]{0,2}(?:руб|₽|р\.|тыс|млн))"
_WITH_PREFIX = re.compile(rf"(?<!\d)(?:\+[ ]?7|[78])(?:{_GAP}\d){{10}}{_NOT_MONEY}")
_WITHOUT_PREFIX = re.compile(rf"(?<!\d)\(?[3489](?:{_GAP}\d){{9}}{_NOT_MONEY}")
_FOREIGN = re.compile(rf"\+[1-9](?:{_GAP}\d){{9,13}}(?!\d)")
# Written as telephones are written: no need to know the code.
_AS_PHONE = re.compile(r"(?:\+7|[78])[ -]?(?:\(\d{3,5}\)|-\d{3}-)[ -]?\d[\d -]+")
_DATE = re.compile(r"(?<!\d)(?:[12]\d|3[01]|0?[1-9])[./-](?:1[0-2]|0?[1-9])[./-](?:(?:19|20)\d\d|\d\d)(?!\d)")
_LOCAL = re.compile(r"(?<!\d)(?<!\d[.,/–-])\d{3}[–-]\d{2}[–-]\d{2}(?!\d|[.,/–-]\d)")
_NAMED_LOCAL = re.compile(
    r"\b(?:тел|телефон\w{0,3}|телефонн\w{2,3}|(?:по)?звон\w{1,6}|перезвон\w{1,6}|сотов\w{2,3}|мобильн\w{2,3}"
    r"|в[ао]тсап\w{0,2}|whatsapp|вайбер\w{0,2}|viber)\b[^\d\n]{0,25}?"
    r"(?P<number>\d(?:[ \xa0–-]{0,2}\d){4,6}+)(?!\d)(?![.,:]\d)"
    r"(?![ \xa0]{0,2}(?:руб|₽|р\.|раз|дн|ден|час|мин|год|чел|%))",
    re.IGNORECASE,
)
# Digits typed one by one are marks, not a telephone.
_MOST_GROUPS = 7


def _phones(text: str) -> Iterator[Span]:
    for pattern in (_WITH_PREFIX, _WITHOUT_PREFIX):
        for found in pattern.finditer(text):
            if not _DATE.search(found[0]) and _is_phone(found[0]):
                yield found.span()


def _foreign_phones(text: str) -> Iterator[Span]:
    if "+" in text:
        for found in _FOREIGN.finditer(text):
            if _is_possible("+" + _digits(found[0]), None):
                yield found.span()


def _local_phones(text: str) -> Iterator[Span]:
    yield from _spans(_LOCAL, text)


def _named_local_phones(text: str) -> Iterator[Span]:
    for found in _NAMED_LOCAL.finditer(text):
        if not _DATE.fullmatch(found["number"]):
            yield found.span("number")


def _is_phone(written: str) -> bool:
    digits = _digits(written)
    if len(digits) not in (10, 11) or len(re.findall(r"\d+", written)) > _MOST_GROUPS:
        return False
    if written.startswith("+") or _AS_PHONE.fullmatch(written):
        return True
    if len(digits) == 10 and written.isdecimal() and digits[0] != "9":
        # Without a sign between its digits and without a prefix only the number of a mobile is one for sure.
        return False
    return _is_possible(digits, "RU")


@lru_cache(maxsize=1000)
def _is_possible(digits: str, region: str | None) -> bool:
    """Whether there is such a telephone number; the library with the plans of all countries is loaded when needed."""
    import phonenumbers

    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(digits, region)))
    except phonenumbers.NumberParseException:
        return False


def _digits(text: str) -> str:
    """The digits of a text, those of other scripts as ours."""
    return "".join(str(int(sign)) for sign in text if sign.isdecimal())


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    return (found.span() for found in pattern.finditer(text))


# In the order they look, each group behind a quick question whose «no» is sure.
_FINDERS: tuple[tuple[Callable[[str], bool], tuple[tuple[Finder, str], ...]], ...] = (
    (_may_hold_emails, ((_emails, EMAIL), (_emails_without_end, EMAIL))),
    (_may_hold_emails_in_words, ((_emails_in_words, EMAIL),)),
    (
        _may_hold_numbers,
        (
            (_named_documents, DOCUMENT),
            (_documents, DOCUMENT),
            (_phones, PHONE),
            (_foreign_phones, PHONE),
            (_local_phones, PHONE),
            (_named_local_phones, PHONE),
        ),
    ),
    (may_hold_names, ((find_names, NAME),)),
)
