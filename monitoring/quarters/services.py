"""The quarter: weights decided, clients entered, counts calculated, result published and turned into reports."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from accounts.models import User
from jobs import services as jobs
from jobs.models import Job
from monitoring.models import Collection, Report, ReportingPeriod, ServedClients, WeightDecision
from monitoring.quarters.kpi import Scheme
from monitoring.quarters.results import AnswerDecision, InstitutionInput, QuarterResult, Thresholds, compute
from regions.models import Institution, Region, RegionLifeSituation
from regions.permissions import Permission, require
from surveys.counting.counts import NOTHING
from surveys.counting.readings import counts_for_period, counts_from_answers
from surveys.models import ExclusionCase, Response
from surveys.services import quality

CALCULATE = "calculate_quarter"
MAKE_REPORTS = "make_reports"


class SchemeFrozen(Exception):
    """A quarter of this region and year is published: the scheme can no longer change."""


class QuarterLocked(Exception):
    """The quarter is published: nothing in it can change."""


class NotCalculated(Exception):
    """There is no calculated result to publish."""


class OutOfDate(Exception):
    """What would be published is not what the person saw, or not what the answers and weights give now."""


class NotBegun(Exception):
    """The reporting period has not begun: there is nothing to calculate yet."""


class ChangedMeanwhile(Exception):
    """Somebody else has entered these since the person looked: `numbers` served and `offered`, as they are now."""

    def __init__(self, numbers: dict[Institution, int | None], offered: dict[Institution, int | None]) -> None:
        super().__init__(numbers, offered)
        self.numbers, self.offered = numbers, offered


def thresholds() -> Thresholds:
    return Thresholds(
        minimum=settings.KPI_MINIMUM_ANSWERS,
        sufficient=settings.KPI_SUFFICIENT_ANSWERS,
        within_days=settings.ELIGIBLE_WITHIN_DAYS,
    )


def find_collection(place: RegionLifeSituation, period: ReportingPeriod) -> Collection:
    """The collection of a region's ЖС and period for reading; not stored when nobody has worked on it."""
    stored = Collection.objects.with_places().filter(region_life_situation=place, period=period).first()
    return stored or Collection(region_life_situation=place, period=period)


def collection_for(place: RegionLifeSituation, period: ReportingPeriod) -> Collection:
    """The collection of a region's ЖС and period, made when first asked for."""
    collection, _ = Collection.objects.get_or_create(region_life_situation=place, period=period)
    return collection


def decide_weights(
    *, region: Region, year: int, scheme: Scheme, document_number: str, document_date: date, by: User, at: datetime
) -> WeightDecision:
    """Record the decision of the РШ. Raises PermissionDenied, SchemeFrozen."""
    require(by, Permission.WEIGHTS_DECIDE, region)
    with transaction.atomic():
        decision = WeightDecision.objects.select_for_update().filter(region=region, year=year).first()
        # Publishing locks this row too, so the scheme cannot change between the calculation and the lock.
        if decision and decision.is_frozen:
            raise SchemeFrozen
        decision, _ = WeightDecision.objects.update_or_create(
            region=region,
            year=year,
            defaults={
                "scheme": scheme,
                "document_number": document_number,
                "document_date": document_date,
                "decided_by": by,
                "decided_at": at,
            },
        )
        return decision


Numbers = Mapping[Institution, int | None]


