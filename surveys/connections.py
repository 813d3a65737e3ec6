"""Statements that may be carried out twice need not ask first whether the connection to the database lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from django.db import InterfaceError, OperationalError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Done = TypeVar("Done")


def again_if_lost(connection: BaseDatabaseWrapper, do: Callable[[], Done]) -> Done:
    """Do what is harmless to do twice; once more on a new connection when this one turns out to be gone.

    Django asks each connection it has kept for a sign of life before the first statement of a request. Where the only
    statement can be repeated, that question is half of the way to the database, and a connection lost right after it
    would be an error all the same. Inside a transaction nothing is repeated: what was before it is gone, too.
    """
    if connection.in_atomic_block:
        return do()
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return do()
    except (InterfaceError, OperationalError):
        if connection.connection is not None and connection.is_usable():
            raise
        connection.close()
        return do()
