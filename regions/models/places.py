"""A ЖС taken by a region, its status, indicators and targets; institutions and the ЖС they take part in."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from regions.models.catalogue import Direction, Indicator, LifeSituation, Region
from regions.models.documents import DecisionDocument
from regions.querysets import InstitutionQuerySet, ParticipationQuerySet, RegionLifeSituationQuerySet


class LifeSituationStatus(models.TextChoices):
    """The way of a ЖС in a region [001 I, IV, VI]."""

    CHOSEN = "chosen", "Выбрана"
    SELF_ASSESSMENT = "self_assessment", "Самообследование"
    ROADMAP = "roadmap", "Дорожная карта"
    IMPLEMENTATION = "implementation", "Внедрение"
    SCALING = "scaling", "Масштабирование"
    COMPLETED = "completed", "Завершена"


# The step to «внедрение» carries the approved roadmap: from there on the ЖС has one.
WITH_ROADMAP = (LifeSituationStatus.IMPLEMENTATION, LifeSituationStatus.SCALING, LifeSituationStatus.COMPLETED)


class RegionLifeSituation(models.Model):
    """A ЖС taken by a region: the unit of roadmap, self-assessment and monitoring."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="life_situations", verbose_name="регион")
    life_situation = models.ForeignKey(
        LifeSituation, models.PROTECT, related_name="regions", verbose_name="жизненная ситуация"
    )
    since = models.DateField("взята с")
    # The decision of the РШ to take it.
    decision_number = models.CharField("номер решения", max_length=60, blank=True)
    decision_date = models.DateField("дата решения", null=True, blank=True)
    # Where it stands; every step is a StatusChange.
    status = models.CharField("этап", max_length=20, choices=LifeSituationStatus, default=LifeSituationStatus.CHOSEN)
    status_since = models.DateField("на этапе с", null=True, blank=True)

    objects = RegionLifeSituationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "жизненная ситуация региона"
        verbose_name_plural = "жизненные ситуации регионов"
        ordering = ("region__name", "life_situation")
        constraints = [
            models.UniqueConstraint(fields=["region", "life_situation"], name="life_situation_once_per_region")
        ]

    def __str__(self) -> str:
        return f"{self.region}: {self.life_situation}"


class StatusChange(DecisionDocument):
    """A step of a ЖС along its way: from where to where, since which day, by whose word.

    The step to «внедрение» carries the document the roadmap was approved by, the step to «завершена» the decision to
    complete it.
    """

    place = models.ForeignKey(RegionLifeSituation, models.CASCADE, related_name="status_changes")
    before = models.CharField("было", max_length=20, choices=LifeSituationStatus, blank=True)
    after = models.CharField("стало", max_length=20, choices=LifeSituationStatus)
    on = models.DateField("с какого дня")
    note = models.CharField("примечание", max_length=500, blank=True)
    at = models.DateTimeField("внесено")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="кто внёс"
    )

    class Meta:
        verbose_name = "смена этапа"
        verbose_name_plural = "смены этапов"
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.place}: {self.get_after_display()}"


class IndicatorTarget(models.Model):
    """Current and target value of an indicator of a region's ЖС for a year, in the indicator's unit [001 IV.5]."""

    place = models.ForeignKey(RegionLifeSituation, models.CASCADE, related_name="targets")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+", verbose_name="показатель")
    year = models.PositiveSmallIntegerField("год")
    current = models.DecimalField("текущее значение", max_digits=10, decimal_places=2)
    target = models.DecimalField("целевое значение", max_digits=10, decimal_places=2)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="кто внёс"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "цель по показателю"
        verbose_name_plural = "цели по показателям"
        ordering = ("place", "year", "indicator")
        constraints = [
            models.UniqueConstraint(fields=["place", "indicator", "year"], name="one_target_of_an_indicator_and_year")
        ]

    def __str__(self) -> str:
        return f"{self.indicator}, {self.year}"


