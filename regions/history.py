"""«Кто, когда, что: было → стало», read from the history of a card's rows.

The number of queries depends on how many kinds of rows a card has, not on how many changes: what the records name by
its number (people, regions, ЖС) is read at once for all of them.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import number_format

from accounts.models import User
from accounts.services import API_KEY_REVOKED, SECOND_FACTOR_RESET
from regions.models.bodies import Competence
from regions.models.people import Membership
from regions.models.places import RegionLifeSituation
from regions.roles import Role

MOST_RECORDS = 200
NOTHING = "—"
_KINDS = {"+": "внесено", "~": "изменено", "-": "удалено"}
# Reasons of changes that touch no field: what was done instead.
_DEEDS = {SECOND_FACTOR_RESET: "сброшен второй шаг", API_KEY_REVOKED: "отозван ключ для программ"}
_CODES = {"competences": Competence, "roles": Role}


@dataclass(frozen=True, slots=True)
class FieldChange:
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one row: when, by whom (empty: the portal itself), of what, and field by field."""

    at: datetime
    by: str
    kind: str
    subject: str
    fields: list[FieldChange]


def changes(*histories: models.QuerySet[Any], limit: int = MOST_RECORDS) -> list[Change]:
    """The changes in these histories, the newest first, at most `limit`.

    Give `Model.history.filter(...)` for each kind of rows of the card, for example
    `changes(Body.history.filter(id=body.pk), BodyMember.history.filter(body_id=body.pk))`. A change that touched no
    field anybody is shown is left out, unless its reason says what was done.
    """
    found = [record for history in histories for record in _newest(history, limit)]
    found.sort(key=lambda record: (record.history_date, record.history_id), reverse=True)
    shown = found[:limit]
    before = _predecessors(shown)
    involved = [*shown, *before.values()]
    chosen = _many_to_many(involved)
    named = _named(involved, chosen)
    made = [_change(record, before.get(_key(record)), named, chosen) for record in shown]
    return [change for change in made if change.fields or change.kind != _KINDS["~"]]


def changes_of_responsible(place: RegionLifeSituation, limit: int = MOST_RECORDS) -> list[Change]:
    """Who was made to answer for a ЖС of a region and who relieved of it, the newest first: nothing else of people."""
    history = Membership.history.model
    chosen = history.life_situations.model.objects.filter(lifesituation=place.life_situation_id)
    earlier = history.objects.filter(id=OuterRef("id")).filter(
        Q(history_date__lt=OuterRef("history_date"))
        | Q(history_date=OuterRef("history_date"), history_id__lt=OuterRef("history_id"))
    )
    answered = Exists(chosen.filter(history=OuterRef("history_id")))
    before = earlier.order_by("-history_date", "-history_id").annotate(answers=answered).values("answers")[:1]
    members = Membership.history.filter(role=Role.HQ_MEMBER, region_id=place.region_id)
    found = (
        members.annotate(answers=answered, answered=Coalesce(Subquery(before), Value(False)))
        .exclude(answers=F("answered"))
        .order_by("-history_date", "-history_id")[:limit]
    )
    records = list(found)
    involved = {one.user_id for one in records} | {one.history_user_id for one in records}
    people = User.objects.in_bulk(involved - {None})
    named: dict[tuple[type, int], models.Model] = {(User, pk): one for pk, one in people.items()}
    return [
        Change(
            at=one.history_date,
            by=_author(one, named),
            kind="назначен" if one.answers else "снят",
            # The name only: whoever sees the ЖС need not know the address.
            subject=f"ответственный: {getattr(named.get((User, one.user_id)), 'full_name', '') or 'без имени'}",
            fields=[],
        )
        for one in records
    ]


def together(*found: list[Change], limit: int = MOST_RECORDS) -> list[Change]:
    """Changes of several kinds in one list, the newest first."""
    return sorted(chain(*found), key=lambda change: change.at, reverse=True)[:limit]


# Reading, for all records at once


def _key(record: Any) -> tuple[type, int]:
    return type(record), record.history_id


def _newest(history: models.QuerySet[Any], limit: int) -> list[Any]:
    """The newest records, each with the number of the one before it of the same row."""
    earlier = history.model.objects.filter(id=OuterRef("id")).filter(
        Q(history_date__lt=OuterRef("history_date"))
        | Q(history_date=OuterRef("history_date"), history_id__lt=OuterRef("history_id"))
    )
    previous = Subquery(earlier.order_by("-history_date", "-history_id").values("history_id")[:1])
    return list(history.annotate(previous_id=previous).order_by("-history_date", "-history_id")[:limit])


def _predecessors(records: list[Any]) -> dict[tuple[type, int], Any]:
    """By the key of a record the one before it: it may be older than all that are shown."""
    known = {_key(record): record for record in records}
    missing: dict[type, set[int]] = defaultdict(set)
    for record in records:
        if record.history_type == "~" and record.previous_id and (type(record), record.previous_id) not in known:
            missing[type(record)].add(record.previous_id)
    for model, ids in missing.items():
        known |= {_key(record): record for record in model.objects.filter(history_id__in=ids)}  # type: ignore[attr-defined]
    return {
        _key(record): known[type(record), record.previous_id]
        for record in records
        if record.history_type == "~" and record.previous_id
    }


