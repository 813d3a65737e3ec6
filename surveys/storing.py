"""The statements on everybody's way: the one INSERT by which an answer arrives exactly once, that of a file's answers,
and the keeping of a form half filled. Written out: to put them together each time takes longer than to carry them out.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import orjson
from django.db import IntegrityError, transaction
from django.db.models import TextChoices

from surveys.connections import again_if_lost

if TYPE_CHECKING:
    from django.db import models
    from django.db.backends.base.base import BaseDatabaseWrapper

    from surveys.models import Response

# Rows a statement: with their columns fewer values than SQLite takes at once (32,766). On PostgreSQL each takes two
# savepoints: a file of 10,000 stays below the 64 that a session keeps at hand.
INSERTED_AT_ONCE = 500
_PLAIN = frozenset({str, int, bool})


# Connections to PostgreSQL on which the INSERT of one answer is prepared: to read and plan a statement of so many
# columns takes it as long as to carry it out.
_PREPARED = "insert_response"
_prepared_on: WeakSet[Any] = WeakSet()


def insert_once(connection: BaseDatabaseWrapper, response: Response) -> bool:
    """Store an answer unless one with its key is there; True when it was stored.

    One statement decides, so it is safe against any number of simultaneous repeats, and much cheaper than asking
    first or than a failed INSERT inside a savepoint.
    """
    values = _as_stored(connection, response)
    return again_if_lost(connection, lambda: _insert_one(connection, type(response), values))


def _insert_one(connection: BaseDatabaseWrapper, model: type[Response], values: list[Any]) -> bool:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            if connection.connection not in _prepared_on:
                places = [f"${number}" for number in range(1, len(values) + 1)]
                cursor.execute(f"PREPARE {_PREPARED} AS {_statement(model, [places])}")
                _prepared_on.add(connection.connection)
            cursor.execute(f"EXECUTE {_PREPARED} ({', '.join(['%s'] * len(values))})", values)
        else:
            cursor.execute(_statement(model, [["%s"] * len(values)]), values)
        return bool(cursor.rowcount == 1)


def renew_draft(
    connection: BaseDatabaseWrapper, *, token_digest: str, link_id: int, content: bytes, now: datetime, since: datetime
) -> bool:
    """Keep what was typed meanwhile in a form kept since then; False when there is none."""
    kept_at, oldest = map(connection.ops.adapt_datetimefield_value, (now, since))
    binary = connection.Database.Binary(content)  # type: ignore[attr-defined]
    values = [binary, kept_at, token_digest, link_id, oldest]

    def update() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                'UPDATE "surveys_fillingdraft" SET "content" = %s, "updated_at" = %s'
                ' WHERE "token_digest" = %s AND "link_id" = %s AND "updated_at" > %s',
                values,
            )
            return bool(cursor.rowcount == 1)

    return again_if_lost(connection, update)


def insert_many_once(connection: BaseDatabaseWrapper, responses: list[Response]) -> int:
    """Store those whose keys are not there yet, all or none; returns how many were stored."""
    if not responses:
        return 0
    insert = _insert_copied if connection.vendor == "postgresql" else _insert_values
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        return insert(connection, cursor, responses)


def _statement(model: type[Response], rows: list[list[str]]) -> str:
    """The INSERT of so many rows; each is the list of places for its values."""
    columns = ", ".join(f'"{field.column}"' for field in _stored_fields(model))
    places = "), (".join(", ".join(row) for row in rows)
    table = model._meta.db_table
    return f'INSERT INTO "{table}" ({columns}) VALUES ({places}) ON CONFLICT ("key") DO NOTHING'  # noqa: S608  (own names)


def _insert_copied(connection: BaseDatabaseWrapper, cursor: Any, rows: list[Response]) -> int:
    """By COPY, the quickest way in. It knows no «unless it is there»: where one is, all go by a table of their own."""
    model = type(rows[0])
    table, columns = model._meta.db_table, ", ".join(f'"{field.column}"' for field in _stored_fields(model))
    texts = [_texts(values) for values in zip(*map(_values_of(model), rows), strict=True)]
    lines = "\n".join(map("\t".join, zip(*texts, strict=True)))

    def copy(into: str) -> None:
        # Past Django's cursor, whose errors are Django's.
        with connection.wrap_database_errors:
            cursor.copy_expert(f"COPY {into} FROM STDIN", io.StringIO(lines))

    try:
        # Whoever loads a file has looked already which of its answers are here.
        with transaction.atomic(using=connection.alias):
            copy(f'"{table}" ({columns})')
        return len(rows)
    except IntegrityError as error:
        if getattr(error.__cause__, "pgcode", None) != UNIQUE_VIOLATION:
            raise
    like = f'SELECT {columns} FROM "{table}" WITH NO DATA'  # noqa: S608  (own names)
    cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {_ARRIVING} ON COMMIT DROP AS {like}")
    copy(_ARRIVING)
    cursor.execute(
        f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM {_ARRIVING} ON CONFLICT ("key") DO NOTHING'  # noqa: S608
    )
    stored: int = cursor.rowcount
    cursor.execute(f"TRUNCATE {_ARRIVING}")
    return stored


_ARRIVING = "arriving_responses"
UNIQUE_VIOLATION = "23505"


def _texts(values: tuple[Any, ...]) -> Iterable[str]:
    """A column as COPY reads it. Most of a file's answers share most of what they have."""
    first = values[0]
    if all(value == first for value in values):
        return [_AS_TEXT.get(type(first), _choice)(first)] * len(values)
    return [_AS_TEXT.get(type(value), _choice)(value) for value in values]


def _choice(value: object) -> str:
    if isinstance(value, TextChoices):
        return _escaped(value.value)
    raise TypeError(f"no column of an answer holds {type(value)}")


# By translate() each letter would be looked up: a backslash is rare, and what else must be escaped rarer still.
def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if not text.isprintable():
        text = text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


_AS_TEXT: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: r"\N",
    str: _escaped,
    int: str,
    bool: str,
    Decimal: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
    bytes: lambda value: rf"\\x{value.hex()}",
    dict: lambda value: _escaped(orjson.dumps(value).decode()),
}


@lru_cache(maxsize=8)
def _values_of(model: type[models.Model]) -> Callable[[models.Model], tuple[Any, ...]]:
    return attrgetter(*(field.attname for field in _stored_fields(model)))


@lru_cache(maxsize=8)
def _stored_fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """All but the number that the database gives."""
    return [field for field in model._meta.concrete_fields if not field.primary_key]


def _insert_values(connection: BaseDatabaseWrapper, cursor: Any, rows: list[Response]) -> int:
    stored = 0
    for begin in range(0, len(rows), INSERTED_AT_ONCE):
        values = [_as_stored(connection, row) for row in rows[begin : begin + INSERTED_AT_ONCE]]
        sql = _statement(type(rows[0]), [["%s"] * len(one) for one in values])
        cursor.execute(sql, [*chain.from_iterable(values)])
        stored += cursor.rowcount
    return stored


def _as_stored(connection: BaseDatabaseWrapper, row: Response) -> list[Any]:
    # Words, numbers and nothing are stored as they are: most columns, and to ask each field takes its time.
    model = type(row)
    return [
        value if value is None or type(value) in _PLAIN else field.get_db_prep_save(value, connection)
        for field, value in zip(_stored_fields(model), _values_of(model)(row), strict=True)
    ]
