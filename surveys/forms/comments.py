"""Forms of comments: coding, problems, reading as typed."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from accounts.models import User
from regions.models import Region, RegionLifeSituation
from regions.permissions import Permission
from surveys.comments.masking import PLACEHOLDER, mask
from surveys.models import Comment, ProblemDraft, ProcessStage, Theme

NO_STAGE = "none"
LONGEST_NUMBER = 18
PERSONAL_DATA = "Похоже, здесь имя, телефон или другие личные данные. Напишите без них"


class _Rows(forms.ModelMultipleChoiceField):
    """Rows by their numbers; a number no row can have is refused like any other that is not there."""

    def _check_values(self, value: Any) -> Any:
        for one in value:
            if len(str(one)) > LONGEST_NUMBER:
                # SQLite would fail on it, and not only find nothing.
                raise ValidationError(self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": "…"})
        return super()._check_values(value)  # type: ignore[misc]


class Themes(_Rows):
    """Themes in use, with the keys that mark them where a script serves it: 1…9, 0."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.title)


class BulkCodingForm(forms.Form):
    """What several comments of a region are about: themes and stage are added to what is there."""

    comments = _Rows(
        Comment.objects.none(),
        label="Комментарии",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Отметьте в списке комментарии, которые размечаете",
            "invalid_choice": "Некоторых комментариев уже нет в списке. Обновите страницу",
            "invalid_pk_value": "Некоторых комментариев уже нет в списке. Обновите страницу",
        },
    )
    themes = Themes(Theme.objects.none(), label="Темы", required=False)
    how = forms.ChoiceField(
        label="Уже отмеченные темы",
        choices=(("add", "Оставить и добавить эти"), ("replace", "Заменить этими")),
        widget=forms.RadioSelect,
        initial="add",
    )
    stage = forms.ChoiceField(label="Этап процесса", required=False)
    problem = forms.ModelChoiceField(
        ProblemDraft.objects.none(), label="Проблема", required=False, empty_label="не передавать"
    )

    def __init__(self, *args: Any, comments: QuerySet[Comment], region: Region, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = RegionLifeSituation.objects.permitting(by, Permission.COMMENTS_CODE).filter(region=region)
        _choose_from(self.fields["comments"], comments)
        _choose_from(self.fields["themes"], Theme.objects.filter(is_active=True))
        _choose_from(self.fields["problem"], ProblemDraft.objects.open().filter(region_life_situation__in=places))
        stages = ProcessStage.objects.filter(is_active=True, life_situation__in=places.values("life_situation"))
        offered = stage_choices(stages)
        _choices(self.fields["stage"], [("", "не менять"), (NO_STAGE, "убрать"), *offered])
        if not offered:
            del self.fields["stage"]

    def clean_stage(self) -> ProcessStage | None:
        return _stage(self.cleaned_data["stage"])

    @property
    def keeps_stage(self) -> bool:
        return not self.data.get("stage")


class CodingForm(forms.Form):
    """Themes and stage of one comment, as they shall be."""

    themes = Themes(Theme.objects.none(), label="Темы", required=False)
    stage = forms.ChoiceField(label="Этап процесса", required=False)

    def __init__(self, data: Any, *, comment: Comment) -> None:
        themes = [one.pk for one in comment.themes.all()]
        super().__init__(data, initial={"themes": themes, "stage": comment.stage_id or ""})
        # What has been put out of use since stays where it was marked.
        _choose_from(self.fields["themes"], Theme.objects.filter(Q(is_active=True) | Q(pk__in=themes)))
        stages = ProcessStage.objects.filter(Q(is_active=True) | Q(pk=comment.stage_id))
        offered = [(one.pk, one.title) for one in stages.filter(life_situation=comment.life_situation_id)]
        _choices(self.fields["stage"], [("", "не указан"), *offered])
        if not offered:
            del self.fields["stage"]

    def clean_stage(self) -> ProcessStage | None:
        return _stage(self.cleaned_data["stage"])


class ProblemForm(forms.Form):
    """The problem a comment speaks of: one that is there, or a new one."""

    problem = forms.ModelChoiceField(
        ProblemDraft.objects.none(), label="Уже названная проблема", required=False, empty_label="новая проблема"
    )
    title = forms.CharField(
        label="Новая проблема",
        required=False,
        max_length=300,
        help_text="Что не так с точки зрения человека, одной фразой: «Справку просят дважды»",
    )
    stage = forms.ChoiceField(label="Этап процесса", required=False, help_text="Для новой проблемы")

    def __init__(self, data: Any, *, comment: Comment, place: RegionLifeSituation) -> None:
        super().__init__(data, initial={"problem": comment.problem_id, "stage": comment.stage_id or ""})
        _choose_from(self.fields["problem"], ProblemDraft.objects.open().filter(region_life_situation=place))
        stages = ProcessStage.objects.filter(is_active=True, life_situation=place.life_situation_id)
        _choices(self.fields["stage"], [("", "не указан"), *((one.pk, one.title) for one in stages)])

    def clean_title(self) -> str:
        return without_personal_data(self.cleaned_data["title"])

    def clean_stage(self) -> ProcessStage | None:
        return _stage(self.cleaned_data["stage"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        problem, title = cleaned.get("problem"), cleaned.get("title")
        if not self.errors and bool(problem) == bool(title):
            self.add_error(
                "title",
                "Выберите названную проблему или назовите новую: не обе сразу"
                if problem
                else "Назовите проблему или выберите из названных",
            )
        return cleaned


class RawReadingForm(forms.Form):
    reason = forms.CharField(
        label="Зачем нужен дословный текст",
        max_length=300,
        help_text="Причина, Ваше имя и время попадут в журнал чтений",
    )

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if len(reason.split()) < 2:
            raise forms.ValidationError("Объясните хотя бы двумя словами, зачем нужен этот текст")
        return reason


def without_personal_data(text: str) -> str:
    """The text; raises ValidationError when there is personal data in it, or the place where it was hidden."""
    if found := PLACEHOLDER.search(text):
        raise forms.ValidationError(f"Скажите без пометки {found[0]}: её увидят все")
    if mask(text).is_masked:
        raise forms.ValidationError(PERSONAL_DATA)
    return text


def stage_choices(stages: QuerySet[ProcessStage]) -> list[Any]:
    """Stages to choose from; those of several ЖС in groups."""
    ordered = stages.select_related("life_situation").order_by("life_situation__short_title", "life_situation", "order")
    groups = [
        (life_situation.short_title, [(one.pk, one.title) for one in of])
        for life_situation, of in groupby(ordered, key=lambda stage: stage.life_situation)
    ]
    return groups if len(groups) > 1 else [choice for _, choices in groups for choice in choices]


def _stage(value: str) -> ProcessStage | None:
    # One of the choices: the field has seen to it.
    return ProcessStage.objects.get(pk=value) if value and value != NO_STAGE else None


def _choose_from(field: forms.Field, rows: QuerySet[Any]) -> None:
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows


def _choices(field: forms.Field, choices: Iterable[Any]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)
