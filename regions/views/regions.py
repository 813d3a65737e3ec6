"""The card of a region: how ready it is, who runs it, what it works on and what it owes; and its history."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from regions.forms.letters import ParticipationForm
from regions.history import changes
from regions.models import (
    Body,
    BodyMember,
    InfrastructureReached,
    Institution,
    Letter,
    LetterDeadline,
    LifeSituation,
    Membership,
    Region,
    RegionLifeSituation,
    ServiceCommissioner,
    TargetApproval,
)
from regions.pages import form_page, region_crumb, region_or_404, region_tabs
from regions.permissions import Permission, held_in, require
from regions.roles import Role
from regions.services import letters as letters_service
from regions.services import readiness as titles
from regions.services.letters import Due, LetterState
from regions.views.structure import sees_emails, without_emails

TAB = "card"
# The card names the nearest ones; all of them stand on the page of letters.
SHOWN_LETTERS = 5


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing, and the page where it is mended."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One of the three facts of readiness; what it lacks while it is not true."""

    title: str
    is_met: bool
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MainBody:
    kind: Body.Kind
    body: Body | None
    head: BodyMember | None


@dataclass(frozen=True, slots=True)
class PlaceLine:
    place: Any
    responsible: list[str]

    @property
    def institutions(self) -> int:
        return int(self.place.towns + self.place.villages)


