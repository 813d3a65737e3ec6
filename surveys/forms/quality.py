"""Forms of data quality: is the input well-formed?"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms

from regions.forms.fields import DateInput
from regions.models import LifeSituation
from surveys.quality.marks import TITLES

# What is shown unless the person says otherwise: a quarter.
USUAL_DAYS = 92
MOST_DAYS = 366
SUSPICIOUS, EXCLUDED, ALL = "suspicious", "excluded", "all"


class PeriodForm(forms.Form):
    """Which answers are looked at. Read from the address: what is missing there has its usual value."""

    first = forms.DateField(label="С дня", widget=DateInput)
    last = forms.DateField(label="По день", widget=DateInput)
    life_situation = forms.ModelChoiceField(
        LifeSituation.objects.none(),
        label="Жизненная ситуация",
        to_field_name="code",
        required=False,
        empty_label="Все",
    )
    flag = forms.TypedChoiceField(label="Признак", coerce=int, empty_value=None, required=False)

    def __init__(self, data: dict[str, Any], *, situations: Iterable[Any], today: date) -> None:
        usual = {"first": (today - timedelta(days=USUAL_DAYS)).isoformat(), "last": today.isoformat()}
        super().__init__(usual | {name: value for name, value in data.items() if value})
        situation = self.fields["life_situation"]
        assert isinstance(situation, forms.ModelChoiceField)
        situation.queryset = LifeSituation.objects.filter(pk__in=situations)
        flag = self.fields["flag"]
        assert isinstance(flag, forms.ChoiceField)
        flag.choices = [("", "Любой"), *((str(int(one)), title) for one, title in TITLES.items())]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", "Последний день раньше первого")
        elif first and last and (last - first).days > MOST_DAYS:
            self.add_error("last", "Можно посмотреть не больше года")
        return cleaned


class GroupsForm(PeriodForm):
    shown = forms.ChoiceField(
        label="Показать",
        choices=[(SUSPICIOUS, "С признаками"), (EXCLUDED, "Исключённые"), (ALL, "Все ответы")],
        required=False,
    )

    def __init__(self, data: dict[str, Any], **options: Any) -> None:
        super().__init__({"shown": SUSPICIOUS, **{name: value for name, value in data.items() if value}}, **options)


class Why(forms.CharField):
    """A reason that others can judge by, not a stroke of the pen."""

    widget = forms.Textarea

    def __init__(self, label: str, help_text: str, *, required: bool = True) -> None:
        super().__init__(label=label, help_text=help_text, required=required, min_length=10, max_length=500)
        self.widget.attrs["rows"] = 4


class ReasonForm(forms.Form):
    reason = Why(
        "Причина",
        "Что произошло и как Вы это узнали. Причина войдёт в паспорт значений. Имён и телефонов не пишите",
    )


class DecisionForm(forms.Form):
    APPROVE, DECLINE = "approve", "decline"

    decision = forms.ChoiceField(
        label="Решение",
        choices=[(APPROVE, "Принять"), (DECLINE, "Отклонить")],
        widget=forms.RadioSelect,
    )
    explanation = Why("Пояснение", "Нужно, если Вы отклоняете предложение", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("decision") == self.DECLINE and not cleaned.get("explanation") and not self.errors:
            self.add_error("explanation", "Объясните, почему предложение отклонено")
        return cleaned
