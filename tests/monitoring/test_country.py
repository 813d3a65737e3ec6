"""The map of the country: a tile for each region, readiness for the Agency, published values for everybody above."""

import csv
import io
import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from accounts.models import User
from monitoring.country.comparing import NO_DATA, STEPS, RegionValue, Scale, fixed_scale, scale_of
from monitoring.display import Unit
from monitoring.models import Collection
from monitoring.quarters.kpi import Scheme
from monitoring.quarters.results import InstitutionInput, compute
from monitoring.quarters.rows import CATALOGUE
from regions.models import LifeSituation, Region, RegionLifeSituation
from regions.roles import FEDERAL_ROLES, Role
from regions.services.readiness import remeasure
from regions.tiles import SIZE, grid, tiles
from tests.factories import REGIONS, LifeSituationFactory, MembershipFactory, RegionFactory
from tests.monitoring.quarter import THRESHOLDS, counts
from tests.regions.test_readiness import ready_region
from tests.world import period

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
QUARTER = {"measure": "satisfaction", "life_situation": "employment-centre", "period": "2026-Q4"}


# The grid


def test_every_region_has_its_own_cell_and_a_short_label():
    placed = tiles()
    with (REGIONS / "regions.csv").open(encoding="utf-8", newline="") as file:
        assert placed.keys() == {row["code"] for row in csv.DictReader(file)}
    assert len(placed) == 89
    assert max(Counter((one.row, one.column) for one in placed.values()).values()) == 1
    assert max(Counter(one.label for one in placed.values()).values()) == 1
    assert all(2 <= len(one.label) <= 4 for one in placed.values())


@pytest.mark.parametrize(
    ("west", "east"), [("RU-KGD", "RU-PSK"), ("RU-MOW", "RU-NIZ"), ("RU-SVE", "RU-TYU"), ("RU-IRK", "RU-SAK")]
)
def test_the_map_is_recognisable_from_west_to_east(west, east):
    assert tiles()[west].column < tiles()[east].column


@pytest.mark.parametrize(
    ("north", "south"), [("RU-MUR", "RU-KR"), ("RU-LEN", "RU-MOW"), ("RU-VOR", "RU-KDA"), ("RU-CHU", "RU-KAM")]
)
def test_and_from_north_to_south(north, south):
    assert tiles()[north].row < tiles()[south].row


def test_a_region_the_layout_does_not_know_stands_below_the_others():
    layout = grid([*tiles(), "RU-NEW", "RU-XX"])
    unknown = [one for one in layout.tiles if one.code in ("RU-NEW", "RU-XX")]
    assert [one.label for one in unknown] == ["NEW", "XX"]
    known = [one for one in layout.tiles if one not in unknown]
    assert min(one.row for one in unknown) > max(one.row for one in known)
    assert len({(one.row, one.column) for one in layout.tiles}) == 91
    assert all(one.x + SIZE < layout.width and one.y + SIZE < layout.height for one in layout.tiles)


# The colours


def value(number: str | None, **fields: object) -> RegionValue:
    return RegionValue(value=None if number is None else Decimal(number), text=number or "", **fields)


def steps_of(scale: Scale, *numbers: str) -> list[int | None]:
    found = [scale.step_of(value(one)) for one in numbers]
    return [step.number if step else None for step in found]


def test_five_equal_steps_without_gaps_from_the_least_to_the_greatest():
    scale = scale_of([value("50.0"), value("61.3"), value("75.0"), value(None)], CATALOGUE["satisfaction"])
    assert [step.number for step in scale.steps] == [1, 2, 3, 4, 5]
    assert (scale.steps[0].low, scale.steps[-1].high) == (50, 75)
    assert all(later.low - earlier.high == Decimal("0.1") for earlier, later in pairwise(scale.steps))
    assert steps_of(scale, "50.0", "54.9", "55.0", "69.9", "70.0", "75.0") == [1, 1, 2, 4, 5, 5]
    assert scale.steps[0].text == "50,0…54,9\u00a0%"


