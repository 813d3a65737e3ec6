"""Targets of a ЖС's indicators: arithmetic of 001 IV.5 and Приложение 1, entering, approving, withdrawing."""

import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from regions.models import (
    Body,
    BodyMember,
    Indicator,
    IndicatorTarget,
    InfrastructureReached,
    LifeSituationIndicator,
    RegionLifeSituation,
    ServiceCommissioner,
    TargetApproval,
)
from regions.roles import Role
from regions.services import targets as services
from regions.targets import (
    LONG_TERM_MARKS,
    Position,
    fits_unit,
    is_step_back,
    recommended_target,
    target_by_position,
)
from tests.factories import LifeSituationFactory, MembershipFactory
from tests.regions.place import DECISION, SINCE, Taken, signed_in, take
from tests.world import NOW

YEAR = 2026

# Arithmetic


def test_long_term_marks():
    assert dict(LONG_TERM_MARKS) == {
        "satisfaction": 90,
        "time_satisfaction": 90,
        "nps": 30,
        "roadmap_execution": 90,
        "infrastructure": 100,
    }


@pytest.mark.parametrize(
    ("current", "mark", "lower_is_better", "target"),
    [
        (50, 90, False, 60),
        (90, 90, False, 90),
        (95, 90, False, 95),  # never a step back
        (-10, 30, False, 0),
        (0, 90, False, 22.5),
        (40, 20, True, 35),
        (20, 20, True, 20),
        (12, 20, True, 12),
    ],
)
def test_recommended_target_is_a_quarter_of_the_way_to_the_mark(current, mark, lower_is_better, target):
    assert recommended_target(current, mark, lower_is_better=lower_is_better) == target


@pytest.mark.parametrize(
    ("position", "current", "is_satisfaction", "lower_is_better", "target"),
    [
        # national mean 60 and best 85 (days: mean 20, best 8)
        (Position.LAGGING, 40, True, False, 60),
        (Position.AVERAGE, 60, True, False, 85),
        (Position.LEADING, 85, True, False, 85),
        (Position.LEADING, 70, True, False, 75),
        (Position.LEADING, 70, False, False, 70),
        (Position.LAGGING, 65, True, False, 65),  # above the mean: no step back
        (Position.AVERAGE, 88, False, False, 88),
        (Position.LAGGING, 33, False, True, 20),
        (Position.AVERAGE, 20, False, True, 8),
        (Position.LEADING, 8, False, True, 8),
        (Position.LAGGING, 15, False, True, 15),
    ],
)
def test_target_by_position_in_the_rating(position, current, is_satisfaction, lower_is_better, target):
    mean, best = (20, 8) if lower_is_better else (60, 85)
    assert (
        target_by_position(
            position,
            current=current,
            national_mean=mean,
            best=best,
            is_satisfaction=is_satisfaction,
            lower_is_better=lower_is_better,
        )
        == target
    )


def test_less_satisfaction_is_never_better():
    with pytest.raises(ValueError):
        target_by_position(
            Position.LEADING, current=80, national_mean=60, best=85, is_satisfaction=True, lower_is_better=True
        )


@pytest.mark.parametrize(
    ("current", "target", "lower_is_better", "back"),
    [
        (80, 85, False, False),
        (80, 80, False, False),
        (80, 79, False, True),
        (10, 8, True, False),
        (10, 11, True, True),
    ],
)
def test_a_target_worse_than_what_there_is_is_a_step_back(current, target, lower_is_better, back):
    assert is_step_back(current, target, lower_is_better=lower_is_better) is back


@pytest.mark.parametrize(
    ("unit", "value", "fits"),
    [
        ("percent", "0", True),
        ("percent", "100", True),
        ("percent", "100.01", False),
        ("percent", "-0.01", False),
        ("points", "-100", True),
        ("points", "100", True),
        ("points", "-100.01", False),
        ("days", "0", True),
        ("days", "400", True),
        ("days", "-1", False),
        ("hours", "-0.5", False),
        ("minutes", "90", True),
        ("rubles", "100000", True),
        ("count", "-1", False),
    ],
)
def test_a_value_fits_its_unit(unit, value, fits):
    assert fits_unit(unit, Decimal(value)) is fits


