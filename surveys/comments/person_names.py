"""Finds names of people in Russian text, where they are sure. Pure; the dictionary (`words.py`) is loaded when needed.

A name is sure by its company: name and patronymic, surname with initials, surname and name that agree, a surname after
«врач», «специалист»… A word alone («Вера», «Роза», «Надежда») never is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from surveys.comments.words import is_known, lemmas, tags

if TYPE_CHECKING:
    from pymorphy3.tagset import OpencorporaTag

Span = tuple[int, int]

_WORD = re.compile(r"[А-ЯЁа-яё]++(?:[-‐‑][А-ЯЁа-яё]++)*+")
# «Иванова  Анна»: what may stand between the words of one name.
_SPACE = re.compile(r"[ \t\xa0]{1,3}\n?")

_PATRONYMIC = re.compile(
    r"[а-яё]{2,}(?:(?:ович|евич|ич|ыч)(?:а|у|ем|ом|е)?|(?:овн|евн|иничн|ичн|авн)(?:а|ы|е|у|ой|ою))", re.IGNORECASE
)
_TURKIC_PATRONYMIC = {"оглы", "оглу", "кызы", "гызы", "улы", "уулу", "угли", "кизи"}
_SURNAME = re.compile(
    r"[а-яё-]{2,}(?:(?:ов|ев|ёв|ин|ын)(?:а|у|ым|е|ой|ою)?|(?:ск|цк)(?:ий|ого|ому|им|ом|ая|ой|ую|ою)"
    r"|(?:енко|анко|ко|дзе|швили|ян|янц|ук|юк|чук|их|ых)(?:а|у|ом|е)?)",
    re.IGNORECASE,
)
# «Иванов И.И.», «Иванов И. И.», «Иванов И И», «Иванов И.»
_INITIALS_AFTER = re.compile(
    r"[ \xa0]{1,2}[А-ЯЁ](?:\.(?:[ \xa0]?[А-ЯЁ](?:\.|(?![А-ЯЁа-яё])))?|[ \xa0][А-ЯЁ](?![А-ЯЁа-яё.]))"
)
# «И.И. Иванов», «И. Иванов»
_INITIALS_BEFORE = re.compile(r"(?<![А-ЯЁа-яё.])[А-ЯЁ]\.[ \xa0]?(?:[А-ЯЁ]\.)?[ \xa0]{0,2}\Z")
_MOST_BEFORE = 8


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Whom people name in such comments, in the nominative.
TITLES = _listed(
    """врач доктор терапевт кардиолог хирург невролог окулист педиатр гинеколог фельдшер медсестра сестра санитарка
    санитар медбрат лор эндокринолог онколог уролог травматолог офтальмолог рентгенолог стоматолог психолог юрист
    регистратор заведующая заведующий главврач директор начальник начальница руководитель заместитель зам специалист
    сотрудник сотрудница работник работница инспектор консультант куратор соцработник оператор администратор бухгалтер
    секретарь социолог педагог воспитатель методист эксперт менеджер профконсультант профориентолог гражданин гражданка
    господин госпожа пациент пациентка товарищ ведущий старший главный участковый социальный медицинский"""
)
# After these a name belongs to a street or an institution: «больница имени Н.А. Семашко», «улица Веры Фигнер».
_NAMESAKES = _listed(
    """им имени ул улица улице улицы улицу улицей пл площадь площади просп пр проспект проспекте проспекта проспекту
    пер переулок переулке переулка бульвар бульваре бульвара наб набережная набережной шоссе проезд проезде тупик
    памяти святого святой святых храм храма храме"""
)
# Begin sentences and look like words of a name to the dictionary.
_NEVER = _listed(
    """спасибо благодарность большое огромное низкий поклон привет здравствуйте уважаемая уважаемый дорогая дорогой
    россия москва город район область край республика центр больница поликлиника отделение кабинет регистратура
    мама папа бабушка дедушка муж жена сын дочь брат тётя дядя тетя
    январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
    понедельник вторник среда четверг пятница суббота воскресенье"""
)


class _Word(NamedTuple):
    text: str
    start: int
    end: int
    # Follows the word before it with nothing but a space between.
    joined: bool
    # Begins a sentence, or may: its capital letter says nothing.
    first: bool
    is_capital: bool

    @property
    def is_shouted(self) -> bool:
        return len(self.text) > 1 and self.text.isupper()


def may_hold_names(text: str) -> bool:
    """A quick look whose «no» is sure: most texts hold nothing that a name would need."""
    return _INNER_CAPITAL.search(text) is not None or _PATRONYMIC_END.search(text) is not None


# A capital letter after a word and nothing but a space, or one with a full stop: without them a name has at most a
# patronymic. Each pattern begins with the letters it looks for, which is what makes it quick.
_INNER_CAPITAL = re.compile(r"[А-ЯЁ](?:(?<=[А-ЯЁа-яё \t\xa0][ \t\xa0\n][А-ЯЁ])|\.(?<![А-ЯЁа-яё][А-ЯЁ]\.))")
_PATRONYMIC_END = re.compile(
    r"[чЧнН](?:(?<=[иыИЫ][чЧ])(?:[аА]|[уУ]|[еЕоО][мМ]|[еЕ])?|(?<=[вчВЧ][нН])(?:[аАыЫеЕуУ]|[оО][йЙюЮ]))(?![А-ЯЁа-яё])"
)


# Initials are such letters, with a full stop or without.
_LONE_CAPITAL = re.compile(r"[А-ЯЁ](?<![А-ЯЁа-яё][А-ЯЁ])(?![А-ЯЁа-яё])")


def find_names(text: str) -> Iterator[Span]:
    """Where names of people stand: start and end of each, in order, none overlapping."""
    words = _Words(text)
    found: set[Span] = set()
    if _PATRONYMIC_END.search(text) or not _TURKIC_PATRONYMIC.isdisjoint(words.lowered()):
        found.update(_by_patronymic(words))
    if _INNER_CAPITAL.search(text):
        if _LONE_CAPITAL.search(text):
            found.update(_by_initials(text, words))
        found.update(_by_surname(words))
    at: Span | None = None
    for start, end in sorted(found):
        if at is None or start >= at[1]:
            if at is not None:
                yield at
            at = start, end
        else:
            at = at[0], max(at[1], end)
    if at is not None:
        yield at


class _Words:
    """The words of a text, by number. What is to know of one is found out when somebody asks: of most nobody does."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found = list(_WORD.finditer(text))

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, number: int) -> _Word:
        found = self._found[number]
        start, end = found.span()
        before = self._found[number - 1].end() if number else 0
        between = self._text[before:start] if start - before < 5 else "…………"
        joined = self._is_joined(number)
        first = number == 0 or "\n" in between or between.strip(" \t\xa0,;:()«»\"'-–—") != ""
        word = found[0]
        return _Word(word, start, end, joined, first, _is_capital(word))

    def lowered(self) -> Iterator[str]:
        return (found[0].lower() for found in self._found)

    def capital(self, *, of_letters: int, joined: bool = False) -> Iterator[tuple[int, _Word]]:
        """Those with a capital letter and at least so many letters, with their numbers; or only the joined of them."""
        for number, found in enumerate(self._found):
            text = found[0]
            if _is_capital(text) and len(text) >= of_letters and (not joined or self._is_joined(number)):
                yield number, self[number]

    def _is_joined(self, number: int) -> bool:
        if number == 0:
            return False
        before, after = self._found[number - 1].end(), self._found[number].start()
        return _SPACE.fullmatch(self._text, before, after) is not None


