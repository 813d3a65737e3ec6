"""Results of surveys on the page and in its files: what is shown, what is hidden, and at what cost."""

import io
import re
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pypdfium2
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from jobs.models import Job
from jobs.services import run_job
from monitoring.models import WeightDecision
from monitoring.quarters import services
from monitoring.quarters.kpi import Scheme
from monitoring.survey_results import export as answers_export
from monitoring.survey_results import reading as survey_results
from monitoring.survey_results.reading import Asking
from regions.models import Institution
from regions.roles import Role
from surveys.counting import rollups
from surveys.counting.distributions import Questionnaires
from surveys.models import Comment, QuestionTally, Response, SurveyLink
from tests.factories import (
    InstitutionFactory,
    QuestionnaireFactory,
    QuestionnaireVersionFactory,
    ResponseFactory,
    SurveyLinkFactory,
)
from tests.surveys.test_disclosure import determined
from tests.world import NOW, World, build_world, period, served

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 5)
QUARTER = (date(2026, 8, 21), date(2026, 11, 20))
STAFF = Role.HQ_MEMBER  # Sees the region, not the counts of institutions.
OWN = Role.INSTITUTION_REP


@pytest.fixture
def world():
    with time_machine.travel(NOW, tick=False):
        world = build_world("RU-NIZ")
        # What happened in the year before stays out of the way.
        yield world


def answer(link: SurveyLink, number: int, *, satisfied: int, day: date = DAY, nps: int = 9, days: str = "2") -> None:
    for index in range(number):
        is_satisfied = index < satisfied
        ResponseFactory(
            link=link,
            answered_on=day,
            satisfaction=4 if is_satisfied else 1,
            nps=nps,
            days=Decimal(days),
            answers={
                "satisfaction": "yes" if is_satisfied else "no",
                "recommend": nps,
                "days": days,
                "service_date": str(day),
            },
        )


def third(world: World, name: str = "Третье") -> SurveyLink:
    institution = InstitutionFactory(region=world.region, name=name)
    return SurveyLinkFactory(institution=institution, life_situation=world.life_situation)


def client_of(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def institution_url(world: World, **query: str) -> str:
    return reverse("institution-results", args=[world.institution.pk], query={"period": "2026-Q4", **query})


def region_url(world: World, **query: str) -> str:
    arguments = [world.region.code, world.life_situation.code]
    return reverse("region-results", args=arguments, query={"period": "2026-Q4", **query})


def text_of(response) -> str:
    assert response.status_code == 200
    words = re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.S)
    return " ".join(words.replace("&nbsp;", " ").replace("\xa0", " ").split())


def results(world: World, first: date = QUARTER[0], last: date = QUARTER[1], **asked) -> survey_results.Results:
    asking = Asking(world.region, world.life_situation, first, last, **asked)
    questionnaires = Questionnaires(survey_results.sources_of(world.region, world.life_situation))
    return survey_results.results_of(asking, questionnaires, services.thresholds())


def value(found: survey_results.Results, code: str = "satisfaction") -> Decimal | None:
    return next(row.shown.value for row in found.indicators if row.measure.code == code)


def test_the_page_shows_kpi_with_intervals_and_every_question(world: World):
    answer(world.link, 30, satisfied=27)
    text = text_of(client_of(world, OWN).get(institution_url(world)))
    assert "90,0 %" in text and "74,4…96,5" in text
    assert "Готовы ли Вы рекомендовать" in text and "Сколько дней заняло получение услуги?" in text
    assert "Поступило ответов: 30." in text
    # A bar for each answer, with the same words in the table.
    assert "90,0 % (27)" in text and "10,0 % (3)" in text


