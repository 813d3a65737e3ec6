"""Forms of institutions: is the input well-formed?"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from regions.forms.fields import DateInput
from regions.models import Institution, LifeSituation
from regions.services.institutions import FURTHEST, Particulars
from regions.spreadsheets import MAX_FILE_BYTES


class DayField(forms.DateField):
    """A day people mean: not one whose year was typed with a slip of the finger."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DateInput(), **kwargs)
        self.today: date | None = None

    def clean(self, value: Any) -> date | None:
        day = super().clean(value)
        if day and self.today and abs(day - self.today) > FURTHEST:
            raise forms.ValidationError("Этот день слишком далеко, проверьте год")
        return day


class DayForm(forms.Form):
    """A form with a day in it; `today` is the date in the region."""

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, DayField):
                field.today = today


class InstitutionForm(forms.ModelForm):
    class Meta:
        model = Institution
        fields = ("name", "settlement", "locality", "sphere")
        widgets = {"settlement": forms.RadioSelect()}
        labels = {"settlement": "Где находится", "sphere": "Сфера"}
        help_texts = {
            "name": "Полное название, как в документах",
            "locality": "Например, «Нижний Новгород» или «село Большое Болдино»",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settlement = self.fields["settlement"]
        assert isinstance(settlement, forms.ChoiceField)
        settlement.choices = Institution.Settlement.choices

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_locality(self) -> str:
        return " ".join(self.cleaned_data["locality"].split())

    def particulars(self) -> Particulars:
        return Particulars(**{name: self.cleaned_data[name] for name in self.Meta.fields})


class CloseForm(DayForm):
    last_day = DayField(label="Последний день работы")


class LifeSituationForm(DayForm):
    """A ЖС out of those offered."""

    life_situation = forms.ModelChoiceField(
        queryset=LifeSituation.objects.none(), label="Жизненная ситуация", empty_label="Выберите"
    )

    def __init__(self, *args: Any, offered: Iterable[LifeSituation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["life_situation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = LifeSituation.objects.filter(pk__in=[one.pk for one in offered])


class ParticipationForm(LifeSituationForm):
    since = DayField(label="Участвует с")


class EndForm(DayForm):
    until = DayField(label="Последний день участия")


class TransferForm(LifeSituationForm):
    last_day = DayField(
        label="Последний день в прежней жизненной ситуации",
        help_text="В новой учреждение начнёт участвовать на следующий день",
    )

    field_order = ("life_situation", "last_day")


class TargetField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.locality})"


class MergeForm(DayForm):
    """Only the institutions found are offered; which others may be chosen the service says."""

    target = TargetField(
        queryset=Institution.objects.none(),
        label="К какому учреждению присоединить",
        widget=forms.RadioSelect(),
        empty_label=None,
        error_messages={"invalid_choice": "Такого учреждения в регионе нет: выберите из списка"},
    )
    last_day = DayField(
        label="Последний день отдельной работы",
        help_text="Со следующего дня работу продолжает учреждение, к которому присоединяют",
    )

    def __init__(self, *args: Any, source: Institution, found: Iterable[Institution], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        target = self.fields["target"]
        assert isinstance(target, TargetField)
        target.queryset = Institution.objects.filter(region=source.region_id).select_related("merged_into")
        target.choices = [(one.pk, target.label_from_instance(one)) for one in found]


class FileForm(forms.Form):
    file = forms.FileField(
        label="Файл XLSX",
        help_text=f"До {MAX_FILE_BYTES // 2**20} МБ",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
        max_length=200,
    )
