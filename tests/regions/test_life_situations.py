"""ЖС of a region: chosen or described, their stages, who answers for them, institutions that take part."""

import io
import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from regions.forms.life_situations import boundary_ends, composed_boundary
from regions.history import changes_of_responsible
from regions.models import (
    Indicator,
    IndicatorTarget,
    LifeSituation,
    LifeSituationIndicator,
    Membership,
    Participation,
    RegionLifeSituation,
    StatusChange,
)
from regions.roles import Role
from regions.services import life_situations as services
from regions.services.life_situations import Document
from tests.factories import (
    DirectionFactory,
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    ParticipationFactory,
    RegionFactory,
)
from tests.regions.place import DECISION, SINCE, Taken, make_indicators, signed_in, take
from tests.world import NOW

TODAY = date(2026, 11, 22)
CHOOSE = {Role.HQ_CHAIR, Role.NSI_ADMIN}
RUN = {Role.HQ_CHAIR, Role.HQ_MEMBER, Role.NSI_ADMIN}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def taken(db: None) -> Taken:
    return take()


def with_representative(taken: Taken) -> Taken:
    institution = InstitutionFactory(region=taken.region)
    taken.people[Role.INSTITUTION_REP] = MembershipFactory(role=Role.INSTITUTION_REP, institution=institution).user
    return taken


def allowed_for(roles: set[Role], taken: Taken, action: Callable[[User], object]) -> None:
    """The action as each role in turn: only `roles` may."""
    for role, user in with_representative(taken).people.items():
        if role in roles:
            action(user)
        else:
            with pytest.raises(PermissionDenied):
                action(user)


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def at_once(*actions: Callable[[], object]) -> list[str]:
    """Run in threads at the same moment; "done" or the name of what was raised, of each."""
    barrier, outcome = threading.Barrier(len(actions)), [""] * len(actions)

    def run(number: int, action: Callable[[], object]) -> None:
        barrier.wait()
        try:
            action()
            outcome[number] = "done"
        except Exception as error:
            outcome[number] = type(error).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return outcome


# List


def list_url(taken: Taken, query: str = "") -> str:
    return reverse("place-list", args=[taken.region.code]) + query


def rows(client: Client, url: str) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(client.get(url).content))
    return list(book.active.iter_rows(values_only=True))


def test_the_list_says_where_each_stands_who_answers_and_what_is_missing(taken: Taken):
    town, village = InstitutionFactory(region=taken.region), InstitutionFactory(region=taken.region, village=True)
    for one in (town, village):
        ParticipationFactory(institution=one, life_situation=taken.life_situation, since=SINCE)
    # Neither another region's institution counts, nor one that has left, nor one that has closed.
    ParticipationFactory(institution__region=RegionFactory(code="RU-TYU"), life_situation=taken.life_situation)
    left = ParticipationFactory(
        institution=InstitutionFactory(region=taken.region), life_situation=taken.life_situation
    )
    Participation.objects.filter(pk=left.pk).update(until=date(2026, 11, 21))
    closed = InstitutionFactory(region=taken.region, closed_on=date(2026, 11, 21))
    ParticipationFactory(institution=closed, life_situation=taken.life_situation)
    second = LifeSituationFactory(code="social-home-care")
    RegionLifeSituation.objects.create(region=taken.region, life_situation=second, since=SINCE, status="scaling")
    member = str(taken.people[Role.HQ_MEMBER])
    header, *lines = rows(taken.client(Role.EXPERT), list_url(taken, "?format=xlsx"))
    assert header[:4] == ("Жизненная ситуация", "Этап", "На этапе с", "Ответственный")
    by_title = {line[0]: line[1:] for line in lines}
    stage, since, responsible, institutions, hints = by_title[taken.life_situation.short_title]
    assert (stage, since.date(), responsible, institutions, hints) == ("Выбрана", SINCE, member, 2, "—")
    stage, since, responsible, institutions, hints = by_title[second.short_title]
    assert (stage, since.date(), responsible, institutions) == ("Масштабирование", SINCE, "не назначен", 0)
    assert hints == "Учреждений пока нет: рекомендуется не меньше двух, в городе и в селе"
    shown = taken.client(Role.EXPERT).get(list_url(taken)).content.decode()
    assert reverse("place", args=[taken.place.pk]) in shown
    assert "(город 1, село 1)" in shown


def test_the_list_is_filtered_and_sorted_by_stage_in_its_order(taken: Taken):
    for code, status in (("social-home-care", "scaling"), ("health-primary-cardio", "completed")):
        RegionLifeSituation.objects.create(
            region=taken.region, life_situation=LifeSituationFactory(code=code), since=SINCE, status=status
        )
    client = taken.client(Role.EXPERT)
    stages = [line[1] for line in rows(client, list_url(taken, "?sort=-stage&format=xlsx"))[1:]]
    assert stages == ["Завершена", "Масштабирование", "Выбрана"]
    assert [line[1] for line in rows(client, list_url(taken, "?status=scaling&format=xlsx"))[1:]] == ["Масштабирование"]
    found = rows(client, list_url(taken, "?direction=health&format=xlsx"))[1:]
    assert [line[1] for line in found] == ["Завершена"]


def test_the_list_takes_as_many_queries_for_one_life_situation_as_for_sixty(taken: Taken):
    client = taken.client(Role.NSI_ADMIN)
    one = queries(client, list_url(taken))
    member = taken.people[Role.HQ_MEMBER].memberships.get()
    for number in range(60):
        own = own_life_situation(taken, key=f"{number:012x}")
        RegionLifeSituation.objects.create(region=taken.region, life_situation=own, since=SINCE)
        member.life_situations.add(own)
        ParticipationFactory(institution=InstitutionFactory(region=taken.region), life_situation=own)
    assert queries(client, list_url(taken)) == one
    assert queries(client, list_url(taken, "?format=xlsx")) <= one


