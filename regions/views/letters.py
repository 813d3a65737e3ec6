"""Letters of regions to the Agency: what is due and what was sent, the Agency's overview, and its deadlines."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import django_filters
import django_tables2 as tables
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, DateField, F, IntegerField, Q, QuerySet, When
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe
from django_tables2 import A

from accounts.http import SignedInRequest
from regions.forms.letters import DayForm, DeadlineForm, LetterForm
from regions.history import changes
from regions.lists import NUMBER, ListTable, by_row, list_response
from regions.models import Letter, LetterDeadline, LetterKind, Region
from regions.pages import form_page, region_crumb, region_or_404, region_tabs
from regions.permissions import Permission, may, may_anywhere, require
from regions.querysets import with_words
from regions.services import letters as services
from regions.services.letters import Due, LetterState
from regions.uploads import document_response

TAB = "letters"
CHIPS = {
    LetterState.OVERDUE: "bad",
    LetterState.AHEAD: "progress",
    LetterState.LATE: "warn",
    LetterState.SENT: "good",
    LetterState.BEFORE: "neutral",
}


def _chip(state: LetterState) -> SafeString:
    return render_to_string("components/status.html", {"kind": CHIPS[state], "text": state.label})


def _own_crumbs(region: Region) -> list[dict[str, str]]:
    return [
        region_crumb(region),
        {"title": "Письма", "url": reverse("letter-list", args=[region.code])},
    ]


def _refuse(form: forms.Form, error: services.LetterError) -> None:
    form.add_error(error.field if error.field in form.fields else None, error.message)


def _sent(request: SignedInRequest) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


# Of one region


class DueFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=LetterState.choices, label="Состояние", empty_label="Все")
    kind = django_filters.ModelChoiceFilter(
        queryset=LetterKind.objects.all(), to_field_name="code", label="Письмо", empty_label="Все письма"
    )
    year = django_filters.ChoiceFilter(field_name="due_on__year", label="Год срока", empty_label="Все годы")

    class Meta:
        model = LetterDeadline
        fields = ("state", "kind", "year")

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["year"].extra["choices"] = [(str(year), str(year)) for year in years]


class DueTable(ListTable):
    kind = tables.Column("Письмо", accessor="kind__short_title", order_by=("kind__position", "occasion"))
    due_on = tables.Column("Срок")
    state = tables.Column("Состояние", order_by=("rank", "due_on"))
    sent = tables.Column("Отправлено", accessor="pk", orderable=False)

    class Meta(ListTable.Meta):
        model = LetterDeadline
        fields = ("kind", "due_on", "state", "sent")

    def __init__(self, *args: Any, dues: Mapping[int, Due], region: Region, may_register: bool, **kwargs: Any) -> None:
        self.dues = dues
        self.region = region
        self.may_register = may_register
        super().__init__(*args, **kwargs)

    def render_kind(self, record: LetterDeadline) -> str:
        words = format_html('{}<span class="d-block muted small">{}</span>', record.kind, record.occasion_title)
        return words if record.occasion else str(record.kind)

    def value_kind(self, record: LetterDeadline) -> str:
        return str(record)

    def render_due_on(self, record: LetterDeadline) -> str:
        due = self.dues[record.pk]
        waits = due.state in (LetterState.OVERDUE, LetterState.AHEAD)
        days_left = due.days_left if waits else None
        shown = render_to_string("components/deadline.html", {"date": record.due_on, "days_left": days_left})
        note = format_html('<span class="d-block muted small">{}</span>', "срок этого региона")
        return format_html("{}{}", shown, note) if record.region_id else shown

    def value_due_on(self, value: date) -> date:
        return value

    def render_state(self, record: LetterDeadline) -> str:
        return _chip(self.dues[record.pk].state)

    def value_state(self, record: LetterDeadline) -> str:
        return str(self.dues[record.pk].state.label)

    def render_sent(self, record: LetterDeadline) -> str:
        due = self.dues[record.pk]
        if due.letter:
            return _letter_words(due.letter, may_edit=self.may_register)
        if not self.may_register or due.state == LetterState.BEFORE:
            return "нет"
        url = reverse("letter-create", args=[self.region.code])
        return format_html(
            '<a href="{}?deadline={}" aria-label="Внести письмо: {}">Внести письмо</a>', url, record.pk, due.title
        )

    def value_sent(self, record: LetterDeadline) -> str:
        letter = self.dues[record.pk].letter
        return letter.document_title if letter else ""


def _letter_words(letter: Letter, *, may_edit: bool) -> str:
    """Number and date; a link to the file if there is one, and to the correction for whoever may make it."""
    title = letter.document_title
    words = (
        format_html('<a href="{}">{}</a>', reverse("letter-document", args=[letter.pk]), title)
        if letter.document_file
        else title
    )
    if not may_edit:
        return words
    edit = reverse("letter-edit", args=[letter.pk])
    return format_html(
        '{} <a class="small nowrap" href="{}" aria-label="Исправить письмо {}">Исправить</a>', words, edit, title
    )


@require_safe
def letter_list(request: SignedInRequest, code: str) -> HttpResponse:
    """What the region owes the Agency, the most urgent first."""
    region = region_or_404(request, code)
    now = timezone.now()
    takes_part = services.takes_part(region, now)
    dues = {due.deadline.pk: due for due in services.dues([region], at=now).get(region.pk, [])}
    ranks = {state: rank for rank, state in enumerate(LetterState)}
    deadlines = LetterDeadline.objects.filter(pk__in=dues).annotate(
        state=by_row({pk: str(due.state) for pk, due in dues.items()}, CharField()),
        rank=by_row({pk: ranks[due.state] for pk, due in dues.items()}, IntegerField()),
    )
    years = sorted({due.deadline.due_on.year for due in dues.values()}, reverse=True)
    found = DueFilter(request.GET, deadlines, request=request, years=years)
    may_register = may(request.user, Permission.STRUCTURE_EDIT, region)
    table = DueTable(
        found.qs.select_related("kind").order_by("rank", "due_on", "kind__position"),
        dues=dues,
        region=region,
        may_register=may_register,
    )
    context = {
        "region": region,
        "tabs": region_tabs(request.user, region, TAB),
        "filter": found,
        "takes_part": takes_part,
        "may_register": may_register,
        "overdue": sum(due.state == LetterState.OVERDUE for due in dues.values()),
        "registered": Letter.objects.filter(region=region).count(),
        "kinds": LetterKind.objects.all(),
    }
    file_name = f"letters-due-{region.code}"
    return list_response(request, table, "regions/letters/letter_list.html", context, file_name=file_name)


class LetterFilter(django_filters.FilterSet):
    kind = django_filters.ModelChoiceFilter(
        queryset=LetterKind.objects.all(), to_field_name="code", label="Письмо", empty_label="Все письма"
    )
    number = django_filters.CharFilter(field_name="document_number", lookup_expr="contains", label="Номер")

    class Meta:
        model = Letter
        fields = ("kind", "number")


class LetterTable(ListTable):
    kind = tables.Column("Письмо", accessor="kind__short_title", order_by=("kind__position", "occasion"))
    document_number = tables.Column("Номер", default="нет")
    document_date = tables.DateColumn(verbose_name="Дата", format="d.m.Y")
    note = tables.Column("Примечание", default="")
    registered_by = tables.Column("Внёс(ла)", accessor="registered_by__full_name", default="")
    edit = tables.Column("Действия", accessor="pk", orderable=False, exclude_from_export=True)

    class Meta(ListTable.Meta):
        model = Letter
        fields = ("kind", "document_number", "document_date", "note", "registered_by", "edit")

    def render_kind(self, record: Letter) -> str:
        return ", ".join(filter(None, (str(record.kind), record.occasion_title)))

    value_kind = render_kind

    def render_document_number(self, record: Letter) -> str:
        if not record.document_file:
            return record.document_number
        url = reverse("letter-document", args=[record.pk])
        return format_html(
            '<a href="{}" aria-label="Файл письма № {}">{}</a>', url, record.document_number, record.document_number
        )

    def value_document_number(self, value: str) -> str:
        return value

    def value_document_date(self, value: date) -> date:
        return value

    def render_edit(self, record: Letter) -> str:
        url = reverse("letter-edit", args=[record.pk])
        return format_html('<a href="{}" aria-label="Исправить письмо № {}">Исправить</a>', url, record.document_number)


@require_safe
def letter_register(request: SignedInRequest, code: str) -> HttpResponse:
    """All letters the region has registered, those without a deadline too."""
    region = region_or_404(request, code)
    found = LetterFilter(request.GET, Letter.objects.filter(region=region), request=request)
    may_register = may(request.user, Permission.STRUCTURE_EDIT, region)
    rows = found.qs.select_related("kind", "registered_by").order_by("-document_date", "-pk")
    context = {
        "region": region,
        "crumbs": _own_crumbs(region),
        "tabs": region_tabs(request.user, region, TAB),
        "filter": found,
        "may_register": may_register,
    }
    table = LetterTable(rows, exclude=() if may_register else ("edit",))
    file_name = f"letters-{region.code}"
    return list_response(request, table, "regions/letters/letter_register.html", context, file_name=file_name)


@require_http_methods(["GET", "HEAD", "POST"])
def letter_create(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    require(request.user, Permission.STRUCTURE_EDIT, region)
    deadlines = _deadlines_of(region)
    asked = request.GET.get("deadline", "")
    chosen = next((one for one in deadlines if str(one.pk) == asked), None)
    form = LetterForm(*_sent(request), kinds=LetterKind.objects.all(), deadlines=deadlines, chosen=chosen)
    if form.is_valid():
        try:
            letter = services.register(region=region, facts=form.facts(), by=request.user, at=timezone.now())
        except services.LetterError as error:
            _refuse(form, error)
        else:
            messages.success(request, f"Письмо {letter.document_title} внесено.")
            return redirect("letter-list", region.code)
    return form_page(request, form, title="Внести письмо", submit="Внести", crumbs=_own_crumbs(region))


@require_http_methods(["GET", "HEAD", "POST"])
def letter_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    letter = _letter(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, letter.region)
    form = LetterForm(
        *_sent(request), kinds=LetterKind.objects.all(), deadlines=_deadlines_of(letter.region), letter=letter
    )
    if form.is_valid():
        try:
            services.edit(letter=letter, facts=form.facts(), by=request.user, at=timezone.now())
        except services.LetterError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Изменения сохранены.")
            return redirect("letter-list", letter.region.code)
    return form_page(
        request,
        form,
        title=f"Исправить письмо {letter.document_title}",
        submit="Сохранить",
        crumbs=_own_crumbs(letter.region),
    )


@require_safe
def letter_document(request: SignedInRequest, pk: int) -> FileResponse:
    return document_response(_letter(request, pk))


def _letter(request: SignedInRequest, pk: int) -> Letter:
    visible = Letter.objects.permitting(request.user, Permission.REGION_VIEW)
    return get_object_or_404(visible.select_related("region", "kind"), pk=pk)


def _deadlines_of(region: Region) -> list[LetterDeadline]:
    return list(LetterDeadline.objects.for_region(region).select_related("kind").order_by("-due_on"))


# The Agency's overview


class OverviewFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(method="filter_name", label="Регион")
    federal_district = django_filters.ChoiceFilter(
        choices=Region.FederalDistrict.choices, label="Федеральный округ", empty_label="Все округа"
    )
    state = django_filters.ChoiceFilter(
        choices=[("overdue", "Есть просроченные"), ("clear", "Всё отправлено"), ("out", "Не участвуют")],
        method="filter_state",
        label="Письма",
        empty_label="Все регионы",
    )

    class Meta:
        model = Region
        fields = ("name", "federal_district", "state")

    def filter_name(self, queryset: QuerySet[Region], name: str, value: str) -> QuerySet[Region]:
        return queryset.filter(with_words("name", value))

    def filter_state(self, queryset: QuerySet[Region], name: str, value: str) -> QuerySet[Region]:
        # Only regions that take part have a number at all.
        conditions = {"overdue": Q(overdue__gt=0), "clear": Q(overdue=0), "out": Q(overdue=None)}
        return queryset.filter(conditions[value])


class OverviewTable(ListTable):
    name = tables.Column("Регион", linkify=("letter-list", [A("code")]))
    # In the file only: on the page it is a filter.
    federal_district = tables.Column("Федеральный округ", default="", visible=False)
    participates_since = tables.DateColumn(verbose_name="Участвует с", format="d.m.Y", default="не участвует")
    overdue = tables.Column("Просрочено", attrs=NUMBER, default="")
    what = tables.Column("Что просрочено", accessor="pk", orderable=False)
    oldest = tables.DateColumn(verbose_name="Самый давний срок", format="d.m.Y", default="")
    next_due = tables.DateColumn(verbose_name="Следующий срок", format="d.m.Y", default="")

    class Meta(ListTable.Meta):
        model = Region
        fields = ("name", "federal_district", "participates_since", "overdue", "what", "oldest", "next_due")

    def __init__(self, *args: Any, overdue: Mapping[int, list[Due]], **kwargs: Any) -> None:
        self.overdue_letters = overdue
        super().__init__(*args, **kwargs)

    def render_what(self, record: Region) -> str:
        return "; ".join(
            f"{kind}: {len(occasions)}" if len(occasions) > 1 else ", ".join(filter(None, (kind, *occasions)))
            for kind, occasions in self._overdue(record).items()
        )

    def value_what(self, record: Region) -> str:
        return "; ".join(
            ", ".join(filter(None, (kind, *occasions))) for kind, occasions in self._overdue(record).items()
        )

    def _overdue(self, record: Region) -> dict[str, list[str]]:
        """By the kind of letter the quarters it is overdue for."""
        by_kind: dict[str, list[str]] = {}
        for due in self.overdue_letters.get(record.pk, []):
            by_kind.setdefault(str(due.deadline.kind), []).append(due.deadline.occasion_title)
        return by_kind

    def value_participates_since(self, value: date) -> date:
        return value

    value_oldest = value_participates_since
    value_next_due = value_participates_since


def _country_regions(request: SignedInRequest) -> QuerySet[Region]:
    """The regions of the Agency's overviews. Who does not look at the whole country has no such page."""
    if not (may_anywhere(request.user, Permission.COUNTRY_VIEW) and may_anywhere(request.user, Permission.REGION_VIEW)):
        raise PermissionDenied
    return Region.objects.permitting(request.user, Permission.REGION_VIEW)


