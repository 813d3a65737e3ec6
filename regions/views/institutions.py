"""Institutions: lists, card, the ЖС they take part in, closing, merging."""

from dataclasses import dataclass
from typing import Any

import django_filters
import django_tables2 as tables
from django import forms
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tables2 import A

from accounts.http import SignedInRequest
from regions.forms.institutions import (
    CloseForm,
    InstitutionForm,
    MergeForm,
)
from regions.history import changes
from regions.lists import NUMBER, ListTable, list_response
from regions.local_dates import local_date
from regions.models import (
    Direction,
    Institution,
    LifeSituation,
    Membership,
    Participation,
    Region,
    RegionLifeSituation,
)
from regions.pages import form_page, region_or_404, region_tabs
from regions.permissions import Permission, held_in, may, require
from regions.services import institutions as services

OFFERED = 20

# Lists ----------------------------------------------------------------------------------------------------------------


class InstitutionFilter(django_filters.FilterSet):
    """Filters of the list of institutions; the choices are those of the institutions the person sees."""

    name = django_filters.CharFilter(method="filter_name", label="Название")
    region = django_filters.ModelChoiceFilter(
        queryset=Region.objects.none(), to_field_name="code", label="Регион", empty_label="Все регионы"
    )
    life_situation = django_filters.ModelChoiceFilter(
        queryset=lambda request: LifeSituation.objects.visible_to(request.user),
        method="filter_life_situation",
        to_field_name="code",
        label="Жизненная ситуация",
        empty_label="Все ЖС",
    )
    sphere = django_filters.ModelChoiceFilter(
        queryset=Direction.objects.all(), to_field_name="code", label="Сфера", empty_label="Все сферы"
    )
    settlement = django_filters.ChoiceFilter(
        choices=Institution.Settlement.choices, label="Где", empty_label="Город и село"
    )
    state = django_filters.ChoiceFilter(
        choices=(("open", "Работают"), ("closed", "Закрытые"), ("all", "Все")),
        method="filter_state",
        label="Состояние",
        empty_label=None,
    )

    class Meta:
        model = Institution
        fields = ("name", "region", "life_situation", "sphere", "settlement", "state")

    def __init__(self, data: Any, queryset: QuerySet[Institution], *, by_region: bool = True, **kwargs: Any) -> None:
        data = data.copy()
        data.setdefault("state", "open")
        super().__init__(data, queryset, **kwargs)
        self.now = timezone.now()
        regions = Region.objects.filter(Exists(queryset.order_by().filter(region=OuterRef("pk"))))
        if by_region and len(regions[:2]) > 1:
            self.filters["region"].queryset = regions
        else:
            del self.filters["region"]

    @property
    def shows_closed(self) -> bool:
        return self.data["state"] != "open"

    def filter_name(self, queryset: QuerySet[Institution], name: str, value: str) -> QuerySet[Institution]:
        return queryset.named(value)  # type: ignore[attr-defined]

    def filter_life_situation(
        self, queryset: QuerySet[Institution], name: str, value: LifeSituation
    ) -> QuerySet[Institution]:
        """Those that take part or will; of closed ones also those that did."""
        rows = Participation.objects.filter(institution=OuterRef("pk"), life_situation=value)
        if not self.shows_closed:
            rows = rows.not_over(local_date(self.now, zone="institution__region__time_zone"))
        return queryset.filter(Exists(rows))

    def filter_state(self, queryset: QuerySet[Institution], name: str, value: str) -> QuerySet[Institution]:
        today = local_date(self.now, zone="region__time_zone")
        if value == "all":
            return queryset
        if value == "open":
            return queryset.working(today)  # type: ignore[attr-defined]
        return queryset.exclude(pk__in=Institution.objects.working(today).values("pk"))


