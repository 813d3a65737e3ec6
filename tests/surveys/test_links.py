"""Links: which questionnaire, made once, changed with a history; those of all institutions of a region at once."""

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regions.history import changes
from regions.models import Institution, LifeSituation, Participation, Region
from regions.roles import Role
from regions.services.institutions import end_participation
from surveys.models import LinkBatch, Questionnaire, QuestionnaireVersion, SurveyLink, VersionRetirement
from surveys.services import links as services
from surveys.services.links import BatchChange
from tests.factories import (
    DirectionFactory,
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    ParticipationFactory,
    QuestionnaireVersionFactory,
    RegionFactory,
    ResponseFactory,
    SurveyLinkFactory,
    UserFactory,
    standard_document,
)

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NOW = datetime(2026, 11, 16, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))
TODAY = date(2026, 11, 16)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def link() -> SurveyLink:
    return SurveyLinkFactory(closes_on=date(2026, 11, 20))


def rep_of(institution: Institution) -> Client:
    client = Client()
    client.force_login(MembershipFactory(institution=institution).user, backend=BACKEND)
    return client


def admin_of(region: Region) -> Client:
    client = Client()
    client.force_login(MembershipFactory(role=Role.NSI_ADMIN, region=region).user, backend=BACKEND)
    return client


def version(code: str, **questionnaire: object) -> QuestionnaireVersion:
    made = Questionnaire.objects.create(code=code, title=code, **questionnaire)
    return QuestionnaireVersion.objects.create(
        questionnaire=made, number=1, document=standard_document("employment"), published_at=NOW
    )


# Which questionnaire


def test_the_standard_one_of_the_life_situation_goes_before_that_of_the_direction():
    situation = LifeSituationFactory()
    of_direction = QuestionnaireVersionFactory(questionnaire__direction=situation.direction)
    assert services.standard_version(situation) == of_direction
    of_situation = version("own-of-situation", life_situation=situation)
    assert services.standard_version(situation) == of_situation
    VersionRetirement.objects.create(version=of_situation, retired_at=NOW, retired_by=UserFactory(), reason="заменена")
    assert services.standard_version(situation) == of_direction


def test_what_a_region_made_is_offered_there_and_is_never_the_standard_one():
    situation, region = LifeSituationFactory(), RegionFactory(code="RU-NIZ")
    standard = QuestionnaireVersionFactory(questionnaire__direction=situation.direction)
    own = version("own", region=region, direction=situation.direction)
    extension = version("extension", region=region, extends=standard.questionnaire)
    elsewhere = version("elsewhere", region=RegionFactory(code="RU-TYU"), direction=situation.direction)
    other = version("other", region=region, direction=DirectionFactory(code="health"))
    offered = list(services.versions_for(region=region, life_situation=situation))
    assert offered[0] == standard
    assert set(offered[1:]) == {own, extension}
    assert elsewhere not in offered and other not in offered
    assert services.standard_version(situation) == standard


def test_only_the_newest_version_in_use_is_offered():
    situation = LifeSituationFactory()
    first = QuestionnaireVersionFactory(questionnaire__direction=situation.direction)
    second = QuestionnaireVersion.objects.create(
        questionnaire=first.questionnaire, number=2, document=first.document, published_at=NOW
    )
    QuestionnaireVersion.objects.create(questionnaire=first.questionnaire, number=3, document={})
    region = RegionFactory()
    assert list(services.versions_for(region=region, life_situation=situation)) == [second]
    VersionRetirement.objects.create(version=second, retired_at=NOW, retired_by=UserFactory(), reason="ошибка")
    assert list(services.versions_for(region=region, life_situation=situation)) == [first]


def test_a_link_leads_to_the_chosen_questionnaire_and_a_guide_only_to_an_interviewer(link: SurveyLink):
    guide = version("guide", region=link.institution.region, kind=Questionnaire.Kind.INTERVIEW_GUIDE)
    foreign = version("foreign", region=RegionFactory(code="RU-TYU"))
    client = rep_of(link.institution)
    url = reverse("link-create", args=[link.institution_id])
    sent = {"life_situation": link.life_situation_id, "channel": "poster", "opens_on": "2026-11-16"}
    refused = client.post(url, {**sent, "version": guide.pk})
    assert refused.status_code == 422
    assert "Интервьюер" in refused.context["form"].errors["version"][0]
    assert client.post(url, {**sent, "version": foreign.pk}).status_code == 422
    assert client.post(url, {**sent, "version": guide.pk, "channel": "interviewer"}).status_code == 302
    assert SurveyLink.objects.latest("pk").version == guide


