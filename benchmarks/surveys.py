"""What surveys must be quick at: saving a form half-way, results of any period, an export, an import."""

import gc
import io
import random
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from monitoring.survey_results.export import CHUNK, write_answers
from monitoring.survey_results.reading import sources_of
from regions.models import RegionLifeSituation
from regions.spreadsheets import open_workbook_rows
from surveys.counting.distributions import Source
from surveys.models import Response, SurveyLink
from surveys.paper.importing import HEADER_ROWS, build_template, import_file
from surveys.querysets import ResponseQuerySet

EXPORTED = 100_000
IMPORTED = 10_000


def took(measure: Callable[[], object]) -> float:
    begun = time.perf_counter()
    measure()
    return time.perf_counter() - begun


def _url_of_results(place: RegionLifeSituation) -> str:
    return reverse("region-results", args=[place.region.code, place.life_situation.code]) + "?period=all"


def results_page(client: Client, place: RegionLifeSituation) -> float:
    """The least time of a few readings of a region's results page for all days."""
    url = _url_of_results(place)
    return min(took(lambda: client.get(url)) for _ in range(3))


def queries_of_results(client: Client, place: RegionLifeSituation) -> int:
    url = _url_of_results(place)
    client.get(url)  # what is read once per process does not count
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200, response.status_code
    return len(captured)


