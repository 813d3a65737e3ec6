"""What the portal reads from its environment: every variable, its meaning, its check and the remedy when it is wrong.

All mistakes are reported together, each with the variable's name and what to do, to be mended in one go.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.http.request import validate_host
from environs import Env, EnvError

MODES = ("embedded", "production")
BASE_DIR = Path(__file__).resolve().parent.parent


class BadEnvironment(Exception):
    """One or more variables are missing or wrong; the message names each with its remedy."""


@dataclass(frozen=True)
class Oidc:
    """An OpenID Connect provider people may sign in at."""

    url: str
    client_id: str
    client_secret: str
    name: str

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Environment:
    production: bool
    debug: bool
    var: Path
    port: int
    secret_key: str
    allowed_hosts: list[str]
    public_url: str
    database_url: str
    redis_url: str
    email_url: str
    email_from: str
    host: str
    static_root: Path
    oidc: Oidc | None


class _Reader:
    """Reads variables one by one and collects what is wrong instead of stopping at the first."""

    def __init__(self) -> None:
        self.env = Env()
        self.problems: list[str] = []

    def wrong(self, name: str, problem: str, remedy: str) -> None:
        self.problems.append(f"  {name}: {problem}. {remedy}")

    def text(self, name: str, default: str | None, remedy: str) -> str:
        value = self.env.str(name, default="").strip()
        if value:
            return value
        if default is None:
            self.wrong(name, "is missing", remedy)
        return default or ""

    def flag(self, name: str) -> bool:
        try:
            return self.env.bool(name, default=False)
        except EnvError:
            self.wrong(name, f"{self.env.str(name)!r} is not yes or no", "Set it to true or false.")
            return False

    def url(self, name: str, default: str | None, schemes: tuple[str, ...], remedy: str) -> str:
        value = self.text(name, default, remedy)
        if value:
            try:
                parts = urlsplit(value)
                _ = parts.port
                fits = parts.scheme in schemes and bool(parts.netloc or parts.path.strip("/"))
            except ValueError:
                fits = False
            if not fits:
                # The value may hold a password: it is not repeated.
                self.wrong(name, "is not an address of the form " + " or ".join(f"{s}://…" for s in schemes), remedy)
        return value


def read_environment() -> Environment:
    """Read and check all variables.

    Raises BadEnvironment naming every missing or wrong variable with its remedy.
    """
    reader = _Reader()
    mode = reader.text("NSI_MODE", "embedded", "")
    if mode not in MODES:
        reader.wrong("NSI_MODE", f"{mode!r} is not a known form", "Set it to embedded (default) or production.")
    production = mode == "production"

    # Relative to the project, not to where the command was typed: "make run" and "manage.py" must meet in one folder.
    var = BASE_DIR / reader.text("NSI_VAR", "var", "")
    try:
        port = int(reader.text("PORT", "8000", ""))
        if not 1 <= port <= 65535:
            raise ValueError
    except ValueError:
        reader.wrong("PORT", "is not a port number", "Set it to a number from 1 to 65535, for example 8000.")
        port = 8000

    try:
        var.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reader.wrong(
            "NSI_VAR", f"the folder cannot be made ({error.strerror})", "Name a folder the portal may write to."
        )

    required = None if production else ""
    secret_key = reader.text("SECRET_KEY", required, "Set it to 50 or more random characters and keep it secret.")
    if production and secret_key and (len(secret_key) < 50 or len(set(secret_key)) < 5):
        reader.wrong("SECRET_KEY", "is too weak", "Set it to 50 or more random characters and keep it secret.")
    if not production and not secret_key and not reader.problems:
        secret_key = _own_secret_key(var)

    hosts = reader.text(
        "ALLOWED_HOSTS",
        None if production else "localhost,127.0.0.1,[::1]",
        "List the portal's host names, separated by commas.",
    )
    allowed_hosts = [host.strip() for host in hosts.split(",") if host.strip()]
    if hosts and not allowed_hosts:
        reader.wrong("ALLOWED_HOSTS", "names no host", "List the portal's host names, separated by commas.")
    if production and "*" in allowed_hosts:
        reader.wrong("ALLOWED_HOSTS", "* admits every host", "List the portal's host names, separated by commas.")

    public_url = reader.url(
        "PUBLIC_URL",
        None if production else f"http://127.0.0.1:{port}",
        ("https",) if production else ("http", "https"),
        "Set it to the address people open, for example https://nsi.example.ru: posters and QR codes carry it.",
    ).rstrip("/")
    public_host = urlsplit(public_url).hostname or ""
    if production and public_host and allowed_hosts and not validate_host(public_host, allowed_hosts):
        reader.wrong("ALLOWED_HOSTS", f"does not hold {public_host}, the host of PUBLIC_URL", "Add it to the list.")
    database_url = reader.url(
        "DATABASE_URL",
        None if production else f"sqlite:///{var / 'portal.sqlite3'}",
        ("postgres", "postgresql") if production else ("postgres", "postgresql", "sqlite"),
        "Set it to postgres://user:password@host:5432/name.",
    )
    redis_url = reader.url("REDIS_URL", required, ("redis", "rediss", "unix"), "Set it to redis://host:6379/0.")
    email_url = reader.url(
        "EMAIL_URL",
        "",
        # Only what dj_email_url understands: it takes an unknown scheme for SMTP without encryption.
        ("submission", "smtp", "console", "file"),
        "Set it to submission://user:password@host:587 (encrypted), or smtp://host:25 for a server next door.",
    )
    email_from = reader.text("EMAIL_FROM", f"no-reply@{urlsplit(public_url).hostname or 'localhost'}", "")
    oidc = _read_oidc(reader, production)
    debug = reader.flag("DEBUG")
    if production and debug:
        reader.wrong("DEBUG", "must be off in production", "Remove it.")

    if reader.problems:
        raise BadEnvironment("The environment of the portal needs mending:\n" + "\n".join(reader.problems))
    return Environment(
        production=production,
        debug=debug,
        var=var,
        port=port,
        secret_key=secret_key,
        allowed_hosts=allowed_hosts,
        public_url=public_url,
        database_url=database_url,
        redis_url=redis_url,
        email_url=email_url,
        email_from=email_from,
        host=reader.text("NSI_HOST", "127.0.0.1", ""),
        static_root=Path(reader.text("STATIC_ROOT", str(var / "static"), "")),
        oidc=oidc,
    )


def _read_oidc(reader: _Reader, production: bool) -> Oidc | None:
    """The provider of sign-in: all of its variables or none."""
    remedies = {
        "OIDC_URL": "Set it to the provider's address, under which /.well-known/openid-configuration stands.",
        "OIDC_CLIENT_ID": "Set it to the identifier the provider gave to the portal.",
        "OIDC_CLIENT_SECRET": "Set it to the secret the provider gave to the portal.",
        "OIDC_NAME": "Set it to what the button says after «Войти через», for example Госуслуги.",
    }
    values = {name: reader.text(name, "", "") for name in remedies}
    if not any(values.values()):
        return None
    for name, remedy in remedies.items():
        if not values[name]:
            reader.wrong(name, "is missing while other OIDC_ variables are set", f"{remedy} Or remove all of them.")
    if values["OIDC_URL"]:
        schemes = ("https",) if production else ("http", "https")
        reader.url("OIDC_URL", "", schemes, remedies["OIDC_URL"])
    return Oidc(
        url=values["OIDC_URL"].rstrip("/"),
        client_id=values["OIDC_CLIENT_ID"],
        client_secret=values["OIDC_CLIENT_SECRET"],
        name=values["OIDC_NAME"],
    )


def _own_secret_key(var: Path) -> str:
    """The embedded form makes a key of its own once, so that a restart signs nobody out."""
    path = var / "secret_key"
    if not path.exists():
        descriptor, own = tempfile.mkstemp(dir=var, prefix="secret_key.")
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        # A link appears whole and only once: web, worker and scheduler start together and must agree on one key.
        with suppress(FileExistsError):
            os.link(own, path)
        os.unlink(own)
    return path.read_text()
