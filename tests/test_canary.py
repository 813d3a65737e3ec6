"""Two regions full of marked words: nothing made for one carries the mark of the other.

Whoever belongs to a region walks over every page they can reach from their cabinet, opens every list as a workbook and
every file, and asks for the other region's addresses too. No page, file or letter may hold the other's mark.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from html import unescape

import pypdfium2
import pytest
import time_machine
from django.apps import apps
from django.core import mail
from django.core.exceptions import FieldError
from django.db import DatabaseError, models, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from regions.models import Region
from regions.roles import FEDERAL_ROLES, Role
from tests.test_access import LINES
from tests.world import NOW, World, build_world

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# Long enough never to turn up by chance in the thousands of random tokens on the pages.
MARKS = {"RU-NIZ": "Zqnizhegorod", "RU-TYU": "Zqtyumenskaya"}
# Both regions are filled alike, so each role walks through one of them.
WALKS = [
    *((role, "RU-NIZ") for role in sorted(set(Role) - FEDERAL_ROLES)[::2]),
    *((role, "RU-TYU") for role in sorted(set(Role) - FEDERAL_ROLES)[1::2]),
]
# From a row to its region, the first that fits.
WAYS_TO_A_REGION = (
    "region",
    "institution__region",
    "body__region",
    "place__region",
    "region_life_situation__region",
    "collection__region_life_situation__region",
    "link__institution__region",
    "comment__institution__region",
    "predecessor__region",
    "memberships__region",
    "memberships__institution__region",
)
# Words the portal itself chose, or that must stay what they are.
NOT_WORDS = {
    "code",
    "token",
    "short_code",
    "form_key",
    "form_digest",
    "field",
    "key",
    "token_hash",
    "password",
    "occasion",
    "format",
    "sha256",
    "time_zone",
}
MOST_PAGES = 1000


def region_lookups(model: type[models.Model]) -> Iterator[str]:
    for way in WAYS_TO_A_REGION:
        try:
            model._default_manager.filter(**{way: None})
        except FieldError:
            continue
        yield way


def fill(region: Region, mark: str) -> set[str]:
    """Put the mark into every free word of every row of the region; returns the models that were marked."""
    marked = set()
    for model in apps.get_models():
        if model._meta.app_label not in ("accounts", "regions", "surveys", "monitoring", "roadmaps"):
            continue
        # History is written by the rows themselves; the names of regions are no secret.
        if model.__name__.startswith("Historical") or model is Region:
            continue
        words = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField)
            and not isinstance(field, models.SlugField | models.FileField | models.URLField)
            and not field.choices
            and field.name not in NOT_WORDS
        ]
        for way in region_lookups(model):
            for row in model._default_manager.filter(**{way: region}).distinct():
                for field in words:
                    put_mark(row, field, mark)
                try:
                    with transaction.atomic():
                        row.save(update_fields=[field.name for field in words])
                except DatabaseError as error:
                    if "published" not in str(error):  # Locked rows stay as they are.
                        raise
                if words:
                    marked.add(model.__name__)
    return marked


def put_mark(row: models.Model, field: models.Field, mark: str) -> None:
    old = str(getattr(row, field.name) or "")
    if mark.lower() in old.lower():
        return
    new = (
        f"{mark.lower()}.{old or 'x@example.org'}" if isinstance(field, models.EmailField) else f"{mark} {old}".strip()
    )
    setattr(row, field.name, new[: field.max_length])


@pytest.fixture
def worlds() -> Iterator[dict[str, World]]:
    with time_machine.travel(NOW, tick=False):
        made = {code: build_world(code, mark=mark) for code, mark in MARKS.items()}
        for code, world in made.items():
            assert world.comment and world.change
            marked = fill(world.region, MARKS[code])
            assert {"Institution", "User", "SurveyLink", "Comment", "ProblemDraft", "RawReading"} <= marked
        yield made


def text_of(response: object) -> str:
    """All words of a response, whatever it is: page, workbook or document."""
    content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return " ".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    if content.startswith(b"%PDF"):
        with suppress(pypdfium2.PdfiumError), pypdfium2.PdfDocument(content) as document:
            return " ".join(page.get_textpage().get_text_range() for page in document)
        # A document of a decision in tests only begins like one: its words lie open.
    return unescape(content.decode("utf-8", "replace"))


def words_around(mark: str, text: str) -> str:
    """Where the mark stands in a text, with what is around it; empty when it does not."""
    at = text.lower().find(mark)
    return text[max(at - 60, 0) : at + 60] if at >= 0 else ""


def links_of(text: str) -> set[str]:
    return {unescape(one).split("#")[0] for one in re.findall(r'(?:href|src|hx-get|action)="(/[^"]*)"', text)}


# Of the printed matter of a link one is enough: all say the same.
NOT_WALKED = re.compile(r"^/(static|accounts/logout|health|s/|admin/jsi18n)|sort=|page=|/print/(?!poster-a4)")


def walk(client: Client, starts: set[str]) -> dict[str, str]:
    """Every page reachable by links from these, each with its words."""
    seen: dict[str, str] = {}
    waiting = sorted(starts)
    while waiting and len(seen) < MOST_PAGES:
        url = waiting.pop(0)
        if url in seen or NOT_WALKED.search(url):
            continue
        response = client.get(url, follow=True)
        seen[url] = text_of(response)
        if "html" in response.headers.get("Content-Type", ""):
            found = links_of(seen[url])
            # A list leads to its workbook by a relative address.
            found |= {f"{url.split('?')[0]}{one}" for one in re.findall(r'href="(\?format=xlsx[^"]*)"', seen[url])}
            waiting += sorted(found - seen.keys() - set(waiting))
    return seen


@pytest.mark.parametrize(("role", "code"), WALKS)
def test_nobody_of_a_region_meets_a_word_of_the_other(role: Role, code: str, worlds: dict[str, World]):
    own, foreign = worlds[code], next(world for other, world in worlds.items() if other != code)
    foreign_mark = MARKS[foreign.region.code].lower()
    client = Client()
    client.force_login(own.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    addresses = {
        reverse(name, args=line.arguments(world))
        for name, line in LINES
        for world in (own, foreign)
        if line.method == "get" and not line.public and name != "account_logout"
    }
    seen = walk(client, {"/"} | addresses)
    leaks = {url: around for url, text in seen.items() if (around := words_around(foreign_mark, text))}
    assert not leaks, leaks
    # A control: the walk does see words of the own region.
    assert sum(MARKS[code].lower() in text.lower() for text in seen.values()) >= 3
    assert len(seen) < MOST_PAGES, "the walk did not come to its end"
    assert not [letter for letter in mail.outbox if foreign_mark in f"{letter.subject} {letter.body}".lower()]


def test_the_walk_would_see_a_leak(worlds: dict[str, World]):
    """The negative control: who belongs to both regions meets both marks, in pages and in workbooks."""
    client = Client()
    analyst: User = worlds["RU-NIZ"].people[Role.AGENCY_ANALYST]
    client.force_login(analyst, backend="allauth.account.auth_backends.AuthenticationBackend")
    url = reverse("institution-list")
    for text in (text_of(client.get(url)), text_of(client.get(url, {"format": "xlsx"}))):
        assert all(mark.lower() in text.lower() for mark in MARKS.values())
