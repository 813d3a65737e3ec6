"""Numbered blanks: numbers that never repeat within a link, and the PDF of a batch."""

import io
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.template.loader import render_to_string
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject

from accounts.models import User
from regions.models import Institution
from regions.permissions import Permission, may
from surveys.models import BlankBatch, Questionnaire, SurveyLink
from surveys.paper.printing import laid_out
from surveys.questionnaires.languages import direction
from surveys.services.documents import MOST_QUESTIONS, TooLong, printed_language

MOST_AT_ONCE = 500
MAY_PRINT = (Permission.LINK_MANAGE, Permission.RESPONSES_IMPORT)
# Six digits are printed.
LAST_NUMBER = 999_999

# Where the number stands on a page, in millimetres from the left and from the bottom; sizes in points. The words beside
# it are in static/css/print-instrument.css (@page blank).
MM = 72 / 25.4
CORNER = (169.8, 277.5, 20)
FOOT = (28.3, 7.5, 8)
FONT = "/BlankNumber"


class NoNumbersLeft(Exception):
    """The link has had a million blanks."""


def may_print_blanks(user: User, institution: Institution) -> bool:
    return any(may(user, permission, institution) for permission in MAY_PRINT)


def reserve_blanks(*, link: SurveyLink, count: int, by: User) -> BlankBatch:
    """Take the next `count` numbers of a link for printing: two people at once never get the same ones.

    Raises PermissionDenied, NoNumbersLeft.
    """
    if not may_print_blanks(by, link.institution):
        raise PermissionDenied
    with transaction.atomic():
        # Whoever else prints for this link waits here.
        SurveyLink.objects.select_for_update(no_key=True).get(pk=link.pk)
        first = (BlankBatch.objects.filter(link=link).aggregate(last=Max("last"))["last"] or 0) + 1
        last = first + count - 1
        if last > LAST_NUMBER:
            raise NoNumbersLeft
        return BlankBatch.objects.create(link=link, first=first, last=last, printed_by=by)


def blanks_pdf(batch: BlankBatch, language: str = "") -> bytes:
    """The questionnaire once for every number of the batch. Raises TooLong.

    One blank is laid out; its pages are then repeated with the number put on top, which takes a thousandth of the time.
    """
    return numbered(blank_pdf(batch.link, language), range(batch.first, batch.last + 1))


def blank_pdf(link: SurveyLink, language: str = "") -> bytes:
    """One blank of a link without its number. Raises TooLong."""
    # Pango comes with it, and most processes never print.
    from regions import pdf

    definition = link.version.definition
    if len(definition.by_code) > MOST_QUESTIONS:
        raise TooLong
    language = printed_language(definition, language)
    return pdf.render(
        render_to_string(
            "surveys/print/blank.html",
            {
                "layout": laid_out(definition, language),
                "institution": link.institution.name,
                "is_for_people": link.version.questionnaire.kind == Questionnaire.Kind.QUESTIONNAIRE,
                "language": language,
                "direction": direction(language),
            },
        )
    )


def numbered(blank: bytes, numbers: range) -> bytes:
    """The pages of one blank for every number, with the number in the corner and at the foot of each.

    All copies share the drawing of the blank: 500 of them weigh little more than one.
    """
    reader, writer = PdfReader(io.BytesIO(blank)), PdfWriter()
    before = writer._add_object(_stream("q"))
    drawings = [_Drawing.of(page, writer) for page in reader.pages]
    for number in numbers:
        after = writer._add_object(_stream(f"Q {_written(f'{number:06d}', CORNER)} {_written(f'{number:06d}', FOOT)}"))
        for drawing in drawings:
            page = writer.add_page(PageObject.create_blank_page(width=drawing.width, height=drawing.height))
            # Given only now: a page that is added takes its own copy of what it has.
            page[NameObject("/Resources")] = drawing.resources
            # The drawing turns the page upside down for itself: what is put on top starts anew.
            page[NameObject("/Contents")] = ArrayObject([before, drawing.content, after])
    if reader.metadata and reader.metadata.title:
        writer.add_metadata({"/Title": reader.metadata.title})
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@dataclass(frozen=True)
class _Drawing:
    """A page of the blank, held once by the document that is written."""

    width: float
    height: float
    content: Any
    resources: Any

    @classmethod
    def of(cls, page: PageObject, writer: PdfWriter) -> "_Drawing":
        resources: Any = page["/Resources"].clone(writer)
        fonts = resources.setdefault(NameObject("/Font"), DictionaryObject()).get_object()
        fonts[NameObject(FONT)] = writer._add_object(_font())
        content = page["/Contents"].clone(writer)
        return cls(
            float(page.mediabox.width),
            float(page.mediabox.height),
            content.indirect_reference or writer._add_object(content),
            resources.indirect_reference or writer._add_object(resources),
        )


def _font() -> DictionaryObject:
    """One of the fonts every program and printer has: enough for digits."""
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica-Bold"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )


def _written(digits: str, place: tuple[float, float, float]) -> str:
    left, bottom, size = place
    return f"BT {FONT} {size} Tf 0 g {left * MM:.2f} {bottom * MM:.2f} Td ({digits}) Tj ET"


def _stream(operators: str) -> DecodedStreamObject:
    stream = DecodedStreamObject()
    stream.set_data(operators.encode("ascii"))
    return stream
