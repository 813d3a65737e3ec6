"""ЖС of a region: list, choosing and describing, card, stages, who answers, institutions that take part."""

from datetime import date
from typing import Any

import django_filters
import django_tables2 as tables
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, Prefetch, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe
from django_tables2 import A

from accounts.http import SignedInRequest
from accounts.models import User
from regions import stages
from regions.forms.life_situations import (
    ChooseForm,
    NewLifeSituationForm,
    OwnLifeSituationForm,
    ParticipationForm,
    ResponsibleForm,
    StatusForm,
    criterion_title,
)
from regions.history import changes, changes_of_responsible, together
from regions.lists import NUMBER, ListTable, list_response
from regions.models import (
    Direction,
    IndicatorTarget,
    Institution,
    LifeSituation,
    LifeSituationIndicator,
    Membership,
    Participation,
    Region,
    RegionLifeSituation,
    StatusChange,
    TargetApproval,
)
from regions.models.places import LifeSituationStatus
from regions.pages import form_page, region_crumb, region_or_404, region_tabs
from regions.permissions import Permission, held_in, may, require
from regions.roles import Role
from regions.services import institutions as institution_services
from regions.services import life_situations as services
from regions.services.targets import indicators_of
from regions.uploads import document_response

AFTER_THE_CATALOGUE = 10_000
FORM = ["GET", "HEAD", "POST"]


def place_or_404(request: SignedInRequest, pk: int) -> RegionLifeSituation:
    """The ЖС of a region of the address, for whoever sees the region."""
    visible = RegionLifeSituation.objects.permitting(request.user, Permission.REGION_VIEW)
    return get_object_or_404(visible.select_related("region", "life_situation__direction"), pk=pk)


def place_crumbs(place: RegionLifeSituation) -> list[dict[str, str]]:
    """The way from the region to a page of its ЖС."""
    return [
        *region_crumbs(place.region),
        {"title": place.life_situation.short_title, "url": reverse("place", args=[place.pk])},
    ]


def region_crumbs(region: Region) -> list[dict[str, str]]:
    return [
        region_crumb(region),
        {"title": "Жизненные ситуации", "url": reverse("place-list", args=[region.code])},
    ]


# List


class PlaceFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=LifeSituationStatus.choices, label="Этап", empty_label="Все этапы")
    direction = django_filters.ModelChoiceFilter(
        queryset=Direction.objects.all(),
        field_name="life_situation__direction",
        to_field_name="code",
        label="Направление",
        empty_label="Все направления",
    )

    class Meta:
        model = RegionLifeSituation
        fields = ("status", "direction")


class PlaceTable(ListTable):
    life_situation = tables.Column(
        "Жизненная ситуация",
        accessor="life_situation__short_title",
        linkify=("place", [A("pk")]),
        order_by=("catalogue_number", "life_situation__short_title"),
    )
    stage = tables.Column("Этап", order_by=("stage_number",), accessor="get_status_display")
    stage_since = tables.DateColumn(verbose_name="На этапе с", accessor="status_since", format="d.m.Y")
    responsible = tables.Column("Ответственный", empty_values=(), orderable=False)
    institutions = tables.Column("Учреждений", empty_values=(), orderable=False, attrs=NUMBER)
    hints = tables.Column("На что обратить внимание", empty_values=(), orderable=False)

    class Meta(ListTable.Meta):
        model = RegionLifeSituation
        fields = ("life_situation", "stage", "stage_since", "responsible", "institutions", "hints")

    def __init__(self, *args: Any, responsible: dict[int, list[str]], **kwargs: Any) -> None:
        self.names = responsible
        super().__init__(*args, **kwargs)

    def render_stage_since(self, record: RegionLifeSituation) -> str:
        return f"{services.stage_since(record):%d.%m.%Y}"

    def value_stage_since(self, record: RegionLifeSituation) -> date:
        return services.stage_since(record)

    def render_responsible(self, record: RegionLifeSituation) -> str:
        return "; ".join(self.names.get(record.life_situation_id, [])) or "не назначен"

    value_responsible = render_responsible

    def render_institutions(self, record: Any) -> str:
        return format_html(
            '{} <span class="muted small nowrap">(город {}, село {})</span>',
            record.towns + record.villages,
            record.towns,
            record.villages,
        )

    def value_institutions(self, record: Any) -> int:
        return int(record.towns + record.villages)

    def render_hints(self, record: Any) -> str:
        hints = "; ".join(services.institution_hints(towns=record.towns, villages=record.villages)) or "—"
        return hints[0].upper() + hints[1:]

    value_hints = render_hints