@pytest.mark.parametrize(
    ("towns", "villages", "hints"),
    [
        (0, 0, ["учреждений пока нет: рекомендуется не меньше двух, в городе и в селе"]),
        (1, 0, ["рекомендуется не меньше двух учреждений", "нет учреждения в селе"]),
        (0, 1, ["рекомендуется не меньше двух учреждений", "нет учреждения в городе"]),
        (3, 0, ["нет учреждения в селе"]),
        (0, 2, ["нет учреждения в городе"]),
        (1, 1, []),
        (5, 2, []),
    ],
)
def test_hints_about_institutions(towns: int, villages: int, hints: list[str]):
    assert services.institution_hints(towns=towns, villages=villages) == hints


# Choosing


def choose_url(taken: Taken, code: str = "") -> str:
    url = reverse("place-choose", args=[taken.region.code])
    return f"{url}?life_situation={code}" if code else url


def chosen(code: str, **changes: str) -> dict[str, str]:
    return {
        "life_situation": code,
        "since": "2026-11-21",
        "decision_number": "12-р",
        "decision_date": "2026-11-20",
        **changes,
    }


def take_catalogue(taken: Taken, user: User, life_situation: LifeSituation) -> RegionLifeSituation:
    return services.take(
        region=taken.region, life_situation=life_situation, since=SINCE, decision=DECISION, by=user, at=timezone.now()
    )


def test_who_takes_a_life_situation(taken: Taken):
    codes = iter(("social-home-care", "health-primary-cardio"))
    situations = {role: LifeSituationFactory(code=next(codes)) for role in sorted(CHOOSE)}
    other = LifeSituationFactory(code="social-rehab-equipment")
    by_user = {taken.people[role].pk: situations[role] for role in CHOOSE}
    allowed_for(CHOOSE, taken, lambda user: take_catalogue(taken, user, by_user.get(user.pk, other)))


def test_taking_one_of_the_catalogue_records_the_decision_and_the_first_stage(taken: Taken):
    LifeSituationFactory(code="social-home-care")
    client = taken.client(Role.HQ_CHAIR)
    shown = client.get(choose_url(taken)).content.decode()
    assert "Границы" in shown and "Кто выигрывает" in shown
    assert choose_url(taken, "social-home-care").partition("?")[2] in shown
    assert "life_situation=employment-centre" not in shown, "taken already"
    assert client.get(choose_url(taken, "social-home-care")).status_code == 200
    answer = client.post(choose_url(taken, "social-home-care"), chosen("social-home-care"))
    place = RegionLifeSituation.objects.get(life_situation__code="social-home-care")
    assert answer.headers["Location"] == reverse("place", args=[place.pk])
    assert (place.since, place.status, place.status_since) == (date(2026, 11, 21), "chosen", date(2026, 11, 21))
    assert (place.decision_number, place.decision_date) == ("12-р", date(2026, 11, 20))
    change = StatusChange.objects.get(place=place)
    assert (change.before, change.after, change.on, change.by) == (
        "",
        "chosen",
        date(2026, 11, 21),
        taken.people[Role.HQ_CHAIR],
    )
    assert change.document_title == "№ 12-р от 20.11.2026"


def test_taking_one_twice_is_refused_and_a_second_click_does_no_harm(taken: Taken):
    with pytest.raises(services.AlreadyTaken):
        take_catalogue(taken, taken.people[Role.HQ_CHAIR], taken.life_situation)
    answer = taken.client(Role.HQ_CHAIR).post(choose_url(taken), chosen("employment-centre"), follow=True)
    assert answer.redirect_chain == [(reverse("place", args=[taken.place.pk]), 302)]
    assert "Регион уже взял эту ЖС" in answer.content.decode()
    assert RegionLifeSituation.objects.filter(region=taken.region).count() == 1
    assert not StatusChange.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_the_same_at_once_one_is_refused():
    taken = take()
    situation = LifeSituationFactory(code="social-home-care")
    users = [taken.people[Role.HQ_CHAIR], taken.people[Role.NSI_ADMIN]]
    outcome = at_once(*(lambda user=user: take_catalogue(taken, user, situation) for user in users))  # type: ignore[misc]
    assert sorted(outcome) == ["AlreadyTaken", "done"]
    assert StatusChange.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"since": ""}, "Обязательное поле"),
        ({"since": "2026-11-23"}, "Этот день ещё не наступил"),
        ({"since": "1926-11-20"}, "Проверьте год"),
        ({"decision_number": ""}, "Обязательное поле"),
        ({"decision_date": "2026-11-23"}, "Этот день ещё не наступил"),
    ],
)
def test_what_is_wrong_in_the_choice_is_said_at_the_field(changes: dict[str, str], message: str, taken: Taken):
    LifeSituationFactory(code="social-home-care")
    answer = taken.client(Role.NSI_ADMIN).post(choose_url(taken), chosen("social-home-care", **changes))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert RegionLifeSituation.objects.count() == 1


def test_today_is_that_of_the_region(db: None):
    """In Kamchatka it is the 23rd already."""
    taken = take("RU-KAM")
    LifeSituationFactory(code="social-home-care")
    answer = taken.client(Role.NSI_ADMIN).post(choose_url(taken), chosen("social-home-care", since="2026-11-23"))
    with time_machine.travel(NOW.replace(hour=16), tick=False):
        later = taken.client(Role.NSI_ADMIN).post(choose_url(taken), chosen("social-home-care", since="2026-11-23"))
    assert (answer.status_code, later.status_code) == (422, 302)