# The form


def test_the_form_sent_twice_makes_one_link(link: SurveyLink):
    client = rep_of(link.institution)
    url = reverse("link-create", args=[link.institution_id])
    key = client.get(url).context["form"]["form_key"].value()
    sent = {
        "life_situation": link.life_situation_id,
        "channel": "sms",
        "label": "Рассылка",
        "opens_on": "2026-11-16",
        "target": "40",
        "form_key": key,
    }
    places = [client.post(url, sent).headers["Location"] for _ in range(3)]
    assert len(set(places)) == 1
    made = SurveyLink.objects.get(channel="sms")
    assert made.target == 40
    # The same form with something else in it is a question, not a second link and not a silent nothing.
    again = client.post(url, {**sent, "label": "Другая"})
    assert again.status_code == 422 and "уже создана" in again.content.decode()
    fresh = again.context["form"]["form_key"].value()
    assert fresh != key
    assert client.post(url, {**sent, "label": "Другая", "form_key": fresh}).status_code == 302
    assert SurveyLink.objects.filter(channel="sms").count() == 2


def test_the_form_sent_again_leads_to_its_link_whatever_became_of_it(link: SurveyLink):
    client = rep_of(link.institution)
    url = reverse("link-create", args=[link.institution_id])
    key = client.get(url).context["form"]["form_key"].value()
    sent = {"life_situation": link.life_situation_id, "channel": "sms", "opens_on": "2026-11-16", "form_key": key}
    place = client.post(url, sent).headers["Location"]
    SurveyLink.objects.filter(channel="sms").update(label="Холл", closes_on=date(2026, 11, 30))
    assert client.post(url, sent).headers["Location"] == place
    # Said by the form then, not by the link now: another last day is another link.
    assert client.post(url, {**sent, "closes_on": "2026-11-30"}).status_code == 422


def test_a_key_serves_one_person_once_wherever_it_is_used(link: SurveyLink):
    other = ParticipationFactory(life_situation=link.life_situation).institution
    asked = {"life_situation": link.life_situation, "channel": "sms", "opens_on": TODAY, "form_key": "k" * 22}
    admin, colleague = (MembershipFactory(role=Role.NSI_ADMIN, region=link.institution.region).user for _ in range(2))
    MembershipFactory(user=admin, role=Role.NSI_ADMIN, region=other.region)
    services.create_link(institution=link.institution, by=admin, **asked)
    services.create_link(institution=link.institution, by=colleague, **asked)
    with pytest.raises(services.AlreadyMade) as refused:
        services.create_link(institution=other, by=admin, **asked)
    assert not refused.value.is_same
    assert SurveyLink.objects.filter(channel="sms").count() == 2


def test_of_two_with_one_key_in_the_same_instant_the_second_is_told(link: SurveyLink, monkeypatch: pytest.MonkeyPatch):
    by = MembershipFactory(institution=link.institution).user
    asked = {"life_situation": link.life_situation, "channel": "sms", "opens_on": TODAY, "form_key": "k" * 22}
    first = services.create_link(institution=link.institution, by=by, **asked)
    looked: list[object] = []
    plain = services._refuse_second

    def late(*arguments: object) -> None:
        # At the first look the other has not finished yet.
        looked.append(arguments)
        if len(looked) > 1:
            plain(*arguments)

    monkeypatch.setattr(services, "_refuse_second", late)
    with pytest.raises(services.AlreadyMade) as refused:
        services.create_link(institution=link.institution, by=by, **asked)
    assert refused.value.link == first and refused.value.is_same


@pytest.mark.parametrize("target", ["0", "-1", "1000001", "много", "9" * 30, "5\0"])
def test_a_target_nobody_means_is_refused_at_its_field(link: SurveyLink, target: str):
    client = rep_of(link.institution)
    url = reverse("link-create", args=[link.institution_id])
    sent = {"life_situation": link.life_situation_id, "channel": "sms", "opens_on": "2026-11-16", "target": target}
    response = client.post(url, sent)
    assert response.status_code == 422
    assert "target" in response.context["form"].errors