class TargetApproval(DecisionDocument):
    """The decision by which the РШ approved the values of a ЖС's indicators for a year: from then on locked."""

    place = models.ForeignKey(RegionLifeSituation, models.CASCADE, related_name="target_approvals")
    year = models.PositiveSmallIntegerField("год")
    approved_at = models.DateTimeField("утверждено")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="кто утвердил"
    )
    # Written the moment before a withdrawn approval goes: read in the history only.
    withdrawal_reason = models.CharField("почему отозвано", max_length=300, blank=True)

    history = HistoricalRecords(excluded_fields=["document_name"])

    class Meta:
        verbose_name = "утверждение показателей"
        verbose_name_plural = "утверждения показателей"
        ordering = ("place", "-year")
        constraints = [models.UniqueConstraint(fields=["place", "year"], name="targets_approved_once_a_year")]

    def __str__(self) -> str:
        return f"{self.place}, {self.year}"


class InfrastructureReached(models.Model):
    """The day a region's infrastructure reached 100 %, and by which facts: never measured again [001 V.2]."""

    region = models.OneToOneField(Region, models.CASCADE, related_name="infrastructure_reached")
    reached_on = models.DateField("достигнута")
    facts = models.JSONField("на основании")
    frozen_at = models.DateTimeField("закреплено")

    class Meta:
        verbose_name = "готовность инфраструктуры"
        verbose_name_plural = "готовность инфраструктуры"

    def __str__(self) -> str:
        return f"{self.region}: 100 % с {self.reached_on:%d.%m.%Y}"


class Institution(models.Model):
    """An institution that serves people in one or more ЖС."""

    class Settlement(models.TextChoices):
        TOWN = "town", "город"
        VILLAGE = "village", "село"

    region = models.ForeignKey(Region, models.PROTECT, related_name="institutions", verbose_name="регион")
    name = models.CharField("название", max_length=300)
    settlement = models.CharField("город или село", max_length=10, choices=Settlement)
    locality = models.CharField("населённый пункт", max_length=150)
    sphere = models.ForeignKey(
        Direction, models.PROTECT, null=True, blank=True, related_name="institutions", verbose_name="сфера"
    )
    closed_on = models.DateField("работает по", null=True, blank=True)
    # Its answers and values stay here; what goes on, goes on there.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_from", verbose_name="присоединено к"
    )
    life_situations = models.ManyToManyField(
        LifeSituation, through="Participation", related_name="institutions", verbose_name="жизненные ситуации"
    )

    objects = InstitutionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "учреждение"
        verbose_name_plural = "учреждения"
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=["region", "name"],
                name="institution_name_once_per_region",
                violation_error_message="Учреждение с таким названием в регионе уже есть",
            ),
            models.CheckConstraint(
                name="merged_institution_is_closed", condition=Q(merged_into=None) | Q(closed_on__isnull=False)
            ),
            models.CheckConstraint(
                name="institution_not_merged_into_itself", condition=Q(merged_into=None) | ~Q(merged_into=F("pk"))
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_working(self, on: date) -> bool:
        """The last day of work is a working one."""
        return self.closed_on is None or self.closed_on >= on


class Participation(models.Model):
    """An institution takes part in a ЖС since a date, possibly until one; it may come back later, as a row of its own.

    Rows of one institution and ЖС do not overlap: `regions.services.institutions` sees to it under a lock.
    """

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="participations")
    life_situation = models.ForeignKey(LifeSituation, models.PROTECT, related_name="participations")
    since = models.DateField("участвует с")
    until = models.DateField("участвует по", null=True, blank=True)

    objects = ParticipationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "участие в жизненной ситуации"
        verbose_name_plural = "участие в жизненных ситуациях"
        ordering = ("institution", "life_situation", "since")
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "life_situation"], condition=Q(until=None), name="one_participation_without_end"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="participation_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution}: {self.life_situation}, с {self.since:%d.%m.%Y}"

    def is_in_force(self, on: date) -> bool:
        return self.since <= on and not self.is_over(on)

    def is_over(self, on: date) -> bool:
        return self.until is not None and self.until < on