def test_every_unit_has_its_limits():
    assert all(fits_unit(unit, Decimal(1)) for unit in Indicator.Unit.values)


# Entering and approving


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def taken(db: None) -> Taken:
    return take()


def values(taken: Taken, *numbers: str) -> dict[Indicator, tuple[Decimal, Decimal] | None]:
    """«80 85» for each indicator in order; empty: none."""
    pairs = [tuple(Decimal(one) for one in pair.split()) or None for pair in numbers]
    return dict(zip(taken.indicators, pairs, strict=False))  # type: ignore[arg-type]


ALL = ("80 85", "-5 10", "12.5 10")


def enter(taken: Taken, *numbers: str, by: Role = Role.HQ_MEMBER, year: int = YEAR, seen: str | None = None) -> None:
    services.enter(place=taken.place, year=year, values=values(taken, *numbers), seen=seen, by=taken.people[by])


def stored(taken: Taken, year: int = YEAR) -> dict[str, tuple[str, str]]:
    rows = IndicatorTarget.objects.filter(place=taken.place, year=year).select_related("indicator")
    return {one.indicator.code: (str(one.current), str(one.target)) for one in rows}


def digest(taken: Taken, year: int = YEAR) -> str:
    return services.digest(IndicatorTarget.objects.filter(place=taken.place, year=year))


def approve(taken: Taken, *, by: Role = Role.HQ_CHAIR, seen: str | None = None) -> TargetApproval:
    return services.approve(
        place=taken.place,
        year=YEAR,
        seen=digest(taken) if seen is None else seen,
        document=DECISION,
        by=taken.people[by],
        at=timezone.now(),
    )


def withdraw(taken: Taken, approval: TargetApproval, *, by: Role = Role.HQ_CHAIR) -> None:
    services.withdraw(
        place=taken.place,
        year=YEAR,
        approval_id=approval.pk,
        reason="Уточнено текущее значение",
        by=taken.people[by],
        at=timezone.now(),
    )


def test_values_are_entered_for_a_year_and_can_be_changed_and_taken_away(taken: Taken):
    enter(taken, "80 85", "-5 10")
    assert stored(taken) == {"satisfaction": ("80.00", "85.00"), "nps": ("-5.00", "10.00")}
    enter(taken, "80 86", "")
    assert stored(taken) == {"satisfaction": ("80.00", "86.00")}
    assert stored(taken, 2027) == {}


def test_saving_what_is_there_already_writes_no_history(taken: Taken):
    enter(taken, *ALL)
    enter(taken, *ALL, by=Role.NSI_ADMIN)
    assert IndicatorTarget.history.count() == 3
    assert set(IndicatorTarget.objects.values_list("entered_by", flat=True)) == {taken.people[Role.HQ_MEMBER].pk}


@pytest.mark.parametrize("role", list(Role))
def test_who_enters(role: Role, taken: Taken):
    if role == Role.INSTITUTION_REP:
        taken.people[role] = MembershipFactory(role=role, institution__region=taken.region).user
    if role in (Role.HQ_MEMBER, Role.NSI_ADMIN):
        enter(taken, "80 85", by=role)
    else:
        with pytest.raises(PermissionDenied):
            enter(taken, "80 85", by=role)


@pytest.mark.parametrize("role", list(Role))
def test_who_approves(role: Role, taken: Taken):
    enter(taken, *ALL)
    if role == Role.INSTITUTION_REP:
        taken.people[role] = MembershipFactory(role=role, institution__region=taken.region).user
    if role == Role.HQ_CHAIR:
        assert approve(taken, by=role).document_title == "№ 12-р от 20.11.2026"
    else:
        with pytest.raises(PermissionDenied):
            approve(taken, by=role)


