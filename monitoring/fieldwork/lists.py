"""Columns of the list of institutions in a fieldwork."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from monitoring.display import NBSP, number
from monitoring.fieldwork.standing import Standing
from regions.lists import NUMBER, ListTable
from surveys.counting.statistics import round_half_up


def percent(rate: Fraction | None) -> Decimal | None:
    """A rate as a percentage with one place, rounded half up."""
    return None if rate is None else round_half_up(float(rate) * 100, 1)


class StandingTable(ListTable):
    """Institutions of a ЖС against the plan; `empty_links` says how many links of each have no answer yet."""

    name = tables.Column("Учреждение", accessor="institution__name")
    received = tables.Column("Получено", accessor="received__received", attrs=NUMBER)
    eligible = tables.Column("Учтено", accessor="received__eligible", attrs=NUMBER)
    needed = tables.Column("Нужно", accessor="plan__needed", attrs=NUMBER)
    left = tables.Column("Осталось", accessor="plan__left", attrs=NUMBER)
    per_day = tables.Column("В день", accessor="plan__per_day", attrs=NUMBER, default="—")
    last_on = tables.Column("Последний", accessor="received__last_on", default="—")
    rate = tables.Column("Отклик", accessor="offered_rate", attrs=NUMBER, default="—")
    state = tables.Column("Состояние", accessor="needs_a_word", order_by=("is_behind", "is_silent"))
    late = tables.Column("Не учтено: поздно", accessor="received__late", visible=False)
    excluded = tables.Column("Исключено", accessor="received__excluded", visible=False)
    served = tables.Column("Обслужено человек", accessor="served", visible=False)
    offered = tables.Column("Предложили ответить", accessor="offered", visible=False)
    served_rate = tables.Column("Ответы к обслуженным, %", accessor="served_rate", visible=False)
    offered_rate = tables.Column("Ответы к тем, кому предложили, %", accessor="offered_rate", visible=False)
    empty_links = tables.Column("Ссылок без ответов", accessor="institution__pk", visible=False)

    class Meta(ListTable.Meta):
        sequence = (
            *("name", "received", "eligible", "needed", "left", "per_day", "last_on", "rate", "state"),
            *("late", "excluded", "served", "offered", "served_rate", "offered_rate", "empty_links"),
        )

    def __init__(self, rows: list[Standing], *, query: str, empty_links: dict[int, int], **kwargs: Any) -> None:
        super().__init__(rows, **kwargs)
        self.query = query
        self.empty = empty_links

    def render_name(self, record: Standing, value: str) -> SafeString:
        url = reverse("institution-fieldwork", args=[record.institution.pk])
        return format_html('<a href="{}?{}">{}</a>', url, self.query, value)

    def value_name(self, value: str) -> str:
        return value

    def render_received(self, value: int) -> str:
        return number(value)

    render_eligible = render_needed = render_left = render_per_day = render_received

    def value_received(self, value: int) -> int:
        return value

    value_eligible = value_needed = value_left = value_received

    def value_per_day(self, record: Standing) -> int | None:
        return record.plan.per_day

    def render_last_on(self, value: date) -> str:
        return f"{value:%d.%m.%Y}"

    def value_last_on(self, record: Standing) -> date | None:
        return record.received.last_on

    def render_rate(self, value: Fraction) -> str:
        return f"{number(percent(value))}{NBSP}%"

    def value_rate(self, record: Standing) -> float | None:
        return _plain(record.offered_rate)

    def render_state(self, record: Standing) -> str:
        return render_to_string("monitoring/_standing_state.html", {"standing": record})

    def value_state(self, record: Standing) -> str:
        words = [
            "план набран" if record.plan.is_reached else "",
            "отстаёт от плана" if record.is_behind and not record.plan.is_reached else "",
            "молчит" if record.is_silent and not record.plan.is_reached else "",
            "ответов больше, чем людей" if record.has_too_many else "",
        ]
        return ", ".join(filter(None, words))

    def value_served(self, record: Standing) -> int | None:
        return record.served

    def value_offered(self, record: Standing) -> int | None:
        return record.offered

    def value_served_rate(self, record: Standing) -> float | None:
        return _plain(record.served_rate)

    def value_offered_rate(self, record: Standing) -> float | None:
        return _plain(record.offered_rate)

    def value_empty_links(self, record: Standing) -> int:
        return self.empty.get(record.institution.pk, 0)


def _plain(rate: Fraction | None) -> float | None:
    rounded = percent(rate)
    return None if rounded is None else float(rounded)
