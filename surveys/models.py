"""Questionnaires, links to them, answers, and the daily rollup of the answers."""

from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from regions.models import Direction, Institution, LifeSituation
from surveys.definition import Definition
from surveys.querysets import ResponseQuerySet, SurveyLinkQuerySet
from surveys.tokens import new_short_code, new_token

# How long a web process may serve the page of a link without looking whether it was closed by hand.
PAGE_KEPT_SECONDS = 5
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


class Questionnaire(models.Model):
    code = models.SlugField("код", max_length=60, unique=True)
    title = models.CharField("название", max_length=200)
    # A standard questionnaire serves every ЖС of its direction.
    direction = models.ForeignKey(
        Direction, models.PROTECT, null=True, blank=True, related_name="questionnaires", verbose_name="направление"
    )

    class Meta:
        verbose_name = "анкета"
        verbose_name_plural = "анкеты"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.title


class QuestionnaireVersion(models.Model):
    """One wording of a questionnaire. Once published it never changes: the database refuses it."""

    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("номер версии")
    document = models.JSONField("определение")
    digest = models.CharField("контрольная сумма", max_length=64)
    published_at = models.DateTimeField("опубликована", null=True, blank=True)

    class Meta:
        verbose_name = "версия анкеты"
        verbose_name_plural = "версии анкет"
        ordering = ("questionnaire", "-number")
        constraints = [models.UniqueConstraint(fields=["questionnaire", "number"], name="questionnaire_version_once")]

    def __str__(self) -> str:
        return f"{self.questionnaire}, версия {self.number}"

    @property
    def definition(self) -> Definition:
        if self.published_at:
            # Safe to keep: a published version never changes.
            return _published_definition(self.pk)
        return Definition.model_validate(self.document)


@lru_cache(maxsize=256)
def _published_definition(version_id: int) -> Definition:
    document = QuestionnaireVersion.objects.values_list("document", flat=True).get(pk=version_id)
    return Definition.model_validate(document)


