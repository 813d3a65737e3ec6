"""Leaving answers out and taking them back in: two people, a reason, and a line in the passport of the value."""

import re
import threading
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.services import run_job
from monitoring.cabinet import tasks
from monitoring.models import Collection
from monitoring.quarters import services as monitoring
from monitoring.quarters.reports import ReportContext, context_of, make_pdf, make_xlsx
from monitoring.quarters.results import QuarterResult
from monitoring.quarters.rows import passport_rows
from regions.models import Membership
from regions.roles import Role
from surveys.counting import rollups
from surveys.counting.readings import counts_for_period, counts_from_answers
from surveys.locks import PublishedAlready
from surveys.models import ExclusionCase, Response
from surveys.quality.marks import Flag
from surveys.services import quality
from tests.factories import LifeSituationFactory, MembershipFactory, ResponseFactory, SurveyLinkFactory
from tests.world import NOW, World, build_world, give_answers, publish_quarter

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
DAY = date(2026, 11, 3)
REASON = "Все ответы пришли за одну минуту ночью"
LEAVE_OUT, TAKE_BACK = ExclusionCase.Kind.LEAVE_OUT, ExclusionCase.Kind.TAKE_BACK


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world() -> World:
    """With forty good answers in the open quarter and twelve of a burst, all of them «Нет»."""
    world = build_world("RU-NIZ")
    give_answers(world.link, date(2026, 11, 10), satisfied=36, of=40)
    for _ in range(12):
        ResponseFactory(link=world.link, answered_on=DAY, satisfaction=1, nps=0, flags=Flag.BURST | Flag.NIGHT)
    rollups.roll_up(timezone.now())
    return world


def burst() -> list[int]:
    return list(Response.objects.filter(answered_on=DAY).order_by("pk").values_list("pk", flat=True))


def propose(world: World, *, kind: str = LEAVE_OUT, by: Role = Role.NSI_ADMIN, ids: list[int] | None = None):
    return quality.propose(
        institution=world.institution,
        life_situation=world.life_situation,
        kind=kind,
        response_ids=burst() if ids is None else ids,
        reason=REASON,
        by=world.people[by],
    )


def approve(world: World, case: ExclusionCase, by: Role = Role.SERVICE_COMMISSIONER) -> ExclusionCase:
    return quality.approve(case=case, by=world.people[by], at=timezone.now())


def counts(world: World) -> tuple[int, int, int]:
    """Received, counted and left out in the open quarter; from the rollup and from the answers alike."""
    place = {
        "life_situation_id": world.life_situation.pk,
        "institution_ids": [world.institution.pk],
        "first": world.quarter.opens_on,
        "last": world.quarter.closes_on,
    }
    fast, slow = counts_for_period(**place)[world.institution.pk], counts_from_answers(**place)[world.institution.pk]
    assert fast == slow
    assert rollups.find_differences(timezone.now()) == []
    return fast.received, fast.eligible, fast.excluded


# Two people -----------------------------------------------------------------------------------------------------------


def test_an_approved_proposal_takes_the_answers_out_of_every_figure_and_back(world: World):
    assert counts(world) == (52, 52, 0)
    case = propose(world)
    assert counts(world) == (52, 52, 0), "until somebody decides nothing changes"
    case = approve(world, case)
    assert (case.state, case.number, case.decided_by) == ("approved", 12, world.people[Role.SERVICE_COMMISSIONER])
    assert counts(world) == (52, 40, 12)
    approve(world, propose(world, kind=TAKE_BACK, by=Role.HQ_MEMBER), Role.HQ_CHAIR)
    assert counts(world) == (52, 52, 0)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.NSI_ADMIN, Role.HQ_MEMBER}))
def test_only_those_who_run_the_life_situation_or_the_region_propose(world: World, role: Role):
    with pytest.raises(PermissionDenied):
        propose(world, by=role)
    assert not ExclusionCase.objects.exists()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SERVICE_COMMISSIONER, Role.HQ_CHAIR}))
