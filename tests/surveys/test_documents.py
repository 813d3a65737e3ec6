"""Instruments as PDF and DOCX: every question with a place for its answer, in every language."""

import io
from typing import Any

import docx
import pypdf
import pypdfium2
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from regions.roles import Role
from surveys.models import Questionnaire, QuestionnaireVersion
from surveys.paper.printing import Place, laid_out
from surveys.paper.word_documents import write
from surveys.questionnaires.definition import Definition
from surveys.services.documents import MOST_QUESTIONS, paper_of
from tests.factories import InstitutionFactory, MembershipFactory, RegionFactory, standard_document


def question(code: str, kind: str, **attributes: Any) -> dict[str, Any]:
    return {"code": code, "type": kind, "text": f"Вопрос {code}?", **attributes}


TWO = [{"code": "a", "title": "Первое"}, {"code": "b", "title": "Второе"}]
EVERYTHING: dict[str, Any] = {
    "title": "Всё, что бывает",
    "intro": "Вступление для всех.",
    "thanks": "Слова в конце.",
    "sections": [
        {
            "code": "one",
            "title": "Первый раздел",
            "help": "Подсказка раздела",
            "questions": [
                question("choice", "single", options=TWO, help="Подсказка вопроса"),
                question("choices", "multiple", options=TWO),
                question("scale", "scale4"),
                question("rating", "nps"),
            ],
        },
        {
            "code": "two",
            "title": "Второй раздел",
            "repeat": {"min": 0, "max": 5},
            "questions": [
                question("amount", "number", unit="рублей", max=1000, decimals=2),
                question("day", "date"),
                question("words", "text", visible_if={"question": "scale", "in": ["no", "rather_no"]}),
                question("low", "text", visible_if={"question": "rating", "in": ["0", "1", "2", "3", "9", "10"]}),
                question("both", "text", visible_if={"question": "choices", "in": ["b"]}),
            ],
        },
    ],
    "translations": {
        "en": {"title": "Everything", "question.choice.text": "Which one?", "option.choice.a": "The first"}
    },
}


def everything(**changes: Any) -> dict[str, Any]:
    return EVERYTHING | changes


def test_questions_are_numbered_through_and_conditions_speak_of_the_numbers():
    first, second = laid_out(Definition.model_validate(EVERYTHING)).sections
    assert [one.number for one in (*first.questions, *second.questions)] == list(range(1, 10))
    assert [one.place for one in first.questions] == [Place.ONE, Place.MANY, Place.SCALE, Place.RATING]
    assert first.questions[2].choices == ("Да", "Скорее да", "Скорее нет", "Нет")
    assert first.questions[3].choices == tuple(str(number) for number in range(11))
    amount, day, words, low, both = second.questions
    assert (amount.digits, amount.unit) == ((4, 2), "рублей")
    assert day.digits == (2, 2, 4)
    assert words.condition == "Если в вопросе 3 ответ «Скорее нет» или «Нет»"
    assert low.condition == "Если в вопросе 4 ответ от 0 до 3, 9 или 10"
    assert both.condition == "Если в вопросе 2 отмечено «Второе»"
    assert "не больше 5" in second.repeat and "пропустите" in second.repeat and not first.repeat


def test_a_long_answer_gets_more_lines_but_no_page_of_them():
    def lines(max_length: int) -> int:
        section = {"code": "s", "questions": [question("q", "text", max_length=max_length)]}
        return laid_out(Definition.model_validate({"title": "Т", "sections": [section]})).sections[0].questions[0].lines

    assert [lines(length) for length in (50, 1000, 2000, 10_000)] == [2, 2, 4, 8]


@settings(max_examples=30, deadline=None)
@given(
    title=st.text(min_size=1, max_size=300).filter(str.strip),
    words=st.text(min_size=1, max_size=300).filter(str.strip),
)
def test_no_words_break_a_docx(title: str, words: str):
    questions = [{"code": "q", "type": "text", "text": words, "help": words}]
    definition = Definition.model_validate({"title": title, "sections": [{"code": "s", "questions": questions}]})
    version = QuestionnaireVersion(questionnaire=Questionnaire(code="x", title="x"), number=1)
    docx.Document(io.BytesIO(write(paper_of(version, definition))))


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def admin(db: None) -> User:
    return MembershipFactory(role=Role.AGENCY_ADMIN).user


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def version(document: dict[str, Any], *, draft: bool = False, **attributes: Any) -> QuestionnaireVersion:
    questionnaire = Questionnaire.objects.create(code="all", title="Всё", **attributes)
    published = Definition.model_validate(document).digest() if not draft else ""
    return QuestionnaireVersion.objects.create(
        questionnaire=questionnaire,
        number=3,
        document=document,
        digest=published,
        published_at=None if draft else "2026-03-01T09:00:00Z",
    )


