"""Who may do what: the only place that says so. Lists, pages, jobs and commands ask here.

`memberships_granting` is the one question; querysets build "which rows" from it, `may` and `require` ask about one.
Invisible is 404 (the queryset does not hold it), visible but forbidden is 403 (`require`).
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import TYPE_CHECKING, TypeAlias

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from regions.roles import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from regions.models import Institution, Region, RegionLifeSituation
    from regions.querysets import MembershipQuerySet

# Whoever asks; permissions are asked about these three things.
Person: TypeAlias = "User | AnonymousUser"
Target: TypeAlias = "Region | Institution | RegionLifeSituation"


class Permission(StrEnum):
    INSTITUTION_VIEW = auto()  # see the institution and its own numbers, live
    OWN_COUNTS_VIEW = (
        auto()
    )  # see the counts behind values too small to publish: the institution's own people (DESIGN 6)
    LINK_MANAGE = auto()  # make and close survey links, print posters
    RESPONSES_IMPORT = auto()  # bring in answers from paper
    REGION_VIEW = auto()  # see the region's ЖС, their collections and live numbers
    RESULTS_VIEW = auto()  # see published results and download reports
    CLIENTS_ENTER = auto()  # enter how many people an institution served
    WEIGHTS_DECIDE = auto()  # record the decision of the РШ on the weight scheme
    QUARTER_CALCULATE = auto()
    QUARTER_PUBLISH = auto()


_SEES_REGION = frozenset({Permission.INSTITUTION_VIEW, Permission.REGION_VIEW, Permission.RESULTS_VIEW})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.AGENCY_ADMIN: _SEES_REGION,
    Role.AGENCY_CURATOR: _SEES_REGION,
    Role.AGENCY_ANALYST: _SEES_REGION,
    # Only what is published.
    Role.FEDERAL_OBSERVER: frozenset({Permission.RESULTS_VIEW}),
    Role.REGION_HEAD: _SEES_REGION,
    Role.HQ_CHAIR: _SEES_REGION | {Permission.WEIGHTS_DECIDE, Permission.QUARTER_PUBLISH},
    # The member of the РШ who answers for the ЖС runs its monitoring [000, stages 4 and 5].
    Role.HQ_MEMBER: _SEES_REGION
    | {
        Permission.WEIGHTS_DECIDE,
        Permission.CLIENTS_ENTER,
        Permission.QUARTER_CALCULATE,
        Permission.QUARTER_PUBLISH,
    },
    Role.SERVICE_COMMISSIONER: _SEES_REGION | {Permission.CLIENTS_ENTER, Permission.QUARTER_CALCULATE},
    Role.EXPERT: _SEES_REGION,
    Role.NSI_ADMIN: _SEES_REGION | {Permission.LINK_MANAGE, Permission.RESPONSES_IMPORT, Permission.CLIENTS_ENTER},
    Role.INSTITUTION_REP: frozenset(
        {
            Permission.INSTITUTION_VIEW,
            Permission.OWN_COUNTS_VIEW,
            Permission.LINK_MANAGE,
            Permission.RESPONSES_IMPORT,
            Permission.CLIENTS_ENTER,
        }
    ),
}

# An hq_member sees the whole region, but acts only in the ЖС they answer for.
BOUND_TO_LIFE_SITUATION = frozenset(
    {Permission.CLIENTS_ENTER, Permission.QUARTER_CALCULATE, Permission.QUARTER_PUBLISH}
)


def memberships_granting(user: User, permission: Permission) -> MembershipQuerySet:
    """The memberships of today by which a person who is signed in holds `permission`."""
    roles = [role for role, granted in ROLE_PERMISSIONS.items() if permission in granted]
    return user.memberships.filter(role__in=roles).in_force(timezone.localdate())


def may(user: Person, permission: Permission, target: Target) -> bool:
    """Whether `user` holds `permission` for one region, institution or ЖС of a region."""
    found = type(target).objects.filter(pk=target.pk)
    return found.permitting(user, permission).exists()


def may_anywhere(user: Person, permission: Permission) -> bool:
    """Whether `user` holds `permission` for anything at all: decides what the navigation offers."""
    return user.is_authenticated and memberships_granting(user, permission).exists()


def require(user: Person, permission: Permission, target: Target) -> None:
    """Raise PermissionDenied (403) unless `user` holds `permission` for `target`."""
    if not may(user, permission, target):
        raise PermissionDenied