def test_people_of_another_region_do_neither(taken: Taken):
    other = take("RU-TYU")
    with pytest.raises(PermissionDenied):
        services.enter(place=taken.place, year=YEAR, values=values(taken, *ALL), by=other.people[Role.NSI_ADMIN])
    enter(taken, *ALL)
    with pytest.raises(PermissionDenied):
        services.approve(
            place=taken.place,
            year=YEAR,
            seen=digest(taken),
            document=DECISION,
            by=other.people[Role.HQ_CHAIR],
            at=timezone.now(),
        )


def test_a_member_of_the_headquarters_enters_only_for_the_life_situation_they_answer_for(taken: Taken):
    membership = taken.people[Role.HQ_MEMBER].memberships.get()
    membership.life_situations.set([LifeSituationFactory(code="social-home-care")])
    with pytest.raises(PermissionDenied):
        enter(taken, "80 85")


def test_a_number_the_unit_cannot_have_is_refused_whoever_asks(taken: Taken):
    with pytest.raises(ValueError, match="satisfaction"):
        enter(taken, "80 101")
    assert stored(taken) == {}


def test_an_indicator_of_another_life_situation_is_refused(taken: Taken):
    strange = Indicator.objects.create(code="strange", title="Чужой", unit="percent", kind="main")
    with pytest.raises(services.NotOfThisLifeSituation):
        services.enter(
            place=taken.place,
            year=YEAR,
            values={strange: (Decimal(1), Decimal(2))},
            by=taken.people[Role.HQ_MEMBER],
        )


def test_approved_values_are_locked(taken: Taken):
    enter(taken, *ALL)
    approve(taken)
    with pytest.raises(services.Locked):
        enter(taken, "80 90")
    enter(taken, "81 91", year=2027)
    with pytest.raises(services.Locked):
        approve(taken)


def test_nobody_approves_what_they_wrote(taken: Taken):
    """Not even what somebody else has changed since."""
    chair = taken.people[Role.HQ_CHAIR]
    MembershipFactory(user=chair, role=Role.NSI_ADMIN, region=taken.region)
    enter(taken, *ALL, by=Role.HQ_CHAIR)
    with pytest.raises(services.OwnWork):
        approve(taken)
    enter(taken, "81 86", "-4 11", "12 9")
    with pytest.raises(services.OwnWork):
        approve(taken)
    second = MembershipFactory(role=Role.HQ_CHAIR, region=taken.region).user
    taken.people[Role.HQ_CHAIR] = second
    approve(taken)


def test_only_when_every_indicator_has_values(taken: Taken):
    enter(taken, "80 85", "-5 10")
    with pytest.raises(services.Incomplete):
        approve(taken)
    enter(taken, *ALL)
    approve(taken)


def test_a_life_situation_without_indicators_has_nothing_to_approve(taken: Taken):
    LifeSituationIndicator.objects.all().delete()
    with pytest.raises(services.Incomplete):
        approve(taken)


def test_only_the_values_that_were_seen_are_approved(taken: Taken):
    enter(taken, *ALL)
    seen = digest(taken)
    enter(taken, "80 90")
    with pytest.raises(services.ChangedMeanwhile):
        approve(taken, seen=seen)
    approve(taken)


def test_who_enters_sees_what_others_entered_meanwhile(taken: Taken):
    seen = digest(taken)
    enter(taken, "80 85", seen=seen)
    with pytest.raises(services.ChangedMeanwhile):
        enter(taken, "70 75", by=Role.NSI_ADMIN, seen=seen)
    assert stored(taken) == {"satisfaction": ("80.00", "85.00")}