@transaction.atomic
def enter_clients(
    *,
    collection: Collection,
    numbers: Numbers,
    by: User,
    seen: Numbers | None = None,
    offered: Numbers | None = None,
    seen_offered: Numbers | None = None,
) -> None:
    """Enter how many people institutions served in a period (None removes a number), and to how many of them the
    questionnaire was offered.

    `seen`, `seen_offered`: the numbers the person had before their eyes. Raises PermissionDenied for an institution the
    person may not speak for in this ЖС, QuarterLocked, ChangedMeanwhile.
    """
    locked = Collection.objects.select_for_update().get(pk=collection.pk)
    if locked.state == Collection.State.PUBLISHED:
        raise QuarterLocked
    offered = offered or {}
    concerned = [*numbers, *(one for one in offered if one not in numbers)]
    permitted = Institution.objects.permitting(
        by, Permission.CLIENTS_ENTER, life_situation=collection.life_situation
    ).filter(region=collection.region)
    if permitted.filter(pk__in=[one.pk for one in concerned]).count() != len(concerned):
        raise PermissionDenied
    known = {
        institution: (number, told)
        for institution, number, told in ServedClients.objects.filter(
            institution__in=concerned, life_situation=collection.life_situation, period=collection.period
        ).values_list("institution", "number", "offered")
    }
    served_now = {one: known.get(one.pk, (None, None))[0] for one in concerned}
    offered_now = {one: known.get(one.pk, (None, None))[1] for one in concerned}
    changed = _changed(served_now, numbers, seen), _changed(offered_now, offered, seen_offered)
    if any(changed):
        raise ChangedMeanwhile(*changed)
    for institution in concerned:
        key: dict[str, Any] = {
            "institution": institution,
            "life_situation": collection.life_situation,
            "period": collection.period,
        }
        number = numbers.get(institution, served_now[institution])
        if number is None:
            ServedClients.objects.filter(**key).delete()
        else:
            told = offered.get(institution, offered_now[institution])
            ServedClients.objects.update_or_create(
                **key, defaults={"number": number, "offered": told, "entered_by": by}
            )


def _changed(now: Numbers, wanted: Numbers, seen: Numbers | None) -> dict[Institution, int | None]:
    """The numbers that are neither what the person saw nor what they want."""
    if seen is None:
        return {}
    return {one: number for one, number in now.items() if number not in (seen[one], wanted.get(one, seen[one]))}


def institutions_of(place: RegionLifeSituation, first: date, last: date) -> list[Institution]:
    return list(Institution.objects.filter(region=place.region_id).taking_part(place.life_situation_id, first, last))


def quarter_result(place: RegionLifeSituation, period: ReportingPeriod, *, from_answers: bool = False) -> QuarterResult:
    """The result as the answers stand now: from the rollup, or for the record from the raw answers."""
    institutions = institutions_of(place, period.opens_on, period.closes_on)
    count = counts_from_answers if from_answers else counts_for_period
    counts = count(
        life_situation_id=place.life_situation_id,
        institution_ids=[institution.pk for institution in institutions],
        first=period.opens_on,
        last=period.closes_on,
    )
    clients = dict(
        ServedClients.objects.filter(
            life_situation=place.life_situation_id, period=period, institution__in=institutions
        ).values_list("institution", "number")
    )
    decision = WeightDecision.objects.filter(region=place.region_id, year=period.year).first()
    return compute(
        region=place.region.code,
        life_situation=place.life_situation.code,
        period=period.code,
        scheme=Scheme(decision.scheme) if decision else None,
        decision=f"№ {decision.document_number} от {decision.document_date:%d.%m.%Y}" if decision else "",
        inputs=[
            InstitutionInput(
                id=institution.pk,
                name=institution.name,
                settlement=institution.settlement,
                clients=clients.get(institution.pk),
                counts=counts.get(institution.pk, NOTHING),
            )
            for institution in institutions
        ],
        thresholds=thresholds(),
        computed_at=timezone.now().isoformat(timespec="seconds"),
        answer_decisions=_answer_decisions(place, period, institutions),
    )


def _answer_decisions(
    place: RegionLifeSituation, period: ReportingPeriod, institutions: list[Institution]
) -> list[AnswerDecision]:
    """What two people decided about answers of the period, in the order of the decisions."""
    found = ExclusionCase.objects.approved().filter(
        institution_id__in=[one.pk for one in institutions],
        life_situation=place.life_situation_id,
        first_day__lte=period.closes_on,
        last_day__gte=period.opens_on,
    )
    # Mostly there are none, and asking only that is the cheaper question.
    if not found.exists():
        return []
    in_period = Q(responses__answered_on__range=(period.opens_on, period.closes_on))
    cases = list(
        found.select_related("institution", "proposed_by", "decided_by")
        .annotate(in_period=Count("responses", filter=in_period))
        .order_by("decided_at", "pk")
    )
    people = quality.Deciders(place.region, [person for one in cases for person in (one.proposed_by, one.decided_by)])
    return [
        AnswerDecision(
            id=case.pk,
            kind=case.kind,
            institution=case.institution.name,
            number=number,
            decided_on=place.region.local_date(case.decided_at).isoformat(),
            reason=case.reason,
            proposed_by=people.title(case.proposed_by, Permission.ANSWERS_EXCLUDE_PROPOSE, case.proposed_at),
            decided_by=people.title(case.decided_by, Permission.ANSWERS_EXCLUDE_DECIDE, case.decided_at),
        )
        for case in cases
        if (number := _number_in(case, period))
    ]


