"""Columns and filters of the lists of links: of an institution, of a region's batches and of one batch."""

from datetime import date, datetime
from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from regions.lists import NUMBER, ListTable
from regions.models import LifeSituation
from surveys.models import LinkBatch, SurveyLink
from surveys.querysets import SurveyLinkQuerySet


class LinkFilter(django_filters.FilterSet):
    """By state, channel and ЖС; offers only the ЖС there are links of."""

    state = django_filters.ChoiceFilter(
        choices=SurveyLink.State.choices, method="filter_state", label="Состояние", empty_label="Все"
    )
    channel = django_filters.ChoiceFilter(
        choices=SurveyLink.Channel.choices, label="Как распространяется", empty_label="Все способы"
    )
    life_situation = django_filters.ModelChoiceFilter(
        queryset=LifeSituation.objects.none(),
        to_field_name="code",
        label="Жизненная ситуация",
        empty_label="Все жизненные ситуации",
    )

    class Meta:
        model = SurveyLink
        fields = ("state", "channel", "life_situation")

    def __init__(self, data: Any, queryset: SurveyLinkQuerySet, *, now: datetime, **kwargs: Any) -> None:
        super().__init__(data, queryset, **kwargs)
        self.now = now
        situations = LifeSituation.objects.filter(pk__in=queryset.order_by().values("life_situation"))
        if situations.count() > 1:
            self.filters["life_situation"].queryset = situations
        else:
            del self.filters["life_situation"]

    def filter_state(self, queryset: SurveyLinkQuerySet, name: str, value: str) -> QuerySet[SurveyLink]:
        return queryset.in_state(value, self.now)


class _Links(ListTable):
    """What lists of links have in common; `now` decides which of them are open."""

    state = tables.Column("Состояние", accessor="pk", orderable=False)
    opens_on = tables.Column("С дня")
    closes_on = tables.Column("По", default="—")
    answers = tables.Column("Ответов", attrs=NUMBER)
    target = tables.Column("Цель", visible=False)
    answers_today = tables.Column("Сегодня", attrs=NUMBER)
    last_answer_on = tables.Column("Последний", default="—")

    def __init__(self, *args: Any, now: datetime, may_manage: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.may_manage = may_manage

    def render_state(self, record: SurveyLink) -> str:
        return render_to_string("surveys/_link_state.html", {"state": record.state(self.now)})

    def value_state(self, record: SurveyLink) -> str:
        return str(record.state(self.now).label)

    def render_answers(self, record: SurveyLink, value: int) -> str:
        return f"{value} из {record.target}" if record.target else str(value)

    def value_answers(self, value: int) -> int:
        return value

    def value_target(self, record: SurveyLink) -> int | None:
        return record.target

    def render_opens_on(self, value: date) -> str:
        return f"{value:%d.%m.%Y}"

    render_closes_on = render_last_answer_on = render_opens_on

    def value_opens_on(self, value: date) -> date:
        return value

    def value_closes_on(self, record: SurveyLink) -> date | None:
        return record.closes_on

    def value_last_answer_on(self, record: SurveyLink) -> date | None:
        return record.last_answer_on  # type: ignore[attr-defined]


class LinkTable(_Links):
    """Links of one institution; `may_manage` says whether they lead to their cards."""

    link = tables.Column("Ссылка", accessor="pk", order_by=("channel", "label"))
    life_situation = tables.Column("Жизненная ситуация", accessor="life_situation__short_title")

    class Meta(ListTable.Meta):
        model = SurveyLink
        fields = (
            *("link", "life_situation", "state", "opens_on", "closes_on"),
            *("answers", "target", "answers_today", "last_answer_on"),
        )
        sequence = fields

    def render_link(self, record: SurveyLink) -> str:
        # A link's address lets anybody answer, so seeing it is managing it.
        return render_to_string("surveys/_link_name.html", {"link": record, "may_manage": self.may_manage})

    def value_link(self, record: SurveyLink) -> str:
        return str(record)


class BatchLinkTable(_Links):
    """Links of one batch, an institution a row; the file has what is needed to send them out."""

    institution = tables.Column("Учреждение", accessor="institution__name")
    locality = tables.Column("Населённый пункт", accessor="institution__locality")
    address = tables.Column("Адрес анкеты", accessor="public_url", orderable=False, visible=False)
    short_code = tables.Column("Короткий код", accessor="typed_code", orderable=False, visible=False)

    class Meta(ListTable.Meta):
        model = SurveyLink
        fields = (
            *("institution", "locality", "state", "opens_on", "closes_on"),
            *("answers", "target", "answers_today", "last_answer_on", "address", "short_code"),
        )
        sequence = fields

    def render_institution(self, record: SurveyLink, value: str) -> str:
        return format_html('<a href="{}">{}</a>', reverse("link", args=[record.pk]), value)

    def value_institution(self, value: str) -> str:
        return value


class BatchTable(ListTable):
    """Batches of links of a region, the newest first."""

    batch = tables.Column("Выпуск", accessor="pk", order_by="created_at")
    life_situation = tables.Column("Жизненная ситуация", accessor="life_situation__short_title")
    channel = tables.Column("Как распространяется")
    opens_on = tables.Column("С дня")
    closes_on = tables.Column("По", default="—")
    links_count = tables.Column("Учреждений", attrs=NUMBER)
    answers = tables.Column("Ответов", attrs=NUMBER)
    silent = tables.Column("Без ответов", attrs=NUMBER)

    class Meta(ListTable.Meta):
        model = LinkBatch
        fields = ("batch", "life_situation", "channel", "opens_on", "closes_on", "links_count", "answers", "silent")

    def render_batch(self, record: LinkBatch) -> str:
        made = f"{timezone.localtime(record.created_at):%d.%m.%Y %H:%M}"
        name = f"{record.label}, {made}" if record.label else made  # type: ignore[attr-defined]
        return format_html('<a href="{}">{}</a>', reverse("link-batch", args=[record.pk]), name)

    def value_batch(self, record: LinkBatch) -> datetime:
        return record.created_at

    def render_channel(self, value: str) -> str:
        return str(dict(SurveyLink.Channel.choices).get(value, value))

    def render_opens_on(self, value: date) -> str:
        return f"{value:%d.%m.%Y}"

    render_closes_on = render_opens_on

    def value_opens_on(self, value: date) -> date:
        return value

    def value_closes_on(self, record: LinkBatch) -> date | None:
        return record.closes_on  # type: ignore[attr-defined]
