"""Answers, and the daily rollups of them."""

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from regions.models import Institution, LifeSituation
from surveys.models.links import SurveyLink
from surveys.models.questionnaires import QuestionnaireVersion
from surveys.querysets import ResponseQuerySet

SCALE4_RANGE = (1, 4)
MEASURE_RANGES = {
    "satisfaction": SCALE4_RANGE,
    "documents": SCALE4_RANGE,
    "duration": SCALE4_RANGE,
    "clarity": SCALE4_RANGE,
    "support": SCALE4_RANGE,
    "nps": (0, 10),
}
TYPED_MEASURES: tuple[str, ...] = (*MEASURE_RANGES, "days")


class Response(models.Model):
    """One filled questionnaire. Nothing in it tells who answered, and nothing lets that be joined later."""

    class Mode(models.TextChoices):
        ONLINE = "online", "Онлайн"
        FILE = "file", "Из файла"
        PAPER = "paper", "С бумаги, оператором"
        PHONE = "phone", "По телефону, интервьюером"

    # Each index costs every answer something: those of foreign keys only where no other begins with the same column.
    link = models.ForeignKey(SurveyLink, models.PROTECT, related_name="responses", db_index=False)
    version = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="+")
    # Stand in the link too, but a link may be handed on later and old answers must stay where they were given.
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    life_situation = models.ForeignKey(LifeSituation, models.PROTECT, related_name="+", db_index=False)
    # The page's key, or for a file its row's: the database takes each once.
    key = models.CharField(max_length=64)
    digest = models.BinaryField(max_length=32)
    mode = models.CharField(max_length=10, choices=Mode)
    # Whole minutes: a second would let an answer be matched with a log of connections.
    arrived_at = models.DateTimeField()
    answered_on = models.DateField("дата ответа в регионе")
    service_date = models.DateField("дата получения услуги", null=True)
    # The service was received not long before the answer [000, stage 3c].
    is_eligible = models.BooleanField("учитывается в КПЭ")
    # Of a questionnaire that feeds the КПЭ: others (guides, observation sheets, those that ask for no day of service)
    # are results of their own and neither counted as received nor as left out.
    is_measured = models.BooleanField("для КПЭ", default=True)
    # Left out by the decision of two people (ExclusionCase): counted nowhere.
    is_excluded = models.BooleanField("исключён", default=False)
    # What makes it suspicious, if anything: a sum of surveys.quality.marks.Flag. A mark only, it changes no figure.
    flags = models.PositiveSmallIntegerField("признаки", default=0)
    satisfaction = models.PositiveSmallIntegerField(null=True)
    documents = models.PositiveSmallIntegerField(null=True)
    duration = models.PositiveSmallIntegerField(null=True)
    clarity = models.PositiveSmallIntegerField(null=True)
    support = models.PositiveSmallIntegerField(null=True)
    nps = models.PositiveSmallIntegerField(null=True)
    days = models.DecimalField(max_digits=7, decimal_places=3, null=True)
    # Texts with personal data masked.
    answers = models.JSONField(encoder=DjangoJSONEncoder)
    # The texts as they were typed, only of those in which something was masked: field name → text.
    originals = models.JSONField(null=True, blank=True)
    # The file it came with.
    imported_in = models.ForeignKey(
        "ResponseImport", models.PROTECT, null=True, blank=True, related_name="responses", db_index=False
    )
    is_rolled_up = models.BooleanField(default=False)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = "ответ"
        verbose_name_plural = "ответы"
        indexes = [
            models.Index(fields=["life_situation", "answered_on", "institution"], name="response_period"),
            models.Index(fields=["link", "answered_on"], name="response_of_link"),
            # Only what waits: small whatever the number of answers.
            models.Index(
                fields=["institution", "life_situation", "answered_on"],
                condition=Q(is_rolled_up=False),
                name="response_not_rolled_up",
            ),
            models.Index(
                fields=["institution", "life_situation", "answered_on"],
                condition=Q(flags__gt=0) | Q(is_excluded=True),
                name="response_suspicious",
            ),
            # How many answers of files a link has, and the newest of them: asked before a file is stored.
            models.Index(fields=["link", "id"], condition=Q(mode="file"), name="response_of_file"),
            models.Index(fields=["imported_in"], condition=Q(imported_in__isnull=False), name="response_imported"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="response_key_once"),
            *(
                models.CheckConstraint(
                    name=f"response_{measure}_is_in_range",
                    condition=Q(**{measure: None}) | Q(**{f"{measure}__range": bounds}),
                )
                for measure, bounds in MEASURE_RANGES.items()
            ),
        ]

    def __str__(self) -> str:
        return f"{self.link_id}: {self.answered_on}"


class DailyTally(models.Model):
    """Rollup: how many times each value of a measure was given on a day, for an institution and ЖС.

    A histogram keeps all any figure needs (shares, promoters, mean, median, worst); its size depends on days and
    distinct values, not on the number of answers. Measure `received` counts answers by their fate
    (surveys.counting.fates); all other measures count those only that count.
    """

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="+")
    life_situation = models.ForeignKey(LifeSituation, models.CASCADE, related_name="+")
    day = models.DateField()
    measure = models.CharField(max_length=20)
    value = models.DecimalField(max_digits=7, decimal_places=3)
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = "дневной итог"
        verbose_name_plural = "дневные итоги"
        constraints = [
            models.UniqueConstraint(
                fields=["life_situation", "institution", "day", "measure", "value"], name="daily_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.measure}={self.value}: {self.count}"


class QuestionTally(models.Model):
    """Rollup of every question: how often each answer was given on a day, by version and channel.

    `value` is the code of an option, the number as text, or «*» for a text or date that was given. Only answers that
    count. Question «» counts all answers that came, by their fate (surveys.counting.fates).
    """

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="+", db_index=False)
    life_situation = models.ForeignKey(LifeSituation, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    version = models.ForeignKey(QuestionnaireVersion, models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=12)
    question = models.CharField(max_length=50)
    value = models.CharField(max_length=50)
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = "дневной итог вопроса"
        verbose_name_plural = "дневные итоги вопросов"
        constraints = [
            models.UniqueConstraint(
                fields=["life_situation", "institution", "day", "version", "channel", "question", "value"],
                name="question_tally_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.question}={self.value}: {self.count}"


class RollupState(models.Model):
    """One row: whoever rolls up locks it, so that two never count the same answers."""

    rolled_up_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    differences = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.rolled_up_at}"

    @classmethod
    def locked(cls) -> "RollupState":
        """The row, locked until the end of the transaction."""
        cls.objects.get_or_create(pk=1)
        return cls.objects.select_for_update().get(pk=1)


def typed_columns(measures: dict[str, Any]) -> dict[str, Any]:
    """The measures of a response that have a column of their own."""
    return {name: measures.get(name) for name in (*TYPED_MEASURES, "service_date")}
