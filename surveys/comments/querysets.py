"""Which comments, problems and changes made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q

from regions.models import Institution, RegionLifeSituation
from regions.permissions import Permission
from surveys.comments.stemming import stems_of_search

if TYPE_CHECKING:
    from regions.permissions import Person
    from surveys.models import ChangeMade, Comment, ProblemDraft, RawReading


class CommentQuerySet(models.QuerySet["Comment"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Comments to institutions for which `user` holds `permission`; an hq_member codes those of their ЖС only."""
        if permission != Permission.COMMENTS_CODE:
            return self.filter(institution__in=Institution.objects.permitting(user, permission))
        # What becomes of a comment is work on the ЖС of its region.
        places = RegionLifeSituation.objects.permitting(user, permission)
        return self.filter(
            Exists(places.filter(region=OuterRef("institution__region"), life_situation=OuterRef("life_situation")))
        )

    def shown(self) -> Self:
        """Without those of answers that two people have left out."""
        return self.filter(response__is_excluded=False)

    def with_words(self, text: str) -> Self:
        """Those with every word of `text` in one of its forms; all for a text without words."""
        words = stems_of_search(text)
        return self.filter(stems__has_stems=words) if words else self

    def to_question(self, code: str) -> Self:
        """Those to a question, in a repeating section any time it was asked."""
        return self.filter(Q(field=code) | Q(field__endswith=f"-{code}"))

    def for_list(self) -> Self:
        """With all a row of the list shows; of the answer only channel and satisfaction, never the text as typed."""
        return (
            self.defer("stems")
            .select_related("institution__region", "life_situation", "stage", "problem")
            .annotate(channel=F("response__link__channel"), satisfaction=F("response__satisfaction"))
            .prefetch_related("themes")
        )

    def for_file(self) -> Self:
        """As `for_list`, for very many rows: each institution, ЖС and stage is made once for a chunk, not for a row."""
        return (
            self.defer("stems")
            .annotate(channel=F("response__link__channel"), satisfaction=F("response__satisfaction"))
            .prefetch_related("institution", "life_situation", "stage", "problem", "themes")
        )


class ProblemDraftQuerySet(models.QuerySet["ProblemDraft"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Problems of the ЖС of regions for which `user` holds `permission`."""
        return self.filter(region_life_situation__in=RegionLifeSituation.objects.permitting(user, permission))

    def open(self) -> Self:
        """Not taken up by a roadmap: comments may still come and go."""
        return self.filter(taken_up_at=None)

    def with_comment_counts(self) -> Self:
        return self.annotate(number=Count("comments", filter=Q(comments__response__is_excluded=False)))


class RawReadingQuerySet(models.QuerySet["RawReading"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        return self.filter(institution__in=Institution.objects.permitting(user, permission))


class ChangeMadeQuerySet(models.QuerySet["ChangeMade"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        return self.filter(institution__in=Institution.objects.permitting(user, permission))
