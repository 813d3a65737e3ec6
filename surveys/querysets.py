"""Which links and answers; and the one INSERT by which an answer arrives exactly once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models
from django.db.models import Case, CharField, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from regions.local_dates import local_date
from regions.models import Institution, Region, RegionLifeSituation
from regions.permissions import Permission, may_anywhere
from surveys.counting.fates import COUNTED, LEFT_OUT, TOO_LATE

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from regions.permissions import Person
    from surveys.models import ExclusionCase, LinkBatch, Questionnaire, QuestionnaireVersion, Response, SurveyLink


class QuestionnaireQuerySet(models.QuerySet["Questionnaire"]):
    def standard(self) -> Self:
        """Instruments of the Agency."""
        return self.filter(region=None)

    def published(self) -> Self:
        """Those with a version that new links may be made to."""
        return self.filter(versions__in=_version_model().objects.in_use()).distinct()

    def visible_to(self, user: Person) -> Self:
        """What `user` may read: those of the regions they see, and of the Agency what is published or theirs to edit.

        A representative of an institution sees what their region has published.
        """
        published = self.model.objects.published().values("pk")
        regions = Region.objects.permitting(user, Permission.REGION_VIEW)
        institutions = Institution.objects.permitting(user, Permission.LINK_MANAGE)
        seen = Q(region__in=regions) | Q(region=None, pk__in=published)
        seen |= Q(region__in=institutions.values("region"), pk__in=published)
        if may_anywhere(user, Permission.QUESTIONNAIRE_STANDARD_EDIT):
            seen |= Q(region=None)
        return self.filter(seen) if user.is_authenticated else self.none()

    def shared_with(self, user: Person) -> Self:
        """What `user` may read or copy: what is visible to them, and what other regions have published.

        Whoever composes questionnaires learns from those of others; links are made to one's own only (`visible_to`).
        """
        seen = Q(pk__in=self.model.objects.visible_to(user).values("pk"))
        if may_anywhere(user, Permission.QUESTIONNAIRE_EDIT):
            seen |= Q(pk__in=self.model.objects.published().values("pk"))
        return self.filter(seen)

    def editable_by(self, user: Person) -> Self:
        """What `user` may change: a region's own, or the Agency's."""
        theirs = Q(region__in=Region.objects.permitting(user, Permission.QUESTIONNAIRE_EDIT))
        if may_anywhere(user, Permission.QUESTIONNAIRE_STANDARD_EDIT):
            theirs |= Q(region=None)
        return self.filter(theirs)


class QuestionnaireVersionQuerySet(models.QuerySet["QuestionnaireVersion"]):
    def published(self) -> Self:
        return self.filter(published_at__isnull=False)

    def in_use(self) -> Self:
        """Published and not retired: new links may be made to them."""
        return self.published().filter(retirement=None)

    def drafts(self) -> Self:
        return self.filter(published_at=None)

    def shared_with(self, user: Person) -> Self:
        """Published versions of what `user` may read, and drafts of their own regions or theirs to edit."""
        from surveys.models import Questionnaire

        own = Q(questionnaire__region__in=Region.objects.permitting(user, Permission.REGION_VIEW))
        own |= Q(questionnaire__in=Questionnaire.objects.editable_by(user))
        shared = Q(questionnaire__in=Questionnaire.objects.shared_with(user), published_at__isnull=False)
        return self.filter(shared | own)


def _version_model() -> type[QuestionnaireVersion]:
    from surveys.models import QuestionnaireVersion

    return QuestionnaireVersion


class SurveyLinkQuerySet(models.QuerySet["SurveyLink"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Links of the institutions for which `user` holds `permission`."""
        return self.filter(institution__in=Institution.objects.permitting(user, permission))

    def open(self, now: datetime) -> Self:
        """Those of which `SurveyLink.state` says that they are open, each by the clock of its region."""
        today = local_date(now, zone="institution__region__time_zone")
        return self.filter(
            Q(closes_on=None) | Q(closes_on__gte=today), closed_at=None, paused_at=None, opens_on__lte=today
        )

    def with_places(self) -> Self:
        """With what a link's state and page need, in one query."""
        return self.select_related("institution__region", "life_situation__direction", "version__questionnaire")

    def not_closed(self, on: date) -> Self:
        """Open on the day or later: neither closed by hand nor past their last day."""
        return self.filter(closed_at=None).exclude(closes_on__lt=on)

    def with_answer_counts(self) -> Self:
        return self.annotate(answers=self._number_of_answers())

    def with_progress(self, now: datetime) -> Self:
        """With what lists show: `answers`, `answers_today` by the clock of each region, `last_answer_on`."""
        last = self._answers().order_by("-answered_on").values("answered_on")[:1]
        return (
            self.with_answer_counts()
            .alias(today_there=local_date(now, zone="institution__region__time_zone"))
            .annotate(
                answers_today=self._number_of_answers(answered_on=OuterRef("today_there")),
                last_answer_on=Subquery(last),
            )
        )

    def with_answers_between(self, first: date, last: date) -> Self:
        """With `answers_then`: those given from one day to another, both included."""
        return self.annotate(answers_then=self._number_of_answers(answered_on__range=(first, last)))

    @staticmethod
    def _answers() -> ResponseQuerySet:
        from surveys.models import Response

        return Response.objects.filter(link=OuterRef("pk")).order_by()

    @classmethod
    def _number_of_answers(cls, **conditions: Any) -> Coalesce:
        # Counted a link at a time, by the index of links. A join would make a row of each answer with the questionnaire
        # and all else in it, to be sorted: with 200,000 answers a list took seven seconds, this way a tenth of one.
        found = cls._answers().filter(**conditions).values("link").annotate(number=models.Count("pk"))
        return Coalesce(Subquery(found.values("number")), 0)

    def in_state(self, state: str, now: datetime) -> Self:
        """Those of which `SurveyLink.state` says so: each is asked, so keep it to the links of one list."""
        return self.filter(pk__in=[one.pk for one in self.with_places().order_by() if one.state(now) == state])