def _number_in(case: ExclusionCase, period: ReportingPeriod) -> int:
    """How many answers of the case lie in the period; of a case wholly in it, as many as were decided about."""
    if period.opens_on <= case.first_day and case.last_day <= period.closes_on:
        return case.number
    return int(case.in_period)  # type: ignore[attr-defined]


def result_of(collection: Collection) -> QuarterResult:
    """What the page and the command show: the published snapshot, or the answers as they stand now."""
    if collection.state == Collection.State.PUBLISHED:
        return calculated_result(collection)
    return quarter_result(collection.region_life_situation, collection.period)


def late_answers(collection: Collection, institution: Institution | None = None) -> int:
    """How many answers of a published quarter have come since it was published: they are in none of its values."""
    if collection.state != Collection.State.PUBLISHED:
        return 0
    known = {one.id: one.counts.received for one in calculated_result(collection).institutions}
    ids = [institution.pk] if institution else [*known]
    counts = counts_for_period(
        life_situation_id=collection.life_situation.pk,
        institution_ids=ids,
        first=collection.period.opens_on,
        last=collection.period.closes_on,
    )
    return sum(counts.get(one, NOTHING).received - known.get(one, 0) for one in ids)


def quarter_state(
    place: RegionLifeSituation, period: ReportingPeriod, collection: Collection | None, now: datetime
) -> tuple[str, str]:
    """The state of a quarter in one word or two, and the kind of chip it stands in (components/status.html)."""
    if collection is not None and collection.state == Collection.State.PUBLISHED:
        return "good", "Опубликовано"
    if collection is not None and collection.state == Collection.State.CALCULATED:
        return "progress", "Рассчитано"
    if place.since > period.closes_on:
        return "neutral", "ЖС ещё не взята"
    if place.region.local_date(now) < period.opens_on:
        return "neutral", "Ещё не начался"
    return ("neutral", "Идёт сбор") if now < period.closes_at(place.region) else ("warn", "Не сдано")


def calculated_result(collection: Collection) -> QuarterResult:
    """The result kept in the snapshot. Raises NotCalculated."""
    if collection.snapshot is None:
        raise NotCalculated
    return QuarterResult.from_document(collection.snapshot)


def has_changed_since(collection: Collection, now: QuarterResult) -> bool:
    """Whether answers, weights or clients have changed since the quarter was calculated."""
    return collection.state == Collection.State.CALCULATED and calculated_result(collection).checksum != now.checksum


def ask_to_calculate(*, collection: Collection, by: User) -> Job:
    """Start the calculation (or find the one under way). Raises PermissionDenied, QuarterLocked, NotBegun."""
    require(by, Permission.QUARTER_CALCULATE, collection.region_life_situation)
    if collection.state == Collection.State.PUBLISHED:
        raise QuarterLocked
    # A quarter that runs may be handed in: the report is due on its last day, not after it [000].
    if collection.region.local_date() < collection.period.opens_on:
        raise NotBegun
    return jobs.ask_for(CALCULATE, scope=collection.job_scope, parameters={"collection": collection.pk}, by=by)


