"""Forms of methodical materials: is the input well-formed?"""

from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from django.core.validators import URLValidator
from django.http import QueryDict

from regions.models import LifeSituation, Material, MaterialVersion
from regions.roles import Role
from regions.services.materials import Edition
from regions.uploads import DocumentField


class LinkField(forms.URLField):
    """An address of a page elsewhere: over HTTPS, and to the host that it seems to lead to."""

    default_validators = [URLValidator(schemes=["https"])]
    default_error_messages = {"invalid": "Укажите ссылку целиком: она начинается с https://"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)

    def clean(self, value: Any) -> str:
        url: str = super().clean(value)
        if urlsplit(url).username is not None:
            raise forms.ValidationError("В ссылке не должно быть имени и пароля")
        return url


class MaterialForm(forms.ModelForm):
    """What is said about a material and whom it is for."""

    roles = forms.MultipleChoiceField(
        label="Для ролей",
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Ничего не отмечено: материал увидят все, кто вошёл на портал",
    )

    class Meta:
        model = Material
        fields = ("title", "description", "life_situation", "roles")
        widgets = {"description": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["life_situation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = LifeSituation.objects.of_the_catalogue()
        field.empty_label = "Ко всем ЖС"

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        others = Material.objects.exclude(pk=self.instance.pk).filter(title=title)
        if others.exists():
            raise forms.ValidationError("Материал с таким названием уже есть. Добавьте к нему новую версию")
        return title


class EditionFields(forms.Form):
    """A file or a link: the fields of a version."""

    file = DocumentField(label="Файл", required=False)
    url = LinkField(label="Ссылка", required=False, max_length=500, help_text="Вместо файла: адрес страницы, https://…")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "file" in self.errors or "url" in self.errors:
            return cleaned
        if cleaned.get("file") and cleaned.get("url"):
            self.add_error("url", "Приложите что-то одно: файл или ссылку")
        elif not cleaned.get("file") and not cleaned.get("url"):
            self.add_error("file", "Приложите файл или укажите ссылку")
        return cleaned

    def edition(self) -> Edition:
        cleaned = self.cleaned_data
        return Edition(file=cleaned.get("file"), url=cleaned.get("url") or "", note=cleaned.get("note", ""))


# The fields first: their `clean` goes on to that of the model's form, not the other way round.
class NewMaterialForm(EditionFields, MaterialForm):
    """A material with its first version."""

    field_order = ("title", "description", "file", "url", "life_situation", "roles")


class VersionForm(EditionFields):
    note = forms.CharField(
        label="Что изменилось",
        max_length=MaterialVersion._meta.get_field("note").max_length,
        help_text="Чем новая версия отличается от прежней, одной фразой",
    )
    # The version that the person sees they are making: a second click makes no second one.
    number = forms.IntegerField(widget=forms.HiddenInput, min_value=2)

    def accept(self, number: int) -> None:
        """Show again, now as the version after the one somebody else has published."""
        data = cast("QueryDict", self.data).copy()
        data[self.add_prefix("number")] = str(number)
        self.data = data
