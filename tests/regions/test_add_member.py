"""How the first people of a portal come in."""

import re

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from regions.models import Membership
from regions.roles import Role
from tests.factories import InstitutionFactory, LifeSituationFactory, RegionFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_new_person_gets_a_password_that_is_printed_once(capsys: pytest.CaptureFixture[str]):
    call_command("add_member", "Admin@Example.ru", role="agency_admin", name="Орлова Марина Викторовна")
    printed = capsys.readouterr().out
    user = User.objects.get(email="admin@example.ru")
    (password,) = re.findall(r"раз\): (\S+)", printed)
    assert user.check_password(password)
    assert user.memberships.get().role == Role.AGENCY_ADMIN
    call_command("add_member", "ADMIN@example.ru", role="agency_admin")
    assert "роль уже была" in capsys.readouterr().out
    assert (User.objects.count(), Membership.objects.count()) == (1, 1)


def test_a_member_of_the_headquarters_gets_their_life_situations():
    region, situation = RegionFactory(), LifeSituationFactory()
    user = UserFactory()
    call_command("add_member", user.email, role="hq_member", region="ru-niz", life_situation=[situation.code])
    membership = user.memberships.get()
    assert (membership.region, list(membership.life_situations.all())) == (region, [situation])


def test_a_representative_belongs_to_an_institution():
    institution = InstitutionFactory()
    call_command("add_member", UserFactory().email, role="institution_rep", institution=institution.pk)
    assert Membership.objects.get().institution == institution


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"role": "nsi_admin"}, "код региона"),
        ({"role": "nsi_admin", "region": "RU-XXX"}, "код региона"),
        ({"role": "institution_rep"}, "номер учреждения"),
        ({"role": "agency_analyst", "region": "RU-NIZ"}, "не нужны"),
        ({"role": "hq_member", "region": "RU-NIZ", "life_situation": ["no-such"]}, "no-such"),
        ({"role": "expert", "region": "RU-NIZ", "life_situation": ["employment-centre"]}, "только для роли"),
        ({"role": "hq_member", "region": "RU-NIZ"}, "--life-situation"),
        ({"role": "agency_analyst"}, "--name"),
        ({"role": "agency_analyst", "name": "Кто-то", "email": "не адрес"}, "адрес"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_comes_in(options: dict, message: str):
    RegionFactory()
    LifeSituationFactory()
    email = options.pop("email", "new@example.ru")
    with pytest.raises(CommandError, match=message):
        call_command("add_member", email, **options)
    assert not User.objects.exists()
    assert not Membership.objects.exists()
