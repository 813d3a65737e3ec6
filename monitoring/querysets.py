"""Which periods, collections and reports."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models

from regions.models import RegionLifeSituation
from regions.permissions import Permission

if TYPE_CHECKING:
    from monitoring.models import Collection, Report, ReportingPeriod
    from regions.models import Institution, LifeSituation
    from regions.permissions import Person


class ReportingPeriodQuerySet(models.QuerySet["ReportingPeriod"]):
    def begun(self, day: date) -> Self:
        """Periods that have begun by a day, newest first."""
        return self.filter(opens_on__lte=day).order_by("-opens_on")


class CollectionQuerySet(models.QuerySet["Collection"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Collections of the ЖС for which `user` holds `permission`."""
        return self.filter(region_life_situation__in=RegionLifeSituation.objects.permitting(user, permission))

    def published(self) -> Self:
        return self.filter(state="published")

    def concerning(self, institution: Institution, life_situation: LifeSituation) -> Self:
        """Collections in which an institution's answers on a ЖС count."""
        return self.filter(
            region_life_situation__region=institution.region_id, region_life_situation__life_situation=life_situation
        )

    def with_places(self) -> Self:
        return self.select_related("region_life_situation__region", "region_life_situation__life_situation", "period")

    def without_snapshot(self) -> Self:
        """For lists: a snapshot holds every institution of a region."""
        return self.defer("snapshot")


class ReportQuerySet(models.QuerySet["Report"]):
    def permitting(self, user: Person) -> Self:
        """Reports that `user` may download: of the regions whose published results they see."""
        places = RegionLifeSituation.objects.permitting(user, Permission.RESULTS_VIEW)
        return self.filter(collection__region_life_situation__in=places)

    def with_places(self) -> Self:
        return self.select_related(
            "collection__region_life_situation__region",
            "collection__region_life_situation__life_situation",
            "collection__period",
        ).defer("collection__snapshot")
