"""Checks of the database, asked by `migrate` before it changes anything and by `manage.py check --database default`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


@register(Tags.database)
def replaced_migrations_are_whole(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A database that had some of the migrations a squashed one replaces, and not all, would be passed over in silence.

    Django leaves such an app out of its plan: nothing is migrated, and nothing says so.
    """
    on_disk = MigrationLoader(None).disk_migrations
    errors: list[CheckMessage] = []
    for alias in databases or ():
        applied = MigrationRecorder(connections[alias]).applied_migrations()
        for key, migration in sorted(on_disk.items()):
            gone = [one for one in migration.replaces if one not in on_disk]
            missing = [name for app, name in migration.replaces if (app, name) not in applied]
            if gone and missing and len(missing) < len(migration.replaces):
                errors.append(
                    Error(
                        f"База данных обновлена не до конца: в приложении {key[0]} нет миграций {', '.join(missing)}.",
                        hint="Сначала обновите её последней версией портала, в которой эти миграции ещё есть"
                        " (docs/operations.md, «Upgrading»).",
                        id="nsi_portal.E001",
                    )
                )
    return errors
