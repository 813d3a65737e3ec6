"""Forms of the ЖС of a region: is the input well-formed?"""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.db.models import Field, Prefetch, Q
from django.http import QueryDict

from regions import stages
from regions.forms.fields import DateInput
from regions.models import (
    Direction,
    Indicator,
    IndicatorTarget,
    Institution,
    LifeSituation,
    LifeSituationIndicator,
    Membership,
)
from regions.models.places import LifeSituationStatus
from regions.services.life_situations import Document
from regions.targets import LIMITS, fits_unit
from regions.uploads import DocumentField

# The initiative began in 2021 [001]: an earlier date is a slip of the pen.
EARLIEST_YEAR = 2020


class DatedForm(forms.Form):
    """A form whose dates have come already, by the clock of the region."""

    PAST_DATES: tuple[str, ...] = ()

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in self.PAST_DATES:
            day = cleaned.get(name)
            if day and day > self.today:
                self.add_error(name, "Этот день ещё не наступил")
            elif day and day.year < EARLIEST_YEAR:
                self.add_error(name, "Проверьте год")
        return cleaned


class TakingForm(DatedForm):
    """Since when a ЖС is taken, and the decision of the РШ."""

    PAST_DATES = ("since", "decision_date")

    since = forms.DateField(label="Регион работает с ЖС с", widget=DateInput())
    decision_number = forms.CharField(
        label="Номер решения РШ", max_length=60, help_text="Протокол или другое решение Регионального штаба"
    )
    decision_date = forms.DateField(label="Дата решения РШ", widget=DateInput())

    def decision(self) -> Document:
        return Document(self.cleaned_data["decision_number"], self.cleaned_data["decision_date"])


