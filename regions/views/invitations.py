"""Invitations: whom a region or the Agency has asked to come, and what the link in the letter leads to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

import django_filters
import django_tables2 as tables
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import BaseFormSet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import consent
from accounts.entrance import sign_in
from accounts.http import SignedInRequest
from accounts.models import User
from regions.forms.people import MOST_PEOPLE, SHOWN_PEOPLE, NewAccountForm, PeopleFormSet, PersonForm, RoleForm
from regions.lists import ListTable, list_response, two_lines
from regions.models import Body, BodyMember, Invitation, Region, ServiceCommissioner
from regions.pages import region_crumb, region_or_404, region_tabs
from regions.permissions import Permission, may, roles_grantable
from regions.querysets import with_words
from regions.roles import Role
from regions.services import invitations as services
from regions.services import letters_out
from regions.services.people import home_of


def letter_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page whose address is a secret from a letter: open to everybody, kept by nobody, told to nobody.

    Other sites, and one's own log, are told the name of the portal at most. Not even that ("no-referrer") would make
    browsers leave the origin out of what is sent by the form, and Django takes such a form for a stranger's.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        response.headers["Referrer-Policy"] = "strict-origin"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return login_not_required(never_cache(wrapped))


# List -----------------------------------------------------------------------------------------------------------------


class InvitationFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(method="filter_name", label="Имя или адрес почты")
    role = django_filters.ChoiceFilter(choices=Role.choices, label="Роль", empty_label="Все роли")
    state = django_filters.ChoiceFilter(
        choices=Invitation.State.choices, method="filter_state", label="Состояние", empty_label="Все"
    )

    class Meta:
        model = Invitation
        fields = ("name", "role", "state")

    def filter_name(self, queryset: QuerySet[Invitation], name: str, value: str) -> QuerySet[Invitation]:
        return queryset.filter(with_words("full_name", value) | with_words("email", value))

    def filter_state(self, queryset: QuerySet[Invitation], name: str, value: str) -> QuerySet[Invitation]:
        return queryset.in_state(value, timezone.now())  # type: ignore[attr-defined]


class InvitationTable(ListTable):
    full_name = tables.Column("Имя")
    email = tables.Column("Адрес почты", visible=False)
    role = tables.Column("Роль")
    scope = tables.Column("Где", empty_values=(), order_by=("region__name", "institution__name"))
    life_situations = tables.Column("Жизненные ситуации", orderable=False, visible=False)
    state = tables.Column("Состояние", empty_values=(), orderable=False)
    sent_at = tables.DateTimeColumn(verbose_name="Письмо отправлено", visible=False, default="")
    expires_at = tables.DateTimeColumn(verbose_name="Ссылка действует до", visible=False, default="")
    invited_by = tables.Column("Кто пригласил", default="", order_by=("invited_by__full_name",))
    actions = tables.Column("Действия", empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ListTable.Meta):
        model = Invitation
        fields = (
            "full_name",
            "email",
            "role",
            "scope",
            "life_situations",
            "state",
            "sent_at",
            "expires_at",
            "invited_by",
            "actions",
        )

    def __init__(self, *args: Any, now: datetime, grantable: set[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.grantable = grantable

    def render_full_name(self, record: Invitation) -> SafeString:
        return two_lines(record.full_name, record.email)

    def value_full_name(self, record: Invitation) -> str:
        return record.full_name

    def render_scope(self, record: Invitation) -> SafeString:
        return two_lines(record.scope_title, self.value_life_situations(record))

    def value_scope(self, record: Invitation) -> str:
        return record.scope_title

    def value_life_situations(self, record: Invitation) -> str:
        return "; ".join(one.short_title for one in record.life_situations.all())

    def render_state(self, record: Invitation) -> SafeString:
        chip = render_to_string("regions/invitations/_state.html", {"state": record.state(self.now)})
        lives = record.expires_at if record.state(self.now) == Invitation.State.SENT else None
        return two_lines(chip, f"до {timezone.localtime(lives):%d.%m.%Y %H:%M}" if lives else "")

    def value_state(self, record: Invitation) -> str:
        return str(record.state(self.now).label)

    def render_invited_by(self, value: User) -> str:
        return value.short_name

    def value_invited_by(self, value: User) -> str:
        return value.full_name

    def value_sent_at(self, value: Any) -> Any:
        return value

    def value_expires_at(self, value: Any) -> Any:
        return value

    def render_actions(self, record: Invitation) -> SafeString | str:
        if record.role not in self.grantable:
            return ""
        # Without the request: what stands around a page is not asked for in every row.
        context = {"invitation": record, "state": record.state(self.now), "csrf_token": get_token(self.request)}
        return render_to_string("regions/invitations/_actions.html", context)


@require_safe
def invitation_list(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code, Permission.PEOPLE_VIEW)
    visible = (
        Invitation.objects.of_region(region)
        .select_related("region", "institution", "invited_by")
        .prefetch_related("life_situations")
    )
    found = InvitationFilter(request.GET, visible, request=request)
    grantable = roles_grantable(request.user, region=region)
    return list_response(
        request,
        InvitationTable(found.qs, now=timezone.now(), grantable=grantable),
        "regions/invitations/invitation_list.html",
        {
            "region": region,
            "tabs": region_tabs(request.user, region, "people"),
            "crumbs": _crumbs(region),
            "filter": found,
            "may_invite": bool(grantable),
            "failure": letters_out.failure() if visible.to_send().exists() else None,
        },
        file_name=f"invitations-{region.code}",
    )


def _crumbs(region: Region | None) -> list[dict[str, str]]:
    if region is None:
        return [{"title": "Люди", "url": reverse("people-list")}]
    return [
        region_crumb(region),
        {"title": "Люди", "url": reverse("region-people", args=[region.code])},
    ]


# Inviting -------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def invitation_create(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code, Permission.PEOPLE_VIEW)
    crumbs = [*_crumbs(region), {"title": "Приглашения", "url": reverse("invitation-list", args=[region.code])}]
    return _invite(request, region, crumbs, reverse("invitation-list", args=[region.code]))


@require_http_methods(["GET", "POST"])
def federal_invitation_create(request: SignedInRequest) -> HttpResponse:
    return _invite(request, None, _crumbs(None), reverse("people-list"))


def _invite(request: SignedInRequest, region: Region | None, crumbs: list[dict[str, str]], back: str) -> HttpResponse:
    if not roles_grantable(request.user, region=region):
        raise PermissionDenied if region else Http404
    options: dict[str, Any] = {"by": request.user, "region": region}
    status = 200
    if request.method == "POST" and "more" in request.POST:
        form, people = _with_more_lines(request.POST, options)
    elif request.method == "POST":
        form = RoleForm(request.POST, **options)
        people = PeopleFormSet(request.POST, form_kwargs=options)
        # Both, so that everything that is wrong is said at once.
        if all([form.is_valid(), people.is_valid()]):
            invited = _try_to_invite(form, people, request.user)
            if invited is not None:
                messages.success(request, _said(invited))
                return redirect(back)
        status = 422
    else:
        role, person = _prefilled(request, region)
        form = RoleForm(initial=role, **options)
        people = PeopleFormSet(initial=[person] if person else None, form_kwargs=options)
    context = {
        "region": region,
        "crumbs": crumbs,
        "form": form,
        "people": people,
        "most_people": MOST_PEOPLE,
        "cancel_url": back,
    }
    return render(request, "regions/invitations/invitation_form.html", context, status=status)


def _with_more_lines(data: QueryDict, options: dict[str, Any]) -> tuple[RoleForm, BaseFormSet]:
    """The form as it was typed, with further empty lines and without a word about what is missing."""
    sent = PeopleFormSet(data, form_kwargs=options)
    # What the browser says of the number of lines is only a wish.
    number = min(sent.total_form_count(), MOST_PEOPLE) if sent.management_form.is_valid() else 0
    names = list(PersonForm.base_fields)
    typed = [{name: data.get(f"form-{place}-{name}", "") for name in names} for place in range(number)]
    initial = {
        "role": data.get("role", ""),
        "institution": data.get("institution", ""),
        "life_situations": data.getlist("life_situations"),
    }
    people = PeopleFormSet(initial=typed, form_kwargs=options)
    people.extra = min(number + SHOWN_PEOPLE, MOST_PEOPLE)
    return RoleForm(initial=initial, **options), people


def _try_to_invite(form: RoleForm, people: BaseFormSet, by: User) -> list[Invitation] | None:
    lines = [one for one in people.forms if one.has_changed()]
    invitees = [
        services.Invitee(
            email=one.cleaned_data["email"],
            full_name=one.cleaned_data["full_name"],
            position=one.cleaned_data["position"],
            body_member=one.cleaned_data.get("body_member"),
            **form.given,
        )
        for one in lines
    ]
    try:
        return services.invite(people=invitees, by=by, at=timezone.now())
    except services.InvitationsRefused as refusal:
        for place, obstacle in refusal.obstacles.items():
            lines[place].add_error("email", obstacle.message)
    return None


def _said(invited: list[Invitation]) -> str:
    if len(invited) == 1:
        return f"Приглашение создано: {invited[0].full_name}. Письмо уйдёт в ближайшую минуту."
    return f"Приглашений создано: {len(invited)}. Письма уйдут в ближайшие минуты."


def _prefilled(request: SignedInRequest, region: Region | None) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """From `?body_member=` or `?commissioner=`: whoever is in the structure of the region is not typed twice."""
    if region is None or not may(request.user, Permission.STRUCTURE_EDIT, region):
        return {}, None
    if member := _named(request, "body_member", BodyMember.objects.filter(body__region=region)):
        role: dict[str, Any] = {"role": _role_in(member)}
        if member.body.is_group:
            role["life_situations"] = list(member.body.life_situations.all())
        person = {"email": member.email, "full_name": member.full_name, "position": member.position[:200]}
        return role, {**person, "body_member": member}
    if one := _named(request, "commissioner", ServiceCommissioner.objects.filter(region=region)):
        person = {"email": one.email, "full_name": one.full_name, "position": one.position[:200]}
        return {"role": Role.SERVICE_COMMISSIONER}, person
    return {}, None


def _named(request: SignedInRequest, name: str, rows: QuerySet[Any]) -> Any | None:
    value = request.GET.get(name, "")
    return rows.filter(pk=int(value)).first() if value.isdecimal() and len(value) < 19 else None


def _role_in(member: BodyMember) -> Role:
    if member.body.kind in (Body.Kind.EXPERT_GROUP, Body.Kind.EXPERT_SUBGROUP):
        return Role.EXPERT
    is_chair = member.is_head and member.body.kind == Body.Kind.HEADQUARTERS
    return Role.HQ_CHAIR if is_chair else Role.HQ_MEMBER


def _invitation_or_404(request: SignedInRequest, pk: int) -> Invitation:
    visible = Invitation.objects.permitting(request.user, Permission.PEOPLE_VIEW)
    return get_object_or_404(visible.select_related("region", "institution__region"), pk=pk)


def _to_list(invitation: Invitation) -> HttpResponseRedirect:
    region = home_of(invitation.region, invitation.institution)
    return redirect("invitation-list", region.code) if region else redirect("people-list")


@require_POST
def invitation_resend(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    invitation = _invitation_or_404(request, pk)
    try:
        services.resend(invitation=invitation, by=request.user, at=timezone.now())
    except services.JustSent:
        messages.info(request, f"Письмо для {invitation.full_name} только что ушло или вот-вот уйдёт.")
    except services.InvitationNotOpen:
        messages.info(request, "Это приглашение уже принято или отозвано.")
    else:
        messages.success(request, f"Письмо для {invitation.full_name} уйдёт ещё раз. Прежняя ссылка уже не действует.")
    return _to_list(invitation)


@require_POST
def invitation_revoke(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    invitation = _invitation_or_404(request, pk)
    try:
        services.revoke(invitation=invitation, by=request.user, at=timezone.now())
    except services.InvitationNotOpen:
        messages.info(request, "Это приглашение уже принято или отозвано.")
    else:
        messages.success(request, f"Приглашение отозвано: {invitation.full_name}.")
    return _to_list(invitation)


# Accepting ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DeadLink:
    """What a page says of a link that leads nowhere."""

    title: str
    text: str
    status: int = 410


DEAD_LINKS = {
    services.LinkState.UNKNOWN: DeadLink(
        "Ссылка не действует",
        "Возможно, она скопирована не целиком или Вам уже выслали новую. Откройте ссылку из последнего письма.",
        status=404,
    ),
    services.LinkState.EXPIRED: DeadLink(
        "Срок приглашения истёк", "Попросите того, кто Вас пригласил, выслать письмо ещё раз."
    ),
    services.LinkState.USED: DeadLink("Приглашение уже принято", "Если его приняли Вы, просто войдите на портал."),
    services.LinkState.REVOKED: DeadLink(
        "Приглашение отозвано", "Если это ошибка, обратитесь к тому, кто Вас пригласил."
    ),
    services.LinkState.GROUNDLESS: DeadLink(
        "Приглашение больше не действует",
        "Тот, кто Вас пригласил, больше не может давать эту роль. "
        "Обратитесь к администратору НСИ Вашего региона: он пришлёт новое приглашение.",
    ),
    services.LinkState.INSTITUTION_CLOSED: DeadLink(
        "Учреждение больше не работает", "Обратитесь к администратору НСИ Вашего региона."
    ),
}


def dead_link(request: HttpRequest, dead: DeadLink) -> HttpResponse:
    return render(request, "regions/invitations/dead_link.html", {"dead": dead}, status=dead.status)


@letter_link
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the letter: a new person makes their account, a known one signs in and agrees."""
    now = timezone.now()
    try:
        found = services.find_by_link(token, at=now)
        if request.user.is_authenticated:
            return _accept_signed_in(request, found, token, now)
        return _accept_new(request, found, token, now)
    except services.LinkDead as dead:
        is_own = dead.invitation and request.user.is_authenticated and dead.invitation.accepted_by == request.user
        if dead.state == services.LinkState.USED and is_own:
            # A second click, or the same letter opened again.
            return redirect("cabinet")
        return dead_link(request, DEAD_LINKS[dead.state])