def test_withdrawing_unlocks_and_the_history_keeps_the_approval_with_the_reason(taken: Taken):
    enter(taken, *ALL)
    approval = approve(taken)
    with pytest.raises(PermissionDenied):
        withdraw(taken, approval, by=Role.HQ_MEMBER)
    withdraw(taken, approval)
    enter(taken, "80 90")
    kept = list(TargetApproval.history.order_by("history_id").values_list("history_type", "withdrawal_reason"))
    assert kept == [("+", ""), ("~", "Уточнено текущее значение"), ("-", "Уточнено текущее значение")]
    page = taken.client(Role.EXPERT).get(reverse("place-history", args=[taken.place.pk]))
    assert "Уточнено текущее значение" in page.content.decode()


def test_withdrawing_twice_does_not_touch_an_approval_made_since(taken: Taken):
    enter(taken, *ALL)
    first = approve(taken)
    withdraw(taken, first)
    second = approve(taken)
    with pytest.raises(services.NotApproved):
        withdraw(taken, first)
    assert TargetApproval.objects.get() == second


def test_approving_can_complete_the_infrastructure_of_the_region(taken: Taken):
    for kind in Body.MAIN_KINDS:
        body = Body.objects.create(region=taken.region, kind=kind, formed_on=SINCE)
        BodyMember.objects.create(body=body, full_name="Анна", is_head=True, starts_on=SINCE)
    ServiceCommissioner.objects.create(region=taken.region, full_name="Пётр", appointed_on=SINCE)
    RegionLifeSituation.objects.filter(pk=taken.place.pk).update(status="implementation")
    enter(taken, *ALL)
    assert not InfrastructureReached.objects.exists()
    approve(taken)
    assert InfrastructureReached.objects.get().reached_on == date(2026, 11, 22)


@pytest.mark.django_db(transaction=True)
def test_entering_while_approving_never_changes_what_was_approved():
    """Either the entry comes first and the approval is refused, or the approval comes first and the entry is."""
    with time_machine.travel(NOW, tick=False):
        for number in range(4):
            taken = take(life_situation="employment-centre", code=("RU-NIZ", "RU-TYU", "RU-KAM", "RU-SAK")[number])
            enter(taken, *ALL)
            seen, outcome = digest(taken), []
            barrier = threading.Barrier(2)

            def run(action: Any, outcome: list[str] = outcome, barrier: threading.Barrier = barrier) -> None:
                barrier.wait()
                try:
                    action()
                    outcome.append("done")
                except (services.Locked, services.ChangedMeanwhile) as error:
                    outcome.append(type(error).__name__)
                finally:
                    connection.close()

            threads = [
                threading.Thread(target=run, args=[lambda taken=taken: enter(taken, "80 99")]),
                threading.Thread(target=run, args=[lambda taken=taken, seen=seen: approve(taken, seen=seen)]),
            ]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            approved = TargetApproval.objects.filter(place=taken.place).exists()
            assert sorted(outcome) == (["Locked", "done"] if approved else ["ChangedMeanwhile", "done"])
            assert stored(taken)["satisfaction"][1] == ("85.00" if approved else "99.00")


# Pages


def page(taken: Taken, name: str = "place-targets", year: int = YEAR) -> str:
    return reverse(name, args=[taken.place.pk, year])


def sent(taken: Taken, *numbers: str, seen: str | None = None) -> dict[str, str]:
    data = {"seen": digest(taken) if seen is None else seen}
    for indicator, pair in zip(taken.indicators, numbers, strict=True):
        current, target = pair.split("|")
        data |= {f"current_{indicator.pk}": current, f"target_{indicator.pk}": target}
    return data


