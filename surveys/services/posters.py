"""The kit of a link: its printed matter as PDF, and its words."""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe

from surveys.links import qr
from surveys.links.kit import Invitation, Item, minutes_to_answer
from surveys.models import SurveyLink

# Rows and columns of a sheet of stickers.
STICKERS = {Item.STICKERS_8: (4, 2), Item.STICKERS_24: (8, 3)}
# Names of institutions are up to 300 letters: from so many on they are printed smaller.
LONG_NAME = 90
LONGEST_NAME = 150


def invitation_of(link: SurveyLink) -> Invitation:
    """What the texts of a link speak of."""
    return Invitation(
        institution=link.institution.name,
        address=link.public_url,
        code_page=settings.PUBLIC_URL.split("://", 1)[1] + reverse("answer-by-code"),
        code=link.typed_code,
        minutes=minutes_to_answer(link.version.definition),
        last_day=link.closes_on,
    )


def print_item(link: SurveyLink, item: Item) -> bytes:
    """A thing of the kit as the file people download."""
    if not item.is_paper:
        return qr.png_file(link.public_url)
    # Pango comes with it, and most processes never print.
    from regions import pdf

    return pdf.render(item_html(link, item))


def item_html(link: SurveyLink, item: Item) -> str:
    invitation = invitation_of(link)
    rows, columns = STICKERS.get(item, (0, 0))
    return render_to_string(
        "surveys/print/kit.html",
        {
            "item": item,
            "invitation": invitation,
            # Made of squares and fixed words only.
            "qr": mark_safe(qr.svg(link.public_url, label="QR-код анкеты")),  # noqa: S308
            "name_class": _name_class(invitation.institution),
            "rows": range(rows),
            "columns": range(1, columns + 1),
        },
    )


def _name_class(name: str) -> str:
    if len(name) >= LONGEST_NAME:
        return "name-longest"
    return "name-long" if len(name) >= LONG_NAME else ""
