"""Loading institutions from an XLSX."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from regions import institution_import as importer
from regions.pages import region_or_404
from regions.permissions import Permission, require
from regions.views.imports import Import, import_response, template_response
from regions.views.institutions import crumbs_of

_INSTITUTIONS = Import(
    kind="institutions",
    importer=importer,
    templates="regions/institutions",
    url="institution-import",
    list_url="region-institutions",
    gone="Этот файл уже загружен, или с его проверки прошло больше часа. Выберите его ещё раз.",
    done=lambda plan: f"Новых учреждений: {plan.new}, изменено: {plan.changed}.",
)


@require_http_methods(["GET", "HEAD", "POST"])
def institution_import(request: SignedInRequest, code: str) -> HttpResponse:
    """Send a file and see what it would do; then load it."""
    region = region_or_404(request, code)
    require(request.user, Permission.INSTITUTION_MANAGE, region)
    return import_response(request, region, _INSTITUTIONS, crumbs=crumbs_of(request, region))


@require_safe
def institution_import_template(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    require(request.user, Permission.INSTITUTION_MANAGE, region)
    return template_response(importer.build_template(region), f"institutions-{region.code}")
