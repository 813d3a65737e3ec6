"""What every request passes: it gets an id, is turned away unless signed in, and has the way in behind it."""

import secrets
from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth import middleware as auth_middleware
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from accounts import consent, second_factor
from accounts.http import SignedInRequest
from nsi_portal import errors
from nsi_portal.logs import current_request_id


def request_id(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """An id for the request: it stands in the log, in the answer's header and on the page of an error."""

    def middleware(request: HttpRequest) -> HttpResponse:
        # Own id, never the client's: what a client sends could be made to look like another line of the log.
        identifier = secrets.token_hex(6)
        token = current_request_id.set(identifier)
        request.request_id = identifier  # type: ignore[attr-defined]
        try:
            response = get_response(request)
        finally:
            current_request_id.reset(token)
        response.headers["X-Request-Id"] = identifier
        return response

    return middleware


def no_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse an address with a NUL byte in its query: PostgreSQL does, and no browser sends one by itself."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL in the query string")
        return get_response(request)

    return middleware


def only_by_button(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Say it in words when an address that takes only what a form sends is opened as a page.

    Django's refusal is an empty page. A program that sends a method of its own goes on getting that.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or request.method not in ("GET", "HEAD"):
            return response
        page = errors.only_by_button(request)
        page.headers["Allow"] = response.headers["Allow"]
        return page

    return middleware


class LoginRequiredMiddleware(auth_middleware.LoginRequiredMiddleware):
    """Django's, but a public view is let through before anybody looks at the session.

    Otherwise an anonymous questionnaire would read the cookie of a person signed in, and tell caches to vary by it.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class EntryMiddleware(MiddlewareMixin):
    """Who has signed in agrees to the processing of personal data, then sets up the second factor their role needs.

    Until then every page leads there, and what is sent is not done. Afterwards the person goes on to where they wanted.
    """

    # Names of addresses that stay open at either step.
    ALWAYS = frozenset({"consent", "help", "guide"})
    WITHOUT_SECOND_FACTOR = ALWAYS | {
        "second-factor",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
    }

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True) or not request.user.is_authenticated:
            return None
        signed_in = cast(SignedInRequest, request)
        match = request.resolver_match
        name = match.view_name if match else ""
        if name not in self.ALWAYS and not self._has_agreed(signed_in):
            return self._lead_to("consent", signed_in)
        if (
            name not in self.WITHOUT_SECOND_FACTOR
            and not second_factor.exists_for(signed_in.user)
            and second_factor.is_required(signed_in.user)
        ):
            return self._lead_to("second-factor", signed_in)
        return None

    @staticmethod
    def _has_agreed(request: SignedInRequest) -> bool:
        # Remembered by the session: a given consent stays given for this version of the text.
        if request.session.get("consent") == consent.VERSION:
            return True
        if not consent.is_given(request.user):
            return False
        request.session["consent"] = consent.VERSION
        return True

    @staticmethod
    def _lead_to(name: str, request: SignedInRequest) -> HttpResponse:
        # A fragment is no place to come back to, nor is the address of a form.
        wanted = request.get_full_path() if request.method == "GET" else None
        if request.htmx:
            wanted = request.htmx.current_url_abs_path
        url = reverse(name)
        if wanted:
            url = f"{url}?{urlencode({REDIRECT_FIELD_NAME: wanted})}"
        return HttpResponseClientRedirect(url) if request.htmx else HttpResponseRedirect(url)
