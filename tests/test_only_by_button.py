"""An address that takes only what a form sends, opened as a page: it says so in words, with the way back."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse, HttpResponseNotAllowed
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.api_tokens import issue
from nsi_portal.middleware import only_by_button
from regions.roles import Role
from surveys.models import SurveyLink
from tests.factories import MembershipFactory, SurveyLinkFactory

pytestmark = pytest.mark.django_db
SAID = "Эта страница открывается только кнопкой"


@pytest.fixture
def link() -> SurveyLink:
    return SurveyLinkFactory()


@pytest.fixture
def signed_in(client: Client, link: SurveyLink) -> Client:
    person = MembershipFactory(role=Role.INSTITUTION_REP, region=None, institution=link.institution).user
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_the_page_says_so_and_leads_back_to_where_the_button_is(signed_in: Client, link: SurveyLink):
    response = signed_in.get(reverse("link-pause", args=[link.pk]))
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    html = response.content.decode()
    assert html.count("<h1") == 1 and SAID in html
    assert f'href="{reverse("link", args=[link.pk])}"' in html and 'href="/"' in html


@pytest.mark.parametrize(
    ("path", "back"), [("/links/5/pause/", "/links/5/"), ("/links/5/nowhere/press/", "/links/5/"), ("/press/", "/")]
)
def test_who_is_not_signed_in_reads_the_same(path: str, back: str, rf: RequestFactory):
    """The way back passes over addresses at which nothing stands."""
    request = rf.get(path)
    request.user = AnonymousUser()
    response = only_by_button(lambda request: HttpResponseNotAllowed(["POST"]))(request)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    html = response.content.decode()
    assert SAID in html and f'<a class="btn btn-primary" href="{back}">' in html


def test_whoever_signs_in_again_after_a_press_is_led_to_it(client: Client, link: SurveyLink):
    pause = reverse("link-pause", args=[link.pk])
    response = client.post(pause)
    assert response.status_code == 302 and pause in response.headers["Location"]


def test_a_program_goes_on_getting_what_it_got(signed_in: Client, link: SurveyLink):
    assert signed_in.put(reverse("link-pause", args=[link.pk])).content == b""
    assert signed_in.post(reverse("link", args=[link.pk])).content == b""


def test_the_programming_interface_answers_with_json(client: Client, link: SurveyLink):
    person = MembershipFactory(role=Role.INSTITUTION_REP, region=None, institution=link.institution).user
    _, key = issue(user=person, name="Программа", days=1, may_change=True, at=timezone.now())
    headers = {"Authorization": f"Bearer {key}"}
    response = client.get(reverse("api-link-pause", args=[link.pk]), headers=headers)
    assert response.status_code == 405 and response.headers["Content-Type"] == "application/json"
    assert "detail" in response.json()


def test_other_answers_pass_untouched(rf: RequestFactory):
    response = HttpResponse("page")
    assert only_by_button(lambda request: response)(rf.get("/")) is response
