"""What spreads a link: the printed matter and the words for SMS, letters and sites. Pure.

Texts for people who have just received a service: short sentences, no jargon.
"""

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from html import escape

from surveys.questionnaires.definition import Definition

# Letters one SMS carries: alone, and as a part of a longer text. Any Cyrillic letter makes the whole text Cyrillic.
CYRILLIC_SMS = (70, 67)
LATIN_SMS = (160, 153)
# The alphabet of GSM 03.38 without Cyrillic; the second half takes two places each.
GSM_BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = set("^{}\\[~]|€\f")
# An institution pays for every part: its name is left out when it would make a third one.
MOST_SMS_PARTS = 2

SECONDS_PER_QUESTION = 8
MONTHS = (
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
)


class Item(StrEnum):
    """A thing of the kit that is downloaded; the value stands in its address."""

    POSTER_A4 = "poster-a4"
    POSTER_A5 = "poster-a5"
    TWO_POSTERS_A5 = "poster-2a5"
    DESK_CARD = "desk-card"
    STICKERS_8 = "stickers-8"
    STICKERS_24 = "stickers-24"
    QR_PNG = "qr-png"

    @property
    def caption(self) -> str:
        return DESCRIPTIONS[self][0]

    @property
    def description(self) -> str:
        return DESCRIPTIONS[self][1]

    @property
    def is_paper(self) -> bool:
        return self is not Item.QR_PNG

    @property
    def extension(self) -> str:
        return "pdf" if self.is_paper else "png"

    @property
    def media_type(self) -> str:
        return "application/pdf" if self.is_paper else "image/png"


DESCRIPTIONS = {
    Item.POSTER_A4: ("Плакат А4", "На стену или на дверь: туда, где люди ждут и откуда уходят"),
    Item.POSTER_A5: ("Плакат А5", "К окну приёма, на стойку, в рамку"),
    Item.TWO_POSTERS_A5: ("Два плаката А5", "На листе А4: распечатайте и разрежьте пополам"),
    Item.DESK_CARD: ("Карточка на стол", "Лист А4 складывают домиком, читают с двух сторон"),
    Item.STICKERS_8: ("Наклейки, 8 на листе", "На конверт, папку или памятку. Лист А4, 105 × 74 мм"),
    Item.STICKERS_24: ("Наклейки, 24 на листе", "На талон, рецепт или квитанцию. Лист А4, 70 × 37 мм"),
    Item.QR_PNG: ("Картинка PNG", "Для объявлений, которые Вы делаете сами"),
}


@dataclass(frozen=True)
class Sms:
    text: str

    @property
    def length(self) -> int:
        """Places it takes: an emoji takes two, in a Latin text a bracket too."""
        if self.is_latin:
            return sum(2 if sign in GSM_EXTENDED else 1 for sign in self.text)
        return len(self.text.encode("utf-16-le")) // 2

    @property
    def is_latin(self) -> bool:
        return set(self.text) <= GSM_BASIC | GSM_EXTENDED

    @property
    def parts(self) -> int:
        """For how many SMS an operator charges."""
        alone, each = LATIN_SMS if self.is_latin else CYRILLIC_SMS
        return 1 if self.length <= alone else math.ceil(self.length / each)

    @property
    def price(self) -> str:
        return f"Знаков: {self.length}, СМС: {self.parts}"


@dataclass(frozen=True)
class Invitation:
    """What all texts speak of."""

    institution: str
    address: str  # of the questionnaire
    code_page: str  # where the short code is typed, without https://
    code: str
    minutes: int
    last_day: date | None

    @property
    def duration(self) -> str:
        return "около двух минут" if self.minutes <= 2 else f"около {self.minutes} {_minutes_word(self.minutes)}"

    @property
    def until(self) -> str:
        """«31 декабря 2026 года», or nothing when there is no last day."""
        day = self.last_day
        return f"{day.day} {MONTHS[day.month - 1]} {day.year} года" if day else ""

    @property
    def sms(self) -> Sms:
        """With the name of the institution, if it fits."""
        named = Sms(f"{self.institution}: оцените, как Вам помогли. Анонимно: {self.address}")
        return named if named.parts <= MOST_SMS_PARTS else Sms(f"Оцените, как Вам помогли. Анонимно: {self.address}")

    @property
    def short_sms(self) -> Sms:
        """One SMS: the code instead of the long address."""
        return Sms(f"Оцените, как Вам помогли: {self.code_page} код {self.code}")

    @property
    def email_subject(self) -> str:
        return "Оцените, как Вам помогли"

    @property
    def email_body(self) -> str:
        until = f"Анкета открыта по {self.until} включительно.\n" if self.last_day else ""
        return (
            "Здравствуйте!\n\n"
            f"Недавно Вы обращались к нам: {self.institution}. Расскажите, пожалуйста, всё ли было удобно."
            " По ответам мы увидим, что исправить.\n\n"
            f"Откройте анкету: {self.address}\n\n"
            f"Это займёт {self.duration}. Анкета анонимная: имя и телефон не нужны.\n"
            f"{until}"
            "\nСпасибо!\n"
        )

    @property
    def site_button(self) -> str:
        """A link that looks like a button wherever it is put: no script, no picture, nothing asked of other servers."""
        style = (
            "display:inline-block;padding:14px 24px;border:2px solid #0b5c7a;border-radius:8px;background:#fff;"
            "color:#0b5c7a;font:bold 18px/1.3 Arial,sans-serif;text-decoration:none"
        )
        return f'<a href="{escape(self.address)}" style="{style}">Оцените, как Вам помогли</a>'


def minutes_to_answer(definition: Definition) -> int:
    """Whole minutes the questionnaire takes, at least two; a question asked only after some answers counts half."""
    weight = sum(0.5 if question.visible_if else 1.0 for question in definition.questions())
    return max(2, math.ceil(weight * SECONDS_PER_QUESTION / 60))


def _minutes_word(number: int) -> str:
    """The genitive after «около»: около 21 минуты, около 5 минут."""
    return "минуты" if number % 10 == 1 and number % 100 != 11 else "минут"
