"""The log: a refused request is one line, and a questionnaire leaves none that could be matched with an answer."""

import logging

import pytest
from django.test import Client, RequestFactory

from nsi_portal.logs import RefusalFilter
from regions.roles import Role
from tests.factories import MembershipFactory, SurveyLinkFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    assert any(isinstance(one, RefusalFilter) for one in logging.getLogger("django.request").filters)
    return caplog


def test_a_refused_questionnaire_leaves_no_line(client: Client, lines: pytest.LogCaptureFixture):
    link = SurveyLinkFactory()
    refused = client.post(f"/s/{link.token}/", "key=x", content_type="application/x-www-form-urlencoded")
    assert refused.status_code == 422
    assert link.token not in lines.text


def test_a_refused_page_is_one_line_without_a_trace(client: Client, lines: pytest.LogCaptureFixture):
    link = SurveyLinkFactory()
    person = MembershipFactory(role=Role.HQ_MEMBER, region=link.institution.region).user
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(f"/links/{link.pk}/").status_code == 403
    assert f"/links/{link.pk}/" in lines.text
    assert "Traceback" not in lines.text


@pytest.mark.parametrize(
    ("path", "spoken"),
    [
        ("/s/abc/", False),
        ("/api/v1/public/abc/", False),
        ("/api/v1/public/abc/answers/", False),
        ("/api/v1/links/", True),
        ("/invitation/abc/", False),
        ("/signup/abc/", False),
        ("/accounts/password/reset/key/1-abc/", False),
        ("/accounts/password/reset/", True),
    ],
)
def test_a_refusal_at_a_link_of_a_letter_leaves_no_line(path: str, spoken: bool):
    record = logging.makeLogRecord({"levelno": logging.WARNING, "request": RequestFactory().get(path)})
    assert RefusalFilter().filter(record) is spoken
