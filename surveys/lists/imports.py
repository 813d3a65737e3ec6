"""Columns of the list of files of answers."""

from datetime import datetime

import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils import timezone

from regions.lists import NUMBER, ListTable
from surveys.models import ResponseImport

State = ResponseImport.State
CHIPS = {
    State.CHECKING: "progress",
    State.REFUSED: "bad",
    State.CHECKED: "progress",
    State.LOADING: "progress",
    State.DONE: "good",
    State.CANCELLED: "neutral",
    State.FAILED: "bad",
    State.UNDONE: "neutral",
}


def chip(found: ResponseImport) -> str:
    return render_to_string(
        "components/status.html", {"kind": CHIPS[State(found.state)], "text": found.get_state_display()}
    )


class ImportTable(ListTable):
    file_name = tables.Column("Файл", linkify=("response-import", [tables.A("pk")]))
    state = tables.Column("Состояние")
    rows = tables.Column("Анкет", attrs=NUMBER, default="—")
    stored = tables.Column("Добавлено", attrs=NUMBER, default="—")
    repeated = tables.Column("Уже были", attrs=NUMBER, default="—")
    problems = tables.Column("Ошибок", attrs=NUMBER, default="—")
    created_by = tables.Column("Кто прислал", accessor="created_by__full_name")
    created_at = tables.Column("Когда")

    class Meta(ListTable.Meta):
        model = ResponseImport
        fields = ("file_name", "state", "rows", "stored", "repeated", "problems", "created_by", "created_at")

    def render_state(self, record: ResponseImport) -> str:
        return chip(record)

    def value_state(self, record: ResponseImport) -> str:
        return record.get_state_display()

    def render_stored(self, record: ResponseImport) -> str:
        # Of a file that was only checked it is what loading would add.
        return str(record.stored) if record.state in (State.DONE, State.UNDONE) else "—"

    def value_stored(self, record: ResponseImport) -> int | None:
        return record.stored if record.state in (State.DONE, State.UNDONE) else None

    def render_created_at(self, value: datetime) -> str:
        return f"{timezone.localtime(value):%d.%m.%Y %H:%M}"

    def value_created_at(self, value: datetime) -> datetime:
        return value
