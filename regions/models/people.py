"""Who acts in which role where, how they came to it, and to whom they handed over."""

from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from regions.models.bodies import BodyMember
from regions.models.catalogue import LifeSituation, Region
from regions.models.documents import ends_after_it_starts
from regions.models.places import Institution
from regions.querysets import AccessRequestQuerySet, HandoverQuerySet, InvitationQuerySet, MembershipQuerySet
from regions.roles import FEDERAL_ROLES, INSTITUTION_ROLES, REGIONAL_ROLES, Role


def scope_fits_role(name: str) -> models.CheckConstraint:
    """A federal role has no scope of its own, a regional one a region, that of an institution an institution."""
    return models.CheckConstraint(
        name=name,
        condition=Q(role__in=sorted(FEDERAL_ROLES), region=None, institution=None)
        | Q(role__in=sorted(REGIONAL_ROLES), region__isnull=False, institution=None)
        | Q(role__in=sorted(INSTITUTION_ROLES), region=None, institution__isnull=False),
    )


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
    granted_at = models.DateTimeField("назначен", auto_now_add=True, null=True)
    # Stands in for the holder of this membership for a period.
    deputises_for = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="deputies", verbose_name="замещает"
    )
    end_reason = models.CharField("почему завершено", max_length=300, blank=True)

    objects = MembershipQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[life_situations])

    class Meta:
        verbose_name = "участник"
        verbose_name_plural = "участники"
        ordering = ("user", "role")
        constraints = [
            scope_fits_role("membership_scope_fits_its_role"),
            ends_after_it_starts("membership_ends_after_it_starts", start="starts_on", end="ends_on"),
            models.CheckConstraint(
                name="deputy_for_a_period", condition=Q(deputises_for=None) | Q(ends_on__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} ({self.scope_title})"

    @property
    def scope_title(self) -> str:
        return str(self.institution or self.region or "Российская Федерация")

    @property
    def home_region(self) -> Region | None:
        """The region it belongs to, by itself or by its institution; a federal role has none."""
        return self.institution.region if self.institution else self.region

    def local_date(self, at: datetime) -> date:
        """The day it is where the role belongs: in its region, or by the clock of the portal."""
        return self.home_region.local_date(at) if self.home_region else timezone.localtime(at).date()

    def is_in_force(self, on: date) -> bool:
        return self.starts_on <= on and (self.ends_on is None or self.ends_on >= on)

    def is_in_force_at(self, at: datetime) -> bool:
        return self.is_in_force(self.local_date(at))


class Invitation(models.Model):
    """A person is asked to come by a letter whose link lives for some days. The link itself is kept as a hash only."""

    class State(models.TextChoices):
        TO_SEND = "to_send", "Письмо готовится"
        SENT = "sent", "Ждёт ответа"
        REFUSED = "refused", "Адрес не принят"
        EXPIRED = "expired", "Срок истёк"
        ACCEPTED = "accepted", "Принято"
        REVOKED = "revoked", "Отозвано"

    email = models.EmailField("электронная почта")
    full_name = models.CharField("фамилия, имя, отчество", max_length=200)
    position = models.CharField("должность", max_length=200, blank=True)
    role = models.CharField("роль", max_length=30, choices=Role)
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="invitations", verbose_name="регион"
    )
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="invitations", verbose_name="учреждение"
    )
    life_situations = models.ManyToManyField(LifeSituation, blank=True, verbose_name="отвечает за ЖС")
    # The line of a body this person stands in, if any: accepting ties it to the account.
    body_member = models.ForeignKey(BodyMember, models.SET_NULL, null=True, blank=True, related_name="invitations")
    invited_at = models.DateTimeField("приглашён", auto_now_add=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="кто пригласил"
    )
    # Null, not empty: many have none yet, and the column is unique.
    token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001
    sent_at = models.DateTimeField("письмо отправлено", null=True, blank=True)
    expires_at = models.DateTimeField("действует до", null=True, blank=True)
    accepted_at = models.DateTimeField("принято", null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто принял"
    )
    revoked_at = models.DateTimeField("отозвано", null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто отозвал"
    )

    objects = InvitationQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["token_hash"])

    class Meta:
        verbose_name = "приглашение"
        verbose_name_plural = "приглашения"
        ordering = ("-invited_at", "-pk")
        constraints = [
            scope_fits_role("invitation_scope_fits_its_role"),
            # Three, since NULL equals nothing: each scope for itself.
            *(
                models.UniqueConstraint(
                    fields=["email", "role", *fields],
                    condition=Q(accepted_at=None, revoked_at=None, **scope),
                    name=f"one_open_invitation_{name}",
                    violation_error_message="Этот человек уже приглашён в этой роли",
                )
                for name, fields, scope in (
                    ("federal", [], {"region": None, "institution": None}),
                    ("of_a_region", ["region"], {"region__isnull": False}),
                    ("of_an_institution", ["institution"], {"institution__isnull": False}),
                )
            ),
            models.CheckConstraint(
                name="invitation_not_both_accepted_and_revoked", condition=Q(accepted_at=None) | Q(revoked_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_role_display()}"

    @property
    def scope_title(self) -> str:
        return str(self.institution or self.region or "Российская Федерация")

    def state(self, now: datetime) -> State:
        if self.accepted_at:
            return self.State.ACCEPTED
        if self.revoked_at:
            return self.State.REVOKED
        if self.expires_at is None:
            return self.State.TO_SEND
        if self.sent_at is None:
            return self.State.REFUSED
        return self.State.EXPIRED if now >= self.expires_at else self.State.SENT


class AccessRequest(models.Model):
    """A representative of an institution asks for access by themselves; the region's administrator decides.

    First the address is confirmed by a letter (and the account made), then the request waits.
    """

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", "Адрес не подтверждён"
        WAITING = "waiting", "Ждёт решения"
        APPROVED = "approved", "Одобрена"
        DECLINED = "declined", "Отклонена"

    email = models.EmailField("электронная почта")
    full_name = models.CharField("фамилия, имя, отчество", max_length=200)
    position = models.CharField("должность", max_length=200)
    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="access_requests", verbose_name="учреждение"
    )
    state = models.CharField("состояние", max_length=12, choices=State, default=State.UNCONFIRMED)
    asked_at = models.DateTimeField("подана", auto_now_add=True)
    # Null, not empty: many have none yet, and the column is unique.
    token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001
    sent_at = models.DateTimeField("письмо отправлено", null=True, blank=True)
    expires_at = models.DateTimeField("ссылка действует до", null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="access_requests"
    )
    decided_at = models.DateTimeField("решено", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто решил"
    )
    reason = models.CharField("причина", max_length=300, blank=True)

    objects = AccessRequestQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["token_hash"])

    class Meta:
        verbose_name = "заявка на доступ"
        verbose_name_plural = "заявки на доступ"
        ordering = ("asked_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["email", "institution"],
                condition=Q(state__in=["unconfirmed", "waiting"]),
                name="one_open_request_for_an_institution",
            ),
            models.CheckConstraint(
                name="waiting_request_has_its_person", condition=Q(state="unconfirmed") | Q(user__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.institution}"

    @property
    def is_letter_refused(self) -> bool:
        """The mail server did not take the last letter for this address: its time is over, and it was never sent."""
        return self.expires_at is not None and self.sent_at is None


class Handover(models.Model):
    """The record of passing a role and its open work from one person to another in one operation."""

    predecessor = models.ForeignKey(Membership, models.PROTECT, related_name="handed_over", verbose_name="кто передал")
    successor = models.ForeignKey(Membership, models.PROTECT, related_name="taken_over", verbose_name="кто принял")
    on = models.DateField("с какого дня")
    reason = models.CharField("основание", max_length=300)
    # What went over: [{"title": "Ссылки на анкету", "items": ["…"]}], as it was called that day.
    work = models.JSONField("что передано")
    at = models.DateTimeField("внесено")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="кто внёс"
    )

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name = "передача дел"
        verbose_name_plural = "передачи дел"
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.predecessor.user} → {self.successor.user}"
