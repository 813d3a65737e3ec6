"""Columns and filters of the lists of data quality."""

from datetime import date
from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_tables2 import A

from regions.lists import NUMBER, ListTable, two_lines
from regions.models import Institution
from surveys.models import ExclusionCase
from surveys.quality.suspicions import Group, Overview

# The form the ticked groups are sent with: it stands below the list.
PROPOSAL = "proposal"
CASE_CHIPS = {
    ExclusionCase.State.PROPOSED: "progress",
    ExclusionCase.State.APPROVED: "good",
    ExclusionCase.State.DECLINED: "bad",
    ExclusionCase.State.WITHDRAWN: "neutral",
}


def percent(value: float) -> str:
    return f"{value:.0f}\u00a0%"


class OverviewTable(ListTable):
    """Institutions of a region with suspicious answers; `query` is the filter, which goes along to the institution."""

    name = tables.Column("Учреждение")
    situation_title = tables.Column("Жизненная ситуация")
    received = tables.Column("Ответов", attrs=NUMBER)
    suspicious = tables.Column("С признаками", attrs=NUMBER)
    share = tables.Column("Доля", attrs=NUMBER)
    marks = tables.Column("Какие признаки", orderable=False, empty_values=(), exclude_from_export=True)
    fast = tables.Column("Слишком быстро", visible=False)
    night = tables.Column("Ночью", visible=False)
    burst = tables.Column("Всплеск", visible=False)
    identical = tables.Column("Одинаковые", visible=False)
    address = tables.Column("С одного адреса", visible=False)
    excluded = tables.Column("Исключено", attrs=NUMBER)

    class Meta(ListTable.Meta):
        pass

    def __init__(self, rows: list[Overview], *, query: str) -> None:
        super().__init__(rows)
        self.query = query

    def render_name(self, record: Overview) -> SafeString:
        url = reverse("institution-quality", args=[record.institution.pk])
        return format_html(
            '<a href="{}?{}&life_situation={}">{}</a>', url, self.query, record.life_situation.code, record.name
        )

    def value_name(self, record: Overview) -> str:
        return record.name

    def render_share(self, value: float) -> str:
        return percent(value)

    def value_share(self, value: float) -> float:
        return round(value, 1)

    def render_marks(self, record: Overview) -> str:
        return ", ".join(f"{flag.title.lower()}:\u00a0{number}" for flag, number in record.marks)


class GroupTable(ListTable):
    """Groups of an institution's answers; of the ЖС in `may_propose` they can be ticked."""

    day = tables.Column("День")
    link_title = tables.Column("Ссылка")
    situation_title = tables.Column("Жизненная ситуация", visible=False)
    marks = tables.Column("Признаки", empty_values=())
    number = tables.Column("Ответов", attrs=NUMBER)
    of = tables.Column("Всего за день", attrs=NUMBER)
    share = tables.Column("Доля", attrs=NUMBER)
    state = tables.Column("Состояние")

    class Meta(ListTable.Meta):
        pass

    def __init__(self, rows: list[Group], *, may_propose: set[int]) -> None:
        super().__init__(rows)
        self.may_propose = may_propose

    def render_day(self, record: Group) -> SafeString | str:
        day = f"{record.day:%d.%m.%Y}"
        if record.is_waiting or record.life_situation.pk not in self.may_propose:
            return day
        return render_to_string("surveys/quality/_choice.html", {"group": record, "day": day, "form": PROPOSAL})

    def value_day(self, value: date) -> date:
        return value

    def render_link_title(self, record: Group) -> SafeString:
        return two_lines(record.link_title, record.situation_title)

    def value_link_title(self, record: Group) -> str:
        return record.link_title

    def render_marks(self, record: Group) -> str:
        return record.marks or "нет"

    def render_share(self, value: float) -> str:
        return percent(value)

    def value_share(self, value: float) -> float:
        return round(value, 1)


class CaseFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=ExclusionCase.State.choices, label="Состояние", empty_label="Все")
    kind = django_filters.ChoiceFilter(choices=ExclusionCase.Kind.choices, label="Что сделать", empty_label="Всё")
    institution = django_filters.ModelChoiceFilter(
        queryset=Institution.objects.none(), label="Учреждение", empty_label="Все учреждения"
    )

    class Meta:
        model = ExclusionCase
        fields = ("state", "kind", "institution")

    def __init__(self, data: Any, queryset: QuerySet[ExclusionCase], **options: Any) -> None:
        super().__init__(data, queryset, **options)
        concerned = Institution.objects.filter(pk__in=queryset.order_by().values("institution"))
        self.filters["institution"].queryset = concerned.order_by("name", "pk")


class CaseTable(ListTable):
    kind = tables.Column("Что сделать", linkify=("exclusion-case", [A("pk")]))
    institution = tables.Column("Учреждение", accessor="institution__name")
    life_situation = tables.Column("Жизненная ситуация", accessor="life_situation__short_title", visible=False)
    number = tables.Column("Ответов", attrs=NUMBER)
    first_day = tables.Column("За дни")
    last_day = tables.Column("По день", visible=False)
    proposed_by = tables.Column("Предложил", accessor="proposed_by__full_name")
    proposed_at = tables.DateTimeColumn(verbose_name="Когда", format="d.m.Y H:i")
    state = tables.Column("Состояние")
    decided_by = tables.Column("Решил", accessor="decided_by__full_name", default="", visible=False)
    decided_at = tables.DateTimeColumn(verbose_name="Решено", default="", visible=False)
    reason = tables.Column("Причина", visible=False)
    decision_reason = tables.Column("Пояснение к решению", visible=False)

    class Meta(ListTable.Meta):
        model = ExclusionCase
        fields = (
            "kind",
            "institution",
            "life_situation",
            "number",
            "first_day",
            "last_day",
            "proposed_by",
            "proposed_at",
            "state",
            "decided_by",
            "decided_at",
            "reason",
            "decision_reason",
        )

    def value_kind(self, record: ExclusionCase) -> str:
        return record.get_kind_display()

    def render_institution(self, record: ExclusionCase) -> SafeString:
        return two_lines(record.institution.name, record.life_situation.short_title)

    def value_institution(self, record: ExclusionCase) -> str:
        return record.institution.name

    def render_first_day(self, record: ExclusionCase) -> str:
        return days_of(record)

    def value_first_day(self, value: date) -> date:
        return value

    def value_last_day(self, value: date) -> date:
        return value

    def value_proposed_at(self, value: Any) -> Any:
        return value

    def value_decided_at(self, value: Any) -> Any:
        return value

    def render_state(self, record: ExclusionCase) -> str:
        chip = CASE_CHIPS[ExclusionCase.State(record.state)]
        return render_to_string("components/status.html", {"kind": chip, "text": record.get_state_display()})

    def value_state(self, record: ExclusionCase) -> str:
        return record.get_state_display()


def days_of(case: ExclusionCase) -> str:
    first, last = f"{case.first_day:%d.%m.%Y}", f"{case.last_day:%d.%m.%Y}"
    return first if first == last else f"{first} — {last}"
