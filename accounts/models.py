"""Who signs in, and their consent to the processing of personal data. What a person may do stands in
`regions.Membership`.
"""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from simple_history.models import HistoricalRecords

from accounts.addresses import normalise_email


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def in_force(self, at: datetime) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=at)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.full_clean()
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=(username or "").strip())


class _HistoryOfCards(HistoricalRecords):
    """Signing in and changing a password are no changes of a person's card."""

    def post_save(self, instance: Any, created: bool, using: Any = None, **kwargs: Any) -> None:
        changed = kwargs.get("update_fields")
        if changed and set(changed) <= set(self.excluded_fields):
            return
        super().post_save(instance, created, using=using, **kwargs)


class User(AbstractBaseUser):
    """A person known by e-mail."""

    email = models.EmailField("электронная почта", unique=True)
    full_name = models.CharField("фамилия, имя, отчество", max_length=200)
    position = models.CharField("должность", max_length=200, blank=True)
    is_active = models.BooleanField("может входить", default=True)
    date_joined = models.DateTimeField("добавлен", auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    objects = UserManager()
    history = _HistoryOfCards(
        excluded_fields=["password", "last_login"],
        verbose_name="правка пользователя",
        verbose_name_plural="правки пользователей",
    )

    class Meta:
        verbose_name = "пользователь"
        verbose_name_plural = "пользователи"
        constraints = [
            # Addresses differ by more than letter case, on both databases.
            models.UniqueConstraint(Lower("email"), name="user_email_unique_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    def get_full_name(self) -> str:
        return self.full_name

    @property
    def short_name(self) -> str:
        """«Иванова А. П.» for places where the whole name does not fit."""
        family, *others = self.full_name.split() or [self.email]
        return " ".join([family, *(f"{name[0]}." for name in others)])


class Consent(models.Model):
    """A person's consent to the processing of personal data (152-ФЗ), to one version of its text."""

    user = models.ForeignKey(User, models.CASCADE, related_name="consents", verbose_name="пользователь")
    version = models.CharField("версия текста", max_length=20)
    accepted_at = models.DateTimeField("дано")

    class Meta:
        verbose_name = "согласие на обработку персональных данных"
        verbose_name_plural = "согласия на обработку персональных данных"
        constraints = [
            models.UniqueConstraint(fields=["user", "version"], name="one_consent_per_user_and_version"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.version}"


class ApiToken(models.Model):
    """A key by which a program acts for a person, with the person's rights and never more. Only its digest is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens", verbose_name="пользователь")
    name = models.CharField("для чего", max_length=100)
    # So much of the key is shown, to tell one from another.
    beginning = models.CharField("начало", max_length=12)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    may_change = models.BooleanField("может менять", default=False)
    created_at = models.DateTimeField("создан")
    expires_at = models.DateTimeField("действует до")
    # A day, not an instant: one write a day, not one a request.
    last_used_on = models.DateField("последний раз", null=True, blank=True)
    revoked_at = models.DateTimeField("отозван", null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "ключ API"
        verbose_name_plural = "ключи API"
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}…)"

    def is_in_force(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at