@require_safe
def place_list(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    today = region.local_date()
    order = Case(
        *(When(status=status, then=Value(number)) for number, status in enumerate(stages.ORDER)),
        output_field=IntegerField(),
    )
    places = (
        RegionLifeSituation.objects.filter(region=region)
        .select_related("life_situation")
        # Those of the catalogue first, on both databases.
        .annotate(stage_number=order, catalogue_number=Coalesce("life_situation__number", AFTER_THE_CATALOGUE))
        .with_institutions(today)
        .order_by("catalogue_number", "life_situation__short_title")
    )
    found = PlaceFilter(request.GET, places, request=request)
    context = {
        "region": region,
        "tabs": region_tabs(request.user, region, "life-situations"),
        "crumbs": region_crumbs(region)[:1],
        "filter": found,
        "may_choose": may(request.user, Permission.LIFE_SITUATION_CHOOSE, region),
    }
    table = PlaceTable(found.qs, responsible=_responsible_names(region, today))
    return list_response(
        request, table, "regions/life_situations/place_list.html", context, file_name=f"life-situations-{region.code}"
    )


def _responsible_names(region: Region, on: date) -> dict[int, list[str]]:
    """By ЖС the members of the РШ who answer for it on a day."""
    lines = (
        Membership.objects.in_force(on)
        .filter(region=region, role=Role.HQ_MEMBER, life_situations__isnull=False)
        .order_by("user__full_name", "user")
        .values_list("life_situations", "user__full_name", "user__email")
    )
    names: dict[int, list[str]] = {}
    for life_situation, full_name, email in lines:
        name = full_name or email
        if name not in names.setdefault(life_situation, []):
            names[life_situation].append(name)
    return names


# Choosing and describing


@require_http_methods(FORM)
def place_choose(request: SignedInRequest, code: str) -> HttpResponse:
    """First the ЖС that can be taken, then the form for the one chosen."""
    region = region_or_404(request, code)
    require(request.user, Permission.LIFE_SITUATION_CHOOSE, region)
    available = (
        LifeSituation.objects.available_in(region)
        .exclude(regions__region=region)
        .select_related("direction")
        .prefetch_related(
            Prefetch(
                "lifesituationindicator_set",
                LifeSituationIndicator.objects.select_related("indicator"),
                "indicator_lines",
            )
        )
    )
    today = region.local_date()
    asked = (request.POST if request.method == "POST" else request.GET).get("life_situation", "").replace("\0", "")
    chosen = available.filter(code=asked).first()
    form = ChooseForm(
        request.POST if request.method == "POST" else None,
        initial={"life_situation": asked, "since": today},
        available=available,
        today=today,
    )
    if request.method == "POST" and chosen is None:
        taken = RegionLifeSituation.objects.filter(region=region, life_situation__code=asked).first()
        if taken:
            return _taken_before(request, taken)
    if form.is_valid():
        try:
            place = services.take(
                region=region,
                life_situation=form.cleaned_data["life_situation"],
                since=form.cleaned_data["since"],
                decision=form.decision(),
                by=request.user,
                at=timezone.now(),
            )
        except services.AlreadyTaken:
            return _taken_before(request, RegionLifeSituation.objects.get(region=region, life_situation__code=asked))
        messages.success(request, "ЖС взята. Теперь назначьте ответственного и добавьте учреждения.")
        return redirect("place", place.pk)
    return render(
        request,
        "regions/life_situations/choose.html",
        {
            "region": region,
            "crumbs": region_crumbs(region),
            "available": [] if chosen else available,
            "chosen": chosen,
            "form": form,
        },
        status=422 if form.is_bound else 200,
    )


def _taken_before(request: SignedInRequest, place: RegionLifeSituation) -> HttpResponseRedirect:
    messages.warning(request, f"Регион уже взял эту ЖС {place.since:%d.%m.%Y}. Второй раз её не взять.")
    return redirect("place", place.pk)


@require_http_methods(FORM)
def own_life_situation_create(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    require(request.user, Permission.LIFE_SITUATION_CHOOSE, region)
    today = region.local_date()
    form = NewLifeSituationForm(
        request.POST if request.method == "POST" else None, today=today, initial={"since": today}
    )
    if form.is_valid():
        cleaned = form.cleaned_data
        try:
            place = services.describe(
                region=region,
                key=cleaned["key"],
                direction=cleaned["direction"],
                description=form.description(),
                indicators=form.chosen_indicators(),
                since=cleaned["since"],
                decision=form.decision(),
                by=request.user,
                at=timezone.now(),
            )
        except services.AlreadyTaken:
            sent_before = RegionLifeSituation.objects.filter(
                region=region, life_situation__code=services.own_code(cleaned["key"])
            ).first()
            if sent_before:
                return redirect("place", sent_before.pk)
            form.add_error(None, "Откройте страницу заново: эта уже была отправлена")
        else:
            messages.success(request, "ЖС описана и взята. Теперь назначьте ответственного и добавьте учреждения.")
            return redirect("place", place.pk)
    return form_page(
        request,
        form,
        title="Описать свою жизненную ситуацию",
        lead="Её видит и использует только Ваш регион. Границы определяет Региональный штаб.",
        crumbs=region_crumbs(region),
        submit="Описать и взять",
    )


@require_http_methods(FORM)
def own_life_situation_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    described = LifeSituation.objects.filter(
        region__in=Region.objects.permitting(request.user, Permission.REGION_VIEW)
    ).select_related("region", "direction")
    own = get_object_or_404(described, pk=pk)
    assert own.region
    require(request.user, Permission.LIFE_SITUATION_CHOOSE, own.region)
    place = RegionLifeSituation.objects.filter(region=own.region, life_situation=own).first()
    back = reverse("place", args=[place.pk]) if place else reverse("place-list", args=[own.region.code])
    form = OwnLifeSituationForm(
        request.POST if request.method == "POST" else None,
        own=own,
        has_values=IndicatorTarget.objects.filter(place__life_situation=own).exists(),
    )
    if form.is_valid():
        try:
            services.redescribe(
                life_situation=own,
                description=form.description(),
                indicators=form.chosen_indicators(),
                by=request.user,
            )
        except services.IndicatorsFixed:
            form.add_error("indicators", "По показателям уже внесены значения: верните прежние отметки")
        else:
            messages.success(request, "Описание сохранено.")
            return redirect(back)
    return form_page(
        request,
        form,
        title="Описание жизненной ситуации",
        lead=f"Направление: {own.direction}. Его изменить нельзя.",
        crumbs=[*region_crumbs(own.region), {"title": own.short_title, "url": back}],
        submit="Сохранить",
    )


# Card


@require_safe
def place(request: SignedInRequest, pk: int) -> HttpResponse:
    """All that is known of a ЖС in the region."""
    place = place_or_404(request, pk)
    region, today = place.region, place.region.local_date()
    user = request.user
    history = list(StatusChange.objects.filter(place=place).select_related("by"))
    members = Membership.objects.in_force(today).answering_for(place).select_related("user").order_by("user__full_name")
    participations = list(_participations(place))
    running = _running(participations, today)
    targets = IndicatorTarget.objects.filter(place=place, year=today.year)
    approvals = {one.year: one for one in TargetApproval.objects.filter(place=place)}
    values = {one.indicator_id: one for one in targets}
    held = held_in(user, place)
    with_values = IndicatorTarget.objects.filter(place=place).order_by().values_list("year", flat=True).distinct()
    years = {today.year, today.year + 1, *approvals, *with_values}
    return render(
        request,
        "regions/life_situations/place.html",
        {
            "region": region,
            "tabs": region_tabs(user, region, "life-situations"),
            "crumbs": region_crumbs(region),
            "place": place,
            "since": services.stage_since(place),
            "steps": _steps(place, history),
            "history": history,
            "members": members,
            "participations": participations,
            "running": running,
            "hints": _hints(running),
            "today": today,
            "year": today.year,
            "years": sorted(years),
            "indicators": [(one, values.get(one.pk)) for one in indicators_of(place)],
            "approval": approvals.get(today.year),
            "criteria": [
                (criterion_title(one), getattr(place.life_situation, one))
                for one in LifeSituation.CRITERIA
                if getattr(place.life_situation, one)
            ],
            "may_run": Permission.LIFE_SITUATION_RUN in held,
            "may_choose": Permission.LIFE_SITUATION_CHOOSE in held,
            "may_move": not held.isdisjoint({Permission.LIFE_SITUATION_RUN, Permission.COMPLETION_DECIDE}),
            "explain_url": _explain_url(place) if Permission.ACCESS_EXPLAIN in held else "",
        },
    )


def _explain_url(place: RegionLifeSituation) -> str:
    return f"{reverse('access-explain')}?place={place.pk}"


# Six stages side by side leave little room for the longest words.
_SOFT_HYPHENS = {"self_assessment": "Самообсле\u00adдование", "scaling": "Масшта\u00adбирование"}


def _steps(place: RegionLifeSituation, history: list[StatusChange]) -> list[dict[str, str]]:
    """The way of the ЖС for `components/steps.html`, with the days of the stages reached."""
    position = stages.ORDER.index(place.status)
    # The history stands newest first: the latest day a stage was reached wins.
    reached = {change.after: change.on for change in reversed(history)}
    reached.setdefault(LifeSituationStatus.CHOSEN, place.since)
    reached[place.status] = services.stage_since(place)
    is_over = place.status == LifeSituationStatus.COMPLETED
    return [
        {
            "title": _SOFT_HYPHENS.get(code, str(LifeSituationStatus(code).label)),
            "text": f"с {reached[code]:%d.%m.%Y}" if number <= position and code in reached else "",
            "state": "done" if number < position or is_over else "current" if number == position else "next",
        }
        for number, code in enumerate(stages.ORDER)
    ]


@require_safe
def place_history(request: SignedInRequest, pk: int) -> HttpResponse:
    place = place_or_404(request, pk)
    histories = [
        RegionLifeSituation.history.filter(id=place.pk),
        IndicatorTarget.history.filter(place_id=place.pk),
        TargetApproval.history.filter(place_id=place.pk),
        Participation.history.filter(life_situation_id=place.life_situation_id, institution__region=place.region_id),
    ]
    if place.life_situation.region_id:
        histories.append(LifeSituation.history.filter(id=place.life_situation_id))
    return render(
        request,
        "pages/history.html",
        {
            "title": f"{place.life_situation.short_title}, {place.region.name}",
            "crumbs": place_crumbs(place),
            "changes": together(changes(*histories), changes_of_responsible(place)),
        },
    )


# Stages


@require_http_methods(FORM)
def place_status(request: SignedInRequest, pk: int) -> HttpResponse:
    """Move the ЖС one stage forward, or back with a reason."""
    place = place_or_404(request, pk)
    user = request.user
    held = held_in(user, place)
    runs, completes = (one in held for one in (Permission.LIFE_SITUATION_RUN, Permission.COMPLETION_DECIDE))
    if not (runs or completes):
        raise PermissionDenied
    # What was sent is judged from the stage its page showed; the service says whether that is still the stage.
    sent = request.POST.get("seen", "") if request.method == "POST" else ""
    before = sent if sent in stages.ORDER else place.status
    choices = [
        after
        for after in stages.allowed(before)
        if (completes if stages.decides_completion(after, before=before) else runs)
    ]
    form = None
    if choices:
        today = place.region.local_date()
        form = StatusForm(
            request.POST if request.method == "POST" else None,
            request.FILES if request.method == "POST" else None,
            before=before,
            choices=choices,
            earliest=services.stage_since(place) if before == place.status else date.min,
            today=today,
            initial={"on": today},
        )
        if form.is_valid() and _move(form, place, user):
            messages.success(request, "Этап изменён.")
            return redirect("place", place.pk)
    elif request.method == "POST":
        raise PermissionDenied
    return render(
        request,
        "regions/life_situations/status.html",
        {
            "title": "Этап жизненной ситуации",
            "place": place,
            "since": services.stage_since(place),
            "crumbs": place_crumbs(place),
            "form": form,
            "waits_for_chair": not completes and "completed" in (before, *stages.allowed(before)),
            "submit": "Сменить этап",
            "cancel_url": reverse("place", args=[place.pk]),
        },
        status=422 if form and form.is_bound else 200,
    )


def _move(form: StatusForm, place: RegionLifeSituation, by: User) -> bool:
    """Make the step the form asks for; if it cannot be made, the form says why."""
    cleaned = form.cleaned_data
    try:
        services.change_status(
            place=place,
            seen=cleaned["seen"],
            after=cleaned["after"],
            on=cleaned["on"],
            note=cleaned["note"],
            document=form.document(),
            by=by,
            at=timezone.now(),
        )
    except services.StageChanged:
        now = RegionLifeSituation.objects.get(pk=place.pk).get_status_display()
        form.add_error(None, f"Пока страница была открыта, этап сменили: сейчас «{now}». Откройте страницу заново")
    except services.StepNotAllowed:
        form.add_error("after", "С нынешнего этапа сюда перейти нельзя")
    except services.DateOutOfOrder as error:
        form.add_error("on", f"Выберите день с {error.earliest:%d.%m.%Y} по {error.latest:%d.%m.%Y}")
    else:
        return True
    return False


@require_safe
def place_document(request: SignedInRequest, pk: int) -> FileResponse:
    places = RegionLifeSituation.objects.permitting(request.user, Permission.REGION_VIEW)
    return document_response(get_object_or_404(StatusChange, pk=pk, place__in=places))


# Who answers


@require_http_methods(FORM)
def place_responsible(request: SignedInRequest, pk: int) -> HttpResponse:
    place = place_or_404(request, pk)
    require(request.user, Permission.LIFE_SITUATION_CHOOSE, place)
    in_force = Membership.objects.in_force(place.region.local_date())
    members = list(
        in_force.filter(region=place.region, role=Role.HQ_MEMBER)
        .select_related("user", "deputises_for")
        .order_by("user__full_name", "pk")
    )
    form = ResponsibleForm(
        request.POST if request.method == "POST" else None,
        members=members,
        answering=set(in_force.answering_for(place).values_list("pk", flat=True)),
    )
    if form.is_valid():
        add, remove = form.changes()
        try:
            services.change_responsible(place=place, add=add, remove=remove, by=request.user, at=timezone.now())
        except services.OwnRights:
            form.add_error("members", "Назначить самого себя нельзя: попросите об этом другого")
        except services.NotAMember:
            form.add_error("members", "Пока страница была открыта, состав РШ изменился. Откройте её заново")
        else:
            messages.success(request, "Ответственные сохранены.")
            return redirect("place", place.pk)
    return render(
        request,
        "regions/life_situations/responsible.html",
        {
            "title": "Ответственные за жизненную ситуацию",
            "lead": f"{place.life_situation.short_title}, {place.region.name}",
            "place": place,
            "members": members,
            "crumbs": place_crumbs(place),
            "form": form,
            "submit": "Сохранить",
            "cancel_url": reverse("place", args=[place.pk]),
        },
        status=422 if form.is_bound else 200,
    )


# Institutions


def _participations(place: RegionLifeSituation) -> QuerySet[Participation]:
    """Of institutions of the region in this ЖС, those still going on first."""
    return (
        Participation.objects.filter(life_situation=place.life_situation_id, institution__region=place.region_id)
        .select_related("institution")
        .order_by("institution__name", "since", "pk")
    )


def _running(participations: list[Participation], on: date) -> list[Participation]:
    return [one for one in participations if one.is_in_force(on) and one.institution.is_working(on)]


def _hints(running: list[Participation]) -> list[str]:
    towns = sum(one.institution.settlement == Institution.Settlement.TOWN for one in running)
    return services.institution_hints(towns=towns, villages=len(running) - towns)


@require_http_methods(FORM)
def place_institutions(request: SignedInRequest, pk: int) -> HttpResponse:
    """Institutions that take part, and one more."""
    place = place_or_404(request, pk)
    require(request.user, Permission.LIFE_SITUATION_RUN, place)
    today = place.region.local_date()
    participations = list(_participations(place))
    busy = [one.institution_id for one in participations if not one.is_over(today)]
    form = ParticipationForm(
        request.POST if request.method == "POST" else None,
        institutions=Institution.objects.filter(region=place.region).working(today).exclude(pk__in=busy),
        today=today,
        initial={"since": max(today, place.since)},
    )
    if form.is_valid():
        institution = form.cleaned_data["institution"]
        try:
            institution_services.start_participation(
                institution=institution,
                life_situation=place.life_situation,
                since=form.cleaned_data["since"],
                by=request.user,
                at=timezone.now(),
            )
        except institution_services.Refused as refused:
            field = "since" if isinstance(refused, institution_services.WrongDay) else "institution"
            form.add_error(field, str(refused))
        else:
            messages.success(request, f"Учреждение добавлено: {institution}.")
            return redirect("place-institutions", place.pk)
    running = _running(participations, today)
    return render(
        request,
        "regions/life_situations/institutions.html",
        {
            "place": place,
            "crumbs": place_crumbs(place),
            "today": today,
            "participations": participations,
            "hints": _hints(running),
            "form": form,
        },
        status=422 if form.is_bound else 200,
    )
