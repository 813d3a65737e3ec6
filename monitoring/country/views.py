"""The map of the country: every region in one value, and the same as a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import django_tables2 as tables
from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import F, FloatField, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from monitoring.country.comparing import (
    UNKNOWN,
    RegionValue,
    Scale,
    fixed_scale,
    published_values,
    readiness_values,
    scale_of,
)
from monitoring.display import DASH, NBSP, Unit, number
from monitoring.models import Collection, ReportingPeriod
from monitoring.quarters.rows import CATALOGUE
from regions.lists import NUMBER, ListTable, by_row, list_response
from regions.models import LifeSituation, Region, RegionLifeSituation
from regions.permissions import Permission, may_anywhere
from regions.tiles import SIZE, Tile, grid

READINESS = "readiness"


class CountryForm(forms.Form):
    """What the map shows. What is not chosen stands at the first measure, ЖС and quarter there are."""

    measure = forms.ChoiceField(label="Показатель")
    life_situation = forms.ModelChoiceField(
        LifeSituation.objects.none(), to_field_name="code", label="ЖС для показателя", required=False, empty_label=None
    )
    period = forms.ModelChoiceField(
        ReportingPeriod.objects.none(),
        to_field_name="code",
        label="Квартал для показателя",
        required=False,
        empty_label=None,
    )

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        sees_readiness: bool,
        situations: QuerySet[LifeSituation],
        periods: QuerySet[ReportingPeriod],
    ) -> None:
        measures = [(READINESS, "Готовность инфраструктуры")] if sees_readiness else []
        measures += [(one.code, one.full_title) for one in CATALOGUE.values()]
        situation, period = situations.first(), periods.first()
        filled = {
            "measure": measures[0][0],
            "life_situation": situation.code if situation else "",
            "period": period.code if period else "",
        }
        super().__init__({**filled, **{name: value for name, value in data.items() if value}})
        measure_field, situation_field, period_field = (self.fields[name] for name in filled)
        assert isinstance(measure_field, forms.ChoiceField)
        assert isinstance(situation_field, forms.ModelChoiceField)
        assert isinstance(period_field, forms.ModelChoiceField)
        measure_field.choices = measures
        situation_field.queryset = situations
        period_field.queryset = periods


class CountryTable(ListTable):
    name = tables.Column("Регион")
    federal_district = tables.Column("Федеральный округ", default="")
    value = tables.Column("Значение", attrs=NUMBER, empty_values=())

    class Meta(ListTable.Meta):
        model = Region
        fields: tuple[str, ...] = ("name", "federal_district", "value")

    def __init__(self, *args: Any, values: Mapping[int, RegionValue], urls: Mapping[int, str], **kwargs: Any) -> None:
        self.values = values
        self.urls = urls
        super().__init__(*args, **kwargs)

    def of(self, record: Region) -> RegionValue:
        return self.values.get(record.pk, UNKNOWN)

    def render_name(self, record: Region) -> str:
        url = self.urls.get(record.pk)
        return format_html('<a href="{}">{}</a>', url, record.name) if url else record.name

    def value_name(self, value: str) -> str:
        return value

    def render_value(self, record: Region) -> str:
        return self.of(record).text or DASH

    def value_value(self, record: Region) -> float | None:
        found = self.of(record).value
        return None if found is None else float(found)

    def order_value(self, rows: QuerySet[Region], is_descending: bool) -> tuple[QuerySet[Region], bool]:
        # On both databases alike: regions without a value come last, whichever way it is sorted.
        value = F("value").desc(nulls_last=True) if is_descending else F("value").asc(nulls_last=True)
        return rows.order_by(value, "name"), True


class MeasureTable(CountryTable):
    interval = tables.Column("Интервал 95 %", accessor="pk", orderable=False, attrs=NUMBER)
    answers = tables.Column("Ответов", accessor="pk", orderable=False, attrs=NUMBER)
    note = tables.Column("Примечание", accessor="pk", orderable=False)

    class Meta(CountryTable.Meta):
        fields = (*CountryTable.Meta.fields, "interval", "answers", "note")

    def render_interval(self, record: Region) -> str:
        return self.of(record).interval

    value_interval = render_interval

    def render_answers(self, record: Region) -> str:
        found = self.of(record).answers
        return "" if found is None else number(found)

    def value_answers(self, record: Region) -> int | None:
        return self.of(record).answers

    def render_note(self, record: Region) -> str:
        return self.of(record).note

    value_note = render_note


class ReadinessTable(CountryTable):
    bodies_exist = tables.Column("РШ, РЭГ, РСУ")
    roadmaps_exist = tables.Column("Карты")
    indicators_approved = tables.Column("Показатели")
    reached_on = tables.DateColumn(
        verbose_name="Достигнута", accessor="infrastructure_reached_on", format="d.m.Y", default=""
    )

    class Meta(CountryTable.Meta):
        fields = (*CountryTable.Meta.fields, "bodies_exist", "roadmaps_exist", "indicators_approved", "reached_on")

    def render_bodies_exist(self, value: bool, record: Region) -> str:
        # What was reached is not measured again: the facts are those of that day.
        return "да" if value or record.readiness.reached_on else "нет"

    value_bodies_exist = render_bodies_exist
    render_roadmaps_exist = value_roadmaps_exist = render_bodies_exist
    render_indicators_approved = value_indicators_approved = render_bodies_exist

    def value_reached_on(self, value: date) -> date:
        return value


@dataclass(frozen=True, slots=True)
class MapTile:
    """A tile with what it says: the region, its value, its colour (0: none), and where it leads, if anywhere."""

    tile: Tile
    name: str
    shown: RegionValue
    step: int
    url: str

    @property
    def title(self) -> str:
        return f"{self.name}: {self.shown.full}"

    @property
    def number(self) -> str:
        return self.shown.text.split(NBSP)[0] or DASH


@require_safe
def country(request: SignedInRequest) -> HttpResponse:
    """All regions in one value: their readiness, or an indicator of a published quarter."""
    user = request.user
    if not may_anywhere(user, Permission.COUNTRY_VIEW):
        raise PermissionDenied
    sees_regions = may_anywhere(user, Permission.REGION_VIEW)
    published = Collection.objects.published().permitting(user, Permission.RESULTS_VIEW)
    form = CountryForm(
        request.GET.dict(),
        sees_readiness=sees_regions,
        situations=LifeSituation.objects.filter(regions__collections__in=published).distinct(),
        periods=ReportingPeriod.objects.filter(collections__in=published).distinct().order_by("-opens_on"),
    )
    form.full_clean()
    chosen = {name: form.cleaned_data.get(name) for name in form.fields}
    is_readiness = chosen["measure"] == READINESS
    regions = Region.objects.permitting(user, Permission.RESULTS_VIEW)
    if is_readiness:
        regions = Region.objects.permitting(user, Permission.REGION_VIEW).with_readiness(timezone.now())
    shown = list(regions)
    values, scale = _values_and_scale(user, chosen, shown if is_readiness else [])
    urls = _urls(user, shown)
    rows = regions.annotate(
        value=by_row({pk: float(one.value) for pk, one in values.items() if one.value is not None}, FloatField())
    )
    known = sum(one.value is not None for one in values.values())
    kind = ReadinessTable if is_readiness else MeasureTable
    context = {
        "form": form,
        **_map(shown, values, scale, urls),
        "subject": _subject(chosen),
        "sees_readiness": sees_regions,
        "known": known,
        "all": len(shown),
        "has_few": any(one.is_few for one in values.values()),
        "has_none": known < len(shown),
    }
    table = kind(rows.order_by(F("value").desc(nulls_last=True), "name"), values=values, urls=urls)
    return list_response(request, table, "monitoring/country.html", context, file_name="country")


def _values_and_scale(
    user: User, chosen: dict[str, Any], regions: list[Region]
) -> tuple[dict[int, RegionValue], Scale]:
    if chosen["measure"] == READINESS:
        return readiness_values(regions), fixed_scale(0, 100, Unit.PERCENT)
    measure = CATALOGUE.get(chosen["measure"] or "")
    if measure is None or not chosen["life_situation"] or not chosen["period"]:
        return {}, Scale(())
    values = published_values(user, measure=measure, life_situation=chosen["life_situation"], period=chosen["period"])
    return values, scale_of(values.values(), measure)


def _subject(chosen: dict[str, Any]) -> str:
    """What the numbers are of, in words."""
    if chosen["measure"] == READINESS:
        return "Готовность инфраструктуры: сколько из трёх фактов есть, %"
    measure = CATALOGUE.get(chosen["measure"] or "")
    if measure is None or not chosen["life_situation"] or not chosen["period"]:
        return ""
    return f"{measure.full_title}. {chosen['life_situation']}, {chosen['period']}"


def _urls(user: User, regions: list[Region]) -> dict[int, str]:
    """Where a region leads: to its card, or for who sees only what is published to its quarters, if it has any."""
    cards = set(Region.objects.permitting(user, Permission.REGION_VIEW).values_list("pk", flat=True))
    places = RegionLifeSituation.objects.permitting(user, Permission.RESULTS_VIEW)
    with_quarters = set(places.values_list("region", flat=True)) - cards
    names = {**dict.fromkeys(with_quarters, "region"), **dict.fromkeys(cards, "region-card")}
    return {one.pk: reverse(names[one.pk], args=[one.code]) for one in regions if one.pk in names}


def _map(
    regions: list[Region], values: Mapping[int, RegionValue], scale: Scale, urls: Mapping[int, str]
) -> dict[str, Any]:
    by_code = {one.code: one for one in regions}
    layout = grid(by_code)

    def filled(tile: Tile) -> MapTile:
        region = by_code[tile.code]
        found = values.get(region.pk, UNKNOWN)
        step = scale.step_of(found)
        return MapTile(tile, region.name, found, step.number if step else 0, urls.get(region.pk, ""))

    return {"layout": layout, "tiles": [filled(tile) for tile in layout.tiles], "scale": scale, "tile_size": SIZE}
