"""What of this app passes to a successor: the links a person looks after."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from regions import open_work
from regions.models import Membership
from regions.permissions import ROLE_PERMISSIONS, Permission
from regions.roles import Role
from surveys.models import SurveyLink


def _links(membership: Membership) -> QuerySet[SurveyLink]:
    """Links that still take answers, or will, in the scope of a role that manages links."""
    if Permission.LINK_MANAGE not in ROLE_PERMISSIONS[Role(membership.role)]:
        return SurveyLink.objects.none()
    region = membership.home_region
    today = region.local_date() if region else timezone.localdate()
    found = SurveyLink.objects.not_closed(today).filter(kept_by=membership.user_id)
    if membership.institution_id:
        found = found.filter(institution=membership.institution_id)
    elif region:
        found = found.filter(institution__region=region)
    return found.select_related("institution", "life_situation")


def titles(links: Iterable[SurveyLink]) -> list[str]:
    return [f"{link.institution}: {link} ({link.life_situation.short_title})" for link in links]


def pass_on(membership: Membership, successor: Membership, *, by: User, at: datetime) -> list[str]:
    links = list(_links(membership).select_for_update(of=("self",)))
    for link in links:
        link.kept_by = successor.user
        link.save(update_fields=["kept_by"])
    return titles(links)


open_work.register("Ссылки на анкету", lambda membership: titles(_links(membership)), pass_on)