@pytest.mark.parametrize("key", ["короткий", "x" * 99, "a\0" * 10, "<script>alert(1)</script>"])
def test_a_key_the_portal_did_not_give_out_is_refused(link: SurveyLink, key: str):
    client = rep_of(link.institution)
    sent = {"life_situation": link.life_situation_id, "channel": "sms", "opens_on": "2026-11-16", "form_key": key}
    assert client.post(reverse("link-create", args=[link.institution_id]), sent).status_code == 422


# Changing


def test_every_change_stands_in_the_history_with_its_author(link: SurveyLink):
    client = rep_of(link.institution)
    for name in ("link-pause", "link-resume", "link-close"):
        assert client.post(reverse(name, args=[link.pk])).status_code == 302
    assert client.post(reverse("link-reopen", args=[link.pk]), {"closes_on": "2026-11-25"}).status_code == 302
    sent = {"label": "Холл", "target": "50", "opens_on": "2026-01-01", "closes_on": "2026-11-27"}
    assert client.post(reverse("link-edit", args=[link.pk]), sent).status_code == 302
    found = changes(SurveyLink.history.filter(id=link.pk))
    said = [sorted((one.title, one.before, one.after) for one in change.fields) for change in found]
    assert ("открыта по", "25.11.2026", "27.11.2026") in said[0]
    assert ("нужно ответов", "—", "50") in said[0] and ("пометка для себя", "—", "Холл") in said[0]
    assert ("открыта по", "20.11.2026", "25.11.2026") in said[1]
    assert [title for title, *_ in said[2]] == ["закрыта"]
    assert [title for title, *_ in said[3]] == [title for title, *_ in said[4]] == ["приостановлена"]
    assert all("Иванова" in change.by for change in found[:5])
    page = client.get(reverse("link-history", args=[link.pk])).content.decode()
    assert "27.11.2026" in page and link.token not in page


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({"closes_on": "2026-11-15"}, "closes_on", "уже прошёл"),
        ({"closes_on": "9999-12-31"}, "closes_on", "слишком далеко"),
        ({"closes_on": "0001-01-01"}, "closes_on", "уже прошёл"),
        ({"closes_on": "вчера"}, "closes_on", "правильную дату"),
        ({"target": "0"}, "target", ""),
        ({"label": "Я" * 101}, "label", "не более 100"),
        ({"opens_on": "2025-01-01"}, "closes_on", "не участвует"),
    ],
)
def test_a_wrong_change_comes_back_with_its_reason(link: SurveyLink, sent: dict[str, str], field: str, says: str):
    client = rep_of(link.institution)
    whole = {"label": "", "opens_on": "2026-01-01", "closes_on": "2026-11-20", **sent}
    response = client.post(reverse("link-edit", args=[link.pk]), whole)
    assert response.status_code == 422
    assert says in response.context["form"].errors[field][0]
    link.refresh_from_db()
    assert (link.opens_on, link.closes_on, link.target) == (date(2026, 1, 1), date(2026, 11, 20), None)


def test_the_first_day_stays_once_there_are_answers(link: SurveyLink):
    ResponseFactory(link=link)
    with pytest.raises(services.BadWindow):
        change(link, opens_on=date(2026, 2, 1))
    page = rep_of(link.institution).get(reverse("link-edit", args=[link.pk]))
    assert page.context["form"].fields["opens_on"].disabled
    # What the page does not let move, the body does not move either.
    client = rep_of(link.institution)
    sent = {"label": "", "opens_on": "2026-02-01", "closes_on": "2026-11-20"}
    assert client.post(reverse("link-edit", args=[link.pk]), sent).status_code == 302
    link.refresh_from_db()
    assert link.opens_on == date(2026, 1, 1)


def change(link: SurveyLink, **changed: object) -> SurveyLink:
    fields = {"label": link.label, "target": link.target, "opens_on": link.opens_on, "closes_on": link.closes_on}
    by = MembershipFactory(institution=link.institution).user
    return services.change_link(link=link, by=by, at=timezone.now(), **(fields | changed))