def test_only_the_commissioner_and_the_head_decide(world: World, role: Role):
    case = propose(world)
    for decide in (quality.approve, quality.decline):
        with pytest.raises(PermissionDenied):
            decide(case=case, by=world.people[role], at=timezone.now(), explanation="Не похоже на правду")
    assert counts(world) == (52, 52, 0)


def test_a_member_of_the_headquarters_proposes_only_in_the_life_situation_they_answer_for(world: World):
    world.people[Role.HQ_MEMBER].memberships.get().life_situations.set([LifeSituationFactory(code="social-home-care")])
    with pytest.raises(PermissionDenied):
        propose(world, by=Role.HQ_MEMBER)


def test_nobody_decides_what_they_proposed_whatever_roles_they_hold(world: World):
    both = world.people[Role.NSI_ADMIN]
    MembershipFactory(user=both, role=Role.SERVICE_COMMISSIONER, region=world.region)
    MembershipFactory(user=both, role=Role.HQ_CHAIR, region=world.region)
    case = propose(world)
    for decide in (quality.approve, quality.decline):
        with pytest.raises(quality.OwnProposal):
            decide(case=case, by=both, at=timezone.now(), explanation="Не похоже на правду")
    assert not quality.may_decide(case, both)
    # Even past the services the database says no.
    with pytest.raises(IntegrityError), transaction.atomic():
        ExclusionCase.objects.filter(pk=case.pk).update(state="approved", decided_by=both, decided_at=timezone.now())


def test_the_proposal_of_somebody_who_has_left_is_taken_back_by_a_successor(world: World):
    case = propose(world)
    successor = MembershipFactory(role=Role.NSI_ADMIN, region=world.region).user
    client = Client()
    client.force_login(successor, backend=BACKEND)
    page = reverse("exclusion-case", args=[case.pk])
    with pytest.raises(PermissionDenied):
        quality.withdraw(case=case, by=successor)
    assert "Отозвать" not in client.get(page).content.decode()
    world.people[Role.NSI_ADMIN].memberships.update(ends_on=NOW.date() - timedelta(days=1))
    for stranger in (Role.HQ_CHAIR, Role.EXPERT):
        with pytest.raises(PermissionDenied):
            quality.withdraw(case=case, by=world.people[stranger])
    assert "Отозвать" in client.get(page).content.decode()
    client.post(reverse("exclusion-withdraw", args=[case.pk]))
    case.refresh_from_db()
    assert case.state == ExclusionCase.State.WITHDRAWN


def test_a_declined_or_withdrawn_proposal_changes_nothing_and_the_answers_may_be_proposed_again(world: World):
    first = propose(world)
    quality.decline(case=first, by=world.people[Role.HQ_CHAIR], at=timezone.now(), explanation="Была рассылка СМС")
    second = propose(world)
    with pytest.raises(PermissionDenied):
        quality.withdraw(case=second, by=world.people[Role.HQ_CHAIR])
    quality.withdraw(case=second, by=world.people[Role.NSI_ADMIN])
    assert counts(world) == (52, 52, 0)
    with pytest.raises(quality.NotWaiting):
        approve(world, second)
    propose(world)


def test_an_answer_waits_in_one_proposal_only_and_is_left_out_once(world: World):
    case = propose(world, ids=burst()[:5])
    for ids in (burst(), burst()[4:6], burst()[:5]):
        with pytest.raises(quality.AnswersChanged):
            propose(world, ids=ids)
    approve(world, case)
    with pytest.raises(quality.AnswersChanged):
        propose(world, ids=burst())
    with pytest.raises(quality.AnswersChanged):
        propose(world, kind=TAKE_BACK, ids=burst()[5:])
    for ids in ([], [10**15]):
        with pytest.raises(quality.AnswersChanged):
            propose(world, ids=ids)


def test_answers_of_another_institution_are_not_swallowed(world: World):
    foreign = ResponseFactory(link=world.sibling_link, answered_on=DAY)
    with pytest.raises(quality.AnswersChanged):
        propose(world, ids=[*burst(), foreign.pk])


