"""Which questionnaires, links and answers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models
from django.db.models import Case, CharField, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from regions.local_dates import local_date
from regions.models import Institution, Region, RegionLifeSituation
from regions.permissions import Permission, may_anywhere
from surveys import storing
from surveys.counting.fates import COUNTED, LEFT_OUT, TOO_LATE

if TYPE_CHECKING:
    from regions.permissions import Person
    from surveys.models import ExclusionCase, LinkBatch, Questionnaire, QuestionnaireVersion, Response, SurveyLink


class QuestionnaireQuerySet(models.QuerySet["Questionnaire"]):
    def standard(self) -> Self:
        """Instruments of the Agency."""
        return self.filter(region=None)

    def published(self) -> Self:
        """Those with a version that new links may be made to."""
        return self.filter(versions__in=_version_model().objects.in_use()).distinct()

    def visible_to(self, user: Person) -> Self:
        """What `user` may read: those of the regions they see, and of the Agency what is published or theirs to edit.

        A representative of an institution sees what their region has published.
        """
        published = self.model.objects.published().values("pk")
        regions = Region.objects.permitting(user, Permission.REGION_VIEW)
        institutions = Institution.objects.permitting(user, Permission.LINK_MANAGE)
        seen = Q(region__in=regions) | Q(region=None, pk__in=published)
        seen |= Q(region__in=institutions.values("region"), pk__in=published)
        if may_anywhere(user, Permission.QUESTIONNAIRE_STANDARD_EDIT):
            seen |= Q(region=None)
        return self.filter(seen) if user.is_authenticated else self.none()

    def shared_with(self, user: Person) -> Self:
        """What `user` may read or copy: what is visible to them, and what other regions have published.

        Whoever composes questionnaires learns from those of others; links are made to one's own only (`visible_to`).
        """
        seen = Q(pk__in=self.model.objects.visible_to(user).values("pk"))
        if may_anywhere(user, Permission.QUESTIONNAIRE_EDIT):
            seen |= Q(pk__in=self.model.objects.published().values("pk"))
        return self.filter(seen)

    def editable_by(self, user: Person) -> Self:
        """What `user` may change: a region's own, or the Agency's."""
        theirs = Q(region__in=Region.objects.permitting(user, Permission.QUESTIONNAIRE_EDIT))
        if may_anywhere(user, Permission.QUESTIONNAIRE_STANDARD_EDIT):
            theirs |= Q(region=None)
        return self.filter(theirs)


class QuestionnaireVersionQuerySet(models.QuerySet["QuestionnaireVersion"]):
    def published(self) -> Self:
        return self.filter(published_at__isnull=False)

    def in_use(self) -> Self:
        """Published and not retired: new links may be made to them."""
        return self.published().filter(retirement=None)

    def drafts(self) -> Self:
        return self.filter(published_at=None)

    def shared_with(self, user: Person) -> Self:
        """Published versions of what `user` may read, and drafts of their own regions or theirs to edit."""
        from surveys.models import Questionnaire

        own = Q(questionnaire__region__in=Region.objects.permitting(user, Permission.REGION_VIEW))
        own |= Q(questionnaire__in=Questionnaire.objects.editable_by(user))
        shared = Q(questionnaire__in=Questionnaire.objects.shared_with(user), published_at__isnull=False)
        return self.filter(shared | own)


def _version_model() -> type[QuestionnaireVersion]:
    from surveys.models import QuestionnaireVersion

    return QuestionnaireVersion


class SurveyLinkQuerySet(models.QuerySet["SurveyLink"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Links of the institutions for which `user` holds `permission`."""
        return self.filter(institution__in=Institution.objects.permitting(user, permission))

    def open(self, now: datetime) -> Self:
        """Those of which `SurveyLink.state` says that they are open, each by the clock of its region."""
        today = local_date(now, zone="institution__region__time_zone")
        return self.filter(
            Q(closes_on=None) | Q(closes_on__gte=today), closed_at=None, paused_at=None, opens_on__lte=today
        )

    def with_places(self) -> Self:
        """With what a link's state and page need, in one query."""
        return self.select_related("institution__region", "life_situation__direction", "version__questionnaire")

    def not_closed(self, on: date) -> Self:
        """Open on the day or later: neither closed by hand nor past their last day."""
        return self.filter(closed_at=None).exclude(closes_on__lt=on)

    def with_answer_counts(self) -> Self:
        return self.annotate(answers=self._number_of_answers())

    def with_progress(self, now: datetime) -> Self:
        """With what lists show: `answers`, `answers_today` by the clock of each region, `last_answer_on`."""
        last = self._answers().order_by("-answered_on").values("answered_on")[:1]
        return (
            self.with_answer_counts()
            .alias(today_there=local_date(now, zone="institution__region__time_zone"))
            .annotate(
                answers_today=self._number_of_answers(answered_on=OuterRef("today_there")),
                last_answer_on=Subquery(last),
            )
        )

    def with_answers_between(self, first: date, last: date) -> Self:
        """With `answers_then`: those given from one day to another, both included."""
        return self.annotate(answers_then=self._number_of_answers(answered_on__range=(first, last)))

    @staticmethod
    def _answers() -> ResponseQuerySet:
        from surveys.models import Response

        return Response.objects.filter(link=OuterRef("pk")).order_by()

    @classmethod
    def _number_of_answers(cls, **conditions: Any) -> Coalesce:
        # Counted a link at a time, by the index of links. A join would make a row of each answer with the questionnaire
        # and all else in it, to be sorted: with 200,000 answers a list took seven seconds, this way a tenth of one.
        found = cls._answers().filter(**conditions).values("link").annotate(number=models.Count("pk"))
        return Coalesce(Subquery(found.values("number")), 0)

    def in_state(self, state: str, now: datetime) -> Self:
        """Those of which `SurveyLink.state` says so: each is asked, so keep it to the links of one list."""
        return self.filter(pk__in=[one.pk for one in self.with_places().order_by() if one.state(now) == state])