# Own ЖС


def own_life_situation(
    taken: Taken, key: str = "0123456789ab", title: str = "Устроить ребёнка в ясли"
) -> LifeSituation:
    return LifeSituation.objects.create(
        code=services.own_code(key),
        region=taken.region,
        direction=DirectionFactory(code="social"),
        title=title,
        short_title=f"Ясли {key}",
        boundary=composed_boundary("заявления", "первого дня в яслях"),
        beneficiaries="Родители",
        **{one: f"Обоснование {one}" for one in LifeSituation.CRITERIA},
    )


def described(**changes: Any) -> dict[str, Any]:
    return {
        "key": "00aa11bb22cc",
        "direction": "social",
        "title": "Устроить ребёнка в ясли",
        "short_title": "Ясли",
        "boundary_from": "подачи заявления",
        "boundary_to": "первого дня ребёнка в яслях",
        "beneficiaries": "Родители детей до трёх лет",
        "human_centred": "Касается каждой семьи",
        "mass": "Двадцать тысяч семей",
        "within_powers": "Ясли в ведении региона",
        "common": "Очереди есть везде",
        "indicators": ["satisfaction", "time", "nps"],
        "since": "2026-11-21",
        "decision_number": "12-р",
        "decision_date": "2026-11-20",
        **changes,
    }


def create_url(taken: Taken) -> str:
    return reverse("own-life-situation-create", args=[taken.region.code])


@pytest.fixture
def catalogue(taken: Taken) -> None:
    """Indicators of two pilot ЖС: one of each of two directions."""
    LifeSituationIndicator.objects.all().delete()
    for code, direction in (("home_care_days", "social-home-care"), ("hightech_days", "health-hightech-cardio")):
        LifeSituationIndicator.objects.create(
            life_situation=LifeSituationFactory(code=direction),
            indicator=Indicator.objects.create(
                code=code, title=f"Показатель {code}", unit="days", kind="main", lower_is_better=True
            ),
            number="1",
            position=1,
        )
    Indicator.objects.create(code="infrastructure", title="Инфраструктура", unit="percent", kind="main")


def test_describing_one_takes_it_in_the_same_operation(taken: Taken, catalogue: None):
    DirectionFactory(code="employment")
    client = taken.client(Role.HQ_CHAIR)
    empty = client.get(create_url(taken)).content.decode()
    for code in ("satisfaction", "time", "nps"):
        assert f'value="{code}"' in empty
    assert empty.count("checked") == 3
    assert "Инфраструктура" not in empty, "said of a region as a whole"
    answer = client.post(create_url(taken), described(indicators=["nps", "satisfaction", "home_care_days"]))
    place = RegionLifeSituation.objects.get(life_situation__region=taken.region)
    assert answer.headers["Location"] == reverse("place", args=[place.pk])
    own = place.life_situation
    assert (own.code, own.number, own.direction.code) == ("own-00aa11bb22cc", None, "social")
    assert own.boundary == "От подачи заявления до\u00a0первого дня ребёнка в яслях"
    assert own.common == "Очереди есть везде"
    lines = own.lifesituationindicator_set.order_by("position").values_list("number", "indicator__code")
    assert list(lines) == [("1", "satisfaction"), ("2", "nps"), ("3", "home_care_days")]
    assert (place.status, place.decision_number) == ("chosen", "12-р")
    assert StatusChange.objects.filter(place=place, after="chosen").count() == 1
    shown = client.get(reverse("place", args=[place.pk])).content.decode()
    assert "Двадцать тысяч семей" in shown and "описана регионом" in shown


def test_sent_twice_it_is_described_once(taken: Taken):
    client = taken.client(Role.HQ_CHAIR)
    DirectionFactory(code="social")
    first, second = (client.post(create_url(taken), described()) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert LifeSituation.objects.filter(region=taken.region).count() == 1


def test_the_key_of_another_regions_page_is_of_no_use(taken: Taken):
    other = take("RU-TYU")
    own_life_situation(other, key="00aa11bb22cc")
    DirectionFactory(code="social")
    answer = taken.client(Role.HQ_CHAIR).post(create_url(taken), described())
    assert answer.status_code == 422
    assert not LifeSituation.objects.filter(region=taken.region).exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({one: ""}, "Обязательное поле") for one in ("title", "boundary_from", "boundary_to", "beneficiaries")),
        *(({one: "  "}, "Обязательное поле") for one in LifeSituation.CRITERIA),
        ({"direction": ""}, "Обязательное поле"),
        ({"indicators": []}, "Выберите хотя бы один показатель"),
        (
            {"indicators": ["hightech_days"]},
            "Показатель другого направления, снимите отметку: Показатель hightech_days",
        ),
        ({"indicators": ["infrastructure"]}, "Выберите корректный вариант"),
        ({"key": "x"}, "Введите правильное значение"),
        ({"decision_number": ""}, "Обязательное поле"),
        ({"since": "2026-11-23"}, "Этот день ещё не наступил"),
    ],
)
def test_what_is_wrong_in_a_description_is_said_and_what_was_typed_stays(
    changes: dict[str, Any], message: str, taken: Taken, catalogue: None
):
    answer = taken.client(Role.HQ_CHAIR).post(create_url(taken), described(**changes))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert message in shown
    if "mass" not in changes:
        assert "Двадцать тысяч семей" in shown
    assert not LifeSituation.objects.filter(region=taken.region).exists()


