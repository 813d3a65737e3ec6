"""What every test stands on."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.core.management.commands import flush
from hypothesis import settings as hypothesis_settings

from surveys.filling import pages
from surveys.models.questionnaires import published_definition
from surveys.quality import addresses
from tests import migrated

# A loaded machine is slow now and then; that is no failure of a property.
hypothesis_settings.register_profile("portal", deadline=None)
hypothesis_settings.load_profile("portal")

# Where "collectstatic" would put files; pages of tests link to the sources instead.
portal_settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches no database: it says the same beside any, so the second run leaves it out."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if not item.get_closest_marker("django_db") and not fixtures & {"db", "transactional_db", "live_server"}:
            item.add_marker("no_database")


@pytest.fixture(autouse=True)
def forget_what_a_process_keeps() -> None:
    """Definitions and pages are kept by number for the life of a process; a test's database gives numbers out again."""
    published_definition.cache_clear()
    pages.forget()
    addresses.forget_kept_keys()


@pytest.fixture(autouse=True)
def plain_files(settings: Any) -> None:
    """Static files by their own names: no test waits for collectstatic."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    # Slow by design elsewhere.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


# Made by the migrations, changed by nobody: emptied, they would be filled anew after each test that commits.
_KEPT_TABLES = {"django_content_type", "auth_permission"}


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """What a test has committed is removed in tenths of a second, not in seconds."""

    def sql_flush(style: Any, connection: Any, **options: bool) -> list[str]:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        emptying = connection.ops.sql_flush(style, [name for name in tables if name not in _KEPT_TABLES], **options)
        if connection.vendor != "sqlite":
            return emptying
        # SQLite deletes row by row, which the triggers that guard what is published would refuse.
        with connection.cursor() as cursor:
            triggers = cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        return [*(f'DROP TRIGGER "{name}"' for name, _ in triggers), *emptying, *(made for _, made in triggers)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", sql_flush)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *args, **options: None)
        yield


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> bool:
    return migrated.put_in_place()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_keepdb: bool, django_db_blocker: Any) -> None:
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            migrated.keep()
