"""Who asks the API: the person whose key the program shows."""

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts import api_tokens
from accounts.models import ApiToken, User

SCHEME = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer nsi_…`. No cookie ever signs anybody in here, so no page of another site can."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        kind, _, secret = get_authorization_header(request).decode(errors="replace").partition(" ")
        if not kind:
            return None
        token = api_tokens.find(secret.strip(), at=timezone.now()) if kind.lower() == SCHEME.lower() else None
        if token is None:
            raise AuthenticationFailed("Ключ API неизвестен, отозван или истёк.")
        if reason := api_tokens.why_not_yet(token.user):
            raise PermissionDenied(reason)
        if request.method not in ("GET", "HEAD", "OPTIONS") and not token.may_change:
            raise PermissionDenied("Этот ключ позволяет только читать.")
        api_tokens.note_use(token, at=timezone.now())
        return token.user, token

    def authenticate_header(self, request: HttpRequest) -> str:
        return SCHEME


class _TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.TokenAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Ключ API: «Вход и безопасность» → «Ключи для программ». Даёт права того, кто его создал.",
        }