def export(place: RegionLifeSituation) -> tuple[list[tuple[float, float]], float]:
    """Times of the export and of bare openpyxl writing the same rows; how much more memory ten times the rows take."""
    responses = _first(Response.objects.filter(life_situation=place.life_situation), EXPORTED)
    sources = sources_of(place.region, place.life_situation)
    file = io.BytesIO()
    write_answers(file, responses, sources)
    rows = [list(row) for row in load_workbook(file, read_only=True).worksheets[0].iter_rows(values_only=True)]

    def peak(number: int) -> int:
        # Into a file, as the job does: a file in the memory would be what grows.
        with tempfile.TemporaryFile() as written:
            return _peak(lambda: write_answers(written, _first(responses, number), sources))

    # The collector of garbage would go through the yardstick's rows again and again, while ours are written above all.
    gc.collect()
    gc.freeze()
    try:
        times = [_in_turn(responses, sources, rows) for _ in range(5)]
    finally:
        gc.unfreeze()
    small, large = peak(EXPORTED // 10), peak(EXPORTED)
    return times, large / small


def _in_turn(responses: ResponseQuerySet, sources: list[Source], rows: list[list[Any]]) -> tuple[float, float]:
    """Both write whole books, but piece by piece in turn: seconds long, a slow moment would hit one of them alone."""
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet()
    remaining = iter(rows)
    ours = bare = 0.0
    since = time.perf_counter()

    def bare_writes(number: int | None) -> None:
        nonlocal ours, bare, since
        begun = time.perf_counter()
        ours += begun - since
        for row in islice(remaining, number):
            sheet.append(row)
        if number is None:
            book.save(io.BytesIO())
        since = time.perf_counter()
        bare += since - begun

    write_answers(io.BytesIO(), responses, sources, progress=lambda done: bare_writes(CHUNK))
    bare_writes(None)
    return ours, bare


def _first(responses: ResponseQuerySet, number: int) -> ResponseQuerySet:
    """Those of the first days, enough of them for so many answers: a period is what people ask for."""
    total = 0
    for day, found in responses.order_by("answered_on").values_list("answered_on").annotate(found=Count("pk")):
        total += found
        if total >= number:
            return responses.filter(answered_on__lte=day)
    return responses


def _peak(measure: Callable[[], object]) -> int:
    tracemalloc.start()
    measure()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


# What people write in files of paper forms: stock phrases in a third of them, sentences of their own in the others, and
# now and then what has to be masked.
_STOCK = (
    "Спасибо", "Всё хорошо", "Всё понравилось, спасибо большое!", "Нет", "Претензий нет", "Благодарю сотрудников",
    "Долго ждали", "Большая очередь", "Спасибо за помощь", "Хотелось бы побыстрее", "Всё устраивает.", "нет замечаний",
)  # fmt: skip
_BEGINNINGS = (
    "Пришла в центр", "Обратился по телефону", "Приходили всей семьёй", "Записалась через сайт", "Ждал", "Сидела",
    "Мама обращалась", "Был второй раз", "Получила направление", "Узнал от соседей", "Приняли", "Документы сдавала",
)  # fmt: skip
_MIDDLES = (
    "в понедельник утром", "сорок минут", "после обеда", "в кабинете 12", "у окна № 3", "без записи", "с ребёнком",
    "с третьего раза", "в регистратуре", "по талону", "на улице Ленина", "в Нижнем Новгороде", "летом", "два часа",
)  # fmt: skip
_ENDINGS = (
    "очередь шла медленно, потому что работало одно окно", "специалист всё подробно объяснил", "принтер не работал",
    "пришлось ехать ещё раз за справкой", "сотрудники вежливые. Вопрос решили сразу", "стульев на всех не хватает",
    "никто не подсказал, куда идти", "помогли составить резюме и нашли работу", "сайт не открывался",
    "документы вернули из-за одной буквы!", "поставьте, пожалуйста, кулер с водой", "хотелось бы приём по субботам",
)  # fmt: skip
_PRIVATE = (
    "Благодарю специалиста {name} за внимание", "Перезвоните мне: 8 (912) {number:03}-45-{tail:02}",
    "Мой адрес primer{number}@example.org, жду ответа", "Спасибо {name}!", "СНИЛС 112-233-445 95, справку не дали",
)  # fmt: skip
_NAMES = ("Анну Петровну", "Иванову Анну Сергеевну", "Смирнова И. П.", "Ольгу Кузнецову", "Марии Ивановне")
_SCALE = ("Да", "Да", "Да", "Скорее да", "Скорее нет", "Нет")


def _comment(chance: random.Random) -> str:
    """A comment: each twentieth holds personal data, each third is what many write, the others are nobody else's."""
    kind = chance.random()
    if kind < 0.05:
        return chance.choice(_PRIVATE).format(
            name=chance.choice(_NAMES), number=chance.randrange(1000), tail=chance.randrange(100)
        )
    if kind < 0.35:
        return chance.choice(_STOCK)
    sentences = (
        f"{chance.choice(_BEGINNINGS)} {chance.choice(_MIDDLES)}, {chance.choice(_ENDINGS)}"
        for _ in range(chance.randint(1, 3))
    )
    return f"{'. '.join(sentences)}."


def _answers_file(link: SurveyLink, day: date, seed: int) -> bytes:
    """A filled file as people have it, each with other answers: every row with a comment, some with several."""
    chance = random.Random(seed)
    definition = link.version.definition
    book = load_workbook(io.BytesIO(build_template(definition)))
    sheet = book.worksheets[0]
    codes = [str(cell.value) for cell in sheet[1]]
    for row in range(HEADER_ROWS + 1, HEADER_ROWS + 1 + IMPORTED):
        values: dict[str, object] = {
            "answered_on": max(day - timedelta(days=chance.randrange(14)), link.opens_on),
            "service_date": day - timedelta(days=14 + chance.randrange(7)),
            "recommend": chance.randrange(11),
            "days": chance.randrange(40),
            "suggestions": _comment(chance),
        }
        for code in ("satisfaction", "documents", "duration", "clarity", "support"):
            values[code] = chance.choice(_SCALE)
            if values[code] in ("Скорее нет", "Нет") and chance.random() < 0.3:
                values[f"{code}_comment"] = _comment(chance)
        for column, code in enumerate(codes, start=1):
            if code in values:
                sheet.cell(row, column, values[code])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def import_rows(link: SurveyLink) -> list[tuple[float, float]]:
    """Times of an import of new rows and of reading them with the chosen reader, of several files in turn."""
    now = timezone.now()
    day = link.institution.region.local_date(now)
    times = []
    for seed in range(9):
        content = _answers_file(link, day, seed)

        def read(content: bytes = content) -> None:
            open_workbook_rows(content, max_rows=IMPORTED + HEADER_ROWS, max_columns=200)

        # On both sides: a slow moment of the machine hits what it lies between.
        before = [took(read), took(read)]
        begun = time.perf_counter()
        result = import_file(link=link, content=content, now=now)
        ours = time.perf_counter() - begun
        times.append((ours, statistics.median([*before, took(read), took(read)])))
        # Two people may have said the same in two files.
        assert result.rows == IMPORTED and result.repeated < 10, result
    return times
