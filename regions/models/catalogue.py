"""Reference data: regions, directions, life situations with their indicators, typical problems and solutions."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from regions.querysets import LifeSituationQuerySet, RegionQuerySet
from regions.readiness import Readiness


class Region(models.Model):
    """A субъект РФ, one of the 89 rows of reference data."""

    class FederalDistrict(models.TextChoices):
        CENTRAL = "central", "Центральный"
        NORTHWESTERN = "northwestern", "Северо-Западный"
        SOUTHERN = "southern", "Южный"
        NORTH_CAUCASIAN = "north_caucasian", "Северо-Кавказский"
        VOLGA = "volga", "Приволжский"
        URAL = "ural", "Уральский"
        SIBERIAN = "siberian", "Сибирский"
        FAR_EASTERN = "far_eastern", "Дальневосточный"

    code = models.CharField("код ISO 3166-2", max_length=6, unique=True)
    okato = models.CharField("код ОКАТО", max_length=5, unique=True)
    name = models.CharField("название", max_length=100, unique=True)
    name_genitive = models.CharField("название, родительный падеж", max_length=100)
    name_dative = models.CharField("название, дательный падеж", max_length=100)
    name_prepositional = models.CharField("название, предложный падеж", max_length=100)
    federal_district = models.CharField("федеральный округ", max_length=20, choices=FederalDistrict, blank=True)
    time_zone = models.CharField("часовой пояс", max_length=40)
    # The day the decision to take part was made; empty: the region takes no part, and no letter of it is overdue.
    participates_since = models.DateField("участвует в НСИ с", null=True, blank=True)

    objects = RegionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "регион"
        verbose_name_plural = "регионы"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def local_date(self, at: datetime | None = None) -> date:
        """The date in the region at an instant (by default now)."""
        return (at or timezone.now()).astimezone(self.zone).date()

    @property
    def readiness(self) -> Readiness:
        """The infrastructure of a region found by `with_readiness`; of any other it is not known."""
        found: Any = self
        return Readiness(
            bodies_exist=found.bodies_exist,
            roadmaps_exist=found.roadmaps_exist,
            indicators_approved=found.indicators_approved,
            reached_on=found.infrastructure_reached_on,
        )


class Direction(models.Model):
    """A направление of the initiative."""

    code = models.SlugField("код", unique=True)
    title = models.CharField("название", max_length=200)
    position = models.PositiveSmallIntegerField("порядок")

    class Meta:
        verbose_name = "направление"
        verbose_name_plural = "направления"
        ordering = ("position",)

    def __str__(self) -> str:
        return self.title


class Indicator(models.Model):
    """An entry of the catalogue of КПЭ; measured values live in monitoring."""

    class Unit(models.TextChoices):
        PERCENT = "percent", "%"
        POINTS = "points", "пункты"
        DAYS = "days", "дни"
        HOURS = "hours", "часы"
        MINUTES = "minutes", "минуты"
        RUBLES = "rubles", "рубли"
        COUNT = "count", "единицы"

    class Kind(models.TextChoices):
        MAIN = "main", "основной"
        MANDATORY_ADDITIONAL = "additional", "обязательный дополнительный"
        AUXILIARY = "auxiliary", "вспомогательный"

    code = models.SlugField("код", max_length=80, unique=True)
    title = models.CharField("название", max_length=500)
    unit = models.CharField("единица", max_length=10, choices=Unit)
    kind = models.CharField("вид", max_length=10, choices=Kind)
    lower_is_better = models.BooleanField("чем меньше, тем лучше", default=False)
    long_term_mark = models.DecimalField("долгосрочный ориентир", max_digits=8, decimal_places=2, null=True, blank=True)
    source = models.CharField("источник", max_length=200, blank=True)

    class Meta:
        verbose_name = "показатель"
        verbose_name_plural = "показатели"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.title


class LifeSituation(models.Model):
    """A жизненная ситуация with its boundaries: of the catalogue [001, Приложение 1], or described by a region."""

    # The four criteria a region justifies its own ЖС by [001 IV.1].
    CRITERIA = ("human_centred", "mass", "within_powers", "common")

    code = models.SlugField("код", max_length=60, unique=True)
    direction = models.ForeignKey(Direction, models.PROTECT, related_name="life_situations", verbose_name="направление")
    # The number in the document; none for a ЖС of a region.
    number = models.PositiveSmallIntegerField("номер", unique=True, null=True, blank=True)
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="own_life_situations",
        verbose_name="описана регионом",
    )
    title = models.CharField("название", max_length=300)
    short_title = models.CharField("короткое название", max_length=80)
    boundary = models.TextField("границы")
    beneficiaries = models.TextField("кто выигрывает")
    human_centred = models.TextField("человекоцентричность", blank=True)
    mass = models.TextField("массовость и значимость", blank=True)
    within_powers = models.TextField("доступность для региона", blank=True)
    common = models.TextField("актуальность для страны", blank=True)
    source = models.CharField("источник", max_length=200, blank=True)
    indicators = models.ManyToManyField(
        Indicator, through="LifeSituationIndicator", related_name="life_situations", verbose_name="показатели"
    )

    objects = LifeSituationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "жизненная ситуация"
        verbose_name_plural = "жизненные ситуации"
        # Those of the catalogue first, on both databases.
        ordering = (F("number").asc(nulls_last=True), "short_title", "pk")
        constraints = [
            models.CheckConstraint(
                name="own_life_situation_is_justified",
                condition=Q(region=None, number__isnull=False)
                | Q(region__isnull=False, number=None)
                & ~Q(human_centred="")
                & ~Q(mass="")
                & ~Q(within_powers="")
                & ~Q(common=""),
            )
        ]

    def __str__(self) -> str:
        return self.short_title


class LifeSituationIndicator(models.Model):
    life_situation = models.ForeignKey(LifeSituation, models.CASCADE)
    indicator = models.ForeignKey(Indicator, models.PROTECT)
    number = models.CharField("номер в документе", max_length=10)
    position = models.PositiveSmallIntegerField("порядок")

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["life_situation", "indicator"], name="indicator_once_per_life_situation")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.indicator}"


class TypicalProblem(models.Model):
    """A problem the target model of a ЖС names [001, Приложение 1]."""

    life_situation = models.ForeignKey(LifeSituation, models.CASCADE, related_name="typical_problems")
    number = models.PositiveSmallIntegerField("номер в документе")
    title = models.TextField("проблема")

    class Meta:
        verbose_name = "типовая проблема"
        verbose_name_plural = "типовые проблемы"
        ordering = ("life_situation", "number")
        constraints = [models.UniqueConstraint(fields=["life_situation", "number"], name="typical_problem_number_once")]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"


class TypicalSolution(models.Model):
    problem = models.ForeignKey(TypicalProblem, models.CASCADE, related_name="solutions")
    position = models.PositiveSmallIntegerField("порядок")
    text = models.TextField("возможное решение")
    is_federal = models.BooleanField("возможно только на федеральном уровне (Ф)", default=False)

    class Meta:
        verbose_name = "типовое решение"
        verbose_name_plural = "типовые решения"
        ordering = ("problem", "position")
        constraints = [models.UniqueConstraint(fields=["problem", "position"], name="typical_solution_position_once")]

    def __str__(self) -> str:
        return self.text
