"""Columns and filters of the lists of comments, problems and readings, and how many comments speak of what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import Count, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from regions.forms.fields import DateInput
from regions.lists import NUMBER, ListTable, two_lines
from regions.models import Institution, LifeSituation, Region
from surveys.comments.stemming import marked, stems_of_search
from surveys.forms.comments import stage_choices
from surveys.models import Comment, ProblemDraft, ProcessStage, RawReading, SurveyLink, Theme
from surveys.models.questionnaires import QuestionnaireVersion, published_definition
from surveys.questionnaires.definition import SCALE4, SCALE4_TITLES

# What a row shows of a long comment; all of it is on its own page.
SHOWN = 600
# Without a wish of one's own.
USUAL_PERIOD = timedelta(days=365)
NOTHING = "none"
SATISFACTION = {SCALE4[code]: title for code, title in SCALE4_TITLES.items()}
CHANNELS = dict(SurveyLink.Channel.choices)


class CommentFilter(django_filters.FilterSet):
    """Filters of a list of comments, and what they may be chosen from; `queryset` is what the person may read."""

    q = django_filters.CharFilter(method="filter_words", label="Слова", max_length=200)
    first = django_filters.DateFilter("answered_on", "gte", label="С", widget=DateInput())
    last = django_filters.DateFilter("answered_on", "lte", label="По", widget=DateInput())
    institution = django_filters.ModelChoiceFilter(
        queryset=Institution.objects.none(), label="Учреждение", empty_label="Все учреждения"
    )
    life_situation = django_filters.ModelChoiceFilter(
        queryset=LifeSituation.objects.none(),
        to_field_name="code",
        label="Жизненная ситуация",
        empty_label="Все ЖС",
    )
    state = django_filters.ChoiceFilter(
        choices=(("new", "Не разобраны"), ("coded", "Разобраны")),
        method="filter_state",
        label="Разметка",
        empty_label="Все комментарии",
    )
    theme = django_filters.ChoiceFilter(method="filter_theme", label="Тема", empty_label="Все темы")
    stage = django_filters.ChoiceFilter(method="filter_stage", label="Этап", empty_label="Все этапы")
    question = django_filters.ChoiceFilter(method="filter_question", label="Вопрос", empty_label="Все вопросы")
    channel = django_filters.ChoiceFilter(
        "response__link__channel", choices=SurveyLink.Channel.choices, label="Канал", empty_label="Все каналы"
    )
    satisfaction = django_filters.ChoiceFilter(
        choices=[*SATISFACTION.items(), (NOTHING, "Не ответили")],
        method="filter_satisfaction",
        label="Довольны?",
        empty_label="Все ответы",
    )
    version = django_filters.ModelChoiceFilter(
        queryset=QuestionnaireVersion.objects.none(), label="Анкета", empty_label="Все анкеты"
    )
    problem = django_filters.ModelChoiceFilter(
        queryset=ProblemDraft.objects.none(), label="Проблема", empty_label="Все"
    )

    class Meta:
        model = Comment
        fields = [
            "q",
            "first",
            "last",
            "institution",
            "life_situation",
            "state",
            "theme",
            "stage",
            "question",
            "channel",
            "satisfaction",
            "version",
            "problem",
        ]

    def __init__(
        self,
        data: Any,
        queryset: QuerySet[Comment],
        *,
        region: Region,
        institution: Institution | None = None,
        today: date,
        sees_answers: bool,
        **kwargs: Any,
    ) -> None:
        """`sees_answers`: for the institution's own people; others would count what few have answered (decision 28)."""
        data = data.copy()
        data.setdefault("first", (today - USUAL_PERIOD).isoformat())
        super().__init__(data, queryset, **kwargs)
        if not sees_answers:
            del self.filters["satisfaction"]
        if institution:
            del self.filters["institution"]
            situations = LifeSituation.objects.filter(participations__institution=institution).distinct()
        else:
            self.filters["institution"].queryset = Institution.objects.filter(region=region).order_by("name")
            situations = LifeSituation.objects.filter(regions__region=region)
        self.filters["life_situation"].queryset = situations
        of_whom = {"links__institution": institution} if institution else {"links__institution__region": region}
        self.filters["version"].queryset = (
            QuestionnaireVersion.objects.filter(pk__in=QuestionnaireVersion.objects.filter(**of_whom).values("pk"))
            .select_related("questionnaire")
            .defer("document")
            .order_by("questionnaire__title", "-number")
        )
        self.filters["problem"].queryset = ProblemDraft.objects.filter(region_life_situation__region=region)
        themes = [(one.code, one.title) for one in Theme.objects.all()]
        self.filters["theme"].extra["choices"] = [(NOTHING, "Без темы"), *themes]
        stages = ProcessStage.objects.filter(life_situation__in=situations)
        self.filters["stage"].extra["choices"] = [(NOTHING, "Без этапа"), *stage_choices(stages)]
        self.filters["question"].extra["choices"] = sorted(questions_of(queryset).items(), key=lambda one: one[1])

    @property
    def words(self) -> list[tuple[str, ...]]:
        """The stems that are looked for."""
        return stems_of_search(self.form.cleaned_data.get("q") or "") if self.form.is_valid() else []

    def filter_words(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.with_words(value)

    def filter_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(coded_at__isnull=value == "new")

    def filter_theme(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(themes=None) if value == NOTHING else queryset.filter(themes__code=value)

    def filter_stage(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(stage=None if value == NOTHING else value)

    def filter_question(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.to_question(value)

    def filter_satisfaction(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(response__satisfaction=None if value == NOTHING else value)


def questions_of(comments: QuerySet[Comment]) -> dict[str, str]:
    """Code → words, told apart, of the questions that these comments may answer."""
    versions = comments.order_by().values_list("version", flat=True).distinct()
    return {
        question.code: definition.names[question.code]
        for definition in map(published_definition, sorted(versions))
        for question in definition.questions()
        if question.type == "text"
    }


def question_of(comment: Comment) -> str:
    """The question a comment answers, in the words of its version."""
    # In a repeating section its code comes last: section-number-code.
    return published_definition(comment.version_id).names[comment.field.rpartition("-")[2]]


def with_marks(text: str, words: list[tuple[str, ...]]) -> SafeString:
    """The text with the words that were looked for set off."""
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", piece) if found else piece,) for piece, found in marked(text, words))
    )


class CommentTable(ListTable):
    """Comments to read.

    `words`: stems to set off; `may_code`: rows can be chosen; `query`: what the link of a row carries; `of_one`: all
    of one institution; `sees_answers` as in `CommentFilter`.
    """

    text = tables.Column("Комментарий", orderable=False)
    answered_on = tables.Column("Дата")
    institution = tables.Column("Учреждение", order_by="institution__name")
    satisfaction = tables.Column("Ответ", empty_values=())
    channel = tables.Column("Канал", orderable=False)
    coding = tables.Column("Разметка", accessor="pk", order_by="coded_at")

    class Meta(ListTable.Meta):
        model = Comment
        fields = ("text", "answered_on", "institution", "satisfaction", "channel", "coding")

    def __init__(
        self,
        *args: Any,
        words: list[tuple[str, ...]],
        may_code: bool,
        query: str,
        of_one: bool,
        sees_answers: bool,
        exclude: tuple[str, ...] = (),
        **kwargs: Any,
    ) -> None:
        # With the answer the channel stands in one column.
        super().__init__(*args, exclude=(*exclude, "channel" if sees_answers else "satisfaction"), **kwargs)
        self.words, self.may_code, self.query, self.of_one = words, may_code, query, of_one
        self.sees_answers = sees_answers

    def render_text(self, record: Comment) -> str:
        shown = record.text[:SHOWN]
        return render_to_string(
            "surveys/comments/_row.html",
            {
                "comment": record,
                "text": with_marks(shown, self.words),
                "is_cut": len(shown) < len(record.text),
                "question": question_of(record),
                "may_code": self.may_code,
                "query": self.query,
            },
        )

    def render_answered_on(self, value: date) -> str:
        return f"{value:%d.%m.%Y}"

    def render_institution(self, record: Comment) -> str:
        situation = record.life_situation.short_title
        return situation if self.of_one else two_lines(record.institution.name, situation)

    def render_satisfaction(self, record: Any) -> str:
        return two_lines(SATISFACTION.get(record.satisfaction, "—"), CHANNELS[record.channel])

    def render_channel(self, value: str) -> str:
        return str(CHANNELS[value])

    def render_coding(self, record: Comment) -> str:
        return render_to_string("surveys/comments/_coding.html", {"comment": record})

    def as_values(self, exclude_columns: Any = None) -> Iterator[list[Any]]:
        """The rows of the workbook, read and written in turns: there may be a hundred thousand."""
        columns = {name: value for name, value in FILE_COLUMNS.items() if self.sees_answers or name != ANSWER}
        yield list(columns)
        for record in self.data.data.iterator(chunk_size=2000):
            yield [value(record) for value in columns.values()]


ANSWER = "Ответ"
FILE_COLUMNS: dict[str, Callable[[Any], Any]] = {
    "Комментарий": lambda record: record.text,
    "Дата": lambda record: record.answered_on,
    "Учреждение": lambda record: record.institution.name,
    "Жизненная ситуация": lambda record: record.life_situation.short_title,
    "Вопрос": question_of,
    ANSWER: lambda record: SATISFACTION.get(record.satisfaction),
    "Канал": lambda record: CHANNELS[record.channel],
    "Темы": lambda record: "; ".join(theme.title for theme in record.themes.all()),
    "Этап процесса": lambda record: record.stage and record.stage.title,
    "Проблема": lambda record: record.problem and record.problem.title,
    "Разобран": lambda record: record.coded_at,
}


class CommentRegionTable(ListTable):
    name = tables.Column("Регион", linkify=("region-comments", [tables.A("code")]))
    federal_district = tables.Column("Федеральный округ")

    class Meta(ListTable.Meta):
        model = Region
        fields = ("name", "federal_district")


class CommentInstitutionTable(ListTable):
    name = tables.Column("Учреждение", linkify=("institution-comments", [tables.A("pk")]))
    locality = tables.Column("Населённый пункт")

    class Meta(ListTable.Meta):
        model = Institution
        fields = ("name", "locality")


@dataclass(frozen=True, slots=True)
class Part:
    """How many comments speak of something; `share` in % of those coded."""

    title: str
    number: int
    share: int


@dataclass(frozen=True, slots=True)
class Summary:
    total: int
    coded: int
    themes: list[Part]
    stages: list[Part]


def summary_of(comments: QuerySet[Comment]) -> Summary:
    """What these comments speak of: three queries for any number of them."""
    comments = comments.order_by()
    numbers = comments.aggregate(
        total=Count("pk", distinct=True), coded=Count("pk", distinct=True, filter=Q(coded_at__isnull=False))
    )
    coded = numbers["coded"]
    marks: Any = Comment.themes.through.objects.filter(comment__in=comments.values("pk")).order_by()
    themes = (
        marks.values("theme")
        .annotate(number=Count("comment"))
        .order_by("-number", "theme__order")
        .values_list("theme__title", "number")
    )
    stages = (
        Comment.objects.filter(pk__in=comments.values("pk"), stage__isnull=False)
        .order_by()
        .values("stage")
        .annotate(number=Count("pk"))
        .order_by("-number", "stage__order")
        .values_list("stage__title", "stage__life_situation__short_title", "number")
    )
    found = list(stages)
    several = len({situation for _, situation, _ in found}) > 1
    return Summary(
        total=numbers["total"],
        coded=coded,
        themes=[_part(title, number, coded) for title, number in themes],
        stages=[_part(f"{title} ({of})" if several else title, number, coded) for title, of, number in found],
    )


def _part(title: str, number: int, of: int) -> Part:
    # Half up, as all figures of the portal.
    return Part(title, number, (200 * number + of) // (2 * of) if of else 0)


class ProblemTable(ListTable):
    title = tables.Column("Проблема")
    life_situation = tables.Column("Жизненная ситуация", accessor="region_life_situation__life_situation__short_title")
    stage = tables.Column("Этап процесса", default="—")
    number = tables.Column("Комментариев", attrs=NUMBER)
    created_at = tables.DateTimeColumn(verbose_name="Внесена", format="d.m.Y")
    taken_up_at = tables.DateTimeColumn(verbose_name="В дорожной карте", format="d.m.Y", default="ещё нет")
    actions = tables.Column("Действия", accessor="pk", orderable=False, exclude_from_export=True)

    class Meta(ListTable.Meta):
        model = ProblemDraft
        fields = ("title", "life_situation", "stage", "number", "created_at", "taken_up_at", "actions")

    def __init__(self, *args: Any, region: Region, codable: set[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region, self.codable = region, codable

    def render_title(self, record: ProblemDraft) -> str:
        return render_to_string("surveys/comments/_problem.html", {"problem": record, "region": self.region})

    def value_title(self, record: ProblemDraft) -> str:
        return record.title

    def render_actions(self, record: Any) -> str:
        may_remove = record.region_life_situation_id in self.codable and not record.number and not record.taken_up_at
        return render_to_string(
            "surveys/comments/_problem_actions.html", {"problem": record, "may_remove": may_remove}, self.request
        )


class RawReadingTable(ListTable):
    read_at = tables.DateTimeColumn(verbose_name="Когда", format="d.m.Y H:i")
    read_by = tables.Column("Кто", order_by="read_by__full_name")
    institution = tables.Column("Учреждение", accessor="institution__name")
    comment = tables.Column("Комментарий", accessor="answered_on", orderable=False)
    reason = tables.Column("Зачем")

    class Meta(ListTable.Meta):
        model = RawReading
        fields = ("read_at", "read_by", "institution", "comment", "reason")

    def render_comment(self, record: RawReading) -> str:
        text = self.value_comment(record)
        if record.comment is None:
            return text
        shown = f"{text[: SHOWN // 6]}…" if len(text) > SHOWN // 6 else text
        return format_html('<a href="{}">{}</a>', reverse("comment", args=[record.comment_id]), shown)

    def value_comment(self, record: RawReading) -> str:
        # Of an answer that is gone, the day is left to tell it by.
        return record.comment.text if record.comment else f"Ответ от {record.answered_on:%d.%m.%Y} удалён"

    def value_read_at(self, record: RawReading) -> Any:
        return record.read_at