def test_the_kpi_are_those_of_the_quarter(world: World):
    answer(world.link, 30, satisfied=27)
    answer(world.sibling_link, 20, satisfied=5)
    rollups.roll_up(timezone.now())
    answer(world.link, 10, satisfied=0)
    quarter = services.quarter_result(world.place, world.quarter)
    for one in quarter.institutions:
        found = results(world, institution=Institution.objects.get(pk=one.id), sees_all=True)
        for row in found.indicators:
            assert row.estimate == pytest.approx(one.values[row.measure.code]) or row.estimate.n == 0
    assert value(results(world)) == Decimal("53.3")  # 32 of 60.


def test_filters_of_channel_and_version(world: World):
    newer = QuestionnaireVersionFactory(
        questionnaire=world.link.version.questionnaire, number=2, document=world.link.version.document
    )
    by_sms = SurveyLinkFactory(
        institution=world.institution, life_situation=world.life_situation, channel="sms", version=newer
    )
    answer(world.link, 20, satisfied=20)
    answer(by_sms, 20, satisfied=10)
    client = client_of(world, OWN)
    assert "75,0 %" in text_of(client.get(institution_url(world)))
    assert "50,0 %" in text_of(client.get(institution_url(world, channel="sms")))
    assert "100,0 %" in text_of(client.get(institution_url(world, version=str(world.link.version_id))))
    assert "За эти дни ответов нет" in text_of(client.get(institution_url(world, channel="email")))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"period": "week"}, 200),
        ({"period": "month"}, 200),
        ({"period": "all"}, 200),
        ({"period": "", "first": "2026-11-02", "last": "2026-11-08"}, 200),
        ({"period": "", "first": "2026-11-05", "last": "2026-11-01"}, 422),
        ({"period": "", "first": "0001-01-01", "last": "9999-12-31"}, 422),
        ({"period": "", "first": "позавчера"}, 422),
        ({"period": "2026-Q9"}, 422),
        ({"channel": "pigeon"}, 422),
        ({"version": "9" * 30}, 422),
        ({"version": "\0"}, 400),
        ({"institution": "9" * 30}, 422),
        ({"compare": "yesterday"}, 422),
        ({"compare": "before"}, 200),
        ({"compare": "year-ago"}, 200),
        ({"compare": "2026-Q3"}, 422),
        ({"life_situation": "\0"}, 400),
    ],
)
def test_any_period_and_any_nonsense_is_answered(world: World, query: dict[str, str], status: int):
    answer(world.link, 30, satisfied=27)
    for role, url in ((STAFF, region_url(world, **query)), (OWN, institution_url(world, **query))):
        if "institution" in query and role == OWN:
            continue
        response = client_of(world, role).get(url)
        assert response.status_code == status


def test_two_periods_are_compared_in_words(world: World):
    answer(world.link, 100, satisfied=60, day=date(2026, 7, 1), days="5")
    answer(world.link, 100, satisfied=90, days="3")
    text = text_of(client_of(world, OWN).get(institution_url(world, compare="before")))
    assert "Было: 21.05.2026 — 20.08.2026" in text
    # Newcombe's interval of 90/100 − 60/100.
    assert "+30,0 п. п. (+18,3…+40,8) выросло лучше" in text
    # Less is better: the words speak of the number, the verdict of what it means.
    assert re.search(r"−2,0 дня \(−2,0…−2,0\) снизилось лучше", text)
    assert "0,0 пункта" in text and "в пределах погрешности" in text


def test_a_comparison_with_a_period_without_answers_says_so(world: World):
    answer(world.link, 30, satisfied=27)
    text = text_of(client_of(world, OWN).get(institution_url(world, compare="before")))
    assert "не сравнить: нет значения за один из периодов" in text


# Small numbers


def test_the_institution_sees_its_own_counts_and_others_do_not(world: World):
    answer(world.link, 7, satisfied=6)
    own, others = (client_of(world, role).get(institution_url(world)) for role in (OWN, STAFF))
    assert "85,7 % (6)" in text_of(own)
    assert "85,7" not in text_of(others) and "меньше 10 ответов" in text_of(others)
    assert b'aria-describedby="chart-' in own.content and b'aria-describedby="chart-' not in others.content


