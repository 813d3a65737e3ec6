"""Columns of the list of printed blanks."""

from datetime import datetime

import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils import timezone

from regions.lists import NUMBER, ListTable
from surveys.models import BlankBatch
from surveys.questionnaires.languages import title as language_name


class BlankTable(ListTable):
    """Batches of blanks of one link; the first column leads to the file."""

    numbers = tables.Column("Номера", accessor="first", order_by=("first",))
    count = tables.Column("Бланков", attrs=NUMBER)
    printed_at = tables.Column("Когда")
    printed_by = tables.Column("Кто", accessor="printed_by__full_name")

    class Meta(ListTable.Meta):
        model = BlankBatch
        fields = ("numbers", "count", "printed_at", "printed_by")

    def render_numbers(self, record: BlankBatch) -> str:
        languages = record.link.version.definition.languages
        others = [(code, language_name(code)) for code in languages[1:]]
        return render_to_string(
            "surveys/_blank_numbers.html", {"batch": record, "numbers": self.value_numbers(record), "others": others}
        )

    def value_numbers(self, record: BlankBatch) -> str:
        return f"{record.first:06d}–{record.last:06d}"

    def render_printed_at(self, value: datetime) -> str:
        return f"{timezone.localtime(value):%d.%m.%Y %H:%M}"

    def value_printed_at(self, value: datetime) -> datetime:
        return value
