"""Questionnaires and other instruments, and their versions."""

from functools import lru_cache

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from regions.models import Direction, LifeSituation, Region
from surveys.querysets import QuestionnaireQuerySet, QuestionnaireVersionQuerySet
from surveys.questionnaires.definition import Definition


class Questionnaire(models.Model):
    """An instrument of a study [000, stage 1b]: the Agency's (without a region) or a region's own."""

    class Kind(models.TextChoices):
        QUESTIONNAIRE = "questionnaire", "Анкета"
        INTERVIEW_GUIDE = "interview_guide", "Гайд интервью"
        FOCUS_GROUP_GUIDE = "focus_group_guide", "Гайд фокус-группы"
        SCRIPT = "script", "Сценарий"
        OBSERVATION_SHEET = "observation_sheet", "Бланк наблюдения"

    code = models.SlugField("код", max_length=60, unique=True)
    title = models.CharField("название", max_length=200)
    kind = models.CharField("вид", max_length=20, choices=Kind, default=Kind.QUESTIONNAIRE)
    # Empty: an instrument of the Agency, for all regions.
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="questionnaires", verbose_name="регион"
    )
    # A standard questionnaire serves every ЖС of its direction, or the one ЖС it names.
    direction = models.ForeignKey(
        Direction, models.PROTECT, null=True, blank=True, related_name="questionnaires", verbose_name="направление"
    )
    life_situation = models.ForeignKey(
        LifeSituation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="questionnaires",
        verbose_name="жизненная ситуация",
    )
    # A region's additional questions to a standard questionnaire: its versions hold the sections of both.
    extends = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="extensions", verbose_name="дополняет анкету"
    )
    # Where it was copied from.
    copied_from = models.ForeignKey(
        "QuestionnaireVersion", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="копия"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто создал"
    )
    created_at = models.DateTimeField("создана", default=timezone.now, editable=False)

    objects = QuestionnaireQuerySet.as_manager()

    class Meta:
        verbose_name = "анкета"
        verbose_name_plural = "анкеты"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                name="only_a_region_extends_a_questionnaire", condition=Q(extends=None) | Q(region__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_standard(self) -> bool:
        return self.region_id is None


class QuestionnaireVersion(models.Model):
    """One wording of a questionnaire. Once published it never changes: the database refuses it.

    A draft is a version without `published_at`, at most one for a questionnaire. Its document is what its editor has
    made so far and need not be whole; of an extension it holds the region's own sections only, until it is published.
    """

    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("номер версии")
    document = models.JSONField("определение")
    digest = models.CharField("контрольная сумма", max_length=64, blank=True)
    # Of an extension: the version of the standard questionnaire whose sections it begins with.
    base = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="основа")
    # Rises with every change of a draft: whoever edits an older state is told so.
    revision = models.PositiveIntegerField("правка", default=0)
    edited_at = models.DateTimeField("изменена", null=True, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто изменил"
    )
    published_at = models.DateTimeField("опубликована", null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="кто опубликовал",
    )

    objects = QuestionnaireVersionQuerySet.as_manager()

    class Meta:
        verbose_name = "версия анкеты"
        verbose_name_plural = "версии анкет"
        ordering = ("questionnaire", "-number")
        constraints = [
            models.UniqueConstraint(fields=["questionnaire", "number"], name="questionnaire_version_once"),
            models.UniqueConstraint(
                fields=["questionnaire"], condition=Q(published_at=None), name="one_draft_of_a_questionnaire"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire}, версия {self.number}"

    @property
    def definition(self) -> Definition:
        if self.published_at:
            # Safe to keep: a published version never changes.
            return published_definition(self.pk)
        return Definition.model_validate(self.document)

    @property
    def feeds_the_kpi(self) -> bool:
        """Whether answers to it are measured: only a questionnaire's are, and only when it asks the day of the service.

        Decides `Response.is_measured`. Other instruments and questionnaires have results of their own.
        """
        return (
            self.questionnaire.kind == Questionnaire.Kind.QUESTIONNAIRE and "service_date" in self.definition.by_measure
        )

    @property
    def is_retired(self) -> bool:
        return hasattr(self, "retirement")


@lru_cache(maxsize=256)
def published_definition(version_id: int) -> Definition:
    document = QuestionnaireVersion.objects.values_list("document", flat=True).get(pk=version_id)
    return Definition.model_validate(document)


class VersionRetirement(models.Model):
    """No new links are made to the version; those that exist go on. A row of its own, as versions never change."""

    version = models.OneToOneField(QuestionnaireVersion, models.PROTECT, related_name="retirement")
    retired_at = models.DateTimeField("снята")
    retired_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто снял")
    reason = models.CharField("причина", max_length=300)

    class Meta:
        verbose_name = "снятие версии"
        verbose_name_plural = "снятия версий"

    def __str__(self) -> str:
        return f"{self.version}: {self.reason}"