class ChooseForm(TakingForm):
    """Taking a ЖС of the catalogue, or one the region described before."""

    life_situation = forms.ModelChoiceField(
        LifeSituation.objects.none(),
        to_field_name="code",
        widget=forms.HiddenInput(),
        error_messages={"invalid_choice": "Эту ЖС взять нельзя: выберите другую из списка"},
    )

    def __init__(self, *args: Any, available: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["life_situation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = available


# Own ЖС

_CRITERIA_HELP = {
    "human_centred": "Как ситуация касается человека и качества его жизни",
    "mass": "Сколько людей с ней сталкивается: в первую очередь берут то, с чем сталкиваются многие",
    "within_powers": "Почему регион может её улучшить своими возможностями и полномочиями",
    "common": "Почему она характерна и для других субъектов РФ, какой социальный эффект даст масштабирование",
}
# Without them there is no picture of a ЖС: satisfaction, time, willingness to recommend [001 V.2].
USUAL_INDICATORS = ("satisfaction", "time", "nps")
# Said of a region or its roadmaps as a whole, not of what people meet in a ЖС [001 V.2].
_NOT_OF_A_LIFE_SITUATION = ("infrastructure", "roadmap_execution")
# Keeps «до» with its word, and tells the two ends apart again: what people type holds none.
_UNTIL = " до\u00a0"


def composed_boundary(begin: str, end: str) -> str:
    """«От … до …» of the two ends of a ЖС."""
    return f"От {begin}{_UNTIL}{end}"


def boundary_ends(boundary: str) -> tuple[str, str]:
    """The two ends of what `composed_boundary` made."""
    begin, _, end = boundary.removeprefix("От ").partition(_UNTIL)
    return begin, end


def criterion_title(code: str) -> str:
    field = LifeSituation._meta.get_field(code)
    assert isinstance(field, Field)
    return str(field.verbose_name)


class BoundaryField(forms.CharField):
    """One end of a ЖС, without the preposition before it."""

    def __init__(self, *, preposition: str, **kwargs: Any) -> None:
        self.preposition = preposition
        super().__init__(max_length=400, widget=forms.Textarea(attrs={"rows": 2}), **kwargs)

    def to_python(self, value: Any) -> str:
        words = " ".join(str(super().to_python(value) or "").split()).rstrip(" .;,")
        return re.sub(rf"^{self.preposition}\s+", "", words, flags=re.IGNORECASE)


class OwnLifeSituationForm(forms.Form):
    """What a region says of a ЖС of its own [001 IV.1, IV.2]."""

    title = forms.CharField(label="Название", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    short_title = forms.CharField(
        label="Короткое название", max_length=80, help_text="Для таблиц и меню, например «Трудоустроиться через ЦЗН»"
    )
    boundary_from = BoundaryField(
        preposition="от", label="Границы: от", help_text="С чего начинается, например «обращения в центр занятости»"
    )
    boundary_to = BoundaryField(
        preposition="до", label="Границы: до", help_text="Чем заканчивается, например «снятия с учёта»"
    )
    beneficiaries = forms.CharField(
        label="Кто выигрывает",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Люди, которым станет лучше в первую очередь",
    )
    indicators = forms.MultipleChoiceField(
        label="Показатели",
        widget=forms.CheckboxSelectMultiple(),
        help_text="По ним вносят текущие и целевые значения. Основные показатели задаются один раз",
        error_messages={"required": "Выберите хотя бы один показатель"},
    )

    def __init__(self, *args: Any, own: LifeSituation | None = None, has_values: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code in LifeSituation.CRITERIA:
            self.fields[code] = forms.CharField(
                label=f"Критерий: {criterion_title(code)}",
                max_length=2000,
                widget=forms.Textarea(attrs={"rows": 3}),
                help_text=_CRITERIA_HELP[code],
            )
        self.own = own
        self._offered = _fitting_indicators(own.direction if own else None)
        field = self.fields["indicators"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [
            (group, [(one.code, one.title) for one in indicators])
            for group, _, indicators in self._offered
            if indicators
        ]
        field.initial = list(USUAL_INDICATORS)
        if own:
            begin, end = boundary_ends(own.boundary)
            self.initial = {
                **self.initial,
                "title": own.title,
                "short_title": own.short_title,
                "boundary_from": begin,
                "boundary_to": end,
                "beneficiaries": own.beneficiaries,
                **{code: getattr(own, code) for code in LifeSituation.CRITERIA},
                "indicators": list(
                    own.lifesituationindicator_set.order_by("position").values_list("indicator__code", flat=True)
                ),
            }
            if has_values:
                field.disabled = True
                field.help_text = "По ним уже внесены значения: состав показателей больше не меняется"
        self.order_fields(
            [
                "direction",
                "title",
                "short_title",
                "boundary_from",
                "boundary_to",
                "beneficiaries",
                *LifeSituation.CRITERIA,
                "indicators",
            ]
        )

    def description(self) -> dict[str, str]:
        """The fields of LifeSituation."""
        cleaned = self.cleaned_data
        return {
            "title": " ".join(cleaned["title"].split()),
            "short_title": cleaned["short_title"],
            "boundary": composed_boundary(cleaned["boundary_from"], cleaned["boundary_to"]),
            "beneficiaries": cleaned["beneficiaries"],
            **{code: cleaned[code] for code in LifeSituation.CRITERIA},
        }

    def chosen_indicators(self) -> list[Indicator]:
        """In the order they are offered."""
        chosen = set(self.cleaned_data["indicators"])
        return [one for _, _, indicators in self._offered for one in indicators if one.code in chosen]


class NewLifeSituationForm(TakingForm, OwnLifeSituationForm):
    """Describing a ЖС and taking it, in one operation."""

    direction = forms.ModelChoiceField(
        Direction.objects.all(),
        to_field_name="code",
        label="Направление",
        empty_label=None,
        widget=forms.RadioSelect(),
        help_text="Потом его не изменить: от него зависит анкета",
    )
    # Sent twice by two clicks, the page describes one ЖС.
    key = forms.RegexField(r"\A[0-9a-f]{12}\Z", widget=forms.HiddenInput(), initial=lambda: secrets.token_hex(6))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name not in TakingForm.base_fields])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        direction: Direction | None = cleaned.get("direction")
        if direction:
            chosen = set(cleaned.get("indicators", []))
            strange = [
                one.title
                for _, owner, indicators in self._offered
                for one in indicators
                if one.code in chosen and owner not in (None, direction)
            ]
            if strange:
                self.add_error(
                    "indicators", f"Показатель другого направления, снимите отметку: {'; '.join(sorted(strange))}"
                )
        return cleaned


def _fitting_indicators(direction: Direction | None) -> list[tuple[str, Direction | None, list[Indicator]]]:
    """The indicators of the catalogue a ЖС may be measured by, in groups: common ones, then those of directions.

    With `direction` of that one only.
    """
    of_catalogue = LifeSituationIndicator.objects.filter(life_situation__region=None)
    common = Indicator.objects.exclude(code__in=_NOT_OF_A_LIFE_SITUATION).filter(
        Q(code__in=USUAL_INDICATORS) | ~Q(pk__in=of_catalogue.values("indicator"))
    )
    order = {code: number for number, code in enumerate(USUAL_INDICATORS)}
    groups: list[tuple[str, Direction | None, list[Indicator]]] = [
        ("Общие", None, sorted(common, key=lambda one: (order.get(one.code, len(order)), one.code)))
    ]
    directions = Direction.objects.filter(pk=direction.pk) if direction else Direction.objects.all()
    situations = LifeSituation.objects.of_the_catalogue().prefetch_related(
        Prefetch(
            "lifesituationindicator_set",
            LifeSituationIndicator.objects.select_related("indicator").order_by("position"),
        )
    )
    for one in directions.prefetch_related(Prefetch("life_situations", situations)):
        found = {
            line.indicator: None
            for situation in one.life_situations.all()
            for line in situation.lifesituationindicator_set.all()
            if line.indicator.code not in USUAL_INDICATORS
        }
        groups.append((one.title, one, list(found)))
    return groups


# Stage


class StatusForm(DatedForm):
    """The next stage of a ЖС, or an earlier one."""

    PAST_DATES = ("on", "document_date")

    # The stage the page showed: a step is made from there or not at all.
    seen = forms.CharField(widget=forms.HiddenInput())
    after = forms.ChoiceField(label="Новый этап", widget=forms.RadioSelect())
    on = forms.DateField(label="С какого дня", widget=DateInput())
    note = forms.CharField(
        label="Примечание",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Для возврата на прежний этап укажите причину",
    )

    def __init__(self, *args: Any, before: str, choices: Sequence[str], earliest: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before, self.earliest = before, earliest
        self.fields["seen"].initial = before
        after = self.fields["after"]
        assert isinstance(after, forms.ChoiceField)
        after.choices = [(one, self._title(one)) for one in reversed(choices)]
        documented = [one for one in choices if stages.needs_document(one, before=before)]
        if not stages.is_back(before, choices[-1]):
            after.initial = choices[-1]
        self.fields["on"].help_text = f"Не раньше {earliest:%d.%m.%Y}: с этого дня идёт нынешний этап"
        if documented:
            self.fields |= {
                "document_number": forms.CharField(
                    label="Номер документа",
                    required=False,
                    max_length=60,
                    help_text=f"Для этапа «{LifeSituationStatus(documented[0]).label}» нужен "
                    f"{stages.DOCUMENTS[documented[0]]}",
                ),
                "document_date": forms.DateField(label="Дата документа", required=False, widget=DateInput()),
                "document_file": DocumentField(label="Файл документа", required=False),
            }

    def _title(self, after: str) -> str:
        title = str(LifeSituationStatus(after).label)
        return f"Вернуть на этап «{title}»" if stages.is_back(self.before, after) else title

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        on, after = cleaned.get("on"), cleaned.get("after")
        if on and "on" not in self.errors and on < self.earliest:
            self.add_error("on", f"Этап не может начаться раньше {self.earliest:%d.%m.%Y}: с этого дня идёт нынешний")
        if not after:
            return cleaned
        if stages.needs_document(after, before=self.before):
            for name, missing in (("document_number", "Укажите номер"), ("document_date", "Укажите дату")):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, f"{missing}: нужен {stages.DOCUMENTS[after]}")
        if stages.needs_reason(after, before=self.before) and not cleaned.get("note", "").strip():
            self.add_error("note", "Укажите, почему ЖС возвращают на прежний этап")
        return cleaned

    def document(self) -> Document:
        """Only what the chosen step asks for: the fields may have been filled in for another one."""
        cleaned = self.cleaned_data
        if not stages.needs_document(cleaned["after"], before=self.before):
            return Document()
        return Document(cleaned["document_number"], cleaned["document_date"], cleaned["document_file"])


# Responsible members


class ResponsibleForm(forms.Form):
    """Which members of the РШ answer for the ЖС."""

    def __init__(self, *args: Any, members: Iterable[Membership], answering: set[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by_id = {str(one.pk): one for one in members}
        self.fields["members"] = forms.MultipleChoiceField(
            label="Кто отвечает за ЖС",
            required=False,
            choices=[(pk, self._title(one)) for pk, one in self._by_id.items()],
            initial=[pk for pk, one in self._by_id.items() if one.pk in answering],
            # What somebody else has changed meanwhile stays: only the differences to what was shown are made.
            show_hidden_initial=True,
            widget=forms.CheckboxSelectMultiple(),
            error_messages={"invalid_choice": "Этот человек уже не член РШ региона"},
        )

    @staticmethod
    def _title(member: Membership) -> str:
        title = member.user.full_name or member.user.email
        return f"{title} (замещает до {member.ends_on:%d.%m.%Y})" if member.deputises_for_id else title

    def changes(self) -> tuple[list[Membership], list[Membership]]:
        """Whom to add and whom to remove."""
        chosen = set(self.cleaned_data["members"])
        initial = self.add_initial_prefix("members")
        shown = (
            set(self.data.getlist(initial) if hasattr(self.data, "getlist") else self.data.get(initial, []))
            & self._by_id.keys()
        )
        return (
            [self._by_id[pk] for pk in sorted(chosen - shown)],
            [self._by_id[pk] for pk in sorted(shown - chosen)],
        )


# Institutions


class InstitutionChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Institution) -> str:
        return f"{obj.name} ({obj.locality}, {obj.get_settlement_display()})"


class ParticipationForm(DatedForm):
    """An institution of the region begins to take part in the ЖС."""

    institution = InstitutionChoiceField(
        Institution.objects.none(),
        label="Учреждение",
        empty_label="Выберите учреждение",
        error_messages={"invalid_choice": "Это учреждение добавить нельзя: выберите из списка"},
    )
    since = forms.DateField(label="Участвует с", widget=DateInput())

    def __init__(self, *args: Any, institutions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["institution"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = institutions


# Targets


def plain_number(value: Decimal) -> str:
    """A number as people write it: «12,5», «80»."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


class ValueField(forms.DecimalField):
    """A value in the unit of its indicator, as people write it: «12,5», «12.5», «−3»."""

    def __init__(self, *, unit: str, **kwargs: Any) -> None:
        self.unit = unit
        super().__init__(
            max_digits=10,
            decimal_places=2,
            required=False,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            error_messages={
                "invalid": "Введите число",
                "max_decimal_places": "Не больше двух знаков после запятой",
                "max_digits": "Слишком большое число",
                "max_whole_digits": "Слишком большое число",
            },
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return plain_number(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, str):
            value = "".join(value.split()).replace(",", ".").replace("−", "-")
            if value and not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?", value):
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not fits_unit(self.unit, value):
            least, greatest = LIMITS[self.unit]
            bounds = "не меньше 0" if greatest is None else f"от {least} до {greatest}".replace("-", "−")
            raise forms.ValidationError(f"Значение должно быть {bounds}")


class SeenForm(forms.Form):
    """Carries the digest of the values its page showed, so that nobody acts on values they have not seen."""

    seen = forms.CharField(widget=forms.HiddenInput())

    def show_anew(self, seen: str) -> None:
        """The page shows newer values: sending what was typed once more is then a decision about these."""
        data = cast("QueryDict", self.data).copy()
        data[self.add_prefix("seen")] = seen
        self.data = data


class TargetsForm(SeenForm):
    """The current and the target value of each indicator; both empty: none yet."""

    def __init__(
        self, *args: Any, indicators: Iterable[Indicator], targets: Mapping[int, IndicatorTarget], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.indicators = list(indicators)
        for one in self.indicators:
            stored = targets.get(one.pk)
            for kind, title in (("current", "Текущее значение"), ("target", "Целевое значение")):
                self.fields[f"{kind}_{one.pk}"] = ValueField(
                    unit=one.unit,
                    label=f"{title}, {one.get_unit_display()}",
                    initial=getattr(stored, kind) if stored else None,
                )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for one in self.indicators:
            names = (f"current_{one.pk}", f"target_{one.pk}")
            given = [name for name in names if cleaned.get(name) is not None or name in self.errors]
            if len(given) == 1:
                missing = next(name for name in names if name not in given)
                self.add_error(missing, "Укажите оба значения или оставьте оба поля пустыми")
        return cleaned

    def values(self) -> dict[Indicator, tuple[Decimal, Decimal] | None]:
        """Of every indicator that was on the page."""
        found: dict[Indicator, tuple[Decimal, Decimal] | None] = {}
        for one in self.indicators:
            if self.add_prefix(f"current_{one.pk}") in self.data:
                current, target = self.cleaned_data[f"current_{one.pk}"], self.cleaned_data[f"target_{one.pk}"]
                found[one] = None if current is None else (current, target)
        return found


class ApproveForm(DatedForm, SeenForm):
    """The decision by which the РШ approves the values."""

    PAST_DATES = ("document_date",)

    document_number = forms.CharField(label="Номер решения", max_length=60)
    document_date = forms.DateField(label="Дата решения", widget=DateInput())
    document_file = DocumentField(label="Файл решения", required=False)

    def document(self) -> Document:
        cleaned = self.cleaned_data
        return Document(cleaned["document_number"], cleaned["document_date"], cleaned["document_file"])


class WithdrawForm(forms.Form):
    """Why an approval is withdrawn."""

    approval = forms.IntegerField(widget=forms.HiddenInput())
    reason = forms.CharField(
        label="Причина", max_length=300, help_text="Останется в истории, например «Уточнено текущее значение»"
    )
