"""Decisions to leave answers out or to take them back in."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from regions.models import Institution, LifeSituation
from surveys.models.responses import Response
from surveys.querysets import ExclusionCaseQuerySet


class ExclusionCase(models.Model):
    """Some answers of an institution and ЖС, to be left out or taken back in: one person proposes, another decides."""

    class Kind(models.TextChoices):
        LEAVE_OUT = "leave_out", "Исключить"
        TAKE_BACK = "take_back", "Вернуть"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Ждёт решения"
        APPROVED = "approved", "Принято"
        DECLINED = "declined", "Отклонено"
        WITHDRAWN = "withdrawn", "Отозвано"

    kind = models.CharField("что сделать", max_length=10, choices=Kind)
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="учреждение")
    life_situation = models.ForeignKey(
        LifeSituation, models.PROTECT, related_name="+", verbose_name="жизненная ситуация"
    )
    responses = models.ManyToManyField(Response, related_name="cases", verbose_name="ответы")
    number = models.PositiveIntegerField("сколько ответов")
    first_day = models.DateField("с дня")
    last_day = models.DateField("по день")
    reason = models.CharField("причина", max_length=500)
    state = models.CharField("состояние", max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто предложил"
    )
    proposed_at = models.DateTimeField("предложено", auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто решил"
    )
    decided_at = models.DateTimeField("решено", null=True, blank=True)
    decision_reason = models.CharField("пояснение к решению", max_length=500, blank=True)

    objects = ExclusionCaseQuerySet.as_manager()

    class Meta:
        verbose_name = "решение об ответах"
        verbose_name_plural = "решения об ответах"
        ordering = ("-proposed_at", "-pk")
        constraints = [
            models.CheckConstraint(
                name="two_people_decide_about_answers",
                condition=~Q(state__in=["approved", "declined"])
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("proposed_by"))),
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_decision_about_answers_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.number}"
