"""The ground floor: regions, life situations with their indicators, institutions, and who acts in which role where."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from regions.querysets import InstitutionQuerySet, MembershipQuerySet, RegionLifeSituationQuerySet, RegionQuerySet
from regions.roles import FEDERAL_ROLES, INSTITUTION_ROLES, REGIONAL_ROLES, Role


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

    objects = RegionQuerySet.as_manager()

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
    """A жизненная ситуация with its boundaries [001, Приложение 1]."""

    code = models.SlugField("код", max_length=60, unique=True)
    direction = models.ForeignKey(Direction, models.PROTECT, related_name="life_situations", verbose_name="направление")
    number = models.PositiveSmallIntegerField("номер", unique=True)
    title = models.CharField("название", max_length=300)
    short_title = models.CharField("короткое название", max_length=80)
    boundary = models.TextField("границы")
    beneficiaries = models.TextField("кто выигрывает")
    source = models.CharField("источник", max_length=200, blank=True)
    indicators = models.ManyToManyField(
        Indicator, through="LifeSituationIndicator", related_name="life_situations", verbose_name="показатели"
    )

    class Meta:
        verbose_name = "жизненная ситуация"
        verbose_name_plural = "жизненные ситуации"
        ordering = ("number",)

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


class RegionLifeSituation(models.Model):
    """A ЖС taken by a region: the unit of roadmap, self-assessment and monitoring."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="life_situations", verbose_name="регион")
    life_situation = models.ForeignKey(
        LifeSituation, models.PROTECT, related_name="regions", verbose_name="жизненная ситуация"
    )
    since = models.DateField("взята с")

    objects = RegionLifeSituationQuerySet.as_manager()

    class Meta:
        verbose_name = "жизненная ситуация региона"
        verbose_name_plural = "жизненные ситуации регионов"
        ordering = ("region__name", "life_situation__number")
        constraints = [
            models.UniqueConstraint(fields=["region", "life_situation"], name="life_situation_once_per_region")
        ]

    def __str__(self) -> str:
        return f"{self.region}: {self.life_situation}"


class Institution(models.Model):
    """An institution that serves people in one or more ЖС."""

    class Settlement(models.TextChoices):
        TOWN = "town", "город"
        VILLAGE = "village", "село"

    region = models.ForeignKey(Region, models.PROTECT, related_name="institutions", verbose_name="регион")
    name = models.CharField("название", max_length=300)
    settlement = models.CharField("город или село", max_length=10, choices=Settlement)
    locality = models.CharField("населённый пункт", max_length=150)
    life_situations = models.ManyToManyField(
        LifeSituation, through="Participation", related_name="institutions", verbose_name="жизненные ситуации"
    )

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        verbose_name = "учреждение"
        verbose_name_plural = "учреждения"
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=["region", "name"], name="institution_name_once_per_region")]

    def __str__(self) -> str:
        return self.name


class Participation(models.Model):
    """An institution takes part in a ЖС since a date, possibly until one."""

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="participations")
    life_situation = models.ForeignKey(LifeSituation, models.PROTECT, related_name="participations")
    since = models.DateField("участвует с")
    until = models.DateField("участвует по", null=True, blank=True)

    class Meta:
        verbose_name = "участие в жизненной ситуации"
        verbose_name_plural = "участие в жизненных ситуациях"
        ordering = ("institution", "life_situation__number")
        constraints = [
            models.UniqueConstraint(fields=["institution", "life_situation"], name="institution_takes_part_once"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="participation_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution}: {self.life_situation}"


class Membership(models.Model):
    """A role of a person in a scope, from a date, possibly to a date, granted by somebody."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name="кто")
    role = models.CharField("роль", max_length=30, choices=Role)
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name="регион"
    )
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name="учреждение"
    )
    # Only for hq_member: the ЖС this member of the РШ answers for.
    life_situations = models.ManyToManyField(LifeSituation, blank=True, verbose_name="отвечает за ЖС")
    starts_on = models.DateField("с")
    ends_on = models.DateField("по", null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто назначил"
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "участник"
        verbose_name_plural = "участники"
        ordering = ("user", "role")
        constraints = [
            models.CheckConstraint(
                name="membership_scope_fits_its_role",
                condition=Q(role__in=sorted(FEDERAL_ROLES), region=None, institution=None)
                | Q(role__in=sorted(REGIONAL_ROLES), region__isnull=False, institution=None)
                | Q(role__in=sorted(INSTITUTION_ROLES), region=None, institution__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="membership_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        scope = self.institution or self.region or "Российская Федерация"
        return f"{self.get_role_display()} ({scope})"
