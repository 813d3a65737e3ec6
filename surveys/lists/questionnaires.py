"""Columns and filters of the list of questionnaires and other instruments."""

from datetime import datetime
from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from regions.lists import NUMBER, ListTable, two_lines
from regions.models import Direction, LifeSituation
from regions.permissions import Person
from regions.querysets import with_words
from surveys.models import Questionnaire, QuestionnaireVersion

AGENCY = "agency"


def listed(user: Person) -> QuerySet[Questionnaire]:
    """The questionnaires `user` may read, with what the list tells of their versions.

    `in_use`: number of the newest version new links may be made to, `in_use_at` when it was published; `drafted_at`
    when the draft was last changed, for those who may see it; `was_published` whether there ever was a version.
    """
    versions = QuestionnaireVersion.objects.filter(questionnaire=OuterRef("pk"))
    newest = versions.in_use().order_by("-number")
    drafts = QuestionnaireVersion.objects.shared_with(user).drafts().filter(questionnaire=OuterRef("pk"))
    return (
        Questionnaire.objects.shared_with(user)
        .select_related("region", "direction", "life_situation", "extends")
        .annotate(
            in_use=Subquery(newest.values("number")[:1]),
            in_use_at=Subquery(newest.values("published_at")[:1]),
            drafted_at=Subquery(drafts.values("edited_at")[:1]),
            has_draft=Exists(drafts),
            was_published=Exists(versions.published()),
        )
    )


class QuestionnaireFilter(django_filters.FilterSet):
    title = django_filters.CharFilter(method="filter_title", label="Название")
    kind = django_filters.ChoiceFilter(choices=Questionnaire.Kind.choices, label="Вид", empty_label="Все виды")
    direction = django_filters.ModelChoiceFilter(
        queryset=Direction.objects.all(), to_field_name="code", label="Направление", empty_label="Все направления"
    )
    life_situation = django_filters.ModelChoiceFilter(
        queryset=LifeSituation.objects.none(),
        to_field_name="code",
        label="Жизненная ситуация",
        empty_label="Все ЖС",
    )
    owner = django_filters.ChoiceFilter(method="filter_owner", label="Чья", empty_label="Все")
    state = django_filters.ChoiceFilter(
        choices=[("in_use", "Действует"), ("draft", "Есть черновик"), ("retired", "Снята")],
        method="filter_state",
        label="Состояние",
        empty_label="Все",
    )

    class Meta:
        model = Questionnaire
        fields = ("title", "kind", "direction", "life_situation", "owner", "state")

    def __init__(self, data: Any, queryset: QuerySet[Questionnaire], **kwargs: Any) -> None:
        super().__init__(data, queryset, **kwargs)
        # Of what the person sees.
        owners = (
            queryset.filter(region__isnull=False).order_by("region__name").values_list("region__code", "region__name")
        )
        self.filters["owner"].extra["choices"] = [(AGENCY, "Агентства"), *owners.distinct()]
        situations = LifeSituation.objects.filter(pk__in=queryset.order_by().values("life_situation"))
        self.filters["life_situation"].queryset = situations

    def filter_title(self, queryset: QuerySet[Questionnaire], name: str, value: str) -> QuerySet[Questionnaire]:
        return queryset.filter(with_words("title", value))

    def filter_owner(self, queryset: QuerySet[Questionnaire], name: str, value: str) -> QuerySet[Questionnaire]:
        return queryset.filter(region=None) if value == AGENCY else queryset.filter(region__code=value)

    def filter_state(self, queryset: QuerySet[Questionnaire], name: str, value: str) -> QuerySet[Questionnaire]:
        # Annotated by `listed`.
        conditions: dict[str, dict[str, Any]] = {
            "retired": {"in_use": None, "was_published": True},
            "in_use": {"in_use__isnull": False},
            "draft": {"has_draft": True},
        }
        return queryset.filter(**conditions[value])


class QuestionnaireTable(ListTable):
    title = tables.Column("Название")
    kind = tables.Column("Вид")
    owner = tables.Column("Чья", accessor="pk", order_by=("region__name",))
    about = tables.Column("О чём", accessor="pk", order_by=("direction__name", "life_situation__short_title"))
    state = tables.Column("Состояние", accessor="pk", order_by=("-in_use_at", "-drafted_at"))
    in_use = tables.Column("Версия", attrs=NUMBER, default="—")
    in_use_at = tables.DateTimeColumn(verbose_name="Опубликована", format="d.m.Y", default="—")

    class Meta(ListTable.Meta):
        model = Questionnaire
        fields = ("title", "kind", "owner", "about", "state", "in_use", "in_use_at")

    def render_title(self, record: Questionnaire) -> SafeString:
        link = format_html('<a href="{}">{}</a>', reverse("questionnaire", args=[record.pk]), record.title)
        return two_lines(link, f"дополняет «{record.extends}»" if record.extends else "")

    def value_title(self, record: Questionnaire) -> str:
        return record.title

    def render_owner(self, record: Questionnaire) -> str:
        return record.region.name if record.region else "Агентство"

    value_owner = render_owner

    def render_about(self, record: Questionnaire) -> str:
        situation = record.life_situation
        return situation.short_title if situation else (str(record.direction) if record.direction else "Любая ЖС")

    value_about = render_about

    def render_state(self, record: Questionnaire) -> SafeString:
        return render_to_string("surveys/questionnaires/_states.html", {"states": states(record)})

    def value_state(self, record: Questionnaire) -> str:
        return ", ".join(text for _, text in states(record))

    def value_in_use(self, record: Questionnaire) -> int | None:
        number: int | None = record.in_use  # type: ignore[attr-defined]
        return number

    def value_in_use_at(self, record: Questionnaire) -> datetime | None:
        at: datetime | None = record.in_use_at  # type: ignore[attr-defined]
        return at


def states(record: Any) -> list[tuple[str, str]]:
    """Chips of a row of `listed`: kind and words."""
    found = []
    if record.in_use is not None:
        found.append(("good", "действует"))
    elif record.was_published:
        found.append(("neutral", "снята"))
    if record.has_draft:
        found.append(("progress", "черновик"))
    return found
