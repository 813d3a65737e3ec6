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
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from surveys.filling.page_fields import build_parts, carried_fields, fields_of, visibility_rules
from surveys.filling.steps import Steps
from surveys.models import PAGE_KEPT_SECONDS, ChangeMade, FormFeedback, Questionnaire, SurveyLink
from surveys.questionnaires import languages
from surveys.questionnaires.answers import Message, Sent
from surveys.questionnaires.definition import Definition
from surveys.services.arriving import Origin
from surveys.services.filling import keeps_drafts

# A card takes some 6 kB, a page some 25 kB.
MAX_CARDS = 4000
MAX_PAGES = 500
MAX_TRANSLATIONS = 500
# So many changes are told of on the thank-you page.
CHANGES_TOLD = 3

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
    """What requests need to know of a link. Its rules (`state`, `accepts`, `is_only_paused`) are the link's own."""

    link: SurveyLink
    origin: Origin
    definition: Definition
    institution: str
    life_situation: str
    # What the institution changed after people's words: said, done.
    changes: tuple[tuple[str, str], ...]
    read_at: float

    @property
    def keeps_drafts(self) -> bool:
        return keeps_drafts(self.link)

    def today(self, now: datetime) -> date:
        return self.link.institution.region.local_date(now)

    @property
    def looks(self) -> tuple[Hashable, ...]:
        """All that the page depends on, besides the date and the language."""
        return (self.link.version.digest, self.institution, self.life_situation, self.keeps_drafts)


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
            "paused_at",
            "channel",
            "institution__name",
            "institution__region__time_zone",
            "life_situation__short_title",
            "life_situation__direction__id",
            "version__digest",
            "version__published_at",
            "version__questionnaire__kind",
        )
        # Other instruments are filled in by staff only.
        .filter(token=token, version__questionnaire__kind=Questionnaire.Kind.QUESTIONNAIRE)
        .first()
    )
    if link is None:
        return None
    changes = (
        ChangeMade.objects.filter(institution=link.institution_id, is_shown=True)
        .filter(Q(life_situation=None) | Q(life_situation=link.life_situation_id))
        .order_by("-done_on", "-pk")
        .values_list("said", "done")
    )
    return Card(
        link=link,
        origin=Origin.of(link),
        definition=link.version.definition,
        institution=link.institution.name,
        life_situation=link.life_situation.short_title,
        changes=tuple(changes[:CHANGES_TOLD]),
        read_at=read_at,
    )


# Pages ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    body: bytes
    policy: str  # its Content-Security-Policy


@dataclass(frozen=True, slots=True)
class KeyedPage:
    """A page kept ready but for the key of the one visitor who gets it."""

    before: bytes
    after: bytes
    policy: str

    @classmethod
    def cut(cls, page: Page) -> "KeyedPage":
        # Nothing is typed in yet, so no space on the page means anything: a fifth of the weight.
        before, after = re.sub(rb"\s*\n\s*", b"\n", page.body).split(_KEY_GOES_HERE.encode())
        return cls(before, after, page.policy)

    def with_key(self, signed: str) -> Page:
        return Page(self.before + signed.encode() + self.after, self.policy)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A questionnaire in somebody's hands: what is typed in, in which language, on which step."""

    language: str
    sent: Sent = field(default_factory=dict)
    # Index of the section shown; None: all sections on one page.
    step: int | None = None


_blank: Kept[Hashable, KeyedPage] = Kept(MAX_PAGES)
_thanks: Kept[Hashable, KeyedPage] = Kept(MAX_PAGES)
_saved: Kept[Hashable, Page] = Kept(MAX_PAGES)
_translations: Kept[Hashable, Definition] = Kept(MAX_TRANSLATIONS)


def blank_page(card: Card, today: date, language: str) -> KeyedPage:
    """The questionnaire as it is first opened; the date bounds its calendar."""

    def make() -> KeyedPage:
        sheet = Sheet(language, step=0 if card.definition.paged else None)
        return KeyedPage.cut(
            _form_page(card, today, key=_KEY_GOES_HERE, sheet=sheet, errors={}, notice="", state="blank")
        )

    return _blank.get_or_make((card.looks, today, language), make)


def filled_page(
    card: Card,
    today: date,
    *,
    key: str,
    sheet: Sheet,
    errors: Mapping[str, str] | None = None,
    notice: str = "",
    state: str = "typed",
) -> Page:
    """The questionnaire with all that was typed, and what is wrong with it.

    `notice`: what to say above it (a case of _notice.html). `state` is for the script: `draft` when it comes from the
    portal's keeping, `typed` when it answers what was sent.
    """
    return _form_page(card, today, key=key, sheet=sheet, errors=errors or {}, notice=notice, state=state)