def test_what_arrives_after_the_proposal_is_not_in_it(world: World):
    case = propose(world)
    late = ResponseFactory(link=world.link, answered_on=DAY, flags=Flag.BURST | Flag.NIGHT)
    approve(world, case)
    late.refresh_from_db()
    assert not late.is_excluded
    assert counts(world) == (53, 41, 12)


def test_a_decision_on_answers_already_left_out_or_gone_says_so(world: World):
    case = propose(world)
    with rollups.changing(burst()):
        Response.objects.filter(pk__in=burst()).update(is_excluded=True)
    with pytest.raises(quality.AnswersChanged, match="уже сделано"):
        approve(world, case)
    with rollups.changing(burst()):
        Response.objects.filter(pk__in=burst()[:7]).update(is_excluded=False)
    assert approve(world, case).number == 7, "the record says what was done"

    gone = propose(world, kind=TAKE_BACK, ids=burst())
    with rollups.changing(burst()):
        Response.objects.filter(pk__in=burst()).delete()
    with pytest.raises(quality.AnswersChanged, match="больше нет"):
        approve(world, gone)


def test_a_published_quarter_stays_as_it_is(world: World):
    waiting = propose(world)
    publish_quarter(world.place, world.quarter, world.people)
    with pytest.raises(PublishedAlready, match="4 квартал 2026 года"):
        approve(world, waiting)
    waiting.refresh_from_db()
    assert (waiting.state, counts(world)) == ("proposed", (52, 52, 0))
    quality.withdraw(case=waiting, by=world.people[Role.NSI_ADMIN])
    with pytest.raises(PublishedAlready):
        propose(world)
    # The day after the quarter is open.
    later = ResponseFactory(link=world.link, answered_on=world.quarter.closes_on + timedelta(days=1))
    approve(world, propose(world, ids=[later.pk]))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_decides(world: World):
    case = propose(world)
    ready, outcomes = threading.Barrier(2), []

    def decide(role: Role, service: Any) -> None:
        try:
            person = User.objects.get(pk=world.people[role].pk)
            ready.wait(10)
            service(case=case, by=person, at=timezone.now(), explanation="Была рассылка СМС")
            outcomes.append("done")
        except quality.NotWaiting:
            outcomes.append("too late")
        finally:
            connections.close_all()

    both = [(Role.SERVICE_COMMISSIONER, quality.approve), (Role.HQ_CHAIR, quality.decline)]
    threads = [threading.Thread(target=decide, args=one) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done", "too late"]
    case.refresh_from_db()
    assert counts(world) == ((52, 40, 12) if case.state == "approved" else (52, 52, 0))


# Passport -------------------------------------------------------------------------------------------------------------


def calculate(world: World) -> Collection:
    member = world.people[Role.HQ_MEMBER]
    if not world.region.weight_decisions.filter(year=2026).exists():
        monitoring.decide_weights(
            region=world.region,
            year=2026,
            scheme="respondents",
            document_number="1",
            document_date=DAY,
            by=member,
            at=timezone.now(),
        )
    collection = monitoring.collection_for(world.place, world.quarter)
    run_job(monitoring.ask_to_calculate(collection=collection, by=member).pk)
    collection.refresh_from_db()
    return collection


def passport_of(context: ReportContext) -> dict[str, str]:
    return {row.label: row.value.replace("\u00a0", " ") for row in context.passport}


def test_every_decision_is_listed_in_the_passport_on_the_page_and_in_the_reports(world: World):
    world.people[Role.NSI_ADMIN].full_name = "Фомина Татьяна Львовна"
    world.people[Role.NSI_ADMIN].save()
    approve(world, propose(world))
    collection = calculate(world)
    rows = passport_of(context_of(collection))
    line = rows["Решение об ответах от 22.11.2026"]
    assert line.startswith(f"Исключено: 12 ответов. {world.institution.name}. Причина: {REASON}. Предложил(а): ")
    assert "Администратор НСИ, Фомина Т. Л.; решил(а): " in line
    assert rows["Ответов не учтено"].startswith("12 (") and "исключено решениями: 12" in rows["Ответов не учтено"]
    client = signed_in(world, Role.HQ_CHAIR)
    url = reverse("passport", args=[world.region.code, world.life_situation.code, world.quarter.code])
    page = " ".join(client.get(url).content.decode().split())
    assert REASON in page and "Решение об ответах от 22.11.2026" in page
    assert make_xlsx(collection) and make_pdf(collection)


def test_without_decisions_the_passport_says_so_and_old_snapshots_still_open(world: World):
    collection = calculate(world)
    assert passport_of(context_of(collection))["Решения об исключении ответов"] == "не принимались"
    old = {name: value for name, value in collection.snapshot.items() if name != "answer_decisions"}
    result = QuarterResult.from_document(old)
    assert result.answer_decisions == ()
    assert passport_rows(result, zone=world.region.zone)


def test_decisions_are_frozen_with_the_quarter(world: World):
    approve(world, propose(world))
    publish_quarter(world.place, world.quarter, world.people)
    ExclusionCase.objects.update(reason="Переписали потом")
    rows = passport_of(context_of(Collection.objects.get(period=world.quarter)))
    assert REASON in rows["Решение об ответах от 22.11.2026"]


def test_a_quarter_calculated_before_a_decision_is_out_of_date_even_when_the_counts_are_the_same(world: World):
    collection = calculate(world)
    now = monitoring.quarter_result(world.place, world.quarter)
    assert not monitoring.has_changed_since(collection, now)
    approve(world, propose(world))
    assert monitoring.has_changed_since(collection, monitoring.quarter_result(world.place, world.quarter))
    url = reverse("collection", args=[world.region.code, world.life_situation.code, world.quarter.code])
    assert "Данные изменились" in signed_in(world, Role.HQ_MEMBER).get(url).content.decode()
    with pytest.raises(monitoring.OutOfDate):
        monitoring.publish(collection=collection, by=world.people[Role.HQ_MEMBER], at=timezone.now())
    approve(world, propose(world, kind=TAKE_BACK))
    again = monitoring.quarter_result(world.place, world.quarter)
    assert again.eligible == now.eligible
    assert monitoring.has_changed_since(collection, again), "two decisions more stand in the passport"


def test_of_a_decision_over_two_quarters_each_counts_its_own_answers(world: World):
    next_day = world.quarter.closes_on + timedelta(days=1)
    later = [ResponseFactory(link=world.link, answered_on=next_day).pk for _ in range(2)]
    approve(world, propose(world, ids=[*burst(), *later]))
    [decision] = monitoring.quarter_result(world.place, world.quarter).answer_decisions
    assert decision.number == 12


# Pages ----------------------------------------------------------------------------------------------------------------


def signed_in(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.people[role], backend=BACKEND)
    return client


def quality_url(world: World, **query: Any) -> str:
    return reverse("institution-quality", args=[world.institution.pk]) + f"?{urlencode(query)}"


def tokens_in(page: str) -> list[str]:
    return re.findall(r'name="group"\s+value="([^"]+)"', page)


def hidden_in(page: str) -> dict[str, Any]:
    found = {name: re.search(rf'name="{name}"\s+value="(\d+)"', page)[1] for name in ("seen", "newest")}  # type: ignore[index]
    return {**found, "group": tokens_in(page)}


def test_from_the_list_to_the_decision(world: World):
    """The whole way over the pages, as two people go it."""
    admin, commissioner = signed_in(world, Role.NSI_ADMIN), signed_in(world, Role.SERVICE_COMMISSIONER)
    overview = admin.get(reverse("region-quality", args=[world.region.code])).content.decode()
    assert world.institution.name in overview and "всплеск:\u00a012" in overview
    listed = admin.get(quality_url(world)).content.decode()
    assert "Ночью, всплеск" in listed
    propose_url = reverse("exclusion-propose", args=[world.institution.pk])
    form = admin.get(propose_url, {"group": tokens_in(listed)}).content.decode()
    refused = admin.post(propose_url, {**hidden_in(form), "reason": "коротко"})
    assert refused.status_code == 422 and "коротко" in refused.content.decode()
    # Somebody answers meanwhile, just like the others.
    ResponseFactory(link=world.link, answered_on=DAY, flags=Flag.BURST | Flag.NIGHT)
    sent = admin.post(propose_url, {**hidden_in(form), "reason": REASON}, follow=True)
    case = ExclusionCase.objects.get()
    assert case.number == 12 and "Решит другой человек" in sent.content.decode()
    assert not tokens_in(admin.get(quality_url(world)).content.decode())[1:], "only the one that came later is offered"

    url = reverse("exclusion-case", args=[case.pk])
    assert 'name="decision"' not in admin.get(url).content.decode()
    assert 'name="decision"' in commissioner.get(url).content.decode()
    unexplained = commissioner.post(url, {"decision": "decline"})
    assert unexplained.status_code == 422 and "Объясните" in unexplained.content.decode()
    assert commissioner.post(url, {"decision": "nonsense"}).status_code == 422
    assert commissioner.post(url, {"decision": "approve"}, follow=True).status_code == 200
    assert counts(world) == (53, 41, 12)
    twice = commissioner.post(url, {"decision": "approve"}, follow=True).content.decode()
    assert "уже есть решение" in twice
    excluded = admin.get(quality_url(world, shown="excluded")).content.decode()
    assert "исключены" in excluded
    back = admin.get(propose_url, {"group": tokens_in(excluded)}).content.decode()
    assert "Предложить вернуть ответы" in back


def test_the_page_says_when_the_answers_are_no_longer_those_seen(world: World):
    admin = signed_in(world, Role.NSI_ADMIN)
    propose_url = reverse("exclusion-propose", args=[world.institution.pk])
    form = admin.get(propose_url, {"group": tokens_in(admin.get(quality_url(world)).content.decode())})
    propose(world, ids=burst()[:3], by=Role.HQ_MEMBER)
    changed = admin.post(propose_url, {**hidden_in(form.content.decode()), "reason": REASON})
    page = changed.content.decode()
    assert changed.status_code == 422 and "Состав ответов изменился" in page and REASON in page
    assert hidden_in(page)["seen"] == "9"
    assert admin.post(propose_url, {**hidden_in(page), "reason": REASON}).status_code == 302


def test_of_a_published_quarter_the_page_says_plainly_that_nothing_was_done(world: World):
    admin = signed_in(world, Role.NSI_ADMIN)
    waiting = propose(world, ids=burst()[:2])
    publish_quarter(world.place, world.quarter, world.people)
    listed = admin.get(quality_url(world)).content.decode()
    propose_url = reverse("exclusion-propose", args=[world.institution.pk])
    form = admin.get(propose_url, {"group": tokens_in(listed)}).content.decode()
    refused = admin.post(propose_url, {**hidden_in(form), "reason": REASON})
    assert refused.status_code == 422 and "Квартал опубликован (4 квартал 2026 года)" in refused.content.decode()
    said = signed_in(world, Role.HQ_CHAIR).post(
        reverse("exclusion-case", args=[waiting.pk]), {"decision": "approve"}, follow=True
    )
    assert "Ничего не сделано" in said.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"first": "0001-01-01", "last": "9999-12-31"},
        {"first": "2026-13-45"},
        {"first": "2026-11-20", "last": "2026-11-01"},
        {"life_situation": "нет такой"},
        {"flag": "999999999999999999999999999999"},
        {"shown": "everything"},
    ],
)
def test_bad_filters_are_answered_with_what_is_wrong(world: World, query: dict[str, str]):
    admin = signed_in(world, Role.NSI_ADMIN)
    assert admin.get(quality_url(world, **query)).status_code == 422
    if "shown" not in query:
        assert admin.get(reverse("region-quality", args=[world.region.code]), query).status_code == 422


