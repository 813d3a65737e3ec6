"""People: of a region, of the whole portal, a person's card; roles given and ended, access closed and opened."""

from dataclasses import dataclass
from typing import Any

import django_filters
import django_tables2 as tables
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import second_factor
from accounts.http import SignedInRequest
from accounts.models import User
from regions.forms.people import EndMembershipForm, MembershipForm
from regions.history import changes
from regions.lists import ListTable, list_response, two_lines
from regions.models import AccessRequest, Handover, Institution, Invitation, Membership, Region
from regions.pages import form_page, region_or_404, region_tabs
from regions.permissions import Permission, may_anywhere, memberships_granting, require_grant, roles_grantable
from regions.querysets import MembershipQuerySet, people_visible_to, with_words
from regions.roles import Role
from regions.services import people as services

# So many waiting requests and open invitations stand above the list of people; the rest is in their own lists.
SHOWN_WAITING = 5
FEDERATION = "federal"


# Lists ----------------------------------------------------------------------------------------------------------------


class MembershipFilter(django_filters.FilterSet):
    """Filters of the list of people: the choices are those of the people one sees."""

    name = django_filters.CharFilter(method="filter_name", label="Имя или адрес почты")
    role = django_filters.ChoiceFilter(choices=Role.choices, label="Роль", empty_label="Все роли")
    region = django_filters.ModelChoiceFilter(
        queryset=Region.objects.all(),
        to_field_name="code",
        method="filter_region",
        label="Регион",
        empty_label="Все регионы",
    )
    institution = django_filters.ModelChoiceFilter(
        queryset=Institution.objects.none(), label="Учреждение", empty_label="Все учреждения"
    )
    state = django_filters.ChoiceFilter(
        choices=[("ended", "Завершённые"), ("all", "Все")],
        method="filter_state",
        label="Роли",
        empty_label="Действующие",
    )

    class Meta:
        model = Membership
        fields = ("name", "role", "region", "institution", "state")

    def __init__(self, *args: Any, region: Region | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if region:
            del self.filters["region"]
            represented = Institution.objects.filter(region=region, memberships__isnull=False).distinct()
            self.filters["institution"].queryset = represented
        else:
            # Of all the institutions of the country nobody chooses one in a list.
            del self.filters["institution"]

    def filter_queryset(self, queryset: QuerySet[Membership]) -> QuerySet[Membership]:
        found: QuerySet[Membership] = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("state"):
            found = found.not_ended_at(timezone.now())  # type: ignore[attr-defined]
        return found

    def filter_name(self, queryset: QuerySet[Membership], name: str, value: str) -> QuerySet[Membership]:
        return queryset.filter(with_words("user__full_name", value) | with_words("user__email", value))

    def filter_region(self, queryset: QuerySet[Membership], name: str, value: Region) -> QuerySet[Membership]:
        return queryset.of_region(value)  # type: ignore[attr-defined]

    def filter_state(self, queryset: QuerySet[Membership], name: str, value: str) -> QuerySet[Membership]:
        if value != "ended":
            return queryset
        return queryset.exclude(pk__in=Membership.objects.not_ended_at(timezone.now()))


class MembershipTable(ListTable):
    full_name = tables.Column("Имя", accessor="user__full_name")
    email = tables.Column("Адрес почты", accessor="user__email")
    position = tables.Column("Должность", accessor="user__position", default="", visible=False)
    role = tables.Column("Роль")
    scope = tables.Column("Где", empty_values=(), order_by=("region__name", "institution__name"))
    life_situations = tables.Column("Жизненные ситуации", orderable=False, visible=False)
    term = tables.Column("Срок", empty_values=(), order_by=("starts_on", "ends_on"), exclude_from_export=True)
    starts_on = tables.DateColumn(verbose_name="С", visible=False)
    ends_on = tables.DateColumn(verbose_name="По", default="", visible=False)
    granted_by = tables.Column("Кто назначил", accessor="granted_by__full_name", default="")

    class Meta(ListTable.Meta):
        model = Membership
        fields = (
            "full_name",
            "email",
            "position",
            "role",
            "scope",
            "life_situations",
            "term",
            "starts_on",
            "ends_on",
            "granted_by",
        )

    def render_full_name(self, record: Membership) -> SafeString:
        url = reverse("person", args=[record.user_id])
        return two_lines(format_html('<a href="{}">{}</a>', url, record.user), record.user.position)

    def value_full_name(self, record: Membership) -> str:
        return str(record.user)

    def render_role(self, record: Membership) -> str:
        title = record.get_role_display()
        return f"{title} (замещает)" if record.deputises_for_id else title

    value_role = render_role

    def render_scope(self, record: Membership) -> SafeString:
        return two_lines(record.scope_title, self.value_life_situations(record))

    def value_scope(self, record: Membership) -> str:
        return record.scope_title

    def value_life_situations(self, record: Membership) -> str:
        return "; ".join(one.short_title for one in record.life_situations.all())

    def render_term(self, record: Membership) -> str:
        until = f" по {record.ends_on:%d.%m.%Y}" if record.ends_on else ""
        return f"с {record.starts_on:%d.%m.%Y}{until}"

    def value_starts_on(self, value: Any) -> Any:
        return value

    def value_ends_on(self, value: Any) -> Any:
        return value


def _memberships(user: User) -> MembershipQuerySet:
    return (
        Membership.objects.permitting(user, Permission.PEOPLE_VIEW)
        .select_related("user", "region", "institution", "granted_by")
        .prefetch_related("life_situations")
        .order_by("user__full_name", "role")
    )


@require_safe
def region_people(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code, Permission.PEOPLE_VIEW)
    found = MembershipFilter(request.GET, _memberships(request.user).of_region(region), request=request, region=region)
    requests = AccessRequest.objects.waiting().filter(institution__region=region).select_related("institution")
    invitations = Invitation.objects.open().of_region(region).select_related("region", "institution")
    return list_response(
        request,
        MembershipTable(found.qs),
        "regions/people/region_people.html",
        {
            "region": region,
            "tabs": region_tabs(request.user, region, "people"),
            "filter": found,
            "requests": requests[:SHOWN_WAITING],
            "requests_count": requests.count(),
            "invitations": _with_states(invitations[:SHOWN_WAITING]),
            "invitations_count": invitations.count(),
            "may_invite": bool(roles_grantable(request.user, region=region)),
        },
        file_name=f"people-{region.code}",
    )


def _with_states(invitations: QuerySet[Invitation]) -> list[tuple[Invitation, Invitation.State]]:
    now = timezone.now()
    return [(one, one.state(now)) for one in invitations]


@require_safe
def people_list(request: SignedInRequest) -> HttpResponse:
    """Everybody the person sees: for the Agency all; who sees people of one region only is led there."""
    if not may_anywhere(request.user, Permission.PEOPLE_VIEW):
        raise Http404
    if not _is_federal(request.user):
        regions = list(Region.objects.permitting(request.user, Permission.PEOPLE_VIEW)[:2])
        if len(regions) == 1:
            return redirect("region-people", regions[0].code)
    found = MembershipFilter(request.GET, _memberships(request.user), request=request, region=None)
    invitations = (
        Invitation.objects.permitting(request.user, Permission.PEOPLE_VIEW).filter(region=None, institution=None).open()
    )
    grantable = roles_grantable(request.user)
    now = timezone.now()
    return list_response(
        request,
        MembershipTable(found.qs),
        "regions/people/people_list.html",
        {
            "filter": found,
            "invitations": [(one, one.state(now), one.role in grantable) for one in invitations],
            "may_invite": bool(grantable),
        },
        file_name="people",
    )


def _is_federal(user: User) -> bool:
    return memberships_granting(user, Permission.PEOPLE_VIEW).federal().exists()


# The card of a person -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RoleLine:
    """A role on the card, and whether who looks at it may end it and pass it on."""

    membership: Membership
    may_end: bool
    may_pass: bool


def _person_or_404(request: SignedInRequest, pk: int) -> User:
    return get_object_or_404(people_visible_to(request.user), pk=pk)


def _crumbs(request: SignedInRequest, person: User | None = None) -> list[dict[str, str]]:
    items = [{"title": "Люди", "url": reverse("people-list")}]
    if person:
        items.append({"title": str(person), "url": reverse("person", args=[person.pk])})
    return items


@require_safe
def person(request: SignedInRequest, pk: int) -> HttpResponse:
    user = _person_or_404(request, pk)
    visible = (
        user.memberships.permitting(request.user, Permission.PEOPLE_VIEW)
        .select_related("region", "institution__region", "granted_by", "deputises_for__user")
        .prefetch_related("life_situations", "handed_over", "deputies__user")
        .order_by("-starts_on", "role")
    )
    at = timezone.now()
    may_close_access = services.may_close_access(request.user, user)
    grantable: dict[int | None, set[Role]] = {}
    now: list[RoleLine] = []
    earlier: list[RoleLine] = []
    for one in visible:
        home = services.home_of(one.region, one.institution)
        key = home.pk if home else None
        if key not in grantable:
            grantable[key] = roles_grantable(request.user, region=home)
        has_ended = one.ends_on is not None and one.ends_on < one.local_date(at)
        may_give = one.role in grantable[key]
        line = RoleLine(
            one,
            may_end=may_give and not has_ended,
            # Of a role that has ended too: its work may still wait for somebody.
            may_pass=may_give and not one.deputises_for_id and not one.handed_over.all(),
        )
        (earlier if has_ended else now).append(line)
    return render(
        request,
        "regions/people/person.html",
        {
            "person": user,
            "crumbs": _crumbs(request),
            "now": now,
            "earlier": earlier,
            "handovers": Handover.objects.permitting(request.user, Permission.PEOPLE_VIEW).of_person(user),
            "may_explain": may_anywhere(request.user, Permission.ACCESS_EXPLAIN),
            "has_second_factor": second_factor.exists_for(user),
            "needs_second_factor": second_factor.is_required(user),
            # Only that there are others, not what they are.
            "has_roles_elsewhere": user.memberships.count() > len(visible),
            "may_grant": user != request.user and bool(_scopes(request.user)),
            "may_close_access": may_close_access,
            "api_tokens": user.api_tokens.in_force(at) if may_close_access else [],
            "may_open_access": services.may_open_access(request.user, user),
        },
    )


@require_safe
def person_history(request: SignedInRequest, pk: int) -> HttpResponse:
    user = _person_or_404(request, pk)
    roles = user.memberships.permitting(request.user, Permission.PEOPLE_VIEW)
    return render(
        request,
        "pages/history.html",
        {
            "title": str(user),
            "crumbs": _crumbs(request, user),
            "changes": changes(
                User.history.filter(id=user.pk),
                Membership.history.filter(id__in=list(roles.values_list("pk", flat=True))),
            ),
        },
    )


# Roles ----------------------------------------------------------------------------------------------------------------


def _scopes(user: User) -> list[Region | None]:
    """Where the person may give roles: regions, and (None, the first) the federation."""
    regions: list[Region | None] = list(Region.objects.permitting(user, Permission.PEOPLE_MANAGE))
    return [None, *regions] if roles_grantable(user) else regions


def _chosen_scope(scopes: list[Region | None], code: str) -> tuple[bool, Region | None]:
    """Whether the address names one of the scopes (or there is but one), and which."""
    if len(scopes) == 1:
        return True, scopes[0]
    for one in scopes:
        if code == (one.code if one else FEDERATION):
            return True, one
    return False, None


@require_http_methods(["GET", "POST"])
def membership_create(request: SignedInRequest, pk: int) -> HttpResponse:
    """Another role for a known person: first where (`?scope=`), then which."""
    user = _person_or_404(request, pk)
    scopes = _scopes(request.user)
    if not scopes or user == request.user:
        raise PermissionDenied
    chosen, region = _chosen_scope(scopes, request.GET.get("scope", ""))
    title = "Новая роль"
    context: dict[str, Any] = {
        "title": title,
        "crumbs": _crumbs(request, user),
        "cancel_url": reverse("person", args=[user.pk]),
    }
    if not chosen:
        choices = [(one.code, one.name) if one else (FEDERATION, "Федеральная роль") for one in scopes]
        return render(request, "regions/people/choose_scope.html", {**context, "person": user, "choices": choices})
    now = timezone.now()
    form = MembershipForm(request.POST or None, by=request.user, region=region, today=services.first_day(region, now))
    if request.method == "POST" and form.is_valid():
        try:
            membership = services.grant(
                user=user, starts_on=form.cleaned_data["starts_on"], by=request.user, **form.given
            )
        except services.AlreadyHolds as error:
            held = error.membership
            until = f" по {held.ends_on:%d.%m.%Y}" if held.ends_on else ""
            form.add_error("role", f"Эта роль у человека уже есть: с {held.starts_on:%d.%m.%Y}{until}")
        except services.PersonDisabled:
            form.add_error(None, "Вход этого человека на портал закрыт. Сначала откройте его")
        else:
            messages.success(request, f"Роль дана: {membership}.")
            return redirect("person", user.pk)
    lead = f"{user}: {region.name if region else 'федеральная роль'}"
    return form_page(request, form, lead=lead, submit="Дать роль", **context)


@require_http_methods(["GET", "POST"])
def membership_end(request: SignedInRequest, pk: int) -> HttpResponse:
    visible = Membership.objects.permitting(request.user, Permission.PEOPLE_VIEW)
    membership = get_object_or_404(visible.select_related("user", "region", "institution__region"), pk=pk)
    region = services.home_of(membership.region, membership.institution)
    require_grant(request.user, membership.role, region=region, to=None)
    now = timezone.now()
    today = services.first_day(region, now)
    form = EndMembershipForm(
        request.POST or None, days=services.days_to_end(membership, today), initial={"last_day": today}
    )
    if request.method == "POST" and form.is_valid():
        try:
            ended = services.end(membership=membership, by=request.user, at=now, **form.cleaned_data)
        except services.WrongLastDay as error:
            form.add_error("last_day", str(error))
        except services.LastAdministrator as error:
            form.add_error(None, str(error))
        except services.AlreadyEnded as error:
            messages.info(request, f"Роль уже завершена: последний день {error.membership.ends_on:%d.%m.%Y}.")
            return _to_card(request, membership)
        else:
            messages.success(request, f"{ended.get_role_display()}: последний день {ended.ends_on:%d.%m.%Y}.")
            return _to_card(request, membership)
    title = "Завершить роль"
    return form_page(
        request,
        form,
        title=title,
        crumbs=_crumbs(request, membership.user),
        lead=f"{membership.user}: {membership}",
        submit=title,
        danger=True,
        cancel_url=reverse("person", args=[membership.user.pk]),
    )


def _to_card(request: SignedInRequest, membership: Membership) -> HttpResponseRedirect:
    # Who has ended a role of their own may no longer see any card.
    if people_visible_to(request.user).filter(pk=membership.user_id).exists():
        return redirect("person", membership.user_id)
    return redirect("cabinet")


# Access ---------------------------------------------------------------------------------------------------------------


@require_POST
def person_disable(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    user = _person_or_404(request, pk)
    try:
        services.disable(user=user, by=request.user, at=timezone.now())
    except services.LastAdministrator as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Вход закрыт: {user}. Открытые сеансы завершены, ключи для программ отозваны.")
    return redirect("person", user.pk)


@require_POST
def person_enable(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    user = _person_or_404(request, pk)
    services.enable(user=user, by=request.user, at=timezone.now())
    messages.success(request, f"Вход открыт: {user}.")
    return redirect("person", user.pk)


@require_POST
def person_reset_second_factor(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    user = _person_or_404(request, pk)
    services.reset_second_factor(user=user, by=request.user, at=timezone.now())
    ended = "Сеансы завершены, ключи для программ отозваны"
    messages.success(request, f"Второй шаг сброшен: {user}. {ended}, человеку отправлено письмо.")
    return redirect("person", user.pk)


@require_POST
def person_api_token_revoke(request: SignedInRequest, pk: int, token_pk: int) -> HttpResponseRedirect:
    user = _person_or_404(request, pk)
    token = get_object_or_404(user.api_tokens, pk=token_pk)
    services.revoke_api_token(token=token, by=request.user, at=timezone.now())
    messages.success(request, f"Ключ «{token.name}» больше не действует.")
    return redirect("person", user.pk)
