"""Letters of regions to the Agency and their deadlines [001 VII]: deadlines are data of the Agency."""

from datetime import date

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from regions.models.catalogue import Region
from regions.models.documents import DecisionDocument
from regions.querysets import LetterDeadlineQuerySet, LetterQuerySet


def occasion_title(occasion: str) -> str:
    """«2026-Q4» as reporting periods are called; anything else as it is."""
    year, _, quarter = occasion.partition("-Q")
    return f"{quarter} квартал {year} года" if quarter else occasion


class LetterKind(models.Model):
    """What a region must send to the Agency: a row of the table of chapter VII."""

    code = models.SlugField("код", max_length=40, unique=True)
    position = models.PositiveSmallIntegerField("порядок")
    stage = models.TextField("этап")
    action = models.TextField("требуемое действие")
    short_title = models.CharField("коротко", max_length=120)
    is_quarterly = models.BooleanField("ежеквартально", default=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "вид письма"
        verbose_name_plural = "виды писем"
        ordering = ("position",)

    def __str__(self) -> str:
        return self.short_title


class LetterDeadline(models.Model):
    """A day by which a kind of letter is due: for every region, or, in its stead, for one."""

    kind = models.ForeignKey(LetterKind, models.PROTECT, related_name="deadlines", verbose_name="вид письма")
    # Which of the recurring ones: «2026-Q4»; empty for a letter sent once.
    occasion = models.CharField("за какой период", max_length=20, blank=True)
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="letter_deadlines",
        verbose_name="только для региона",
    )
    due_on = models.DateField("срок")

    objects = LetterDeadlineQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "срок письма"
        verbose_name_plural = "сроки писем"
        ordering = ("due_on", "kind", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "occasion"],
                condition=models.Q(region=None),
                name="one_general_deadline",
                violation_error_message="Общий срок для этого письма уже задан",
            ),
            models.UniqueConstraint(
                fields=["kind", "occasion", "region"],
                condition=models.Q(region__isnull=False),
                name="one_deadline_of_a_region",
                violation_error_message="Для этого региона срок уже задан",
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(filter(None, (str(self.kind), self.occasion_title)))

    @property
    def occasion_title(self) -> str:
        return occasion_title(self.occasion)


class Letter(DecisionDocument):
    """A letter a region has sent: number and date are the document's."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="letters", verbose_name="регион")
    kind = models.ForeignKey(LetterKind, models.PROTECT, related_name="letters", verbose_name="вид письма")
    occasion = models.CharField("за какой период", max_length=20, blank=True)
    note = models.CharField("примечание", max_length=500, blank=True)
    registered_at = models.DateTimeField("внесено", auto_now_add=True)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто внёс"
    )

    objects = LetterQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["document_name"])

    class Meta:
        verbose_name = "письмо"
        verbose_name_plural = "письма"
        ordering = ("-document_date", "-pk")

    def __str__(self) -> str:
        return ", ".join(filter(None, (str(self.kind), self.occasion_title, self.document_title)))

    @property
    def occasion_title(self) -> str:
        return occasion_title(self.occasion)

    @property
    def sent_on(self) -> date | None:
        return self.document_date