def _is_capital(word: str) -> bool:
    # Of the letters of words (_WORD) just the capital ones stand up to «Я».
    return word[0] <= "Я"


# Name and patronymic --------------------------------------------------------------------------------------------------


def _by_patronymic(words: _Words) -> Iterator[Span]:
    for number in range(1, len(words)):
        word = words[number]
        if not word.joined:
            continue
        name = words[number - 1]
        if word.text.lower() in _TURKIC_PATRONYMIC:
            if name.is_capital and number > 1 and name.joined and _may_be_surname(words[number - 2]):
                yield words[number - 2].start, word.end
            continue
        if not _PATRONYMIC.fullmatch(word.text) or not _is_patronymic(word) or not _is_name_before(name, word):
            continue
        first, last = number - 1, number
        if number > 1 and name.joined and _is_surname_beside(words[number - 2], name, word):
            first -= 1
        elif number + 1 < len(words) and words[number + 1].joined and _is_surname_beside(words[number + 1], name, word):
            last += 1
        if not _is_namesake(words, first):
            yield words[first].start, words[last].end


def _is_patronymic(word: _Word) -> bool:
    found = tags(word.text)
    if any("Patr" in tag for tag in found):
        return True
    # Not in the dictionary: «Ахметжановна», «Палыч»; an ordinary word that ends so is in it.
    return word.is_capital and not is_known(word.text)


def _is_name_before(name: _Word, patronymic: _Word) -> bool:
    if name.text.lower() in _NEVER or _lemma(name.text) in TITLES or len(name.text) < 2:
        return False
    found = tags(name.text)
    if any("Name" in tag or "Surn" in tag for tag in found):
        return True
    # Names the dictionary does not know («Айгуль», «Гульчачак»), or knows as other words only.
    return (
        name.is_capital and patronymic.is_capital and (not is_known(name.text) or (_is_noun(found) and not name.first))
    )


