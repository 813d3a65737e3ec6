"""The visual language: components keep their promises, and pages nothing that the content security policy forbids."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import RequestFactory

from nsi_portal import errors, gallery

TEMPLATES = settings.BASE_DIR / "templates"
STATIC = settings.BASE_DIR / "static"
PAGES = sorted(TEMPLATES.rglob("*.html"))
COMPONENTS = sorted(path.name for path in (TEMPLATES / "components").glob("[!_]*.html") if path.name != "gallery.html")

# Not pages: they are given to the maker of PDFs, no browser and no policy sees them.
PDF = {path for path in PAGES if "pdf" in path.relative_to(TEMPLATES).as_posix()}

INLINE_STYLE = re.compile(r"""\sstyle\s*=\s*["']""", re.IGNORECASE)
INLINE_HANDLER = re.compile(r"""\s(on[a-z]+|hx-on[:a-z-]*)\s*=\s*["']""", re.IGNORECASE)
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*type=[\"']application/json[\"'])", re.IGNORECASE)
FOREIGN = re.compile(r"""(?:src|href|action|url\(|@import)\s*[=(]?\s*["']?(?:https?:)?//""", re.IGNORECASE)


def component(name: str, **inputs: object) -> str:
    return " ".join(render_to_string(f"components/{name}.html", inputs).split())


def relative(path: Path) -> str:
    return path.relative_to(settings.BASE_DIR).as_posix()


@pytest.fixture
def gallery_page(rf: RequestFactory) -> str:
    request = rf.get("/components/")
    request.user = AnonymousUser()
    return gallery.gallery(request).content.decode()


# The gallery


def test_the_gallery_shows_every_component(gallery_page: str) -> None:
    source = (TEMPLATES / "components/gallery.html").read_text()
    frame = (TEMPLATES / "base.html").read_text() + "".join(
        (TEMPLATES / path).read_text() for path in ("components/messages.html", "django/forms/div.html")
    )
    missing = [name for name in COMPONENTS if f"components/{name}" not in source + frame]
    assert not missing
    assert "<h1" in gallery_page and "Значение с интервалом" in gallery_page


def test_the_gallery_shows_a_form_that_keeps_what_was_typed_and_says_at_the_field_what_is_wrong(
    gallery_page: str,
) -> None:
    field = re.search(r'<input type="email" name="email"[^>]*>', gallery_page)
    assert field is not None
    assert 'value="ivanova"' in field[0]
    assert 'aria-invalid="true"' in field[0]
    assert 'aria-describedby="id_email_helptext id_email_error"' in field[0]
    assert 'id="id_email_error"' in gallery_page and 'id="id_email_helptext"' in gallery_page
    assert 'href="#id_email"' in gallery_page
    assert "Набранное остаётся" in gallery_page


def test_every_description_and_label_in_the_gallery_points_to_something(gallery_page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', gallery_page)
    assert len(ids) == len(set(ids))
    referred = " ".join(re.findall(r'aria-describedby="([^"]+)"', gallery_page)).split()
    referred += re.findall(r'<label[^>]* for="([^"]+)"', gallery_page)
    referred += re.findall(r'href="#(id_[^"]+)"', gallery_page)
    assert not set(referred) - set(ids)


# Value


@pytest.mark.parametrize("note", ["", "мало данных"])
@pytest.mark.parametrize("interval", ["", "74,4…96,5"])
@pytest.mark.parametrize("value", ["", "90,0 %"])
def test_a_value_stands_with_its_interval_or_with_the_reason(value: str, interval: str, note: str) -> None:
    html = component("value", title="Удовлетворённость", value=value, interval=interval, note=note, n=30)
    if not value:
        assert "Нет значения" in html
        assert (note or "слишком мало ответов") in html
    elif interval:
        assert interval in html
    else:
        assert (note or "интервал не рассчитан") in html
    assert "ответов: 30" in html


def test_a_value_of_nothing_at_all_says_that_there_is_none() -> None:
    assert "Нет значения" in component("value")


def test_zero_answers_are_said() -> None:
    assert "ответов: 0" in component("value", n=0)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("reached", "достигнуто"), ("missed", "не достигнуто"), ("insufficient", "недостаточно данных")],
)
def test_a_verdict_is_said_in_words_and_with_an_icon(verdict: str, words: str) -> None:
    html = component("value", value="90,0 %", interval="74,4…96,5", verdict=verdict)
    assert re.search(rf'<svg class="icon.*</svg> {words} </span>', html)


def test_the_picture_of_a_value_has_numbers_that_a_browser_reads() -> None:
    html = component("value", value="90,5 %", interval="74,4…96,5", scale="share", point=90.5, low=74.4, high=96.5)
    assert 'x1="74.4" x2="96.5"' in html and 'x1="90.5"' in html


# Other components


@pytest.mark.parametrize(
    ("days_left", "done", "words"),
    [
        (40, False, "осталось 40 дн."),
        (1, False, "остался 1 день"),
        (0, False, "сегодня последний день"),
        (-3, False, "просрочено на 3 дн."),
        (-3, True, "выполнено"),
    ],
)
def test_a_deadline_says_in_words_how_near_it_is(days_left: int, done: bool, words: str) -> None:
    assert words in component("deadline", date="20 ноября 2026", days_left=days_left, done=done)


