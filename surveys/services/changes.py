"""«Вы сказали — мы сделали»: what an institution tells those who answered."""

from datetime import date

from django.db import transaction

from accounts.models import User
from regions.models import Institution, LifeSituation
from regions.permissions import Permission, require
from surveys.comments.masking import mask
from surveys.models import ChangeMade


class NamesSomebody(Exception):
    """Everybody reads it: personal data has no place there. `str()` is the field."""


def tell(
    *, institution: Institution, said: str, done: str, done_on: date, life_situation: LifeSituation | None, by: User
) -> ChangeMade:
    """Tell of a change; shown to those who answer from now on. Raises PermissionDenied, NamesSomebody."""
    change = ChangeMade(institution=institution, created_by=by)
    return _write(change, said, done, done_on, life_situation, by)


def edit(
    *, change: ChangeMade, said: str, done: str, done_on: date, life_situation: LifeSituation | None, by: User
) -> ChangeMade:
    """Say it otherwise. Raises PermissionDenied, NamesSomebody."""
    return _write(change, said, done, done_on, life_situation, by)


@transaction.atomic
def show(*, change: ChangeMade, is_shown: bool, by: User) -> None:
    """Show it to those who answered, or hide it from them."""
    require(by, Permission.CHANGES_TELL, change.institution)
    change = ChangeMade.objects.select_for_update().get(pk=change.pk)
    if change.is_shown != is_shown:
        change.is_shown = is_shown
        change.save(update_fields=["is_shown"])


def _write(
    change: ChangeMade, said: str, done: str, done_on: date, life_situation: LifeSituation | None, by: User
) -> ChangeMade:
    require(by, Permission.CHANGES_TELL, change.institution)
    for name, text in (("said", said), ("done", done)):
        if mask(text).is_masked:
            raise NamesSomebody(name)
    change.said, change.done, change.done_on, change.life_situation = said, done, done_on, life_situation
    change.save()
    return change