def test_no_window_outlives_the_participation(link: SurveyLink):
    by = MembershipFactory(institution=link.institution).user
    Participation.objects.filter(institution=link.institution).update(until=date(2026, 11, 18))
    with pytest.raises(services.NotTakingPart):
        change(link, closes_on=date(2026, 11, 19))
    assert change(link, closes_on=None).closes_on == date(2026, 11, 18)
    services.close_link(link=link, by=by, at=NOW)
    with pytest.raises(services.NotTakingPart):
        services.reopen_link(link=link, closes_on=date(2026, 11, 19), by=by, at=NOW)
    services.reopen_link(link=link, closes_on=None, by=by, at=NOW)
    link.refresh_from_db()
    assert (link.closes_on, link.closed_at) == (date(2026, 11, 18), None)
    with time_machine.travel(NOW + 5 * DAY, tick=False), pytest.raises(services.NotTakingPart):
        services.reopen_link(link=link, closes_on=None, by=by, at=timezone.now())


def test_a_participation_that_ends_stops_a_paused_link_too(link: SurveyLink):
    SurveyLink.objects.filter(pk=link.pk).update(closes_on=None)
    admin = MembershipFactory(role=Role.NSI_ADMIN, region=link.institution.region).user
    services.pause_link(link=link, by=admin, at=NOW)
    end_participation(participation=link.institution.participations.get(), until=TODAY, by=admin, at=NOW)
    link.refresh_from_db()
    assert link.closes_on == TODAY
    with time_machine.travel(NOW + DAY, tick=False), pytest.raises(services.WrongState):
        services.resume_link(link=link, by=admin, at=timezone.now())


def test_who_may_not_manage_links_changes_nothing(link: SurveyLink):
    stranger = MembershipFactory(institution=InstitutionFactory(region=link.institution.region)).user
    for change_it in (services.pause_link, services.resume_link, services.close_link):
        with pytest.raises(PermissionDenied):
            change_it(link=link, by=stranger, at=NOW)
    with pytest.raises(PermissionDenied):
        services.reopen_link(link=link, closes_on=None, by=stranger, at=NOW)


def test_the_public_page_of_a_paused_link_takes_nothing(link: SurveyLink):
    by = MembershipFactory(institution=link.institution).user
    services.pause_link(link=link, by=by, at=NOW - timedelta(hours=2))
    assert Client().get(f"/s/{link.token}/").status_code in (403, 410, 503)


# Lists


def test_the_list_filters_by_state_channel_and_shows_progress(link: SurveyLink):
    paused = SurveyLinkFactory(institution=link.institution, channel="sms", paused_at=NOW - DAY, target=20)
    SurveyLinkFactory(institution=link.institution, channel="site", closed_at=NOW - DAY)
    for day in (TODAY, TODAY, TODAY - DAY):
        ResponseFactory(link=paused, answered_on=day)
    client = rep_of(link.institution)
    url = reverse("link-list", args=[link.institution_id])
    for query, expected in (({}, 3), ({"state": "paused"}, 1), ({"state": "closed"}, 1), ({"channel": "poster"}, 1)):
        assert client.get(url, query).context["page"].paginator.count == expected, query
    assert client.get(url, {"state": "nonsense", "channel": "ж"}).status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(client.get(url, {"state": "paused", "format": "xlsx"}).content))
    header, row = book.active.iter_rows(values_only=True)
    told = dict(zip(header, row, strict=True))
    assert (told["Ответов"], told["Цель"], told["Сегодня"], told["Состояние"]) == (3, 20, 2, "Приостановлена")


def test_answers_are_counted_without_a_row_for_each(link: SurveyLink, django_assert_num_queries: Any):
    """With 200,000 answers the list took seven seconds: each was joined with the whole questionnaire, and sorted."""
    for day in (TODAY, TODAY, TODAY - DAY):
        ResponseFactory(link=link, answered_on=day)
    empty = SurveyLinkFactory(institution=link.institution, label="Пустая")
    links = SurveyLink.objects.with_places().with_progress(NOW).with_answers_between(TODAY, TODAY)
    assert " JOIN " in str(links.query) and 'JOIN "surveys_response"' not in str(links.query)
    with django_assert_num_queries(1):
        found = {one.pk: (one.answers, one.answers_today, one.last_answer_on, one.answers_then) for one in links}
    assert found == {link.pk: (3, 2, TODAY, 2), empty.pk: (0, 0, None, 0)}


