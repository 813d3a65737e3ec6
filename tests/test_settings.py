"""A missing or wrong variable is named with its remedy, all of them in one error."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT, clean_environment

GOOD = {
    "NSI_MODE": "production",
    "SECRET_KEY": "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "nsi.example.ru",
    "PUBLIC_URL": "https://nsi.example.ru",
    "DATABASE_URL": "postgres://nsi:password@127.0.0.1:5432/nsi",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


def start(var: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Load the settings as every command does, in an environment of exactly these variables."""
    return subprocess.run(
        [sys.executable, "-c", "import nsi_portal.settings"],
        env=clean_environment(NSI_VAR=str(var), **variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_embedded_form_needs_no_variable(tmp_path: Path):
    done = start(tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()), "its data folder is in use"


def test_the_production_form_starts_with_all_its_variables(tmp_path: Path):
    done = start(tmp_path, **GOOD)
    assert done.returncode == 0, done.stderr


def test_all_missing_variables_are_named_in_one_error(tmp_path: Path):
    done = start(tmp_path, NSI_MODE="production")
    assert done.returncode != 0
    for name in GOOD.keys() - {"NSI_MODE"}:
        assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_and_missing_variables_are_named_together(tmp_path: Path):
    wrong = GOOD | {"PUBLIC_URL": "http://nsi.example.ru", "DATABASE_URL": "mysql://nsi/nsi", "PORT": "0"}
    del wrong["REDIS_URL"]
    done = start(tmp_path, **wrong)
    assert done.returncode != 0
    for name in ("PUBLIC_URL", "DATABASE_URL", "PORT", "REDIS_URL"):
        assert name in done.stderr
    for name in ("SECRET_KEY", "ALLOWED_HOSTS"):
        assert name not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NSI_MODE", "test"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", " , "),
        ("ALLOWED_HOSTS", "*"),
        ("PUBLIC_URL", "nsi.example.ru"),
        ("PUBLIC_URL", "http://nsi.example.ru"),
        ("DATABASE_URL", "sqlite:///portal.sqlite3"),
        ("DATABASE_URL", "postgres://nsi@127.0.0.1:port/nsi"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("PORT", "eight"),
        ("PORT", "65536"),
        ("DEBUG", "true"),
        ("DEBUG", "perhaps"),
        ("NSI_VAR", "/proc/nsi"),
    ],
)
def test_a_wrong_variable_is_named_with_a_remedy(tmp_path: Path, name: str, value: str):
    variables = GOOD | {name: value}
    folder = Path(variables.pop("NSI_VAR", str(tmp_path)))
    done = start(folder, **variables)
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if name in line]
    assert len(line.split(". ")) >= 2, "what is wrong, then what to do"
    assert "Traceback" not in done.stderr


def test_a_password_in_a_wrong_address_is_not_repeated(tmp_path: Path):
    done = start(tmp_path, **GOOD | {"DATABASE_URL": "mysql://nsi:very-secret@127.0.0.1/nsi"})
    assert "DATABASE_URL" in done.stderr
    assert "very-secret" not in done.stderr


def test_the_data_folder_is_relative_to_the_project_not_to_where_the_command_is_typed(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", "from nsi_portal.environment import read_environment as r; print(r().var)"],
        env=clean_environment(NSI_VAR="var", SECRET_KEY=GOOD["SECRET_KEY"], PYTHONPATH=str(ROOT)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert Path(done.stdout.strip()) == ROOT / "var", done.stderr
