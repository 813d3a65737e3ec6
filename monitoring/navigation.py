"""What stands around every page: sections by subject, and the place and period chosen once, on top."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from monitoring.models import Collection, ReportingPeriod
from regions.models import Region, RegionLifeSituation
from regions.permissions import Permission, may_anywhere

# Section: title, URL name, icon, what one must hold somewhere to be offered it, URL names of the section's pages.
SECTIONS = (
    ("Мой кабинет", "cabinet", "house", None, {"cabinet"}),
    (
        "Учреждения",
        "institution-list",
        "building",
        Permission.INSTITUTION_VIEW,
        {"institution-list", "institution", "link-list", "link-create", "link", "link-poster"},
    ),
    (
        "Мониторинг",
        "region-list",
        "bar-chart-line",
        Permission.RESULTS_VIEW,
        {"region-list", "region", "collection", "clients", "weights", "passport"},
    ),
    ("Отчёты", "report-list", "file-earmark-text", Permission.RESULTS_VIEW, {"report-list"}),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    match = request.resolver_match
    if user is None or not user.is_authenticated or match is None:
        return {}
    return {
        "nav": [
            {"title": title, "url": reverse(name), "icon": icon, "active": match.url_name in names}
            for title, name, icon, permission, names in SECTIONS
            if permission is None or may_anywhere(user, permission)
        ],
        "role_titles": sorted(
            {membership.get_role_display() for membership in user.memberships.in_force(timezone.localdate())}
        ),
        "chooser": _chooser(request) if match.url_name in ("collection", "passport") else None,
    }


def _chooser(request: HttpRequest) -> dict[str, Any]:
    """Region, ЖС and period of the page, and the others that can be chosen in their stead."""
    assert request.resolver_match
    chosen = request.resolver_match.kwargs
    places = RegionLifeSituation.objects.permitting(request.user, Permission.RESULTS_VIEW)
    begun = ReportingPeriod.objects.begun(timezone.localdate())
    if not may_anywhere(request.user, Permission.REGION_VIEW):
        # Who sees published results only is offered nothing else.
        published = Collection.objects.published().filter(region_life_situation__in=places)
        places = places.filter(pk__in=published.values("region_life_situation"))
        begun = begun.filter(pk__in=published.values("period"))
    periods = list(begun[:8])
    if chosen["period"] not in {one.code for one in periods}:
        periods += ReportingPeriod.objects.filter(code=chosen["period"])
    regions = Region.objects.filter(pk__in=places.values("region"))
    situations = places.filter(region__code=chosen["code"]).select_related("life_situation")
    return {
        "action": reverse("choose"),
        "regions": [{"code": one.code, "name": one.name, "selected": one.code == chosen["code"]} for one in regions],
        "life_situations": [
            {
                "code": one.life_situation.code,
                "title": one.life_situation.short_title,
                "selected": one.life_situation.code == chosen["life_situation"],
            }
            for one in situations
        ],
        "periods": [{"code": one.code, "title": str(one), "selected": one.code == chosen["period"]} for one in periods],
    }