def test_the_card_shows_days_modes_and_what_is_left(link: SurveyLink):
    SurveyLink.objects.filter(pk=link.pk).update(target=10)
    for day, mode in ((TODAY, "online"), (TODAY, "paper"), (TODAY - DAY, "online")):
        ResponseFactory(link=link, answered_on=day, mode=mode)
    context = rep_of(link.institution).get(reverse("link", args=[link.pk])).context
    assert [(one.day, one.count, one.percent) for one in context["days"]] == [(TODAY, 2, 100), (TODAY - DAY, 1, 50)]
    assert context["modes"] == [("Онлайн", 2), ("С бумаги, оператором", 1)]
    assert (context["answers"], context["left"], context["answers_today"]) == (3, 7, 2)


# A region's institutions at once


def region_with(number: int, code: str = "RU-NIZ") -> tuple[Region, LifeSituation]:
    region, situation = RegionFactory(code=code), LifeSituationFactory()
    region.life_situations.get_or_create(life_situation=situation, defaults={"since": date(2026, 1, 1)})
    QuestionnaireVersionFactory(questionnaire__direction=situation.direction)
    institutions = Institution.objects.bulk_create(
        [Institution(region=region, name=f"Учреждение {code} {one:03}", settlement="town") for one in range(number)]
    )
    Participation.objects.bulk_create(
        [Participation(institution=one, life_situation=situation, since=date(2026, 1, 1)) for one in institutions]
    )
    return region, situation


def make_batch(region: Region, situation: LifeSituation, key: str = "k" * 22, **fields: object) -> LinkBatch:
    by = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    asked: dict[str, object] = {"channel": "sms", "opens_on": TODAY, "target": 30, **fields}
    return services.create_batch(region=region, life_situation=situation, by=by, key=key, **asked)


def test_a_batch_costs_about_as_many_statements_for_three_hundred_institutions_as_for_three():
    spent = []
    for code, number in (("RU-NIZ", 3), ("RU-TYU", 300)):
        region, situation = region_with(number, code)
        by = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
        with CaptureQueriesContext(
            connection,
        ) as made:
            batch = services.create_batch(
                region=region, life_situation=situation, by=by, key="k" * 22, channel="sms", opens_on=TODAY
            )
        assert batch.links.count() == number
        with CaptureQueriesContext(connection) as paused:
            assert services.change_batch(batch=batch, change=BatchChange.PAUSE, by=by, at=NOW) == number
        services.change_batch(batch=batch, change=BatchChange.CLOSE, by=by, at=NOW)
        with CaptureQueriesContext(connection) as reopened:
            done = services.reopen_batch(batch=batch, closes_on=None, by=by, at=NOW)
        assert len(done.opened) == number and not done.left
        spent.append((len(made), len(paused), len(reopened)))
    # SQLite takes so many values a statement, PostgreSQL all of them.
    more = 10 if connection.vendor == "sqlite" else 0
    assert all(many <= few + more for few, many in zip(*spent, strict=True)), spent


def test_each_institution_gets_a_link_of_its_own_and_the_form_sent_twice_changes_nothing():
    region, situation = region_with(3)
    batch = make_batch(region, situation)
    assert make_batch(region, situation) == batch
    links = list(batch.links.all())
    assert len({one.institution_id for one in links}) == len({one.token for one in links}) == 3
    assert {one.target for one in links} == {30}
    assert SurveyLink.objects.count() == 3
    # Each begins its history like any other link, with an author.
    assert [one.history.get().history_user_id for one in links] == [batch.created_by_id] * 3