def _many_to_many(records: list[Any]) -> dict[tuple[type, int, str], set[int]]:
    """By the key of a record and the name of a many-to-many field: the numbers of what was chosen then."""
    chosen: dict[tuple[type, int, str], set[int]] = defaultdict(set)
    by_model: dict[type, list[Any]] = defaultdict(list)
    for record in records:
        by_model[type(record)].append(record)
    for model, of_model in by_model.items():
        for field in model._history_m2m_fields:  # type: ignore[attr-defined]
            rows = getattr(model, field.name).model.objects.filter(history__in=[one.history_id for one in of_model])
            for history_id, other in rows.values_list("history_id", f"{field.m2m_reverse_field_name()}_id"):
                chosen[model, history_id, field.name].add(other)
    return chosen


def _named(records: list[Any], chosen: dict[tuple[type, int, str], set[int]]) -> dict[tuple[type, int], models.Model]:
    """What the records name by a number, as it is now; what has been deleted since is not there."""
    wanted: dict[type[models.Model], set[int | None]] = defaultdict(set)
    for record in records:
        wanted[User].add(record.history_user_id)
        for field in _foreign_keys(record.instance_type):
            wanted[field.related_model].add(getattr(record, field.attname, None))
    for (model, _, name), numbers in chosen.items():
        wanted[model.instance_type._meta.get_field(name).related_model] |= numbers  # type: ignore[attr-defined]
    named: dict[tuple[type, int], models.Model] = {}
    for model, keys in wanted.items():
        if known := keys - {None}:
            # One step further: the name of a membership or of a region's ЖС consists of those of others.
            further = [field.name for field in _foreign_keys(model)]
            rows = model._base_manager.select_related(*further) if further else model._base_manager.all()
            named |= {(model, one.pk): one for one in rows.filter(pk__in=known)}
    return named


def _foreign_keys(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


# Words


def _change(
    record: Any,
    previous: Any,
    named: dict[tuple[type, int], models.Model],
    chosen: dict[tuple[type, int, str], set[int]],
) -> Change:
    model = record.instance_type
    fields: list[FieldChange] = []
    if previous is not None:
        for one in record.tracked_fields:
            field = model._meta.get_field(one.name)
            before, after = getattr(previous, field.attname), getattr(record, field.attname)
            if field.editable and before != after:
                fields.append(_field_change(field, before, after, named))
        for field in record._history_m2m_fields:
            was, became = (chosen.get((*_key(one), field.name), set()) for one in (previous, record))
            if was != became:
                fields.append(_field_change(field, was, became, named))
    return Change(
        at=record.history_date,
        by=_author(record, named),
        kind=_DEEDS.get(record.history_change_reason, _KINDS[record.history_type]),
        subject=f"{model._meta.verbose_name}: {_subject(record, named)}",
        fields=[field for field in fields if field.before != field.after],
    )


def _author(record: Any, named: dict[tuple[type, int], models.Model]) -> str:
    """Who made the change, and in which of several roles, if they had chosen one (regions.middleware)."""
    name = str(named.get((User, record.history_user_id), ""))
    role = record.history_change_reason
    return f"{name}, {role}" if name and role and role not in _DEEDS else name


def _subject(record: Any, named: dict[tuple[type, int], models.Model]) -> str:
    """The name of the row as it was then."""
    tracked = {field.name for field in record.tracked_fields}
    instance = record.instance_type(
        **{field.attname: getattr(record, field.attname) for field in record.tracked_fields}
    )
    for field in _foreign_keys(record.instance_type):
        if field.name in tracked:
            field.set_cached_value(instance, named.get((field.related_model, getattr(record, field.attname))))
    try:
        return str(instance)
    except Exception:  # What it belonged to may be gone; the change itself must still be shown.
        return f"№ {record.id}"


def _field_change(field: Any, before: Any, after: Any, named: dict[tuple[type, int], models.Model]) -> FieldChange:
    title = str(field.verbose_name)
    if isinstance(field, models.FileField):
        # The names files are stored by say nothing to anybody.
        return FieldChange(title, "прежний файл" if before else NOTHING, "новый файл" if after else NOTHING)
    return FieldChange(title, _shown(field, before, named), _shown(field, after, named))


def _shown(field: Any, value: Any, named: dict[tuple[type, int], models.Model]) -> str:
    """A value as people read it."""
    if value is None or value == "" or value == [] or value == set():
        return NOTHING
    if field.many_to_many:
        return "; ".join(sorted(_name(field.related_model, one, named) for one in value))
    if field.is_relation:
        return _name(field.related_model, value, named)
    if field.name in _CODES and isinstance(value, list):
        titles = dict(_CODES[field.name].choices)
        return "; ".join(str(titles.get(one, one)) for one in value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    match value:
        case bool():
            return "да" if value else "нет"
        case datetime():
            return timezone.localtime(value).strftime("%d.%m.%Y %H:%M")
        case date():
            return value.strftime("%d.%m.%Y")
        case Decimal() | float():
            return number_format(value)
    return str(value)


def _name(model: type[models.Model], number: int, named: dict[tuple[type, int], models.Model]) -> str:
    found = named.get((model, number))
    return str(found) if found else f"удалено (№ {number})"
