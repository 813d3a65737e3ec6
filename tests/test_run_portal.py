"""`manage.py run_portal`: one command starts the portal, Ctrl-C ends it without a trace, then it has its data again."""

import os
import signal
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests import servers

# One group: three processes and a database each time, which would starve each other on a small machine.
pytestmark = pytest.mark.xdist_group("run_portal")


def embedded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all who start the embedded form and change nothing in it; walks take copies of it."""
    folder = tmp_path_factory.getbasetemp() / "run_portal"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return embedded_folder(tmp_path_factory)


def run_portal(folder: Path, port: int):
    return servers.process(
        [sys.executable, "manage.py", "run_portal"],
        servers.clean_environment(NSI_VAR=str(folder / "var"), PORT=str(port)),
        folder / f"portal-{port}.log",
        name="run_portal",
    )


def wait_until_ready(portal: servers.Process, port: int) -> None:
    servers.wait_for_http(f"http://127.0.0.1:{port}/health/ready", 300, portal)
    servers.wait_until(lambda: "Остановить: Ctrl-C" in portal.output(), 30, "the address is printed", portal)


def processes_of(var: Path) -> list[str]:
    """Command lines of all processes that have this data folder in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"NSI_VAR={var}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def number_of_users(var: Path) -> int:
    with closing(sqlite3.connect(var / "portal.sqlite3")) as database:
        (count,) = database.execute("SELECT count(*) FROM accounts_user").fetchone()
        return int(count)


def test_it_starts_ends_without_a_trace_and_starts_again_with_its_data(folder: Path):
    port, var = servers.free_port(), folder / "var"
    with run_portal(folder, port) as portal:
        wait_until_ready(portal, port)
        assert f"http://127.0.0.1:{port}" in portal.output()
        assert len(processes_of(var)) > 3, "web, worker and scheduler"
        os.kill(portal.pid, signal.SIGINT)
        assert portal.wait(30) == 0, portal.tail()
        assert "Портал остановлен" in portal.output()
        assert "Traceback" not in portal.output()
    servers.wait_until(lambda: not processes_of(var), 5, "no process is left behind")

    users = number_of_users(var)
    assert users > 0
    # The same port again, at once.
    with run_portal(folder, port) as portal:
        wait_until_ready(portal, port)
        assert number_of_users(var) == users
        os.kill(portal.pid, signal.SIGTERM)
        assert portal.wait(30) == 0, portal.tail()
    servers.wait_until(lambda: not processes_of(var), 5, "no process is left behind")


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGKILL], ids=["terminal closed", "killed"])
def test_nothing_is_left_when_it_is_ended_otherwise(folder: Path, signum: signal.Signals):
    port, var = servers.free_port(), folder / "var"
    with run_portal(folder, port) as portal:
        wait_until_ready(portal, port)
        os.kill(portal.pid, signum)
        portal.wait(30)
        servers.wait_until(lambda: not processes_of(var), 20, "no process is left behind")


def test_a_busy_port_is_named_with_the_remedy(folder: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with run_portal(folder, port) as portal:
            assert portal.wait(60) != 0
    assert f"Порт {port}" in portal.output() and "PORT=" in portal.output()
    assert "Traceback" not in portal.output()
