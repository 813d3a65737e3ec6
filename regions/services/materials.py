"""Methodical materials: publishing, new versions, withdrawing. What was published once stays readable."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from accounts.models import User
from regions.models import LifeSituation, Material, MaterialVersion
from regions.permissions import Permission, may_anywhere


class VersionTaken(Exception):
    """Another version has been published since the page was opened."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What a version consists of: a file or a link, and what is new in it."""

    file: "UploadedFile[bytes] | None" = None
    url: str = ""
    note: str = ""


@transaction.atomic
def publish(
    *,
    title: str,
    description: str,
    roles: list[str],
    life_situation: LifeSituation | None,
    edition: Edition,
    by: User,
    at: datetime,
) -> Material:
    """Publish a new material with its first version."""
    _require_publisher(by)
    material = Material.objects.create(title=title, description=description, roles=roles, life_situation=life_situation)
    add_version(material=material, number=1, edition=edition, by=by, at=at)
    return material


def edit(
    *,
    material: Material,
    title: str,
    description: str,
    roles: list[str],
    life_situation: LifeSituation | None,
    by: User,
) -> None:
    """Change what is said about a material and whom it is for; its versions stay as they are."""
    _require_publisher(by)
    material.title, material.description = title, description
    material.roles, material.life_situation = roles, life_situation
    material.save(update_fields=["title", "description", "roles", "life_situation"])


def add_version(*, material: Material, number: int, edition: Edition, by: User, at: datetime) -> MaterialVersion:
    """Publish version `number`: the one after the newest that `by` has seen.

    Raises VersionTaken when that is another one by now: of two who publish at once, or of two clicks, one wins.
    """
    _require_publisher(by)
    if number != material.next_number:
        raise VersionTaken
    version = MaterialVersion(
        material=material, number=number, url=edition.url, note=edition.note, published_at=at, published_by=by
    )
    if edition.file:
        version.file = edition.file
        version.file_name = edition.file.name or ""
    try:
        # A savepoint: the caller's transaction must survive a lost race.
        with transaction.atomic():
            version.save(force_insert=True)
    except IntegrityError as error:
        if edition.file:
            version.file.delete(save=False)
        raise VersionTaken from error
    return version


def withdraw(*, material: Material, by: User, at: datetime) -> None:
    """Take a material from its readers; whoever publishes still sees it. Withdrawing it again changes nothing."""
    _require_publisher(by)
    if material.withdrawn_at is None:
        _set_withdrawn(material, at)


def restore(*, material: Material, by: User) -> None:
    """Give a withdrawn material back to its readers."""
    _require_publisher(by)
    if material.withdrawn_at is not None:
        _set_withdrawn(material, None)


def _set_withdrawn(material: Material, at: datetime | None) -> None:
    material.withdrawn_at = at
    material.save(update_fields=["withdrawn_at"])


def _require_publisher(by: User) -> None:
    if not may_anywhere(by, Permission.MATERIALS_PUBLISH):
        raise PermissionDenied