@jobs.job_body(CALCULATE)
def calculate(run: jobs.Run) -> str:
    """Compute the quarter from the raw answers and keep it as the snapshot."""
    collection = Collection.objects.with_places().get(pk=run.job.parameters["collection"])
    run.progress(10, "Считаем ответы учреждений")
    result = quarter_result(collection.region_life_situation, collection.period, from_answers=True)
    if result.scheme is None:
        raise jobs.JobRefused("Сначала внесите решение РШ о весах учреждений на этот год.")
    if result.missing_weights:
        raise jobs.JobRefused(
            "Не указано, сколько человек обслужено за период: " + "; ".join(result.missing_weights) + "."
        )
    run.progress(80, "Записываем результат")
    with transaction.atomic():
        run.still_mine()
        changed = Collection.objects.filter(pk=collection.pk).exclude(state=Collection.State.PUBLISHED)
        if not changed.update(
            snapshot=result.document(), state=Collection.State.CALCULATED, calculated_at=timezone.now()
        ):
            raise jobs.JobRefused("Квартал уже опубликован, пересчитать его нельзя.")
    return f"Рассчитано: ответов {result.received}, учтено {result.eligible}"


def publish(*, collection: Collection, by: User, at: datetime, seen: str | None = None) -> Collection:
    """Publish the calculated result and lock it for good; the reports are made by a job.

    `seen`: checksum of the result the person had before their eyes. Raises PermissionDenied, QuarterLocked,
    NotCalculated, OutOfDate.
    """
    require(by, Permission.QUARTER_PUBLISH, collection.region_life_situation)
    with transaction.atomic():
        locked = Collection.objects.select_for_update().get(pk=collection.pk)
        if locked.state == Collection.State.PUBLISHED:
            raise QuarterLocked
        if locked.state != Collection.State.CALCULATED:
            raise NotCalculated
        list(WeightDecision.objects.select_for_update().filter(region=collection.region, year=collection.period.year))
        # First: an answer that comes meanwhile is in `now` or has a greater number.
        newest = Response.objects.aggregate(newest=Max("pk"))["newest"] or 0
        now = quarter_result(collection.region_life_situation, collection.period)
        # Nobody publishes numbers other than those the page showed.
        if has_changed_since(locked, now) or seen not in (None, now.checksum):
            raise OutOfDate
        locked.state, locked.published_at, locked.published_by = Collection.State.PUBLISHED, at, by
        # What comes later is in none of the published values, and nobody may see it beside them.
        locked.snapshot = {**(locked.snapshot or {}), "answers_until": newest}
        locked.save(update_fields=["state", "published_at", "published_by", "snapshot"])
        transaction.on_commit(partial(ask_for_reports, locked, by))
    return locked


def ask_for_reports(collection: Collection, by: User | None) -> Job:
    return jobs.ask_for(MAKE_REPORTS, scope=collection.job_scope, parameters={"collection": collection.pk}, by=by)


@jobs.job_body(MAKE_REPORTS)
def make_reports(run: jobs.Run) -> str:
    """Make the XLSX and the PDF of a published collection; made again, they take the place of the old files."""
    from monitoring.quarters.reports import make_pdf, make_xlsx

    collection = Collection.objects.with_places().get(pk=run.job.parameters["collection"])
    if collection.state != Collection.State.PUBLISHED:
        raise jobs.JobRefused("Отчёт делается только из опубликованного квартала.")
    for percent, label, file_format, make in (
        (10, "Готовим XLSX", Report.Format.XLSX, make_xlsx),
        (50, "Готовим PDF", Report.Format.PDF, make_pdf),
    ):
        run.progress(percent, label)
        store_report(run, collection, file_format, make(collection))
    return "Отчёты готовы: XLSX и PDF"


def store_report(run: jobs.Run, collection: Collection, file_format: str, content: bytes) -> Report:
    with transaction.atomic():
        run.still_mine()
        report = Report.objects.filter(collection=collection, format=file_format).first() or Report(
            collection=collection, format=file_format
        )
        old = report.file.name
        report.size, report.sha256, report.made_at = len(content), hashlib.sha256(content).hexdigest(), timezone.now()
        report.file.save(report.download_name, ContentFile(content), save=False)
        report.save()
        if old and old != report.file.name:
            transaction.on_commit(partial(report.file.storage.delete, old))
    return report
