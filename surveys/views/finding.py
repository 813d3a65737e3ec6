"""Finding the link an address is about, and the way to it."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.http import SignedInRequest
from regions.permissions import Permission, may
from surveys.models import SurveyLink
from surveys.querysets import SurveyLinkQuerySet

# A link's address lets anybody answer, so seeing a link is managing it.
SEES_LINKS = Permission.LINK_MANAGE


def links_in_sight(request: SignedInRequest) -> SurveyLinkQuerySet:
    """Links of the institutions the person sees; whether they may do anything with them is another question."""
    return SurveyLink.objects.permitting(request.user, Permission.INSTITUTION_VIEW)


def link_or_404(request: SignedInRequest, pk: int, *holding: Permission) -> SurveyLink:
    """A link for whoever holds one of these permissions at its institution.

    404 when the institution is not theirs to see, 403 when only to see.
    """
    link: SurveyLink = get_object_or_404(links_in_sight(request).with_places().select_related("batch"), pk=pk)
    if not any(may(request.user, permission, link.institution) for permission in holding):
        raise PermissionDenied
    return link


def link_crumbs(link: SurveyLink) -> list[dict[str, str]]:
    return [
        {"title": link.institution.name, "url": reverse("institution", args=[link.institution_id])},
        {"title": "Ссылки на анкету", "url": reverse("link-list", args=[link.institution_id])},
        {"title": str(link), "url": reverse("link", args=[link.pk])},
    ]
