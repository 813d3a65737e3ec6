"""Forms of the quarter: is the input well-formed?"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, cast

from django import forms
from django.http import QueryDict

from monitoring.models import ReportingPeriod, WeightDecision
from regions.forms.fields import DateInput
from regions.models import Institution, LifeSituation

# The initiative began in 2021 [001]: an earlier decision is a slip of the pen.
EARLIEST_YEAR = 2020


class PeriodForm(forms.Form):
    """Which ЖС and which days: a reporting period by its code, or any two dates."""

    life_situation = forms.ModelChoiceField(
        LifeSituation.objects.none(), to_field_name="code", label="Жизненная ситуация", required=False, empty_label=None
    )
    period = forms.ModelChoiceField(
        ReportingPeriod.objects.none(), to_field_name="code", label="Период", required=False, empty_label="Свои даты"
    )
    first = forms.DateField(label="С", required=False, widget=DateInput())
    last = forms.DateField(label="По", required=False, widget=DateInput())

    def __init__(
        self, data: Mapping[str, Any], *, situations: Iterable[LifeSituation], periods: list[ReportingPeriod]
    ) -> None:
        situations = list(situations)
        # What is not chosen stands at the newest period and the first ЖС, and is shown so.
        filled = {"life_situation": situations[0].code if situations else "", **data}
        if not filled.get("first") and not filled.get("last") and not filled.get("period") and periods:
            filled["period"] = periods[0].code
        super().__init__(filled)
        situation_field, period_field = self.fields["life_situation"], self.fields["period"]
        assert isinstance(situation_field, forms.ModelChoiceField) and isinstance(period_field, forms.ModelChoiceField)
        situation_field.queryset = LifeSituation.objects.filter(pk__in=[one.pk for one in situations])
        period_field.queryset = ReportingPeriod.objects.filter(pk__in=[one.pk for one in periods]).order_by("-opens_on")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        period: ReportingPeriod | None = cleaned.get("period")
        if period:
            cleaned["first"], cleaned["last"] = period.opens_on, period.closes_on
            return cleaned
        for name in ("first", "last"):
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, "Укажите дату или выберите период")
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", "Последний день не может быть раньше первого")
        return cleaned


class WeightDecisionForm(forms.ModelForm):
    class Meta:
        model = WeightDecision
        fields = ("scheme", "document_number", "document_date")
        widgets = {"scheme": forms.RadioSelect(), "document_date": DateInput()}
        labels = {"scheme": "Как взвешивать учреждения"}
        help_texts = {"document_number": "Номер протокола или решения Регионального штаба"}

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        scheme = self.fields["scheme"]
        assert isinstance(scheme, forms.ChoiceField)
        # No silent default (DESIGN 6): nothing is chosen beforehand.
        scheme.choices = WeightDecision.SchemeChoice.choices

    def clean_document_date(self) -> date:
        day: date = self.cleaned_data["document_date"]
        if day > self.today:
            raise forms.ValidationError("Дата решения ещё не наступила")
        if day.year < EARLIEST_YEAR:
            raise forms.ValidationError("Проверьте год")
        return day


class WholeNumberField(forms.IntegerField):
    """A whole number as people write it or paste it from a table: «1 234»."""

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            value = "".join(value.split())
            if not value.isascii():
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class ClientsForm(forms.Form):
    """How many people each institution served in the period; empty means not known."""

    def __init__(
        self, *args: Any, institutions: Iterable[Institution], numbers: Mapping[int, int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.institutions = list(institutions)
        for institution in self.institutions:
            self.fields[self.name_of(institution)] = WholeNumberField(
                label=institution.name,
                required=False,
                min_value=0,
                max_value=10_000_000,
                initial=numbers.get(institution.pk),
                # The page carries what it showed: changed is what differs from that, not from the newest number.
                show_hidden_initial=True,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
                error_messages={"invalid": "Введите целое число"},
            )

    @staticmethod
    def name_of(institution: Institution) -> str:
        return f"clients_{institution.pk}"

    def numbers(self) -> dict[Institution, int | None]:
        """What the person has changed; a number they did not touch is left to whoever else enters it."""
        # A field that was not sent was not on the page: an institution that has joined since.
        sent = [one for one in self.institutions if self.add_prefix(self.name_of(one)) in self.data]
        given = {one: self.cleaned_data[self.name_of(one)] for one in sent}
        return {one: number for one, number in given.items() if number != self._seen(one)}

    def seen(self) -> dict[Institution, int | None]:
        """The numbers as the page showed them."""
        return {one: self._seen(one) for one in self.institutions}

    def refuse(self, numbers: Mapping[Institution, int | None]) -> None:
        """Show numbers that somebody else has entered meanwhile; saving once more is then a decision."""
        data = cast("QueryDict", self.data).copy()
        for institution, number in numbers.items():
            name = self.name_of(institution)
            data[self.add_initial_prefix(name)] = "" if number is None else str(number)
            now = "число убрали" if number is None else f"здесь указали {number}"
            self.add_error(name, f"Пока страница была открыта, {now}. Проверьте и сохраните ещё раз")
        self.data = data

    def _seen(self, institution: Institution) -> int | None:
        name = self.name_of(institution)
        field, shown = self.fields[name], self.data.get(self.add_initial_prefix(name))
        if shown is None:
            number: int | None = field.initial
            return number
        try:
            return cast("int | None", field.to_python(shown))
        except forms.ValidationError:
            return None
