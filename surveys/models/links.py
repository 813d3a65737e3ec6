"""Links to questionnaires."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from regions.models import Institution, LifeSituation, Region
from surveys.links.tokens import new_short_code, new_token
from surveys.models.questionnaires import QuestionnaireVersion
from surveys.querysets import LinkBatchQuerySet, SurveyLinkQuerySet

# How long a web process may serve the page of a link without looking whether it was closed by hand.
PAGE_KEPT_SECONDS = 5


class LinkBatch(models.Model):
    """Links made in the name of a region for all its institutions of a ЖС at once, each with one of its own."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="link_batches", verbose_name="регион")
    life_situation = models.ForeignKey(
        LifeSituation, models.PROTECT, related_name="+", verbose_name="жизненная ситуация"
    )
    # The key of the form: sent twice, it makes one set of links.
    key = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField("создан", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто создал"
    )

    objects = LinkBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "выпуск ссылок"
        verbose_name_plural = "выпуски ссылок"
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.region}, {self.life_situation.short_title}"


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
        PAUSED = "paused", "Приостановлена"
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
    # So many answers the institution wants to gather by this link.
    target = models.PositiveIntegerField("нужно ответов", null=True, blank=True)
    # Stopped for a while; empty when it goes on.
    paused_at = models.DateTimeField("приостановлена", null=True, blank=True)
    # Closed by hand before its last day.
    closed_at = models.DateTimeField("закрыта", null=True, blank=True)
    # The key of the form it was made with: sent twice, it makes one link.
    form_key = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    # Of what the form said: whether it was sent again as it was is told by this, whatever became of the link.
    form_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    # Made together with those of all other institutions of the region.
    batch = models.ForeignKey(
        "LinkBatch", models.PROTECT, null=True, blank=True, related_name="links", verbose_name="выпуск региона"
    )
    created_at = models.DateTimeField("создана", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто создал"
    )
    # Who looks after it now: first the creator, later whoever took over.
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто отвечает"
    )

    objects = SurveyLinkQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["token", "short_code", "form_key", "form_digest"])

    class Meta:
        verbose_name = "ссылка на анкету"
        verbose_name_plural = "ссылки на анкеты"
        ordering = ("-created_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_on=None) | Q(closes_on__gte=F("opens_on")), name="link_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(target=None) | Q(target__range=(1, 1_000_000)), name="link_target_is_bearable"
            ),
            models.UniqueConstraint(fields=["batch", "institution"], name="one_link_of_a_batch_per_institution"),
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
        """The instant answers stop: 24:00 of the last day in the region, or earlier when closed or paused by hand.

        Of a link paused and then closed it is the pause: closing must not let in again what the pause kept out.
        """
        instants = [at for at in (self.closed_at, self.paused_at) if at]
        if self.closes_on:
            next_day = self.closes_on + timedelta(days=1)
            instants.append(datetime.combine(next_day, time.min, self.institution.region.zone))
        return min(instants, default=None)

    def state(self, now: datetime) -> State:
        closes_at = self.closes_at
        if closes_at and now >= closes_at:
            # Nothing was begun on a link that never opened, so there is nothing to wait for.
            grace = timedelta(seconds=settings.LINK_GRACE_SECONDS) if closes_at > self.opens_at else timedelta(0)
            if now < closes_at + grace:
                return self.State.CLOSING
            return self.State.PAUSED if self.is_only_paused(now) else self.State.CLOSED
        return self.State.OPEN if now >= self.opens_at else self.State.NOT_YET_OPEN

    def is_only_paused(self, now: datetime) -> bool:
        """Whether it is paused and may simply go on: neither closed nor past its last day."""
        if self.paused_at is None or self.closed_at is not None:
            return False
        return self.closes_on is None or self.institution.region.local_date(now) <= self.closes_on

    def accepts(self, *, begun_at: datetime, now: datetime) -> bool:
        """Whether answers begun at one instant may still arrive at another (DESIGN 5: the grace after the close)."""
        state = self.state(now)
        if state == self.State.CLOSING:
            # A process notices that a link was closed by hand only so late: pages it still gave out were begun in time.
            return self.state(begun_at - timedelta(seconds=PAGE_KEPT_SECONDS)) == self.State.OPEN
        return state == self.State.OPEN

    def answered_at(self, now: datetime) -> datetime:
        """The instant whose day an accepted answer belongs to: in the grace it is the last one of the link.

        Not that at which it was begun: pages stay open for weeks, and while a link is open that does not count either.
        """
        closes_at = self.closes_at
        if closes_at is None or self.state(now) != self.State.CLOSING:
            return now
        return closes_at - timedelta(microseconds=1)
