"""What surveys must be quick at: saving a form half-way, results of any period, an export, an import."""

import io
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from monitoring.survey_results.export import write_answers
from monitoring.survey_results.reading import sources_of
from regions.models import RegionLifeSituation
from regions.spreadsheets import open_workbook_rows
from surveys.models import Response, SurveyLink
from surveys.paper.importing import HEADER_ROWS, build_template, import_file

EXPORTED = 100_000
IMPORTED = 10_000


def best(measure: Callable[[], object], times: int) -> float:
    """The least of several durations: what the machine can do when nothing else disturbs it."""
    durations = []
    for _ in range(times):
        begun = time.perf_counter()
        measure()
        durations.append(time.perf_counter() - begun)
    return min(durations)


def results_page(client: Client, place: RegionLifeSituation) -> tuple[int, float]:
    """Number of queries and time of a region's results page for all days."""
    url = reverse("region-results", args=[place.region.code, place.life_situation.code]) + "?period=all"
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200, response.status_code
    return len(captured), best(lambda: client.get(url), 5)


def export(place: RegionLifeSituation) -> tuple[float, float, float]:
    """Times of the export and of bare openpyxl writing the same rows; how much more memory ten times the rows take."""
    responses = Response.objects.filter(life_situation=place.life_situation)
    sources = sources_of(place.region, place.life_situation)
    file = io.BytesIO()
    ours = best(lambda: _written(file, responses[:EXPORTED], sources), 3)
    rows = [list(row) for row in load_workbook(file, read_only=True).worksheets[0].iter_rows(values_only=True)]

    def bare() -> None:
        book = Workbook(write_only=True)
        sheet: Any = book.create_sheet()
        for row in rows:
            sheet.append(row)
        book.save(io.BytesIO())

    small, large = (_peak(lambda number=number: _written(io.BytesIO(), responses[:number], sources)) for number in
                    (EXPORTED // 10, EXPORTED))  # fmt: skip
    return ours, best(bare, 3), large / small


def _written(file: io.BytesIO, responses: Any, sources: Any) -> None:
    file.seek(0)
    file.truncate()
    write_answers(file, responses, sources)


def _peak(measure: Callable[[], object]) -> int:
    tracemalloc.start()
    measure()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def import_rows(link: SurveyLink) -> tuple[float, float]:
    """Times of an import of new rows and of reading them with the chosen reader."""
    now = timezone.now()
    day = link.institution.region.local_date(now)
    filled = {"satisfaction": "Скорее да", "documents": "Да", "duration": "Нет", "recommend": 9, "days": 12}
    times = []
    for attempt in range(3):
        book = load_workbook(io.BytesIO(build_template(link.version.definition)))
        sheet = book.worksheets[0]
        codes = [cell.value for cell in sheet[1]]
        for number in range(IMPORTED):
            # Each row another one, and no file like the one before.
            values = filled | {"answered_on": day, "service_date": day, "suggestions": f"Пожелание {attempt} {number}"}
            for column, code in enumerate(codes, start=1):
                if code in values:
                    sheet.cell(HEADER_ROWS + 1 + number, column, values[code])
        packed = io.BytesIO()
        book.save(packed)
        content = packed.getvalue()
        reading = best(lambda content=content: open_workbook_rows(content, max_rows=IMPORTED + 2, max_columns=200), 3)
        begun = time.perf_counter()
        result = import_file(link=link, content=content, now=now)
        times.append((time.perf_counter() - begun, reading))
        assert result.stored == IMPORTED, result
    return min(ours for ours, _ in times), min(reading for _, reading in times)
