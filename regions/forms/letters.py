"""Forms of letters, of their deadlines, and of taking part: is the input well-formed?"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from regions.forms.fields import DateInput
from regions.models import Letter, LetterDeadline, LetterKind, Region
from regions.models.letters import occasion_title
from regions.services.letters import EARLIEST_YEAR, MOST_YEARS_AHEAD, Facts
from regions.uploads import DocumentField

# Between the code of a kind of letter and its occasion in a choice: neither holds one.
_BETWEEN = ":"


class LetterForm(forms.Form):
    """A letter as it was sent: which one, number, date, the file where there is one."""

    subject = forms.ChoiceField(label="Какое письмо", error_messages={"invalid_choice": "Выберите письмо из списка"})
    document_number = forms.CharField(label="Номер письма", max_length=60)
    document_date = forms.DateField(label="Дата письма", widget=DateInput())
    document_file = DocumentField(label="Файл письма", required=False)
    note = forms.CharField(label="Примечание", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(
        self,
        *args: Any,
        kinds: Iterable[LetterKind],
        deadlines: Iterable[LetterDeadline],
        letter: Letter | None = None,
        chosen: LetterDeadline | None = None,
        **kwargs: Any,
    ) -> None:
        """`letter` is the one being corrected; `chosen` is what a new one is about, if that is known."""
        if letter:
            kwargs["initial"] = {
                "subject": _subject(letter.kind, letter.occasion),
                **{
                    name: getattr(letter, name)
                    for name in ("document_number", "document_date", "document_file", "note")
                },
            }
        elif chosen:
            kwargs["initial"] = {"subject": _subject(chosen.kind, chosen.occasion)}
        super().__init__(*args, **kwargs)
        self.kinds = {kind.code: kind for kind in kinds}
        titles: dict[str, dict[str, str]] = {code: {} for code in self.kinds}
        for kind in self.kinds.values():
            if not kind.is_quarterly:
                titles[kind.code][_subject(kind, "")] = str(kind)
        for one in deadlines:
            titles[one.kind.code][_subject(one.kind, one.occasion)] = f"{one} — до {one.due_on:%d.%m.%Y}"
        if letter:
            # Its deadline may have been removed since.
            titles[letter.kind.code].setdefault(_subject(letter.kind, letter.occasion), str(letter))
        field = self.fields["subject"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", "Выберите"),
            *((str(self.kinds[code]), list(choices.items())) for code, choices in titles.items() if choices),
        ]

    def facts(self) -> Facts:
        code, _, occasion = self.cleaned_data["subject"].partition(_BETWEEN)
        file = self.cleaned_data["document_file"]
        return Facts(
            kind=self.kinds[code],
            occasion=occasion,
            number=self.cleaned_data["document_number"],
            day=self.cleaned_data["document_date"],
            # What was there before comes back as it was: nothing to change.
            file=file if isinstance(file, UploadedFile) or file is False else None,
            note=self.cleaned_data["note"],
        )


def _subject(kind: LetterKind, occasion: str) -> str:
    return f"{kind.code}{_BETWEEN}{occasion}"


class DeadlineForm(forms.Form):
    """A new deadline: of which letter, for which quarter, for all or for one region, and the day."""

    kind = forms.ModelChoiceField(
        LetterKind.objects.all(), to_field_name="code", label="Письмо", empty_label="Выберите"
    )
    occasion = forms.ChoiceField(
        label="За какой квартал", required=False, help_text="Только для писем, которые отправляют каждый квартал"
    )
    region = forms.ModelChoiceField(
        Region.objects.all(),
        to_field_name="code",
        label="Для кого",
        required=False,
        empty_label="Для всех регионов",
        help_text="Срок одного региона действует для него вместо общего",
    )
    due_on = forms.DateField(label="Последний день", widget=DateInput(), help_text="До 24:00 по времени региона")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["occasion"]
        assert isinstance(field, forms.ChoiceField)
        quarters = [
            f"{year}-Q{quarter}"
            for year in range(today.year + MOST_YEARS_AHEAD, EARLIEST_YEAR, -1)
            for quarter in (4, 3, 2, 1)
        ]
        field.choices = [("", "Письмо отправляют один раз"), *((one, occasion_title(one)) for one in quarters)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind: LetterKind | None = cleaned.get("kind")
        if kind and "occasion" not in self.errors:
            if kind.is_quarterly and not cleaned["occasion"]:
                self.add_error("occasion", "Это письмо отправляют каждый квартал: выберите, за какой")
            elif not kind.is_quarterly and cleaned["occasion"]:
                self.add_error("occasion", "Это письмо отправляют один раз: квартал не нужен")
        return cleaned


class DayForm(forms.Form):
    """Another day for a deadline."""

    due_on = forms.DateField(label="Последний день", widget=DateInput(), help_text="До 24:00 по времени региона")


class ParticipationForm(forms.Form):
    participates_since = forms.DateField(
        label="Участвует в НСИ с",
        required=False,
        widget=DateInput(),
        help_text="День решения об участии. Без него регион ничего не должен отправлять Агентству",
    )
