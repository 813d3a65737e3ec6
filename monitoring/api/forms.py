"""Which results a program asks for: as the page, but the days to compare with are named by themselves."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from monitoring.survey_results.forms import ResultsForm

COMPARED = ("compare_first", "compare_last")


class ResultsQuery(ResultsForm):
    compare_first = forms.DateField(required=False)
    compare_last = forms.DateField(required=False)

    def __init__(self, data: Mapping[str, Any], **options: Any) -> None:
        super().__init__(data, **options)
        del self.fields["compare"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if any(name in self.errors or cleaned.get(name) for name in COMPARED):
            self.check_days(COMPARED, missing="Укажите оба дня для сравнения")
        return cleaned

    def compared(self) -> tuple[date, date] | None:
        """Exactly the days that were named: others are told, not widened."""
        first, last = (self.cleaned_data.get(name) for name in COMPARED)
        return (first, last) if first and last else None
