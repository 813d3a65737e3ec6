"""Fields and widgets that all forms share."""

from typing import Any

from django import forms


class DateInput(forms.DateInput):
    """The browser's own calendar; it wants the date as ISO whatever the language."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")
