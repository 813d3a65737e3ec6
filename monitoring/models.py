"""Reporting periods, weights and their scheme, the collection of a quarter with its snapshot, and its reports."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from monitoring.quarters.kpi import Scheme
from monitoring.querysets import CollectionQuerySet, ReportingPeriodQuerySet, ReportQuerySet
from regions.models import Institution, LifeSituation, Region, RegionLifeSituation


class ReportingPeriod(models.Model):
    """A quarter of reporting: Q1 opens on 21 November of the year before and closes on 20 February [000]."""

    code = models.CharField("код", max_length=7, unique=True)
    year = models.PositiveSmallIntegerField("год")
    quarter = models.PositiveSmallIntegerField("квартал")
    opens_on = models.DateField("начало")
    closes_on = models.DateField("срок отчёта")

    objects = ReportingPeriodQuerySet.as_manager()

    class Meta:
        verbose_name = "отчётный период"
        verbose_name_plural = "отчётные периоды"
        ordering = ("opens_on",)
        constraints = [
            models.UniqueConstraint(fields=["year", "quarter"], name="reporting_period_once"),
            models.CheckConstraint(condition=Q(quarter__range=(1, 4)), name="quarter_is_one_to_four"),
            models.CheckConstraint(condition=Q(closes_on__gt=F("opens_on")), name="period_closes_after_it_opens"),
        ]

    def __str__(self) -> str:
        return f"{self.quarter} квартал {self.year} года"

    def closes_at(self, region: Region) -> datetime:
        """The deadline: 24:00 of the last day in the region's time zone (DESIGN 5)."""
        return datetime.combine(self.closes_on + timedelta(days=1), time.min, region.zone)


class ServedClients(models.Model):
    """How many people an institution served in a period: the recommended weight."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="учреждение")
    life_situation = models.ForeignKey(LifeSituation, models.PROTECT, related_name="+", verbose_name="ЖС")
    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="+", verbose_name="период")
    number = models.PositiveIntegerField("обслужено человек")
    # To how many of them the questionnaire was offered: the response rate is counted of these.
    offered = models.PositiveIntegerField("предложили ответить", null=True, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "число обслуженных"
        verbose_name_plural = "числа обслуженных"
        constraints = [
            models.UniqueConstraint(fields=["institution", "life_situation", "period"], name="served_clients_once")
        ]

    def __str__(self) -> str:
        return f"{self.institution}, {self.period}: {self.number}"


class FieldworkPlan(models.Model):
    """How exact the shares of an institution are wanted in a region's ЖС and period; without a row it is 5 points."""

    region_life_situation = models.ForeignKey(
        RegionLifeSituation, models.CASCADE, related_name="+", verbose_name="ЖС региона"
    )
    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="+", verbose_name="период")
    error = models.DecimalField("погрешность, процентных пунктов", max_digits=3, decimal_places=1)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто задал")
    set_at = models.DateTimeField("задана")

    class Meta:
        verbose_name = "план добора"
        verbose_name_plural = "планы добора"
        constraints = [
            models.UniqueConstraint(fields=["region_life_situation", "period"], name="one_fieldwork_plan_per_period"),
            models.CheckConstraint(condition=Q(error__range=(1, 20)), name="fieldwork_error_is_sensible"),
        ]

    def __str__(self) -> str:
        return f"{self.region_life_situation}, {self.period}: ±{self.error}"


class Reminder(models.Model):
    """A letter to somebody whose institutions fall behind: the row is made before it is sent, one a person and day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="кому")
    day = models.DateField("день")
    institutions = models.PositiveSmallIntegerField("учреждений")
    # Empty: it was taken up, and whether the mail server took it is not known.
    sent_at = models.DateTimeField("отправлено", null=True, blank=True)

    class Meta:
        verbose_name = "напоминание"
        verbose_name_plural = "напоминания"
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="one_reminder_a_person_and_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.institutions}"


class RemindersOff(models.Model):
    """Somebody who wants no reminders of the fieldwork."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="кто")
    since = models.DateTimeField("с")

    class Meta:
        verbose_name = "отказ от напоминаний"
        verbose_name_plural = "отказы от напоминаний"

    def __str__(self) -> str:
        return f"{self.since}"


