"""Institutions from an XLSX: one a row, with the ЖС they take part in.

First a dry run tells the fate of each row, then the same rows are loaded, all or none. In between the sheet as it was
read waits in `regions.dry_runs`, bound to the person and the region: the file is not sent twice, nothing of it goes to
the browser and back, and what was never confirmed is forgotten within the hour. Loading reads the plan anew, so what is
stored is what the portal knows then; should that differ from what the person saw, nothing is stored.

A row of an institution that is there already (names are compared as people compare them) changes what the file says
otherwise and starts the participations that are missing; an empty cell leaves things as they are. So the same file
loaded twice stores nothing the second time.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from django.db import IntegrityError
from django.db.models import Model
from openpyxl.worksheet.worksheet import Worksheet
from simple_history.utils import bulk_create_with_history

from accounts.models import User
from regions.cells import WrongCell, by_words, is_filled, line_of, one_of, short
from regions.models import Direction, Institution, LifeSituation, Participation, Region, RegionLifeSituation
from regions.permissions import Permission, require
from regions.services.institutions import (
    FURTHEST,
    Particulars,
    begin,
    days_of,
    differences,
    locked_rows,
    plain_name,
    save_row,
)
from regions.sheets import (
    ChangedMeanwhile,
    SheetReader,
    add_choice,
    add_guide,
    digest_of,
    load_seen,
    packed,
    read_workbook,
    several_taken,
    start_template,
)
from regions.spreadsheets import CellError, CellValue, SheetRows, safe_text

MAX_ROWS = 2000
NAME, SETTLEMENT, LOCALITY = "Название", "Город или село", "Населённый пункт"
SPHERE, LIFE_SITUATIONS, SINCE = "Сфера", "Жизненные ситуации", "Участвует с"
COLUMNS = (NAME, SETTLEMENT, LOCALITY, SPHERE, LIFE_SITUATIONS, SINCE)
REQUIRED = (NAME, SETTLEMENT, LOCALITY)


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What becomes of a row. `institution` is None for a new one; `changes` says in words what becomes different."""

    number: int
    particulars: Particulars
    institution: Institution | None
    starts: tuple[tuple[LifeSituation, date], ...]
    changes: tuple[str, ...]

    @property
    def known(self) -> Institution:
        assert self.institution is not None
        return self.institution

    @property
    def is_new(self) -> bool:
        return self.institution is None

    @property
    def is_changed(self) -> bool:
        return self.institution is not None and bool(self.changes)


@dataclass(frozen=True, slots=True)
class Plan:
    rows: list[RowPlan]

    @property
    def new(self) -> int:
        return sum(row.is_new for row in self.rows)

    @property
    def changed(self) -> int:
        return sum(row.is_changed for row in self.rows)

    @property
    def unchanged(self) -> int:
        return len(self.rows) - self.new - self.changed

    @property
    def is_empty(self) -> bool:
        return not (self.new or self.changed)

    @property
    def digest(self) -> str:
        """The same for plans that would store the same."""
        return digest_of(
            [(row.institution.pk if row.institution else 0, str(row.particulars), row.changes) for row in self.rows]
        )


def read_sheet(content: bytes | IO[bytes]) -> SheetRows:
    """The sheet of a file. Raises ImportRefused."""
    return read_workbook(content, max_rows=MAX_ROWS)


def make_plan(sheet: SheetRows, *, region: Region, by: User, at: datetime) -> Plan:
    """What loading the sheet would do. Raises PermissionDenied, and ImportRefused with all problems of the file."""
    require(by, Permission.INSTITUTION_MANAGE, region)
    reader = _Reader(region, by, region.local_date(at))
    rows = reader.read(sheet)
    reader.refuse_problems()
    return Plan(rows)


def load(sheet: SheetRows, *, region: Region, seen: str, by: User, at: datetime) -> Plan:
    """Store what the sheet holds, all or nothing; `seen` is the digest of the plan the person had before their eyes.

    Raises PermissionDenied, ImportRefused, ChangedMeanwhile.
    """

    def plan_now() -> Plan:
        return make_plan(sheet, region=region, by=by, at=at)

    try:
        return load_seen(plan_now, lambda plan: _store(plan, region, by, at), region=region, seen=seen)
    except IntegrityError as error:
        # Somebody has just entered one of these institutions by hand.
        raise ChangedMeanwhile(plan_now()) from error