def everything_published(world: World, links: list[SurveyLink]) -> list[tuple[dict[int, Fraction], Fraction]]:
    """What a member of the РШ gets of satisfaction in the quarter, as equations of the institutions' shares.

    Unknown are the shares only: of the numbers of answers and the weights the attacker knows all.
    """
    satisfied: dict[int, int] = {one.institution_id: 0 for one in links}
    number = dict(satisfied)
    for one in Response.objects.filter(answered_on__range=QUARTER):
        number[one.institution_id] += 1
        satisfied[one.institution_id] += one.satisfaction >= 3
    share = {pk: Fraction(satisfied[pk], number[pk]) for pk in satisfied}
    equations = []

    def publish(weights: dict[int, int]) -> None:
        left = {pk: Fraction(weight) for pk, weight in weights.items()}
        equations.append((left, sum((left[pk] * share[pk] for pk in left), Fraction(0))))

    quarter = services.quarter_result(world.place, world.quarter)
    if quarter.values["satisfaction"].value is not None:
        publish({one.id: one.weight for one in quarter.institutions if one.id in share})
    for one in quarter.institutions:
        if one.values["satisfaction"].value is not None:
            publish({one.id: 1})
    if value(results(world)) is not None:
        publish(number)
    for one in links:
        if value(results(world, institution=one.institution)) is not None:
            publish({one.institution_id: 1})
    for channel in SurveyLink.Channel.values:
        if value(results(world, channel=channel)) is not None:
            publish({one.institution_id: number[one.institution_id] for one in links if one.channel == channel})
    return equations


