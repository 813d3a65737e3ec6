"""The management structure of a region: its bodies with their members, and the РСУ."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import django_filters
import django_tables2 as tables
from django import forms
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe
from django_tables2 import A

from accounts.http import SignedInRequest
from regions import recommendations
from regions.forms.bodies import (
    AccreditationForm,
    BodyForm,
    CommissionerForm,
    HeadEndForm,
    LastDayForm,
    MemberForm,
    NewBodyForm,
)
from regions.history import Change, changes
from regions.lists import NUMBER, ListTable, list_response
from regions.models import (
    AccessRequest,
    Body,
    BodyMember,
    Invitation,
    LifeSituation,
    Membership,
    Region,
    RegionLifeSituation,
    ServiceCommissioner,
)
from regions.models.bodies import Competence, Group
from regions.pages import region_or_404, region_tabs
from regions.permissions import Permission, may, require
from regions.services import bodies as services
from regions.uploads import document_response

TAB = "bodies"
_TITLES = {**dict(Group.choices), **dict(Competence.choices)}


# Finding, and what every page of the subject shows


def _body(request: SignedInRequest, pk: int) -> Body:
    visible = Body.objects.permitting(request.user, Permission.REGION_VIEW)
    return get_object_or_404(visible.select_related("region"), pk=pk)


def _member(request: SignedInRequest, pk: int) -> BodyMember:
    visible = BodyMember.objects.permitting(request.user, Permission.REGION_VIEW)
    return get_object_or_404(visible.select_related("body__region"), pk=pk)


def _commissioner(request: SignedInRequest, pk: int) -> ServiceCommissioner:
    visible = ServiceCommissioner.objects.permitting(request.user, Permission.REGION_VIEW)
    return get_object_or_404(visible.select_related("region"), pk=pk)


def sees_emails(request: SignedInRequest, region: Region) -> bool:
    return any(may(request.user, one, region) for one in (Permission.PEOPLE_VIEW, Permission.STRUCTURE_EDIT))


def _crumbs(region: Region, *further: tuple[str, str]) -> list[dict[str, str]]:
    """The way to a page of the subject: the region, its bodies, the card."""
    way = [
        (region.name, reverse("region-card", args=[region.code])),
        ("Органы и РСУ", reverse("body-list", args=[region.code])),
        *further,
    ]
    return [{"title": title, "url": url} for title, url in way]


def _of_body(body: Body) -> tuple[str, str]:
    return str(body), reverse("body", args=[body.pk])


def _of_commissioner(commissioner: ServiceCommissioner) -> tuple[str, str]:
    return f"РСУ: {commissioner}", reverse("commissioner", args=[commissioner.pk])


def _form_page(
    request: SignedInRequest, form: forms.Form, *, title: str, crumbs: list[dict[str, str]], **context: Any
) -> HttpResponse:
    context = {"form": form, "title": title, "crumbs": crumbs, "cancel_url": crumbs[-1]["url"], **context}
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)


def _refuse(form: forms.Form, error: services.StructureError) -> None:
    form.add_error(error.field if error.field in form.fields else None, error.message)


def _posted(request: SignedInRequest) -> dict[str, Any]:
    """What a form is bound to, if anything was sent."""
    return {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}


@dataclass(frozen=True, slots=True)
class ShownHint:
    text: str
    missing: list[str]
    source: str


def _shown(hints: Iterable[recommendations.Hint]) -> list[ShownHint]:
    return [ShownHint(hint.text, [_TITLES[code] for code in hint.missing], hint.source) for hint in hints]


def _hints(body: Body, members: Iterable[BodyMember]) -> list[ShownHint]:
    """What the recommendations ask of a body with these members; of a former one they ask nothing."""
    if body.ended_on:
        return []
    people = [
        recommendations.Person(
            position=one.position,
            organisation=one.organisation,
            group=one.group,
            competences=one.competences,
            has_email=bool(one.email),
            is_head=services.is_head_now(one),
        )
        for one in members
    ]
    return _shown(recommendations.body_hints(body.kind, people))


def _commissioner_hints(commissioner: ServiceCommissioner, today: date) -> list[ShownHint]:
    if commissioner.ended_on:
        return []
    return _shown(
        recommendations.commissioner_hints(
            competences=commissioner.competences,
            has_email=bool(commissioner.email),
            is_accredited=commissioner.is_accredited(today),
        )
    )


def without_emails(found: list[Change]) -> list[Change]:
    """The changes for who may see a body, but not the addresses of its people."""
    title = str(BodyMember._meta.get_field("email").verbose_name)
    cut = [replace(one, fields=[field for field in one.fields if field.title != title]) for one in found]
    return [after for before, after in zip(found, cut, strict=True) if after.fields or not before.fields]


def _history_page(
    request: SignedInRequest, region: Region, title: str, crumbs: list[dict[str, str]], found: list[Change]
) -> HttpResponse:
    shown = found if sees_emails(request, region) else without_emails(found)
    return render(request, "pages/history.html", {"title": title, "crumbs": crumbs, "changes": shown})


# The bodies of a region


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
        return len(_hints(record, record.current_members))  # type: ignore[attr-defined]

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
        "crumbs": _crumbs(region)[:-1],
        "main": [
            (kind, main.get(kind), _hints(main[kind], main[kind].current_members) if kind in main else [])  # type: ignore[attr-defined]
            for kind in Body.MAIN_KINDS
        ],
        "commissioner": commissioner,
        "accreditation": services.accreditation_state(commissioner, today) if commissioner else None,
        "commissioner_hints": _commissioner_hints(commissioner, today) if commissioner else [],
        "structure_hints": _shown(recommendations.structure_hints(people)) if people else [],
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
    form = NewBodyForm(**_posted(request), body=body)
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
            _refuse(form, error)
        else:
            messages.success(request, "Орган внесён. Добавьте остальных членов.")
            return redirect("body", formed.pk)
    return _form_page(
        request,
        form,
        title=f"Новый орган: {body.get_kind_display()}",
        crumbs=_crumbs(region),
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
    context = {"region": region, "crumbs": _crumbs(region), "kinds": kinds}
    return render(request, "regions/bodies/body_kind.html", context, status=422 if request.method == "POST" else 200)


# What each kind of body is for [001 III.2.1, III.2.3].
ABOUT = {
    Body.Kind.HEADQUARTERS: "Отвечает за внедрение НСИ в регионе. Создаётся решением высшего должностного лица.",
    Body.Kind.EXPERT_GROUP: "Сопровождает внедрение методологически: эксперты, НКО, наука, руководители учреждений.",
    Body.Kind.SECTOR_GROUP: "Работает в составе РШ по выбранным жизненным ситуациям.",
    Body.Kind.EXPERT_SUBGROUP: "Работает в составе РЭГ в узкой области или по выбранным жизненным ситуациям.",
}


# One body


class MemberFilter(django_filters.FilterSet):
    """Members of a body on the day `today`; of a former body (None) all that were."""

    FORMER, ALL = "former", "all"

    state = django_filters.ChoiceFilter(
        choices=[(FORMER, "Выбывшие"), (ALL, "Все")], label="Кто", empty_label="Сейчас в составе", method="by_state"
    )
    group = django_filters.ChoiceFilter(label="Кого представляет", empty_label="Все", choices=Group.choices)

    class Meta:
        model = BodyMember
        fields = ("state", "group")

    def __init__(self, *args: Any, body: Body, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)
        groups = recommendations.groups_of(body.kind)
        self.filters["group"].extra["choices"] = [one for one in Group.choices if one[0] in groups]
        if body.ended_on:
            del self.filters["state"]

    def by_state(self, queryset: QuerySet[BodyMember], name: str, value: str) -> QuerySet[BodyMember]:
        return queryset.filter(ends_on__lt=self.today) if value == self.FORMER else queryset

    def filter_queryset(self, queryset: QuerySet[BodyMember]) -> QuerySet[BodyMember]:
        found = super().filter_queryset(queryset)
        if "state" in self.filters and not self.form.cleaned_data.get("state"):
            return found.in_force(self.today)
        return found


class MemberTable(ListTable):
    """The page shows in few columns what the file has in a column each: those marked as not visible."""

    full_name = tables.Column("Кто")
    is_head = tables.Column("Роль", visible=False)
    position = tables.Column("Должность")
    organisation = tables.Column("Организация", visible=False)
    group = tables.Column("Кого представляет")
    competences = tables.Column("Компетенции", orderable=False, empty_values=())
    email = tables.Column("Почта", empty_values=())
    on_portal = tables.Column("На портале", visible=False, empty_values=())
    starts_on = tables.Column("В составе с", visible=False)
    ends_on = tables.Column("В составе по", visible=False)
    actions = tables.Column("Действия", orderable=False, empty_values=(), exclude_from_export=True)

    class Meta(ListTable.Meta):
        model = BodyMember
        fields = (
            "full_name",
            "is_head",
            "position",
            "organisation",
            "group",
            "competences",
            "email",
            "on_portal",
            "starts_on",
            "ends_on",
            "actions",
        )

    def __init__(self, *args: Any, may_invite: bool, body: Body, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.may_invite, self.body, self.today = may_invite, body, today

    def render_full_name(self, record: BodyMember) -> SafeString:
        until = f" по {record.ends_on:%d.%m.%Y}" if record.ends_on else ""
        role = "руководитель, " if record.is_head else ""
        return _with_note(record.full_name, f"{role}с {record.starts_on:%d.%m.%Y}{until}")

    def value_full_name(self, value: str) -> str:
        return value

    def value_is_head(self, value: bool) -> str:
        return "руководитель" if value else "член"

    def render_position(self, record: BodyMember) -> SafeString:
        return _with_note(record.position, record.organisation)

    def value_position(self, value: str) -> str:
        return value

    def render_competences(self, record: BodyMember) -> str:
        return "; ".join(record.competence_titles) or "не отмечены"

    value_competences = render_competences

    def render_email(self, record: BodyMember) -> SafeString:
        in_force = record.ends_on is None or record.ends_on > self.today
        note = self.value_on_portal(record)
        if self.may_invite and in_force and record.email and not note:
            note = format_html(
                '<a href="{}?body_member={}" aria-label="Пригласить на портал: {}">Пригласить на портал</a>',
                reverse("invitation-create", args=[self.body.region.code]),
                record.pk,
                record.full_name,
            )
        # May part at the sign: the column is narrow.
        local, at, domain = record.email.partition("@")
        return _with_note(format_html("{}{}<wbr>{}", local, at, domain) if at else "нет", note)

    def value_email(self, value: str) -> str:
        return value

    def value_on_portal(self, record: BodyMember) -> str:
        if record.user_id or record.is_known_here or record.has_asked_here:  # type: ignore[attr-defined]
            return "на портале"
        return "приглашение отправлено" if record.is_invited else ""  # type: ignore[attr-defined]

    def value_starts_on(self, value: date) -> date:
        return value

    def value_ends_on(self, value: date | None) -> date | None:
        return value

    def render_actions(self, record: BodyMember) -> SafeString:
        actions = [("body-member-edit", "Изменить")]
        if record.ends_on is None or record.ends_on > self.today:
            actions.append(("body-member-end", "Вывести"))
        return format_html_join(
            "",
            '<a class="d-block" href="{}" aria-label="{}: {}">{}</a>',
            ((reverse(name, args=[record.pk]), title, record.full_name, title) for name, title in actions),
        )


def _with_note(text: str, note: str) -> SafeString:
    """A value, and below it what belongs to it."""
    if not note:
        return format_html("{}", text)
    return format_html('<span>{}</span> <span class="muted small d-block">{}</span>', text, note)


@require_safe
def body_card(request: SignedInRequest, pk: int) -> HttpResponse:
    body = _body(request, pk)
    region, today = body.region, body.region.local_date()
    may_edit = may(request.user, Permission.STRUCTURE_EDIT, region)
    may_invite = may(request.user, Permission.PEOPLE_MANAGE, region)
    now = list(body.members.in_force(today))
    hints = _hints(body, now)
    found = MemberFilter(request.GET, body.members.all(), body=body, today=today)
    confirmed = AccessRequest.objects.filter(institution__region=region).exclude(user=None)
    rows = found.qs.annotate(
        # By what is known in the region: whether a stranger's address is on the portal is told to nobody.
        is_known_here=Exists(Membership.objects.of_region(region).filter(user__email=OuterRef("email"))),
        has_asked_here=Exists(confirmed.filter(email=OuterRef("email"))),
        is_invited=Exists(Invitation.objects.open().filter(region=region, email=OuterRef("email")).exclude(email="")),
    )
    hidden = []
    if not sees_emails(request, region):
        hidden += ["email", "on_portal"]
    if not may_edit or body.ended_on:
        hidden += ["actions"]
    table = MemberTable(rows, exclude=hidden, may_invite=may_invite, body=body, today=today)
    context = {
        "body": body,
        "region": region,
        "tabs": region_tabs(request.user, region, TAB),
        "crumbs": _crumbs(region),
        "head": next((one for one in now if services.is_head_now(one)), None),
        "members_count": len(now),
        "life_situations": body.life_situations.all(),
        "hints": hints,
        "filter": found,
        "may_edit": may_edit,
    }
    return list_response(request, table, "regions/bodies/body.html", context, file_name=f"members-{body.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
def body_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    body = _body(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, body.region)
    form = BodyForm(**_posted(request), body=body, initial=BodyForm.initial_of(body))
    if form.is_valid():
        try:
            services.edit_body(body=body, by=request.user, at=timezone.now(), **form.body())
        except services.StructureError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Изменения сохранены.")
            return redirect("body", body.pk)
    return _form_page(
        request, form, title="Изменить орган", crumbs=_crumbs(body.region, _of_body(body)), submit="Сохранить"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def body_end(request: SignedInRequest, pk: int) -> HttpResponse:
    body = _body(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, body.region)
    form = LastDayForm(**_posted(request))
    if form.is_valid():
        try:
            services.dissolve_body(
                body=body, last_day=form.cleaned_data["last_day"], by=request.user, at=timezone.now()
            )
        except services.AlreadyEnded as error:
            messages.info(request, error.message)
            return redirect("body", body.pk)
        except services.StructureError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Орган прекратил работу. Он остался среди прежних, с составом и историей.")
            return redirect("body-list", body.region.code)
    groups = ", ".join(str(one) for one in services.groups_in_force(body))
    warning = "Вместе с органом закончится участие всех его членов. Вернуть орган нельзя, только создать новый."
    return _form_page(
        request,
        form,
        title="Прекратить работу органа",
        crumbs=_crumbs(body.region, _of_body(body)),
        lead=str(body),
        warning=f"{warning} Прекратят работу и его группы: {groups}." if groups else warning,
        submit="Прекратить работу",
        danger=True,
    )


@require_safe
def body_document(request: SignedInRequest, pk: int) -> FileResponse:
    return document_response(_body(request, pk))


@require_safe
def body_history(request: SignedInRequest, pk: int) -> HttpResponse:
    body = _body(request, pk)
    found = changes(Body.history.filter(id=body.pk), BodyMember.history.filter(body_id=body.pk))
    return _history_page(request, body.region, str(body), _crumbs(body.region, _of_body(body)), found)


# Members


@require_http_methods(["GET", "HEAD", "POST"])
def member_create(request: SignedInRequest, pk: int) -> HttpResponse:
    body = _body(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, body.region)
    form = MemberForm(**_posted(request), body=body, initial={"starts_on": body.region.local_date()})
    if form.is_valid():
        try:
            member = services.add_member(body=body, by=request.user, at=timezone.now(), **form.membership())
        except services.StructureError as error:
            _refuse(form, error)
        else:
            messages.success(request, f"{member} в составе.")
            return redirect("body", body.pk)
    return _form_page(
        request,
        form,
        title="Добавить члена",
        crumbs=_crumbs(body.region, _of_body(body)),
        lead=str(body),
        submit="Добавить",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def member_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    member = _member(request, pk)
    body = member.body
    require(request.user, Permission.STRUCTURE_EDIT, body.region)
    form = MemberForm(**_posted(request), body=body, member=member, initial=MemberForm.initial_of(member))
    if form.is_valid():
        try:
            services.edit_member(member=member, by=request.user, at=timezone.now(), **form.membership())
        except services.StructureError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Изменения сохранены.")
            return redirect("body", body.pk)
    return _form_page(
        request,
        form,
        title="Изменить сведения о члене",
        crumbs=_crumbs(body.region, _of_body(body)),
        lead=f"{body}. {'Руководитель' if form.leads else 'Член'}",
        submit="Сохранить",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def member_end(request: SignedInRequest, pk: int) -> HttpResponse:
    member = _member(request, pk)
    body = member.body
    require(request.user, Permission.STRUCTURE_EDIT, body.region)
    form: HeadEndForm | LastDayForm
    if services.is_head_now(member):
        others = body.members.in_force(body.region.local_date()).filter(ends_on=None).exclude(pk=member.pk)
        form = HeadEndForm(**_posted(request), body=body, candidates=list(others))
    else:
        form = LastDayForm(**_posted(request))
    if form.is_valid():
        try:
            services.end_member(
                member=member,
                last_day=form.cleaned_data["last_day"],
                successor=form.chosen() if isinstance(form, HeadEndForm) else None,
                by=request.user,
                at=timezone.now(),
            )
        except services.AlreadyEnded as error:
            messages.info(request, error.message)
            return redirect("body", body.pk)
        except services.StructureError as error:
            _refuse(form, error)
        else:
            messages.success(request, f"{member}: участие завершено.")
            return redirect("body", body.pk)
    return _form_page(
        request,
        form,
        title="Вывести из состава",
        crumbs=_crumbs(body.region, _of_body(body)),
        lead=f"{member}, {member.position}",
        warning=_work_on_portal(request, member),
        submit="Вывести из состава",
        danger=True,
    )


def _work_on_portal(request: SignedInRequest, member: BodyMember) -> str:
    """Leaving a body takes no rights on the portal: those are handed over by themselves."""
    region = member.body.region
    if member.user is None or not may(request.user, Permission.PEOPLE_VIEW, region):
        return ""
    held = member.user.memberships.of_region(region).in_force(region.local_date())
    roles = ", ".join(sorted({one.get_role_display() for one in held}))
    return f"Роль на портале останется: {roles}. Завершите её или передайте дела в разделе «Люди»." if roles else ""


# The РСУ


@require_http_methods(["GET", "HEAD", "POST"])
def commissioner_create(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    require(request.user, Permission.STRUCTURE_EDIT, region)
    form = CommissionerForm(**_posted(request))
    if form.is_valid():
        try:
            appointed = services.appoint_commissioner(
                region=region, by=request.user, at=timezone.now(), **form.appointment()
            )
        except services.StructureError as error:
            _refuse(form, error)
        else:
            messages.success(request, "РСУ назначен. Сообщите Агентству письмом.")
            return redirect("commissioner", appointed.pk)
    there = ServiceCommissioner.objects.filter(region=region, ended_on=None).first()
    return _form_page(
        request,
        form,
        title="Назначить РСУ",
        crumbs=_crumbs(region),
        lead="Регионального сервисного уполномоченного назначает глава региона.",
        warning=f"В регионе уже есть РСУ: {there}. Сначала снимите с него обязанности." if there else "",
        submit="Назначить",
    )


@require_safe
def commissioner_card(request: SignedInRequest, pk: int) -> HttpResponse:
    commissioner = _commissioner(request, pk)
    region, today = commissioner.region, commissioner.region.local_date()
    return render(
        request,
        "regions/bodies/commissioner.html",
        {
            "commissioner": commissioner,
            "region": region,
            "tabs": region_tabs(request.user, region, TAB),
            "crumbs": _crumbs(region),
            "competences": [Competence(code).label for code in commissioner.competences],
            "accreditation": services.accreditation_state(commissioner, today),
            "hints": _commissioner_hints(commissioner, today),
            "sees_email": sees_emails(request, region),
            "may_edit": may(request.user, Permission.STRUCTURE_EDIT, region),
            "may_accredit": may(request.user, Permission.COMMISSIONER_ACCREDIT, region) and not commissioner.ended_on,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def commissioner_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    commissioner = _commissioner(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, commissioner.region)
    form = CommissionerForm(**_posted(request), initial=CommissionerForm.initial_of(commissioner))
    if form.is_valid():
        try:
            services.edit_commissioner(
                commissioner=commissioner, by=request.user, at=timezone.now(), **form.appointment()
            )
        except services.StructureError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Изменения сохранены.")
            return redirect("commissioner", commissioner.pk)
    crumbs = _crumbs(commissioner.region, _of_commissioner(commissioner))
    return _form_page(request, form, title="Изменить сведения о РСУ", crumbs=crumbs, submit="Сохранить")


@require_http_methods(["GET", "HEAD", "POST"])
def commissioner_accredit(request: SignedInRequest, pk: int) -> HttpResponse:
    commissioner = _commissioner(request, pk)
    require(request.user, Permission.COMMISSIONER_ACCREDIT, commissioner.region)
    form = AccreditationForm(**_posted(request), initial=AccreditationForm.initial_of(commissioner))
    if form.is_valid():
        try:
            services.accredit(commissioner=commissioner, by=request.user, at=timezone.now(), **form.cleaned_data)
        except services.AlreadyEnded as error:
            messages.info(request, error.message)
            return redirect("commissioner", commissioner.pk)
        except services.StructureError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Сведения об аккредитации сохранены.")
            return redirect("commissioner", commissioner.pk)
    return _form_page(
        request,
        form,
        title="Аккредитация РСУ",
        crumbs=_crumbs(commissioner.region, _of_commissioner(commissioner)),
        lead="Агентство аккредитует по профилю компетенций и результатам образовательной программы.",
        submit="Сохранить",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def commissioner_end(request: SignedInRequest, pk: int) -> HttpResponse:
    commissioner = _commissioner(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, commissioner.region)
    form = LastDayForm(**_posted(request))
    if form.is_valid():
        try:
            services.release_commissioner(
                commissioner=commissioner, last_day=form.cleaned_data["last_day"], by=request.user, at=timezone.now()
            )
        except services.AlreadyEnded as error:
            messages.info(request, error.message)
            return redirect("commissioner", commissioner.pk)
        except services.StructureError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Обязанности РСУ сняты.")
            return redirect("body-list", commissioner.region.code)
    return _form_page(
        request,
        form,
        title="Снять обязанности РСУ",
        crumbs=_crumbs(commissioner.region, _of_commissioner(commissioner)),
        lead=str(commissioner),
        warning="Пока нового РСУ нет, его работу ведёт один член РШ, ответственный за ЖС.",
        submit="Снять обязанности",
        danger=True,
    )


@require_safe
def commissioner_document(request: SignedInRequest, pk: int) -> FileResponse:
    return document_response(_commissioner(request, pk))


@require_safe
def commissioner_history(request: SignedInRequest, pk: int) -> HttpResponse:
    commissioner = _commissioner(request, pk)
    found = changes(ServiceCommissioner.history.filter(id=commissioner.pk))
    crumbs = _crumbs(commissioner.region, _of_commissioner(commissioner))
    return _history_page(request, commissioner.region, f"РСУ: {commissioner}", crumbs, found)