class WeightDecision(models.Model):
    """How the РШ decided to weight institutions in a region and year; frozen by the first published quarter."""

    class SchemeChoice(models.TextChoices):
        CLIENTS = Scheme.CLIENTS.value, "По числу обслуженных людей (рекомендуется)"
        RESPONDENTS = Scheme.RESPONDENTS.value, "По числу ответивших"
        EQUAL = Scheme.EQUAL.value, "Все учреждения поровну"

    region = models.ForeignKey(Region, models.PROTECT, related_name="weight_decisions", verbose_name="регион")
    year = models.PositiveSmallIntegerField("год")
    scheme = models.CharField("схема", max_length=12, choices=SchemeChoice)
    document_number = models.CharField("номер решения РШ", max_length=50)
    document_date = models.DateField("дата решения РШ")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="кто внёс"
    )
    decided_at = models.DateTimeField("внесено")

    class Meta:
        verbose_name = "решение о весах"
        verbose_name_plural = "решения о весах"
        constraints = [
            models.UniqueConstraint(fields=["region", "year"], name="one_weight_decision_per_region_and_year")
        ]

    def __str__(self) -> str:
        return f"{self.region}, {self.year}: {self.get_scheme_display()}"

    @property
    def is_frozen(self) -> bool:
        return (
            Collection.objects.published()
            .filter(region_life_situation__region=self.region_id, period__year=self.year)
            .exists()
        )


class Collection(models.Model):
    """The quarter of a region's ЖС: counts come in, are calculated, and are published for good."""

    class State(models.TextChoices):
        COLLECTING = "collecting", "Идёт сбор"
        CALCULATED = "calculated", "Рассчитано"
        PUBLISHED = "published", "Опубликовано"

    region_life_situation = models.ForeignKey(
        RegionLifeSituation, models.PROTECT, related_name="collections", verbose_name="ЖС региона"
    )
    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="collections", verbose_name="период")
    state = models.CharField("состояние", max_length=12, choices=State, default=State.COLLECTING)
    # The whole result as calculated (monitoring.quarters.results.QuarterResult); screen and reports read nothing else.
    snapshot = models.JSONField("расчёт", null=True, blank=True, encoder=DjangoJSONEncoder)
    calculated_at = models.DateTimeField("рассчитано", null=True, blank=True)
    published_at = models.DateTimeField("опубликовано", null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="кто опубликовал",
    )

    objects = CollectionQuerySet.as_manager()

    class Meta:
        verbose_name = "сбор за период"
        verbose_name_plural = "сборы за период"
        ordering = ("-period__opens_on", "region_life_situation")
        constraints = [
            models.UniqueConstraint(fields=["region_life_situation", "period"], name="one_collection_per_period"),
            models.CheckConstraint(
                name="collection_has_a_snapshot_once_calculated",
                condition=Q(state="collecting") | Q(snapshot__isnull=False, calculated_at__isnull=False),
            ),
            models.CheckConstraint(
                name="published_at_goes_with_published",
                condition=Q(state="published", published_at__isnull=False)
                | Q(~Q(state="published"), published_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_life_situation}, {self.period}"

    @property
    def region(self) -> Region:
        return self.region_life_situation.region

    @property
    def life_situation(self) -> LifeSituation:
        return self.region_life_situation.life_situation

    @property
    def job_scope(self) -> str:
        return f"collection:{self.pk}"


def report_path(report: "Report", filename: str) -> str:
    return f"reports/{report.collection.period.code}/{filename}"


class Report(models.Model):
    """A file made of a published collection. Handed out only by a view that has asked for the permission."""

    class Format(models.TextChoices):
        XLSX = "xlsx", "XLSX"
        PDF = "pdf", "PDF"

    collection = models.ForeignKey(Collection, models.PROTECT, related_name="reports")
    format = models.CharField("вид", max_length=4, choices=Format)
    file = models.FileField("файл", upload_to=report_path)
    size = models.PositiveIntegerField("размер, байт")
    sha256 = models.CharField("контрольная сумма", max_length=64)
    made_at = models.DateTimeField("сделан")

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = "отчёт"
        verbose_name_plural = "отчёты"
        ordering = ("-made_at",)
        constraints = [models.UniqueConstraint(fields=["collection", "format"], name="one_report_of_a_format")]

    def __str__(self) -> str:
        return self.download_name

    @property
    def download_name(self) -> str:
        """Name of the file for the person: region, ЖС and period, in letters every system takes."""
        place = self.collection.region_life_situation
        return f"nsi-{place.region.code}-{place.life_situation.code}-{self.collection.period.code}.{self.format}"
