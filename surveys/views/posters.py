"""The kit of a link: what to print, and texts ready to copy."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from regions.permissions import Permission, require
from surveys.links import qr
from surveys.links.kit import Item
from surveys.models import Questionnaire, SurveyLink
from surveys.services import posters as services


def _link(request: SignedInRequest, pk: int) -> SurveyLink:
    """A link the person may spread: 404 when the institution is not theirs to see, 403 when only to see."""
    visible = SurveyLink.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    link = get_object_or_404(visible.with_places(), pk=pk)
    # A link's address lets anybody answer, so seeing it is managing it.
    require(request.user, Permission.LINK_MANAGE, link.institution)
    return link


def _is_for_people(link: SurveyLink) -> bool:
    """Guides, scripts and observation sheets are filled in by staff: there is nothing to spread."""
    return link.version.questionnaire.kind == Questionnaire.Kind.QUESTIONNAIRE


@require_safe
def link_poster(request: SignedInRequest, pk: int) -> HttpResponse:
    link = _link(request, pk)
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


def link_crumbs(link: SurveyLink) -> list[dict[str, str]]:
    return [
        {"title": link.institution.name, "url": reverse("institution", args=[link.institution_id])},
        {"title": "Ссылки на анкету", "url": reverse("link-list", args=[link.institution_id])},
        {"title": str(link), "url": reverse("link", args=[link.pk])},
    ]


@require_safe
def link_print(request: SignedInRequest, pk: int, item: str) -> HttpResponse:
    link = _link(request, pk)
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
    return HttpResponse(qr.svg_file(_link(request, pk).public_url), content_type="image/svg+xml")