@pytest.mark.parametrize(
    "group",
    ["", "x", "20261103-1-4-0", "99999999-1-4-0", "20261103-999999999999999999-9999-1", "２０２６1103-1-4-0", "1" * 30],
)
def test_names_of_groups_nobody_made_choose_nothing(world: World, group: str):
    admin = signed_in(world, Role.NSI_ADMIN)
    url = reverse("exclusion-propose", args=[world.institution.pk])
    foreign = SurveyLinkFactory()
    ResponseFactory(link=foreign, answered_on=DAY, flags=4)
    for one in (group, f"20261103-{foreign.pk}-4-0"):
        assert admin.get(url, {"group": one}).status_code == 302
        assert admin.post(url, {"group": one, "seen": "1" * 30, "newest": "-1", "reason": REASON}).status_code == 302
    assert not ExclusionCase.objects.exists()


def test_the_pages_show_neither_what_was_answered_nor_a_minute(world: World):
    page = signed_in(world, Role.NSI_ADMIN).get(quality_url(world, shown="all")).content.decode()
    main = page[page.index('id="main"') :]
    assert "03.11.2026" in main
    for word in ("Нет<", "rather", "09:30", "9:30", "12:30"):
        assert word not in main


def test_lists_download_as_workbooks_and_their_queries_do_not_grow(world: World, django_assert_max_num_queries: Any):
    admin = signed_in(world, Role.NSI_ADMIN)
    for number in range(30):
        ResponseFactory(link=world.link, answered_on=DAY - timedelta(days=number), flags=1 + number % 3)
    propose(world)
    urls = [
        quality_url(world),
        reverse("region-quality", args=[world.region.code]),
        reverse("exclusion-list", args=[world.region.code]),
    ]
    for url in urls:
        file = admin.get(url, {"format": "xlsx"})
        assert file.status_code == 200 and file.content.startswith(b"PK")
        with django_assert_max_num_queries(40):
            assert admin.get(url).status_code == 200