def test_numbers_are_typed_with_a_comma_or_a_point(taken: Taken):
    answer = taken.client(Role.HQ_MEMBER).post(page(taken), sent(taken, "80,5|85.25", "−5|10", "1 012|10"))
    assert answer.status_code == 302
    assert stored(taken) == {
        "satisfaction": ("80.50", "85.25"),
        "nps": ("-5.00", "10.00"),
        "time": ("1012.00", "10.00"),
    }
    shown = taken.client(Role.HQ_MEMBER).get(page(taken)).content.decode()
    assert 'value="80,5"' in shown and 'value="85,25"' in shown and 'value="1012"' in shown


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("101|85", "Значение должно быть от 0 до 100"),
        ("-1|85", "Значение должно быть от 0 до 100"),
        ("восемьдесят|85", "Введите число"),
        ("1e1|85", "Введите число"),
        ("NaN|85", "Введите число"),
        ("٣|85", "Введите число"),
        ("80,555|85", "Не больше двух знаков после запятой"),
        ("80|", "Укажите оба значения или оставьте оба поля пустыми"),
        ("|80", "Укажите оба значения или оставьте оба поля пустыми"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(typed: str, message: str, taken: Taken):
    answer = taken.client(Role.HQ_MEMBER).post(page(taken), sent(taken, typed, "1|2", "|"))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert message in shown
    assert all(f'value="{one}"' in shown for one in typed.split("|") if one)
    assert stored(taken) == {}


@pytest.mark.parametrize(("typed", "ok"), [("-100|100", True), ("-101|0", False), ("0|100,5", False)])
def test_points_run_from_minus_one_hundred_to_one_hundred(typed: str, ok: bool, taken: Taken):
    answer = taken.client(Role.HQ_MEMBER).post(page(taken), sent(taken, "|", typed, "|"))
    assert answer.status_code == (302 if ok else 422)


def test_the_recommended_target_is_a_hint_and_a_worse_one_a_warning(taken: Taken):
    client = taken.client(Role.HQ_MEMBER)
    assert client.post(page(taken), sent(taken, "50|49", "-10|0", "12|10")).status_code == 302
    shown = " ".join(client.get(page(taken)).content.decode().split())
    assert "Рекомендуемая цель на год <strong>60</strong>" in shown
    assert "Рекомендуемая цель на год <strong>0</strong>" in shown
    assert shown.count("Рекомендуемая цель на год <strong>") == 2, "time has no mark in days"
    assert shown.count("цель хуже текущего значения") == 1


def test_who_saves_over_anothers_values_is_shown_them_first(taken: Taken):
    client, seen = taken.client(Role.HQ_MEMBER), digest(taken)
    enter(taken, "80 85", by=Role.NSI_ADMIN)
    answer = client.post(page(taken), sent(taken, "70|75", "|", "|", seen=seen))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "значения изменил другой человек" in shown
    assert "80 → 85" in shown and 'value="70"' in shown
    assert stored(taken) == {"satisfaction": ("80.00", "85.00")}
    assert digest(taken) in shown, "saving once more is a decision"


def test_everybody_of_the_region_reads_the_values_but_only_few_get_the_form(taken: Taken):
    enter(taken, *ALL)
    assert 'name="seen"' in taken.client(Role.NSI_ADMIN).get(page(taken)).content.decode()
    reader = taken.client(Role.EXPERT)
    shown = reader.get(page(taken)).content.decode()
    assert 'name="seen"' not in shown and "12,5" in shown
    assert reader.post(page(taken), sent(taken, *["1|2"] * 3)).status_code == 403


def decision(taken: Taken, **changes: Any) -> dict[str, Any]:
    return {"seen": digest(taken), "document_number": "7", "document_date": "2026-11-20", **changes}


def test_the_chair_approves_with_the_document_and_withdraws_with_a_reason(taken: Taken):
    enter(taken, *ALL)
    chair = taken.client(Role.HQ_CHAIR)
    assert "Утвердить" in chair.get(page(taken)).content.decode()
    assert chair.get(page(taken, "targets-approve")).status_code == 200
    file = SimpleUploadedFile("Решение.pdf", b"%PDF-1.7 test")
    answer = chair.post(page(taken, "targets-approve"), decision(taken, document_file=file))
    assert answer.status_code == 302
    approval = TargetApproval.objects.get()
    assert (approval.approved_by, approval.document_name) == (taken.people[Role.HQ_CHAIR], "Решение.pdf")
    download = taken.client(Role.EXPERT).get(page(taken, "targets-document"))
    assert b"".join(download.streaming_content) == b"%PDF-1.7 test"
    # Clicked twice: no harm.
    assert chair.post(page(taken, "targets-approve"), decision(taken)).status_code == 302
    # Locked for everybody.
    member = taken.client(Role.HQ_MEMBER)
    assert 'name="seen"' not in member.get(page(taken)).content.decode()
    refused = member.post(page(taken), sent(taken, "1|2", "1|2", "1|2"))
    assert refused.status_code == 422 and "уже утверждены" in refused.content.decode()
    # Until it is withdrawn.
    assert chair.post(page(taken, "targets-withdraw"), {"approval": approval.pk}).status_code == 422
    gone = {"approval": approval.pk, "reason": "Ошибка в числах"}
    assert chair.post(page(taken, "targets-withdraw"), gone).status_code == 302
    assert chair.post(page(taken, "targets-withdraw"), gone).status_code == 302
    assert not TargetApproval.objects.exists()
    assert chair.get(page(taken, "targets-document")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"document_number": ""}, "Обязательное поле"),
        ({"document_date": ""}, "Обязательное поле"),
        ({"document_date": "2026-11-23"}, "Этот день ещё не наступил"),
        ({"document_file": SimpleUploadedFile("a.html", b"<p>")}, "Такой файл принять нельзя"),
        ({"seen": "another"}, "значения изменились"),
    ],
)
def test_what_is_wrong_with_an_approval_is_said(changes: dict[str, Any], message: str, taken: Taken):
    enter(taken, *ALL)
    answer = taken.client(Role.HQ_CHAIR).post(page(taken, "targets-approve"), decision(taken, **changes))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not TargetApproval.objects.exists()


