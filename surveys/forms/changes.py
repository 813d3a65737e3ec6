"""The form of «Вы сказали — мы сделали»."""

from datetime import date
from typing import Any

from django import forms

from regions.forms.fields import DateInput
from regions.models import Institution, LifeSituation
from surveys.forms.comments import without_personal_data
from surveys.models import ChangeMade

EARLIEST = date(2015, 1, 1)


class ChangeForm(forms.ModelForm):
    class Meta:
        model = ChangeMade
        fields = ("said", "done", "done_on", "life_situation")
        widgets = {
            "said": forms.Textarea(attrs={"rows": 2}),
            "done": forms.Textarea(attrs={"rows": 2}),
            "done_on": DateInput(),
        }
        help_texts = {
            "said": "Словами людей, без имён: «Долго ждали в коридоре»",
            "done": "Что изменилось для людей: «Поставили ещё шесть стульев и включили запись по времени»",
            "life_situation": "Покажем тем, кто ответил об этой жизненной ситуации",
        }

    def __init__(self, *args: Any, institution: Institution, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        field = self.fields["life_situation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = LifeSituation.objects.filter(participations__institution=institution).distinct()
        field.empty_label = "Всем, кто ответил об учреждении"

    def clean_said(self) -> str:
        return without_personal_data(self.cleaned_data["said"])

    def clean_done(self) -> str:
        return without_personal_data(self.cleaned_data["done"])

    def clean_done_on(self) -> date:
        day: date = self.cleaned_data["done_on"]
        if day > self.today:
            raise forms.ValidationError("Эта дата ещё не наступила: рассказывают о том, что уже сделано")
        if day < EARLIEST:
            raise forms.ValidationError("Проверьте год")
        return day