def test_the_database_itself_wants_all_four_criteria(taken: Taken):
    own = own_life_situation(taken)
    own.mass = ""
    with pytest.raises(IntegrityError):
        own.save(update_fields=["mass"])


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("обращения", "выплаты"),
        ("рождения ребёнка до регистрации", "трёх лет, но не позже 31 декабря"),
        ("а до б", "в до г"),
    ],
)
def test_the_two_ends_of_a_boundary_can_be_told_apart_again(begin: str, end: str):
    assert composed_boundary(begin, end).replace("\u00a0", " ") == f"От {begin} до {end}"
    assert boundary_ends(composed_boundary(begin, end)) == (begin, end)


def test_a_preposition_typed_once_more_stands_once(taken: Taken):
    DirectionFactory(code="social")
    client = taken.client(Role.HQ_CHAIR)
    client.post(create_url(taken), described(boundary_from=" От\u00a0обращения. ", boundary_to="до  выплаты"))
    own = LifeSituation.objects.get(region=taken.region)
    assert own.boundary == "От обращения до\u00a0выплаты"


def edit_url(own: LifeSituation) -> str:
    return reverse("own-life-situation-edit", args=[own.pk])


def own_taken(taken: Taken) -> RegionLifeSituation:
    own = own_life_situation(taken)
    for position, one in enumerate(make_indicators(), start=1):
        LifeSituationIndicator.objects.create(life_situation=own, indicator=one, number="1", position=position)
    return RegionLifeSituation.objects.create(region=taken.region, life_situation=own, since=SINCE)


def test_title_and_boundaries_change_and_the_history_remembers_the_direction_stays(taken: Taken):
    place = own_taken(taken)
    own = place.life_situation
    client = taken.client(Role.NSI_ADMIN)
    shown = client.get(edit_url(own)).content.decode()
    assert "заявления" in shown and "первого дня в яслях" in shown
    DirectionFactory(code="health")
    answer = client.post(edit_url(own), described(title="Ясли для всех", boundary_to="полного дня", direction="health"))
    assert answer.headers["Location"] == reverse("place", args=[place.pk])
    own.refresh_from_db()
    assert (own.title, own.boundary) == ("Ясли для всех", "От подачи заявления до\u00a0полного дня")
    assert (own.direction.code, own.code) == ("social", "own-0123456789ab")
    history = client.get(reverse("place-history", args=[place.pk])).content.decode()
    assert "Устроить ребёнка в ясли" in history and "Ясли для всех" in history
    assert LifeSituation.history.filter(id=own.pk).latest().history_user == taken.people[Role.NSI_ADMIN]


def test_saving_an_unchanged_description_writes_no_history(taken: Taken):
    own = own_taken(taken).life_situation
    before = LifeSituation.history.count()
    services.redescribe(
        life_situation=own,
        description={one: getattr(own, one) for one in services.DESCRIPTION},
        indicators=make_indicators(),
        by=taken.people[Role.HQ_CHAIR],
    )
    assert LifeSituation.history.count() == before


def test_indicators_are_fixed_once_values_are_entered(taken: Taken):
    place = own_taken(taken)
    own, (satisfaction, nps, _) = place.life_situation, make_indicators()
    client = taken.client(Role.NSI_ADMIN)
    client.post(edit_url(own), described(indicators=["nps", "satisfaction"]))
    assert set(own.indicators.all()) == {nps, satisfaction}
    IndicatorTarget.objects.create(place=place, indicator=nps, year=2026, current=1, target=2)
    assert "состав показателей больше не меняется" in client.get(edit_url(own)).content.decode()
    assert client.post(edit_url(own), described(indicators=["time"], title="Новое")).status_code == 302
    own.refresh_from_db()
    assert (own.title, set(own.indicators.all())) == ("Новое", {nps, satisfaction})
    with pytest.raises(services.IndicatorsFixed):
        services.redescribe(
            life_situation=own,
            description={one: getattr(own, one) for one in services.DESCRIPTION},
            indicators=[nps],
            by=taken.people[Role.HQ_CHAIR],
        )


def test_who_describes(taken: Taken):
    own = own_taken(taken).life_situation
    text = {one: getattr(own, one) for one in services.DESCRIPTION}
    allowed_for(
        CHOOSE,
        taken,
        lambda user: services.redescribe(life_situation=own, description=text, indicators=make_indicators(), by=user),
    )


def test_the_catalogue_is_not_edited_by_regions(taken: Taken):
    with pytest.raises(services.NotAvailable):
        services.redescribe(
            life_situation=taken.life_situation, description={}, indicators=[], by=taken.people[Role.HQ_CHAIR]
        )
    assert taken.client(Role.HQ_CHAIR).get(edit_url(taken.life_situation)).status_code == 404


def test_what_a_region_described_itself_is_nowhere_in_another_region(taken: Taken):
    own_place = own_taken(taken)
    own = own_place.life_situation
    other = take("RU-TYU")
    chair = other.client(Role.HQ_CHAIR)
    assert chair.get(edit_url(own)).status_code == 404
    assert chair.get(reverse("place", args=[own_place.pk])).status_code == 404
    answer = chair.post(choose_url(other, own.code), chosen(own.code))
    assert answer.status_code == 422 and own.title not in answer.content.decode()
    assert chair.get(choose_url(other, own.code)).status_code == 200
    with pytest.raises(services.NotAvailable):
        take_catalogue(other, other.people[Role.HQ_CHAIR], own)
    pages = [
        choose_url(other),
        list_url(other),
        reverse("institution-list"),
        reverse("region", args=[other.region.code]),
        reverse("cabinet"),
        reverse("report-list"),
        reverse("material-list"),
    ]
    for role in (Role.HQ_CHAIR, Role.NSI_ADMIN):
        client = other.client(role)
        for page in pages:
            shown = client.get(page)
            if shown.status_code == 200:
                assert own.short_title not in shown.content.decode(), page
                assert own.code not in shown.content.decode(), page
    # The region itself may leave it and take it again later: it stays on offer at home.
    own_place.delete()
    assert own.short_title in taken.client(Role.HQ_CHAIR).get(choose_url(taken)).content.decode()