def test_the_page_says_why_nothing_can_be_approved(taken: Taken):
    chair = taken.client(Role.HQ_CHAIR)
    answer = chair.post(page(taken, "targets-approve"), decision(taken))
    assert answer.status_code == 422 and "внесены не по всем" in answer.content.decode()
    MembershipFactory(user=taken.people[Role.HQ_CHAIR], role=Role.NSI_ADMIN, region=taken.region)
    enter(taken, *ALL, by=Role.HQ_CHAIR)
    answer = signed_in(taken.people[Role.HQ_CHAIR]).post(page(taken, "targets-approve"), decision(taken))
    assert answer.status_code == 422 and "утвердить их должен другой человек" in answer.content.decode()
    assert not TargetApproval.objects.exists()


@pytest.mark.parametrize(("year", "status"), [(2020, 404), (2021, 200), (2031, 200), (2032, 404), (10**9, 404)])
def test_years_that_make_no_sense_have_no_page(year: int, status: int, taken: Taken):
    assert taken.client(Role.HQ_CHAIR).get(page(taken, year=year)).status_code == status


def test_the_pages_of_targets_take_as_many_queries_for_three_indicators_as_for_thirty(taken: Taken):
    enter(taken, *ALL)
    client = taken.client(Role.NSI_ADMIN)
    few = queries(client, page(taken))
    for number in range(27):
        indicator = Indicator.objects.create(code=f"more-{number}", title=f"Ещё {number}", unit="percent", kind="main")
        LifeSituationIndicator.objects.create(
            life_situation=taken.life_situation, indicator=indicator, number="1", position=10 + number
        )
        person: User = MembershipFactory(role=Role.NSI_ADMIN, region=taken.region).user
        services.enter(place=taken.place, year=YEAR, values={indicator: (Decimal(1), Decimal(2))}, by=person)
    assert queries(client, page(taken)) == few


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)
