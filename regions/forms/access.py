"""Forms of passing a role on, of deputies, and of asking why somebody sees a thing."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.forms import EmailField
from accounts.models import User
from regions.forms.fields import DateInput
from regions.models import Institution, Membership, Region, RegionLifeSituation
from regions.services.handover import LONGEST_DEPUTYSHIP, days_to_deputise, days_to_hand_over


class _OneOfTwo(forms.Field):
    """Needed, unless the other is given: which of them is missing the form says."""

    def validate(self, value: Any) -> None:
        if value not in self.empty_values:
            super().validate(value)


class _PersonField(_OneOfTwo, forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.full_name}, {obj.email}"


class _AddressField(_OneOfTwo, EmailField):
    pass


class SuccessorForm(forms.Form):
    """Whom a role goes to: somebody of the region, or anybody on the portal whose address is known exactly."""

    person = _PersonField(label="Кому", queryset=User.objects.none(), empty_label="Выберите человека")
    email = _AddressField(
        label="Или по адресу электронной почты",
        help_text="Если человек на портале уже есть, но в списке его нет. Нужен адрес, с которым он входит.",
    )

    use_required_attribute = False

    def __init__(self, *args: Any, membership: Membership, by: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.membership, self.by, self.today = membership, by, today
        # Whether the address typed belongs to nobody: such a person is invited first.
        self.is_unknown = False
        person = self.fields["person"]
        assert isinstance(person, _PersonField)
        person.queryset = self._people()

    def _people(self) -> QuerySet[User]:
        region = self.membership.home_region
        around = Membership.objects.of_region(region) if region else Membership.objects.federal()
        found = User.objects.filter(is_active=True, pk__in=around.in_force(self.today).values("user"))
        return found.exclude(pk__in=[self.membership.user_id, self.by.pk]).order_by("full_name", "pk")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "person" not in cleaned or "email" not in cleaned:
            return cleaned
        person, email = cleaned["person"], cleaned["email"]
        if person and email:
            self.add_error("email", "Укажите что-то одно: человека из списка или адрес")
        elif email:
            cleaned["to"] = self._by_address(email)
        elif person:
            cleaned["to"] = person
        else:
            self.add_error("person", "Выберите человека или укажите его адрес ниже")
        return cleaned

    def _by_address(self, email: str) -> User | None:
        # The same word for who is unknown and whose access is closed: an address tells nothing else.
        found = User.objects.filter(email__iexact=email, is_active=True).first()
        if found is None:
            self.is_unknown = True
            self.add_error("email", "Такого человека на портале нет. Сначала пригласите его")
        elif found == self.membership.user:
            self.add_error("email", "Это тот же человек. Укажите адрес другого")
        elif found == self.by:
            self.add_error("email", "Себе роль дать нельзя. Это может сделать другой администратор")
        else:
            return found
        return None

    def _check_day(self, name: str, first: date, last: date) -> None:
        day = self.cleaned_data.get(name)
        if day and not first <= day <= last:
            self.add_error(name, f"Можно от {first:%d.%m.%Y} до {last:%d.%m.%Y}")


class HandoverForm(SuccessorForm):
    on = forms.DateField(
        label="С какого дня",
        help_text="С этого дня действует новый человек. Последний день прежнего — накануне.",
        widget=DateInput(),
    )
    reason = forms.CharField(label="Основание", help_text="Например: приказ от 01.11.2026 № 12-к", max_length=300)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._check_day("on", *days_to_hand_over(self.membership, self.today))
        return cleaned


class DeputyForm(SuccessorForm):
    starts_on = forms.DateField(label="С какого дня", widget=DateInput())
    ends_on = forms.DateField(label="По какой день", help_text="Включительно. Не дольше года.", widget=DateInput())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = days_to_deputise(self.membership, self.today)
        self._check_day("starts_on", first, last)
        if starts_on := cleaned.get("starts_on"):
            self._check_day("ends_on", starts_on, max(starts_on, min(last, starts_on + LONGEST_DEPUTYSHIP)))
        return cleaned


class ExplainForm(forms.Form):
    """What is asked about and whom; the choices are those of the asker."""

    region = forms.ModelChoiceField(
        label="Регион", queryset=Region.objects.none(), to_field_name="code", required=False, empty_label="Выберите"
    )
    thing = forms.ChoiceField(label="Что", required=False)
    who = forms.CharField(label="Кто", help_text="Часть имени или адрес почты", required=False, max_length=200)

    def __init__(self, *args: Any, regions: QuerySet[Region], region: Region | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["region"]
        assert isinstance(choices, forms.ModelChoiceField)
        choices.queryset = regions
        if region and regions.count() == 1:
            # Nothing to choose.
            del self.fields["region"]
        things = self.fields["thing"]
        assert isinstance(things, forms.ChoiceField)
        if region is None:
            del self.fields["thing"]
            return
        places = RegionLifeSituation.objects.filter(region=region).select_related("life_situation")
        things.choices = [
            ("", "Регион в целом"),
            ("Жизненные ситуации", [(f"place-{one.pk}", one.life_situation.short_title) for one in places]),
            (
                "Учреждения",
                [(f"institution-{one.pk}", one.name) for one in Institution.objects.filter(region=region)],
            ),
        ]
