"""Loading a region's list of members from an XLSX."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from regions import member_import as importer
from regions.models import Region
from regions.pages import region_crumb, region_or_404
from regions.permissions import Permission, require
from regions.views.imports import Import, import_response, template_response

_MEMBERS = Import(
    kind="members",
    importer=importer,
    templates="regions/invitations",
    url="invitation-import",
    list_url="invitation-list",
    gone="Этот список уже загружен, или после проверки прошло больше часа. Выберите файл снова.",
    done=lambda plan: f"Приглашений: {plan.invited}, новых членов РШ и РЭГ: {plan.members}.",
)


def _region(request: SignedInRequest, code: str) -> Region:
    region = region_or_404(request, code, Permission.PEOPLE_VIEW)
    require(request.user, Permission.PEOPLE_MANAGE, region)
    return region


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_import(request: SignedInRequest, code: str) -> HttpResponse:
    """Send a file and see what it would do; then load it."""
    region = _region(request, code)
    crumbs = [
        region_crumb(region),
        {"title": "Люди", "url": reverse("region-people", args=[region.code])},
        {"title": "Приглашения", "url": reverse("invitation-list", args=[region.code])},
    ]
    return import_response(request, region, _MEMBERS, crumbs=crumbs)


@require_safe
def import_template(request: SignedInRequest, code: str) -> HttpResponse:
    region = _region(request, code)
    return template_response(importer.build_template(region, by=request.user), f"members-{region.code}")
