"""Methodical materials the Agency publishes for roles [001 Прил. 9]: files and links with versions."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from regions.models.catalogue import LifeSituation
from regions.models.documents import document_path
from regions.querysets import MaterialQuerySet


class Material(models.Model):
    title = models.CharField("название", max_length=200)
    description = models.TextField("о чём", blank=True)
    # Codes of roles; empty: for everybody.
    roles = models.JSONField("для ролей", default=list, blank=True)
    life_situation = models.ForeignKey(
        LifeSituation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="materials",
        verbose_name="жизненная ситуация",
    )
    withdrawn_at = models.DateTimeField("снят с публикации", null=True, blank=True)

    objects = MaterialQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "методический материал"
        verbose_name_plural = "методические материалы"
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title

    @property
    def next_number(self) -> int:
        """The number of the version that would be published next."""
        newest = self.versions.aggregate(newest=models.Max("number"))["newest"]
        return (newest or 0) + 1


class MaterialVersion(models.Model):
    """One edition of a material: a file or a link. Never changed: a mistake is mended by the next."""

    material = models.ForeignKey(Material, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField("версия")
    file = models.FileField("файл", upload_to=document_path, blank=True, max_length=200)
    file_name = models.CharField("имя файла", max_length=200, blank=True, editable=False)
    url = models.URLField("ссылка", blank=True, max_length=500)
    note = models.CharField("что изменилось", max_length=300, blank=True)
    published_at = models.DateTimeField("опубликован")
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="кто опубликовал"
    )

    class Meta:
        verbose_name = "версия материала"
        verbose_name_plural = "версии материала"
        ordering = ("material", "-number")
        constraints = [
            models.UniqueConstraint(fields=["material", "number"], name="material_version_once"),
            models.CheckConstraint(
                name="material_is_a_file_or_a_link",
                condition=(models.Q(file="") & ~models.Q(url="")) | (~models.Q(file="") & models.Q(url="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.material}, версия {self.number}"