def test_a_representative_sees_the_marks_of_their_institution_and_no_case(world: World):
    case = propose(world)
    rep = signed_in(world, Role.INSTITUTION_REP)
    page = rep.get(quality_url(world)).content.decode()
    assert "Ночью, всплеск" in page and REASON not in page and not tokens_in(page)
    assert rep.get(reverse("exclusion-case", args=[case.pk])).status_code == 404


# Cabinet --------------------------------------------------------------------------------------------------------------


def titles(world: World, role: Role) -> list[str]:
    return [task.title for task in tasks(world.people[role], timezone.now())]


def test_deciders_find_the_proposal_in_their_cabinet_and_the_proposer_hears_of_a_refusal(world: World):
    wanted, refused = "Решить об исключении ответов", "Прочитать, почему предложение отклонено"
    case = propose(world)
    assert [wanted in titles(world, role) for role in (Role.SERVICE_COMMISSIONER, Role.HQ_CHAIR)] == [True, True]
    assert not [
        role
        for role in Role
        if role not in (Role.SERVICE_COMMISSIONER, Role.HQ_CHAIR) and wanted in titles(world, role)
    ]
    MembershipFactory(user=world.people[Role.NSI_ADMIN], role=Role.HQ_CHAIR, region=world.region)
    assert wanted not in titles(world, Role.NSI_ADMIN), "nobody is asked to decide their own"
    quality.decline(case=case, by=world.people[Role.HQ_CHAIR], at=timezone.now(), explanation="Была рассылка СМС")
    assert wanted not in titles(world, Role.SERVICE_COMMISSIONER)
    assert refused in titles(world, Role.NSI_ADMIN)
    with time_machine.travel(NOW + timedelta(days=15), tick=False):
        assert refused not in titles(world, Role.NSI_ADMIN)


def test_a_role_that_has_ended_still_stands_in_the_passport_as_it_was(world: World):
    approve(world, propose(world))
    with time_machine.travel(NOW + timedelta(days=3), tick=False):
        Membership.objects.filter(role=Role.SERVICE_COMMISSIONER).update(ends_on=NOW.date())
        [decision] = monitoring.quarter_result(world.place, world.quarter).answer_decisions
    assert decision.decided_by.startswith(Role.SERVICE_COMMISSIONER.label)
