import json
import sys
from collections.abc import Iterator

import pytest

from tests.production.form import ProductionForm, Visitor, production_form


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProductionForm]:
    """The whole production form, running; once per run (keep the tests that use it in the xdist group "production")."""
    with production_form(tmp_path_factory.mktemp("production")) as form:
        yield form


@pytest.fixture(scope="session")
def region(production: ProductionForm) -> dict[str, str]:
    """A region with answers and people, see data.py."""
    done = production.run(sys.executable, "tests/production/data.py")
    assert done.returncode == 0, done.stdout + done.stderr
    made: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return made


@pytest.fixture(scope="session")
def member(production: ProductionForm, region: dict[str, str]) -> Visitor:
    """The member of the РШ, signed in."""
    visitor = Visitor(production)
    answer = visitor.sign_in(region["member"], region["password"])
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    return visitor
