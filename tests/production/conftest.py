from collections.abc import Iterator

import pytest

from tests.production.form import ProductionForm, production_form


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProductionForm]:
    """The whole production form, running; once per run (keep the tests that use it in the xdist group "production")."""
    with production_form(tmp_path_factory.mktemp("production")) as form:
        yield form
