"""Representatives of institutions sign up by themselves; the administrator of the region decides."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import django_filters
import django_tables2 as tables
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import consent, limits
from accounts.entrance import sign_in
from accounts.http import SignedInRequest
from accounts.models import User
from regions.forms.people import DeclineForm, FindInstitutionForm, NewAccountForm, SignUpForm
from regions.lists import ListTable, list_response, two_lines
from regions.models import AccessRequest, Institution, Region
from regions.pages import form_page, region_crumb, region_or_404, region_tabs
from regions.permissions import Permission, require_grant, roles_grantable
from regions.querysets import InstitutionQuerySet, with_words
from regions.roles import Role
from regions.services import people
from regions.services import signup as services
from regions.services.invitations import AddressKnown, LinkDead, LinkState
from regions.views.invitations import DEAD_LINKS, DeadLink, dead_link, letter_link

# Who gets more than these types another word.
SHOWN_INSTITUTIONS = 50


# Signing up -----------------------------------------------------------------------------------------------------------


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """First the institution is found (`?region=…&name=…`), then (`?institution=…`) somebody says who they are."""
    if "sent" in request.GET:
        return render(request, "regions/signup/sent.html")
    institution = _chosen(request)
    if institution is None:
        return _find(request)
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and not limits.allow(request, "signup"):
        return limits.refuse(request)
    if request.method == "POST" and form.is_valid():
        services.ask_for_access(institution=institution, at=timezone.now(), **form.cleaned_data)
        # The same whoever has this address.
        return redirect(f"{reverse('signup')}?sent=1")
    context = {"institution": institution, "form": form, "find_url": _find_url(request, institution)}
    return render(request, "regions/signup/signup.html", context, status=422 if form.errors else 200)


def _working() -> InstitutionQuerySet:
    # Who was merged into another has a last day of work, but takes no new people.
    return Institution.objects.working(timezone.localdate()).filter(merged_into=None).select_related("region")


def _chosen(request: HttpRequest) -> Institution | None:
    number = request.GET.get("institution", "")
    return _working().filter(pk=int(number)).first() if number.isdecimal() and len(number) < 19 else None


def _find_url(request: HttpRequest, institution: Institution) -> str:
    query = request.GET.copy()
    query.pop("institution", None)
    query.setdefault("region", institution.region.code)
    return f"{reverse('signup')}?{query.urlencode()}"


def _find(request: HttpRequest) -> HttpResponse:
    regions = Region.objects.filter(institutions__in=_working()).distinct()
    asked = "region" in request.GET
    # Anybody may search, and a search reads the names of a whole region.
    if asked and not limits.allow(request, "institution_search"):
        return limits.refuse(request)
    form = FindInstitutionForm(request.GET if asked else None, regions=regions)
    context: dict[str, Any] = {"form": form, "asked": False}
    if asked and form.is_valid():
        found = _working().filter(region=form.cleaned_data["region"]).named(form.cleaned_data["name"])
        shown = list(found[: SHOWN_INSTITUTIONS + 1])
        context |= {
            "asked": True,
            "institutions": shown[:SHOWN_INSTITUTIONS],
            "has_more": len(shown) > SHOWN_INSTITUTIONS,
            "most": SHOWN_INSTITUTIONS,
        }
    return render(request, "regions/signup/find.html", context, status=422 if form.errors else 200)


_DEAD_LINKS = {
    **DEAD_LINKS,
    LinkState.EXPIRED: DeadLink("Срок ссылки истёк", "Подайте заявку ещё раз: придёт новое письмо."),
    LinkState.USED: DeadLink("Адрес уже подтверждён", "Заявка подана. Войдите на портал, чтобы узнать решение."),
    LinkState.UNKNOWN: replace(
        DEAD_LINKS[LinkState.UNKNOWN],
        text="Возможно, она скопирована не целиком или есть новая. Откройте ссылку из последнего письма.",
    ),
}


@letter_link
@require_http_methods(["GET", "POST"])
def signup_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the letter: the address is somebody's, and from now on the request waits."""
    now = timezone.now()
    try:
        found = services.find_by_link(token, at=now)
        if request.user.is_authenticated:
            return _confirm_signed_in(request, found, token, now)
        return _confirm_new(request, found, token, now)
    except LinkDead as dead:
        if dead.state == LinkState.USED and request.user.is_authenticated:
            # A second click, or the same letter opened again.
            return redirect("cabinet")
        return dead_link(request, _DEAD_LINKS[dead.state])


