"""Pages of one's own sign-in: consent, second factor, sessions. The rest are allauth's, with a word added."""

import ipaddress
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.stages import LoginStageController
from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.account.views import LoginView
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, ListWebAuthnView, RemoveWebAuthnView
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from requests import RequestException

from accounts import browsers, consent, second_factor
from accounts.forms import ConsentForm
from accounts.http import SignedInRequest

# So few recovery codes left are worth a word.
FEW_CODES = 3


def passkeys_possible(request: HttpRequest) -> bool:
    """Whether browsers offer passkeys here: they need a name, not a number, and HTTPS unless it is this machine."""
    host, _ = split_domain_port(request.get_host())
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return request.is_secure() or host == "localhost"
    return False


def _wanted(request: HttpRequest) -> str:
    """Where the person wanted to go, if it is on the portal."""
    wanted = get_next_redirect_url(request, REDIRECT_FIELD_NAME) or ""
    # A bare word is safe for allauth, but leads to a page below this one.
    return wanted if wanted.startswith("/") else resolve_url(settings.LOGIN_REDIRECT_URL)


def _onward(request: HttpRequest, url: str) -> str:
    """`url`, remembering where the person wanted to go."""
    onward: str = passthrough_next_redirect_url(request, url, REDIRECT_FIELD_NAME)
    return onward


@never_cache
@require_http_methods(["GET", "POST"])
def give_consent(request: SignedInRequest) -> HttpResponse:
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        consent.give(request.user, timezone.now())
        return HttpResponseRedirect(_wanted(request))
    given = request.user.consents.filter(version=consent.VERSION).first()
    context = {"form": form, "given": given, "version": consent.VERSION, "dated": consent.DATED}
    return render(request, "account/consent.html", context, status=422 if form.errors else 200)


@never_cache
@require_safe
def set_up_second_factor(request: SignedInRequest) -> HttpResponse:
    """Why a second factor, and which there are. Who has one goes on to where they wanted."""
    if second_factor.exists_for(request.user):
        return HttpResponseRedirect(_wanted(request))
    context = {
        "is_required": second_factor.is_required(request.user),
        "passkeys_possible": passkeys_possible(request),
        "app_url": _onward(request, reverse("mfa_activate_totp")),
        "passkey_url": _onward(request, reverse("mfa_add_webauthn")),
    }
    return render(request, "mfa/second_factor.html", context)


class SignIn(LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "passkeys_possible": passkeys_possible(self.request),
            "providers": get_social_adapter().list_providers(self.request),
        }


@login_not_required
def to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _by_provider(request, provider_id, openid_connect.login)


@login_not_required
def from_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _by_provider(request, provider_id, openid_connect.callback)


def _by_provider(request: HttpRequest, provider_id: str, view: Callable[..., HttpResponse]) -> HttpResponse:
    try:
        return view(request, provider_id=provider_id)
    except RequestException as error:
        # Allauth catches this only once the provider has told where to go.
        response: HttpResponse = render_authentication_error(request, None, exception=error)
        return response


class EnterSecondFactor(AuthenticateView):
    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        stage = LoginStageController.enter(request, AuthenticateStage.key)
        if stage and not second_factor.exists_for(stage.login.user):
            # Removed meanwhile by an administrator: allauth would send the person round in circles.
            aborted: HttpResponseBase = stage.abort()
            return aborted
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        held = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        return {
            **super().get_context_data(**kwargs),
            "has_app": Authenticator.Type.TOTP in held,
            "has_passkey": Authenticator.Type.WEBAUTHN in held,
            "passkeys_possible": passkeys_possible(self.request),
        }


class Security(IndexView):
    """«Вход и безопасность»: everything about one's own sign-in, with the way to each change."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        codes = context["authenticators"].get(Authenticator.Type.RECOVERY_CODES)
        left = len(codes.get_unused_codes()) if codes else 0
        return context | {
            "is_required": second_factor.is_required(self.request.user),
            "has_factor": second_factor.exists_for(self.request.user),
            "codes_left": left,
            "few_codes": bool(codes) and left <= FEW_CODES,
            "sessions": len(UserSession.objects.purge_and_list(self.request.user)),
            "consent": self.request.user.consents.filter(version=consent.VERSION).first(),
        }


class _ThenOnward:
    """Setting up leads by the recovery codes, once, and on to where the person wanted to go."""

    request: HttpRequest

    def get_success_url(self) -> str:
        if not self.did_generate_recovery_codes and (url := get_next_redirect_url(self.request)):  # type: ignore[attr-defined]
            return str(url)
        return _onward(self.request, super().get_success_url())  # type: ignore[misc]


class ActivateTotp(_ThenOnward, ActivateTOTPView):
    pass


class AddPasskey(_ThenOnward, AddWebAuthnView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Allauth's leaves the arguments out, and with them the form that came back with mistakes.
        context = {**super().get_context_data(), **kwargs}
        return {**context, "passkeys_possible": passkeys_possible(self.request)}


class Passkeys(ListWebAuthnView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "passkeys_possible": passkeys_possible(self.request)}


class RemovePasskey(RemoveWebAuthnView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "may_be_removed": second_factor.may_be_removed(self.object)}

    def form_valid(self, form: Any) -> HttpResponse:
        # Allauth asks can_delete_authenticator of the app only.
        if not second_factor.may_be_removed(self.object):
            return self.render_to_response(self.get_context_data(form=form), status=422)
        response: HttpResponse = super().form_valid(form)
        return response


class RecoveryCodes(ViewRecoveryCodesView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "few_codes": len(context["unused_codes"]) <= FEW_CODES,
            "wanted": get_next_redirect_url(self.request),
        }


class Sessions(ListUserSessionsView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        for session in context["sessions"]:
            session.browser = browsers.describe(session.user_agent)
        # The newest first, one's own before all.
        context["sessions"].sort(key=lambda one: (not one.is_current(), -one.created_at.timestamp()))
        return context


@require_POST
def end_session(request: SignedInRequest, pk: int) -> HttpResponse:
    """End one of one's own sessions; the current one is signing out."""
    session = get_object_or_404(UserSession, user=request.user, pk=pk)
    is_current = session.is_current()
    end_sessions(request, [session])
    if is_current:
        return redirect("account_login")
    get_account_adapter().add_message(request, messages.SUCCESS, message="Сеанс завершён.")
    return redirect("usersessions_list")
