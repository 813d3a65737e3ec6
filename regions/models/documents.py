"""What a decision leaves behind: number, date and, where there is one, the file itself."""

import secrets
from pathlib import PurePath

from django.db import models
from django.db.models import Q


def document_path(instance: models.Model, filename: str) -> str:
    """Where an uploaded document lies: a name nobody can guess, of the sender's name only the ending."""
    return f"documents/{instance._meta.model_name}/{secrets.token_urlsafe(16)}{PurePath(filename).suffix.lower()[:6]}"


class DecisionDocument(models.Model):
    """The document of a decision: order, letter, protocol. The file is handed out by a view that asks for the right."""

    document_number = models.CharField("номер документа", max_length=60, blank=True)
    document_date = models.DateField("дата документа", null=True, blank=True)
    document_file = models.FileField("файл документа", upload_to=document_path, blank=True, max_length=200)
    # How the file was called by whoever sent it: the name it is downloaded by.
    document_name = models.CharField("имя файла", max_length=200, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def document_title(self) -> str:
        """«№ 12-р от 01.03.2026», or empty."""
        parts = [f"№ {self.document_number}"] if self.document_number else []
        if self.document_date:
            parts.append(f"от {self.document_date:%d.%m.%Y}")
        return " ".join(parts)


def ends_after_it_starts(name: str, *, start: str, end: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name,
        condition=Q((end, None)) | Q((f"{end}__gte", models.F(start))),
        violation_error_message="Последний день не может быть раньше первого",
    )
