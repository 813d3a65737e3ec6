"""Every page of the permission table in a real browser: accessible, no sideways scroll at 320 px and at 200 %."""

from collections.abc import Iterator

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from regions.roles import Role
from tests.browser import *  # noqa: F403
from tests.browser import accessibility_problems
from tests.surveys.test_public_browser import scrolls_sideways
from tests.test_access import LINES, Line
from tests.world import NOW, World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A phone of 320 px; a screen of 1280 px enlarged twice.
WIDTHS = {"320 px": 320, "200 %": 640}
SHARES = 6
# No pages: fragments, pictures, files, health, and what only leads elsewhere.
NO_PAGES = {
    "health-live",
    "health-ready",
    "link-qr",
    "collection-progress",
    "institution-answers-progress",
    "response-import-progress",
    "choose",
}


def staff_pages() -> list[tuple[str, Line]]:
    return [
        (name, line)
        for name, line in LINES
        if line.method == "get" and not line.public and name not in NO_PAGES and (line.ok or line.personal)
    ]


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    with time_machine.travel(NOW, tick=True):
        yield build_world("RU-NIZ")


def window_of(browser: Browser, live_server: LiveServer, world: World, role: Role) -> Page:
    client = Client()
    client.force_login(world.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    context = browser.new_context(locale="ru-RU", base_url=live_server.url)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    return context.new_page()


@pytest.mark.parametrize("share", range(SHARES))
def test_pages_are_accessible_and_fit(share: int, browser: Browser, live_server: LiveServer, world: World) -> None:
    wrong, looked_at = [], 0
    windows: dict[Role, Page] = {}
    for number, (name, line) in enumerate(staff_pages()):
        if number % SHARES != share:
            continue
        # The one who can do most of those who get the page: the page has all its parts.
        role = next(role for role in (Role.NSI_ADMIN, Role.AGENCY_ADMIN, Role.HQ_CHAIR, *Role) if role in line.ok)
        if role not in windows:
            windows[role] = window_of(browser, live_server, world, role)
        page, url = windows[role], reverse(name, args=line.arguments(world))
        if "html" not in page.request.head(url).headers.get("content-type", ""):
            continue
        page.goto(url)
        looked_at += 1
        for size, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 800})
            if scrolls_sideways(page):
                wrong.append(f"{name}, {size}: scrolls sideways")
            wrong += [f"{name}, {size}: {problem}" for problem in accessibility_problems(page)]
    for window in windows.values():
        window.context.close()
    assert looked_at > 5
    assert not wrong, "\n".join(wrong)