# Card


def place_url(taken: Taken, name: str = "place") -> str:
    return reverse(name, args=[taken.place.pk])


def test_the_card_shows_all_that_is_known(taken: Taken):
    town = ParticipationFactory(
        institution=InstitutionFactory(region=taken.region), life_situation=taken.life_situation, since=SINCE
    )
    move(taken, "self_assessment", on=date(2026, 3, 1))
    IndicatorTarget.objects.create(
        place=taken.place, indicator=taken.indicators[0], year=2026, current="80.5", target=90
    )
    shown = " ".join(taken.client(Role.EXPERT).get(place_url(taken)).content.decode().split())
    assert taken.life_situation.boundary in shown
    assert "с 01.03.2026" in shown and 'aria-current="step"' in shown
    assert str(taken.people[Role.HQ_MEMBER]) in shown
    assert reverse("institution-card", args=[town.institution_id]) in shown
    assert "нет учреждения в селе" in shown
    assert "80,5" in shown and "90" in shown
    assert reverse("place-targets", args=[taken.place.pk, 2026]) in shown
    assert place_url(taken, "place-history") in shown
    for name in ("place-status", "place-responsible", "place-institutions"):
        assert place_url(taken, name) not in shown, "an expert changes nothing"
    chair = taken.client(Role.HQ_CHAIR).get(place_url(taken)).content.decode()
    for name in ("place-status", "place-responsible", "place-institutions"):
        assert place_url(taken, name) in chair
    assert f"?place={taken.place.pk}" in taken.client(Role.NSI_ADMIN).get(place_url(taken)).content.decode()


def test_the_card_takes_as_many_queries_for_little_as_for_much(taken: Taken):
    client = taken.client(Role.NSI_ADMIN)
    fill(taken, 1)
    little = queries(client, place_url(taken))
    little_history = queries(client, place_url(taken, "place-history"))
    fill(taken, 15)
    assert queries(client, place_url(taken)) == little
    assert queries(client, place_url(taken, "place-history")) == little_history


def fill(taken: Taken, number: int) -> None:
    for _ in range(number):
        institution = InstitutionFactory(region=taken.region)
        ParticipationFactory(institution=institution, life_situation=taken.life_situation)
        MembershipFactory(role=Role.HQ_MEMBER, region=taken.region, life_situations=[taken.life_situation])
        person = MembershipFactory(role=Role.EXPERT, region=taken.region).user
        StatusChange.objects.create(place=taken.place, after="chosen", on=SINCE, at=timezone.now(), by=person)
        indicator = Indicator.objects.create(
            code=f"filled-{institution.pk}", title="Ещё один", unit="percent", kind="main"
        )
        LifeSituationIndicator.objects.create(
            life_situation=taken.life_situation, indicator=indicator, number="1", position=institution.pk
        )
        IndicatorTarget.objects.create(
            place=taken.place, indicator=indicator, year=2026, current=1, target=2, entered_by=person
        )


# Stages

APPROVAL = Document("45-р", date(2026, 11, 19))


def at_stage(taken: Taken, status: str, since: date = SINCE) -> None:
    RegionLifeSituation.objects.filter(pk=taken.place.pk).update(status=status, status_since=since)
    taken.place.refresh_from_db()


def move(
    taken: Taken,
    after: str,
    *,
    seen: str | None = None,
    on: date = TODAY,
    note: str = "",
    document: Document | None = None,
    by: User | Role = Role.HQ_CHAIR,
) -> StatusChange:
    return services.change_status(
        place=taken.place,
        seen=taken.place.status if seen is None else seen,
        after=after,
        on=on,
        note=note,
        document=document or Document(),
        by=taken.people[by] if isinstance(by, Role) else by,
        at=timezone.now(),
    )


def now_at(taken: Taken) -> tuple[str, date | None]:
    taken.place.refresh_from_db()
    return taken.place.status, taken.place.status_since


def test_a_life_situation_goes_its_whole_way_and_every_step_is_kept(taken: Taken):
    way = [
        ("self_assessment", Document()),
        ("roadmap", Document()),
        ("implementation", APPROVAL),
        ("scaling", Document()),
        ("completed", DECISION),
    ]
    for number, (after, document) in enumerate(way, start=1):
        move(taken, after, on=date(2026, number + 1, 1), document=document)
        assert now_at(taken) == (after, date(2026, number + 1, 1))
    changes = StatusChange.objects.filter(place=taken.place)
    assert [(one.before, one.after, one.document_title) for one in reversed(changes)] == [
        ("chosen", "self_assessment", ""),
        ("self_assessment", "roadmap", ""),
        ("roadmap", "implementation", "№ 45-р от 19.11.2026"),
        ("implementation", "scaling", ""),
        ("scaling", "completed", "№ 12-р от 20.11.2026"),
    ]
    statuses = (
        RegionLifeSituation.history.filter(id=taken.place.pk).order_by("history_id").values_list("status", flat=True)
    )
    assert list(statuses) == ["chosen", *(after for after, _ in way)]


@pytest.mark.parametrize(("before", "after"), [("roadmap", "implementation"), ("scaling", "completed")])
@pytest.mark.parametrize("document", [Document(), Document("5", None), Document("", date(2026, 11, 1))])
def test_what_rests_on_a_document_needs_its_number_and_date(before, after, document, taken: Taken):
    at_stage(taken, before)
    with pytest.raises(services.StepNotAllowed):
        move(taken, after, document=document)
    assert now_at(taken) == (before, SINCE)