class InstitutionTable(ListTable):
    name = tables.Column("Учреждение", linkify=("institution-card", [A("pk")]))
    region = tables.Column("Регион", accessor="region__name")
    locality = tables.Column("Населённый пункт")
    sphere = tables.Column("Сфера", accessor="sphere__title", default="не указана")
    life_situations = tables.Column("Жизненные ситуации", accessor="pk", orderable=False)
    state = tables.Column("Состояние", accessor="pk", order_by="closed_on")
    links = tables.Column("Ссылок", attrs=NUMBER)

    class Meta(ListTable.Meta):
        model = Institution
        fields = ("name", "region", "locality", "sphere", "life_situations", "state", "links")

    def render_locality(self, record: Institution) -> str:
        return f"{record.locality} ({record.get_settlement_display()})"

    value_locality = render_locality

    def render_life_situations(self, record: Institution) -> str:
        today = record.region.local_date()
        rows = [one for one in record.participations.all() if not one.is_over(today)]
        later = {one.pk: f" (с {one.since:%d.%m.%Y})" for one in rows if one.since > today}
        return "; ".join(f"{one.life_situation.short_title}{later.get(one.pk, '')}" for one in rows) or "нет"

    value_life_situations = render_life_situations

    def render_state(self, record: Institution) -> str:
        if record.merged_into:
            return f"присоединено к «{record.merged_into}»"
        return f"работает по {record.closed_on:%d.%m.%Y}" if record.closed_on else "работает"

    value_state = render_state

    def render_links(self, record: Institution) -> str:
        return format_html(
            '<a href="{}" aria-label="Ссылки: {}">{}</a>',
            reverse("link-list", args=[record.pk]),
            record.name,
            record.links,  # type: ignore[attr-defined]
        )

    def value_links(self, value: int) -> int:
        return value


def _number_of_links() -> Coalesce:
    # A subquery, not a join: it is counted for the rows of one page, not for all that are found.
    links: Any = Institution._meta.get_field("survey_links").related_model
    found = links.objects.filter(institution=OuterRef("pk")).order_by()
    return Coalesce(Subquery(found.values("institution").annotate(number=Count("pk")).values("number")), 0)


def _list(
    request: SignedInRequest, found: InstitutionFilter, template: str, *, file_name: str, **context: Any
) -> HttpResponse:
    institutions = (
        found.qs.select_related("region", "sphere", "merged_into")
        .prefetch_related(Prefetch("participations", Participation.objects.select_related("life_situation")))
        .annotate(links=_number_of_links())
        .order_by("region__name", "name")
    )
    without = {"region"} - found.filters.keys() | (set() if found.shows_closed else {"state"})
    table = InstitutionTable(institutions, exclude=tuple(without))
    return list_response(request, table, template, {"filter": found, **context}, file_name=file_name)


@require_safe
def institution_list(request: SignedInRequest) -> HttpResponse:
    visible = Institution.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    found = InstitutionFilter(request.GET, visible, request=request)
    return _list(request, found, "regions/institution_list.html", file_name="institutions")


@require_safe
def region_institutions(request: SignedInRequest, code: str) -> HttpResponse:
    """The institutions of a region, with what its administrator does with them."""
    region = region_or_404(request, code)
    found = InstitutionFilter(request.GET, Institution.objects.filter(region=region), by_region=False, request=request)
    return _list(
        request,
        found,
        "regions/institutions/region_list.html",
        file_name=f"institutions-{region.code}",
        region=region,
        tabs=region_tabs(request.user, region, "institutions"),
        may_manage=may(request.user, Permission.INSTITUTION_MANAGE, region),
    )


# Card -----------------------------------------------------------------------------------------------------------------


def _institution(request: SignedInRequest, pk: int) -> Institution:
    visible = Institution.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    return get_object_or_404(visible.select_related("region", "sphere", "merged_into"), pk=pk)


def _managed(request: SignedInRequest, pk: int) -> Institution:
    institution = _institution(request, pk)
    require(request.user, Permission.INSTITUTION_MANAGE, institution)
    return institution


def crumbs_of(request: SignedInRequest, region: Region, institution: Institution | None = None) -> list[dict[str, str]]:
    crumbs = [{"title": "Учреждения", "url": reverse("institution-list")}]
    if may(request.user, Permission.REGION_VIEW, region):
        crumbs.append({"title": region.name, "url": reverse("region-institutions", args=[region.code])})
    if institution:
        crumbs.append({"title": institution.name, "url": card_url(institution)})
    return crumbs


def card_url(institution: Institution) -> str:
    return reverse("institution-card", args=[institution.pk])


@dataclass(frozen=True, slots=True)
class ParticipationLine:
    """A row of the card: the participation, its state (components/status.html), and what may be done with it."""

    row: Participation
    kind: str
    state: str
    place: RegionLifeSituation | None
    may_change: bool