def test_no_link_of_a_batch_lies_outside_the_participation():
    region, situation = region_with(3)
    late, left, closed = Institution.objects.filter(region=region).order_by("name")
    Participation.objects.filter(institution=late).update(since=TODAY + 3 * DAY)
    Participation.objects.filter(institution=left).update(until=TODAY - DAY)
    Institution.objects.filter(pk=closed.pk).update(closed_on=TODAY - DAY)
    never = InstitutionFactory(region=region)
    preview = services.preview_batch(region=region, life_situation=situation, opens_on=TODAY, closes_on=None)
    assert [(one.institution, one.opens_on) for one in preview.recipients] == [(late, TODAY + 3 * DAY)]
    assert {one for one, _ in preview.left_out} == {left, never}
    assert [one.institution for one in make_batch(region, situation).links.all()] == [late]
    with pytest.raises(services.NotTakingPart):
        make_batch(region, situation, key="other" * 5, closes_on=TODAY + DAY)


def test_the_pages_preview_make_and_change_a_batch():
    region, situation = region_with(3)
    InstitutionFactory(region=region, name="Дом ребёнка")
    client = admin_of(region)
    url = reverse("link-batch-create", args=[region.code])
    key = client.get(url).context["form"]["form_key"].value()
    sent = {"life_situation": situation.pk, "channel": "email", "opens_on": "2026-11-16", "form_key": key}
    shown = client.post(url, {**sent, "preview": ""})
    assert shown.status_code == 200 and LinkBatch.objects.count() == 0
    page = shown.content.decode()
    assert "Учреждение RU-NIZ 002" in page and "Дом ребёнка" in page and "Создать 3\u00a0ссылки" in page
    places = {client.post(url, {**sent, "create": ""}).headers["Location"] for _ in range(2)}
    assert len(places) == 1 and LinkBatch.objects.count() == 1
    batch = LinkBatch.objects.get()
    assert client.get(reverse("region-links", args=[region.code])).status_code == 200
    for change_it, state in (("pause", "paused_at"), ("close", "closed_at")):
        assert client.post(reverse("link-batch-change", args=[batch.pk, change_it])).status_code == 302
        assert batch.links.filter(**{f"{state}__isnull": False}).count() == 3
    assert client.post(reverse("link-batch-change", args=[batch.pk, "explode"])).status_code == 404
    wrong = client.post(url, {**sent, "opens_on": "0001-01-01", "closes_on": "2026-11-01", "create": ""})
    assert wrong.status_code == 422


def test_no_links_to_the_questionnaire_of_another_life_situation_are_promised():
    region, situation = region_with(2)
    elsewhere = LifeSituationFactory(code="health-primary-cardio")
    region.life_situations.create(life_situation=elsewhere, since=date(2026, 1, 1))
    foreign = version("elsewhere", life_situation=elsewhere)
    url = reverse("link-batch-create", args=[region.code])
    sent = {"life_situation": situation.pk, "version": foreign.pk, "channel": "email", "opens_on": "2026-11-16"}
    shown = admin_of(region).post(url, {**sent, "preview": ""})
    assert shown.status_code == 422 and shown.context["preview"] is None
    assert "не для выбранной жизненной ситуации" in shown.context["form"].errors["version"][0]


def test_all_closed_links_of_a_batch_are_opened_as_far_as_their_institutions_take_part():
    region, situation = region_with(4)
    batch = make_batch(region, situation, closes_on=TODAY + DAY)
    stays, leaves, left, open_still = batch.links.order_by("institution__name")
    SurveyLink.objects.filter(batch=batch).exclude(pk=open_still.pk).update(closed_at=NOW, paused_at=NOW - DAY)
    Participation.objects.filter(institution=leaves.institution).update(until=TODAY + 3 * DAY)
    Participation.objects.filter(institution=left.institution).update(until=TODAY - DAY)
    by = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    done = services.reopen_batch(batch=batch, closes_on=TODAY + 10 * DAY, by=by, at=NOW)
    assert (done.opened, done.left) == ([stays, leaves], [left])
    windows = {one.pk: (one.closed_at, one.paused_at, one.closes_on) for one in batch.links.all()}
    assert windows[stays.pk] == (None, None, TODAY + 10 * DAY)
    assert windows[leaves.pk] == (None, None, TODAY + 3 * DAY)
    assert windows[left.pk] == (NOW, NOW - DAY, TODAY + DAY)
    assert windows[open_still.pk] == (None, None, TODAY + DAY), "it was not closed"
    assert stays.history.first().history_user_id == by.pk


