"""The request as views behind the sign-in see it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request of a person: LoginRequiredMiddleware has turned everybody else away. For type checkers only."""

    user: User
    htmx: HtmxDetails
