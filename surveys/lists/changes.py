"""Columns of «Вы сказали — мы сделали»."""

from datetime import date
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string

from regions.lists import ListTable
from surveys.models import ChangeMade


class ChangeTable(ListTable):
    """What an institution has told; `may_tell` decides whether a row can be edited and hidden."""

    said = tables.Column("Вы сказали", orderable=False)
    done = tables.Column("Мы сделали", orderable=False)
    done_on = tables.Column("Когда")
    life_situation = tables.Column("Кому показываем", empty_values=(), order_by="life_situation__short_title")
    is_shown = tables.Column("Показываем")
    actions = tables.Column("Действия", accessor="pk", orderable=False, exclude_from_export=True)

    class Meta(ListTable.Meta):
        model = ChangeMade
        fields = ("said", "done", "done_on", "life_situation", "is_shown", "actions")

    def __init__(self, *args: Any, may_tell: bool, **kwargs: Any) -> None:
        super().__init__(*args, exclude=() if may_tell else ("actions",), **kwargs)

    def render_done_on(self, value: date) -> str:
        return f"{value:%d.%m.%Y}"

    def value_done_on(self, value: date) -> date:
        return value

    def render_life_situation(self, record: ChangeMade) -> str:
        return record.life_situation.short_title if record.life_situation else "всем"

    value_life_situation = render_life_situation

    def render_is_shown(self, value: bool) -> str:
        return render_to_string("surveys/changes/_state.html", {"is_shown": value})

    def value_is_shown(self, value: bool) -> bool:
        return value

    def render_actions(self, record: ChangeMade) -> str:
        return render_to_string("surveys/changes/_actions.html", {"change": record}, self.request)
