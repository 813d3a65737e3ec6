"""Columns and filters of the list of reports."""

from datetime import datetime
from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from monitoring.models import Report, ReportingPeriod
from regions.lists import ListTable
from regions.models import Region

_PLACE = "collection__region_life_situation"


class ReportFilter(django_filters.FilterSet):
    """Filters of the reports a person may download; offers only what there are reports of."""

    period = django_filters.ModelChoiceFilter(
        queryset=ReportingPeriod.objects.none(),
        field_name="collection__period",
        to_field_name="code",
        label="Период",
        empty_label="Все периоды",
    )
    region = django_filters.ModelChoiceFilter(
        queryset=Region.objects.none(),
        field_name=f"{_PLACE}__region",
        to_field_name="code",
        label="Регион",
        empty_label="Все регионы",
    )

    class Meta:
        model = Report
        fields = ("period", "region")

    def __init__(self, data: Any, queryset: QuerySet[Report], **kwargs: Any) -> None:
        super().__init__(data, queryset, **kwargs)
        reports = queryset.order_by()
        periods = ReportingPeriod.objects.filter(collections__reports__in=reports).distinct()
        self.filters["period"].queryset = periods.order_by("-opens_on")
        regions = Region.objects.filter(life_situations__collections__reports__in=reports).distinct()
        if regions.count() > 1:
            self.filters["region"].queryset = regions
        else:
            del self.filters["region"]


class ReportTable(ListTable):
    region = tables.Column("Регион", accessor=f"{_PLACE}__region__name")
    life_situation = tables.Column("Жизненная ситуация", accessor=f"{_PLACE}__life_situation__short_title")
    period = tables.Column("Период", accessor="collection__period", order_by="collection__period__opens_on")
    made_at = tables.Column("Сделан")
    file = tables.Column("Файл", accessor="format")

    class Meta(ListTable.Meta):
        model = Report
        fields = ("region", "life_situation", "period", "made_at", "file")

    def render_life_situation(self, record: Report, value: str) -> str:
        place, period = record.collection.region_life_situation, record.collection.period
        url = reverse("collection", args=[place.region.code, place.life_situation.code, period.code])
        return format_html('<a href="{}">{}</a>', url, value)

    def value_life_situation(self, value: str) -> str:
        return value

    def render_made_at(self, value: datetime) -> str:
        return f"{timezone.localtime(value):%d.%m.%Y %H:%M}"

    def value_made_at(self, value: datetime) -> datetime:
        return value

    def render_file(self, record: Report) -> str:
        return render_to_string("monitoring/_download.html", {"report": record})

    def value_file(self, record: Report) -> str:
        return record.download_name