@require_safe
def institution_card(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = _institution(request, pk)
    region, user = institution.region, request.user
    held = held_in(user, region)
    return render(
        request,
        "regions/institutions/card.html",
        {
            "institution": institution,
            "crumbs": crumbs_of(request, region),
            "facts": _facts(institution),
            "participations": _participation_lines(request, institution),
            "people": _people(request, institution),
            "sees_people": _sees_people(request, institution),
            "sees_persons": Permission.PEOPLE_VIEW in held,
            "may_manage": may(user, Permission.INSTITUTION_MANAGE, institution),
            "may_explain": Permission.ACCESS_EXPLAIN in held,
            "may_start": Permission.LIFE_SITUATION_RUN in held and institution.closed_on is None,
            "is_working": institution.is_working(region.local_date()),
            "tab": "card",
        },
    )


def _facts(institution: Institution) -> list[dict[str, str]]:
    facts = [
        {"term": "Регион", "text": institution.region.name},
        {"term": "Населённый пункт", "text": f"{institution.locality} ({institution.get_settlement_display()})"},
        {"term": "Сфера", "text": str(institution.sphere or "")},
    ]
    if institution.closed_on:
        facts.append({"term": "Работает по", "text": f"{institution.closed_on:%d.%m.%Y}"})
    if institution.merged_into:
        target = institution.merged_into
        facts.append({"term": "Присоединено к", "text": target.name, "href": card_url(target)})
    facts += [
        {"term": "К нему присоединено", "text": f"{one.name}, {one.closed_on:%d.%m.%Y}", "href": card_url(one)}
        for one in institution.merged_from.all()
    ]
    return facts


def _participation_lines(request: SignedInRequest, institution: Institution) -> list[ParticipationLine]:
    """Those in force first, then those to come, then those that are over, the newest of each first."""
    today = institution.region.local_date()
    places = {one.life_situation_id: one for one in RegionLifeSituation.objects.filter(region=institution.region)}
    running = set(
        RegionLifeSituation.objects.filter(region=institution.region)
        .permitting(request.user, Permission.LIFE_SITUATION_RUN)
        .values_list("life_situation", flat=True)
    )
    lines: list[tuple[int, ParticipationLine]] = []
    for row in institution.participations.select_related("life_situation").order_by("-since", "life_situation"):
        order, kind, state = 0, "good", "Участвует"
        if row.is_over(today):
            order, kind, state = 2, "neutral", "Завершено"
        elif row.since > today:
            order, kind, state = 1, "progress", "Начнётся"
        may_change = row.life_situation_id in running and not row.is_over(today)
        lines.append((order, ParticipationLine(row, kind, state, places.get(row.life_situation_id), may_change)))
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _sees_people(request: SignedInRequest, institution: Institution) -> bool:
    return may(request.user, Permission.PEOPLE_VIEW, institution.region) or may(
        request.user, Permission.OWN_COUNTS_VIEW, institution
    )


def _people(request: SignedInRequest, institution: Institution) -> list[Membership]:
    """Who represents the institution today or will; for those who may know."""
    if not _sees_people(request, institution):
        return []
    memberships = institution.memberships.select_related("user").order_by("starts_on", "user__full_name")
    return [one for one in memberships if one.ends_on is None or one.ends_on >= institution.region.local_date()]


@require_safe
def institution_history(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = _institution(request, pk)
    histories: list[QuerySet[Any]] = [
        Institution.history.filter(id=institution.pk),
        # What was merged into it tells of that itself.
        Institution.history.filter(merged_into_id=institution.pk),
        Participation.history.filter(institution_id=institution.pk),
    ]
    if _sees_people(request, institution):
        histories.append(Membership.history.filter(institution_id=institution.pk))
    return render(
        request,
        "pages/history.html",
        {
            "title": institution.name,
            "crumbs": crumbs_of(request, institution.region, institution),
            "changes": changes(*histories),
        },
    )


# Forms ----------------------------------------------------------------------------------------------------------------


def blame(form: forms.BaseForm, error: services.Refused, *, day: str = "") -> None:
    """Put what the service refused at the field it is about."""
    name = {
        services.NameTaken: "name",
        services.WrongDay: day,
        services.WrongLifeSituation: "life_situation",
        services.WrongTarget: "target",
    }.get(type(error))
    form.add_error(name if name in form.fields else None, str(error))


@require_http_methods(["GET", "HEAD", "POST"])
def institution_create(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    require(request.user, Permission.INSTITUTION_MANAGE, region)
    form = InstitutionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = services.add_institution(
                region=region, particulars=form.particulars(), by=request.user, at=timezone.now()
            )
        except services.Refused as error:
            blame(form, error)
        else:
            messages.success(request, "Учреждение внесено. Укажите, в каких жизненных ситуациях оно участвует.")
            return redirect(card_url(made))
    return form_page(
        request,
        form,
        title="Новое учреждение",
        crumbs=crumbs_of(request, region),
        submit="Внести",
        cancel_url=reverse("region-institutions", args=[region.code]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def institution_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = _managed(request, pk)
    # The form writes into a copy: what is in force stays on the page when the input is wrong.
    copy = Institution.objects.get(pk=pk)
    form = InstitutionForm(request.POST if request.method == "POST" else None, instance=copy)
    if form.is_valid():
        try:
            services.change_institution(
                institution=institution, particulars=form.particulars(), by=request.user, at=timezone.now()
            )
        except services.Refused as error:
            blame(form, error)
        else:
            messages.success(request, "Сохранено.")
            return redirect(card_url(institution))
    return form_page(
        request,
        form,
        title="Изменить карточку",
        lead="В опубликованных кварталах останется прежнее название",
        crumbs=crumbs_of(request, institution.region, institution),
        submit="Сохранить",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def institution_close(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = _managed(request, pk)
    today = institution.region.local_date()
    form = CloseForm(request.POST if request.method == "POST" else None, today=today, initial={"last_day": today})
    if form.is_valid():
        try:
            outcome = services.close_institution(
                institution=institution, last_day=form.cleaned_data["last_day"], by=request.user, at=timezone.now()
            )
        except services.Refused as error:
            blame(form, error, day="last_day")
        else:
            stopped = f" Перестанут принимать ответы ссылки: {len(outcome.stopped)}." if outcome.stopped else ""
            messages.success(request, f"Учреждение закрыто.{stopped}")
            return redirect(card_url(institution))
    return form_page(
        request,
        form,
        title="Закрыть учреждение",
        lead=institution.name,
        warning="В этот день завершится участие во всех жизненных ситуациях, закончатся роли представителей,"
        " ссылки перестанут принимать ответы. Собранные ответы и значения останутся.",
        danger=True,
        crumbs=crumbs_of(request, institution.region, institution),
        submit="Закрыть учреждение",
    )


@require_POST
def institution_reopen(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    institution = _managed(request, pk)
    try:
        services.reopen_institution(institution=institution, by=request.user, at=timezone.now())
    except services.Refused as error:
        messages.error(request, f"{error}.")
    else:
        messages.success(
            request, "Учреждение снова работает. Участие в жизненных ситуациях и роли представителей начните заново."
        )
    return redirect(card_url(institution))


@require_http_methods(["GET", "HEAD", "POST"])
def institution_merge(request: SignedInRequest, pk: int) -> HttpResponse:
    """Find the institution to merge into, see what will happen, confirm."""
    source = _managed(request, pk)
    today = source.region.local_date()
    asked = request.GET.get("q", "")
    others = Institution.objects.filter(region=source.region, closed_on=None).exclude(pk=source.pk).named(asked)
    found = list(others[: OFFERED + 1])
    form = MergeForm(
        request.POST if request.method == "POST" else None,
        source=source,
        found=found[:OFFERED],
        today=today,
        initial={"last_day": today},
    )
    preview = None
    if form.is_valid():
        confirmed = "confirm" in request.POST
        target = form.cleaned_data["target"]
        try:
            outcome = services.merge_institutions(
                source=source,
                target=target,
                last_day=form.cleaned_data["last_day"],
                by=request.user,
                at=timezone.now(),
                dry_run=not confirmed,
            )
        except services.Refused as error:
            blame(form, error, day="last_day")
        else:
            if confirmed:
                messages.success(request, f"«{source}» присоединено.")
                return redirect(card_url(target))
            preview = {"target": target, "last_day": form.cleaned_data["last_day"], "outcome": outcome}
    return render(
        request,
        "regions/institutions/merge.html",
        {
            "source": source,
            "form": form,
            "asked": asked,
            "is_cut": len(found) > OFFERED,
            "found": found,
            "preview": preview,
            "crumbs": crumbs_of(request, source.region, source),
        },
        status=422 if form.is_bound and preview is None else 200,
    )
