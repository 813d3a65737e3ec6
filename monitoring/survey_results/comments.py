"""Comments beside results: of the same institution or region, days, channel and version, for who may read them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.http import urlencode

from regions.permissions import Permission, may
from surveys.models import Comment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitoring.survey_results.reading import Asking
    from regions.permissions import Person
    from surveys.comments.querysets import CommentQuerySet

ON_PAGE = 5
ON_PAPER = 20
IN_WORKBOOK = 5000


@dataclass(frozen=True)
class Comments:
    """Texts as they are stored, personal data masked; newest first."""

    asking: Asking

    @cached_property
    def total(self) -> int:
        return self._found.order_by().count()

    @property
    def on_page(self) -> list[Comment]:
        return self._newest(ON_PAGE)

    @property
    def on_paper(self) -> list[Comment]:
        return self._newest(ON_PAPER)

    def for_workbook(self) -> Iterator[Comment]:
        """Read and written in turns."""
        return self._found.for_file()[:IN_WORKBOOK].iterator(chunk_size=1000)

    @property
    def in_workbook(self) -> int:
        return min(self.total, IN_WORKBOOK)

    @property
    def url(self) -> str:
        """The list of all of them."""
        asking = self.asking
        chosen = {
            "first": asking.first.isoformat(),
            "last": asking.last.isoformat(),
            "life_situation": asking.life_situation.code,
            "channel": asking.channel,
            "version": asking.version.pk if asking.version else "",
        }
        if asking.institution:
            url = reverse("institution-comments", args=[asking.institution.pk])
        else:
            url = reverse("region-comments", args=[asking.region.code])
        return f"{url}?{urlencode({name: value for name, value in chosen.items() if value})}"

    def _newest(self, number: int) -> list[Comment]:
        return list(self._found.defer("stems").select_related("institution")[:number])

    @property
    def _found(self) -> CommentQuerySet:
        asking = self.asking
        found = Comment.objects.shown().filter(
            life_situation=asking.life_situation, answered_on__range=(asking.first, asking.last)
        )
        found = found.filter(institution__in=[asking.institution] if asking.institution else asking.institution_ids)
        if asking.channel:
            found = found.filter(response__link__channel=asking.channel)
        if asking.version:
            found = found.filter(version=asking.version)
        return found


def comments_of(user: Person, asking: Asking) -> Comments | None:
    """None for who may not read them: the rule of their list."""
    return Comments(asking) if may(user, Permission.COMMENTS_VIEW, asking.institution or asking.region) else None
