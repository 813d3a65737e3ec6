"""The kit of a link: what to print, and texts ready to copy."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from surveys.links import qr
from surveys.links.kit import Item
from surveys.models import Questionnaire, SurveyLink
from surveys.services import posters as services
from surveys.views.finding import SEES_LINKS, link_crumbs, link_or_404


def _is_for_people(link: SurveyLink) -> bool:
    """Guides, scripts and observation sheets are filled in by staff: there is nothing to spread."""
    return link.version.questionnaire.kind == Questionnaire.Kind.QUESTIONNAIRE


@require_safe
def link_poster(request: SignedInRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk, SEES_LINKS)
    return render(
        request,
        "surveys/kit.html",
        {
            "link": link,
            "state": link.state(timezone.now()),
            "is_for_people": _is_for_people(link),
            "invitation": services.invitation_of(link),
            "papers": [item for item in Item if item.is_paper],
            "crumbs": link_crumbs(link),
        },
    )


@require_safe
def link_print(request: SignedInRequest, pk: int, item: str) -> HttpResponse:
    link = link_or_404(request, pk, SEES_LINKS)
    if item not in list(Item) or not _is_for_people(link):
        raise Http404
    thing = Item(item)
    return file_response(
        services.print_item(link, thing), thing.media_type, f"{thing}-{link.typed_code}.{thing.extension}"
    )


def file_response(content: bytes, media_type: str, name: str) -> HttpResponse:
    """A file that the browser shows if it can, ready to be printed; `name` in Latin letters."""
    disposition = "inline" if media_type == "application/pdf" else "attachment"
    response = HttpResponse(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'{disposition}; filename="{name}"'
    return response


@require_safe
def link_qr(request: SignedInRequest, pk: int) -> HttpResponse:
    """The QR code of the link as SVG, large enough to print at any size."""
    return HttpResponse(qr.svg_file(link_or_404(request, pk, SEES_LINKS).public_url), content_type="image/svg+xml")
