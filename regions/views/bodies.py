"""The bodies of a region: their list, the card of one, and what is done with them."""

from datetime import date
from typing import Any

import django_filters
import django_tables2 as tables
from django.contrib import messages
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_tables2 import A

from accounts.http import SignedInRequest
from regions import recommendations
from regions.forms.bodies import BodyForm, LastDayForm, NewBodyForm
from regions.history import changes
from regions.lists import NUMBER, ListTable, list_response
from regions.models import Body, BodyMember, LifeSituation, Region, RegionLifeSituation, ServiceCommissioner
from regions.pages import form_page, region_or_404, region_tabs
from regions.permissions import Permission, may, require
from regions.services import bodies as services
from regions.uploads import document_response
from regions.views.members import MemberFilter, members_table
from regions.views.structure import (
    TAB,
    body_or_404,
    hints_of_body,
    hints_of_commissioner,
    history_page,
    of_body,
    posted,
    refuse,
    shown,
    structure_crumbs,
)

# The bodies of a region -----------------------------------------------------------------------------------------------


class GroupFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(
        choices=[(kind.value, kind.label) for kind in services.PARENT_KINDS], label="Вид", empty_label="Все группы"
    )
    life_situation = django_filters.ModelChoiceFilter(
        queryset=LifeSituation.objects.none(),
        field_name="life_situations",
        to_field_name="code",
        label="Жизненная ситуация",
        empty_label="Все ЖС",
    )

    class Meta:
        model = Body
        fields = ("kind", "life_situation")

    def __init__(self, *args: Any, region: Region, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["life_situation"].queryset = LifeSituation.objects.filter(
            bodies__region=region, bodies__ended_on=None
        ).distinct()


class GroupTable(ListTable):
    title = tables.Column("Группа", linkify=("body", [A("pk")]))
    kind = tables.Column("Вид")
    head = tables.Column("Руководитель", empty_values=())
    count = tables.Column("Членов", attrs=NUMBER)
    life_situations = tables.Column("Жизненные ситуации", orderable=False)
    document_date = tables.Column("Решение")
    hints = tables.Column("Подсказок", orderable=False, empty_values=(), attrs=NUMBER)

    class Meta(ListTable.Meta):
        model = Body
        fields = ("title", "kind", "head", "count", "life_situations", "document_date", "hints")

    def render_head(self, record: Body) -> str:
        return record.head or "нет"  # type: ignore[attr-defined]

    value_head = render_head

    def render_life_situations(self, record: Body) -> str:
        return "; ".join(one.short_title for one in record.life_situations.all())

    value_life_situations = render_life_situations

    def render_document_date(self, record: Body) -> str:
        return record.document_title

    value_document_date = render_document_date

    def render_hints(self, record: Body) -> int:
        return len(hints_of_body(record, record.current_members))  # type: ignore[attr-defined]

    value_hints = render_hints


def _with_members(bodies: QuerySet[Body], today: date) -> QuerySet[Body]:
    """With those in force as `current_members`, their number as `count`, the head's name as `head`."""
    now = BodyMember.objects.in_force(today)
    heads = BodyMember.objects.filter(body=OuterRef("pk"), is_head=True, ends_on=None)
    in_force = Q(members__starts_on__lte=today) & (Q(members__ends_on=None) | Q(members__ends_on__gte=today))
    return bodies.annotate(
        count=Count("members", filter=in_force, distinct=True), head=Subquery(heads.values("full_name")[:1])
    ).prefetch_related("life_situations", Prefetch("members", queryset=now, to_attr="current_members"))


@require_safe
def body_list(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    today = region.local_date()
    live = Body.objects.filter(region=region, ended_on=None)
    main = {one.kind: one for one in _with_members(live.filter(kind__in=Body.MAIN_KINDS), today)}
    commissioner = ServiceCommissioner.objects.filter(region=region, ended_on=None).first()
    groups = live.exclude(kind__in=Body.MAIN_KINDS)
    found = GroupFilter(request.GET, groups, region=region)
    people = [
        *BodyMember.objects.in_force(today).filter(body__in=live).values_list("competences", flat=True),
        *([commissioner.competences] if commissioner else []),
    ]
    context = {
        "region": region,
        "tabs": region_tabs(request.user, region, TAB),
        "crumbs": structure_crumbs(region)[:-1],
        "main": [
            (kind, main.get(kind), hints_of_body(main[kind], main[kind].current_members) if kind in main else [])  # type: ignore[attr-defined]
            for kind in Body.MAIN_KINDS
        ],
        "commissioner": commissioner,
        "accreditation": services.accreditation_state(commissioner, today) if commissioner else None,
        "commissioner_hints": hints_of_commissioner(commissioner, today) if commissioner else [],
        "structure_hints": shown(recommendations.structure_hints(people)) if people else [],
        "has_groups": groups.exists(),
        "former": Body.objects.filter(region=region, ended_on__isnull=False).order_by("-ended_on", "pk"),
        "former_commissioners": ServiceCommissioner.objects.filter(region=region, ended_on__isnull=False),
        "filter": found,
        "may_edit": may(request.user, Permission.STRUCTURE_EDIT, region),
    }
    table = GroupTable(_with_members(found.qs, today))
    return list_response(
        request, table, "regions/bodies/body_list.html", context, file_name=f"groups-{region.code.lower()}"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def body_create(request: SignedInRequest, code: str) -> HttpResponse:
    """The kind stands in the address: what is asked depends on it."""
    region = region_or_404(request, code)
    require(request.user, Permission.STRUCTURE_EDIT, region)
    kind = request.GET.get("kind")
    if kind not in Body.Kind.values:
        return _choice_of_kind(request, region)
    body = Body(region=region, kind=kind)
    form = NewBodyForm(**posted(request), body=body)
    if form.is_valid():
        try:
            formed = services.form_body(
                region=region,
                kind=Body.Kind(kind),
                head=form.person(),
                by=request.user,
                at=timezone.now(),
                **form.body(),
            )
        except services.StructureError as error:
            refuse(form, error)
        else:
            messages.success(request, "Орган внесён. Добавьте остальных членов.")
            return redirect("body", formed.pk)
    return form_page(
        request,
        form,
        title=f"Новый орган: {body.get_kind_display()}",
        crumbs=structure_crumbs(region),
        submit="Внести орган",
    )


def _choice_of_kind(request: SignedInRequest, region: Region) -> HttpResponse:
    live = {one.kind: one for one in Body.objects.filter(region=region, ended_on=None)}
    has_life_situations = RegionLifeSituation.objects.filter(region=region).exists()
    kinds = [
        {
            "kind": kind,
            "about": ABOUT[kind],
            "there": live.get(kind) if kind in Body.MAIN_KINDS else None,
            "parent": services.PARENT_KINDS[kind]
            if kind in services.PARENT_KINDS and services.PARENT_KINDS[kind] not in live
            else None,
            "needs_life_situation": kind in services.PARENT_KINDS and not has_life_situations,
        }
        for kind in Body.Kind
    ]
    context = {"region": region, "crumbs": structure_crumbs(region), "kinds": kinds}
    return render(request, "regions/bodies/body_kind.html", context, status=422 if request.method == "POST" else 200)


# What each kind of body is for [001 III.2.1, III.2.3].
ABOUT = {
    Body.Kind.HEADQUARTERS: "Отвечает за внедрение НСИ в регионе. Создаётся решением высшего должностного лица.",
    Body.Kind.EXPERT_GROUP: "Сопровождает внедрение методологически: эксперты, НКО, наука, руководители учреждений.",
    Body.Kind.SECTOR_GROUP: "Работает в составе РШ по выбранным жизненным ситуациям.",
    Body.Kind.EXPERT_SUBGROUP: "Работает в составе РЭГ в узкой области или по выбранным жизненным ситуациям.",
}


# One body -------------------------------------------------------------------------------------------------------------


@require_safe
def body_card(request: SignedInRequest, pk: int) -> HttpResponse:
    body = body_or_404(request, pk)
    region, today = body.region, body.region.local_date()
    may_edit = may(request.user, Permission.STRUCTURE_EDIT, region)
    now = list(body.members.in_force(today))
    hints = hints_of_body(body, now)
    found = MemberFilter(request.GET, body.members.all(), body=body, today=today)
    context = {
        "body": body,
        "region": region,
        "tabs": region_tabs(request.user, region, TAB),
        "crumbs": structure_crumbs(region),
        "head": next((one for one in now if services.is_head_now(one)), None),
        "members_count": len(now),
        "life_situations": body.life_situations.all(),
        "hints": hints,
        "filter": found,
        "may_edit": may_edit,
    }
    table = members_table(request, body, found.qs, today)
    return list_response(request, table, "regions/bodies/body.html", context, file_name=f"members-{body.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
def body_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    body = body_or_404(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, body.region)
    form = BodyForm(**posted(request), body=body, initial=BodyForm.initial_of(body))
    if form.is_valid():
        try:
            services.edit_body(body=body, by=request.user, at=timezone.now(), **form.body())
        except services.StructureError as error:
            refuse(form, error)
        else:
            messages.success(request, "Изменения сохранены.")
            return redirect("body", body.pk)
    return form_page(
        request, form, title="Изменить орган", crumbs=structure_crumbs(body.region, of_body(body)), submit="Сохранить"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def body_end(request: SignedInRequest, pk: int) -> HttpResponse:
    body = body_or_404(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, body.region)
    form = LastDayForm(**posted(request))
    if form.is_valid():
        try:
            services.dissolve_body(
                body=body, last_day=form.cleaned_data["last_day"], by=request.user, at=timezone.now()
            )
        except services.AlreadyEnded as error:
            messages.info(request, error.message)
            return redirect("body", body.pk)
        except services.StructureError as error:
            refuse(form, error)
        else:
            messages.success(request, "Орган прекратил работу. Он остался среди прежних, с составом и историей.")
            return redirect("body-list", body.region.code)
    groups = ", ".join(str(one) for one in services.groups_in_force(body))
    warning = "Вместе с органом закончится участие всех его членов. Вернуть орган нельзя, только создать новый."
    return form_page(
        request,
        form,
        title="Прекратить работу органа",
        crumbs=structure_crumbs(body.region, of_body(body)),
        lead=str(body),
        warning=f"{warning} Прекратят работу и его группы: {groups}." if groups else warning,
        submit="Прекратить работу",
        danger=True,
    )


@require_safe
def body_document(request: SignedInRequest, pk: int) -> FileResponse:
    return document_response(body_or_404(request, pk))


@require_safe
def body_history(request: SignedInRequest, pk: int) -> HttpResponse:
    body = body_or_404(request, pk)
    found = changes(Body.history.filter(id=body.pk), BodyMember.history.filter(body_id=body.pk))
    return history_page(request, body.region, str(body), structure_crumbs(body.region, of_body(body)), found)
