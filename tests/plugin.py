"""Loaded before the settings (see addopts in pyproject.toml): gives the whole run one database and a data folder.

The process started by hand starts one PostgreSQL cluster; its parallel workers (pytest-xdist) inherit the address in
DATABASE_URL. NSI_TEST_DB=sqlite leaves the embedded default, SQLite.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers

_run = contextlib.ExitStack()
_TELLS_ONLY = {"--help", "-h", "--version", "-V", "--collect-only", "--co", "--fixtures", "--markers"}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> Iterator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        # Each worker has its own files and broker; the database server is shared, the databases are not.
        os.environ["NSI_VAR"] = str(Path(os.environ["NSI_VAR"]) / worker)
    else:
        _start(tells_only=bool(_TELLS_ONLY.intersection(args)))
    return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    _run.close()


def _start(*, tells_only: bool) -> None:
    # What the developer's shell says of another portal.
    for name in servers.PORTAL_VARIABLES - {"NSI_VAR"}:
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="nsi-test-"))
    _run.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NSI_VAR"] = str(folder)
    database = os.environ.get("NSI_TEST_DB", "postgres")
    if database not in ("postgres", "sqlite"):
        raise pytest.UsageError(f"NSI_TEST_DB is {database!r}: postgres (default) or sqlite")
    if database == "postgres" and not tells_only:
        os.environ["DATABASE_URL"] = _run.enter_context(servers.postgres(folder, durable=False))