def test_where_less_is_better_the_least_is_the_darkest():
    scale = scale_of([value("5.0"), value("30.0")], CATALOGUE["days"])
    assert steps_of(scale, "5.0", "30.0") == [5, 1]
    assert scale.steps[-1].text == "5,0…9,9\u00a0дня"


@pytest.mark.parametrize(
    ("numbers", "count"), [([], 0), (["80.0"], 1), (["80.0", "80.0"], 1), (["80.0", "80.1"], 2), (["-20.0", "70.0"], 5)]
)
def test_as_many_steps_as_the_values_differ(numbers, count):
    scale = scale_of([value(one) for one in numbers], CATALOGUE["nps"])
    assert len(scale.steps) == count
    assert None not in steps_of(scale, *numbers)
    if count:
        assert max(step.number for step in scale.steps) == STEPS


def test_few_answers_get_a_number_and_no_colour():
    few = value("99.0", is_few=True)
    scale = scale_of([few, value("50.0"), value("60.0")], CATALOGUE["satisfaction"])
    assert scale.steps[-1].high == 60
    assert scale.step_of(few) is None and scale.step_of(value(None)) is None


def test_readiness_has_fixed_steps():
    scale = fixed_scale(0, 100, Unit.PERCENT)
    assert steps_of(scale, "0.0", "33.3", "66.7", "100.0") == [1, 2, 4, 5]


# The page


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False):
        yield


def person(role: Role, region: Region | None = None) -> User:
    return MembershipFactory(role=role, **({"region": region} if region else {})).user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def look(user: User, **query: str) -> str:
    response = signed_in(user).get(reverse("country"), query)
    assert response.status_code == 200
    page = response.content.decode()
    # Spaces between tags, but not those that hold a number and its unit together.
    return re.sub(r"[ \n]+", " ", page[page.index("<main") : page.index("</main")])


def tile(page: str, region: Region) -> str:
    """The tile of a region: from its opening to its end."""
    found = re.search(rf'<(a|g) [^>]*aria-label="{region.name}: .*?</\1>', page)
    assert found, region.name
    return found[0]


