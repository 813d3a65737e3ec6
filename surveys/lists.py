"""Columns of the list of links."""

from datetime import date, datetime
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string

from regions.lists import NUMBER, ListTable
from surveys.models import SurveyLink


class LinkTable(ListTable):
    """Links of one institution; `now` decides which of them are open, `may_manage` whether they lead to their cards."""

    link = tables.Column("Ссылка", accessor="pk", order_by=("channel", "label"))
    life_situation = tables.Column("Жизненная ситуация", accessor="life_situation__short_title")
    state = tables.Column("Состояние", accessor="pk", orderable=False)
    opens_on = tables.Column("С какого дня")
    closes_on = tables.Column("По", default="—")
    answers = tables.Column("Ответов", attrs=NUMBER)
    last_answer_on = tables.Column("Последний", default="—")

    class Meta(ListTable.Meta):
        model = SurveyLink
        fields = ("link", "life_situation", "state", "opens_on", "closes_on", "answers", "last_answer_on")

    def __init__(self, *args: Any, now: datetime, may_manage: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.may_manage = may_manage

    def render_link(self, record: SurveyLink) -> str:
        # A link's address lets anybody answer, so seeing it is managing it.
        return render_to_string("surveys/_link_name.html", {"link": record, "may_manage": self.may_manage})

    def value_link(self, record: SurveyLink) -> str:
        return str(record)

    def render_state(self, record: SurveyLink) -> str:
        return render_to_string("surveys/_link_state.html", {"state": record.state(self.now)})

    def value_state(self, record: SurveyLink) -> str:
        return str(record.state(self.now).label)

    def render_opens_on(self, value: date) -> str:
        return f"{value:%d.%m.%Y}"

    render_closes_on = render_last_answer_on = render_opens_on

    def value_opens_on(self, value: date) -> date:
        return value

    def value_closes_on(self, record: SurveyLink) -> date | None:
        return record.closes_on

    def value_last_answer_on(self, record: SurveyLink) -> date | None:
        return record.last_answer_on  # type: ignore[attr-defined]
