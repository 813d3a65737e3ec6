"""Forms of people: invitations, roles, sign-up."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError

from accounts.forms import ConsentForm, EmailField
from accounts.models import User
from regions.forms.fields import DateInput
from regions.models import BodyMember, Institution, LifeSituation, Region
from regions.permissions import Permission, roles_grantable
from regions.roles import INSTITUTION_ROLES, Role

MOST_PEOPLE = 20
SHOWN_PEOPLE = 3


def one_line(text: str) -> str:
    return " ".join(text.split())


class OneLineField(forms.CharField):
    """Words in one line: runs of spaces and line breaks become one space."""

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


def _name_field() -> OneLineField:
    return OneLineField(
        label="Фамилия, имя, отчество", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class RoleForm(forms.Form):
    """A role in a region (None: in the federation) with what it needs; only the roles `by` may give."""

    role = forms.ChoiceField(label="Роль", widget=forms.RadioSelect)
    life_situations = forms.ModelMultipleChoiceField(
        LifeSituation.objects.none(),
        to_field_name="code",
        label="Жизненные ситуации",
        help_text="Для члена РШ: за какие ЖС отвечает.",
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    institution = forms.ModelChoiceField(
        Institution.objects.none(),
        label="Учреждение",
        help_text="Для представителя учреждения.",
        empty_label="Выберите учреждение",
        required=False,
    )

    def __init__(self, *args: Any, by: User, region: Region | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region = region
        grantable = roles_grantable(by, region=region)
        roles = [role for role in Role if role in grantable]
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]
        if region is None or Role.HQ_MEMBER not in roles:
            del self.fields["life_situations"]
        else:
            taken = LifeSituation.objects.filter(regions__region=region)
            self.fields["life_situations"].queryset = taken  # type: ignore[attr-defined]
            self.fields["life_situations"].label_from_instance = lambda one: one.short_title  # type: ignore[attr-defined]
        if region is None or not INSTITUTION_ROLES & set(roles):
            del self.fields["institution"]
        else:
            working = Institution.objects.filter(region=region).working(region.local_date())
            self.fields["institution"].queryset = working  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        role = cleaned.get("role")
        if not role:
            return cleaned
        situations = cleaned.get("life_situations") or ()
        institution = cleaned.get("institution")
        is_representative = role in INSTITUTION_ROLES
        if role == Role.HQ_MEMBER and not situations and "life_situations" not in self.errors:
            nothing = "" if self.fields["life_situations"].queryset.exists() else " Регион их ещё не выбрал"  # type: ignore[attr-defined]
            self.add_error("life_situations", f"Отметьте ЖС, за которые отвечает член РШ.{nothing}")
        if role != Role.HQ_MEMBER and situations:
            self.add_error("life_situations", "ЖС отмечают только для роли «Член РШ, ответственный за ЖС»")
        if is_representative and institution is None and "institution" not in self.errors:
            self.add_error("institution", "Выберите учреждение, которое человек представляет")
        if not is_representative and institution is not None:
            self.add_error("institution", "Учреждение выбирают только для его представителя")
        return cleaned

    @property
    def given(self) -> dict[str, Any]:
        """Role and scope, as services take them."""
        role = Role(self.cleaned_data["role"])
        is_representative = role in INSTITUTION_ROLES
        return {
            "role": role,
            "region": None if is_representative else self.region,
            "institution": self.cleaned_data.get("institution"),
            "life_situations": tuple(self.cleaned_data.get("life_situations") or ()),
        }


class MembershipForm(RoleForm):
    """Another role for a person the portal knows."""

    starts_on = forms.DateField(label="С какого дня", widget=DateInput())

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["starts_on"].initial = today

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"]
        if day < self.today:
            raise ValidationError("Роль не даётся задним числом: укажите сегодняшний день или более поздний")
        if day.year > self.today.year + 1:
            raise ValidationError("Этот день слишком далеко: проверьте год")
        return day


class PersonForm(forms.Form):
    """One of the people to be invited."""

    email = EmailField(widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    full_name = _name_field()
    position = OneLineField(
        label="Должность", max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    body_member = forms.ModelChoiceField(BodyMember.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: User, region: Region | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if region:
            members = BodyMember.objects.permitting(by, Permission.STRUCTURE_EDIT).filter(body__region=region)
            self.fields["body_member"].queryset = members  # type: ignore[attr-defined]
        else:
            del self.fields["body_member"]

    def has_changed(self) -> bool:
        # A line with nothing but the hidden tie is an empty line.
        return bool(set(self.changed_data) - {"body_member"})


class _PeopleFormSet(forms.BaseFormSet):
    """Lines for people: empty ones do not count, whichever they are, but one must be filled."""

    default_error_messages = {"too_few_forms": "Укажите хотя бы одного человека"}

    def initial_form_count(self) -> int:
        # What stands in a line at first is a proposal; the line may be emptied like any other.
        return 0

    def total_form_count(self) -> int:
        return super().total_form_count() if self.is_bound else int(self.extra)

    def _construct_form(self, i: int, **kwargs: Any) -> PersonForm:
        form: PersonForm = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.empty_permitted = True
        return form


PeopleFormSet = forms.formset_factory(
    PersonForm,
    formset=_PeopleFormSet,
    extra=SHOWN_PEOPLE,
    max_num=MOST_PEOPLE,
    absolute_max=MOST_PEOPLE,
    min_num=1,
    validate_min=True,
    validate_max=True,
)


class EndMembershipForm(forms.Form):
    last_day = forms.DateField(
        label="Последний день", help_text="В этот день роль ещё действует, на следующий уже нет.", widget=DateInput()
    )
    reason = OneLineField(label="Почему", help_text="Например: переход на другую работу.", max_length=300)

    def __init__(self, *args: Any, days: tuple[date, date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.days = days

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        earliest, latest = self.days
        if not earliest <= day <= latest:
            raise ValidationError(f"Можно от {earliest:%d.%m.%Y} до {latest:%d.%m.%Y}: проверьте год")
        return day


class DeclineForm(forms.Form):
    reason = OneLineField(
        label="Причина",
        help_text="Её увидит человек, который подал заявку.",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class NewAccountForm(ConsentForm):
    """What a person who comes by a link from a letter chooses and agrees to."""

    email = forms.EmailField(
        label="Адрес электронной почты",
        disabled=True,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label="Пароль",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label="Пароль ещё раз",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    field_order: Sequence[str] = ("email", "password", "password_again", "agreed")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["email"].initial = person.email
        self.fields["password"].help_text = password_validators_help_text_html()

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.person)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password, again = cleaned.get("password"), cleaned.get("password_again")
        if password and again and password != again:
            self.add_error("password_again", "Пароли не совпадают. Наберите тот же пароль ещё раз")
        return cleaned


class SignUpForm(forms.Form):
    email = EmailField(help_text="Рабочий адрес: на него придёт ссылка.")
    full_name = OneLineField(
        label="Фамилия, имя, отчество", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    position = OneLineField(
        label="Должность", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "organization-title"})
    )


class FindInstitutionForm(forms.Form):
    """Which institution somebody represents: a search. Without words it is the beginning of the region's list."""

    region = forms.ModelChoiceField(
        Region.objects.none(), to_field_name="code", label="Регион", empty_label="Выберите регион"
    )
    name = forms.CharField(
        label="Учреждение: слова из названия",
        min_length=3,
        max_length=200,
        required=False,
        error_messages={"min_length": "Введите хотя бы три буквы названия"},
    )

    def __init__(self, *args: Any, regions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        self.fields["region"].queryset = regions  # type: ignore[attr-defined]
