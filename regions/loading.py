"""Reads the reference data of this app from its files into the database; safe to run again at any time.

What the Agency has changed in «Справочники» is left as it is: the files bring the rest up to date.
"""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction

from regions.models import (
    Direction,
    Indicator,
    LetterDeadline,
    LetterKind,
    LifeSituation,
    LifeSituationIndicator,
    Region,
    TypicalProblem,
    TypicalSolution,
)

FOLDER = Path(__file__).parent / "reference"
# Letters «ежеквартально» are due on this day of the month in which the reporting period closes [001 VII].
DUE_DAY = 15
_CLOSING_MONTHS = {1: 2, 2: 5, 3: 8, 4: 11}

Stored = TypeVar("Stored", bound=models.Model)


@transaction.atomic
def load() -> dict[str, int]:
    """Load regions, directions, indicators, ЖС and letters; returns how many of each there are."""
    with (FOLDER / "regions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            store(Region, {"code": row.pop("code")}, row)
    for position, entry in enumerate(_read("directions.yaml"), start=1):
        store(Direction, {"code": entry["code"]}, {"title": entry["title"], "position": position})
    for entry in _read("indicators.yaml"):
        _load_indicator(entry)
    for entry in _life_situations():
        _load_life_situation(entry)
    for position, entry in enumerate(_read("letters.yaml"), start=1):
        _load_letter_kind(position, entry)
    return {
        "регионы": Region.objects.count(),
        "направления": Direction.objects.count(),
        "показатели": Indicator.objects.count(),
        "жизненные ситуации": LifeSituation.objects.count(),
        "типовые проблемы": TypicalProblem.objects.count(),
        "типовые решения": TypicalSolution.objects.count(),
        "виды писем": LetterKind.objects.count(),
        "сроки писем": LetterDeadline.objects.count(),
    }


def is_in_the_files(row: models.Model) -> bool:
    """Whether the row comes from the files: removed, it would be back after the next loading."""
    match row:
        case Region():
            return True
        case Direction():
            return row.code in {entry["code"] for entry in _read("directions.yaml")}
        case Indicator():
            of_life_situations = [one["code"] for entry in _life_situations() for one in entry["indicators"]]
            return row.code in {entry["code"] for entry in _read("indicators.yaml")} | set(of_life_situations)
        case LifeSituation():
            return row.code in {entry["code"] for entry in _life_situations()}
        case TypicalProblem():
            found = [entry for entry in _life_situations() if entry["code"] == row.life_situation.code]
            return row.number in {one["number"] for entry in found for one in entry["problems"]}
        case LetterKind():
            return row.code in {entry["code"] for entry in _read("letters.yaml")}
    return False


def _edited(model: type[models.Model]) -> set[int]:
    """The rows somebody has added or changed in «Справочники»."""
    log = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))
    return {int(key) for key in log.values_list("object_id", flat=True) if key}


def store(model: type[Stored], key: dict[str, Any], values: dict[str, Any]) -> Stored:
    """Make the row or bring it up to date; one that is as it should be is not saved, and its history stays short.

    What somebody has changed in «Справочники» is left as it is.
    """
    manager = model._default_manager
    row = manager.filter(**key).first()
    if row is None:
        return manager.create(**key, **values)
    if row.pk in _edited(model):
        return row
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
    return row


def _load_letter_kind(position: int, entry: dict[str, Any]) -> None:
    quarterly = entry.get("quarterly")
    kind = store(
        LetterKind,
        {"code": entry["code"]},
        {
            "position": position,
            **{name: entry[name] for name in ("short_title", "stage", "action")},
            "is_quarterly": bool(quarterly),
        },
    )
    due = dict(_quarterly_deadlines(**quarterly)) if quarterly else {"": entry["deadline"]}
    # Deadlines are the Agency's: what it has moved stays moved, what it has removed stays removed.
    known = set(kind.deadlines.filter(region=None).values_list("occasion", flat=True))
    known |= set(LetterDeadline.history.filter(kind_id=kind.pk, region_id=None).values_list("occasion", flat=True))
    for occasion, due_on in due.items():
        if occasion not in known:
            LetterDeadline.objects.create(kind=kind, occasion=occasion, due_on=due_on)


def _quarterly_deadlines(first: str, last: str) -> Iterator[tuple[str, date]]:
    """Occasions from `first` to `last` («2021-Q3»), each with the day it is due."""
    for year in range(int(first[:4]), int(last[:4]) + 1):
        for quarter, month in _CLOSING_MONTHS.items():
            occasion = f"{year}-Q{quarter}"
            if first <= occasion <= last:
                yield occasion, date(year, month, DUE_DAY)


def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def _life_situations() -> list[Any]:
    paths = sorted((FOLDER / "life_situations").glob("*.yaml"))
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths]


def _load_indicator(entry: dict[str, Any]) -> Indicator:
    return store(
        Indicator,
        {"code": entry["code"]},
        {
            "title": entry["title"],
            "unit": Indicator.Unit(entry["unit"]),
            "kind": Indicator.Kind(entry["kind"]),
            "lower_is_better": entry["better"] == "lower",
            "long_term_mark": entry.get("mark"),
            "source": entry.get("source", ""),
        },
    )


def _load_life_situation(entry: dict[str, Any]) -> None:
    life_situation = store(
        LifeSituation,
        {"code": entry["code"]},
        {
            "direction": Direction.objects.get(code=entry["direction"]),
            **{name: entry[name] for name in ("number", "title", "short_title", "boundary", "beneficiaries", "source")},
        },
    )
    if life_situation.pk in _edited(LifeSituation):
        return
    for position, one in enumerate(entry["indicators"], start=1):
        LifeSituationIndicator.objects.update_or_create(
            life_situation=life_situation,
            indicator=_load_indicator({"source": entry["source"], **one}),
            defaults={"number": one["number"], "position": position},
        )
    for one in entry["problems"]:
        _load_problem(life_situation, one)
    gone = life_situation.typical_problems.exclude(number__in=[one["number"] for one in entry["problems"]])
    gone.exclude(pk__in=_edited(TypicalProblem)).delete()


def _load_problem(life_situation: LifeSituation, entry: dict[str, Any]) -> None:
    problem = store(
        TypicalProblem, {"life_situation": life_situation, "number": entry["number"]}, {"title": entry["title"]}
    )
    if problem.pk in _edited(TypicalProblem):
        return
    for position, solution in enumerate(entry["solutions"], start=1):
        TypicalSolution.objects.update_or_create(
            problem=problem,
            position=position,
            defaults={"text": solution["text"], "is_federal": solution["federal"]},
        )
    # A solution taken out of the file goes; ours alone, nothing refers to them.
    problem.solutions.filter(position__gt=len(entry["solutions"])).delete()
