"""Pages of the public questionnaire, and what is kept ready so that they are served fast.

Each web process keeps, for a link in use, a card (what a request needs of the database) for a few seconds, and the
rendered page as bytes, cut where the page's key goes. Whether a link is open is decided by the clock at every request.
"""

import base64
import hashlib
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from surveys.answers import Sent
from surveys.definition import Definition
from surveys.models import PAGE_KEPT_SECONDS, SurveyLink
from surveys.page_fields import build_parts, fields_of, visibility_rules
from surveys.services import Origin

# A card takes some 6 kB, a page some 25 kB.
MAX_CARDS = 4000
MAX_PAGES = 500

# Stands where the key goes while a page is rendered; nobody outside this process can put it into a text.
_KEY_GOES_HERE = secrets.token_hex(16)
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """A bounded mapping for one process; when it is full, what was put in first goes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        return self._values.get(key)

    def put(self, key: Key, value: Value) -> None:
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = value
            while len(self._values) > self.limit:
                self._values.popitem(last=False)

    def get_or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        value = self._values.get(key)
        if value is None:
            value = make()
            self.put(key, value)
        return value

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


# Cards ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Card:
    """What requests need to know of a link. Its rules (`state`, `accepts`) are the link's own."""

    link: SurveyLink
    origin: Origin
    definition: Definition
    institution: str
    life_situation: str
    read_at: float

    def today(self, now: datetime) -> date:
        return self.link.institution.region.local_date(now)

    @property
    def looks(self) -> tuple[Hashable, ...]:
        """All that the page depends on, besides the date."""
        return (self.link.version.digest, self.institution, self.life_situation)


_cards: Kept[str, Card] = Kept(MAX_CARDS)


def find_card(token: str) -> Card | None:
    """The card of a link by its token; None for a token nobody has made (those are not kept)."""
    card = _cards.get(token)
    if card is None or time.monotonic() - card.read_at > PAGE_KEPT_SECONDS:
        card = _read_card(token)
        if card is not None:
            _cards.put(token, card)
    return card


def _read_card(token: str) -> Card | None:
    read_at = time.monotonic()
    # Only what is used: the documents of versions are large, and cards are many.
    link = (
        SurveyLink.objects.with_places()
        .only(
            "token",
            "opens_on",
            "closes_on",
            "closed_at",
            "institution__name",
            "institution__region__time_zone",
            "life_situation__short_title",
            "life_situation__direction__id",
            "version__digest",
            "version__published_at",
            "version__questionnaire__id",
        )
        .filter(token=token)
        .first()
    )
    if link is None:
        return None
    return Card(
        link=link,
        origin=Origin.of(link),
        definition=link.version.definition,
        institution=link.institution.name,
        life_situation=link.life_situation.short_title,
        read_at=read_at,
    )


# Pages ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    body: bytes
    policy: str  # its Content-Security-Policy


@dataclass(frozen=True, slots=True)
class KeyedPage:
    """A questionnaire nobody has filled in yet, but for the key."""

    before: bytes
    after: bytes
    policy: str

    def with_key(self, signed: str) -> Page:
        return Page(self.before + signed.encode() + self.after, self.policy)


_blank: Kept[Hashable, KeyedPage] = Kept(MAX_PAGES)
_thanks: Kept[Hashable, Page] = Kept(MAX_PAGES)


def blank_page(card: Card, today: date) -> KeyedPage:
    """The questionnaire as it is first opened; the date bounds its calendar."""

    def make() -> KeyedPage:
        page = _form_page(card, today, key=_KEY_GOES_HERE, sent={}, errors={}, notice="")
        # Nothing is typed in yet, so no space on the page means anything: a fifth of the weight.
        before, after = re.sub(rb"\s*\n\s*", b"\n", page.body).split(_KEY_GOES_HERE.encode())
        return KeyedPage(before, after, page.policy)

    return _blank.get_or_make((card.looks, today), make)


def filled_page(
    card: Card, today: date, *, key: str, sent: Sent, errors: Mapping[str, str] | None = None, notice: str = ""
) -> Page:
    """The questionnaire with all that was typed, and what is wrong with it."""
    return _form_page(card, today, key=key, sent=sent, errors=errors or {}, notice=notice)


def thanks_page(card: Card) -> Page:
    return _thanks.get_or_make(card.looks, lambda: render_page("thanks", card=card, thanks=card.definition.thanks))


def render_page(name: str, *, card: Card | None = None, rules: str = "", **context: Any) -> Page:
    """A page of templates/surveys/public/ in the language of the questionnaire."""
    language = card.definition.language if card else settings.LANGUAGE_CODE
    with translation.override(language):
        html = render_to_string(
            f"surveys/public/{name}.html", {**context, "card": card, "language": language, "style": style() + rules}
        )
    # What cannot be written in UTF-8 came from no keyboard.
    return Page(html.strip().encode(errors="replace"), _policy(html))


def forget() -> None:
    """Drop all that is kept: for tests."""
    _cards.clear()
    _blank.clear()
    _thanks.clear()


def _form_page(card: Card, today: date, *, key: str, sent: Sent, errors: Mapping[str, str], notice: str) -> Page:
    parts = build_parts(card.definition, sent, errors)
    return render_page(
        "questionnaire",
        card=card,
        rules=visibility_rules(card.definition, sent),
        definition=card.definition,
        parts=parts,
        wrong=[field for field in fields_of(parts) if field.error],
        notice=notice,
        key=key,
        today=today.isoformat(),
    )


@lru_cache(maxsize=1)
def style() -> str:
    """The one style sheet, without comments and the spaces that only its readers need."""
    path = Path(settings.BASE_DIR) / "templates" / "surveys" / "public" / "style.css"
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s*([{};,])\s*", r"\1", text).replace(": ", ":").replace(";}", "}").strip()


def _policy(html: str) -> str:
    """Nothing may be loaded, run or framed; the page's own style is let in by its checksum."""
    (sheet,) = _STYLE.findall(html)
    checksum = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{checksum}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