@pytest.mark.parametrize("kind", ["neutral", "progress", "good", "warn", "bad", ""])
def test_a_status_has_an_icon_beside_its_text(kind: str) -> None:
    html = component("status", kind=kind, text="идёт сбор")
    assert "<svg" in html and "идёт сбор" in html


def job(state: str, active: bool) -> SimpleNamespace:
    return SimpleNamespace(
        pk=1007, state=state, percent=40, message="", error_id="4f1c2a9be07d", is_active=active, get_state_display="…"
    )


@pytest.mark.parametrize(("state", "active"), [("queued", True), ("running", True), ("done", False), ("failed", False)])
def test_only_a_job_that_goes_on_asks_for_itself_again(state: str, active: bool) -> None:
    html = component("job_progress", job=job(state, active), poll_url="/jobs/1007/")
    assert ('hx-get="/jobs/1007/"' in html) == active
    assert ("<progress" in html) == active
    assert ("Обновить" in html) == active
    assert 'id="job-1007"' in html


def test_a_failed_job_shows_the_number_of_its_error() -> None:
    assert "4f1c2a9be07d" in component("job_progress", job=job("failed", False), poll_url="/jobs/1007/")


# Pages of errors


@pytest.mark.parametrize("name", ["500.html", "403_csrf.html", "429.html"])
def test_the_page_of_a_failure_needs_nothing(name: str, settings: object) -> None:
    # Static files without a manifest: asking it for an address would fail.
    settings.STORAGES = {"staticfiles": {"BACKEND": "broken.Storage"}}  # type: ignore[attr-defined]
    assert "<h1>" in render_to_string(name, {"request_id": "4f1c2a9be07d"})


def test_the_page_of_a_failure_names_the_number_under_which_it_stands_in_the_log(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.request_id = "4f1c2a9be07d"  # type: ignore[attr-defined]
    assert "4f1c2a9be07d" in errors.server_error(request).content.decode()


@pytest.mark.parametrize("view", [errors.bad_request, errors.forbidden, errors.not_found])
def test_a_page_of_an_error_has_one_heading_and_a_way_out(view: object, rf: RequestFactory) -> None:
    request: HttpRequest = rf.get("/")
    request.user = AnonymousUser()
    html = view(request, Exception()).content.decode()  # type: ignore[operator]
    assert html.count("<h1") == 1
    assert 'href="/"' in html


# What the sources may and may not hold


@pytest.mark.parametrize("path", [path for path in PAGES if path not in PDF], ids=relative)
def test_a_page_has_nothing_inline_and_nothing_foreign(path: Path) -> None:
    source = path.read_text()
    for forbidden in (INLINE_STYLE, INLINE_HANDLER, INLINE_SCRIPT, FOREIGN):
        found = forbidden.search(source)
        assert found is None, source[max(0, found.start() - 60) : found.end() + 60]


@pytest.mark.parametrize("path", sorted([*STATIC.rglob("*.css"), *STATIC.rglob("*.js")]), ids=relative)
def test_styles_and_scripts_load_nothing_foreign(path: Path) -> None:
    assert not re.search(
        r"(https?:)?//[a-z0-9-]+\.[a-z]", re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
    )


def test_a_forbidden_thing_would_be_seen() -> None:
    assert INLINE_STYLE.search('<p style="color: red">')
    assert INLINE_HANDLER.search('<a onclick="go()">') and INLINE_HANDLER.search('<a hx-on:click="go()">')
    assert INLINE_SCRIPT.search("<script>go()</script>") and not INLINE_SCRIPT.search(
        '<script src="a.js" defer></script>'
    )
    assert FOREIGN.search('<link href="https://example.ru/a.css">') and FOREIGN.search("url(//example.ru/a.woff2)")


def test_every_included_template_exists() -> None:
    missing = [
        f"{relative(path)}: {name}"
        for path in PAGES
        for name in re.findall(r"""{%\s*include\s+["']([^"']+)["']""", path.read_text())
        if not (TEMPLATES / name).exists() and not name.startswith("django/")
    ]
    assert not missing


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    known = set(gallery.icon_names())
    unknown = [
        f"{relative(path)}: {name}"
        for path in PAGES
        for include in re.findall(r"{%\s*include\s+[^%]*%}", path.read_text())
        for name in re.findall(r'components/icon\.html" with (?:[a-z]+=\S+ )*name="([^"]+)"|\bicon="([^"]+)"', include)
        for name in name
        if name and name not in known
    ]
    assert not unknown


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_says_what_it_takes(name: str) -> None:
    opening = (TEMPLATES / "components" / name).read_text()[:1500]
    assert re.search(r"\A(\s*{% load [a-z0-9_ ]+ %}\s*)*\s*({#|{% comment %})", opening)
    assert "Inputs:" in opening or "Inputs," in opening