def test_back_only_with_a_reason(taken: Taken):
    at_stage(taken, "implementation")
    with pytest.raises(services.StepNotAllowed):
        move(taken, "chosen", note=" ")
    move(taken, "chosen", note="Дорожную карту отозвали")
    assert now_at(taken) == ("chosen", TODAY)


@pytest.mark.parametrize("after", ["chosen", "roadmap", "completed", "nowhere"])
def test_no_step_over_a_stage(after: str, taken: Taken):
    with pytest.raises(services.StepNotAllowed):
        move(taken, after, document=DECISION, note="Причина")


@pytest.mark.parametrize(
    ("on", "ok"),
    [(date(2026, 3, 1), True), (date(2026, 2, 28), False), (TODAY, True), (date(2026, 11, 23), False)],
)
def test_a_stage_begins_neither_in_the_future_nor_before_the_one_it_follows(on: date, ok: bool, taken: Taken):
    at_stage(taken, "self_assessment", date(2026, 3, 1))
    if ok:
        move(taken, "roadmap", on=on)
        assert now_at(taken) == ("roadmap", on)
    else:
        with pytest.raises(services.DateOutOfOrder):
            move(taken, "roadmap", on=on)


def test_a_life_situation_from_before_the_stages_begins_with_the_day_it_was_taken(taken: Taken):
    RegionLifeSituation.objects.filter(pk=taken.place.pk).update(status_since=None)
    with pytest.raises(services.DateOutOfOrder):
        move(taken, "self_assessment", on=date(2026, 1, 14))
    move(taken, "self_assessment", on=SINCE)


def test_who_moves_a_life_situation(taken: Taken):
    def there_and_back(user: User) -> None:
        move(taken, "self_assessment", by=user)
        at_stage(taken, "chosen")

    allowed_for(RUN, taken, there_and_back)


def test_who_completes_it_and_who_takes_that_back(taken: Taken):
    def complete(user: User) -> None:
        at_stage(taken, "scaling")
        move(taken, "completed", document=DECISION, by=user)

    def take_back(user: User) -> None:
        at_stage(taken, "completed")
        move(taken, "scaling", note="Ошибка", by=user)

    allowed_for({Role.HQ_CHAIR}, taken, complete)
    allowed_for({Role.HQ_CHAIR}, taken, take_back)


def test_a_member_of_the_headquarters_moves_only_what_they_answer_for(taken: Taken):
    taken.people[Role.HQ_MEMBER].memberships.get().life_situations.clear()
    with pytest.raises(PermissionDenied):
        move(taken, "self_assessment", by=Role.HQ_MEMBER)
    client = taken.client(Role.HQ_MEMBER)
    for name in ("place-status", "place-institutions"):
        assert client.get(place_url(taken, name)).status_code == 403


def test_the_same_step_sent_twice_is_one_step_and_another_one_is_refused(taken: Taken):
    first = move(taken, "self_assessment", seen="chosen")
    assert move(taken, "self_assessment", seen="chosen") == first
    assert StatusChange.objects.count() == 1
    with pytest.raises(services.StageChanged):
        move(taken, "self_assessment", seen="chosen", by=Role.NSI_ADMIN)
    with pytest.raises(services.StageChanged):
        move(taken, "self_assessment", seen="chosen", on=date(2026, 11, 21))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_move_it_at_once_one_is_refused():
    taken = take()
    users = [taken.people[Role.HQ_CHAIR], taken.people[Role.NSI_ADMIN]]
    outcome = at_once(
        *(lambda user=user: move(taken, "self_assessment", seen="chosen", by=user) for user in users)  # type: ignore[misc]
    )
    assert sorted(outcome) == ["StageChanged", "done"]
    assert StatusChange.objects.count() == 1


def step(**changes: Any) -> dict[str, Any]:
    return {"seen": "roadmap", "after": "implementation", "on": "2026-11-21", "note": "", **changes}


def test_the_page_of_the_stage_keeps_the_document(taken: Taken):
    at_stage(taken, "roadmap")
    client = taken.client(Role.NSI_ADMIN)
    shown = client.get(place_url(taken, "place-status")).content.decode()
    assert "Внедрение" in shown and "Вернуть на этап «Самообследование»" in shown and "Завершена" not in shown
    file = SimpleUploadedFile("Распоряжение.pdf", b"%PDF-1.7 test")
    data = step(document_number="45-р", document_date="2026-11-19", document_file=file)
    assert client.post(place_url(taken, "place-status"), data).headers["Location"] == place_url(taken)
    change = StatusChange.objects.get()
    assert (change.document_title, change.document_name) == ("№ 45-р от 19.11.2026", "Распоряжение.pdf")
    url = reverse("place-document", args=[change.pk])
    download = taken.client(Role.EXPERT).get(url)
    assert b"".join(download.streaming_content) == b"%PDF-1.7 test"
    assert "attachment" in download.headers["Content-Disposition"]
    assert take("RU-TYU").client(Role.HQ_CHAIR).get(url).status_code == 404
    assert url in taken.client(Role.EXPERT).get(place_url(taken)).content.decode()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "Укажите номер: нужен документ об утверждении дорожной карты"),
        ({"document_number": "1"}, "Укажите дату: нужен документ об утверждении дорожной карты"),
        ({"after": "chosen"}, "Укажите, почему ЖС возвращают на прежний этап"),
        ({"after": "completed"}, "Выберите корректный вариант"),
        ({"after": ""}, "Обязательное поле"),
        ({"after": "chosen", "note": "Так", "on": "2026-11-23"}, "Этот день ещё не наступил"),
        ({"after": "chosen", "note": "Так", "on": "2026-01-14"}, "Этап не может начаться раньше 15.01.2026"),
        ({"seen": "chosen", "after": "self_assessment"}, "этап сменили: сейчас «Дорожная карта»"),
    ],
)
def test_what_is_wrong_with_a_step_is_said_at_the_field(changes: dict[str, Any], message: str, taken: Taken):
    at_stage(taken, "roadmap")
    answer = taken.client(Role.NSI_ADMIN).post(place_url(taken, "place-status"), step(**changes))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not StatusChange.objects.exists()