def _page(found: Invitation, **more: Any) -> dict[str, Any]:
    return {"invitation": found, "life_situations": found.life_situations.all(), **more}


def _accept_signed_in(request: HttpRequest, found: Invitation, token: str, now: datetime) -> HttpResponse:
    assert isinstance(request.user, User)
    if request.user.email != found.email:
        return render(request, "regions/invitations/another_person.html", {"next_url": request.path}, status=403)
    if request.method == "POST":
        services.accept(token=token, by=request.user, at=now)
        messages.success(request, f"Приглашение принято: {found.get_role_display()}, {found.scope_title}.")
        return redirect("cabinet")
    return render(request, "regions/invitations/accept.html", _page(found))


def _accept_new(request: HttpRequest, found: Invitation, token: str, now: datetime) -> HttpResponse:
    if User.objects.filter(email=found.email).exists():
        return render(request, "regions/invitations/sign_in_first.html", _page(found, next_url=request.path))
    person = User(email=found.email, full_name=found.full_name, position=found.position)
    form = NewAccountForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.accept_as_new_person(token=token, password=form.cleaned_data["password"], at=now)
        except services.AddressKnown:
            return redirect(request.path)
        return sign_in(request, user, to=reverse("cabinet"))
    context = _page(found, form=form, version=consent.VERSION, dated=consent.DATED)
    return render(request, "regions/invitations/accept_new.html", context, status=422 if form.errors else 200)