class LinkBatchQuerySet(models.QuerySet["LinkBatch"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Batches of the regions in which `user` holds `permission`."""
        return self.filter(region__in=Region.objects.permitting(user, permission))

    def with_progress(self) -> Self:
        """With what its links have in common, how many they are, their answers, and how many have none."""
        from surveys.models import Response, SurveyLink

        links = SurveyLink.objects.filter(batch=OuterRef("pk")).order_by()

        def of_links(value: models.Aggregate) -> Subquery:
            return Subquery(links.values("batch").annotate(found=value).values("found"))

        answers = Response.objects.filter(link__batch=OuterRef("pk")).order_by().values("link__batch")
        unanswered = ~Exists(Response.objects.filter(link=OuterRef("pk")))
        silent = links.filter(unanswered).values("batch").annotate(found=models.Count("pk")).values("found")
        return self.annotate(
            label=Subquery(links.values("label")[:1]),
            channel=Subquery(links.values("channel")[:1]),
            opens_on=of_links(models.Min("opens_on")),
            closes_on=of_links(models.Max("closes_on")),
            links_count=Coalesce(of_links(models.Count("pk")), 0),
            answers=Coalesce(Subquery(answers.annotate(found=models.Count("pk")).values("found")), 0),
            silent=Coalesce(Subquery(silent), 0),
        )


class ResponseQuerySet(models.QuerySet["Response"]):
    def between(self, first: date, last: date) -> Self:
        """Answers given from one day to another, both included, by the calendar of the region."""
        return self.filter(answered_on__range=(first, last))

    def not_rolled_up(self) -> Self:
        return self.filter(is_rolled_up=False)

    def with_fate(self) -> Self:
        """With `fate`: `surveys.counting.fates.fate` in the database."""
        return self.annotate(
            fate=Case(
                When(is_excluded=True, then=Value(LEFT_OUT)),
                When(Q(is_eligible=True) | Q(is_measured=False), then=Value(COUNTED)),
                default=Value(TOO_LATE),
                output_field=CharField(),
            )
        )

    def suspicious(self) -> Self:
        """With a mark, or left out by a decision: just those that an index holds."""
        return self.filter(Q(flags__gt=0) | Q(is_excluded=True))

    def with_waiting(self) -> Self:
        """With `is_waiting`: a proposal about the answer waits for a decision."""
        waiting = self.model.cases.through.objects.filter(response=OuterRef("pk"), exclusioncase__state="proposed")
        return self.annotate(is_waiting=Exists(waiting))

    def without_waiting(self) -> Self:
        return self.with_waiting().filter(Q(is_waiting=False))

    def insert_once(self, response: Response) -> bool:
        """Store an answer unless one with its key is there; True when it was stored (surveys.storing)."""
        return storing.insert_once(connections[self.db], response)

    def under_keys(self, keys: Iterable[str]) -> Self:
        """Those with one of any number of keys, which go to the database as one value."""
        is_postgresql = connections[self.db].vendor == "postgresql"
        each = "json_array_elements_text(%s::json)" if is_postgresql else "value FROM json_each(%s)"
        return self.filter(key__in=RawSQL(f"SELECT {each}", [json.dumps(list(keys))]))  # noqa: S611  (own words)

    def insert_many_once(self, responses: list[Response]) -> int:
        """Store those whose keys are not there yet, many a statement; returns how many were stored."""
        return storing.insert_many_once(connections[self.db], responses)


class ExclusionCaseQuerySet(models.QuerySet["ExclusionCase"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Cases of the ЖС of regions for which `user` holds `permission`."""
        places = RegionLifeSituation.objects.permitting(user, permission)
        return self.filter(
            Exists(places.filter(region=OuterRef("institution__region"), life_situation=OuterRef("life_situation")))
        )

    def waiting(self) -> Self:
        return self.filter(state="proposed")

    def approved(self) -> Self:
        return self.filter(state="approved")

    def with_places(self) -> Self:
        return self.select_related("institution__region", "life_situation", "proposed_by", "decided_by")
