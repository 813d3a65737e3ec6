"""Reads the reporting periods from their file. Periods the Agency has changed since are left as they are."""

import csv
from pathlib import Path

from monitoring.models import ReportingPeriod

FILE = Path(__file__).parent / "reference" / "periods.csv"


def load() -> dict[str, int]:
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ReportingPeriod.objects.get_or_create(code=row.pop("code"), defaults=row)
    return {"отчётные периоды": ReportingPeriod.objects.count()}
