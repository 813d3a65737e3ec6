"""The members of a body: their list on its card, and how one comes, changes and leaves."""

from datetime import date
from typing import Any

import django_filters
import django_tables2 as tables
from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from regions import recommendations
from regions.forms.bodies import HeadEndForm, LastDayForm, MemberForm
from regions.lists import ListTable
from regions.models import AccessRequest, Body, BodyMember, Invitation, Membership
from regions.models.bodies import Group
from regions.pages import form_page
from regions.permissions import Permission, held_in, may, require
from regions.services import bodies as services
from regions.views.structure import body_or_404, of_body, posted, refuse, sees_emails, structure_crumbs

# The list on the card of a body ---------------------------------------------------------------------------------------


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


def members_table(request: SignedInRequest, body: Body, members: QuerySet[BodyMember], today: date) -> MemberTable:
    """The table of these members of a body, with the columns and actions that this person may have."""
    region = body.region
    confirmed = AccessRequest.objects.filter(institution__region=region).exclude(user=None)
    rows = members.annotate(
        # By what is known in the region: whether a stranger's address is on the portal is told to nobody.
        is_known_here=Exists(Membership.objects.of_region(region).filter(user__email=OuterRef("email"))),
        has_asked_here=Exists(confirmed.filter(email=OuterRef("email"))),
        is_invited=Exists(Invitation.objects.open().filter(region=region, email=OuterRef("email")).exclude(email="")),
    )
    hidden = []
    if not sees_emails(request, region):
        hidden += ["email", "on_portal"]
    held = held_in(request.user, region)
    if Permission.STRUCTURE_EDIT not in held or body.ended_on:
        hidden += ["actions"]
    return MemberTable(rows, exclude=hidden, may_invite=Permission.PEOPLE_MANAGE in held, body=body, today=today)


# Changing -------------------------------------------------------------------------------------------------------------


def _member(request: SignedInRequest, pk: int) -> BodyMember:
    visible = BodyMember.objects.permitting(request.user, Permission.REGION_VIEW)
    return get_object_or_404(visible.select_related("body__region"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def member_create(request: SignedInRequest, pk: int) -> HttpResponse:
    body = body_or_404(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, body.region)
    form = MemberForm(**posted(request), body=body, initial={"starts_on": body.region.local_date()})
    if form.is_valid():
        try:
            member = services.add_member(body=body, by=request.user, at=timezone.now(), **form.membership())
        except services.StructureError as error:
            refuse(form, error)
        else:
            messages.success(request, f"{member} в составе.")
            return redirect("body", body.pk)
    return form_page(
        request,
        form,
        title="Добавить члена",
        crumbs=structure_crumbs(body.region, of_body(body)),
        lead=str(body),
        submit="Добавить",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def member_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    member = _member(request, pk)
    body = member.body
    require(request.user, Permission.STRUCTURE_EDIT, body.region)
    form = MemberForm(**posted(request), body=body, member=member, initial=MemberForm.initial_of(member))
    if form.is_valid():
        try:
            services.edit_member(member=member, by=request.user, at=timezone.now(), **form.membership())
        except services.StructureError as error:
            refuse(form, error)
        else:
            messages.success(request, "Изменения сохранены.")
            return redirect("body", body.pk)
    return form_page(
        request,
        form,
        title="Изменить сведения о члене",
        crumbs=structure_crumbs(body.region, of_body(body)),
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
        form = HeadEndForm(**posted(request), body=body, candidates=list(others))
    else:
        form = LastDayForm(**posted(request))
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
            refuse(form, error)
        else:
            messages.success(request, f"{member}: участие завершено.")
            return redirect("body", body.pk)
    return form_page(
        request,
        form,
        title="Вывести из состава",
        crumbs=structure_crumbs(body.region, of_body(body)),
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