class LinkBatchQuerySet(models.QuerySet["LinkBatch"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Batches of the regions in which `user` holds `permission`."""
        return self.filter(region__in=Region.objects.permitting(user, permission))

    def with_progress(self) -> Self:
        """With what its links have in common, how many they are, their answers, and how many have none."""
        from surveys.models import Response, SurveyLink

        links = SurveyLink.objects.filter(batch=OuterRef("pk")).order_by()

        def of_links(value: models.Aggregate) -> Subquery:
            return Subquery(links.values("batch").annotate(found=value).values("found"))

        answers = Response.objects.filter(link__batch=OuterRef("pk")).order_by().values("link__batch")
        unanswered = ~Exists(Response.objects.filter(link=OuterRef("pk")))
        silent = links.filter(unanswered).values("batch").annotate(found=models.Count("pk")).values("found")
        return self.annotate(
            label=Subquery(links.values("label")[:1]),
            channel=Subquery(links.values("channel")[:1]),
            opens_on=of_links(models.Min("opens_on")),
            closes_on=of_links(models.Max("closes_on")),
            links_count=Coalesce(of_links(models.Count("pk")), 0),
            answers=Coalesce(Subquery(answers.annotate(found=models.Count("pk")).values("found")), 0),
            silent=Coalesce(Subquery(silent), 0),
        )


# Rows a statement: with their columns fewer values than SQLite takes at once (32,766).
INSERTED_AT_ONCE = 500
_PLAIN = frozenset({str, int, bool})


@lru_cache(maxsize=32)
def _insert_once(model: type[models.Model], rows: int = 1) -> tuple[str, list[models.Field[Any, Any]]]:
    """The statement and the fields in the order of its values; made once, it stands on the way of every answer."""
    fields = _stored_fields(model)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = "), (".join([", ".join(["%s"] * len(fields))] * rows)
    table = model._meta.db_table
    sql = f'INSERT INTO "{table}" ({columns}) VALUES ({places}) ON CONFLICT ("key") DO NOTHING'  # noqa: S608  (own names)
    return sql, fields


class ResponseQuerySet(models.QuerySet["Response"]):
    def between(self, first: date, last: date) -> Self:
        """Answers given from one day to another, both included, by the calendar of the region."""
        return self.filter(answered_on__range=(first, last))

    def not_rolled_up(self) -> Self:
        return self.filter(is_rolled_up=False)

    def with_fate(self) -> Self:
        """With `fate`: `surveys.counting.fates.fate` in the database."""
        return self.annotate(
            fate=Case(
                When(is_excluded=True, then=Value(LEFT_OUT)),
                When(Q(is_eligible=True) | Q(is_measured=False), then=Value(COUNTED)),
                default=Value(TOO_LATE),
                output_field=CharField(),
            )
        )

    def suspicious(self) -> Self:
        """With a mark, or left out by a decision: just those that an index holds."""
        return self.filter(Q(flags__gt=0) | Q(is_excluded=True))

    def with_waiting(self) -> Self:
        """With `is_waiting`: a proposal about the answer waits for a decision."""
        waiting = self.model.cases.through.objects.filter(response=OuterRef("pk"), exclusioncase__state="proposed")
        return self.annotate(is_waiting=Exists(waiting))

    def without_waiting(self) -> Self:
        return self.with_waiting().filter(Q(is_waiting=False))

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

    def under_keys(self, keys: Iterable[str]) -> Self:
        """Those with one of any number of keys, which go to the database as one value."""
        is_postgresql = connections[self.db].vendor == "postgresql"
        each = "json_array_elements_text(%s::json)" if is_postgresql else "value FROM json_each(%s)"
        return self.filter(key__in=RawSQL(f"SELECT {each}", [json.dumps(list(keys))]))  # noqa: S611  (own words)

    def insert_many_once(self, responses: list[Response]) -> int:
        """Store those whose keys are not there yet, many a statement; returns how many were stored."""
        connection = connections[self.db]
        insert = _insert_from_json if connection.vendor == "postgresql" else _insert_values
        stored = 0
        with connection.cursor() as cursor:
            for begin in range(0, len(responses), INSERTED_AT_ONCE):
                cursor.execute(*insert(connection, self.model, responses[begin : begin + INSERTED_AT_ONCE]))
                stored += cursor.rowcount
        return stored


def _insert_from_json(
    connection: BaseDatabaseWrapper, model: type[models.Model], rows: list[Response]
) -> tuple[str, list[Any]]:
    """One statement for many rows. What they share is said once, the rest comes as one JSON text: to read and check
    thousands of values one by one would take PostgreSQL longer than to store them.
    """
    fields = _stored_fields(model)
    varied, shared, params = [], [], []
    for field, values in zip(fields, zip(*map(_values_of(model), rows), strict=True), strict=True):
        if field.name == "key" or any(value != values[0] for value in values):
            varied.append((field.column, values))
        else:
            shared.append(field.column)
            params.append(field.get_db_prep_save(values[0], connection))
    names = [name for name, _ in varied]
    document = [dict(zip(names, row, strict=True)) for row in zip(*(values for _, values in varied), strict=True)]
    params.append(json.dumps(document, ensure_ascii=False, check_circular=False, default=_in_json))
    table, columns = model._meta.db_table, ", ".join(f'"{name}"' for name in (*shared, *names))
    selected = ", ".join([*(["%s"] * len(shared)), *(f'"{name}"' for name in names)])
    sql = (
        f'INSERT INTO "{table}" ({columns}) SELECT {selected}'  # noqa: S608  (own names)
        f' FROM json_populate_recordset(NULL::"{table}", %s::json) ON CONFLICT ("key") DO NOTHING'
    )
    return sql, params


@lru_cache(maxsize=8)
def _values_of(model: type[models.Model]) -> Callable[[models.Model], tuple[Any, ...]]:
    return attrgetter(*(field.attname for field in _stored_fields(model)))


@lru_cache(maxsize=8)
def _stored_fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """All but the number that the database gives."""
    return [field for field in model._meta.concrete_fields if not field.primary_key]


def _in_json(value: object) -> str:
    """As PostgreSQL reads it into the column: days, instants, numbers, bytes."""
    if isinstance(value, date):  # an instant too
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return f"\\x{bytes(value).hex()}"
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"no column of an answer holds {type(value)}")


def _insert_values(
    connection: BaseDatabaseWrapper, model: type[models.Model], rows: list[Response]
) -> tuple[str, list[Any]]:
    sql, fields = _insert_once(model, len(rows))
    values = []
    for row in rows:
        for field in fields:
            value = getattr(row, field.attname)
            # Words, numbers and nothing are stored as they are: most columns, and the rest takes its time.
            if value is not None and type(value) not in _PLAIN:
                value = field.get_db_prep_save(value, connection)
            values.append(value)
    return sql, values


class ExclusionCaseQuerySet(models.QuerySet["ExclusionCase"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Cases of the ЖС of regions for which `user` holds `permission`."""
        places = RegionLifeSituation.objects.permitting(user, permission)
        return self.filter(
            Exists(places.filter(region=OuterRef("institution__region"), life_situation=OuterRef("life_situation")))
        )

    def waiting(self) -> Self:
        return self.filter(state="proposed")

    def approved(self) -> Self:
        return self.filter(state="approved")

    def with_places(self) -> Self:
        return self.select_related("institution__region", "life_situation", "proposed_by", "decided_by")