def test_completing_waits_for_the_chair(taken: Taken):
    at_stage(taken, "scaling")
    admin, chair = taken.client(Role.NSI_ADMIN), taken.client(Role.HQ_CHAIR)
    shown = admin.get(place_url(taken, "place-status")).content.decode()
    assert "руководитель Регионального штаба" in shown and 'value="completed"' not in shown
    data = step(seen="scaling", after="completed", document_number="5", document_date="2026-11-20")
    assert admin.post(place_url(taken, "place-status"), data).status_code == 422
    assert 'value="completed"' in chair.get(place_url(taken, "place-status")).content.decode()
    assert chair.post(place_url(taken, "place-status"), data).status_code == 302
    assert now_at(taken)[0] == "completed"
    assert "Сменить этап</button>" not in admin.get(place_url(taken, "place-status")).content.decode()
    assert admin.post(place_url(taken, "place-status"), step(seen="completed", after="scaling")).status_code == 403


def test_a_click_too_many_changes_nothing(taken: Taken):
    client = taken.client(Role.NSI_ADMIN)
    data = step(seen="chosen", after="self_assessment")
    for _ in range(2):
        assert client.post(place_url(taken, "place-status"), data).headers["Location"] == place_url(taken)
    assert StatusChange.objects.count() == 1


def test_moving_to_implementation_measures_the_infrastructure_anew(taken: Taken, monkeypatch: pytest.MonkeyPatch):
    measured: list[object] = []
    monkeypatch.setattr(services.readiness, "remeasure", lambda region, *, at: measured.append(region))
    at_stage(taken, "roadmap")
    move(taken, "implementation", document=APPROVAL)
    take_catalogue(taken, taken.people[Role.HQ_CHAIR], LifeSituationFactory(code="social-home-care"))
    assert measured == [taken.region, taken.region]


# Who answers


def membership(taken: Taken, **traits: Any) -> Membership:
    found: Membership = MembershipFactory(**{"role": Role.HQ_MEMBER, "region": taken.region, **traits})
    return found


def answer_for(taken: Taken, by: User | Role, *, add: list[Membership] = [], remove: list[Membership] = []) -> None:  # noqa: B006
    services.change_responsible(
        place=taken.place,
        add=add,
        remove=remove,
        by=taken.people[by] if isinstance(by, Role) else by,
        at=timezone.now(),
    )


def responsible(taken: Taken) -> set[int]:
    return set(Membership.objects.answering_for(taken.place).values_list("pk", flat=True))


def test_members_are_made_responsible_and_relieved_and_the_history_keeps_it(taken: Taken):
    before, after = Membership.objects.get(user=taken.people[Role.HQ_MEMBER]), membership(taken)
    url = place_url(taken, "place-responsible")
    client = taken.client(Role.NSI_ADMIN)
    assert str(after.user) in client.get(url).content.decode()
    data = {"initial-members": [str(before.pk)], "members": [str(after.pk)]}
    assert client.post(url, data).headers["Location"] == place_url(taken)
    assert responsible(taken) == {after.pk}
    record = Membership.history.filter(id=after.pk).latest()
    assert [one.lifesituation for one in record.life_situations.all()] == [taken.life_situation]
    assert record.history_user == taken.people[Role.NSI_ADMIN]


def test_who_answered_stands_in_the_history_of_the_life_situation_by_name_only(taken: Taken):
    other = take_catalogue(taken, taken.people[Role.HQ_CHAIR], LifeSituationFactory(code="social-home-care"))
    member = membership(taken, user__full_name="Седова Анна Львовна", user__email="sedova@example.ru")
    elsewhere = membership(taken, user__full_name="Чужой Иван", region=RegionFactory(code="RU-TYU"))
    elsewhere.life_situations.add(taken.life_situation)
    member.life_situations.add(other.life_situation)
    answer_for(taken, Role.HQ_CHAIR, add=[member])
    # What does not touch this ЖС.
    member.life_situations.remove(other.life_situation)
    member.end_reason = "переехала"
    member.save(update_fields=["end_reason"])
    answer_for(taken, Role.NSI_ADMIN, remove=[member])
    found = changes_of_responsible(taken.place)
    assert [(one.subject, one.kind, one.by) for one in found if "Седова" in one.subject] == [
        ("ответственный: Седова Анна Львовна", "снят", str(taken.people[Role.NSI_ADMIN])),
        ("ответственный: Седова Анна Львовна", "назначен", str(taken.people[Role.HQ_CHAIR])),
    ]
    assert not any("Чужой" in one.subject for one in found)
    for role in (Role.EXPERT, Role.AGENCY_ANALYST):
        page = taken.client(role).get(place_url(taken, "place-history")).content.decode()
        assert page.count("ответственный: Седова Анна Львовна") == 2
        assert "sedova@example.ru" not in page and "переехала" not in page


