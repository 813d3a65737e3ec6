"""Columns of the list of typed-in forms."""

from datetime import date, datetime
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.models import User
from regions.lists import NUMBER, ListTable
from surveys.models import Entry


class EntryTable(ListTable):
    """Forms of one link; whoever typed one in today may take it back."""

    blank_number = tables.Column("Номер", attrs=NUMBER, default="—")
    mode = tables.Column("Как получена", accessor="response__mode")
    answered_on = tables.Column("Заполнена", accessor="response__answered_on")
    entered_by = tables.Column("Кто ввёл", accessor="entered_by__full_name")
    entered_at = tables.Column("Когда введена")
    withdraw = tables.Column("Действие", accessor="pk", orderable=False, exclude_from_export=True)

    class Meta(ListTable.Meta):
        model = Entry
        fields = ("blank_number", "mode", "answered_on", "entered_by", "entered_at", "withdraw")

    def __init__(self, *args: Any, by: User, today: date, zone: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.today, self.zone = by, today, zone

    def render_mode(self, record: Entry) -> str:
        return record.response.get_mode_display()

    value_mode = render_mode

    def render_answered_on(self, value: date) -> str:
        return f"{value:%d.%m.%Y}"

    def value_answered_on(self, record: Entry) -> date:
        return record.response.answered_on

    def render_entered_at(self, value: datetime) -> str:
        return f"{value.astimezone(self.zone):%d.%m.%Y %H:%M}"

    def value_entered_at(self, value: datetime) -> datetime:
        return timezone.localtime(value, self.zone)

    def render_withdraw(self, record: Entry) -> str:
        is_own = record.entered_by_id == self.by.pk
        if not is_own or record.entered_at.astimezone(self.zone).date() != self.today:
            return ""
        url = reverse("entry-withdraw", args=[record.pk])
        return format_html('<a href="{}" aria-label="Снять: {}">Снять</a>', url, record)
