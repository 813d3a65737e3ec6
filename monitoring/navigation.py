"""What stands around every page: sections by subject, and the place and period chosen once, on top."""

from collections.abc import Set
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from monitoring.models import Collection, ReportingPeriod
from regions.models import Membership, Region, RegionLifeSituation
from regions.permissions import Permission, Person, may_anywhere, permissions_of
from regions.urls import bodies, institutions, invitations, letters, life_situations, people
from regions.urls import regions as cards
from surveys.urls import changes, comments, imports, interviews, questionnaires

# Section: title, URL name, icon, what one must hold somewhere to be offered it, URL names of the section's pages.
SECTIONS: tuple[tuple[str, str, str, Permission | None, Set[str | None]], ...] = (
    ("Мой кабинет", "cabinet", "house", None, {"cabinet"}),
    (
        "Учреждения",
        "institution-list",
        "building",
        Permission.INSTITUTION_VIEW,
        {
            *(page.name for page in institutions.urlpatterns),
            *(
                "institution",
                "institution-results",
                "institution-answers",
                "institution-fieldwork",
                "link-list",
                "link-create",
                "link",
                "link-poster",
                "link-blanks",
            ),
            *("link-edit", "link-reopen", "link-history"),
            *("institution-quality", "exclusion-propose"),
            *(page.name for page in changes.urlpatterns),
            *(page.name for subject in (interviews, imports) for page in subject.urlpatterns),
        },
    ),
    (
        "Комментарии",
        "comment-home",
        "chat-left-text",
        Permission.COMMENTS_VIEW,
        {page.name for page in comments.urlpatterns},
    ),
    (
        "Мониторинг",
        "region-list",
        "bar-chart-line",
        Permission.RESULTS_VIEW,
        {"region-list", "region", "region-results", "collection", "clients", "weights", "passport"},
    ),
    ("Отчёты", "report-list", "file-earmark-text", Permission.RESULTS_VIEW, {"report-list"}),
    (
        "Анкеты",
        "questionnaire-list",
        "list-check",
        None,
        {page.name for page in questionnaires.urlpatterns},
    ),
    (
        "Люди",
        "people-list",
        "people",
        Permission.PEOPLE_VIEW,
        {page.name for subject in (people, invitations) for page in subject.urlpatterns},
    ),
    (
        "Материалы",
        "material-list",
        "journal-text",
        None,
        {
            "material-list",
            "material",
            "material-create",
            "material-edit",
            "material-version-create",
            "material-history",
        },
    ),
    # Pages of their own, without this navigation.
    ("Справочники", "admin:index", "sliders", Permission.CATALOGUE_MANAGE, set()),
    ("Кто что видит", "access-explain", "key", Permission.ACCESS_EXPLAIN, {"access-explain"}),
    ("Таблица прав", "permission-table", "shield-check", Permission.PERMISSIONS_VIEW, {"permission-table"}),
)

LETTER_PAGES = {
    "letters-overview",
    "deadline-list",
    "deadline-create",
    "deadline-edit",
    "deadline-delete",
    "deadline-history",
}
REGION_PAGES = {
    "country",
    *("region-quality", "exclusion-list", "exclusion-case"),
    *("region-fieldwork", "fieldwork-error", "region-links", "link-batch-create", "link-batch"),
    *(page.name for subject in (cards, bodies, letters, life_situations) for page in subject.urlpatterns),
} - LETTER_PAGES


def navigation(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    match = request.resolver_match
    if user is None or not user.is_authenticated or match is None:
        return {}
    held = list(
        user.memberships.in_force_at(timezone.now()).select_related("region", "institution", "deputises_for__user")
    )
    acting_id = getattr(user, "acting_membership_id", None)
    acting = [one for one in held if one.pk == acting_id] or held
    granted = permissions_of(acting)
    nav = [
        {"title": title, "url": reverse(name), "icon": icon, "active": match.url_name in names}
        for title, name, icon, permission, names in SECTIONS
        if permission is None or permission in granted
    ]
    # After the cabinet.
    nav[1:1] = _region_sections(user, granted, match.url_name or "")
    return {
        "nav": nav,
        "role_titles": sorted({one.get_role_display() for one in acting}),
        "acting_roles": _acting_roles(held, acting_id) if len(held) > 1 else [],
        "acting_as": _role_title(acting[0]) if acting_id and len(held) > 1 else "",
        "chooser": _chooser(request) if match.url_name in ("collection", "passport") else None,
    }


def _region_sections(user: Person, granted: frozenset[Permission], page: str) -> list[dict[str, Any]]:
    """The map for who compares regions, the card for who works in one; and the letters for the Agency."""
    regions = {"icon": "map", "active": page in REGION_PAGES}
    if Permission.COUNTRY_VIEW in granted:
        sections = [{"title": "Регионы", "url": reverse("country"), **regions}]
        if Permission.REGION_VIEW in granted:
            active = page in LETTER_PAGES
            url = reverse("letters-overview")
            sections.append({"title": "Письма", "url": url, "icon": "envelope", "active": active})
        return sections
    own = list(Region.objects.permitting(user, Permission.REGION_VIEW)[:2])
    if len(own) == 1:
        return [{"title": "Регион", "url": reverse("region-card", args=[own[0].code]), **regions}]
    return [{"title": "Регионы", "url": reverse("region-list"), **regions}] if own else []


def _acting_roles(held: list[Membership], acting_id: int | None) -> list[dict[str, Any]]:
    """All roles at once, or each of them: what a person with several may act in."""
    everything = {"title": "Все роли", "value": "", "active": acting_id is None}
    each = [{"title": _role_title(one), "value": one.pk, "active": one.pk == acting_id} for one in held]
    return [everything, *each]


def _role_title(membership: Membership) -> str:
    holder = membership.deputises_for
    return f"{membership}, замещает: {holder.user.short_name}" if holder else str(membership)


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
