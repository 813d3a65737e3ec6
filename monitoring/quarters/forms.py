"""Forms of the quarter: is the input well-formed?"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, cast

from django import forms
from django.http import QueryDict

from monitoring.models import ReportingPeriod, WeightDecision
from monitoring.quarters.weeks import WholeWeeks
from regions.forms.fields import DateInput
from regions.models import Institution, LifeSituation
from surveys.counting.sampling import ERRORS

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
        self,
        data: Mapping[str, Any],
        *,
        situations: Iterable[LifeSituation],
        periods: list[ReportingPeriod],
        weeks: WholeWeeks | None = None,
    ) -> None:
        """`weeks`: for somebody who may choose whole weeks and periods only."""
        self.weeks = weeks
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
        elif self.weeks and not self.errors:
            for name, why in self.weeks.objections(first, last):
                self.add_error(name, why)
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
    """How many people each institution served in the period, and to how many the questionnaire was offered; empty means
    not known.
    """

    def __init__(
        self,
        *args: Any,
        institutions: Iterable[Institution],
        numbers: Mapping[int, int],
        offered: Mapping[int, int | None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.institutions = list(institutions)
        for one in self.institutions:
            self.fields[self.name_of(one)] = self._field(one.name, numbers.get(one.pk))
            self.fields[self.offered_of(one)] = self._field(
                f"{one.name}: скольким предложили ответить", (offered or {}).get(one.pk)
            )

    @staticmethod
    def _field(label: str, initial: int | None) -> WholeNumberField:
        return WholeNumberField(
            label=label,
            required=False,
            min_value=0,
            max_value=10_000_000,
            initial=initial,
            # The page carries what it showed: changed is what differs from that, not from the newest number.
            show_hidden_initial=True,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            error_messages={"invalid": "Введите целое число"},
        )

    @staticmethod
    def name_of(institution: Institution) -> str:
        return f"clients_{institution.pk}"

    @staticmethod
    def offered_of(institution: Institution) -> str:
        return f"offered_{institution.pk}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for one in self.institutions:
            served, offered = cleaned.get(self.name_of(one)), cleaned.get(self.offered_of(one))
            if offered is None or self.name_of(one) in self.errors:
                continue
            if self.add_prefix(self.name_of(one)) not in self.data:
                served = self._seen(self.name_of(one))
            if served is None:
                self.add_error(self.offered_of(one), "Сначала укажите, сколько человек обслужено")
            elif offered > served:
                self.add_error(self.offered_of(one), "Предложили больше, чем обслужили: проверьте оба числа")
        return cleaned

    def numbers(self) -> dict[Institution, int | None]:
        """What the person has changed; a number they did not touch is left to whoever else enters it."""
        return self._given(self.name_of)

    def offered(self) -> dict[Institution, int | None]:
        """The same of those the questionnaire was offered to."""
        return self._given(self.offered_of)

    def seen(self) -> dict[Institution, int | None]:
        """The numbers as the page showed them."""
        return {one: self._seen(self.name_of(one)) for one in self.institutions}

    def seen_offered(self) -> dict[Institution, int | None]:
        return {one: self._seen(self.offered_of(one)) for one in self.institutions}

    def refuse(self, numbers: Mapping[Institution, int | None], offered: Mapping[Institution, int | None]) -> None:
        """Show numbers that somebody else has entered meanwhile; saving once more is then a decision."""
        data = cast("QueryDict", self.data).copy()
        for name, number in (
            *((self.name_of(one), number) for one, number in numbers.items()),
            *((self.offered_of(one), number) for one, number in offered.items()),
        ):
            data[self.add_initial_prefix(name)] = "" if number is None else str(number)
            now = "число убрали" if number is None else f"здесь указали {number}"
            self.add_error(name, f"Пока страница была открыта, {now}. Проверьте и сохраните ещё раз")
        self.data = data

    def _given(self, name_of: Callable[[Institution], str]) -> dict[Institution, int | None]:
        # A field that was not sent was not on the page: an institution that has joined since.
        sent = [one for one in self.institutions if self.add_prefix(name_of(one)) in self.data]
        given = {one: self.cleaned_data[name_of(one)] for one in sent}
        return {one: number for one, number in given.items() if number != self._seen(name_of(one))}

    def _seen(self, name: str) -> int | None:
        field, shown = self.fields[name], self.data.get(self.add_initial_prefix(name))
        if shown is None:
            number: int | None = field.initial
            return number
        try:
            return cast("int | None", field.to_python(shown))
        except forms.ValidationError:
            return None


class FieldworkForm(forms.Form):
    """Which ЖС and period of the fieldwork; of a region also which of its institutions."""

    ALL, BEHIND, SILENT, SHORT = "", "behind", "silent", "short"
    life_situation = forms.ModelChoiceField(
        LifeSituation.objects.none(), to_field_name="code", label="Жизненная ситуация", required=False, empty_label=None
    )
    period = forms.ModelChoiceField(
        ReportingPeriod.objects.none(), to_field_name="code", label="Период", required=False, empty_label=None
    )
    show = forms.ChoiceField(
        label="Учреждения",
        required=False,
        choices=[(ALL, "Все"), (SHORT, "План не набран"), (BEHIND, "Отстают от плана"), (SILENT, "Молчат 7 дней")],
    )

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        situations: Iterable[LifeSituation],
        periods: list[ReportingPeriod],
        of_region: bool = False,
    ) -> None:
        offered = list(situations)
        # What is not chosen stands at the newest period and the first ЖС, and is shown so.
        filled = {**data}
        if not filled.get("life_situation") and offered:
            filled["life_situation"] = offered[0].code
        if not filled.get("period") and periods:
            filled["period"] = periods[0].code
        super().__init__(filled)
        situation_field, period_field = self.fields["life_situation"], self.fields["period"]
        assert isinstance(situation_field, forms.ModelChoiceField) and isinstance(period_field, forms.ModelChoiceField)
        situation_field.queryset = LifeSituation.objects.filter(pk__in=[one.pk for one in offered])
        period_field.queryset = ReportingPeriod.objects.filter(pk__in=[one.pk for one in periods]).order_by("-opens_on")
        if not of_region:
            del self.fields["show"]


class FieldworkErrorForm(forms.Form):
    """How exact the shares of institutions are wanted."""

    error = forms.DecimalField(
        label="Погрешность доли, процентных пунктов",
        min_value=ERRORS[0],
        max_value=ERRORS[1],
        max_digits=3,
        decimal_places=1,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="От 1 до 20, обычно 5. Чем она меньше, тем больше нужно ответов: вдвое точнее — вчетверо больше",
        error_messages={"invalid": "Введите число от 1 до 20"},
    )
