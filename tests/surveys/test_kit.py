"""The kit of a link: sheets of the right size, a code that cameras find, words that fit an SMS."""

import io
from collections.abc import Iterator
from datetime import date
from functools import cache

import numpy as np
import pypdf
import pypdfium2
import pytest
import segno
from django.conf import settings
from django.test import Client
from django.urls import reverse
from PIL import Image

from regions.models import Institution
from regions.roles import Role
from surveys.links import qr
from surveys.links.kit import Invitation, Item, Sms, minutes_to_answer
from surveys.models import Questionnaire, QuestionnaireVersion, SurveyLink
from surveys.questionnaires.definition import Definition
from surveys.services import posters
from tests.factories import (
    InstitutionFactory,
    MembershipFactory,
    QuestionnaireFactory,
    QuestionnaireVersionFactory,
    SurveyLinkFactory,
    standard_document,
)

MM = 72 / 25.4
# Of the pictures made of pages: so many pixels for a point.
SCALE = 3
TOKEN = "aB3_" * 8
SIZES = {
    Item.POSTER_A4: (210, 297),
    Item.POSTER_A5: (148, 210),
    Item.TWO_POSTERS_A5: (297, 210),
    Item.DESK_CARD: (210, 297),
    Item.STICKERS_8: (210, 297),
    Item.STICKERS_24: (210, 297),
}
COPIES = {Item.TWO_POSTERS_A5: 2, Item.DESK_CARD: 2, Item.STICKERS_8: 8, Item.STICKERS_24: 24}
LONGEST = Institution._meta.get_field("name").max_length
NAMES = {
    "short": "Центр занятости населения города Бор",
    "long": "Государственное бюджетное учреждение здравоохранения Нижегородской области «Городская клиническая больница"
    " № 5 Нижегородского района города Нижнего Новгорода», поликлиника № 2, отделение кардиологии",
    "longest": ("Шестьдесят широких щук ЩЁГОЛЕВОЙ ЖМУЩЕЙ " * 10)[:LONGEST],
    "one word": "Ш" * LONGEST,
}


@pytest.fixture
def link(db: None) -> SurveyLink:
    return SurveyLinkFactory(
        institution__name=NAMES["short"], short_code="ABCD2345", opens_on=date(2026, 1, 1), closes_on=date(2026, 12, 31)
    )


@pytest.fixture
def rep(link: SurveyLink) -> Client:
    client = Client()
    user = MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())


def picture_of(pdf: bytes) -> Image.Image:
    with pypdfium2.PdfDocument(pdf) as document:
        return document[0].render(scale=SCALE, grayscale=True).to_pil().convert("L")


def first_code(picture: Image.Image, size: int) -> tuple[list[list[bool]], float]:
    """The squares of the topmost QR code of a page, and the side of one in pixels.

    Found as a camera does: by a large square whose middle is dark, light, dark, light, dark as 1 : 1 : 3 : 1 : 1 both
    across and down.
    """
    dark = np.asarray(picture) < 128
    for y, row in enumerate(dark):
        for left, step in corner_marks(row):
            down = [
                top for top, other in corner_marks(dark[:, left + int(3.5 * step)]) if abs(other - step) < 0.2 * step
            ]
            if top := next((top for top in down if top <= y <= top + 7 * step), None):
                return squares(dark, left, top, size, step)
    raise AssertionError("no code on the page")


def corner_marks(line: np.ndarray) -> Iterator[tuple[int, float]]:
    """Where the pattern of a corner begins on a line, and the side of one square."""
    ends = np.flatnonzero(np.diff(line.astype(np.int8), prepend=0, append=0))
    for at in range(0, len(ends) - 5, 2):
        lengths = np.diff(ends[at : at + 6])
        step = lengths.sum() / 7
        if step >= 2 and (abs(lengths - step * np.array([1, 1, 3, 1, 1])) <= 0.5 * step).all():
            yield int(ends[at]), float(step)


def squares(dark: np.ndarray, left: int, top: int, size: int, step: float) -> tuple[list[list[bool]], float]:
    # The upper edge ends in the other corner, which tells the side of a square more exactly than the first one.
    edge = dark[top + int(step / 2), left : left + int((size + 3) * step)]
    step = (np.flatnonzero(edge)[-1] + 1) / size
    at = ((np.arange(-4, size + 4) + 0.5) * step).astype(int)
    whole = dark[np.ix_(top + at, left + at)]
    for quiet in (whole[:4], whole[-4:], whole[:, :4], whole[:, -4:]):
        assert not quiet.any(), "four light squares on every side of the code"
    return whole[4:-4, 4:-4].tolist(), float(step)