def _confirm_signed_in(request: HttpRequest, found: AccessRequest, token: str, now: datetime) -> HttpResponse:
    assert isinstance(request.user, User)
    if request.user.email != found.email:
        return render(request, "regions/invitations/another_person.html", {"next_url": request.path}, status=403)
    if request.method == "POST":
        services.confirm(token=token, by=request.user, at=now)
        messages.success(request, "Заявка подана. Её рассмотрит администратор НСИ региона.")
        return redirect("cabinet")
    return render(request, "regions/signup/confirm.html", {"access_request": found})


def _confirm_new(request: HttpRequest, found: AccessRequest, token: str, now: datetime) -> HttpResponse:
    context: dict[str, Any] = {"access_request": found, "next_url": request.path}
    if User.objects.filter(email=found.email).exists():
        return render(request, "regions/signup/sign_in_first.html", context)
    person = User(email=found.email, full_name=found.full_name, position=found.position)
    form = NewAccountForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.confirm_as_new_person(token=token, password=form.cleaned_data["password"], at=now)
        except AddressKnown:
            return redirect(request.path)
        messages.success(request, "Заявка подана. Её рассмотрит администратор НСИ региона.")
        return sign_in(request, user, to=reverse("cabinet"))
    context |= {"form": form, "version": consent.VERSION, "dated": consent.DATED}
    return render(request, "regions/signup/confirm_new.html", context, status=422 if form.errors else 200)


# Deciding -------------------------------------------------------------------------------------------------------------


class RequestFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(method="filter_name", label="Имя или адрес почты")
    institution = django_filters.ModelChoiceFilter(
        queryset=Institution.objects.none(), label="Учреждение", empty_label="Все учреждения"
    )
    state = django_filters.ChoiceFilter(
        choices=[one for one in AccessRequest.State.choices if one[0] != AccessRequest.State.UNCONFIRMED],
        label="Состояние",
        empty_label="Все",
    )

    class Meta:
        model = AccessRequest
        fields = ("name", "institution", "state")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked_for = Institution.objects.filter(access_requests__in=self.queryset.order_by()).distinct()
        self.filters["institution"].queryset = asked_for

    def filter_name(self, queryset: QuerySet[AccessRequest], name: str, value: str) -> QuerySet[AccessRequest]:
        return queryset.filter(with_words("full_name", value) | with_words("email", value))


