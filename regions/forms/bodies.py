"""Forms of the bodies of a region, their members and the РСУ: is the input well-formed?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms import BoundField

from accounts.forms import EmailField
from regions.forms.fields import DateInput
from regions.models import Body, BodyMember, LifeSituation, ServiceCommissioner
from regions.models.bodies import Competence, Group
from regions.models.documents import DecisionDocument
from regions.recommendations import groups_of
from regions.services.bodies import CommissionerFacts, Decision, Person, is_head_now
from regions.uploads import DocumentField

# Titles of parts of a form, and the names of the fields in each.
Parts = Sequence[tuple[str, Sequence[str]]]


class Day(forms.DateField):
    widget = DateInput


class Address(EmailField):
    """Somebody else's address: the browser shall not offer the writer's own."""

    def __init__(self, **options: Any) -> None:
        widget = forms.EmailInput(attrs={"autocomplete": "off"})
        super().__init__(
            label="Электронная почта",
            help_text="По этому адресу человека пригласят на портал",
            max_length=254,
            widget=widget,
            **options,
        )


@dataclass(frozen=True)
class StoredDocument:
    """The file a row has, by the name it was sent under."""

    name: str
    # Asked for by the widget; the file itself is handed out by a page that asks for the right.
    url: str = "#"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(cls, row: DecisionDocument) -> "StoredDocument | None":
        return cls(row.document_name or "файл") if row.document_file else None


class _Competences(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def __init__(self) -> None:
        super().__init__(label="Компетенции", choices=Competence.choices, required=False)


class SectionedForm(forms.Form):
    """A form shown part by part: `sections` is a list of titles and names of fields."""

    template_name = "regions/bodies/_form_parts.html"
    parts: Parts = ()

    @property
    def sections(self) -> list[tuple[str, list[BoundField]]]:
        shown = [(title, [self[name] for name in names if name in self.fields]) for title, names in self.parts]
        return [(title, fields) for title, fields in shown if fields]


class _DocumentInput(forms.ClearableFileInput):
    initial_text = "Сейчас"
    clear_checkbox_label = "Убрать файл"


class DecisionFields(forms.Form):
    """The document of a decision: number, date and, where there is one, the file."""

    document_number = forms.CharField(label="Номер решения", max_length=60)
    document_date = Day(label="Дата решения")
    document_file = DocumentField(label="Файл решения", widget=_DocumentInput, required=False)

    @staticmethod
    def initial_decision(row: DecisionDocument) -> dict[str, Any]:
        return {
            "document_number": row.document_number,
            "document_date": row.document_date,
            "document_file": StoredDocument.of(row),
        }

    def decision(self) -> Decision:
        file = self.cleaned_data["document_file"]
        # What was there before comes back as it was: nothing to change.
        new = file if isinstance(file, UploadedFile) or file is False else None
        return Decision(self.cleaned_data["document_number"], self.cleaned_data["document_date"], new)


class _Name(forms.CharField):
    def to_python(self, value: Any) -> str:
        return " ".join((super().to_python(value) or "").split())


class PersonFields(forms.Form):
    """Somebody in a body of a kind."""

    full_name = _Name(label="Фамилия, имя, отчество", max_length=200)
    position = forms.CharField(label="Должность", max_length=300)
    organisation = forms.CharField(label="Организация", max_length=300)
    email = Address(required=False)
    group = forms.ChoiceField(label="Кого представляет")
    competences = _Competences()

    def offer_groups(self, kind: str) -> None:
        titles = dict(Group.choices)
        field = self.fields["group"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Выберите"), *((code, titles[code]) for code in groups_of(kind))]

    def person(self) -> Person:
        return Person(**{name: self.cleaned_data[name] for name in PERSON})


PERSON = ("full_name", "position", "organisation", "email", "group", "competences")
DECISION = ("document_number", "document_date", "document_file")


class BodyForm(SectionedForm, DecisionFields):
    """What is written about a body itself."""

    title = forms.CharField(label="Название группы", max_length=200)
    life_situations = forms.ModelMultipleChoiceField(
        LifeSituation.objects.none(),
        to_field_name="code",
        label="Жизненные ситуации",
        help_text="Те, по которым работает группа",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Регион не выбирал эту жизненную ситуацию"},
    )
    formed_on = Day(label="Создан с")

    parts: Parts = (("Решение о создании", (*DECISION, "formed_on")), ("Чем занимается", ("title", "life_situations")))

    def __init__(self, *args: Any, body: Body, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if body.is_group:
            field = self.fields["life_situations"]
            assert isinstance(field, forms.ModelMultipleChoiceField)
            offered = LifeSituation.objects.filter(regions__region=body.region)
            if body.pk:
                offered = (offered | LifeSituation.objects.filter(bodies=body)).distinct()
            field.queryset = offered
        else:
            # One of each in a region: neither a name of its own nor ЖС.
            del self.fields["title"], self.fields["life_situations"]

    @staticmethod
    def initial_of(body: Body) -> dict[str, Any]:
        return {
            **BodyForm.initial_decision(body),
            "title": body.title,
            "formed_on": body.formed_on,
            "life_situations": list(body.life_situations.all()),
        }

    def body(self) -> dict[str, Any]:
        """What the services of bodies take, without the people."""
        return {
            "decision": self.decision(),
            "formed_on": self.cleaned_data["formed_on"],
            "title": self.cleaned_data.get("title", ""),
            "life_situations": list(self.cleaned_data.get("life_situations", ())),
        }


class NewBodyForm(BodyForm, PersonFields):
    """A body with its head: without one it is not formed."""

    parts: Parts = (*BodyForm.parts, ("Руководитель", PERSON))

    def __init__(self, *args: Any, body: Body, **kwargs: Any) -> None:
        super().__init__(*args, body=body, **kwargs)
        self.offer_groups(body.kind)
        self.fields["full_name"].label = "Фамилия, имя, отчество руководителя"


class MemberForm(PersonFields):
    starts_on = Day(label="В составе с")
    ends_on = Day(label="В составе по", help_text="Последний день, если он известен", required=False)
    is_head = forms.BooleanField(
        label="Руководитель", help_text="Прежний руководитель останется в составе", required=False
    )

    def __init__(self, *args: Any, body: Body, member: BodyMember | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_groups(body.kind)
        self.leads = member is not None and is_head_now(member)
        if self.leads:
            # The head leaves by the page that asks for a successor.
            del self.fields["is_head"], self.fields["ends_on"]

    @staticmethod
    def initial_of(member: BodyMember) -> dict[str, Any]:
        return {name: getattr(member, name) for name in (*PERSON, "starts_on", "ends_on")}

    def membership(self) -> dict[str, Any]:
        """What the services of members take."""
        return {
            "person": self.person(),
            "starts_on": self.cleaned_data["starts_on"],
            "ends_on": self.cleaned_data.get("ends_on"),
            "is_head": self.cleaned_data.get("is_head", self.leads),
        }


class LastDayForm(forms.Form):
    last_day = Day(label="Последний день")


class HeadEndForm(SectionedForm, PersonFields, LastDayForm):
    """The head's last day and who comes after: a member, or somebody new."""

    NEW = "new"

    successor = forms.ChoiceField(label="Новый руководитель", widget=forms.RadioSelect)

    parts: Parts = (
        ("", ("last_day", "successor")),
        ("Если это новый человек", PERSON),
    )

    def __init__(self, *args: Any, body: Body, candidates: Sequence[BodyMember], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_groups(body.kind)
        self.candidates = {str(one.pk): one for one in candidates}
        field = self.fields["successor"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            *((key, f"{one.full_name}, {one.position}") for key, one in self.candidates.items()),
            (self.NEW, "Новый человек"),
        ]
        for name in PERSON:
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("successor") == self.NEW:
            for name in ("full_name", "position", "organisation", "group"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, "Заполните: это новый руководитель")
        return cleaned

    def chosen(self) -> BodyMember | Person:
        return self.candidates.get(self.cleaned_data["successor"]) or self.person()


class CommissionerForm(SectionedForm, DecisionFields):
    full_name = _Name(label="Фамилия, имя, отчество", max_length=200)
    position = forms.CharField(label="Должность", max_length=300)
    email = Address()
    competences = _Competences()
    appointed_on = Day(label="Назначен с")
    has_office = forms.BooleanField(label="Создан офис РСУ", required=False)
    office = forms.CharField(label="Офис: адрес, состав", max_length=500, required=False)

    FACTS = ("full_name", "position", "email", "competences", "has_office", "office")
    parts: Parts = (
        ("Решение о назначении", (*DECISION, "appointed_on")),
        ("РСУ", ("full_name", "position", "email", "competences")),
        ("Офис", ("has_office", "office")),
    )

    @classmethod
    def initial_of(cls, commissioner: ServiceCommissioner) -> dict[str, Any]:
        facts = {name: getattr(commissioner, name) for name in (*cls.FACTS, "appointed_on")}
        return {**cls.initial_decision(commissioner), **facts}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("office") and not cleaned.get("has_office"):
            self.add_error("has_office", "Отметьте, что офис создан, или сотрите его описание")
        return cleaned

    def appointment(self) -> dict[str, Any]:
        """What the services of the РСУ take."""
        return {
            "facts": CommissionerFacts(**{name: self.cleaned_data[name] for name in self.FACTS}),
            "decision": self.decision(),
            "appointed_on": self.cleaned_data["appointed_on"],
        }


class AccreditationForm(forms.Form):
    course = forms.CharField(label="Образовательная программа", max_length=300)
    course_completed_on = Day(label="Программа пройдена", required=False)
    accredited_on = Day(label="Аккредитован с", required=False)
    accredited_until = Day(
        label="Аккредитация действует по", help_text="Пустое поле: без ограничения срока", required=False
    )

    @classmethod
    def initial_of(cls, commissioner: ServiceCommissioner) -> dict[str, Any]:
        return {name: getattr(commissioner, name) for name in cls.base_fields}
