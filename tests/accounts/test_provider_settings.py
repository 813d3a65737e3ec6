"""The variables of the provider: all or none, each mistake named with its remedy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT, clean_environment
from tests.test_settings import GOOD

OIDC = {
    "OIDC_URL": "https://sso.example.ru/realms/asi",
    "OIDC_CLIENT_ID": "portal",
    "OIDC_CLIENT_SECRET": "very-secret",
    "OIDC_NAME": "Учебные услуги",
}
SHOW = (
    "import json; from nsi_portal import settings as s; "
    "print(json.dumps([s.SOCIALACCOUNT_PROVIDERS, s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action']]))"
)


def start(var: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        env=clean_environment(NSI_VAR=str(var), **{**dict.fromkeys(OIDC, ""), **variables}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_without_them_there_is_no_provider(tmp_path: Path):
    done = start(tmp_path, **GOOD)
    assert json.loads(done.stdout) == [{}, ["'self'"]], done.stderr


@pytest.mark.parametrize("url", [OIDC["OIDC_URL"], OIDC["OIDC_URL"] + "/"])
def test_with_all_of_them_there_is_one_and_forms_may_lead_to_it(tmp_path: Path, url: str):
    done = start(tmp_path, **GOOD | OIDC | {"OIDC_URL": url})
    providers, form_action = json.loads(done.stdout)
    (app,) = providers["openid_connect"]["APPS"]
    assert (app["name"], app["client_id"], app["secret"]) == ("Учебные услуги", "portal", "very-secret")
    assert app["settings"] == {"server_url": "https://sso.example.ru/realms/asi"}
    assert form_action == ["'self'", "https://sso.example.ru"]


@pytest.mark.parametrize("missing", sorted(OIDC))
def test_one_that_is_missing_is_named(tmp_path: Path, missing: str):
    done = start(tmp_path, **GOOD | OIDC | {missing: ""})
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if line.strip().startswith("OIDC_")]
    assert line.strip().startswith(missing) and "Set it to" in line
    assert "Traceback" not in done.stderr and "very-secret" not in done.stderr


def test_all_that_are_missing_are_named_together(tmp_path: Path):
    done = start(tmp_path, **GOOD | {"OIDC_NAME": "Учебные услуги"})
    for name in OIDC.keys() - {"OIDC_NAME"}:
        assert f"  {name}:" in done.stderr


@pytest.mark.parametrize(
    ("mode", "url", "starts"),
    [
        ("production", "http://sso.example.ru", False),
        ("production", "sso.example.ru", False),
        ("production", "https://sso.example.ru:port", False),
        ("production", "https://sso.example.ru", True),
        ("embedded", "http://127.0.0.1:9400", True),
        ("embedded", "ftp://127.0.0.1", False),
    ],
)
def test_in_production_the_way_to_the_provider_is_encrypted(tmp_path: Path, mode: str, url: str, starts: bool):
    variables = (GOOD if mode == "production" else {}) | OIDC | {"OIDC_URL": url}
    done = start(tmp_path, **variables)
    assert (done.returncode == 0) == starts, done.stderr
    assert starts or "OIDC_URL" in done.stderr
