"""Who has which access: handing roles over, deputies, acting in one role, explanations, the permission table."""

from datetime import timedelta
from typing import Any

import django_filters
import django_tables2 as tables
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tables2 import A

from accounts.http import SignedInRequest
from accounts.models import User
from regions import explaining, open_work
from regions import permission_table as table_of_permissions
from regions.forms.access import DeputyForm, ExplainForm, HandoverForm
from regions.lists import XLSX_TYPE, ListTable, list_response
from regions.middleware import SESSION_KEY
from regions.models import Handover, Institution, Membership, Region, RegionLifeSituation, ServiceCommissioner
from regions.pages import region_crumb, region_or_404, region_tabs
from regions.permissions import Permission, may_anywhere
from regions.querysets import with_words
from regions.roles import Role
from regions.services import handover as services
from regions.services.people import first_day

# Of people whose name fits the search; who sees more of them writes more of the name.
MOST_FOUND = 20


# Handing over and deputies


def _membership(request: SignedInRequest, pk: int) -> Membership:
    """A role the person may pass on: 404 where they see no people, 403 where it is not theirs to give."""
    seen = Membership.objects.permitting(request.user, Permission.PEOPLE_VIEW)
    found = seen.select_related("user", "region", "institution__region", "deputises_for__user")
    membership = get_object_or_404(found, pk=pk)
    services.require_managing(request.user, membership)
    return membership


def _crumbs(request: SignedInRequest, membership: Membership) -> list[dict[str, str]]:
    region = membership.home_region
    crumbs: list[dict[str, str]] = []
    if not may_anywhere(request.user, Permission.PEOPLE_VIEW):
        return crumbs
    if region:
        crumbs.append(region_crumb(region))
        crumbs.append({"title": "Люди", "url": reverse("region-people", args=[region.code])})
    crumbs.append({"title": str(membership.user), "url": reverse("person", args=[membership.user_id])})
    return crumbs


@require_http_methods(["GET", "HEAD", "POST"])
def handover_create(request: SignedInRequest, pk: int) -> HttpResponse:
    """First who, from when and why; then what will pass; then it passes."""
    membership = _membership(request, pk)
    if membership.deputises_for:
        messages.error(request, "Замещение не передают: оно закончится само, или завершите его раньше.")
        return redirect("person", membership.user_id)
    if earlier := membership.handed_over.first():
        return _handed_over_already(request, earlier)
    today = first_day(membership.home_region, timezone.now())
    form = HandoverForm(
        request.POST if request.method == "POST" else None,
        membership=membership,
        by=request.user,
        today=today,
        initial={"on": max(today, services.days_to_hand_over(membership, today)[0])},
    )
    if form.is_valid() and "change" not in request.POST:
        if "confirm" not in request.POST:
            return render(request, "regions/access/handover_preview.html", _preview(request, membership, form))
        try:
            made = services.hand_over(
                membership=membership,
                to=form.cleaned_data["to"],
                on=form.cleaned_data["on"],
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=timezone.now(),
            )
        except services.AlreadyHandedOver as error:
            return _handed_over_already(request, error.handover)
        except services.CannotTake:
            form.add_error("person", "Этот человек уже не может принять дела: выберите другого")
        except services.WrongDays:
            form.add_error("on", "За это время дни роли изменились: проверьте этот день")
        else:
            messages.success(request, f"Дела переданы: {made.successor.user}.")
            return redirect("handover", made.pk)
    return render(
        request,
        "regions/access/successor_form.html",
        {
            "title": "Передать дела",
            "lead": f"{membership.user}: {membership}",
            "crumbs": _crumbs(request, membership),
            "form": form,
            "submit": "Показать, что перейдёт",
            "cancel_url": reverse("person", args=[membership.user_id]),
            "region": membership.home_region,
        },
        status=422 if form.is_bound and not form.is_valid() else 200,
    )


def _handed_over_already(request: SignedInRequest, earlier: Handover) -> HttpResponseRedirect:
    messages.warning(request, f"Эта роль уже передана: {earlier.successor.user}, с {earlier.on:%d.%m.%Y}.")
    return redirect("handover", earlier.pk)