@require_safe
def letters_overview(request: SignedInRequest) -> HttpResponse:
    """Every region and what is overdue there, by the region's own clock."""
    regions = _country_regions(request)
    now = timezone.now()
    dues = services.dues(regions, at=now)
    overdue = {pk: [due for due in found if due.state == LetterState.OVERDUE] for pk, found in dues.items()}
    ahead = {pk: [due for due in found if due.state == LetterState.AHEAD] for pk, found in dues.items()}
    rows = regions.annotate(
        overdue=by_row({pk: len(found) for pk, found in overdue.items()}, IntegerField()),
        oldest=by_row({pk: found[0].deadline.due_on for pk, found in overdue.items() if found}, DateField()),
        next_due=by_row({pk: found[0].deadline.due_on for pk, found in ahead.items() if found}, DateField()),
    )
    found = OverviewFilter(request.GET, rows, request=request)
    ordered = found.qs.order_by(F("overdue").desc(nulls_last=True), "name")
    context = {
        "filter": found,
        "behind": sum(bool(one) for one in overdue.values()),
        "taking_part": len(dues),
    }
    table = OverviewTable(ordered, overdue=overdue)
    return list_response(request, table, "regions/letters/overview.html", context, file_name="letters")


# Deadlines


class DeadlineFilter(django_filters.FilterSet):
    kind = django_filters.ModelChoiceFilter(
        queryset=LetterKind.objects.all(), to_field_name="code", label="Письмо", empty_label="Все письма"
    )
    region = django_filters.ModelChoiceFilter(
        queryset=Region.objects.all(),
        to_field_name="code",
        label="Для кого",
        empty_label="Все сроки",
        null_label="Только общие",
    )
    year = django_filters.ChoiceFilter(field_name="due_on__year", label="Год срока", empty_label="Все годы")

    class Meta:
        model = LetterDeadline
        fields = ("kind", "region", "year")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = self.queryset.dates("due_on", "year", order="DESC")
        self.filters["year"].extra["choices"] = [(str(day.year), str(day.year)) for day in years]