@require_safe
def region_card(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    now = timezone.now()
    today = region.local_date(now)
    bodies = _main_bodies(region, today)
    commissioner = ServiceCommissioner.objects.in_force(today).filter(region=region).first()
    places = list(
        RegionLifeSituation.objects.filter(region=region)
        .with_readiness()
        .with_institutions(today)
        .select_related("life_situation__direction")
        .order_by("life_situation__number", "life_situation__short_title", "pk")
    )
    responsible = _responsible(region, today)
    readiness = Region.objects.with_readiness(now).get(pk=region.pk).readiness
    held = held_in(request.user, region)
    context = {
        "region": region,
        "tabs": region_tabs(request.user, region, TAB),
        "readiness": readiness,
        "reached": InfrastructureReached.objects.filter(region=region).first() if readiness.reached_on else None,
        "facts": [
            Fact(titles.BODIES, readiness.bodies_exist, _body_gaps(region, bodies, commissioner)),
            Fact(titles.ROADMAPS, readiness.roadmaps_exist, _roadmap_gaps(region, places)),
            Fact(titles.INDICATORS, readiness.indicators_approved, _indicator_gaps(region, places, today)),
        ],
        "bodies": bodies,
        "commissioner": commissioner,
        "is_accredited": commissioner is not None and commissioner.is_accredited(today),
        "places": [PlaceLine(one, responsible.get(one.life_situation_id, [])) for one in places],
        "institutions": _institutions(region, today),
        "people": _people(region, today) if Permission.PEOPLE_VIEW in held else None,
        **_letters(region, now),
        "may_edit": Permission.STRUCTURE_EDIT in held,
        "may_explain": Permission.ACCESS_EXPLAIN in held,
    }
    return render(request, "regions/region_card.html", context)


def _main_bodies(region: Region, today: date) -> list[MainBody]:
    heads = Prefetch("members", BodyMember.objects.in_force(today).filter(is_head=True), to_attr="heads")
    found = Body.objects.in_force(today).filter(region=region, kind__in=Body.MAIN_KINDS).prefetch_related(heads)
    # Of two, one of which ends today, the one that goes on.
    by_kind: dict[str, Any] = {one.kind: one for one in found.order_by("formed_on", "pk")}
    lines = []
    for kind in Body.MAIN_KINDS:
        body = by_kind.get(kind)
        lines.append(MainBody(kind, body, next(iter(body.heads), None) if body else None))
    return lines


def _responsible(region: Region, today: date) -> dict[int, list[str]]:
    """By ЖС the names of the members of the РШ who answer for it."""
    members = Membership.objects.in_force(today).filter(region=region, role=Role.HQ_MEMBER)
    names: dict[int, list[str]] = {}
    for member in members.select_related("user").prefetch_related("life_situations").order_by("user__full_name", "pk"):
        for one in member.life_situations.all():
            names.setdefault(one.pk, []).append(str(member.user))
    return names


def _body_gaps(region: Region, bodies: Iterable[MainBody], commissioner: ServiceCommissioner | None) -> list[Gap]:
    gaps = []
    for line in bodies:
        if line.body is None:
            url = f"{reverse('body-list', args=[region.code])}"
            gaps.append(Gap(f"Не создан орган: {line.kind.label}", url))
        elif line.head is None:
            gaps.append(Gap(f"Нет руководителя: {line.kind.label}", reverse("body", args=[line.body.pk])))
    if commissioner is None:
        gaps.append(Gap("Нет действующего РСУ", reverse("body-list", args=[region.code])))
    return gaps


def _no_places(region: Region) -> Gap:
    return Gap("Регион не выбрал ни одной ЖС", reverse("place-list", args=[region.code]))


def _roadmap_gaps(region: Region, places: list[Any]) -> list[Gap]:
    if not places:
        return [_no_places(region)]
    return [
        Gap(f"«{one.life_situation}»: этап «{one.get_status_display()}»", reverse("place", args=[one.pk]))
        for one in places
        if not one.has_roadmap
    ]


def _indicator_gaps(region: Region, places: list[Any], today: date) -> list[Gap]:
    if not places:
        return [_no_places(region)]
    return [
        Gap(
            f"«{one.life_situation}»: показатели не утверждены",
            reverse("place-targets", args=[one.pk, today.year]),
        )
        for one in places
        if not one.has_indicators
    ]


def _institutions(region: Region, today: date) -> dict[str, int]:
    working = Q(closed_on=None) | Q(closed_on__gte=today)
    return Institution.objects.filter(region=region).aggregate(
        towns=Count("pk", filter=working & Q(settlement=Institution.Settlement.TOWN)),
        villages=Count("pk", filter=working & Q(settlement=Institution.Settlement.VILLAGE)),
        closed=Count("pk", filter=~working),
    )


def _people(region: Region, today: date) -> int:
    """How many people act in the region."""
    return Membership.objects.of_region(region).in_force(today).values("user").distinct().count()


def _letters(region: Region, now: datetime) -> dict[str, Any]:
    dues = letters_service.dues([region], at=now).get(region.pk, [])

    def in_state(state: LetterState) -> list[Due]:
        return [due for due in dues if due.state == state]

    overdue, ahead = in_state(LetterState.OVERDUE), in_state(LetterState.AHEAD)
    return {
        "takes_part": letters_service.takes_part(region, now),
        "overdue_count": len(overdue),
        "letters": (overdue + ahead)[:SHOWN_LETTERS],
    }


@require_safe
def region_history(request: SignedInRequest, code: str) -> HttpResponse:
    """Who changed what in the region: itself, its structure, ЖС, and letters."""
    region = region_or_404(request, code)
    found = changes(
        Region.history.filter(id=region.pk),
        Body.history.filter(region_id=region.pk),
        BodyMember.history.filter(body_id__in=Body.objects.filter(region=region).values("pk")),
        ServiceCommissioner.history.filter(region_id=region.pk),
        RegionLifeSituation.history.filter(region_id=region.pk),
        LifeSituation.history.filter(region_id=region.pk),
        TargetApproval.history.filter(place_id__in=RegionLifeSituation.objects.filter(region=region).values("pk")),
        Letter.history.filter(region_id=region.pk),
        LetterDeadline.history.filter(region_id=region.pk),
    )
    context = {
        "title": region.name,
        "crumbs": [region_crumb(region)],
        "changes": found if sees_emails(request, region) else without_emails(found),
    }
    return render(request, "pages/history.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def region_participation(request: SignedInRequest, code: str) -> HttpResponse:
    """Since when the region takes part in НСИ."""
    region = region_or_404(request, code)
    require(request.user, Permission.STRUCTURE_EDIT, region)
    form = ParticipationForm(
        request.POST if request.method == "POST" else None, initial={"participates_since": region.participates_since}
    )
    if form.is_valid():
        try:
            letters_service.set_participation(
                region=region, since=form.cleaned_data["participates_since"], by=request.user, at=timezone.now()
            )
        except letters_service.WrongDay as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(request, "Изменения сохранены.")
            return redirect("region-card", region.code)
    return form_page(
        request, form, title="Участие в НСИ", lead=region.name, crumbs=[region_crumb(region)], submit="Сохранить"
    )
