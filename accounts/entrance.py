"""Signing in a person who has just proved who they are by a link from a letter and chosen a password."""

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse

from accounts.models import User


def sign_in(request: HttpRequest, user: User, *, to: str) -> HttpResponse:
    """Sign in by all the rules of the sign-in page; leads on to the path `to`."""
    login = Login(user=user, email=user.email, redirect_url=to)
    response: HttpResponse = perform_password_login(request, {"email": user.email}, login)
    return response
