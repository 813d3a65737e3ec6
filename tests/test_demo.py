"""The demonstration: two regions that look like life."""

import json

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import User
from monitoring.models import Collection, WeightDecision
from nsi_portal.demo.people import sign_ins
from regions.models import Institution, Membership
from regions.roles import Role
from surveys.models import Response, SurveyLink
from tests.world import NOW


@pytest.mark.django_db
def test_without_reference_data_it_says_what_to_do():
    with pytest.raises(CommandError, match="load_reference"):
        call_command("load_demo")


@pytest.mark.django_db
def test_it_never_fills_a_portal_in_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="не загружаются"):
        call_command("load_demo")
    assert not User.objects.exists()


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_two_regions_look_like_life(capsys: pytest.CaptureFixture[str]):
    call_command("load_reference", verbosity=0)
    call_command("load_demo")
    answers = Response.objects.count()
    call_command("load_demo")
    assert Response.objects.count() == answers, "the second time changes nothing"

    assert set(Membership.objects.values_list("role", flat=True)) == set(Role)
    for _, email, password in sign_ins():
        assert User.objects.get(email=email).check_password(password)
    for code in ("RU-NIZ", "RU-TYU"):
        institutions = Institution.objects.filter(region__code=code)
        assert set(institutions.values_list("settlement", flat=True)) == {"town", "village"}
        volumes = {one.pk: Response.objects.filter(institution=one).count() for one in institutions}
        assert 0 in volumes.values(), "some are silent"
        assert max(volumes.values()) > 5 * sorted(volumes.values())[1], "volumes differ"
    assert SurveyLink.objects.count() > 2 * Institution.objects.count() - 1
    late = Response.objects.filter(is_eligible=False).count()
    assert 0.05 < late / answers < 0.2
    assert Collection.objects.published().count() == 4

    # One region has published nothing, so its scheme can still be chosen; the other's is frozen.
    assert not WeightDecision.objects.get(region__code="RU-NIZ").is_frozen
    assert WeightDecision.objects.get(region__code="RU-TYU").is_frozen
    call_command("check_rollups")
    capsys.readouterr()
    call_command("kpi", region="RU-NIZ", life_situation="employment-centre", period="2026-Q4", format="json")
    document = json.loads(capsys.readouterr().out)
    assert document["values"]["satisfaction"]["value"] is not None
