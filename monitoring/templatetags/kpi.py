"""Numbers in templates, written as `monitoring.display` writes them everywhere."""

from decimal import Decimal

from django import template
from django.utils import timezone

from monitoring import display
from monitoring.models import Collection, ReportingPeriod
from monitoring.quarters import services
from monitoring.quarters.results import Thresholds
from monitoring.survey_results import words as survey_results_words
from regions.models import RegionLifeSituation
from surveys.counting.distributions import Bar
from surveys.counting.statistics import Estimate

register = template.Library()


@register.filter
def number(value: Decimal | float | None, digits: int | None = None) -> str:
    """`{{ row.clients|number }}`, `{{ row.mark|number:0 }}`: decimal comma, minus sign, a dash for nothing."""
    return display.number(value, digits)


@register.filter
def plural(count: int, forms: str) -> str:
    """`{{ count|plural:"ответ,ответа,ответов" }}`: the form of the noun after the number."""
    one, few, many = forms.split(",")
    return display.plural(count, one, few, many)


@register.filter
def counted(count: int, forms: str) -> str:
    """`{{ count|counted:"ответ,ответа,ответов" }}`: the number and the noun, never parted at a line's end."""
    one, few, many = forms.split(",")
    return display.counted(count, one, few, many)


@register.filter
def bar_words(bar: Bar) -> str:
    """`{{ bar|bar_words }}`: the numbers a bar stands for."""
    return survey_results_words.bar_words(bar)


@register.filter
def percent_of(count: int, n: int) -> str:
    """`{{ bar.count|percent_of:found.n }}`: «12,5»."""
    return display.number(100 * count / n, 1)


@register.inclusion_tag("components/status.html")
def quarter_state(place: RegionLifeSituation, period: ReportingPeriod, collection: Collection | None) -> dict[str, str]:
    """`{% quarter_state place period collection %}`: a chip; `collection` is None when nobody has worked on it."""
    kind, text = services.quarter_state(place, period, collection, timezone.now())
    return {"kind": kind, "text": text, "icon": "lock" if kind == "good" else ""}


@register.simple_tag
def shown(estimate: Estimate, unit: str, thresholds: Thresholds) -> display.Shown:
    """`{% shown estimate "percent" result.thresholds as value %}`: then `.text`, `.interval`, `.answers`, `.note`."""
    return display.shown(estimate, unit, thresholds)
