"""What people wrote in their own words, and what is made of it."""

from django.conf import settings
from django.db import models

from regions.models import Institution, LifeSituation, RegionLifeSituation
from surveys.comments.lookups import HasStems
from surveys.comments.querysets import CommentQuerySet, ProblemDraftQuerySet, RawReadingQuerySet
from surveys.models.questionnaires import QuestionnaireVersion
from surveys.models.responses import Response


class Theme(models.Model):
    """What a comment speaks of: a list the Agency keeps."""

    code = models.SlugField("код", max_length=40, unique=True)
    title = models.CharField("тема", max_length=100)
    order = models.PositiveSmallIntegerField("порядок", default=0)
    is_active = models.BooleanField("используется", default=True)

    class Meta:
        verbose_name = "тема комментариев"
        verbose_name_plural = "темы комментариев"
        ordering = ("order", "title")

    def __str__(self) -> str:
        return self.title


class ProcessStage(models.Model):
    """A stage of the process a person goes through in a ЖС."""

    life_situation = models.ForeignKey(
        LifeSituation, models.PROTECT, related_name="process_stages", verbose_name="жизненная ситуация"
    )
    code = models.SlugField("код", max_length=40)
    title = models.CharField("этап процесса", max_length=200)
    order = models.PositiveSmallIntegerField("порядок", default=0)
    is_active = models.BooleanField("используется", default=True)

    class Meta:
        verbose_name = "этап процесса"
        verbose_name_plural = "этапы процесса"
        ordering = ("life_situation", "order", "title")
        constraints = [models.UniqueConstraint(fields=["life_situation", "code"], name="process_stage_once")]

    def __str__(self) -> str:
        return self.title


class ProblemDraft(models.Model):
    """A problem seen in comments, kept for the roadmap of the ЖС, which takes it up later."""

    region_life_situation = models.ForeignKey(
        RegionLifeSituation, models.PROTECT, related_name="problem_drafts", verbose_name="ЖС региона"
    )
    title = models.CharField("проблема", max_length=300)
    stage = models.ForeignKey(
        ProcessStage, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="этап процесса"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто внёс")
    created_at = models.DateTimeField("внесена", auto_now_add=True)
    # Set by the roadmap that makes a problem of it.
    taken_up_at = models.DateTimeField("взята в дорожную карту", null=True, blank=True)

    objects = ProblemDraftQuerySet.as_manager()

    class Meta:
        verbose_name = "проблема из комментариев"
        verbose_name_plural = "проблемы из комментариев"
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.title


class Comment(models.Model):
    """One text of one answer, personal data masked, with its coding. Made from the answer by the rollup."""

    response = models.ForeignKey(Response, models.CASCADE, related_name="comments")
    # Name of the field: the code of the question, in a repeating section with section and number.
    field = models.CharField(max_length=120)
    version = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="+")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="учреждение")
    life_situation = models.ForeignKey(
        LifeSituation, models.PROTECT, related_name="+", verbose_name="жизненная ситуация"
    )
    answered_on = models.DateField("дата ответа")
    text = models.TextField("комментарий")
    is_masked = models.BooleanField("скрыты личные данные", default=False)
    # Stems of its words, each between spaces, for the search.
    stems = models.TextField(blank=True, editable=False)
    themes = models.ManyToManyField(Theme, blank=True, related_name="+", verbose_name="темы")
    stage = models.ForeignKey(
        ProcessStage, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="этап процесса"
    )
    problem = models.ForeignKey(
        ProblemDraft, models.PROTECT, null=True, blank=True, related_name="comments", verbose_name="проблема"
    )
    coded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто разметил"
    )
    coded_at = models.DateTimeField("размечен", null=True, blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = "комментарий"
        verbose_name_plural = "комментарии"
        ordering = ("-answered_on", "-pk")
        indexes = [
            models.Index(fields=["life_situation", "answered_on", "institution"], name="comment_period"),
        ]
        constraints = [models.UniqueConstraint(fields=["response", "field"], name="comment_once")]

    def __str__(self) -> str:
        return self.text[:60]


class RawReading(models.Model):
    """Somebody read a comment as it was typed, with the personal data in it. The record outlives the comment."""

    # Empty when the answer is gone (a blank taken back, a file undone): that it was read has still happened.
    comment = models.ForeignKey(Comment, models.SET_NULL, null=True, blank=True, related_name="raw_readings")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="учреждение")
    answered_on = models.DateField("дата ответа")
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто прочитал")
    read_at = models.DateTimeField("когда", auto_now_add=True)
    reason = models.CharField("зачем", max_length=300)

    objects = RawReadingQuerySet.as_manager()

    class Meta:
        verbose_name = "чтение дословно"
        verbose_name_plural = "чтения дословно"
        ordering = ("-read_at", "-pk")

    def __str__(self) -> str:
        return f"{self.read_by}: {self.reason}"


Comment._meta.get_field("stems").register_lookup(HasStems)