def _preview(request: SignedInRequest, membership: Membership, form: HandoverForm) -> dict[str, Any]:
    to: User = form.cleaned_data["to"]
    is_seen = explaining.people_seen(request.user).filter(pk=to.pk).exists()
    commissioners = ServiceCommissioner.objects.none()
    if membership.role == Role.SERVICE_COMMISSIONER and membership.region:
        commissioners = ServiceCommissioner.objects.filter(
            region=membership.region, user=membership.user_id, ended_on=None
        )
    return {
        "membership": membership,
        "form": form,
        "crumbs": _crumbs(request, membership),
        # Of somebody from elsewhere no more than what was typed.
        "to": str(to) if is_seen else to.email,
        "last_day": min(filter(None, [membership.ends_on, form.cleaned_data["on"] - timedelta(days=1)])),
        "has_role": to.memberships.same_role_as(membership).filter(deputises_for=None, ends_on=None).exists(),
        "work": open_work.found(membership),
        "deputies": [one.user for one in membership.deputies.filter(ends_on__gte=form.cleaned_data["on"])],
        "commissioner": commissioners.first(),
        "is_own": membership.user_id == request.user.pk,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def deputy_create(request: SignedInRequest, pk: int) -> HttpResponse:
    membership = _membership(request, pk)
    today = first_day(membership.home_region, timezone.now())
    first, last = services.days_to_deputise(membership, today)
    if membership.deputises_for or first > last:
        reason = "Заместитель не назначает себе заместителя" if membership.deputises_for else "Эта роль уже закончилась"
        messages.error(request, f"{reason}.")
        return redirect("person", membership.user_id)
    form = DeputyForm(
        request.POST if request.method == "POST" else None,
        membership=membership,
        by=request.user,
        today=today,
        initial={"starts_on": first},
    )
    if form.is_valid():
        try:
            deputy = services.appoint_deputy(
                membership=membership,
                to=form.cleaned_data["to"],
                starts_on=form.cleaned_data["starts_on"],
                ends_on=form.cleaned_data["ends_on"],
                by=request.user,
                at=timezone.now(),
            )
        except services.AlreadyDeputises as error:
            days = f"с {error.membership.starts_on:%d.%m.%Y} по {error.membership.ends_on:%d.%m.%Y}"
            form.add_error("starts_on", f"В эти дни этот человек уже замещает: {days}")
        except services.CannotTake:
            form.add_error("person", "У этого человека уже есть эта роль, или вход ему закрыт: выберите другого")
        except services.WrongDays:
            form.add_error("starts_on", "За это время дни роли изменились: проверьте их")
        else:
            messages.success(request, f"{deputy.user} замещает по {deputy.ends_on:%d.%m.%Y} включительно.")
            return redirect("person", membership.user_id)
    return render(
        request,
        "regions/access/successor_form.html",
        {
            "title": "Назначить заместителя",
            "lead": f"{membership.user}: {membership}. Эти дни действуют оба; потом замещение закончится само.",
            "crumbs": _crumbs(request, membership),
            "form": form,
            "submit": "Назначить",
            "cancel_url": reverse("person", args=[membership.user_id]),
            "region": membership.home_region,
        },
        status=422 if form.is_bound else 200,
    )


class HandoverFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(method="filter_name", label="Кто передал или принял")
    role = django_filters.ChoiceFilter(
        field_name="predecessor__role", choices=Role.choices, label="Роль", empty_label="Все роли"
    )

    class Meta:
        model = Handover
        fields = ("name", "role")

    def filter_name(self, queryset: QuerySet[Handover], name: str, value: str) -> QuerySet[Handover]:
        return queryset.filter(
            with_words("predecessor__user__full_name", value) | with_words("successor__user__full_name", value)
        )


class HandoverTable(ListTable):
    on = tables.DateColumn(format="d.m.Y", verbose_name="С какого дня", linkify=("handover", [A("pk")]))
    predecessor = tables.Column("Кто передал", accessor="predecessor__user", order_by="predecessor__user__full_name")
    successor = tables.Column("Кто принял", accessor="successor__user", order_by="successor__user__full_name")
    role = tables.Column("Роль", accessor="predecessor", order_by="predecessor__role")
    work = tables.Column("Что передано", orderable=False)
    reason = tables.Column("Основание")
    by = tables.Column("Кто внёс", order_by="by__full_name")

    class Meta(ListTable.Meta):
        model = Handover
        fields = ("on", "predecessor", "successor", "role", "work", "reason", "by")

    def render_role(self, value: Membership) -> str:
        role = value.get_role_display()
        return f"{role} ({value.institution})" if value.institution else role

    value_role = render_role

    def render_work(self, value: list[dict[str, Any]]) -> str:
        return "; ".join(f"{one['title']}: {len(one['items'])}" for one in value)

    def value_on(self, record: Handover) -> object:
        return record.on


@require_safe
def handover_list(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code, Permission.PEOPLE_VIEW)
    here = Handover.objects.filter(predecessor__in=Membership.objects.of_region(region))
    found = HandoverFilter(request.GET, here, request=request)
    handovers = found.qs.select_related(
        "predecessor__user", "predecessor__region", "predecessor__institution", "successor__user", "by"
    )
    return list_response(
        request,
        HandoverTable(handovers),
        "regions/access/handover_list.html",
        {"region": region, "tabs": region_tabs(request.user, region, "people"), "filter": found},
        file_name=f"handovers-{region.code}",
    )


@require_safe
def handover(request: SignedInRequest, pk: int) -> HttpResponse:
    visible = Handover.objects.visible_to(request.user).select_related(
        "predecessor__user", "predecessor__region", "predecessor__institution__region", "successor__user", "by"
    )
    found = get_object_or_404(visible, pk=pk)
    return render(
        request,
        "regions/access/handover.html",
        {"handover": found, "crumbs": _crumbs(request, found.predecessor), "facts": _facts(found)},
    )


def _facts(found: Handover) -> list[dict[str, str]]:
    return [
        {"term": "Роль", "text": str(found.predecessor)},
        {"term": "Передал(а)", "text": str(found.predecessor.user)},
        {"term": "Принял(а)", "text": str(found.successor.user)},
        {"term": "Действует с", "text": f"{found.on:%d.%m.%Y}"},
        {"term": "Основание", "text": found.reason},
        {"term": "Внёс запись", "text": f"{found.by or 'портал'}, {timezone.localtime(found.at):%d.%m.%Y %H:%M}"},
    ]


# Acting in one role


@require_POST
def act_as(request: SignedInRequest) -> HttpResponseRedirect:
    """Act in one of one's roles, or (nothing chosen) in all of them again."""
    chosen = request.POST.get("membership", "")
    if chosen:
        mine = request.user.memberships.in_force_at(timezone.now())
        membership = get_object_or_404(mine, pk=_number(chosen))
        request.session[SESSION_KEY] = membership.pk
        # The page one comes from may not be there in this role.
        return redirect("cabinet")
    request.session.pop(SESSION_KEY, None)
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(back)
    return redirect("cabinet")


# Why somebody sees a thing


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Http404
    return int(text)


@require_safe
def access_explain(request: SignedInRequest) -> HttpResponse:
    if not may_anywhere(request.user, Permission.ACCESS_EXPLAIN):
        raise PermissionDenied
    regions = Region.objects.permitting(request.user, Permission.ACCESS_EXPLAIN)
    target = _target(request, regions)
    region = target if target is None or isinstance(target, Region) else target.region
    who = request.GET.get("who", "").strip()
    found = _people_found(request.user, who) if who else [_person(request)]
    form = ExplainForm(
        {"region": region.code if region else "", "thing": _thing_of(target), "who": who},
        regions=regions,
        region=region,
    )
    if not found:
        form.add_error("who", "Никого не нашлось. Проверьте имя или напишите адрес целиком")
    person = found[0] if len(found) == 1 else None
    answers, memberships = [], []
    if person:
        memberships = list(explaining.memberships_seen(person, request.user))
        answers = explaining.explain(person, target, memberships) if target else []
    now = timezone.now()
    return render(
        request,
        "regions/access/explain.html",
        {
            "form": form,
            "target": target,
            "region": region,
            "person": person,
            "found": found if len(found) > 1 else [],
            "memberships": [(one, one.is_in_force_at(now)) for one in memberships],
            "answers": answers,
            "thing": _thing_of(target),
            "sees_all": regions.count() > 1,
        },
        status=200 if form.is_valid() else 422,
    )


def _target(request: SignedInRequest, regions: QuerySet[Region]) -> Region | Institution | RegionLifeSituation | None:
    """What is asked about; somebody else's things are not there."""
    code = request.GET.get("region")
    region = get_object_or_404(regions, code=code) if code else None
    kind, _, number = request.GET.get("thing", "").partition("-")
    if not kind:
        kind = next((one for one in ("place", "institution") if request.GET.get(one)), "")
        number = request.GET.get(kind, "")
    thing: Institution | RegionLifeSituation | None = None
    if kind == "place":
        places = RegionLifeSituation.objects.permitting(request.user, Permission.ACCESS_EXPLAIN)
        thing = get_object_or_404(places.select_related("region", "life_situation"), pk=_number(number))
    elif kind == "institution":
        institutions = Institution.objects.permitting(request.user, Permission.ACCESS_EXPLAIN)
        thing = get_object_or_404(institutions.select_related("region"), pk=_number(number))
    # Another region has been chosen since the thing was.
    if thing is not None and region in (None, thing.region):
        return thing
    if region is None and regions.count() == 1:
        return regions.get()
    return region


def _thing_of(target: Region | Institution | RegionLifeSituation | None) -> str:
    match target:
        case RegionLifeSituation():
            return f"place-{target.pk}"
        case Institution():
            return f"institution-{target.pk}"
    return ""


def _person(request: SignedInRequest) -> User:
    number = request.GET.get("person")
    if not number or number == str(request.user.pk):
        return request.user
    return get_object_or_404(explaining.people_seen(request.user), pk=_number(number))


def _people_found(by: User, text: str) -> list[User]:
    found = explaining.people_seen(by).filter(with_words("full_name", text) | Q(email__iexact=text))
    return [by if one == by else one for one in found.order_by("full_name", "pk")[:MOST_FOUND]]


# The permission table


@require_safe
def permission_table(request: SignedInRequest) -> HttpResponse:
    if not may_anywhere(request.user, Permission.PERMISSIONS_VIEW):
        raise PermissionDenied
    if request.GET.get("format") == "xlsx":
        response = HttpResponse(table_of_permissions.workbook(), content_type=XLSX_TYPE)
        response.headers["Content-Disposition"] = 'attachment; filename="permissions.xlsx"'
        return response
    return render(
        request,
        "regions/access/permission_table.html",
        {
            "roles": list(Role),
            "subjects": table_of_permissions.subjects(),
            "lines": table_of_permissions.role_lines(),
        },
    )