class DeadlineTable(ListTable):
    kind = tables.Column("Письмо", accessor="kind__short_title", order_by=("kind__position", "occasion"))
    occasion = tables.Column("За какой квартал", default="")
    region = tables.Column("Для кого", accessor="region__name", default="все регионы")
    due_on = tables.DateColumn(verbose_name="Последний день", format="d.m.Y")
    actions = tables.Column("Действия", accessor="pk", orderable=False, exclude_from_export=True)

    class Meta(ListTable.Meta):
        model = LetterDeadline
        fields = ("kind", "occasion", "region", "due_on", "actions")

    def render_occasion(self, record: LetterDeadline) -> str:
        return record.occasion_title

    value_occasion = render_occasion

    def value_due_on(self, value: date) -> date:
        return value

    def render_actions(self, record: LetterDeadline) -> str:
        return format_html(
            '<a href="{}" aria-label="Изменить срок: {}">Изменить</a> '
            '<a href="{}" aria-label="Удалить срок: {}">Удалить</a>',
            reverse("deadline-edit", args=[record.pk]),
            _deadline_title(record),
            reverse("deadline-delete", args=[record.pk]),
            _deadline_title(record),
        )


def _deadline_title(deadline: LetterDeadline) -> str:
    return f"{deadline}, {deadline.region}" if deadline.region else str(deadline)


