"""Infrastructure readiness [001 V.2]: three facts, frozen with the date once all are true."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction

from regions.local_dates import local_date
from regions.models import (
    Body,
    BodyMember,
    Indicator,
    IndicatorTarget,
    InfrastructureReached,
    LifeSituationIndicator,
    Region,
    RegionLifeSituation,
    ServiceCommissioner,
    TargetApproval,
)
from regions.readiness import Readiness, infrastructure_share
from regions.services.readiness import remeasure, remeasure_waiting
from regions.tiles import tiles
from surveys.counting.statistics import round_half_up
from tests.factories import LifeSituationFactory, RegionFactory

NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("answers", "as_shown"),
    [
        ((False, False, False), "0.0"),
        ((True, False, False), "33.3"),
        ((False, True, False), "33.3"),
        ((False, False, True), "33.3"),
        ((True, False, True), "66.7"),
        ((True, True, True), "100.0"),
    ],
)
def test_infrastructure_is_the_share_of_three_yes(answers, as_shown):
    names = ("bodies_exist", "roadmaps_exist", "indicators_approved")
    facts = dict(zip(names, answers, strict=True))
    assert round_half_up(infrastructure_share(**facts)) == Decimal(as_shown)
    assert Readiness(**facts).share == infrastructure_share(**facts)
    assert Readiness(**facts).is_whole is all(answers)


def test_whole_infrastructure_is_exactly_one_hundred():
    assert infrastructure_share(bodies_exist=True, roadmaps_exist=True, indicators_approved=True) == 100


def test_what_was_reached_stays_whatever_is_lost_later():
    lost = Readiness(bodies_exist=False, roadmaps_exist=False, indicators_approved=False, reached_on=TODAY)
    assert lost.share == 100
    assert lost.is_whole


def ready_region(code: str = "RU-NIZ") -> Region:
    """Everything in place: РШ and РЭГ with heads, РСУ, a ЖС with a roadmap and approved values of its indicators."""
    region = RegionFactory(code=code)
    for kind in Body.MAIN_KINDS:
        body = Body.objects.create(region=region, kind=kind, formed_on=date(2026, 1, 10))
        head(body)
    ServiceCommissioner.objects.create(region=region, full_name="Мельникова Ю. А.", appointed_on=date(2026, 2, 1))
    place = RegionLifeSituation.objects.create(
        region=region,
        life_situation=LifeSituationFactory(),
        since=date(2026, 1, 10),
        status="implementation",
        status_since=date(2026, 3, 1),
    )
    for number in (1, 2):
        indicator, _ = Indicator.objects.get_or_create(
            code=f"indicator-{number}", defaults={"title": f"Показатель {number}", "unit": "percent", "kind": "main"}
        )
        LifeSituationIndicator.objects.get_or_create(
            life_situation=place.life_situation, indicator=indicator, defaults={"number": number, "position": number}
        )
        IndicatorTarget.objects.create(place=place, indicator=indicator, year=2026, current=60, target=80)
    TargetApproval.objects.create(place=place, year=2026, document_number="4-РШ", approved_at=NOON)
    return region


def head(body: Body, **fields: object) -> BodyMember:
    return BodyMember.objects.create(
        body=body,
        **{
            "full_name": "Ветров Н. П.",
            "position": "заместитель губернатора",
            "organisation": "Правительство",
            "group": "other",
            "is_head": True,
            "starts_on": date(2026, 1, 10),
            **fields,
        },
    )


def measured(region: Region, at: datetime = NOON) -> tuple[bool, bool, bool]:
    found = Region.objects.with_readiness(at).get(pk=region.pk).readiness
    return (found.bodies_exist, found.roadmaps_exist, found.indicators_approved)


def _body(region: Region, kind: str) -> Body:
    return region.bodies.get(kind=kind)


def _end(model: type[Body] | type[ServiceCommissioner], on: date, **which: object) -> None:
    one = model.objects.get(**which)
    one.ended_on = on
    one.save()


def _another_place(region: Region, status: str) -> RegionLifeSituation:
    return RegionLifeSituation.objects.create(
        region=region, life_situation=LifeSituationFactory(code="social-home-care"), since=TODAY, status=status
    )


YESTERDAY = date(2026, 11, 21)
TOMORROW = date(2026, 11, 23)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("what", "change", "facts"),
    [
        ("nothing is missing", lambda region: None, (True, True, True)),
        # Bodies and РСУ.
        ("no РШ", lambda region: _body(region, "headquarters").delete(), (False, True, True)),
        ("no РЭГ", lambda region: _body(region, "expert_group").delete(), (False, True, True)),
        ("no РСУ", lambda region: region.commissioners.all().delete(), (False, True, True)),
        ("РШ ended yesterday", lambda region: _end(Body, YESTERDAY, kind="headquarters"), (False, True, True)),
        ("РЭГ acts its last day", lambda region: _end(Body, TODAY, kind="expert_group"), (True, True, True)),
        ("РСУ left yesterday", lambda region: _end(ServiceCommissioner, YESTERDAY), (False, True, True)),
        ("РСУ leaves today", lambda region: _end(ServiceCommissioner, TODAY), (True, True, True)),
        ("РШ begins tomorrow", lambda region: region.bodies.update(formed_on=TOMORROW), (False, True, True)),
        (
            "РШ has no head",
            lambda region: _body(region, "headquarters").members.update(is_head=False),
            (False, True, True),
        ),
        (
            "the head of РЭГ has left",
            lambda region: _body(region, "expert_group").members.update(ends_on=YESTERDAY),
            (False, True, True),
        ),
        (
            "groups stand in for nobody",
            lambda region: region.bodies.filter(kind="headquarters").update(kind="sector_group"),
            (False, True, True),
        ),
        # Roadmaps.
        ("no ЖС chosen", lambda region: region.life_situations.all().delete(), (True, False, False)),
        ("ЖС only chosen", lambda region: region.life_situations.update(status="chosen"), (True, False, True)),
        (
            "self-assessment",
            lambda region: region.life_situations.update(status="self_assessment"),
            (True, False, True),
        ),
        ("roadmap in work", lambda region: region.life_situations.update(status="roadmap"), (True, False, True)),
        ("scaling", lambda region: region.life_situations.update(status="scaling"), (True, True, True)),
        ("completed", lambda region: region.life_situations.update(status="completed"), (True, True, True)),
        ("one ЖС of two without roadmap", lambda region: _another_place(region, "chosen"), (True, False, False)),
        # Indicators.
        ("second ЖС without values", lambda region: _another_place(region, "implementation"), (True, True, False)),
        ("not approved", lambda region: TargetApproval.objects.all().delete(), (True, True, False)),
        ("approved for another year", lambda region: TargetApproval.objects.update(year=2027), (True, True, False)),
        (
            "a main indicator without value",
            lambda region: IndicatorTarget.objects.first().delete(),
            (True, True, False),
        ),
        (
            "an auxiliary indicator without value",
            lambda region: (
                (Indicator.objects.filter(code="indicator-1").update(kind="auxiliary"))
                and IndicatorTarget.objects.filter(indicator__code="indicator-1").delete()
            ),
            (True, True, True),
        ),
        (
            "ЖС without indicators of its own, no value either",
            lambda region: (LifeSituationIndicator.objects.all().delete(), IndicatorTarget.objects.all().delete()),
            (True, True, False),
        ),
        (
            "ЖС without indicators of its own, a value approved",
            lambda region: LifeSituationIndicator.objects.all().delete(),
            (True, True, True),
        ),
    ],
)
def test_each_missing_fact(what: str, change: Callable[[Region], object], facts: tuple[bool, bool, bool]):
    region = ready_region()
    change(region)
    assert measured(region) == facts, what


@pytest.mark.django_db
def test_facts_of_another_region_do_not_count():
    ready_region()
    other = RegionFactory(code="RU-TYU")
    assert measured(other) == (False, False, False)
    remeasure(other, at=NOON)
    assert not InfrastructureReached.objects.exists()


@pytest.mark.django_db
def test_the_day_is_that_of_the_region():
    """20:30 UTC on the 22nd: the last evening of РСУ in Kaliningrad, already the 23rd in Kamchatka."""
    at = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
    west, east = ready_region("RU-KGD"), ready_region("RU-KAM")
    for one in ServiceCommissioner.objects.all():
        one.ended_on = TODAY
        one.save()
    assert measured(west, at) == (True, True, True)
    assert measured(east, at) == (False, True, True)
    for one in ServiceCommissioner.objects.all():
        one.ended_on = None
        one.save()
    for region in (west, east):
        remeasure(region, at=at)
    assert west.infrastructure_reached.reached_on == date(2026, 11, 22)
    assert east.infrastructure_reached.reached_on == date(2026, 11, 23)


@pytest.mark.django_db
def test_the_whole_is_frozen_with_its_date_and_grounds_and_never_again():
    region = ready_region()
    remeasure(region, at=NOON)
    frozen = InfrastructureReached.objects.get(region=region)
    assert (frozen.reached_on, frozen.frozen_at) == (TODAY, NOON)
    grounds = [ground for fact in frozen.facts for ground in fact["grounds"]]
    assert "Региональный штаб (РШ)" in grounds
    assert any("№ 4-РШ" in ground for ground in grounds)
    # A frozen record may outlive the person: no names in it.
    assert not any("Мельникова" in ground for ground in grounds)

    region.commissioners.all().delete()
    TargetApproval.objects.all().delete()
    remeasure(region, at=datetime(2027, 1, 1, tzinfo=UTC))
    found = Region.objects.with_readiness(NOON).get(pk=region.pk)
    assert (found.readiness.share, found.readiness.reached_on, found.readiness_met) == (100, TODAY, 3)
    assert not found.readiness.bodies_exist


@pytest.mark.django_db
def test_two_of_three_freeze_nothing():
    region = ready_region()
    region.commissioners.all().delete()
    remeasure(region, at=NOON)
    assert not InfrastructureReached.objects.exists()
    found = Region.objects.with_readiness(NOON).get(pk=region.pk)
    assert found.readiness_met == 2
    assert round(found.readiness.share, 1) == 66.7


@pytest.mark.django_db
def test_what_becomes_whole_by_the_calendar_is_frozen_by_the_hourly_look():
    region, behind = ready_region(), ready_region("RU-TYU")
    behind.commissioners.all().delete()
    region.bodies.update(formed_on=TOMORROW)
    assert remeasure_waiting(at=NOON) == 0
    tomorrow = datetime(2026, 11, 22, 21, 5, tzinfo=UTC)
    assert remeasure_waiting(at=tomorrow) == 1
    assert InfrastructureReached.objects.get().reached_on == TOMORROW
    assert remeasure_waiting(at=tomorrow) == 0


@pytest.mark.django_db
def test_a_region_measured_in_a_change_that_is_rolled_back_is_not_frozen():
    region = ready_region()
    with pytest.raises(RuntimeError), transaction.atomic():
        remeasure(region, at=NOON)
        raise RuntimeError
    assert not InfrastructureReached.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 89])
def test_all_regions_are_measured_in_one_query(count: int, django_assert_num_queries):
    for code in list(tiles())[:count]:
        RegionFactory(code=code)
    with django_assert_num_queries(1):
        found = [one.readiness.share for one in Region.objects.with_readiness(NOON)]
    assert len(found) == count


@pytest.mark.django_db
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_the_database_knows_the_date_of_every_region_as_the_region_does(hour: int):
    at = datetime(2026, 11, 22, hour, 30, tzinfo=UTC)
    for code in tiles():
        RegionFactory(code=code)
    for region in Region.objects.annotate(day=local_date(at)):
        assert region.day == region.local_date(at), region


@pytest.mark.django_db(transaction=True)
def test_the_last_two_facts_of_two_people_at_once_freeze_it_once():
    """Each change alone leaves one fact out; together they are the whole, and one of the two sees it."""
    region = ready_region()
    region.commissioners.all().delete()
    TargetApproval.objects.all().delete()
    place = region.life_situations.get()
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def change(make: Callable[[], object]) -> None:
        try:
            start.wait()
            with transaction.atomic():
                make()
                remeasure(region, at=NOON)
        except BaseException as error:  # told to the test below
            failures.append(error)
        finally:
            connection.close()

    changes = (
        lambda: ServiceCommissioner.objects.create(region=region, full_name="Р. С. У.", appointed_on=TODAY),
        lambda: TargetApproval.objects.create(place=place, year=2026, approved_at=NOON),
    )
    threads = [threading.Thread(target=change, args=[one]) for one in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert failures == []
    assert InfrastructureReached.objects.filter(region=region).count() == 1
