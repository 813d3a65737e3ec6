"""Numbered blanks: numbers never repeat, every page carries its own, five hundred are made while one waits."""

import io
import re
import threading
import time
from typing import Any

import pypdf
import pypdfium2
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from accounts.models import User
from regions.roles import Role
from surveys.models import BlankBatch, SurveyLink
from surveys.services import blanks
from tests.factories import MembershipFactory, QuestionnaireVersionFactory, SurveyLinkFactory, standard_document

# What gunicorn gives a request is twice as much.
SECONDS_FOR_MOST = 15


@pytest.fixture
def link(db: None) -> SurveyLink:
    return SurveyLinkFactory(
        institution__name="Центр занятости населения города Бор " * 8, channel=SurveyLink.Channel.PAPER
    )


@pytest.fixture
def rep(link: SurveyLink) -> User:
    return MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def pages(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def reserve(link: SurveyLink, by: User, count: int) -> range:
    batch = blanks.reserve_blanks(link=link, count=count, by=by)
    return range(batch.first, batch.last + 1)


def test_numbers_go_on_where_the_last_batch_ended(link: SurveyLink, rep: User):
    assert reserve(link, rep, 10) == range(1, 11)
    assert reserve(link, rep, 1) == range(11, 12)
    other = SurveyLinkFactory(institution=link.institution, life_situation=link.life_situation)
    assert reserve(other, rep, 5) == range(1, 6), "each link counts for itself"


def test_after_a_million_there_are_no_numbers_left(link: SurveyLink, rep: User):
    BlankBatch.objects.create(link=link, first=1, last=blanks.LAST_NUMBER - 1, printed_by=rep)
    with pytest.raises(blanks.NoNumbersLeft):
        reserve(link, rep, 2)
    assert reserve(link, rep, 1) == range(blanks.LAST_NUMBER, blanks.LAST_NUMBER + 1)


def test_who_may_print_blanks(link: SurveyLink, rep: User):
    reserve(link, MembershipFactory(role=Role.NSI_ADMIN, region=link.institution.region).user, 1)
    for role in (Role.HQ_MEMBER, Role.SERVICE_COMMISSIONER):
        with pytest.raises(PermissionDenied):
            reserve(link, MembershipFactory(role=role, region=link.institution.region).user, 1)
    with pytest.raises(PermissionDenied):
        reserve(link, MembershipFactory(role=Role.INSTITUTION_REP).user, 1)


@pytest.mark.django_db(transaction=True)
def test_people_who_print_at_once_never_get_the_same_numbers():
    # Of a draft: SQLite could not be emptied after the test if a version were published.
    link = SurveyLinkFactory(version__draft=True)
    by = MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user
    people, times, count = 6, 5, 7
    start, errors = threading.Barrier(people), []

    def print_some() -> None:
        try:
            start.wait()
            for _ in range(times):
                blanks.reserve_blanks(link=link, count=count, by=by)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=print_some) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, (connection.vendor, errors)
    taken = sorted(number for batch in BlankBatch.objects.all() for number in range(batch.first, batch.last + 1))
    assert taken == list(range(1, people * times * count + 1))


def test_every_page_carries_the_number_of_its_blank(link: SurveyLink, rep: User):
    BlankBatch.objects.create(link=link, first=1, last=122, printed_by=rep)
    batch = blanks.reserve_blanks(link=link, count=3, by=rep)
    found = pages(blanks.blanks_pdf(batch))
    per_blank = len(found) // 3
    assert per_blank == 2, "the standard questionnaire takes one sheet, printed on both sides"
    for index, text in enumerate(found):
        number, page = 123 + index // per_blank, index % per_blank + 1
        assert re.findall(r"\b\d{6}\b", text) == [f"{number:06d}"] * 2, "in the corner and at the foot"
        assert f"стр. {page} из {per_blank}" in text
        assert "№" in text and "бланк" in text
    assert "Удовлетворены ли Вы текущим процессом" in found[0] and "Анкета анонимная" in found[0]
    assert "".join(link.institution.name.split()) in "".join(found[0].split())