def thanks_page(card: Card, language: str, feedback_key: str) -> Page:
    def make() -> KeyedPage:
        page = render_page(
            "thanks",
            card=card,
            language=language,
            with_script=True,
            thanks=in_language(card, language).thanks,
            changes=card.changes,
            eases=[(ease.value, _EASE_TITLES[ease]) for ease in FormFeedback.Ease],
            key=_KEY_GOES_HERE,
        )
        return KeyedPage.cut(page)

    return _thanks.get_or_make((card.looks, language, card.changes), make).with_key(feedback_key)


def saved_page(card: Card, language: str, until: date) -> Page:
    """What is typed is kept for this phone; `until`: the last day of it."""
    return _saved.get_or_make(
        (card.link.token, card.looks, language, until),
        lambda: render_page("saved", card=card, language=language, until=until),
    )


# Said to people who answer, so translated: the titles of the model are for staff.
_EASE_TITLES = {
    FormFeedback.Ease.EASY: gettext_lazy("Легко"),
    FormFeedback.Ease.SO_SO: gettext_lazy("Не очень"),
    FormFeedback.Ease.HARD: gettext_lazy("Трудно"),
}


def in_language(card: Card, language: str) -> Definition:
    """The questionnaire in one of its languages: same codes, same answers, other words."""
    if language == card.definition.language:
        return card.definition
    return _translations.get_or_make((card.link.version.digest, language), lambda: card.definition.translated(language))


def render_page(
    name: str,
    *,
    card: Card | None = None,
    language: str = "",
    rules: str = "",
    with_script: bool = False,
    **context: Any,
) -> Page:
    """A page of templates/surveys/public/.

    `language` is that of the questionnaire's texts. What the portal itself says is in the same one where it has been
    translated, else in Russian; each text is marked with the language it is in.
    """
    language = language or (card.definition.language if card else settings.LANGUAGE_CODE)
    interface = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(interface):
        html = render_to_string(
            f"surveys/public/{name}.html",
            {
                **context,
                "card": card,
                "language": language,
                "interface": interface,
                "direction": languages.direction(interface),
                # Marks the questionnaire's own texts, and what is Russian in any case.
                "tongue": _tongue(language, interface),
                "russian": _tongue(settings.LANGUAGE_CODE, interface),
                "style": style() + rules,
                "with_script": with_script,
            },
        )
    # What cannot be written in UTF-8 came from no keyboard.
    return Page(html.strip().encode(errors="replace"), _policy(html, with_script=with_script))


def _tongue(language: str, around: str) -> SafeString:
    """Attributes of an element in one language within a page in another."""
    if language == around:
        return SafeString("")
    if languages.direction(language) == languages.direction(around):
        return format_html('lang="{}"', language)
    return format_html('lang="{}" dir="{}"', language, languages.direction(language))


def forget() -> None:
    """Drop all that is kept: for tests."""
    _cards.clear()
    _blank.clear()
    _thanks.clear()
    _saved.clear()
    _translations.clear()


def _form_page(
    card: Card, today: date, *, key: str, sheet: Sheet, errors: Mapping[str, str], notice: str, state: str
) -> Page:
    definition = in_language(card, sheet.language)
    step = sheet.step
    steps = None if step is None else Steps.of(definition, sheet.sent, today=today)
    parts = build_parts(definition, sheet.sent, _said(errors, sheet.language), steps=steps, step=step or 0)
    return render_page(
        "questionnaire",
        card=card,
        language=sheet.language,
        rules=visibility_rules(definition, sheet.sent, steps=steps, step=step or 0),
        with_script=True,
        definition=definition,
        parts=parts,
        carried=[] if steps is None else carried_fields(definition, sheet.sent, parts),
        languages=[(code, languages.title(code)) for code in card.definition.languages],
        step=step,
        number=steps and steps.number(step or 0),
        total=steps and len(steps.indexes),
        is_first=steps is None or steps.before(step or 0) is None,
        is_last=steps is None or steps.after(step or 0) is None,
        wrong=[one for one in fields_of(parts) if one.error],
        notice=notice,
        state=state,
        key=key,
        today=today.isoformat(),
    )


def _said(errors: Mapping[str, str], language: str) -> dict[str, str]:
    """The errors in the language of the page, or in Russian."""
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    with translation.override(language):
        return {
            name: translation.gettext(error.pattern) % error.values if isinstance(error, Message) else error
            for name, error in errors.items()
        }


@lru_cache(maxsize=1)
def style() -> str:
    """The one style sheet, without comments and the spaces that only its readers need."""
    path = Path(settings.BASE_DIR) / "templates" / "surveys" / "public" / "style.css"
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s*([{};,])\s*", r"\1", text).replace(": ", ":").replace(";}", "}").strip()


def _policy(html: str, *, with_script: bool) -> str:
    """Nothing may be loaded, run or framed; the page's own style is let in by its checksum.

    A page with the script may run files of the portal and ask the portal.
    """
    (sheet,) = _STYLE.findall(html)
    checksum = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    script = "script-src 'self'; connect-src 'self'; " if with_script else ""
    return (
        f"default-src 'none'; {script}style-src 'sha256-{checksum}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
