"""A real browser for tests: Debian's Chromium, cut off from the outside world.

Import the fixtures into a conftest.py or a test module: `from tests.browser import *`; mark the tests `browser`.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.db import connections
from playwright.sync_api import Page, expect

__all__ = ["accessibility_problems", "browser_type_launch_args", "database_beside_the_browser", "patience"]

_QUIET = [
    # As root there is no sandbox to be had, and the pages are our own.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    # Nothing but the page under test goes through the network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    "--no-proxy-server",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
    return {**browser_type_launch_args, "executable_path": executable, "args": _QUIET}


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """What is expected of a page is waited for: five seconds are little for two browsers on a busy machine."""
    expect.set_options(timeout=20_000)


@pytest.fixture(scope="session", autouse=True)
def database_beside_the_browser() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        # Playwright keeps an event loop in the test's thread, and Django refuses queries beside one unless told.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        # The browser keeps its connections to the server open; those of the server to the database must not live as
        # long, or the database could not be removed at the end.
        patch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
        yield


def accessibility_problems(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands: rule and places, one line each."""
    # Half a megabyte of script is given to each page once, and only what is wrong comes back.
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(
        """async () => (await axe.run({resultTypes: ["violations"]})).violations.map(
            ({id, help, nodes}) => `${id} (${help}): ${nodes.map(({target}) => target).join(", ")}`)"""
    )
    return found
