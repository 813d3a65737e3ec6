"""Reads the reference data of this app from its files into the database; safe to run again at any time."""

import csv
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from regions.models import (
    Direction,
    Indicator,
    LifeSituation,
    LifeSituationIndicator,
    Region,
    TypicalProblem,
    TypicalSolution,
)

FOLDER = Path(__file__).parent / "reference"


@transaction.atomic
def load() -> dict[str, int]:
    """Load regions, directions, indicators and ЖС; returns how many of each there are."""
    with (FOLDER / "regions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            Region.objects.update_or_create(code=row.pop("code"), defaults=row)
    for position, entry in enumerate(_read("directions.yaml"), start=1):
        Direction.objects.update_or_create(code=entry["code"], defaults={"title": entry["title"], "position": position})
    for entry in _read("indicators.yaml"):
        _load_indicator(entry)
    for path in sorted((FOLDER / "life_situations").glob("*.yaml")):
        _load_life_situation(yaml.safe_load(path.read_text(encoding="utf-8")))
    return {
        "регионы": Region.objects.count(),
        "направления": Direction.objects.count(),
        "показатели": Indicator.objects.count(),
        "жизненные ситуации": LifeSituation.objects.count(),
        "типовые проблемы": TypicalProblem.objects.count(),
        "типовые решения": TypicalSolution.objects.count(),
    }


def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def _load_indicator(entry: dict[str, Any]) -> Indicator:
    indicator, _ = Indicator.objects.update_or_create(
        code=entry["code"],
        defaults={
            "title": entry["title"],
            "unit": Indicator.Unit(entry["unit"]),
            "kind": Indicator.Kind(entry["kind"]),
            "lower_is_better": entry["better"] == "lower",
            "long_term_mark": entry.get("mark"),
            "source": entry.get("source", ""),
        },
    )
    return indicator


def _load_life_situation(entry: dict[str, Any]) -> None:
    life_situation, _ = LifeSituation.objects.update_or_create(
        code=entry["code"],
        defaults={
            "direction": Direction.objects.get(code=entry["direction"]),
            **{name: entry[name] for name in ("number", "title", "short_title", "boundary", "beneficiaries", "source")},
        },
    )
    for position, one in enumerate(entry["indicators"], start=1):
        LifeSituationIndicator.objects.update_or_create(
            life_situation=life_situation,
            indicator=_load_indicator({"source": entry["source"], **one}),
            defaults={"number": one["number"], "position": position},
        )
    for one in entry["problems"]:
        problem, _ = TypicalProblem.objects.update_or_create(
            life_situation=life_situation, number=one["number"], defaults={"title": one["title"]}
        )
        for position, solution in enumerate(one["solutions"], start=1):
            TypicalSolution.objects.update_or_create(
                problem=problem,
                position=position,
                defaults={"text": solution["text"], "is_federal": solution["federal"]},
            )
        # A solution taken out of the file goes; ours alone, nothing refers to them.
        problem.solutions.filter(position__gt=len(one["solutions"])).delete()
    life_situation.typical_problems.exclude(number__in=[one["number"] for one in entry["problems"]]).delete()