def test_what_cannot_be_opened_again_is_said_of_a_batch_as_of_a_link():
    region, situation = region_with(2)
    batch = make_batch(region, situation)
    by = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    with pytest.raises(services.WrongState):
        services.reopen_batch(batch=batch, closes_on=None, by=by, at=NOW)
    services.change_batch(batch=batch, change=BatchChange.CLOSE, by=by, at=NOW)
    with pytest.raises(services.BadWindow):
        services.reopen_batch(batch=batch, closes_on=TODAY - DAY, by=by, at=NOW)
    with pytest.raises(PermissionDenied):
        services.reopen_batch(batch=batch, closes_on=None, by=UserFactory(), at=NOW)
    Participation.objects.filter(institution__region=region).update(until=TODAY - DAY)
    with pytest.raises(services.NotTakingPart):
        services.reopen_batch(batch=batch, closes_on=None, by=by, at=NOW)
    assert batch.links.filter(closed_at=NOW).count() == 2


def test_the_page_of_a_batch_offers_to_open_what_is_closed():
    region, situation = region_with(3)
    batch = make_batch(region, situation)
    client = admin_of(region)
    card, url = (reverse(name, args=[batch.pk]) for name in ("link-batch", "link-batch-reopen"))
    assert url not in client.get(card).content.decode()
    refused = client.post(url)
    assert refused.status_code == 422 and "Закрытых ссылок нет" in refused.content.decode()
    client.post(reverse("link-batch-change", args=[batch.pk, "close"]))
    assert url in client.get(card).content.decode() and client.get(url).status_code == 200
    wrong = client.post(url, {"closes_on": "2026-11-01"})
    assert wrong.status_code == 422 and "уже прошёл" in wrong.context["form"].errors["closes_on"][0]
    gone = batch.links.order_by("institution__name").first()
    assert gone
    Participation.objects.filter(institution=gone.institution).update(until=TODAY - DAY)
    page = client.post(url, {"closes_on": "2026-11-25"}, follow=True).content.decode()
    assert "Снова принимают ответы: 2" in page and "не участвуют: 1" in page
    assert batch.links.filter(closed_at=None, closes_on=date(2026, 11, 25)).count() == 2
    SurveyLink.objects.filter(batch=batch).update(closed_at=NOW)
    Participation.objects.filter(institution__region=region).update(until=TODAY - DAY)
    nobody = client.post(url)
    assert nobody.status_code == 422 and "ни одно из этих учреждений" in nobody.content.decode()


def test_the_workbook_for_mailing_has_addresses_and_no_live_formulas():
    region, situation = region_with(2)
    Institution.objects.filter(name__endswith="000").update(name='=HYPERLINK("http://evil.example")')
    batch = make_batch(region, situation)
    client = admin_of(region)
    content = client.get(reverse("link-batch", args=[batch.pk]), {"format": "xlsx"}).content
    header, *rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows()
    titles = [cell.value for cell in header]
    addresses = {row[titles.index("Адрес анкеты")].value for row in rows}
    assert addresses == {one.public_url for one in batch.links.with_places()}
    assert {row[titles.index("Короткий код")].value for row in rows} == {one.typed_code for one in batch.links.all()}
    assert all(cell.data_type != "f" for row in rows for cell in row)


def test_a_batch_is_the_region_s_own():
    region, situation = region_with(1)
    batch = make_batch(region, situation)
    ParticipationFactory(institution=batch.links.get().institution, life_situation=situation)
    rep = rep_of(batch.links.get().institution)
    assert rep.get(reverse("link-batch", args=[batch.pk])).status_code == 404
    foreign = admin_of(RegionFactory(code="RU-TYU"))
    assert foreign.post(reverse("link-batch-reopen", args=[batch.pk])).status_code == 404
    assert rep.get(reverse("link-batch-reopen", args=[batch.pk])).status_code == 404
    assert foreign.post(reverse("link-batch-change", args=[batch.pk, "close"])).status_code == 404
    with pytest.raises(PermissionDenied):
        services.change_batch(batch=batch, change=BatchChange.CLOSE, by=UserFactory(), at=NOW)
    # The representative manages the link itself like any of their own.
    assert rep.get(reverse("link", args=[batch.links.get().pk])).status_code == 200