class SurveyLink(models.Model):
    """A way to a questionnaire: for one institution and ЖС, through one channel, within a window."""

    class Channel(models.TextChoices):
        POSTER = "poster", "Плакат в учреждении"
        EMAIL = "email", "Электронная почта"
        SMS = "sms", "СМС"
        SITE = "site", "Сайт"
        INTERVIEWER = "interviewer", "Интервьюер"
        PAPER = "paper", "Бумажные анкеты"

    class State(models.TextChoices):
        NOT_YET_OPEN = "not_yet_open", "Ещё не открыта"
        OPEN = "open", "Открыта"
        CLOSING = "closing", "Приём завершается"
        CLOSED = "closed", "Закрыта"

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="survey_links", verbose_name="учреждение")
    life_situation = models.ForeignKey(
        LifeSituation, models.PROTECT, related_name="survey_links", verbose_name="жизненная ситуация"
    )
    version = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="links", verbose_name="анкета")
    channel = models.CharField("как распространяется", max_length=12, choices=Channel)
    label = models.CharField("пометка для себя", max_length=100, blank=True)
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    short_code = models.CharField("короткий код", max_length=8, unique=True, default=new_short_code, editable=False)
    opens_on = models.DateField("открыта с")
    closes_on = models.DateField("открыта по", null=True, blank=True)
    # Closed by hand before its last day.
    closed_at = models.DateTimeField("закрыта", null=True, blank=True)
    created_at = models.DateTimeField("создана", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто создал"
    )
    # Who looks after it now: first the creator, later whoever took over.
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто отвечает"
    )

    objects = SurveyLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "ссылка на анкету"
        verbose_name_plural = "ссылки на анкеты"
        ordering = ("-created_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_on=None) | Q(closes_on__gte=F("opens_on")), name="link_closes_after_it_opens"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}, {self.label}" if self.label else self.get_channel_display()

    @property
    def public_url(self) -> str:
        return settings.PUBLIC_URL + reverse("answer", args=[self.token])

    @property
    def typed_code(self) -> str:
        """The short code as people read it aloud: two groups of four."""
        return f"{self.short_code[:4]}-{self.short_code[4:]}"

    @property
    def opens_at(self) -> datetime:
        return datetime.combine(self.opens_on, time.min, self.institution.region.zone)

    @property
    def closes_at(self) -> datetime | None:
        """The instant answers stop: 24:00 of the last day in the region, or earlier when closed by hand."""
        instants = [self.closed_at] if self.closed_at else []
        if self.closes_on:
            next_day = self.closes_on + timedelta(days=1)
            instants.append(datetime.combine(next_day, time.min, self.institution.region.zone))
        return min(instants, default=None)

    def state(self, now: datetime) -> State:
        closes_at = self.closes_at
        if closes_at and now >= closes_at:
            grace = timedelta(seconds=settings.LINK_GRACE_SECONDS)
            return self.State.CLOSING if now < closes_at + grace else self.State.CLOSED
        return self.State.OPEN if now >= self.opens_at else self.State.NOT_YET_OPEN

    def accepts(self, *, begun_at: datetime, now: datetime) -> bool:
        """Whether answers begun at one instant may still arrive at another (DESIGN 5: the grace after the close)."""
        state = self.state(now)
        if state == self.State.CLOSING:
            # A process notices that a link was closed by hand only so late: pages it still gave out were begun in time.
            return self.state(begun_at - timedelta(seconds=PAGE_KEPT_SECONDS)) == self.State.OPEN
        return state == self.State.OPEN

    def answered_at(self, *, begun_at: datetime, now: datetime) -> datetime:
        """The instant whose day an accepted answer belongs to: in the grace it is the one at which it was begun."""
        return begun_at if self.state(now) == self.State.CLOSING else now


class Response(models.Model):
    """One filled questionnaire. Nothing in it tells who answered, and nothing lets that be joined later."""

    class Mode(models.TextChoices):
        ONLINE = "online", "Онлайн"
        FILE = "file", "Из файла"

    link = models.ForeignKey(SurveyLink, models.PROTECT, related_name="responses")
    version = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="+")
    # Stand in the link too, but a link may be handed on later and old answers must stay where they were given.
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    life_situation = models.ForeignKey(LifeSituation, models.PROTECT, related_name="+")
    # The page's key, or for a file its row's: the database takes each once.
    key = models.CharField(max_length=64, unique=True)
    digest = models.BinaryField(max_length=32)
    mode = models.CharField(max_length=10, choices=Mode)
    # Whole minutes: a second would let an answer be matched with a log of connections.
    arrived_at = models.DateTimeField()
    answered_on = models.DateField("дата ответа в регионе")
    service_date = models.DateField("дата получения услуги", null=True)
    is_eligible = models.BooleanField("учитывается в КПЭ")
    satisfaction = models.PositiveSmallIntegerField(null=True)
    documents = models.PositiveSmallIntegerField(null=True)
    duration = models.PositiveSmallIntegerField(null=True)
    clarity = models.PositiveSmallIntegerField(null=True)
    support = models.PositiveSmallIntegerField(null=True)
    nps = models.PositiveSmallIntegerField(null=True)
    days = models.DecimalField(max_digits=7, decimal_places=3, null=True)
    answers = models.JSONField(encoder=DjangoJSONEncoder)
    is_rolled_up = models.BooleanField(default=False)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = "ответ"
        verbose_name_plural = "ответы"
        indexes = [
            models.Index(fields=["life_situation", "answered_on", "institution"], name="response_period"),
            # Only what waits: small whatever the number of answers.
            models.Index(
                fields=["institution", "life_situation", "answered_on"],
                condition=Q(is_rolled_up=False),
                name="response_not_rolled_up",
            ),
        ]
        constraints = [
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
    distinct values, not on the number of answers. Measure `received` counts answers by eligibility (1 or 0); all other
    measures count eligible answers only.
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
