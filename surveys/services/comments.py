"""Comments: made from answers, coded by theme and stage, handed over to problems, read as typed with a reason."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from regions.models import RegionLifeSituation
from regions.permissions import Permission, require
from surveys.comments.answer_texts import mask_answers, texts_of
from surveys.comments.stemming import stems
from surveys.counting import rollups
from surveys.models import Comment, ProblemDraft, ProcessStage, RawReading, Response, Theme
from surveys.models.questionnaires import published_definition

AT_ONCE = 500


class StageOfAnotherLifeSituation(Exception):
    """A stage belongs to the process of one ЖС, and some of the comments are of another."""


class ProblemOfAnotherLifeSituation(Exception):
    """A problem belongs to one ЖС of one region, and some of the comments are of another."""


class TakenUp(Exception):
    """The problem has been taken up by a roadmap: what stands behind it stays."""


class StillHasComments(Exception):
    """A problem goes only when no comment stands behind it."""


# From answers to comments ---------------------------------------------------------------------------------------------


@rollups.on_batch
def make_comments(response_ids: Sequence[int]) -> None:
    """Make a comment of every text of these answers; those that are there already stay as they are.

    Answers that came before texts were masked are masked here, what was typed goes to `originals`.
    """
    for start in range(0, len(response_ids), AT_ONCE):
        _make_comments(response_ids[start : start + AT_ONCE])


@transaction.atomic
def _make_comments(response_ids: Sequence[int]) -> None:
    rows = Response.objects.filter(pk__in=response_ids).only(
        "version_id", "institution_id", "life_situation_id", "answered_on", "answers", "originals"
    )
    comments: list[Comment] = []
    to_mask: list[Response] = []
    for response in rows:
        definition = published_definition(response.version_id)
        values, typed = mask_answers(definition, response.answers)
        if typed:
            # What is masked already holds the older words, and is masked no further.
            response.answers, response.originals = values, {**typed, **(response.originals or {})}
            to_mask.append(response)
        for name, text in texts_of(definition, values):
            comments.append(
                Comment(
                    response=response,
                    field=name,
                    version_id=response.version_id,
                    institution_id=response.institution_id,
                    life_situation_id=response.life_situation_id,
                    answered_on=response.answered_on,
                    text=text,
                    is_masked=name in (response.originals or {}),
                    stems=stems(text),
                )
            )
    Response.objects.bulk_update(to_mask, ["answers", "originals"], batch_size=100)
    Comment.objects.bulk_create(comments, ignore_conflicts=True, batch_size=AT_ONCE)


# Coding ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def code_comments(
    *,
    comments: Sequence[Comment],
    themes: Iterable[Theme],
    stage: ProcessStage | None,
    keeps_themes: bool,
    keeps_stage: bool,
    by: User,
    at: datetime,
) -> int:
    """Code comments by theme and stage of the process; returns how many.

    `keeps_themes`: the themes are added to those that are there, otherwise they take their place; with `keeps_stage`
    the stage is left as it is and `stage` means nothing. Raises PermissionDenied unless `by` may code all of them, and
    StageOfAnotherLifeSituation.
    """
    found = _lock(comments, by)
    if stage and not keeps_stage and any(one.life_situation_id != stage.life_situation_id for one in found):
        raise StageOfAnotherLifeSituation
    pks = [one.pk for one in found]
    marks = Comment.themes.through.objects
    if not keeps_themes:
        marks.filter(comment__in=pks).delete()
    marks.bulk_create(
        [Comment.themes.through(comment_id=pk, theme_id=theme.pk) for pk in pks for theme in themes],
        ignore_conflicts=True,
    )
    changed: dict[str, Any] = {"coded_by": by, "coded_at": at}
    if not keeps_stage:
        changed["stage"] = stage
    return Comment.objects.filter(pk__in=pks).update(**changed)


def _lock(comments: Sequence[Comment], by: User) -> list[Comment]:
    """The comments as they are now, locked in one order; all of them `by` may code."""
    pks = {one.pk for one in comments}
    allowed = Comment.objects.shown().permitting(by, Permission.COMMENTS_CODE).filter(pk__in=pks)
    found = list(
        Comment.objects.filter(pk__in=allowed.values("pk"))
        .select_for_update(of=("self",))
        .select_related("problem")
        .order_by("pk")
    )
    if len(found) != len(pks):
        raise PermissionDenied
    return found


# Problems -------------------------------------------------------------------------------------------------------------


def add_problem(*, place: RegionLifeSituation, title: str, stage: ProcessStage | None, by: User) -> ProblemDraft:
    """Note a problem of a ЖС for its roadmap. Raises StageOfAnotherLifeSituation."""
    require(by, Permission.COMMENTS_CODE, place)
    if stage and stage.life_situation_id != place.life_situation_id:
        raise StageOfAnotherLifeSituation
    return ProblemDraft.objects.create(region_life_situation=place, title=title, stage=stage, created_by=by)


@transaction.atomic
def hand_over(*, comments: Sequence[Comment], problem: ProblemDraft, by: User) -> int:
    """Put comments behind a problem, taking them from another if need be; returns how many.

    Raises PermissionDenied, ProblemOfAnotherLifeSituation, and TakenUp when a roadmap has taken up the problem or the
    one a comment stands behind now.
    """
    found = _lock(comments, by)
    # All in one order: two that cross, from each other's problem, wait instead of stopping each other.
    problems = _lock_open({problem.pk, *(one.problem_id for one in found if one.problem_id)})
    problem = problems[problem.pk]
    place = problem.region_life_situation
    if any(
        (one.institution.region_id, one.life_situation_id) != (place.region_id, place.life_situation_id)
        for one in found
    ):
        raise ProblemOfAnotherLifeSituation
    return Comment.objects.filter(pk__in=[one.pk for one in found]).update(problem=problem)


@transaction.atomic
def take_back(*, comment: Comment, by: User) -> None:
    """Take a comment from behind its problem. Raises PermissionDenied, TakenUp."""
    (found,) = _lock([comment], by)
    if found.problem_id:
        _require_open(found.problem_id)
        Comment.objects.filter(pk=found.pk).update(problem=None)


@transaction.atomic
def remove_problem(*, problem: ProblemDraft, by: User) -> None:
    """Remove a problem behind which nobody sees a comment. Raises PermissionDenied, TakenUp, StillHasComments."""
    require(by, Permission.COMMENTS_CODE, problem.region_life_situation)
    found = _require_open(problem.pk)
    if found.comments.shown().exists():
        raise StillHasComments
    # Those of answers that were left out: taken back in, they are coded as they were, but stand behind nothing.
    found.comments.update(problem=None)
    found.delete()


def require_not_taken_up(response_ids: Sequence[int]) -> None:
    """Raise TakenUp when a comment of these answers stands behind a problem that a roadmap has taken up.

    Inside a transaction: until its end nobody hands these comments over, nor takes up a problem they stand behind.
    """
    pks: list[int] = []
    for start in range(0, len(response_ids), AT_ONCE):
        some = response_ids[start : start + AT_ONCE]
        pks += Comment.objects.filter(response__in=some).order_by().values_list("pk", flat=True)
    pks.sort()
    problems: set[int | None] = set()
    for start in range(0, len(pks), AT_ONCE):
        # First comments, then problems, as whoever hands over.
        comments = Comment.objects.filter(pk__in=pks[start : start + AT_ONCE]).select_for_update().order_by("pk")
        problems |= set(comments.values_list("problem", flat=True))
    _lock_open({pk for pk in problems if pk is not None})


def _require_open(pk: int) -> ProblemDraft:
    return _lock_open({pk})[pk]


def _lock_open(pks: set[int]) -> dict[int, ProblemDraft]:
    """The problems, locked in the order of their numbers. Raises TakenUp, DoesNotExist."""
    locked = ProblemDraft.objects.select_for_update(of=("self",)).select_related("region_life_situation")
    found = {one.pk: one for one in locked.filter(pk__in=pks).order_by("pk")}
    if missing := pks - found.keys():
        raise ProblemDraft.DoesNotExist(missing)
    if any(one.taken_up_at for one in found.values()):
        raise TakenUp
    return found


# As typed -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def read_as_typed(*, comment: Comment, reason: str, by: User) -> str:
    """The comment with the personal data in it; that it was read, by whom and why is recorded first."""
    require(by, Permission.COMMENTS_RAW, comment.institution)
    RawReading.objects.create(
        comment=comment,
        institution=comment.institution,
        answered_on=comment.answered_on,
        read_by=by,
        reason=reason,
    )
    originals = Response.objects.values_list("originals", flat=True).get(pk=comment.response_id) or {}
    return str(originals.get(comment.field, comment.text))
