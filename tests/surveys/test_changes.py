"""«Вы сказали — мы сделали»: told, changed, hidden, begun from a comment."""

from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from regions.roles import Role
from surveys.models import ChangeMade
from surveys.services import changes as services
from tests.world import NOW, World, build_world

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SAID = {"said": "Долго ждали в коридоре", "done": "Включили запись по времени", "done_on": "2026-11-01"}


@pytest.fixture
def world() -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield build_world("RU-NIZ")


@pytest.fixture
def client(world: World) -> Client:
    client = Client()
    client.force_login(world.people[Role.INSTITUTION_REP], backend=BACKEND)
    return client


def test_a_representative_tells_changes_hides_and_shows(world: World, client: Client):
    create = reverse("change-create", args=[world.institution.pk])
    listed = reverse("institution-changes", args=[world.institution.pk])
    assert client.post(create, SAID).headers["Location"] == listed
    change = ChangeMade.objects.get()
    assert (change.institution, change.done_on, change.is_shown) == (world.institution, date(2026, 11, 1), True)
    assert change.created_by == world.people[Role.INSTITUTION_REP]
    assert "Включили запись по времени" in client.get(listed).content.decode()
    edit = reverse("change-edit", args=[change.pk])
    sent = {**SAID, "done": "Поставили стулья", "life_situation": world.life_situation.pk}
    assert client.post(edit, sent).status_code == 302
    client.post(reverse("change-show", args=[change.pk]))
    change.refresh_from_db()
    assert (change.done, change.life_situation, change.is_shown) == ("Поставили стулья", world.life_situation, False)
    client.post(reverse("change-show", args=[change.pk]), {"shown": "yes"})
    change.refresh_from_db()
    assert change.is_shown
    history = client.get(reverse("change-history", args=[change.pk])).content.decode()
    assert "Включили запись по времени" in history
    assert "Поставили стулья" in history


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"said": ""}, "said"),
        ({"done": "Иванову Анну Петровну уволили"}, "личные данные"),
        ({"said": "Звонил 8 926 123-45-67"}, "личные данные"),
        ({"said": "Врачи грубили, [телефон] молчит"}, "без пометки [телефон]"),
        ({"done": "x" * 301}, "300"),
        ({"done_on": "2026-11-23"}, "ещё не наступила"),
        ({"done_on": "0001-01-01"}, "Проверьте год"),
        ({"done_on": "9999-12-31"}, "ещё не наступила"),
        ({"done_on": "вчера"}, "done_on"),
        ({"life_situation": "9" * 30}, "life_situation"),
    ],
)
def test_what_cannot_be_told_is_refused_at_the_field_and_kept(
    world: World, client: Client, sent: dict[str, str], said: str
):
    page = client.post(reverse("change-create", args=[world.institution.pk]), SAID | sent)
    assert page.status_code == 422
    text = page.content.decode()
    assert said in text
    assert "Включили запись по времени" in text or "done" in sent
    assert not ChangeMade.objects.exists()


def test_it_begins_with_a_comment(world: World, client: Client):
    page = client.get(reverse("change-create", args=[world.institution.pk]), {"comment": world.comment.pk})
    text = page.content.decode()
    assert "Врачи грубили, [телефон] не отвечает" in text
    assert "926" not in text
    sibling = reverse("change-create", args=[world.institution.pk])
    for strange in ("9" * 30, "x", "", "٣"):
        assert client.get(sibling, {"comment": strange}).status_code == 200


def test_a_comment_of_another_institution_is_not_brought_along(world: World, client: Client):
    other = build_world("RU-TYU")
    page = client.get(reverse("change-create", args=[world.institution.pk]), {"comment": other.comment.pk})
    assert "Врачи грубили" not in page.content.decode()


def test_the_service_asks_for_the_right_and_refuses_personal_data(world: World):
    given = {"said": "Ждали", "done": "Не ждут", "done_on": date(2026, 11, 1), "life_situation": None}
    with pytest.raises(PermissionDenied):
        services.tell(institution=world.institution, by=world.people[Role.EXPERT], **given)
    with pytest.raises(services.NamesSomebody):
        given["done"] = "Иванов И.И. уволен"
        services.tell(institution=world.institution, by=world.people[Role.NSI_ADMIN], **given)
