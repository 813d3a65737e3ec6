"""How the stems of comments are searched: `Comment.objects.filter(stems__has_stems=[("груб",), ("врач",)])`."""

from typing import Any

from django.db.models import Lookup


class HasStems(Lookup):
    """For every word one of its stems (`stemming.stems_of_search`) stands in the column, between spaces.

    PostgreSQL reads the index of migration 0017 by the same rule; elsewhere the rows are read one by one.
    """

    lookup_name = "has_stems"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (value,)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        # Stems are letters and digits: nothing in them is a sign of LIKE.
        groups = [" OR ".join([f"{column} LIKE %s"] * len(keys)) for keys in self._words()]
        values = [one for keys in self._words() for key in keys for one in (*parameters, f"% {key} %")]
        return " AND ".join(f"({group})" for group in groups), tuple(values)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        words = [list(keys) for keys in self._words()]
        condition = " AND ".join([f"string_to_array({column}, ' ') && %s"] * len(words))
        return f"({condition})", tuple(one for keys in words for one in (*parameters, keys))

    def _words(self) -> list[tuple[str, ...]]:
        if not self.rhs:
            raise ValueError("nothing to look for")
        return list(self.rhs)