def test_what_somebody_else_changed_meanwhile_stays(taken: Taken):
    before, mine, theirs = (
        Membership.objects.get(user=taken.people[Role.HQ_MEMBER]),
        membership(taken),
        membership(taken),
    )
    answer_for(taken, Role.HQ_CHAIR, add=[theirs])
    data = {"initial-members": [str(before.pk)], "members": [str(before.pk), str(mine.pk)]}
    taken.client(Role.NSI_ADMIN).post(place_url(taken, "place-responsible"), data)
    assert responsible(taken) == {before.pk, mine.pk, theirs.pk}


def test_who_appoints(taken: Taken):
    member = membership(taken)

    def appoint(user: User) -> None:
        answer_for(taken, user, add=[member])
        answer_for(taken, user, remove=[member])

    allowed_for(CHOOSE, taken, appoint)


def test_nobody_makes_themselves_responsible(taken: Taken):
    own = membership(taken, user=taken.people[Role.HQ_CHAIR])
    with pytest.raises(services.OwnRights):
        answer_for(taken, Role.HQ_CHAIR, add=[own])
    answer = taken.client(Role.HQ_CHAIR).post(place_url(taken, "place-responsible"), {"members": [str(own.pk)]})
    assert answer.status_code == 422
    assert "Назначить самого себя нельзя" in answer.content.decode()
    assert own.pk not in responsible(taken)
    # To lay a duty down is no right gained.
    answer_for(taken, Role.NSI_ADMIN, add=[own])
    answer_for(taken, Role.HQ_CHAIR, remove=[own])
    assert own.pk not in responsible(taken)


@pytest.mark.parametrize("traits", ["of another region", "another role", "ended", "not begun"])
def test_only_members_of_the_headquarters_of_today_answer(traits: str, taken: Taken):
    one = {
        "of another region": lambda: membership(taken, region=RegionFactory(code="RU-TYU")),
        "another role": lambda: membership(taken, role=Role.EXPERT),
        "ended": lambda: membership(taken, ends_on=date(2026, 11, 21)),
        "not begun": lambda: membership(taken, starts_on=date(2026, 11, 23)),
    }[traits]()
    with pytest.raises(services.NotAMember):
        answer_for(taken, Role.HQ_CHAIR, add=[one])
    url = place_url(taken, "place-responsible")
    answer = taken.client(Role.HQ_CHAIR).post(url, {"members": [str(one.pk)]})
    assert answer.status_code == 422 and "уже не член РШ" in answer.content.decode()
    assert one.pk not in responsible(taken)


def test_a_region_without_members_is_told_where_they_come_from(taken: Taken):
    Membership.objects.filter(role=Role.HQ_MEMBER).update(ends_on=date(2026, 11, 21))
    shown = taken.client(Role.HQ_CHAIR).get(place_url(taken, "place-responsible")).content.decode()
    assert "В регионе нет членов РШ на портале" in shown


# Institutions


def test_institutions_join_from_a_day(taken: Taken):
    free, busy = InstitutionFactory(region=taken.region), InstitutionFactory(region=taken.region, village=True)
    ParticipationFactory(institution=busy, life_situation=taken.life_situation)
    closed = InstitutionFactory(region=taken.region, closed_on=date(2026, 11, 21))
    strange = InstitutionFactory(region=RegionFactory(code="RU-TYU"))
    url = place_url(taken, "place-institutions")
    client = taken.client(Role.HQ_MEMBER)
    offered = client.get(url).content.decode()
    assert f'value="{free.pk}"' in offered
    for one in (busy, closed, strange):
        assert f'value="{one.pk}"' not in offered
        answer = client.post(url, {"institution": one.pk, "since": "2026-11-21"})
        assert answer.status_code == 422 and "добавить нельзя" in answer.content.decode()
    answer = client.post(url, {"institution": free.pk, "since": "2026-01-14"})
    assert answer.status_code == 422, "before the region took the ЖС"
    assert client.post(url, {"institution": free.pk, "since": "2026-11-21"}).headers["Location"] == url
    joined = Participation.objects.get(institution=free)
    assert (joined.life_situation, joined.since, joined.until) == (taken.life_situation, date(2026, 11, 21), None)
    assert reverse("participation-end", args=[joined.pk]) in client.get(url).content.decode()
    # Clicked twice: said, not done.
    assert client.post(url, {"institution": free.pk, "since": "2026-11-21"}).status_code == 422
    assert Participation.objects.filter(institution=free).count() == 1


def test_the_page_of_institutions_takes_as_many_queries_for_few_as_for_many(taken: Taken):
    client = taken.client(Role.NSI_ADMIN)
    fill(taken, 1)
    InstitutionFactory(region=taken.region)
    few = queries(client, place_url(taken, "place-institutions"))
    fill(taken, 15)
    InstitutionFactory.create_batch(15, region=taken.region)
    assert queries(client, place_url(taken, "place-institutions")) == few


# Other regions


def test_the_pages_of_another_region_are_not_there(taken: Taken):
    client = take("RU-TYU").client(Role.HQ_CHAIR)
    for name in ("place", "place-history", "place-status", "place-responsible", "place-institutions"):
        assert client.get(place_url(taken, name)).status_code == 404, name
        assert client.post(place_url(taken, name), {}).status_code in (404, 405), name
    for name in ("place-targets", "targets-approve", "targets-withdraw", "targets-document"):
        url = reverse(name, args=[taken.place.pk, 2026])
        assert client.get(url).status_code == 404, name
    for name in ("place-list", "place-choose", "own-life-situation-create"):
        assert client.get(reverse(name, args=[taken.region.code])).status_code == 404, name


def test_who_sees_published_results_only_sees_no_card(taken: Taken):
    client = signed_in(taken.people[Role.FEDERAL_OBSERVER])
    assert client.get(place_url(taken)).status_code == 404
    assert client.get(list_url(taken)).status_code == 404
