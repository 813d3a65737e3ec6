"""A real browser for tests: Debian's Chromium, cut off from the outside world.

Import the fixtures into a conftest.py or a test module: `from tests.browser import *`; mark the tests `browser`.
"""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["accessibility_problems", "allow_database_beside_the_browser", "browser_type_launch_args"]

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
def allow_database_beside_the_browser() -> Iterator[None]:
    """Playwright keeps an event loop in the test's thread, and Django refuses queries beside one unless told."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def accessibility_problems(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands: rule and places, one line each."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{problem['id']} ({problem['help']}): {', '.join(str(node['target']) for node in problem['nodes'])}"
        for problem in found
    ]
