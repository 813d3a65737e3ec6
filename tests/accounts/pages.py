"""What tests of signing in do again and again."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password}, **extra)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def text_of(response: HttpResponse) -> str:
    """What a person reads, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def without_what_differs(response: HttpResponse, *others: str) -> str:
    """A page without its tokens, the number of its request, and words that are meant to differ."""
    page = response.content.decode().replace(response.headers["X-Request-Id"], "")
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)
    for other in others:
        page = page.replace(other, "")
    return page
