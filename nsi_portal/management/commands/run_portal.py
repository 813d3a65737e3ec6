"""The embedded form with one command: database and files are prepared, then web, worker and scheduler run together."""

import hashlib
import io
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from shlex import join
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from honcho.compat import ProcessManager
from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

from nsi_portal.demo.people import sign_ins

READY_WITHIN_SECONDS = 60
# So long a program may take to end by itself; a job cut short is run again at the next start.
PATIENCE_SECONDS = 8
STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class Command(BaseCommand):
    help = "Готовит базу и файлы и запускает портал: веб-сервер, задания и расписание. Ctrl-C — остановить."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="Не загружать демонстрационные данные.")

    def handle(self, *args: Any, no_demo: bool, **options: Any) -> None:
        # While the data is being prepared, Ctrl-C is an ordinary end, not a failure.
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, lambda *_: sys.exit(0))
        # A closed terminal stops the portal as Ctrl-C does; left to itself it would leave the three processes behind.
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))

        host = settings.HOST
        refuse_busy_port(host, settings.PORT)
        prepare(demo=not no_demo)
        portal = Portal(host, settings.PORT, demo=not no_demo)
        portal.loop()
        if not portal.asked_to_stop:
            raise CommandError("Портал остановился сам: один из процессов завершился. Причина — в строках выше.")
        say("Портал остановлен.")


def say(text: str) -> None:
    # Flushed: what the three processes print comes through the same stream and must not overtake it.
    print(text, flush=True)


def refuse_busy_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As gunicorn does it: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Порт {port} на {host} недоступен ({error.strerror}). Возможно, портал уже запущен. "
                f"Выберите другой порт: PORT={port + 1 if port < 65535 else 8000} make run"
            ) from None


def prepare(*, demo: bool) -> None:
    say(f"Данные портала: {settings.VAR}")
    say("Готовим базу данных…")
    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_reference", stdout=io.StringIO())
    collect_static_files()
    if demo:
        say("Готовим демонстрационные данные…")
        call_command("load_demo", stdout=io.StringIO())
    # The processes started next must not inherit open connections.
    connections.close_all()


def collect_static_files() -> None:
    """Run collectstatic, but not when the sources are those of the last time: compressing them takes a while."""
    stamp = settings.STATIC_ROOT / ".sources.sum"
    current = hashlib.sha256("\n".join(sorted(_static_sources())).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == current:
        return
    say("Собираем файлы оформления…")
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(current)


def _static_sources() -> Iterator[str]:
    yield settings.STORAGES["staticfiles"]["BACKEND"]
    for finder in get_finders():
        for path, storage in finder.list([]):
            yield f"{getattr(storage, 'prefix', '')}/{path} {storage.size(path)} {storage.get_modified_time(path)}"


def answers(url: str) -> bool:
    # Never through a proxy the machine may have for the outside world.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Portal(Manager):
    """The three processes; what they print comes out line by line under their names."""

    def __init__(self, host: str, port: int, *, demo: bool) -> None:
        super().__init__(PatientPrinter(sys.stdout))
        reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared, not bound
        self.address = f"http://{reachable}:{port}"
        self.demo = demo
        self._process_ctor = WatchedProcess
        self._procmgr = PoliteProcessManager()

        celery = [sys.executable, "-m", "celery", "--app", "nsi_portal", "--quiet"]
        web = [sys.executable, "-m", "gunicorn", "nsi_portal.wsgi:application", "--bind", f"{host}:{port}"]
        web += ["--workers", "2", "--threads", "4", "--no-control-socket", "--log-level", "warning"]
        # One job at a time: SQLite has one writer. In a child, so that a job that dies does not take the worker along.
        worker = [*celery, "worker", "--pool", "prefork", "--concurrency", "1", "--loglevel", "WARNING"]
        worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        scheduler = [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""]
        # Celery's advice against root is meant for servers; on a laptop it would only hide the address below it.
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore:You're running the worker"}
        for name, command in (("веб", web), ("задания", worker), ("расписание", scheduler)):
            # exec: signals reach the program itself, not a shell before it.
            self.add_process(name, "exec " + join(command), env=environment, cwd=str(settings.BASE_DIR))

    @property
    def asked_to_stop(self) -> bool:
        return self.returncode in (128 + signal.SIGINT, 128 + signal.SIGTERM)

    def loop(self) -> None:
        try:
            super().loop()
        finally:
            # Also when the loop itself broke.
            self.kill()

    def announce(self) -> None:
        """Print the address once the portal really answers."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not answers(f"{self.address}/health/ready"):
            if self._terminating:
                return
            if time.monotonic() > deadline:
                say(f"Портал ещё не готов: {self.address}/health/ready не отвечает {READY_WITHIN_SECONDS} с.")
                return
            time.sleep(0.2)
        lines = ["", f"Портал работает: {self.address}"]
        if self.demo:
            rows = sign_ins()
            connections.close_all()
            widths = [max(len(row[column]) for row in rows) for column in range(2)]
            lines += ["", "Демонстрационные учётные записи (роль, почта, пароль):"]
            lines += [f"  {role:<{widths[0]}}  {email:<{widths[1]}}  {password}" for role, email, password in rows]
            lines += ["", f"Письма и коды второго шага входа: {self.address}/developer/letters/"]
        say("\n".join([*lines, "", "Остановить: Ctrl-C", ""]))

    def _start(self) -> None:
        # Held back until every process has reported its number: before that a signal would find nobody to pass it to.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        super()._start()
        waiting = []
        while not self._all_started():
            message = self.events.get(timeout=READY_WITHIN_SECONDS)
            if message.type == "start":
                self._processes[message.name]["pid"] = message.data["pid"]
            else:
                waiting.append(message)
        for message in waiting:
            self.events.put(message)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        # After the processes are there: no thread must be running while they are forked.
        threading.Thread(target=self.announce, daemon=True).start()

    def _system_print(self, data: str) -> None:
        """Honcho's own remarks (numbers of processes, names of signals) say nothing to those who run the portal."""


class PoliteProcessManager(ProcessManager):
    def terminate(self, pid: int) -> None:
        # To the program alone: it lets its children finish. Whoever is slow is ended with all its children, by force.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


class PatientPrinter(Printer):
    def write(self, message: Message) -> None:
        # The terminal may be gone while the processes are still being ended.
        with suppress(OSError):
            super().write(message)


class WatchedProcess(Process):
    """Ends its program also when the command that started it was killed without a chance to tidy up."""

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        # The one who watches is started with the signals held back; its program must hear them.
        self._child_ctor = partial(Popen, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING))
        threading.Thread(target=self._end_with, args=(os.getppid(),), daemon=True).start()
        super().run(events, ignore_signals)

    def _end_with(self, parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        with suppress(ProcessLookupError):
            # To the program alone: a worker whose children are ended under it may wait for them for ever.
            os.kill(self._child.pid, signal.SIGTERM)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline:
                os.killpg(self._child.pid, 0)  # raises when nobody of the group is left
                time.sleep(0.2)
            os.killpg(self._child.pid, signal.SIGKILL)