@cache
def printed(item: Item, name: str = "short", last_day: date | None = date(2026, 12, 31)) -> bytes:
    return posters.print_item(unsaved_link(name, last_day), item)


def unsaved_link(name: str, last_day: date | None) -> SurveyLink:
    # A draft reads its own document, a published version the database's.
    version = QuestionnaireVersion(document=standard_document("health"))
    return SurveyLink(
        institution=Institution(name=NAMES[name]),
        version=version,
        token=TOKEN,
        short_code="ABCD2345",
        closes_on=last_day,
    )


@pytest.mark.parametrize("item", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_every_sheet_is_one_page_of_its_size_with_everything_on_it(item: Item, name: str):
    pdf = printed(item, name)
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 1
    box = pages[0].mediabox
    assert (round(float(box.width) / MM), round(float(box.height) / MM)) == SIZES[item]
    text = "".join(text_of(pdf).split())
    assert text.count("ABCD-2345") == COPIES.get(item, 1)
    # The smallest stickers have no room for a name; lines that stand upside down are read in another order.
    names = {Item.STICKERS_24: 0, Item.DESK_CARD: 1}.get(item, COPIES.get(item, 1))
    assert text.count("".join(NAMES[name].split())) >= names, "the whole name"


@pytest.mark.parametrize("item", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_the_code_on_paper_is_the_links_address_and_nothing_lies_on_it(item: Item, name: str):
    address = unsaved_link(name, None).public_url
    expected = [[bool(module) for module in row] for row in segno.make_qr(address, error="q").matrix]
    picture = picture_of(printed(item, name))
    if item is Item.DESK_CARD:
        # The upper side is upside down.
        picture = picture.crop((0, picture.height // 2, picture.width, picture.height))
    found, step = first_code(picture, len(expected))
    assert found == expected
    millimetres = step * len(expected) / SCALE / MM
    assert millimetres >= (22 if item is Item.STICKERS_24 else 35), millimetres


def test_the_poster_says_in_plain_words_what_to_do():
    text = text_of(printed(Item.POSTER_A4))
    for words in (
        "Оцените, как Вам помогли",
        NAMES["short"],
        "наведите её на код",
        "Нажмите на ссылку",
        "Ответьте на вопросы: это около двух минут",
        "ABCD-2345",
        "Анкета анонимная: имя и телефон не нужны",
        "Ответы принимаются по 31 декабря 2026 года",
    ):
        assert words in text
    assert settings.PUBLIC_URL.split("://")[1] + reverse("answer-by-code") in text


def test_without_a_last_day_the_poster_names_none():
    assert "принимаются" not in text_of(printed(Item.POSTER_A4, "short", None))


@pytest.mark.parametrize("item", SIZES)
def test_sheets_are_black_on_white_with_little_toner(item: Item):
    with pypdfium2.PdfDocument(printed(item)) as document:
        colours = document[0].render(scale=1).to_pil().convert("RGB").getcolors(2**24)
    assert all(max(colour) - min(colour) <= 2 for _, colour in colours), "no colour"
    dark = sum(count for count, colour in colours if colour[0] < 128) / sum(count for count, _ in colours)
    assert dark < 0.2


@pytest.mark.parametrize(
    ("text", "length", "parts"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("[" * 80, 160, 1),
        ("[" * 81, 162, 2),
        ("я" * 70, 70, 1),
        ("я" * 71, 71, 2),
        ("я" * 134, 134, 2),
        ("я" * 135, 135, 3),
        ("a" * 70 + "я", 71, 2),
        ("😀" * 35, 70, 1),
        ("😀" * 36, 72, 2),
    ],
)
def test_sms_are_counted_as_operators_count_them(text: str, length: int, parts: int):
    assert (Sms(text).length, Sms(text).parts) == (length, parts)


def invitation(**changes: object) -> Invitation:
    values: dict[str, object] = {
        "institution": NAMES["short"],
        "address": "https://nsi.example.ru/s/" + "a" * 32 + "/",
        "code_page": "nsi.example.ru/s/",
        "code": "ABCD-2345",
        "minutes": 2,
        "last_day": None,
    }
    return Invitation(**(values | changes))  # type: ignore[arg-type]


def test_an_sms_names_the_institution_only_while_it_fits_two():
    assert NAMES["short"] in invitation().sms.text
    assert NAMES["long"] not in invitation(institution=NAMES["long"]).sms.text
    for name in NAMES.values():
        one = invitation(institution=name)
        assert one.sms.parts <= 2
        assert one.sms.text.endswith(one.address)
        assert one.short_sms.parts == 1 and one.code in one.short_sms.text


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(2, "около двух минут"), (5, "около 5 минут"), (11, "около 11 минут"), (21, "около 21 минуты")],
)
def test_how_long_it_takes_is_said_in_correct_russian(minutes: int, words: str):
    assert invitation(minutes=minutes).duration == words


def test_the_standard_questionnaire_takes_two_minutes_and_a_long_one_is_not_said_to():
    standard = standard_document("health")
    assert minutes_to_answer(Definition.model_validate(standard)) == 2
    questions = [{"code": f"q{number}", "type": "text", "text": "?"} for number in range(60)]
    assert minutes_to_answer(Definition(title="Т", sections=[{"code": "s", "questions": questions}])) == 8  # type: ignore[list-item]


def test_the_letter_says_the_last_day_only_if_there_is_one():
    assert "31 декабря" not in invitation().email_body
    assert "по 31 декабря 2026 года" in invitation(last_day=date(2026, 12, 31)).email_body


def test_the_button_for_a_site_asks_nothing_of_other_servers():
    button = invitation(address="https://nsi.example.ru/s/a&b/").site_button
    assert button.count("https://") == 1 and "script" not in button and "<img" not in button and "url(" not in button
    assert 'href="https://nsi.example.ru/s/a&amp;b/"' in button


def test_the_page_has_everything_to_copy_without_a_script(rep: Client, link: SurveyLink):
    page = rep.get(reverse("link-poster", args=[link.pk])).content.decode()
    for item in SIZES:
        assert reverse("link-print", args=[link.pk, item]) in page
    assert page.count("<textarea") == page.count("readonly") == 5
    assert "СМС: 2" in page and "СМС: 1" in page
    assert "&lt;a href=" in page
    assert page.count('alt="QR-код анкеты"') == 1


@pytest.mark.parametrize("item", Item)
def test_every_thing_has_an_address_of_its_own(rep: Client, link: SurveyLink, item: Item):
    response = rep.get(reverse("link-print", args=[link.pk, item]))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == item.media_type
    assert f"{item}-ABCD-2345.{item.extension}" in response.headers["Content-Disposition"]
    assert response.content.startswith(b"%PDF" if item.is_paper else b"\x89PNG")


def test_the_png_is_the_links_address(rep: Client, link: SurveyLink):
    picture = Image.open(io.BytesIO(rep.get(reverse("link-print", args=[link.pk, "qr-png"])).content)).convert("L")
    matrix = qr.matrix(link.public_url)
    assert first_code(picture, len(matrix))[0] == matrix


def test_what_is_not_in_the_kit_is_not_found(rep: Client, link: SurveyLink):
    assert rep.get(f"/links/{link.pk}/print/mug/").status_code == 404
    assert rep.get(f"/links/{'9' * 30}/poster/").status_code == 404


def test_a_guide_is_not_spread_but_printed(rep: Client, link: SurveyLink):
    guide = QuestionnaireFactory(code="guide", kind=Questionnaire.Kind.INTERVIEW_GUIDE)
    link.version = QuestionnaireVersionFactory(questionnaire=guide, document=standard_document("health"))
    link.save()
    page = rep.get(reverse("link-poster", args=[link.pk])).content.decode()
    assert "Плакаты не нужны" in page and reverse("version-document", args=[link.version_id, "pdf"]) in page
    assert rep.get(reverse("link-print", args=[link.pk, "poster-a4"])).status_code == 404


def test_another_institutions_kit_is_not_there(link: SurveyLink):
    client = Client()
    stranger = MembershipFactory(role=Role.INSTITUTION_REP, institution=InstitutionFactory()).user
    client.force_login(stranger, backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, arguments in (("link-poster", []), ("link-print", ["poster-a4"]), ("link-qr", []), ("link-blanks", [])):
        assert client.get(reverse(name, args=[link.pk, *arguments])).status_code == 404
