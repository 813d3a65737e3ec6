"""Forms of links: is the input well-formed?"""

import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.db.models import F
from django.http import QueryDict

from regions.forms.fields import DateInput
from regions.models import Institution, LifeSituation, Region
from surveys.models import Questionnaire, QuestionnaireVersion, SurveyLink
from surveys.services.links import versions_for

# A year typed with a slip of the finger is no window anybody means.
LONGEST_AHEAD = timedelta(days=5 * 366)
MOST_ANSWERS = 1_000_000


# What keys of forms look like, and of programs' requests.
FORM_KEY = "[A-Za-z0-9_-]{16,40}"


def new_form_key() -> str:
    """What a form carries so that sending it twice makes one thing."""
    return secrets.token_urlsafe(16)


class VersionField(forms.ModelChoiceField):
    """Which questionnaire a link leads to; nothing chosen means the standard one."""

    def label_from_instance(self, version: Any) -> str:
        questionnaire = version.questionnaire
        notes = [f"версия {version.number}"]
        if questionnaire.kind != Questionnaire.Kind.QUESTIONNAIRE:
            notes.append(f"{questionnaire.get_kind_display().lower()}, заполняет сотрудник")
        elif questionnaire.region_id is not None:
            notes.append("дополняет стандартную" if questionnaire.extends_id else "анкета региона")
        else:
            notes.append("стандартная")
        return f"{questionnaire.title} ({', '.join(notes)})"


class _WindowForm(forms.ModelForm):
    """The days of a link, as far as they can be wrong without knowing who takes part since when."""

    today: date
    target = forms.IntegerField(
        label="Сколько ответов нужно собрать",
        required=False,
        min_value=1,
        max_value=MOST_ANSWERS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "Введите целое число"},
        help_text="Портал покажет, сколько ещё осталось. Приём ответов от этого не остановится",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("opens_on", "closes_on"):
            if (day := cleaned.get(name)) and day > self.today + LONGEST_AHEAD:
                self.add_error(name, "Этот день слишком далеко, проверьте год")
        # Without those that were found wrong just now.
        opens_on, closes_on = cleaned.get("opens_on"), cleaned.get("closes_on")
        if closes_on and closes_on < self.today and closes_on != self.initial.get("closes_on"):
            self.add_error("closes_on", "Этот день уже прошёл")
        elif opens_on and closes_on and closes_on < opens_on:
            self.add_error("closes_on", "Последний день не может быть раньше первого")
        return cleaned


_WIDGETS = {"opens_on": DateInput(), "closes_on": DateInput(), "channel": forms.RadioSelect()}
_LABELS = {"opens_on": "Открыть с", "closes_on": "Принимать ответы по"}
_HELP = {
    "label": "Видна только сотрудникам, например «Плакат в регистратуре»",
    "closes_on": "Последний день приёма, до 24:00 по времени региона. Пустое поле: пока не закроете сами",
}


class _NewLinkForm(_WindowForm):
    version = VersionField(
        QuestionnaireVersion.objects.none(),
        label="Анкета",
        required=False,
        empty_label="Стандартная анкета жизненной ситуации",
    )
    form_key = forms.RegexField(
        rf"\A{FORM_KEY}\Z",
        required=False,
        widget=forms.HiddenInput(),
        label="Ключ формы",
        error_messages={"invalid": "Страница устарела, откройте её заново"},
    )

    class Meta:
        model = SurveyLink
        fields = ("life_situation", "version", "channel", "label", "opens_on", "closes_on", "target")
        widgets = _WIDGETS
        labels = _LABELS
        help_texts = _HELP

    def __init__(
        self, *args: Any, region: Region, situations: Iterable[LifeSituation], today: date, **kwargs: Any
    ) -> None:
        kwargs.setdefault(
            "initial", {"opens_on": today, "channel": SurveyLink.Channel.POSTER, "form_key": new_form_key()}
        )
        super().__init__(*args, **kwargs)
        self.today = today
        offered = list(situations)
        field, versions = self.fields["life_situation"], self.fields["version"]
        assert isinstance(field, forms.ModelChoiceField) and isinstance(versions, forms.ModelChoiceField)
        field.queryset = LifeSituation.objects.filter(pk__in=[one.pk for one in offered])
        field.empty_label = "Выберите"
        if len(offered) == 1:
            field.initial = offered[0]
            field.empty_label = None
        fitting = {
            pk for one in offered for pk in versions_for(region=region, life_situation=one).values_list("pk", flat=True)
        }
        versions.queryset = (
            QuestionnaireVersion.objects.filter(pk__in=fitting)
            .select_related("questionnaire")
            # Documents are large.
            .defer("document")
            .order_by(F("questionnaire__region").asc(nulls_first=True), "questionnaire__title", "pk")
        )
        channel = self.fields["channel"]
        assert isinstance(channel, forms.ChoiceField)
        channel.choices = SurveyLink.Channel.choices

    def renew_key(self) -> None:
        """Let the form be sent once more as another one."""
        data = cast("QueryDict", self.data).copy()
        data[self.add_prefix("form_key")] = new_form_key()
        self.data = data


class LinkForm(_NewLinkForm):
    """A new link of an institution."""

    def __init__(self, *args: Any, institution: Institution, today: date, **kwargs: Any) -> None:
        situations = LifeSituation.objects.of_institution(institution)
        super().__init__(*args, region=institution.region, situations=situations, today=today, **kwargs)


class BatchForm(_NewLinkForm):
    """New links of all institutions of a region that take part in a ЖС."""

    def __init__(self, *args: Any, region: Region, today: date, **kwargs: Any) -> None:
        situations = LifeSituation.objects.filter(pk__in=region.life_situations.values("life_situation"))
        super().__init__(*args, region=region, situations=situations, today=today, **kwargs)
        self.fields["target"].label = "Сколько ответов нужно собрать каждому учреждению"
        self.fields["label"].help_text = "Общая для всех ссылок, например «Опрос ноября»"


class LinkChangeForm(_WindowForm):
    """What may change in a link; the first day stays once there are answers, a closed link's days do not move."""

    class Meta:
        model = SurveyLink
        fields = ("label", "target", "opens_on", "closes_on")
        widgets = _WIDGETS
        labels = _LABELS
        help_texts = _HELP

    def __init__(self, *args: Any, today: date, has_answers: bool, is_closed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        if has_answers:
            self._fix("opens_on", "По ссылке уже есть ответы: первый день не меняется")
        if is_closed:
            self._fix("opens_on", "Ссылка закрыта")
            self._fix("closes_on", "Ссылка закрыта. Чтобы снова принимать ответы, откройте её заново")

    def _fix(self, name: str, reason: str) -> None:
        self.fields[name].disabled = True
        self.fields[name].help_text = reason


class ReopenForm(forms.Form):
    """Until when a closed link takes answers again."""

    closes_on = forms.DateField(
        label="Принимать ответы по",
        required=False,
        widget=DateInput(),
        help_text="Новый последний день, до 24:00 по времени региона. Пустое поле: пока не закроете сами",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_closes_on(self) -> date | None:
        day: date | None = self.cleaned_data["closes_on"]
        if day and day < self.today:
            raise forms.ValidationError("Этот день уже прошёл")
        if day and day > self.today + LONGEST_AHEAD:
            raise forms.ValidationError("Этот день слишком далеко, проверьте год")
        return day
