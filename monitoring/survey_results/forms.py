"""Which answers the results page shows: days, channel, version, institution, and what they are compared with."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms

from monitoring.models import ReportingPeriod
from monitoring.quarters.weeks import EARLIEST, WholeWeeks
from regions.forms.fields import DateInput
from regions.models import Institution, LifeSituation
from surveys.models import QuestionnaireVersion, SurveyLink

WEEK, MONTH, EVERYTHING = "week", "month", "all"
SPANS = ((WEEK, "Последние 7 дней"), (MONTH, "Последние 30 дней"), (EVERYTHING, "Всё время"))
# For people outside the institution.
SPANS_OF_WEEKS = ((WEEK, "С прошлой недели"), (MONTH, "Последние 4 недели"), (EVERYTHING, "Всё время"))
BEFORE, YEAR_AGO = "before", "year-ago"


class ResultsForm(forms.Form):
    life_situation = forms.ModelChoiceField(
        LifeSituation.objects.none(), to_field_name="code", label="Жизненная ситуация", required=False, empty_label=None
    )
    period = forms.ChoiceField(label="Период", required=False)
    first = forms.DateField(label="С", required=False, widget=DateInput())
    last = forms.DateField(label="По", required=False, widget=DateInput())
    institution = forms.ModelChoiceField(
        Institution.objects.none(), label="Учреждение", required=False, empty_label="Все учреждения"
    )
    channel = forms.ChoiceField(
        label="Канал", required=False, choices=[("", "Все каналы"), *SurveyLink.Channel.choices]
    )
    version = forms.ModelChoiceField(
        QuestionnaireVersion.objects.none(), label="Анкета", required=False, empty_label="Все анкеты"
    )
    compare = forms.ChoiceField(label="Сравнить", required=False)

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        today: date,
        periods: list[ReportingPeriod],
        versions: Iterable[QuestionnaireVersion],
        situations: Iterable[LifeSituation] | None = None,
        institutions: Iterable[Institution] | None = None,
        weeks: WholeWeeks | None = None,
    ) -> None:
        """`weeks`: for somebody who may choose whole weeks and periods only."""
        self.today = today
        self.weeks = weeks
        self.spans = SPANS_OF_WEEKS if weeks else SPANS
        self.periods = {one.code: one for one in periods}
        filled = dict(data)
        if not any(filled.get(name) for name in ("first", "last", "period")):
            filled["period"] = periods[0].code if periods else EVERYTHING
        situations = None if situations is None else list(situations)
        if situations:
            filled.setdefault("life_situation", situations[0].code)
        super().__init__(filled)
        titles = [(one.code, str(one)) for one in periods]
        choice, compare = self.fields["period"], self.fields["compare"]
        assert isinstance(choice, forms.ChoiceField) and isinstance(compare, forms.ChoiceField)
        choice.choices = [*titles, *self.spans, ("", "Свои даты")]
        compare.choices = [
            ("", "Не сравнивать"),
            (BEFORE, "С таким же периодом перед этим"),
            (YEAR_AGO, "С теми же днями год назад"),
            *((code, f"С периодом: {title}") for code, title in titles),
        ]
        self._offer("version", QuestionnaireVersion, versions)
        self._offer("life_situation", LifeSituation, situations)
        self._offer("institution", Institution, institutions)

    def _offer(self, name: str, model: Any, objects: Iterable[Any] | None) -> None:
        """What there is to choose from; without it there is no such field."""
        if objects is None:
            del self.fields[name]
            return
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = model.objects.filter(pk__in=[one.pk for one in objects])
        if model is QuestionnaireVersion:
            field.queryset = field.queryset.select_related("questionnaire").order_by("questionnaire__title", "-number")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "period" in self.errors:
            return cleaned
        cleaned["first"], cleaned["last"] = self._days(cleaned)
        return cleaned

    def _days(self, cleaned: dict[str, Any]) -> tuple[date | None, date | None]:
        code = cleaned.get("period")
        if code in self.periods:
            return self.periods[code].opens_on, self.periods[code].closes_on
        if self.weeks and code in (WEEK, MONTH):
            monday = self.today - timedelta(days=self.today.weekday())
            return self.weeks.begin(monday - timedelta(weeks=1 if code == WEEK else 4)), self.today
        if code in (WEEK, MONTH):
            return self.today - timedelta(days=6 if code == WEEK else 29), self.today
        if code == EVERYTHING:
            return EARLIEST, self.today
        return self.check_days(("first", "last"), missing="Укажите дату или выберите период")

    def check_days(self, names: tuple[str, str], *, missing: str) -> tuple[date | None, date | None]:
        """The days of the two fields; what is wrong with them stands at the field, `missing` at an empty one."""
        for name in names:
            day = self.cleaned_data.get(name)
            if day is None:
                if name not in self.errors:
                    self.add_error(name, missing)
            elif not EARLIEST <= day <= date(self.today.year + 1, 12, 31):
                self.add_error(name, "Проверьте год")
        first, last = (self.cleaned_data.get(name) for name in names)
        if first and last and last < first:
            self.add_error(names[1], "Последний день не может быть раньше первого")
        elif self.weeks and not any(name in self.errors for name in names):
            field = dict(zip(("first", "last"), names, strict=True))
            for name, why in self.weeks.objections(first, last):
                self.add_error(field[name], why)
        return first, last

    def compared(self) -> tuple[date, date] | None:
        """The days to compare with."""
        days = self._compared()
        return self.weeks.around(*days) if days and self.weeks else days

    def _compared(self) -> tuple[date, date] | None:
        code = self.cleaned_data.get("compare")
        first, last = self.cleaned_data["first"], self.cleaned_data["last"]
        if code in self.periods:
            return self.periods[code].opens_on, self.periods[code].closes_on
        if code == YEAR_AGO:
            return _year_before(first), _year_before(last)
        if code == BEFORE:
            for one in self.periods.values():
                # The quarter before is not as long as this one.
                if (one.opens_on, one.closes_on) == (first, last):
                    before = ReportingPeriod.objects.filter(closes_on=first - timedelta(days=1)).first()
                    if before:
                        return before.opens_on, before.closes_on
            return first - (last - first) - timedelta(days=1), first - timedelta(days=1)
        return None


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February.
        return day.replace(year=day.year - 1, day=28)