def get(user: User, one: QuestionnaireVersion, format: str = "pdf", lang: str = "") -> Any:
    return client_of(user).get(reverse("version-document", args=[one.pk, format]), {"lang": lang} if lang else {})


def pdf_text(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as document:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())


def docx_lines(content: bytes) -> list[str]:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + cells


def test_the_pdf_says_all_of_the_instrument(admin: User):
    response = get(admin, version(EVERYTHING))
    assert response.headers["Content-Type"] == "application/pdf"
    assert 'filename="all-v3.pdf"' in response.headers["Content-Disposition"]
    page = pypdf.PdfReader(io.BytesIO(response.content)).pages[0].mediabox
    assert [round(float(side) * 25.4 / 72) for side in (page.width, page.height)] == [210, 297]
    text = pdf_text(response.content)
    for words in (
        "Анкета Всё, что бывает",
        "Агентство стратегических инициатив",
        "версия 3 от 01.03.2026",
        "Вступление для всех",
        "Подсказка раздела",
        "Подсказка вопроса",
        "Первое",
        "Если в вопросе 3 ответ «Скорее нет» или «Нет»:",
        "Этот раздел можно заполнить несколько раз",
        "рублей",
        "стр. 1 из",
    ):
        assert words in text
    for number in range(1, 10):
        assert f"{number}." in text
    assert "черновик" not in text.lower()


def test_the_docx_has_real_headings_numbers_and_tables(admin: User):
    response = get(admin, version(EVERYTHING), "docx")
    assert 'attachment; filename="all-v3.docx"' in response.headers["Content-Disposition"]
    document = docx.Document(io.BytesIO(response.content))
    styles = {paragraph.text: paragraph.style.name for paragraph in document.paragraphs}
    assert styles["Всё, что бывает"] == "Title"
    assert styles["Первый раздел"] == styles["Второй раздел"] == "Heading 1"
    numbered = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "List Number"]
    assert numbered == [one.text for one in Definition.model_validate(EVERYTHING).questions()]
    rows = [[cell.text for cell in table.rows[0].cells] for table in document.tables]
    assert ["☐ Да", "☐ Скорее да", "☐ Скорее нет", "☐ Нет"] in rows
    assert [str(number) for number in range(11)] in rows
    lines = docx_lines(response.content)
    assert "____,__ " not in lines and "________,____ рублей" in lines and "____.____.________" in lines
    assert document.core_properties.title == "Всё, что бывает"
    assert "версия 3 от 01.03.2026" in document.sections[0].footer.paragraphs[0].text


@pytest.mark.parametrize("format", ["pdf", "docx"])
def test_a_translation_keeps_numbers_and_leaves_the_rest_in_the_first_language(admin: User, format: str):
    one = version(EVERYTHING)
    content = get(admin, one, format, "en").content
    text = pdf_text(content) if format == "pdf" else " ".join(docx_lines(content))
    assert "Everything" in text and "Which one?" in text and "The first" in text
    assert "Всё, что бывает" not in text and "Вопрос scale?" in text
    unknown = get(admin, one, format, "xx")
    assert unknown.status_code == 200
    text = pdf_text(unknown.content) if format == "pdf" else " ".join(docx_lines(unknown.content))
    assert "Всё, что бывает" in text


@pytest.mark.parametrize("kind", [kind for kind in Questionnaire.Kind if kind != Questionnaire.Kind.QUESTIONNAIRE])
def test_a_guide_has_lines_for_who_where_and_when(admin: User, kind: Questionnaire.Kind):
    one = version(EVERYTHING, kind=kind)
    text = pdf_text(get(admin, one).content)
    assert kind.label in text and "Учреждение" in text and "Дата и" in text and "Слова в конце" in text
    assert {"Учреждение:"} <= set(docx_lines(get(admin, one, "docx").content))


def test_a_questionnaire_does_not_tell_paper_that_it_was_received(admin: User):
    text = pdf_text(get(admin, version(everything(thanks="Ваш ответ принят"))).content)
    assert "Ваш ответ принят" not in text and "Спасибо за ответы!" in text


# Drafts ---------------------------------------------------------------------------------------------------------------


def test_a_draft_is_marked_on_every_page(admin: User):
    one = version(EVERYTHING, draft=True)
    response = get(admin, one)
    with pypdfium2.PdfDocument(response.content) as document:
        assert len(document) > 1
        for page in document:
            assert "черновик" in page.get_textpage().get_text_range()
    header = docx.Document(io.BytesIO(get(admin, one, "docx").content)).sections[0].header
    assert "ЧЕРНОВИК" in header.paragraphs[0].text