def _deadline_crumbs() -> list[dict[str, str]]:
    return [
        {"title": "Письма", "url": reverse("letters-overview")},
        {"title": "Сроки", "url": reverse("deadline-list")},
    ]


@require_safe
def deadline_list(request: SignedInRequest) -> HttpResponse:
    _country_regions(request)
    visible = LetterDeadline.objects.permitting(request.user, Permission.REGION_VIEW)
    found = DeadlineFilter(request.GET, visible, request=request)
    may_manage = may_anywhere(request.user, Permission.DEADLINES_MANAGE)
    # What lies ahead first, the nearest on top; then what has passed, the newest on top.
    ahead = Case(When(due_on__gte=timezone.localdate(), then=F("due_on")))
    rows = (
        found.qs.select_related("kind", "region")
        .annotate(ahead=ahead)
        .order_by(F("ahead").asc(nulls_last=True), "-due_on", "kind__position")
    )
    context = {"filter": found, "may_manage": may_manage, "crumbs": _deadline_crumbs()[:1]}
    table = DeadlineTable(rows, exclude=() if may_manage else ("actions",))
    return list_response(request, table, "regions/letters/deadline_list.html", context, file_name="letter-deadlines")


@require_safe
def deadline_history(request: SignedInRequest) -> HttpResponse:
    _country_regions(request)
    context = {
        "title": "Сроки писем",
        "crumbs": _deadline_crumbs(),
        "changes": changes(LetterDeadline.history.all(), LetterKind.history.all()),
    }
    return render(request, "pages/history.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def deadline_create(request: SignedInRequest) -> HttpResponse:
    services.require_deadlines(request.user)
    today = timezone.localdate()
    form = DeadlineForm(*_sent(request), today=today)
    if form.is_valid():
        try:
            deadline = services.add_deadline(**form.cleaned_data, by=request.user, today=today)
        except services.LetterError as error:
            _refuse(form, error)
        else:
            messages.success(request, f"Срок задан: {_deadline_title(deadline)} — до {deadline.due_on:%d.%m.%Y}.")
            return redirect("deadline-list")
    return form_page(request, form, title="Новый срок", submit="Задать срок", crumbs=_deadline_crumbs())


@require_http_methods(["GET", "HEAD", "POST"])
def deadline_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    deadline = _deadline(request, pk)
    form = DayForm(request.POST if request.method == "POST" else None, initial={"due_on": deadline.due_on})
    if form.is_valid():
        try:
            services.move_deadline(
                deadline=deadline, due_on=form.cleaned_data["due_on"], by=request.user, today=timezone.localdate()
            )
        except services.LetterError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Срок изменён.")
            return redirect("deadline-list")
    return form_page(
        request,
        form,
        title="Изменить срок",
        lead=_deadline_title(deadline),
        submit="Сохранить",
        crumbs=_deadline_crumbs(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def deadline_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    deadline = _deadline(request, pk)
    if request.method == "POST":
        services.remove_deadline(deadline=deadline, by=request.user)
        messages.success(request, "Срок удалён.")
        return redirect("deadline-list")
    return form_page(
        request,
        forms.Form(),
        title="Удалить срок?",
        lead=f"{_deadline_title(deadline)} — до {deadline.due_on:%d.%m.%Y}",
        warning=_LOSS_OF_OWN if deadline.region_id else _LOSS_OF_GENERAL,
        submit="Удалить срок",
        danger=True,
        crumbs=_deadline_crumbs(),
    )


_LOSS_OF_OWN = "Для региона снова будет действовать общий срок, если он есть. Отправленные письма останутся."
_LOSS_OF_GENERAL = "Регионы больше не должны отправлять это письмо к сроку. Отправленные письма останутся."


def _deadline(request: SignedInRequest, pk: int) -> LetterDeadline:
    """A deadline to be changed: the Agency sees all of them, and only some of it may change any."""
    visible = LetterDeadline.objects.permitting(request.user, Permission.REGION_VIEW)
    deadline = get_object_or_404(visible.select_related("kind", "region"), pk=pk)
    services.require_deadlines(request.user)
    return deadline