@pytest.mark.parametrize(
    "numbers",
    [(7, 20, 40, 60), (7, 20), (7, 5, 4, 60), (3, 4, 40, 50), (7, 10, 10, 10), (12, 20, 40, 60), (9, 0, 30, 30)],
)
def test_what_is_hidden_cannot_be_worked_out_from_all_pages_together(world: World, numbers: tuple[int, ...]):
    """Quarter with weights, results without, institutions and channels: their equations give no small share."""
    links = [world.link, world.sibling_link, third(world), third(world, "Четвёртое")][: len(numbers)]
    for link, number in zip(links, numbers, strict=True):
        answer(link, number, satisfied=number * 2 // 3)
    for clients, link in zip((1000, 37, 411, 90), links, strict=False):
        served(link.institution, world.life_situation, world.quarter, clients)
    WeightDecision.objects.create(
        region=world.region, year=2026, scheme=Scheme.CLIENTS, document_number="1", document_date=DAY, decided_at=NOW
    )
    answered = [one for one, number in zip(links, numbers, strict=True) if number]
    equations = everything_published(world, answered)
    assert equations
    small = {one.institution_id for one, number in zip(links, numbers, strict=True) if 0 < number < 10}
    assert not determined([one.institution_id for one in answered], equations) & small


def test_days_next_to_each_other_do_not_tell_of_the_few_between_them(world: World):
    """Three people answered on the last day: with and without it the institution is hidden, or both would give them."""
    answer(world.link, 40, satisfied=30)
    answer(world.link, 3, satisfied=0, day=QUARTER[1])
    answer(world.sibling_link, 50, satisfied=30)
    for link in (third(world), third(world, "Четвёртое")):
        answer(link, 60, satisfied=30, day=DAY)
        answer(link, 20, satisfied=10, day=QUARTER[1])
    whole = results(world, institution=world.institution)
    cut = results(world, QUARTER[0], QUARTER[1] - timedelta(days=1), institution=world.institution)
    assert (value(whole), value(cut)) == (Decimal("69.8"), None)
    assert cut.is_protected and cut.indicators[0].shown.n == 40
    # Its own people see both.
    own = results(world, QUARTER[0], DAY, institution=world.institution, sees_all=True)
    assert value(own) == Decimal("75.0")


def test_two_quarters_do_not_tell_of_the_few_of_one_of_them(world: World):
    for link in (world.link, world.sibling_link, third(world), third(world, "Четвёртое")):
        answer(link, 40, satisfied=30, day=date(2026, 7, 1))
    answer(world.link, 3, satisfied=0)
    answer(world.sibling_link, 50, satisfied=30)
    period("2026-Q3")
    earlier = (date(2026, 5, 21), date(2026, 8, 20))
    assert value(results(world, *earlier, institution=world.institution)) == Decimal("75.0")
    assert value(results(world, earlier[0], QUARTER[1], institution=world.institution)) is None


def test_filters_together_are_shown_only_where_nothing_is_small(world: World):
    by_sms = SurveyLinkFactory(
        institution=world.institution, life_situation=world.life_situation, channel="sms", version=world.link.version
    )
    for link in (world.link, by_sms, world.sibling_link):
        answer(link, 20, satisfied=10)
    both = {"institution": world.institution, "channel": "sms"}
    assert value(results(world, **both)) == Decimal("50.0")
    answer(third(world), 4, satisfied=1)
    assert value(results(world, **both)) is None
    assert value(results(world, **both, sees_all=True)) == Decimal("50.0")


def test_the_page_of_kpi_hides_what_the_quarter_hides(world: World):
    answer(world.link, 40, satisfied=30)
    answer(world.sibling_link, 7, satisfied=6)
    url = reverse("institution", args=[world.institution.pk], query={"period": "2026-Q4"})
    others, own = (text_of(client_of(world, role).get(url)) for role in (STAFF, OWN))
    assert "защита малых чисел" in others and "75,0 %" not in others and "30 из 40" not in others
    assert "75,0 %" in own and "30 из 40" in own


# Cost


def test_the_page_asks_the_same_number_of_questions_whatever_the_number_of_answers(world: World):
    counted = []
    clients = [client_of(world, STAFF), client_of(world, OWN)]
    urls = [region_url(world, compare="before"), institution_url(world, compare="before")]
    for size in (5, 200):
        answer(world.link, size, satisfied=size // 2)
        rollups.roll_up(timezone.now())
        answer(world.sibling_link, 2, satisfied=1)
        for client, url in zip(clients, urls, strict=True):
            client.get(url)  # Definitions are read once and kept.
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(url)
            counted.append(len(queries))
    assert counted[:2] == counted[2:]
    # And so is what they read: a tally grows with days and values only.
    rows = QuestionTally.objects.count()
    answer(world.link, 200, satisfied=100)
    rollups.roll_up(timezone.now())
    assert QuestionTally.objects.count() == rows


# Files


def test_the_workbook_says_what_the_page_says_without_live_formulas(world: World):
    answer(world.link, 30, satisfied=27)
    answer(world.link, 30, satisfied=20, day=date(2026, 7, 1))
    response = ResponseFactory(link=world.link, answered_on=DAY, answers={"suggestions": "=1+1"})
    Comment.objects.create(
        response=response,
        field="suggestions",
        version=world.link.version,
        institution=world.institution,
        life_situation=world.life_situation,
        answered_on=DAY,
        text='=HYPERLINK("http://x")',
    )
    url = reverse("institution-results-file", args=[world.institution.pk, "xlsx"])
    found = client_of(world, OWN).get(f"{url}?period=2026-Q4&compare=before")
    assert found.status_code == 200 and found.headers["Cache-Control"] == "private, no-store"
    book = CalamineWorkbook.from_filelike(io.BytesIO(found.content))
    assert book.sheet_names == ["КПЭ", "Распределения", "Сравнение", "Комментарии", "О файле"]
    kpi = {row[0]: row[2:6] for row in book.get_sheet_by_name("КПЭ").to_python()}
    assert kpi["Удовлетворённость пользователей эффективностью оказания услуги"] == [90.0, 74.4, 96.5, 30.0]
    shares = {(row[0], row[1]): row[2:] for row in book.get_sheet_by_name("Распределения").to_python()}
    asked = "Удовлетворены ли Вы текущим процессом оказания услуги или работы сервиса?"
    assert shares[asked, "Да"][:2] == [27.0, 90.0]
    comments = book.get_sheet_by_name("Комментарии").to_python()
    assert comments[1][2] == '=HYPERLINK("http://x")'
    assert b"<f>" not in b"".join(parts(found.content))
    changes = {row[1]: row[7:] for row in book.get_sheet_by_name("Сравнение").to_python()}
    assert changes["Удовлетворённость пользователей эффективностью оказания услуги"] == ["выросло", "лучше"]


def parts(content: bytes) -> list[bytes]:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]


def test_the_pdf_says_what_the_page_says(world: World):
    answer(world.link, 30, satisfied=27)
    answer(world.sibling_link, 30, satisfied=27)
    arguments = [world.region.code, world.life_situation.code, "pdf"]
    found = client_of(world, STAFF).get(reverse("region-results-file", args=arguments, query={"period": "2026-Q4"}))
    assert found.headers["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(found.content)
    text = " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    assert "90,0 %" in text and "Готовы ли Вы рекомендовать" in text and "все учреждения региона вместе" in text


def test_files_of_others_hide_what_their_page_hides(world: World):
    answer(world.link, 7, satisfied=6)
    url = reverse("institution-results-file", args=[world.institution.pk, "xlsx"], query={"period": "2026-Q4"})
    book = CalamineWorkbook.from_filelike(io.BytesIO(client_of(world, STAFF).get(url).content))
    everything = [cell for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row]
    assert 85.7 not in everything and 6.0 not in everything
    assert "нет значения: меньше 10 ответов" in everything


# Comments beside the results


def write(link: SurveyLink, number: int, *, day: date = DAY, text: str = "Слова") -> None:
    responses = [ResponseFactory(link=link, answered_on=day, answers={"suggestions": text}) for _ in range(number)]
    Comment.objects.bulk_create(
        Comment(
            response=response,
            field="suggestions",
            version=link.version,
            institution=link.institution,
            life_situation=link.life_situation,
            answered_on=day,
            text=f"{text} {at} от {day:%d.%m}",
        )
        for at, response in enumerate(responses, start=1)
    )


def comments_sheet(client: Client, url: str) -> tuple[list[list[object]], dict[str, str]]:
    found = client.get(url)
    assert found.status_code == 200 and b"<f>" not in b"".join(parts(found.content))
    book = CalamineWorkbook.from_filelike(io.BytesIO(found.content))
    facts = {row[0]: row[1] for row in book.get_sheet_by_name("О файле").to_python()}
    names = "Комментарии" in book.sheet_names
    return (book.get_sheet_by_name("Комментарии").to_python() if names else []), facts


def test_the_page_says_how_many_comments_there_are_and_leads_to_all_of_them(world: World):
    other = QuestionnaireVersionFactory(
        questionnaire=world.link.version.questionnaire, number=2, document=world.link.version.document
    )
    by_sms = SurveyLinkFactory(
        institution=world.institution, life_situation=world.life_situation, channel="sms", version=other
    )
    write(world.link, 7)
    write(by_sms, 3, text="Из сообщения")
    write(world.link, 2, day=date(2026, 7, 1), text="Раньше")
    write(world.sibling_link, 4, text="Соседи")
    for role, url, number in (
        (OWN, institution_url(world), 10),
        (STAFF, region_url(world), 14),
        (STAFF, region_url(world, institution=str(world.institution.pk)), 10),
        (STAFF, region_url(world, channel="sms"), 3),
        (OWN, institution_url(world, version=str(other.pk)), 3),
    ):
        client = client_of(world, role)
        page = client.get(url)
        assert f"Все комментарии за эти дни: {number}" in text_of(page)
        assert page.content.decode().count('<p class="text-break mb-1">') == min(number, 5)
        listed = client.get(page.context["comments"].url)
        assert listed.status_code == 200 and listed.context["summary"].total == number
        assert not listed.context["filter"].form.errors


def test_the_workbook_holds_all_comments_the_list_holds(world: World):
    write(world.link, 30, text="=1+1")
    write(world.link, 12, day=date(2026, 11, 6))
    write(world.sibling_link, 8, text="Соседи")
    hidden = Comment.objects.filter(institution=world.institution).first()
    hidden.response.is_excluded = True
    hidden.response.save()
    url = reverse("institution-results-file", args=[world.institution.pk, "xlsx"], query={"period": "2026-Q4"})
    (head, *rows), facts = comments_sheet(client_of(world, OWN), url)
    assert head[:5] == ["Дата", "Учреждение", "Комментарий (личные данные скрыты)", "Вопрос", "Канал"]
    assert "Ответ" not in head
    assert [row[0] for row in rows] == [date(2026, 11, 6)] * 11 + [DAY] * 30
    assert rows[-1][2] == "=1+1 1 от 05.11" and rows[0][4] == "Плакат в учреждении" and rows[0][3]
    assert not any("Соседи" in str(row[2]) for row in rows) and facts["Комментариев за эти дни"] == "41"
    of_region = [world.region.code, world.life_situation.code, "xlsx"]
    sheet, facts = comments_sheet(
        client_of(world, STAFF), reverse("region-results-file", args=of_region, query={"period": "2026-Q4"})
    )
    assert len(sheet) == 50 and facts["Комментариев за эти дни"] == "49"


def test_who_may_not_read_comments_gets_none_in_files(world: World):
    write(world.link, 12)
    arguments = [world.region.code, world.life_situation.code, "xlsx"]
    sheet, facts = comments_sheet(
        client_of(world, Role.REGION_HEAD), reverse("region-results-file", args=arguments, query={"period": "2026-Q4"})
    )
    assert sheet == [] and "Комментариев за эти дни" not in facts
    page = client_of(world, Role.REGION_HEAD).get(region_url(world))
    assert "Все комментарии" not in text_of(page) and "Слова" not in text_of(page)


def test_a_workbook_of_too_many_comments_says_so(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("monitoring.survey_results.comments.IN_WORKBOOK", 3)
    write(world.link, 2, day=date(2026, 11, 4), text="Старые")
    write(world.link, 2)
    url = reverse("institution-results-file", args=[world.institution.pk, "xlsx"], query={"period": "2026-Q4"})
    (_, *rows), facts = comments_sheet(client_of(world, OWN), url)
    assert [row[2] for row in rows] == [
        "Слова 2 от 05.11",
        "Слова 1 от 05.11",
        "Старые 2 от 04.11",
        "Здесь самые новые: 3. Остальные 1 — на странице «Комментарии».",
    ]
    assert facts["Комментариев за эти дни"] == "4; в XLSX 3 самых новых"


def test_the_pdf_holds_the_newest_comments_and_their_number(world: World):
    write(world.link, 5, day=date(2026, 11, 4), text="Старые")
    write(world.link, 19)
    url = reverse("institution-results-file", args=[world.institution.pk, "pdf"], query={"period": "2026-Q4"})
    document = pypdfium2.PdfDocument(client_of(world, OWN).get(url).content)
    text = " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    assert "Всего за эти дни: 24. Здесь — самые новые: 20" in text
    assert text.count("Слова") == 19 and text.count("Старые") == 1


def test_files_ask_the_same_number_of_questions_for_few_and_many_comments(world: World):
    client = client_of(world, STAFF)
    arguments = [world.region.code, world.life_situation.code, "xlsx"]
    counted = []
    for number in (6, 60):
        write(world.link, number)
        write(world.sibling_link, number)
        rollups.roll_up(timezone.now())
        for url in (
            region_url(world),
            reverse("region-results-file", args=arguments, query={"period": "2026-Q4"}),
        ):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            counted.append(len(queries))
    assert counted[:2] == counted[2:]


# All answers


def export(world: World) -> Job:
    return answers_export.ask_for_answers(
        institution=world.institution,
        situation=world.life_situation,
        first=QUARTER[0],
        last=QUARTER[1],
        by=world.people[OWN],
    )


def test_all_answers_are_exported_in_words_without_hours_or_people(world: World, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    ResponseFactory(
        link=world.link,
        answered_on=DAY,
        answers={
            "service_date": "2026-11-04",
            "satisfaction": "rather_no",
            "recommend": 3,
            "days": "2.5",
            "suggestions": "=1+1",
        },
    )
    ResponseFactory(link=world.link, answered_on=DAY, is_eligible=False, answers={"satisfaction": "yes"})
    ResponseFactory(link=world.sibling_link, answered_on=DAY)
    client = client_of(world, OWN)
    url = reverse("institution-answers", args=[world.institution.pk])
    sent = client.post(url, {"life_situation": world.life_situation.code, "period": "2026-Q4"})
    assert sent.status_code == 302
    job = Job.objects.get(kind=answers_export.EXPORT_ANSWERS)
    run_job(job.pk)
    assert "Выгружено ответов: 2" in text_of(client.get(url))
    file = client.get(reverse("institution-answers-file", args=[world.institution.pk]))
    content = b"".join(file.streaming_content)
    head, *rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert head[:5] == ["Дата ответа", "Канал", "Анкета", "В расчёте", "Когда Вы получили услугу?"]
    found = {row[3]: dict(zip(head, row, strict=True)) for row in rows}
    assert found.keys() == {"учтён", "слишком поздно после услуги"}
    counted = found["учтён"]
    assert counted["Дата ответа"] == DAY and counted["Канал"] == "Плакат в учреждении"
    assert "Скорее нет" in counted.values() and 3.0 in counted.values() and 2.5 in counted.values()
    assert "=1+1" in counted.values() and b"<f>" not in b"".join(parts(content))
    # Made again, the old file is gone.
    first = Job.objects.get(pk=job.pk).parameters["file"]
    second = export(world)
    run_job(second.pk)
    assert not (tmp_path / first).exists()
    assert client_of(world, Role.NSI_ADMIN).get(url).status_code == 403


def test_nobody_but_the_institution_can_ask_for_single_answers(world: World):
    with pytest.raises(PermissionDenied):
        answers_export.ask_for_answers(
            institution=world.sibling,
            situation=world.life_situation,
            first=DAY,
            last=DAY,
            by=world.people[OWN],
        )


def test_a_questionnaire_of_ones_own_has_results_without_feeding_the_kpi(world: World):
    document = {
        "title": "Своя",
        "sections": [
            {
                "code": "one",
                "questions": [
                    {
                        "code": "ways",
                        "type": "multiple",
                        "text": "Как обращались?",
                        "options": [{"code": "a", "title": "Лично"}, {"code": "b", "title": "По телефону"}],
                    },
                    {"code": "age", "type": "number", "text": "Сколько лет?", "unit": "лет"},
                ],
            }
        ],
    }
    questionnaire = QuestionnaireFactory(code="own", title="Своя", region=world.region, direction=None)
    version = QuestionnaireVersionFactory(questionnaire=questionnaire, number=1, document=document)
    link = SurveyLinkFactory(institution=world.institution, life_situation=world.life_situation, version=version)
    for index in range(20):
        ResponseFactory(
            link=link,
            is_measured=False,
            is_eligible=False,
            answers={"ways": ["a", "b"] if index % 2 else ["a"], "age": str(20 + index)},
        )
    text = text_of(client_of(world, OWN).get(institution_url(world)))
    assert "Поступило ответов: 20, из них к анкетам не для КПЭ: 20" in text
    assert "Можно было выбрать несколько ответов" in text and "100,0 % (20)" in text and "50,0 % (10)" in text
    assert "Среднее 29,5 (95 %: 26,7…32,3), медиана 29,5" in text