def _is_surname_beside(surname: _Word, name: _Word, patronymic: _Word) -> bool:
    lower = surname.text.lower()
    if len(lower) < 2 or lower in _NEVER or lower in _NAMESAKES or _lemma(lower) in TITLES:
        return False
    found = tags(surname.text)
    if any("Surn" in tag for tag in found):
        # «Анна Петровна Козлова», «козлова анна петровна»; not «Ольга Ивановна хороша».
        return surname.is_capital or not name.is_capital
    if not surname.is_capital or not patronymic.is_capital:
        return False
    if not is_known(surname.text):
        return True
    # «Соловей Анна Петровна»: a capital letter in the middle of a sentence written otherwise in small ones.
    return _is_noun(found) and not surname.first and not surname.is_shouted and not any("Geox" in tag for tag in found)


# Surname with initials ------------------------------------------------------------------------------------------------


def _by_initials(text: str, words: _Words) -> Iterator[Span]:
    for number, word in words.capital(of_letters=3):
        found = _INITIALS_AFTER.match(text, word.end)
        if found is None:
            found = _INITIALS_BEFORE.search(text, max(0, word.start - _MOST_BEFORE), word.start)
        if found is None or not _is_surname_with_initials(word, two=sum(map(str.isalpha, found[0])) == 2):
            continue
        start, end = min(word.start, found.start()), max(word.end, found.end())
        # Initials are words too: what stands before the name stands before them.
        previous = number - 1
        while previous >= 0 and words[previous].start >= start:
            previous -= 1
        if previous < 0 or words[previous].text.lower() not in _NAMESAKES:
            yield start, end


def _is_surname_with_initials(word: _Word, *, two: bool) -> bool:
    lower = word.text.lower()
    if lower in _NEVER or _lemma(lower) in TITLES:
        return False
    found = tags(word.text)
    if any("Surn" in tag for tag in found):
        return two or "Surn" in found[0]
    if not two or any("Geox" in tag or "Orgn" in tag for tag in found):
        return False
    return not is_known(word.text) or (_is_noun(found) and not word.first and not word.is_shouted)


# Surname without them -------------------------------------------------------------------------------------------------


def _by_surname(words: _Words) -> Iterator[Span]:
    for number, word in words.capital(of_letters=3, joined=True):
        before = words[number - 1]
        if before.is_capital and len(before.text) > 2 and _agree(before, word):
            if not _is_namesake(words, number - 1):
                yield before.start, word.end
        elif _lemma(before.text) in TITLES and _is_plain_surname(word):
            yield word.start, word.end


def _agree(one: _Word, other: _Word) -> bool:
    """A name and a surname, in either order, in one case, gender and number; both in the dictionary."""
    if one.text.lower() in _NEVER or other.text.lower() in _NEVER:
        return False
    if not (is_known(one.text) and is_known(other.text)):
        return False
    for name, surname in ((one, other), (other, one)):
        if not _SURNAME.fullmatch(surname.text) and not any("Surn" in tag for tag in tags(surname.text)[:1]):
            continue
        surnames = [tag for tag in tags(surname.text) if "Surn" in tag]
        if not surnames or any("Geox" in tag for tag in tags(surname.text)[:1]):
            continue
        for tag in tags(name.text):
            if "Name" in tag and "Surn" not in tag and any(_same_form(tag, of) for of in surnames):
                return True
    return False


def _same_form(name: OpencorporaTag, surname: OpencorporaTag) -> bool:
    if name.number == "plur" or surname.number == "plur":
        return False
    same_gender = surname.gender is None or name.gender is None or name.gender == surname.gender
    return name.case == surname.case and same_gender


def _is_plain_surname(word: _Word) -> bool:
    """A surname and nothing else: «врач Иванова», not «врач Роза» nor «специалист Киров»."""
    if not _SURNAME.fullmatch(word.text) or not is_known(word.text) or word.text.lower() in _NEVER:
        return False
    found = tags(word.text)
    return "Surn" in found[0] and not any("Geox" in tag for tag in found)


# Words ----------------------------------------------------------------------------------------------------------------


def _is_namesake(words: _Words, first: int) -> bool:
    return first > 0 and words[first - 1].text.lower() in _NAMESAKES


def _may_be_surname(word: _Word) -> bool:
    return word.is_capital and word.text.lower() not in _NEVER and _lemma(word.text) not in TITLES


def _is_noun(readings: tuple[OpencorporaTag, ...]) -> bool:
    return bool(readings) and readings[0].POS == "NOUN" and readings[0].number == "sing"


@lru_cache(maxsize=20_000)
def _lemma(word: str) -> str:
    """The title a word is a form of; other words come back as they are."""
    lower = word.lower()
    if lower[:3] not in _TITLE_STARTS:
        return lower
    return next((one for one in lemmas(lower) if one in TITLES), lower)


_TITLE_STARTS = frozenset(title[:3] for title in TITLES)
