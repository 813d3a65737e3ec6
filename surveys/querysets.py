"""Which links and answers; and the one INSERT by which an answer arrives exactly once."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models
from django.db.models import Q

from regions.local_dates import local_date
from regions.models import Institution
from regions.permissions import Permission

if TYPE_CHECKING:
    from regions.permissions import Person
    from surveys.models import Response, SurveyLink


class SurveyLinkQuerySet(models.QuerySet["SurveyLink"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Links of the institutions for which `user` holds `permission`."""
        return self.filter(institution__in=Institution.objects.permitting(user, permission))

    def open(self, now: datetime) -> Self:
        """Those of which `SurveyLink.state` says that they are open, each by the clock of its region."""
        today = local_date(now, zone="institution__region__time_zone")
        return self.filter(Q(closes_on=None) | Q(closes_on__gte=today), closed_at=None, opens_on__lte=today)

    def with_places(self) -> Self:
        """With what a link's state and page need, in one query."""
        return self.select_related("institution__region", "life_situation__direction", "version__questionnaire")

    def not_closed(self, on: date) -> Self:
        """Open on the day or later: neither closed by hand nor past their last day."""
        return self.filter(closed_at=None).exclude(closes_on__lt=on)

    def with_answer_counts(self) -> Self:
        return self.annotate(answers=models.Count("responses"))


@cache
def _insert_once(model: type[models.Model]) -> tuple[str, list[models.Field[Any, Any]]]:
    """The statement and the fields in the order of its values; made once, it stands on the way of every answer."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = model._meta.db_table
    sql = f'INSERT INTO "{table}" ({columns}) VALUES ({places}) ON CONFLICT ("key") DO NOTHING'  # noqa: S608  (own names)
    return sql, fields


class ResponseQuerySet(models.QuerySet["Response"]):
    def between(self, first: date, last: date) -> Self:
        """Answers given from one day to another, both included, by the calendar of the region."""
        return self.filter(answered_on__range=(first, last))

    def not_rolled_up(self) -> Self:
        return self.filter(is_rolled_up=False)

    def insert_once(self, response: Response) -> bool:
        """Store an answer unless one with its key is there; True when it was stored.

        One statement decides, so it is safe against any number of simultaneous repeats, and much cheaper than asking
        first or than a failed INSERT inside a savepoint.
        """
        connection = connections[self.db]
        sql, fields = _insert_once(self.model)
        values = [field.get_db_prep_save(getattr(response, field.attname), connection) for field in fields]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return bool(cursor.rowcount == 1)