def test_the_number_stands_large_in_the_corner_beside_its_sign(link: SurveyLink, rep: User):
    batch = blanks.reserve_blanks(link=link, count=1, by=rep)
    with pypdfium2.PdfDocument(blanks.blanks_pdf(batch)) as document:
        for page in document:
            width, height = page.get_size()
            text = page.get_textpage()
            boxes: dict[str, list[Any]] = {}
            for index in range(text.count_chars()):
                boxes.setdefault(text.get_text_range(index, 1), []).append(text.get_charbox(index))
            signs = [box for box in boxes["№"] if box[1] > height - 70]
            digits = sorted(box for box in boxes["0"] + boxes["1"] if box[1] > height - 70 and box[0] > width / 2)
            assert len(signs) == 1 and len(digits) == 6
            # left, bottom, right, top, in points; a digit is at least 4.5 mm high.
            assert all(top - bottom > 12.7 for _, bottom, _, top in digits)
            assert signs[0][2] < digits[0][0] < signs[0][2] + 12, "after the sign, not on it"
            assert digits[-1][2] < width - 12 * 72 / 25.4
            foot = sorted(box for box in boxes["0"] + boxes["1"] if box[3] < 40 and box[0] < width / 4)[:6]
            before = max(box[2] for box in boxes["к"] if box[3] < 40)
            comma = min(box[0] for box in boxes[","] if box[3] < 40)
            assert before < foot[0][0] and foot[-1][2] < comma


def test_the_most_are_made_while_one_waits_and_weigh_little(link: SurveyLink, rep: User):
    batch = blanks.reserve_blanks(link=link, count=blanks.MOST_AT_ONCE, by=rep)
    started = time.monotonic()
    pdf = blanks.blanks_pdf(batch)
    assert time.monotonic() - started < SECONDS_FOR_MOST
    assert len(pdf) < 2**20
    document = pypdf.PdfReader(io.BytesIO(pdf))
    assert len(document.pages) == 2 * blanks.MOST_AT_ONCE
    assert "000500" in document.pages[-1].extract_text()
    box = document.pages[0].mediabox
    assert [round(float(side) * 25.4 / 72) for side in (box.width, box.height)] == [210, 297]


# The page -------------------------------------------------------------------------------------------------------------


def test_blanks_are_made_listed_and_printed_again(link: SurveyLink, rep: User):
    client, address = client_of(rep), reverse("link-blanks", args=[link.pk])
    assert "Выпущенные бланки" not in client.get(address).content.decode()
    response = client.post(address, {"count": "30"}, follow=True)
    page = response.content.decode()
    assert "000001–000030" in page and rep.full_name in page
    batch = BlankBatch.objects.get()
    file = client.get(reverse("blank-batch", args=[batch.pk]))
    assert file.headers["Content-Type"] == "application/pdf"
    assert "000001-000030.pdf" in file.headers["Content-Disposition"]
    assert pages(client.get(reverse("blank-batch", args=[batch.pk])).content) == pages(file.content)
    assert BlankBatch.objects.count() == 1, "printing again takes no numbers"
    assert client.get(address, {"format": "xlsx"}).content.startswith(b"PK")


@pytest.mark.parametrize("typed", ["", "0", "-1", "501", "9" * 30, "много", "1.5", "3\0"])
def test_a_wrong_number_of_blanks_comes_back_as_typed(link: SurveyLink, rep: User, typed: str):
    response = client_of(rep).post(reverse("link-blanks", args=[link.pk]), {"count": typed})
    assert response.status_code == 422
    assert not BlankBatch.objects.exists()
    if typed.isdigit():
        assert f'value="{typed}"' in response.content.decode()


def test_a_translated_questionnaire_has_blanks_in_its_languages(link: SurveyLink, rep: User):
    document = standard_document("employment") | {"translations": {"en": {"title": "How were you helped?"}}}
    link.version = QuestionnaireVersionFactory(questionnaire=link.version.questionnaire, number=2, document=document)
    link.save()
    client = client_of(rep)
    page = client.post(reverse("link-blanks", args=[link.pk]), {"count": "1"}, follow=True).content.decode()
    address = reverse("blank-batch", args=[BlankBatch.objects.get().pk])
    assert f"{address}?lang=en" in page and "English" in page
    assert "How were you helped?" in pages(client.get(address, {"lang": "en"}).content)[0]
    assert "How were you helped?" not in pages(client.get(address, {"lang": "zz"}).content)[0]


def test_blanks_of_others_are_not_there(link: SurveyLink, rep: User):
    batch = blanks.reserve_blanks(link=link, count=1, by=rep)
    stranger = client_of(MembershipFactory(role=Role.INSTITUTION_REP).user)
    assert stranger.get(reverse("blank-batch", args=[batch.pk])).status_code == 404
    onlooker = client_of(MembershipFactory(role=Role.HQ_MEMBER, region=link.institution.region).user)
    assert onlooker.get(reverse("blank-batch", args=[batch.pk])).status_code == 403
    assert client_of(rep).get(f"/blank-batches/{'9' * 30}/").status_code == 404
