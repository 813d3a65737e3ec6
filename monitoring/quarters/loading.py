"""Reads the reporting periods from their file. Periods the Agency has changed since are left as they are."""

import csv
from pathlib import Path

from monitoring.models import ReportingPeriod
from monitoring.quarters import periods

FILE = Path(__file__).parent.parent / "reference" / "periods.csv"


def load() -> dict[str, int]:
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if ReportingPeriod.objects.filter(code=row["code"]).exists():
                continue
            # After a deadline the Agency has moved, the next period begins the day after it, whatever the file says.
            begins = periods.day_after(periods.before(int(row["year"]), int(row["quarter"])))
            ReportingPeriod.objects.create(**{**row, "opens_on": begins or row["opens_on"]})
    return {"отчётные периоды": ReportingPeriod.objects.count()}
