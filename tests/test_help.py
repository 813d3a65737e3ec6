"""«Помощь»: a guide for every role that has something to do, and every link in it leads somewhere."""

import re

import pytest
from django.test import Client

from nsi_portal.help import FOLDER
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(UserFactory(), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_every_guide_is_a_page_and_its_links_work(client: Client):
    for path in FOLDER.glob("*.md"):
        url = "/help/" if path.stem == "README" else f"/help/{path.stem}/"
        response = client.get(url)
        assert response.status_code == 200, url
        text = response.content.decode()
        main = text[text.index("<main") : text.index("</main")]
        for target in re.findall(r'href="([^"#]+)"', main):
            address = target if target.startswith("/") else f"{url}{target}"
            assert client.get(address, follow=True).status_code == 200, f"{path.name}: {target}"


@pytest.mark.parametrize("name", ["no-such-guide", "settings", "%2e%2e"])
def test_nothing_else_is_shown(client: Client, name: str):
    assert client.get(f"/help/{name}/").status_code == 404