class RequestTable(ListTable):
    full_name = tables.Column("Имя")
    email = tables.Column("Адрес почты", visible=False)
    position = tables.Column("Должность", visible=False)
    institution = tables.Column("Учреждение", accessor="institution__name")
    asked_at = tables.DateTimeColumn(verbose_name="Подана", format="d.m.Y H:i")
    state = tables.Column("Состояние")
    decided_by = tables.Column("Кто решил", accessor="decided_by__full_name", default="")
    reason = tables.Column("Причина", default="", visible=False)
    actions = tables.Column("Действия", empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ListTable.Meta):
        model = AccessRequest
        fields = (
            "full_name",
            "email",
            "position",
            "institution",
            "asked_at",
            "state",
            "decided_by",
            "reason",
            "actions",
        )

    def __init__(self, *args: Any, may_decide: bool, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.may_decide = may_decide
        self.by = by

    def value_asked_at(self, value: Any) -> Any:
        return value

    def render_full_name(self, record: AccessRequest) -> SafeString:
        return two_lines(record.full_name, f"{record.position}, {record.email}")

    def value_full_name(self, record: AccessRequest) -> str:
        return record.full_name

    def render_decided_by(self, record: AccessRequest) -> SafeString:
        return two_lines(record.decided_by, record.reason)

    def value_decided_by(self, record: AccessRequest) -> str:
        return str(record.decided_by)

    def render_state(self, record: AccessRequest) -> SafeString:
        return render_to_string("regions/signup/_state.html", {"access_request": record})

    def value_state(self, record: AccessRequest) -> str:
        return record.get_state_display()

    def render_actions(self, record: AccessRequest) -> SafeString | str:
        is_theirs = record.user_id == self.by.pk
        if not self.may_decide or is_theirs or record.state != AccessRequest.State.WAITING:
            return ""
        # Without the request: what stands around a page is not asked for in every row.
        context = {"access_request": record, "csrf_token": get_token(self.request)}
        return render_to_string("regions/signup/_actions.html", context)


@require_safe
def request_list(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code, Permission.PEOPLE_VIEW)
    visible = (
        AccessRequest.objects.filter(institution__region=region)
        .exclude(state=AccessRequest.State.UNCONFIRMED)
        .select_related("institution", "decided_by")
        # Those that wait for a decision first.
        .order_by(F("decided_at").desc(nulls_first=True), "asked_at")
    )
    found = RequestFilter(request.GET, visible, request=request)
    may_decide = Role.INSTITUTION_REP in roles_grantable(request.user, region=region)
    return list_response(
        request,
        RequestTable(found.qs, may_decide=may_decide, by=request.user),
        "regions/signup/request_list.html",
        {
            "region": region,
            "tabs": region_tabs(request.user, region, "people"),
            "crumbs": [
                region_crumb(region),
                {"title": "Люди", "url": reverse("region-people", args=[region.code])},
            ],
            "filter": found,
        },
        file_name=f"requests-{region.code}",
    )


def _request_or_404(request: SignedInRequest, pk: int) -> AccessRequest:
    visible = AccessRequest.objects.permitting(request.user, Permission.PEOPLE_VIEW)
    confirmed = visible.exclude(state=AccessRequest.State.UNCONFIRMED)
    return get_object_or_404(confirmed.select_related("institution__region", "user"), pk=pk)


def _to_list(found: AccessRequest) -> HttpResponseRedirect:
    return redirect("request-list", found.institution.region.code)


def _say_decided(request: SignedInRequest, error: services.NotWaiting) -> None:
    messages.info(request, f"По этой заявке уже есть решение: {error.request.get_state_display().lower()}.")


@require_POST
def request_approve(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    found = _request_or_404(request, pk)
    try:
        services.approve(request=found, by=request.user, at=timezone.now())
    except services.NotWaiting as error:
        _say_decided(request, error)
    except services.InstitutionClosed:
        messages.error(request, f"{found.institution} больше не работает: дать роль нельзя. Отклоните заявку.")
    except people.PersonDisabled:
        messages.error(request, "Вход этого человека на портал закрыт. Сначала откройте его или отклоните заявку.")
    else:
        messages.success(
            request, f"Доступ открыт: {found.full_name}, {found.institution}. Письмо об этом уйдёт человеку."
        )
    return _to_list(found)


@require_http_methods(["GET", "POST"])
def request_decline(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _request_or_404(request, pk)
    region = found.institution.region
    require_grant(request.user, Role.INSTITUTION_REP, region=region, to=found.user)
    form = DeclineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.decline(request=found, by=request.user, at=timezone.now(), **form.cleaned_data)
        except services.NotWaiting as error:
            _say_decided(request, error)
        else:
            messages.success(request, f"Заявка отклонена: {found.full_name}. Человек узнает причину из письма.")
        return _to_list(found)
    title = "Отклонить заявку"
    return form_page(
        request,
        form,
        title=title,
        crumbs=[
            {"title": "Люди", "url": reverse("region-people", args=[region.code])},
            {"title": "Заявки", "url": reverse("request-list", args=[region.code])},
        ],
        lead=f"{found.full_name}, {found.institution}",
        submit=title,
        danger=True,
    )
