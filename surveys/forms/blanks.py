"""Forms of numbered blanks: is the input well-formed?"""

from django import forms

from surveys.services.blanks import MOST_AT_ONCE


class BlanksForm(forms.Form):
    count = forms.IntegerField(
        label="Сколько бланков",
        min_value=1,
        max_value=MOST_AT_ONCE,
        initial=50,
        help_text=f"От 1 до {MOST_AT_ONCE} за один раз",
    )