def _store(plan: Plan, region: Region, by: User, at: datetime) -> None:
    made = [
        (
            Institution(
                region=region,
                name=row.particulars.name,
                settlement=row.particulars.settlement,
                locality=row.particulars.locality,
                sphere=row.particulars.sphere,
            ),
            row.starts,
        )
        for row in plan.rows
        if row.is_new
    ]
    # Thousands at once, each with its line in the history.
    _store_new([institution for institution, _ in made], Institution, by, at)
    started = [
        Participation(institution=institution, life_situation=life_situation, since=since)
        for institution, starts in made
        for life_situation, since in starts
    ]
    _store_new(started, Participation, by, at)

    changed = [row for row in plan.rows if row.is_changed]
    for row, institution in zip(changed, locked_rows(*(row.known for row in changed)), strict=True):
        names = differences(institution, row.particulars)
        for name in names:
            setattr(institution, name, getattr(row.particulars, name))
        if names:
            save_row(institution, by, at, names)
        for life_situation, since in row.starts:
            begin(institution, life_situation, since, None, by, at)


def _store_new(rows: list[Any], model: type[Model], by: User, at: datetime) -> None:
    bulk_create_with_history(rows, model, batch_size=500, default_user=by, default_date=at)


# Reading --------------------------------------------------------------------------------------------------------------


@dataclass
class _Reader(SheetReader):
    TITLES = COLUMNS
    REQUIRED = REQUIRED
    NO_ROWS = "Нет ни одной строки с учреждением: они начинаются со строки 2"

    region: Region
    by: User
    today: date

    def __post_init__(self) -> None:
        places = RegionLifeSituation.objects.filter(region=self.region).permitting(
            self.by, Permission.LIFE_SITUATION_RUN
        )
        self.places = {one.life_situation: one for one in places.select_related("life_situation")}
        self.life_situations = by_words(self.places, lambda one: (one.code, one.short_title, one.title))
        self.spheres = by_words(Direction.objects.all(), lambda one: (one.code, one.title))
        self.settlements = by_words(Institution.Settlement, lambda one: (one.value, one.label))
        names = Institution.objects.filter(region=self.region).values_list("pk", "name")
        self.known = {plain_name(name): pk for pk, name in names}

    def read(self, sheet: SheetRows) -> list[RowPlan]:
        """The rows that can be taken; what cannot is left in `found`."""
        data = self.filled_rows(sheet)
        institutions = self._institutions(row for _, row in data)
        first: dict[str, int] = {}
        plans = [self._read_row(number, row, institutions, first) for number, row in data]
        return [plan for plan in plans if plan]

    def _institutions(self, rows: Iterable[list[CellValue]]) -> dict[str, Institution]:
        """The institutions of the region that the file names, with their participations, by plain name."""
        names = {plain_name(str(self.cell(row, NAME))) for row in rows}
        wanted = [self.known[name] for name in names if name in self.known]
        found = Institution.objects.select_related("sphere", "merged_into").prefetch_related("participations")
        return {plain_name(one.name): one for one in found.filter(pk__in=wanted)}

    def _read_row(
        self, number: int, row: list[CellValue], institutions: Mapping[str, Institution], first: dict[str, int]
    ) -> RowPlan | None:
        before = len(self.found)
        name = self.take(number, row, NAME, lambda value: line_of(value, 300))
        settlement = self.take(number, row, SETTLEMENT, lambda value: one_of(self.settlements, value))
        locality = self.take(number, row, LOCALITY, lambda value: line_of(value, 150))
        sphere = self.take(number, row, SPHERE, lambda value: one_of(self.spheres, value))
        situations = self.take(number, row, LIFE_SITUATIONS, self._several) or []
        since = self.take(number, row, SINCE, self._day)
        if situations and not is_filled(self.cell(row, SINCE)):
            self.blame(number, self.columns.get(SINCE), "укажите, с какого дня учреждение участвует")
        if name:
            if plain_name(name) in first:
                self.blame(number, self.columns[NAME], f"это учреждение уже есть в строке {first[plain_name(name)]}")
            first.setdefault(plain_name(name), number)
        institution = institutions.get(plain_name(name)) if name else None
        if institution and institution.merged_into:
            self.blame(number, self.columns[NAME], f"учреждение присоединено к «{institution.merged_into}»")
        elif institution and institution.closed_on:
            self.blame(number, self.columns[NAME], f"учреждение закрыто {institution.closed_on:%d.%m.%Y}")
        starts = self._starts(number, institution, situations, since)
        if len(self.found) > before or name is None or settlement is None or locality is None:
            return None
        if institution is None:
            particulars = Particulars(name, settlement.value, locality, sphere)
        else:
            # Another way to write the same name is no reason to rename.
            particulars = Particulars(institution.name, settlement.value, locality, sphere or institution.sphere)
        changes = [f"{one}: участвует с {since:%d.%m.%Y}" for one, since in starts]
        if institution:
            changes = [*_changes(institution, particulars), *changes]
        return RowPlan(number, particulars, institution, tuple(starts), tuple(changes))

    def _several(self, value: CellValue) -> list[LifeSituation]:
        found = several_taken(self.life_situations, value)
        if len(set(found)) < len(found):
            raise WrongCell("одна жизненная ситуация названа дважды")
        return found

    def _day(self, value: CellValue) -> date:
        day = _date(value)
        if abs(day - self.today) > FURTHEST:
            raise WrongCell(f"{day:%d.%m.%Y} — слишком далёкий день, проверьте год")
        return day

    def _starts(
        self, number: int, institution: Institution | None, situations: list[LifeSituation], since: date | None
    ) -> list[tuple[LifeSituation, date]]:
        """The participations that are missing."""
        starts: list[tuple[LifeSituation, date]] = []
        for one in situations if since else []:
            assert since is not None
            taken_on = self.places[one].since
            rows = (
                [row for row in institution.participations.all() if row.life_situation_id == one.pk]
                if institution
                else []
            )
            later = [row for row in rows if row.since > since]
            if since < taken_on:
                self.blame(number, self.columns[SINCE], f"регион взял ЖС «{one}» только {taken_on:%d.%m.%Y}")
            elif any(row.is_in_force(since) for row in rows):
                continue
            elif later:
                self.blame(
                    number, self.columns[SINCE], f"на портале учреждение участвует в ЖС «{one}» {days_of(later[0])}"
                )
            else:
                starts.append((one, since))
        return starts


