"""«Справочники»: who gets there, what can be changed there, and what cannot."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver, reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from monitoring.models import Collection, ReportingPeriod
from monitoring.quarters import periods
from nsi_portal.admin import site
from regions.middleware import SESSION_KEY
from regions.models import (
    Direction,
    Indicator,
    IndicatorTarget,
    LetterKind,
    LifeSituation,
    LifeSituationIndicator,
    Region,
    RegionLifeSituation,
    TypicalProblem,
)
from regions.roles import Role
from tests.browser import *  # noqa: F403
from tests.browser import accessibility_problems
from tests.factories import LifeSituationFactory, MembershipFactory, RegionFactory
from tests.surveys.test_public_browser import scrolls_sideways
from tests.world import period

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
MODELS = ["region", "direction", "indicator", "lifesituation", "typicalproblem", "letterkind"]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def admin() -> User:
    return MembershipFactory(role=Role.AGENCY_ADMIN).user


@pytest.fixture
def client(admin: User) -> Client:
    return signed_in(admin)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def page(model: str, what: str = "changelist", *arguments: object) -> str:
    app = "monitoring" if model == "reportingperiod" else "regions"
    return reverse(f"admin:{app}_{model}_{what}", args=arguments)


def fields_of(response: Any) -> dict[str, Any]:
    """What a form of the admin would send back as it stands, inlines included."""
    forms = [response.context["adminform"].form]
    for one in response.context["inline_admin_formsets"]:
        forms += [one.formset.management_form, *one.formset.forms]
    values = {form[name].html_name: form[name].value() for form in forms for name in form.fields}
    return {name: value for name, value in values.items() if value is not None and value is not False}


# Who gets there


def addresses() -> list[str]:
    """Every address of the admin, of a row that may be there or not."""
    found = []
    for pattern in get_resolver().url_patterns:
        if getattr(pattern, "namespace", "") == "admin":
            found = _names(pattern.url_patterns)
    arguments: dict[str, list[object]] = {
        "app_list": ["regions"],
        **{name: [1] for name in found if name.endswith(("_history", "_delete", "_change"))},
    }
    return [reverse(f"admin:{name}", args=arguments.get(name, [])) for name in found]


def _names(patterns: Any) -> list[str]:
    return [
        name
        for pattern in patterns
        for name in (_names(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern.name])
    ]


def test_every_address_of_the_admin_has_a_name():
    assert len(addresses()) == 3 + 5 * len(site._registry)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.AGENCY_ADMIN])
def test_for_every_other_role_there_is_no_admin(role: Role):
    other = signed_in(MembershipFactory(role=role).user)
    assert {(url, other.get(url).status_code) for url in addresses()} == {(url, 404) for url in addresses()}
    assert {other.post(url).status_code for url in addresses()} == {404}
    assert reverse("admin:index") not in other.get(reverse("cabinet")).content.decode()


def test_who_is_not_signed_in_is_led_to_the_portal_s_own_sign_in():
    for url in addresses():
        response = Client().get(url)
        assert (response.status_code, response.headers["Location"].split("?")[0]) == (302, "/accounts/login/"), url


def test_an_administrator_of_the_agency_gets_there_from_the_navigation(client: Client):
    assert f'href="{reverse("admin:index")}"' in client.get(reverse("cabinet")).content.decode()
    assert client.get(reverse("admin:index")).status_code == 200


def test_without_a_second_factor_nobody_gets_there(admin: User, client: Client):
    Authenticator.objects.filter(user=admin).delete()
    response = client.get(reverse("admin:index"))
    assert (response.status_code, response.headers["Location"].split("?")[0]) == (302, reverse("second-factor"))
    request = response.wsgi_request
    assert not site.has_permission(request)


def test_who_has_chosen_to_act_in_another_role_does_not_get_there(admin: User):
    other = MembershipFactory(user=admin, role=Role.AGENCY_ANALYST)
    client = signed_in(admin)
    session = client.session
    session[SESSION_KEY] = other.pk
    session.save()
    assert client.get(reverse("admin:index")).status_code == 404


def test_reference_data_only():
    assert {model.__name__ for model in site._registry} == {
        "Region",
        "Direction",
        "Indicator",
        "LifeSituation",
        "TypicalProblem",
        "LetterKind",
        "ReportingPeriod",
        "Theme",
        "ProcessStage",
    }


def test_signing_out_and_the_password_are_the_portal_s_own(client: Client):
    html = client.get(reverse("admin:index")).content.decode()
    assert f'action="{reverse("account_logout")}"' in html
    assert "password" not in html


@pytest.mark.parametrize("model", [*MODELS, "reportingperiod"])
def test_every_page_opens(client: Client, model: str):
    call_command("load_reference", verbosity=0)
    assert client.get(page(model), {"q": "а"}).status_code == 200
    row = next(one for one in site._registry if one._meta.model_name == model).objects.order_by("-pk")[0]
    assert client.get(page(model, "change", row.pk)).status_code == 200
    assert client.get(page(model, "history", row.pk)).status_code == 200
    assert client.get(page(model, "add")).status_code == (403 if model == "region" else 200)


# Regions


def test_a_region_s_names_and_clock_can_change_but_not_its_codes(client: Client, admin: User):
    region = RegionFactory()
    form = fields_of(client.get(page("region", "change", region.pk)))
    assert not {"code", "okato", "participates_since"} & form.keys()
    sent = form | {"name_dative": "Нижегородской обл.", "code": "RU-XXX", "participates_since": "2020-01-01"}
    assert client.post(page("region", "change", region.pk), sent).status_code == 302
    region.refresh_from_db()
    assert (region.name_dative, region.code, region.participates_since) == ("Нижегородской обл.", "RU-NIZ", None)
    html = client.get(page("region", "history", region.pk)).content.decode()
    assert "Нижегородской обл." in html and str(admin) in html


def test_a_region_keeps_to_a_clock_the_country_has(client: Client):
    region = RegionFactory()
    form = fields_of(client.get(page("region", "change", region.pk)))
    response = client.post(page("region", "change", region.pk), form | {"time_zone": "Mars/Olympus"})
    assert response.status_code == 200 and "time_zone" in response.context["adminform"].form.errors


def test_regions_are_neither_added_nor_removed(client: Client):
    region = RegionFactory()
    assert client.get(page("region", "add")).status_code == 403
    assert client.post(page("region", "delete", region.pk), {"post": "yes"}).status_code == 403
    assert Region.objects.count() == 1


# The catalogue


def test_a_life_situation_is_added_with_indicators_and_problems(client: Client):
    direction = LifeSituationFactory().direction
    indicator = Indicator.objects.create(code="share", title="Доля", unit="percent", kind="main")
    form = fields_of(client.get(page("lifesituation", "add"))) | {
        "code": "new-situation",
        "number": "8",
        "direction": str(direction.pk),
        "title": "Новая ситуация",
        "short_title": "Новая",
        "boundary": "От начала до конца",
        "beneficiaries": "Все",
        "lifesituationindicator_set-TOTAL_FORMS": "1",
        "lifesituationindicator_set-0-indicator": str(indicator.pk),
        "lifesituationindicator_set-0-number": "1.1",
        "lifesituationindicator_set-0-position": "1",
        "typical_problems-TOTAL_FORMS": "1",
        "typical_problems-0-number": "1",
        "typical_problems-0-title": "Долго",
    }
    assert client.post(page("lifesituation", "add"), form).status_code == 302
    made = LifeSituation.objects.get(code="new-situation")
    assert [str(one) for one in made.indicators.all()] == ["Доля"]
    assert [one.title for one in made.typical_problems.all()] == ["Долго"]


def test_a_life_situation_of_the_catalogue_has_a_number(client: Client):
    LifeSituationFactory()
    form = fields_of(client.get(page("lifesituation", "add"))) | {"code": "x", "title": "x", "short_title": "x"}
    response = client.post(page("lifesituation", "add"), form)
    assert "number" in response.context["adminform"].form.errors


def own_life_situation() -> LifeSituation:
    own = LifeSituationFactory()
    own.region, own.number = RegionFactory(), None
    own.human_centred = own.mass = own.within_powers = own.common = "да"
    own.save()
    return own


def test_what_a_region_described_itself_is_not_there(client: Client):
    own = own_life_situation()
    problem = TypicalProblem.objects.create(life_situation=own, number=1, title="Долго")
    for model, row in (("lifesituation", own), ("typicalproblem", problem)):
        for what in ("change", "delete", "history"):
            status = client.get(page(model, what, row.pk)).status_code
            assert status in (302, 404), (model, what)
        assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code in (302, 404)
    assert LifeSituation.objects.filter(pk=own.pk).exists() and TypicalProblem.objects.filter(pk=problem.pk).exists()


def test_what_is_used_is_not_deleted(client: Client):
    place = RegionLifeSituation.objects.create(
        region=RegionFactory(), life_situation=LifeSituationFactory(code="employment-centre"), since="2026-01-01"
    )
    used = place.life_situation
    LifeSituation.objects.filter(pk=used.pk).update(code="of-the-agency")
    response = client.post(page("lifesituation", "delete", used.pk), {"post": "yes"})
    assert response.status_code == 200
    assert "защищ" in response.content.decode().lower() or response.context["protected"]
    assert LifeSituation.objects.filter(pk=used.pk).exists()


def test_what_is_not_used_can_be_deleted(client: Client):
    direction = Direction.objects.create(code="culture", title="Культура", position=9)
    assert client.post(page("direction", "delete", direction.pk), {"post": "yes"}).status_code == 302
    assert not Direction.objects.filter(code="culture").exists()


def test_what_comes_from_the_files_is_not_deleted(client: Client):
    call_command("load_reference", verbosity=0)
    for model in ("direction", "indicator", "lifesituation", "typicalproblem", "letterkind"):
        kind = next(one for one in site._registry if one._meta.model_name == model)
        row = kind.objects.order_by("pk")[0]
        assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model
        assert kind.objects.filter(pk=row.pk).exists()


@pytest.fixture
def used_indicator() -> Indicator:
    indicator = Indicator.objects.create(code="share", title="Доля", unit="percent", kind="main")
    situation = LifeSituationFactory()
    LifeSituationIndicator.objects.create(life_situation=situation, indicator=indicator, number="1", position=1)
    place = RegionLifeSituation.objects.create(region=RegionFactory(), life_situation=situation, since="2026-01-01")
    IndicatorTarget.objects.create(place=place, indicator=indicator, year=2026, current=1, target=2)
    return indicator


def test_what_an_indicator_measures_does_not_change_under_the_values_regions_entered(
    client: Client, used_indicator: Indicator
):
    form = fields_of(client.get(page("indicator", "change", used_indicator.pk)))
    assert not {"code", "unit", "kind", "lower_is_better"} & form.keys()
    sent = form | {"title": "Доля довольных", "unit": "days", "lower_is_better": "on"}
    client.post(page("indicator", "change", used_indicator.pk), sent)
    used_indicator.refresh_from_db()
    assert (used_indicator.title, used_indicator.unit, used_indicator.lower_is_better) == (
        "Доля довольных",
        "percent",
        False,
    )


def test_an_indicator_with_values_stays_in_its_life_situation(client: Client, used_indicator: Indicator):
    situation = LifeSituation.objects.get()
    form = fields_of(client.get(page("lifesituation", "change", situation.pk)))
    other = Indicator.objects.create(code="other", title="Другой", unit="percent", kind="main")
    for change in (
        {"lifesituationindicator_set-0-DELETE": "on"},
        {"lifesituationindicator_set-0-indicator": str(other.pk)},
    ):
        response = client.post(page("lifesituation", "change", situation.pk), form | change)
        assert response.status_code == 200
        assert "уже внесли значения" in response.content.decode()
    assert situation.indicators.get() == used_indicator


def test_a_letter_kind_keeps_its_code_and_its_rhythm(client: Client):
    kind = LetterKind.objects.create(code="start", position=1, stage="Этап", action="Письмо", short_title="Письмо")
    form = fields_of(client.get(page("letterkind", "change", kind.pk)))
    client.post(page("letterkind", "change", kind.pk), form | {"short_title": "Решение", "code": "x"})
    kind.refresh_from_db()
    assert (kind.short_title, kind.code) == ("Решение", "start")


def test_what_the_agency_changed_stays_changed_after_the_next_loading(client: Client):
    call_command("load_reference", verbosity=0)
    changes = {
        "region": {"name_dative": "Новое"},
        "direction": {"title": "Новое"},
        "indicator": {"title": "Новое"},
        "lifesituation": {"short_title": "Новое"},
        "typicalproblem": {"title": "Новое"},
        "letterkind": {"short_title": "Новое"},
    }
    rows = {}
    for model, change in changes.items():
        kind = next(one for one in site._registry if one._meta.model_name == model)
        rows[model] = kind.objects.order_by("pk")[0]
        form = fields_of(client.get(page(model, "change", rows[model].pk)))
        assert client.post(page(model, "change", rows[model].pk), form | change).status_code == 302, model
    Region.objects.filter(code="RU-TYU").update(name_dative="Порча")
    call_command("load_reference", verbosity=0)
    for model, change in changes.items():
        rows[model].refresh_from_db()
        assert [getattr(rows[model], name) for name in change] == ["Новое"], model
    assert Region.objects.get(code="RU-TYU").name_dative == "Тюменской области"


# Reporting periods


@pytest.fixture
def calendar() -> list[ReportingPeriod]:
    """The quarter that has begun, and the year that has not."""
    return [period(code) for code in ("2027-Q1", "2027-Q2", "2027-Q3", "2027-Q4")]


def days(*codes: str) -> list[tuple[date, date]]:
    return [(one.opens_on, one.closes_on) for one in ReportingPeriod.objects.filter(code__in=codes)]


def test_the_deadline_of_a_future_quarter_moves_and_the_next_begins_the_day_after(
    client: Client, calendar: list[ReportingPeriod]
):
    response = client.post(page("reportingperiod", "change", calendar[1].pk), {"closes_on": "25.05.2027"})
    assert response.status_code == 302
    assert days("2027-Q2", "2027-Q3") == [
        (date(2027, 2, 21), date(2027, 5, 25)),
        (date(2027, 5, 26), date(2027, 8, 20)),
    ]


@pytest.mark.parametrize("day", ["2027-02-20", "2027-03-01", "2027-08-19", "2027-08-30", "2028-05-20"])
def test_a_quarter_of_an_odd_length_is_refused(client: Client, calendar: list[ReportingPeriod], day: str):
    response = client.post(page("reportingperiod", "change", calendar[1].pk), {"closes_on": day})
    assert response.status_code == 200
    assert "closes_on" in response.context["adminform"].form.errors
    assert days("2027-Q2") == [(date(2027, 2, 21), date(2027, 5, 20))]


def test_a_quarter_that_has_begun_is_only_shown(client: Client, calendar: list[ReportingPeriod]):
    assert client.get(page("reportingperiod", "change", calendar[0].pk)).status_code == 200
    response = client.post(page("reportingperiod", "change", calendar[0].pk), {"closes_on": "2027-02-25"})
    assert response.status_code == 403
    assert days("2027-Q1") == [(date(2026, 11, 21), date(2027, 2, 20))]


def test_a_quarter_begins_with_the_easternmost_region(calendar: list[ReportingPeriod]):
    # 20 February, 16:00 in Moscow: in Kamchatka the 21st has begun.
    moscow = ZoneInfo("Europe/Moscow")
    assert periods.is_changeable(calendar[1], datetime(2027, 2, 20, 14, 59, tzinfo=moscow))
    assert not periods.is_changeable(calendar[1], datetime(2027, 2, 20, 15, 0, tzinfo=moscow))


def test_a_quarter_with_data_does_not_move_nor_does_its_beginning(
    client: Client, admin: User, calendar: list[ReportingPeriod]
):
    place = RegionLifeSituation.objects.create(
        region=RegionFactory(), life_situation=LifeSituationFactory(), since="2026-01-01"
    )
    Collection.objects.create(region_life_situation=place, period=calendar[2])
    for one in calendar[1:3]:
        with pytest.raises(periods.BadDeadline):
            periods.move_deadline(period=one, closes_on=date(2027, 5, 22), by=admin, at=NOW)
    assert days("2027-Q2", "2027-Q3") == [
        (date(2027, 2, 21), date(2027, 5, 20)),
        (date(2027, 5, 21), date(2027, 8, 20)),
    ]


def test_the_next_quarter_follows_the_last_one(client: Client, calendar: list[ReportingPeriod]):
    form = fields_of(client.get(page("reportingperiod", "add"))) | {"closes_on": "20.02.2028"}
    assert client.post(page("reportingperiod", "add"), form).status_code == 302
    made = ReportingPeriod.objects.get(code="2028-Q1")
    assert (made.year, made.quarter, made.opens_on, made.closes_on) == (2028, 1, date(2027, 11, 21), date(2028, 2, 20))
    again = client.post(page("reportingperiod", "add"), form)
    assert again.status_code == 200
    assert "уже добавлен" in again.content.decode()
    assert ReportingPeriod.objects.count() == 5


def test_quarters_are_not_removed(client: Client, calendar: list[ReportingPeriod]):
    assert client.post(page("reportingperiod", "delete", calendar[3].pk), {"post": "yes"}).status_code == 403
    assert ReportingPeriod.objects.count() == 4


@pytest.mark.parametrize("role", [role for role in Role if role != Role.AGENCY_ADMIN])
def test_the_services_of_periods_ask_for_the_right_themselves(calendar: list[ReportingPeriod], role: Role):
    other = MembershipFactory(role=role).user
    with pytest.raises(PermissionDenied):
        periods.move_deadline(period=calendar[1], closes_on=date(2027, 5, 25), by=other, at=NOW)
    with pytest.raises(PermissionDenied):
        periods.add_next(after=calendar[3].pk, closes_on=date(2028, 2, 20), by=other)


def test_a_quarter_the_files_add_begins_after_the_one_the_agency_moved(calendar: list[ReportingPeriod], admin: User):
    periods.move_deadline(period=calendar[3], closes_on=date(2027, 11, 25), by=admin, at=NOW)
    call_command("load_reference", verbosity=0)
    assert days("2027-Q4", "2028-Q1") == [
        (date(2027, 8, 21), date(2027, 11, 25)),
        (date(2027, 11, 26), date(2028, 2, 20)),
    ]


# In a browser


@pytest.fixture
def window(admin: User, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    client = signed_in(admin)
    context = browser.new_context(locale="ru-RU", base_url=live_server.url)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    yield context.new_page()
    context.close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_its_scripts_and_styles_keep_to_the_content_security_policy(window: Page):
    situation, region = LifeSituationFactory(), RegionFactory()
    period("2027-Q1")
    complaints: list[str] = []
    window.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    window.on("pageerror", lambda error: complaints.append(str(error)))
    for url in (
        reverse("admin:index"),
        page("region"),
        page("region", "history", region.pk),
        page("indicator", "add"),
        page("reportingperiod", "add"),
    ):
        window.goto(url)
        assert complaints == [], url
        window.set_viewport_size({"width": 320, "height": 800})
        assert not scrolls_sideways(window), url
        assert accessibility_problems(window) == [], url
        window.set_viewport_size({"width": 1280, "height": 800})
        complaints.clear()  # what looks for such problems has its own styles
    window.goto(page("lifesituation", "change", situation.pk))
    problems = window.locator("#typical_problems-group .inline-related:not(.empty-form)")
    before = problems.count()
    window.locator("#typical_problems-group .add-row a").click()
    expect(problems).to_have_count(before + 1)
    problems.last.get_by_label("Номер в документе").fill("99")
    problems.last.get_by_label("Проблема").fill("Долго ждать")
    window.get_by_role("button", name="Сохранить", exact=True).click()
    assert situation.typical_problems.filter(number=99, title="Долго ждать").exists()
    assert complaints == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_signing_out_there_is_signing_out_of_the_portal(window: Page):
    window.goto(reverse("admin:index"))
    window.get_by_role("button", name="Выйти").click()
    expect(window).to_have_url(re.compile("/accounts/login/"))
    window.goto(reverse("admin:index"))
    expect(window).to_have_url(re.compile("/accounts/login/"))