@pytest.mark.parametrize(
    "document",
    [{}, [], {"title": ""}, {"title": "Т", "sections": []}, everything(sections=[{"code": "s", "questions": [{}]}])],
)
@pytest.mark.parametrize("format", ["pdf", "docx"])
def test_a_draft_that_is_not_whole_gets_a_message(admin: User, document: Any, format: str):
    response = get(admin, version(document, draft=True), format)
    assert response.status_code == 422
    assert "черновик ещё не готов" in response.content.decode()


def test_a_draft_that_adds_to_a_standard_questionnaire_is_printed_with_it(db: None):
    base = version(standard_document("health"))
    region = RegionFactory(code="RU-NIZ")
    added = Questionnaire.objects.create(code="added", title="С добавкой", region=region, extends=base.questionnaire)
    own = {"title": "С добавкой", "sections": [{"code": "own", "title": "Свои", "questions": [question("q9", "text")]}]}
    # A draft has no base of its own: that is said when it is published.
    draft = QuestionnaireVersion.objects.create(questionnaire=added, number=1, document=own)
    text = pdf_text(get(MembershipFactory(role=Role.NSI_ADMIN, region=region).user, draft).content)
    assert "Удовлетворены ли Вы текущим процессом" in text and "Вопрос q9?" in text
    assert "Нижегородская область" in text


def test_too_many_questions_get_a_message_not_a_minute_of_work(admin: User):
    sections = [
        {"code": f"s{part}", "questions": [question(f"q{part}_{number}", "text") for number in range(100)]}
        for part in range(MOST_QUESTIONS // 100 + 1)
    ]
    response = get(admin, version({"title": "Т", "sections": sections}))
    assert response.status_code == 422 and "Слишком много вопросов" in response.content.decode()


# Who ------------------------------------------------------------------------------------------------------------------


def test_who_may_read_a_regions_instrument(db: None):
    home, other = RegionFactory(code="RU-NIZ"), RegionFactory(code="RU-TYU")
    one = version(EVERYTHING, region=home)
    draft = QuestionnaireVersion.objects.create(questionnaire=one.questionnaire, number=4, document=EVERYTHING)
    rep = MembershipFactory(role=Role.INSTITUTION_REP, institution=InstitutionFactory(region=home)).user
    members = {
        "member": (MembershipFactory(role=Role.HQ_MEMBER, region=home).user, 200, 200),
        "representative": (rep, 200, 404),
        "member elsewhere": (MembershipFactory(role=Role.HQ_MEMBER, region=other).user, 404, 404),
        "observer": (MembershipFactory(role=Role.FEDERAL_OBSERVER).user, 404, 404),
        "analyst": (MembershipFactory(role=Role.AGENCY_ANALYST).user, 200, 200),
    }
    for who, (user, published, unpublished) in members.items():
        assert get(user, one, "docx").status_code == published, who
        assert get(user, draft, "docx").status_code == unpublished, who


def test_a_draft_of_the_agency_is_for_those_who_edit_it(admin: User):
    draft = version(EVERYTHING, draft=True)
    assert get(admin, draft, "docx").status_code == 200
    assert get(MembershipFactory(role=Role.AGENCY_ANALYST).user, draft, "docx").status_code == 404
    draft.questionnaire.versions.create(number=2, document=EVERYTHING, published_at="2026-01-01T00:00:00Z")
    assert get(MembershipFactory(role=Role.NSI_ADMIN).user, draft, "docx").status_code == 404


def test_there_are_two_formats_and_no_numbers_that_break_it(admin: User):
    one = version(EVERYTHING)
    assert get(admin, one, "odt").status_code == 404
    assert client_of(admin).get(f"/questionnaire-versions/{'9' * 30}/document/pdf/").status_code == 404


# The Agency's instruments ---------------------------------------------------------------------------------------------


def test_the_agency_has_an_instrument_of_every_kind_and_each_can_be_printed(admin: User):
    call_command("load_reference", verbosity=0)
    standard = Questionnaire.objects.standard().published()
    assert {one.kind for one in standard} == set(Questionnaire.Kind)
    for one in standard.exclude(kind=Questionnaire.Kind.QUESTIONNAIRE):
        newest = one.versions.get()
        # Filled in by staff: nothing of it feeds the КПЭ, and it serves every direction.
        assert not newest.definition.by_measure and one.direction is None and one.life_situation is None
        assert newest.definition.intro and newest.definition.thanks
        assert one.title in pdf_text(get(admin, newest).content)
        assert one.title in docx_lines(get(admin, newest, "docx").content)
