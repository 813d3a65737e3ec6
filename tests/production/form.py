"""The production form without containers: docker-compose.yml's commands and variables, on this machine's free ports."""

import contextlib
import http.client
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from tests import servers
from tests.accounts.codes import totp_code
from tests.factories import TOTP_SECRET

ROOT = servers.ROOT
COMPOSE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<how>:-|:\?)(?P<word>[^}]*))?\}")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class ProductionForm:
    public_url: str
    http_port: int
    web_port: int
    folder: Path
    services: dict[str, Any]
    environment: dict[str, str]
    redis_port: int
    redis: contextlib.ExitStack
    processes: dict[str, servers.Process] = field(default_factory=dict)

    @property
    def access_log(self) -> str:
        return (self.folder / "nginx" / "access.log").read_text()

    @property
    def certificate(self) -> Path:
        return self.folder / "tls" / "fullchain.pem"

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers)

    def request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        *,
        source: str = "127.0.0.1",
    ) -> Answer:
        """Ask the proxy over TLS, from the address `source`, without following redirects."""
        address = urlsplit(self.public_url)
        assert address.hostname
        trust = ssl.create_default_context(cafile=self.certificate)
        connection = http.client.HTTPSConnection(
            address.hostname, address.port, timeout=30, context=trust, source_address=(source, 0)
        )
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.msg, answer.read())

    @contextlib.contextmanager
    def without_redis(self) -> Iterator[None]:
        """Redis is away meanwhile, and comes back with what it held."""
        self.redis.close()
        try:
            yield
        finally:
            self.start_redis()

    def start_redis(self) -> str:
        # With --appendonly, as in docker-compose.yml.
        return self.redis.enter_context(servers.redis(self.folder, self.redis_port, appendonly=True))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the environment of the portal's containers."""
        return subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=120)

    def command(self, service: str) -> list[str]:
        return [self.here(part) for part in self.services[service]["command"]]

    def health_check(self, service: str) -> subprocess.CompletedProcess[str]:
        kind, *command = [self.here(part) for part in self.services[service]["healthcheck"]["test"]]
        return self.run("sh", "-c", *command) if kind == "CMD-SHELL" else self.run(*command)

    def here(self, text: str) -> str:
        """The containers' addresses and folders as those of this machine."""
        text = text.replace("0.0.0.0:8000", f"127.0.0.1:{self.web_port}")
        return re.sub(r"(?<![\w/])/tmp(?=/| |$)", str(self.folder), text)


class Visitor:
    """Somebody with a browser's manners: keeps cookies, sends forms with their token."""

    def __init__(self, form: ProductionForm, source: str = "127.0.0.1") -> None:
        self.form, self.source = form, source
        self.cookies: SimpleCookie = SimpleCookie()

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> Answer:
        fields["csrfmiddlewaretoken"] = self.cookies["csrftoken"].value
        return self._ask("POST", path, urlencode(fields).encode())

    def sign_in(self, email: str, password: str) -> Answer:
        self.get("/accounts/login/")
        answer = self.post("/accounts/login/", login=email, password=password)
        if "/second-factor/" in answer.headers.get("Location", ""):
            self.get(answer.headers["Location"])
            answer = self.post(answer.headers["Location"], code=totp_code(TOTP_SECRET))
        return answer

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={one.value}" for name, one in self.cookies.items())}
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Referer": self.form.public_url + path,
                "Origin": self.form.public_url,
            }
        answer = self.form.request(method, path, headers, body, source=self.source)
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.load(line)
        return answer


def compose_file(variables: dict[str, str]) -> dict[str, Any]:
    """docker-compose.yml with its variables filled in."""

    def fill(match: re.Match[str]) -> str:
        value = variables.get(match["name"], "")
        if not value and match["how"] == ":?":
            raise AssertionError(f"docker-compose.yml requires {match['name']}")
        return value or (match["word"] or "")

    loaded: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(fill, COMPOSE.read_text()))
    return loaded


def render_proxy_configuration(variables: dict[str, str]) -> str:
    template = (ROOT / "deploy" / "nginx.conf.template").read_text()
    return re.sub(r"\$\{(NSI_\w+|PUBLIC_URL)\}", lambda match: variables[match[1]], template)


def build_step() -> str:
    """The Dockerfile's command that collects the static files."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    (step,) = [
        line.removeprefix("RUN ") for line in text.splitlines() if line.startswith("RUN ") and "manage.py" in line
    ]
    return step


def make_certificate(folder: Path) -> None:
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


@contextlib.contextmanager
def production_form(folder: Path) -> Iterator[ProductionForm]:
    """Start everything docker-compose.yml starts, in its order."""
    https_port, http_port, web_port = servers.free_port(), servers.free_port(), servers.free_port()
    public_url = f"https://localhost:{https_port}"
    services = compose_file(
        {
            "SECRET_KEY": "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
            "ALLOWED_HOSTS": "localhost",
            "PUBLIC_URL": public_url,
            "POSTGRES_PASSWORD": "only-for-this-test",
            "WEB_WORKERS": "2",
            "JOB_WORKERS": "1",
        }
    )["services"]
    make_certificate(folder / "tls")
    var = folder / "var"
    var.mkdir()

    with contextlib.ExitStack() as running:
        database_url = running.enter_context(servers.postgres(folder, durable=False))
        redis = running.enter_context(contextlib.ExitStack())
        redis_port = servers.free_port()
        environment = servers.clean_environment(
            # Filled in before YAML is read, an empty value became nothing at all.
            **{name: value or "" for name, value in services["web"]["environment"].items()}
            | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        )
        environment |= {
            "NSI_VAR": str(var),
            "PORT": str(web_port),
            "DATABASE_URL": environment["DATABASE_URL"].replace(
                "postgres:5432", urlsplit(database_url).netloc.split("@")[1]
            ),
            "REDIS_URL": environment["REDIS_URL"].replace("redis:6379", f"127.0.0.1:{redis_port}"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        form = ProductionForm(public_url, http_port, web_port, folder, services, environment, redis_port, redis)
        form.start_redis()
        for step in (["sh", "-c", build_step()], form.command("migrate")):
            done = form.run(*step)
            assert done.returncode == 0, f"{step} failed:\n{done.stdout}{done.stderr}"
        for name in ("web", "worker", "beat"):
            log = folder / f"{name}.log"
            form.processes[name] = running.enter_context(
                servers.process(form.command(name), environment, log, name=name)
            )
        servers.wait_for_port(web_port, 30, form.processes["web"])
        proxy = render_proxy_configuration(
            services["proxy"]["environment"]
            | {
                "NSI_WEB": f"127.0.0.1:{web_port}",
                "NSI_HTTP_LISTEN": f"127.0.0.1:{http_port}",
                "NSI_HTTPS_LISTEN": f"127.0.0.1:{https_port}",
                "NSI_TLS": str(folder / "tls"),
                "NSI_PROXY_CACHE": str(folder / "nginx" / "cache"),
            }
        )
        form.processes["proxy"] = running.enter_context(servers.nginx(folder, proxy))
        servers.wait_for_http(f"http://127.0.0.1:{http_port}/.proxy", child=form.processes["proxy"])
        yield form
