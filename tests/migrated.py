"""A migrated SQLite database, kept between runs: migrating takes ten seconds, copying a file no time.

Only as long as no migration and no package has changed. PostgreSQL is migrated in every run, so every run proves that
the migrations work.
"""

import hashlib
import os
import shutil
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".pytest_cache" / "migrated"


def _kept() -> Path:
    """Where the database made by just these migrations is kept."""
    own = [Path(config.path) / "migrations" for config in apps.get_app_configs() if ROOT in Path(config.path).parents]
    sources = [ROOT / "requirements" / "dev.txt", *sorted(path for folder in own for path in folder.glob("*.py"))]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.name.encode() + source.read_bytes())
    return FOLDER / f"{digest.hexdigest()[:32]}.sqlite3"


def _test_database() -> Path | None:
    if connection.vendor != "sqlite" or os.environ.get("CI"):
        return None
    return Path(settings.DATABASES["default"]["TEST"]["NAME"])


def put_in_place() -> bool:
    """Copy the kept database to where the test database belongs; False when there is none to copy."""
    database = _test_database()
    if database is None or not _kept().exists():
        return False
    shutil.copyfile(_kept(), database)
    return True


def keep() -> None:
    """Keep the test database, just migrated and empty, for the next runs; older ones go."""
    database = _test_database()
    if database is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = _kept()
    half_made = kept.with_suffix(f".{os.getpid()}")
    shutil.copyfile(database, half_made)
    half_made.replace(kept)
    for other in FOLDER.glob("*.sqlite3"):
        if other != kept:
            other.unlink(missing_ok=True)
