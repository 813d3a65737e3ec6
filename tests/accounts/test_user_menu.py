"""The user's menu: who one is, as whom one acts, the way to one's own sign-in and out."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import include, path

from accounts.models import User

ROLES = [
    {"title": "Все роли", "value": "", "active": True},
    {"title": "Член РЭГ", "value": "7", "active": False},
]


def act_as(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("act-as/", act_as, name="act-as"), path("accounts/", include("accounts.urls"))]


def menu(**context: Any) -> str:
    user = User(email="anna@example.ru", full_name="Иванова Анна Петровна")
    return " ".join(render_to_string("components/_user_menu.html", {"user": user, **context}).split())


@pytest.mark.urls("tests.accounts.test_user_menu")
def test_whoever_has_several_roles_chooses_among_them():
    html = menu(acting_roles=ROLES, role_titles=["Член РЭГ"])
    assert '<form class="d-grid gap-2 mt-2" method="post" action="/act-as/"' in html
    assert 'name="membership" value="" aria-current="true">Все роли</button>' in html
    assert 'name="membership" value="7" >Член РЭГ</button>' in html


@pytest.mark.urls("tests.accounts.test_user_menu")
@pytest.mark.parametrize("roles", [None, []])
def test_whoever_has_one_role_reads_it(roles: Any):
    html = menu(acting_roles=roles, role_titles=["Член РЭГ"])
    assert "act-as" not in html and "<li>Член РЭГ</li>" in html


@pytest.mark.urls("accounts.urls")
def test_without_a_page_to_choose_there_is_no_choice():
    assert "membership" not in menu(acting_roles=ROLES, role_titles=["Член РЭГ"])


@pytest.mark.urls("tests.accounts.test_user_menu")
def test_the_way_to_ones_own_sign_in_is_there():
    assert '<a href="/accounts/security/">Вход и безопасность</a>' in menu()
