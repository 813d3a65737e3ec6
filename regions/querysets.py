"""Which regions, institutions and ЖС: named filters, scoped by permission."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from regions.permissions import BOUND_TO_LIFE_SITUATION, Permission, memberships_granting
from regions.roles import Role

if TYPE_CHECKING:
    from regions.models import Institution, LifeSituation, Membership, Region, RegionLifeSituation
    from regions.permissions import Person


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self, on: date) -> Self:
        return self.filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gte=on))

    def federal(self) -> Self:
        return self.filter(region=None, institution=None)

    def regional(self) -> Self:
        return self.filter(region__isnull=False)

    def bound_to_life_situations(self, permission: Permission) -> tuple[Self, Self]:
        """Split regional memberships into those that hold in the whole region and those that hold in named ЖС only."""
        regional = self.regional()
        if permission not in BOUND_TO_LIFE_SITUATION:
            return regional, regional.none()
        return regional.exclude(role=Role.HQ_MEMBER), regional.filter(role=Role.HQ_MEMBER)


class RegionQuerySet(models.QuerySet["Region"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Regions in which `user` holds `permission` by a federal or a regional role; none for the anonymous."""
        if not user.is_authenticated:
            return self.none()
        granting = memberships_granting(user, permission)
        # Subqueries, not joins: two memberships in one region must not double its rows.
        return self.filter(Exists(granting.federal()) | Q(pk__in=granting.regional().values("region")))


class InstitutionQuerySet(models.QuerySet["Institution"]):
    def permitting(self, user: Person, permission: Permission, *, life_situation: LifeSituation | None = None) -> Self:
        """Institutions for which `user` holds `permission`, by a role of any level; none for the anonymous.

        With `life_situation` it is for what concerns this ЖС: an hq_member who answers for another ЖС of the same
        institution does not hold it.
        """
        if not user.is_authenticated:
            return self.none()
        granting = memberships_granting(user, permission)
        whole_region, named_life_situations = granting.bound_to_life_situations(permission)
        if life_situation is not None:
            named_life_situations = named_life_situations.filter(life_situations=life_situation)
        in_named_life_situations = self.model.objects.filter(
            participations__life_situation__membership__in=named_life_situations,
            region=F("participations__life_situation__membership__region"),
        )
        if life_situation is not None:
            in_named_life_situations = in_named_life_situations.filter(participations__life_situation=life_situation)
        return self.filter(
            Exists(granting.federal())
            | Q(region__in=whole_region.values("region"))
            | Q(pk__in=in_named_life_situations.values("pk"))
            | Q(pk__in=granting.filter(institution__isnull=False).values("institution"))
        )

    def taking_part(self, life_situation_id: int, opens_on: date, closes_on: date) -> Self:
        """Institutions that take part in the ЖС on any day from `opens_on` to `closes_on`."""
        return self.filter(
            Q(participations__until=None) | Q(participations__until__gte=opens_on),
            participations__life_situation=life_situation_id,
            participations__since__lte=closes_on,
        )


class RegionLifeSituationQuerySet(models.QuerySet["RegionLifeSituation"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """ЖС of regions for which `user` holds `permission`; an hq_member acts only in their own ЖС."""
        if not user.is_authenticated:
            return self.none()
        granting = memberships_granting(user, permission)
        whole_region, named_life_situations = granting.bound_to_life_situations(permission)
        return self.filter(
            Exists(granting.federal())
            | Q(region__in=whole_region.values("region"))
            | Exists(
                named_life_situations.filter(region=OuterRef("region"), life_situations=OuterRef("life_situation"))
            )
        )
