"""Forms of the interviewer's screen: what is not the questionnaire itself."""

from datetime import date
from typing import Any

from django import forms

from surveys.links.windows import AnswerWindow
from surveys.models import Response, SurveyLink
from surveys.paper.entry_fields import typed_date
from surveys.questionnaires.answers import clean_text, parse_date

# Far above any stack of paper, and a number the database holds.
LARGEST_NUMBER = 9_999_999


class DayTypedField(forms.CharField):
    """A day by its digits (051126) or as people write it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"})
        super().__init__(widget=widget, max_length=20, help_text="День, месяц, год: 051126", **kwargs)

    def clean(self, value: Any) -> date:
        text = clean_text(super().clean(value))
        day = parse_date(typed_date(text))
        if day is None:
            raise forms.ValidationError("Введите день, месяц и год, например 051126 или 05.11.2026")
        return day


class _WindowedForm(forms.Form):
    day = DayTypedField(label="Когда заполнена анкета")

    def __init__(self, *args: Any, window: AnswerWindow, **kwargs: Any) -> None:
        # No question of a questionnaire can have a name with this prefix.
        kwargs["prefix"] = "entry"
        super().__init__(*args, **kwargs)
        self.window = window

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if objection := self.window.objection(day):
            raise forms.ValidationError(objection[0].upper() + objection[1:])
        return day


class EntryForm(_WindowedForm):
    """How a form came, when, and the number on the paper; kept from one form to the next."""

    mode = forms.ChoiceField(label="Как получена", choices=[("paper", "С бумаги"), ("phone", "По телефону")])
    number = forms.IntegerField(
        label="Номер бланка",
        help_text="Если на бланке нет номера, напишите на нём этот",
        min_value=1,
        max_value=LARGEST_NUMBER,
        error_messages={"required": "Введите номер бланка: по нему анкету вводят повторно"},
        localize=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    field_order = ("mode", "day", "number")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By telephone there is no paper: whatever number still stands in the field means nothing.
        if self.is_bound and self.data.get(self.add_prefix("mode")) == Response.Mode.PHONE:
            self.fields["number"] = forms.CharField(required=False, label="Номер бланка")

    def clean_number(self) -> int | None:
        number = self.cleaned_data["number"]
        return number if isinstance(number, int) else None


class RecheckForm(_WindowedForm):
    """The second typing: the number is known, the day is typed again."""


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="Почему анкету нужно снять", help_text="Например: «Ошиблась в номере бланка»", max_length=300
    )

    def clean_reason(self) -> str:
        return " ".join(self.cleaned_data["reason"].split())


def first_mode(link: SurveyLink) -> str:
    """How forms of a link mostly come."""
    return Response.Mode.PHONE if link.channel == SurveyLink.Channel.INTERVIEWER else Response.Mode.PAPER