def _changes(institution: Institution, particulars: Particulars) -> list[str]:
    """What becomes different, in words: «населённый пункт: Бор → Кстово»."""
    now = Institution.Settlement(particulars.settlement).label
    words = {
        "settlement": f"город или село: {institution.get_settlement_display()} → {now}",
        "locality": f"населённый пункт: {institution.locality} → {particulars.locality}",
        "sphere": f"сфера: {institution.sphere or 'не указана'} → {particulars.sphere}",
    }
    return [words[name] for name in differences(institution, particulars)]


def _date(value: CellValue) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        for pattern in ("%d.%m.%Y", "%Y-%m-%d"):
            with suppress(ValueError):
                return datetime.strptime(value.strip(), pattern).date()
    if isinstance(value, CellError):
        raise WrongCell(f"в ячейке {value.problem}")
    shown = f"{value:g}" if isinstance(value, int | float) else str(value)
    raise WrongCell(f"«{short(shown)}» — не дата; впишите её в виде день.месяц.год, например 01.09.2026")


# The empty file -------------------------------------------------------------------------------------------------------

_WIDTHS = {NAME: 60, SETTLEMENT: 16, LOCALITY: 28, SPHERE: 32, LIFE_SITUATIONS: 50, SINCE: 16}


def build_template(region: Region) -> bytes:
    """An empty file for the institutions of a region, with what may be written into it."""
    workbook, sheet = start_template("Учреждения", _WIDTHS, dates=(SINCE,))
    _offer(sheet, SETTLEMENT, [str(one.label) for one in Institution.Settlement])
    _offer(sheet, SPHERE, [one.title for one in Direction.objects.all()])
    add_guide(workbook, _guide(region))
    return packed(workbook)


def _guide(region: Region) -> Iterable[str]:
    yield "Одна строка — одно учреждение. Названия столбцов в первой строке не меняйте."
    yield f"Обязательные столбцы: {'; '.join(REQUIRED)}."
    yield f"{LIFE_SITUATIONS} — короткие названия или коды через точку с запятой. {SINCE} — день в виде 01.09.2026."
    yield (
        "Учреждение узнаётся по названию. Если оно уже есть, изменится только то, что в файле написано иначе; пустая"
        " ячейка ничего не меняет. Файл можно загружать снова: второй раз ничего не добавится."
    )
    yield f"В файле не больше {MAX_ROWS} учреждений. Сначала портал покажет, что изменится, и только потом загрузит."
    yield "Жизненные ситуации, взятые регионом:"
    for place in RegionLifeSituation.objects.filter(region=region).select_related("life_situation"):
        yield f"— {place.life_situation.short_title} (код {place.life_situation.code}), с {place.since:%d.%m.%Y}"


def _offer(sheet: Worksheet, title: str, values: list[str]) -> None:
    listed = ",".join(safe_text(value) for value in values)
    # A list inside a rule is parted by commas, and Excel refuses files where it is longer than this.
    if not values or len(listed) > 250 or '"' in listed or any("," in value for value in values):
        return
    add_choice(sheet, COLUMNS.index(title) + 1, f'"{listed}"', max_rows=MAX_ROWS)