def publish(
    region: Region,
    satisfied: tuple[int, int],
    *,
    code: str = "2026-Q4",
    state: str = Collection.State.PUBLISHED,
    situation: LifeSituation | None = None,
) -> Collection:
    """A quarter of one institution with `satisfied` of so many answers."""
    positive, n = satisfied
    situation = situation or LifeSituationFactory()
    place, _ = RegionLifeSituation.objects.get_or_create(
        region=region, life_situation=situation, defaults={"since": NOON.date()}
    )
    found = compute(
        region=region.code,
        life_situation=situation.code,
        period=code,
        scheme=Scheme.RESPONDENTS,
        decision="№ 1",
        inputs=[InstitutionInput(1, "ЦЗН", "town", 1000, counts((n, positive), (n, n // 2, 0), {5: n}))],
        thresholds=THRESHOLDS,
        computed_at=NOON.isoformat(),
    )
    return Collection.objects.create(
        region_life_situation=place,
        period=period(code),
        state=state,
        snapshot=found.document(),
        calculated_at=NOON,
        published_at=NOON if state == Collection.State.PUBLISHED else None,
    )


@pytest.mark.django_db
def test_the_agency_sees_readiness_first(clock):
    ready, bare = ready_region(), RegionFactory(code="RU-TYU")
    remeasure(ready, at=NOON)
    page = look(person(Role.AGENCY_ANALYST))
    assert f"{ready.name}: 100\u00a0%, достигнута 22.11.2026" in tile(page, ready)
    assert "tile-5" in tile(page, ready) and reverse("region-card", args=[ready.code]) in tile(page, ready)
    assert f"{bare.name}: 0\u00a0%" in tile(page, bare) and "tile-1" in tile(page, bare)


@pytest.mark.django_db
def test_a_tile_says_what_it_is_in_words_and_not_by_colour_alone(clock):
    region = RegionFactory()
    publish(region, (45, 60))
    found = tile(look(person(Role.AGENCY_ANALYST), **QUARTER), region)
    assert f"<title>{region.name}: 75,0\u00a0%" in found
    assert ">НН</text>" in found and ">75,0</text>" in found
    assert "style=" not in found


@pytest.mark.django_db
@pytest.mark.parametrize("role", sorted(FEDERAL_ROLES))
def test_only_published_quarters_give_values(clock, role):
    shown, calculated, other = RegionFactory(), RegionFactory(code="RU-TYU"), RegionFactory(code="RU-KAM")
    publish(shown, (45, 60))
    publish(calculated, (54, 60), state=Collection.State.CALCULATED)
    publish(other, (48, 60), code="2026-Q3")
    page = look(person(role), **QUARTER)
    assert "75,0" in tile(page, shown)
    for region in (calculated, other):
        assert NO_DATA in tile(page, region) and "tile-0" in tile(page, region)
    assert "90,0" not in page and "80,0" not in page
    assert "80,0" in tile(look(person(role), **{**QUARTER, "period": "2026-Q3"}), other)


@pytest.mark.django_db
def test_another_life_situation_is_another_map(clock):
    region = RegionFactory()
    publish(region, (45, 60))
    publish(region, (54, 60), situation=LifeSituationFactory(code="social-home-care"))
    user = person(Role.FEDERAL_OBSERVER)
    assert "75,0" in tile(look(user, **QUARTER), region)
    assert "90,0" in tile(look(user, **{**QUARTER, "life_situation": "social-home-care"}), region)
    assert "нет ответов" not in tile(look(user, **{**QUARTER, "measure": "days"}), region)


@pytest.mark.django_db
@pytest.mark.parametrize("kept", ["hidden when it was calculated", "left in the snapshot by mistake"])
def test_a_small_value_is_hidden_on_the_map_in_the_list_and_in_the_file(clock, kept):
    region, other = RegionFactory(), RegionFactory(code="RU-TYU")
    publish(other, (45, 60))
    small = publish(region, (6, 7), state=Collection.State.CALCULATED)
    if kept == "left in the snapshot by mistake":
        small.snapshot["values"]["satisfaction"] = {"value": 85.7, "low": 48.7, "high": 97.4, "n": 7}
    small.state, small.published_at = Collection.State.PUBLISHED, NOON
    small.save()
    user = person(Role.AGENCY_ANALYST)
    page = look(user, **QUARTER)
    assert "нет значения: меньше 10 ответов" in tile(page, region) and "tile-0" in tile(page, region)
    assert "85,7" not in page and "48,7" not in page
    rows = download(user, **QUARTER)
    assert rows[region.name]["Значение"] == "" and rows[region.name]["Интервал 95 %"] == ""
    assert rows[other.name]["Значение"] == 75


def download(user: User, **query: str) -> dict[str, dict[str, object]]:
    content = signed_in(user).get(reverse("country"), {**query, "format": "xlsx"}).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    return {str(row[0]): dict(zip(rows[0], row, strict=True)) for row in rows[1:]}


@pytest.mark.django_db
def test_few_answers_are_marked_and_not_coloured(clock):
    region = RegionFactory()
    publish(region, (15, 20))
    page = look(person(Role.FEDERAL_OBSERVER), **QUARTER)
    assert "мало данных" in tile(page, region) and "75,0" in tile(page, region) and "tile-0" in tile(page, region)
    assert "число без цвета — мало данных" in page


@pytest.mark.django_db
def test_the_observer_sees_no_readiness_and_no_cards(clock):
    region, empty = ready_region(), RegionFactory(code="RU-TYU")
    remeasure(region, at=NOON)
    publish(region, (45, 60))
    observer = person(Role.FEDERAL_OBSERVER)
    for page in (look(observer), look(observer, measure="readiness")):
        assert "отовност" not in page and "достигнута" not in page and "/card/" not in page
    page = look(observer)
    assert "75,0" in tile(page, region), "without a choice: the first measure of the newest published quarter"
    assert f'href="{reverse("region", args=[region.code])}"' in tile(page, region)
    # A region without ЖС has no page for the observer.
    assert "href" not in tile(page, empty)
    assert NO_DATA in tile(look(observer, measure="readiness"), region)
    columns = next(iter(download(observer).values())).keys()
    assert "Показатели" not in columns and "Достигнута" not in columns


@pytest.mark.django_db
@pytest.mark.parametrize("role", [role for role in Role if role not in FEDERAL_ROLES])
def test_people_of_regions_have_no_map(clock, role):
    user = MembershipFactory(role=role).user
    assert signed_in(user).get(reverse("country")).status_code == 403


@pytest.mark.django_db
def test_who_observes_the_country_and_works_in_one_region_sees_the_readiness_of_that_one(clock):
    own, other = ready_region(), ready_region("RU-TYU")
    user = person(Role.FEDERAL_OBSERVER)
    MembershipFactory(user=user, role=Role.EXPERT, region=own)
    page = look(user, measure="readiness")
    assert own.name in page and other.name not in page
    page = look(user, **QUARTER)
    assert reverse("region-card", args=[own.code]) in tile(page, own)
    assert reverse("region", args=[other.code]) in tile(page, other)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        {"measure": "no-such"},
        {"measure": "satisfaction", "life_situation": "no-such"},
        {"measure": "satisfaction", "period": "1999-Q1"},
        {"page": "99", "sort": "no-such"},
    ],
)
def test_a_choice_that_does_not_exist_shows_no_numbers(clock, query):
    publish(RegionFactory(), (45, 60))
    page = look(person(Role.AGENCY_ANALYST), **query)
    assert "75,0" not in page
    assert ("error" in page) is ("sort" not in query)


@pytest.mark.django_db
@pytest.mark.parametrize(("sort", "order"), [("value", [60, 75, ""]), ("-value", [75, 60, ""])])
def test_the_list_sorts_with_regions_without_a_value_last(clock, sort, order):
    publish(RegionFactory(), (45, 60))
    publish(RegionFactory(code="RU-TYU"), (36, 60))
    RegionFactory(code="RU-KAM")
    rows = download(person(Role.AGENCY_ANALYST), **QUARTER, sort=sort)
    assert [row["Значение"] for row in rows.values()] == order


@pytest.mark.django_db
def test_a_value_stands_with_its_interval_and_the_number_of_answers(clock):
    region = RegionFactory()
    publish(region, (45, 60))
    row = download(person(Role.AGENCY_ANALYST), **QUARTER)[region.name]
    assert row == {
        "Регион": region.name,
        "Федеральный округ": "Приволжский",
        "Значение": 75,
        "Интервал 95 %": "62,8…84,2",
        "Ответов": 60,
        "Примечание": "",
    }


@pytest.mark.django_db
def test_readiness_is_downloaded_with_its_facts(clock):
    region = ready_region()
    region.commissioners.all().delete()
    row = download(person(Role.AGENCY_ANALYST))[region.name]
    assert (row["Значение"], row["РШ, РЭГ, РСУ"], row["Карты"], row["Достигнута"]) == (66.7, "нет", "да", "")


@pytest.mark.django_db
@pytest.mark.parametrize("query", [{}, QUARTER])
def test_the_map_asks_the_same_number_of_queries_for_one_region_and_for_all(clock, query):
    client = signed_in(person(Role.AGENCY_ANALYST))
    publish(RegionFactory(), (45, 60))

    def queries() -> int:
        client.get(reverse("country"), query)
        with CaptureQueriesContext(connection) as captured:
            response = client.get(reverse("country"), query)
        assert response.content.decode().count('class="tile tile-') == Region.objects.count()
        return len(captured)

    one = queries()
    for number, code in enumerate(tiles()):
        if code != "RU-NIZ":
            publish(RegionFactory(code=code), (20 + number % 40, 60))
    assert Region.objects.count() == 89
    assert queries() == one
