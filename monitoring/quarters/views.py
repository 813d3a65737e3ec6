"""Pages of the monitoring: find what the person may see, call one thing, answer."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from jobs.models import Job
from monitoring import cabinet as cabinets
from monitoring.charts import interval_charts
from monitoring.models import Collection, Report, ReportingPeriod, ServedClients, WeightDecision
from monitoring.quarters import services
from monitoring.quarters.forms import ClientsForm, PeriodForm, WeightDecisionForm
from monitoring.quarters.kpi import Scheme
from monitoring.quarters.lists import ReportFilter, ReportTable
from monitoring.quarters.results import QuarterResult
from monitoring.quarters.rows import institution_indicator_rows, institution_rows, passport_rows, region_rows
from monitoring.quarters.weeks import WholeWeeks
from monitoring.survey_results import reading as survey_results
from monitoring.survey_results.reading import Asking
from regions.lists import list_response
from regions.models import Institution, LifeSituation, Region, RegionLifeSituation
from regions.pages import institution_or_404
from regions.permissions import Permission, held_in, may, require

SHOWN_PERIODS = 8
SHOWN_INSTITUTIONS = 12


@require_safe
def cabinet(request: SignedInRequest) -> HttpResponse:
    desk = cabinets.Desk(request.user, timezone.now())
    institutions = desk.institutions_for_which(Permission.INSTITUTION_VIEW)
    return render(
        request,
        "monitoring/cabinet.html",
        {
            "has_role": bool(desk.memberships),
            "requests": desk.requests(),
            "tasks": desk.tasks(),
            "regions": desk.regions[:SHOWN_INSTITUTIONS],
            "places": desk.places(limit=30),
            "institutions": institutions.select_related("region")[:SHOWN_INSTITUTIONS],
            "institutions_count": institutions.count(),
            "materials": desk.materials()[:6],
            "reports": Report.objects.permitting(request.user).with_places()[:6],
        },
    )


@require_safe
def region_list(request: SignedInRequest) -> HttpResponse:
    places = RegionLifeSituation.objects.permitting(request.user, Permission.RESULTS_VIEW)
    regions = list(Region.objects.filter(pk__in=places.values("region")))
    if len(regions) == 1:
        return redirect("region", regions[0].code)
    newest = (
        Collection.objects.published()
        .filter(region_life_situation__region=OuterRef("region_life_situation__region"))
        .order_by("-period__opens_on", "-pk")
    )
    published = Collection.objects.filter(pk=Subquery(newest.values("pk")[:1]), region_life_situation__in=places)
    latest = {one.region.pk: one for one in published.with_places().without_snapshot()}
    taken: dict[int, int] = {}
    for region_id in places.values_list("region", flat=True):
        taken[region_id] = taken.get(region_id, 0) + 1
    lines = [(region, taken[region.pk], latest.get(region.pk)) for region in regions]
    return render(request, "monitoring/region_list.html", {"lines": lines})


@require_safe
def region(request: SignedInRequest, code: str) -> HttpResponse:
    """The region's ЖС by quarters, and how its institutions are weighted."""
    visible = RegionLifeSituation.objects.permitting(request.user, Permission.RESULTS_VIEW)
    places = list(visible.filter(region__code=code).select_related("region", "life_situation"))
    if not places:
        raise Http404
    place = places[0].region
    today = place.local_date()
    periods = list(ReportingPeriod.objects.begun(today)[:4])
    collections = Collection.objects.filter(region_life_situation__in=places, period__in=periods).without_snapshot()
    held = held_in(request.user, place)
    if Permission.REGION_VIEW not in held:
        collections = collections.published()
    by_cell = {(one.region_life_situation_id, one.period_id): one for one in collections}
    decisions = {one.year: one for one in WeightDecision.objects.filter(region=place)}
    return render(
        request,
        "monitoring/region.html",
        {
            "region": place,
            "periods": periods,
            "lines": [(one, [(period, by_cell.get((one.pk, period.pk))) for period in periods]) for one in places],
            "decisions": [(year, decisions.get(year)) for year in sorted({one.year for one in periods}, reverse=True)],
            "may_decide": Permission.WEIGHTS_DECIDE in held,
            "sees_live": Permission.REGION_VIEW in held,
        },
    )


@require_safe
def choose(request: SignedInRequest) -> HttpResponse:
    """Where the choice of region, ЖС and period on top leads."""
    visible = RegionLifeSituation.objects.permitting(request.user, Permission.RESULTS_VIEW)
    in_region = visible.filter(region__code=request.GET.get("region", "")).select_related("region", "life_situation")
    # Another region may not have taken this ЖС: then its first one.
    place = in_region.filter(life_situation__code=request.GET.get("life_situation", "")).first() or in_region.first()
    period = ReportingPeriod.objects.filter(code=request.GET.get("period", "")).first()
    if place is None or period is None:
        raise Http404
    return redirect(cabinets.collection_url(place, period))


def _place(request: SignedInRequest, code: str, life_situation: str) -> RegionLifeSituation:
    visible = RegionLifeSituation.objects.permitting(request.user, Permission.RESULTS_VIEW)
    return get_object_or_404(
        visible.select_related("region", "life_situation"), region__code=code, life_situation__code=life_situation
    )


def _collection(request: SignedInRequest, code: str, life_situation: str, period: str) -> Collection:
    """The collection of the address, not yet stored when nobody has worked on it.

    Who sees published results only gets 404 for any other.
    """
    place = _place(request, code, life_situation)
    reporting_period = get_object_or_404(ReportingPeriod, code=period)
    collection = services.find_collection(place, reporting_period)
    if collection.state != Collection.State.PUBLISHED and not may(request.user, Permission.REGION_VIEW, place):
        raise Http404
    return collection


@require_safe
def collection(request: SignedInRequest, code: str, life_situation: str, period: str) -> HttpResponse:
    """The quarter of a region's ЖС: the region's КПЭ, its institutions, and what to do next."""
    collection = _collection(request, code, life_situation, period)
    place = collection.region_life_situation
    result = services.result_of(collection)
    held = held_in(request.user, place)
    context = {
        "collection": collection,
        "place": place,
        "period": collection.period,
        "result": result,
        **_rows(result, place.region),
        "steps": _steps(collection, result),
        "late_answers": services.late_answers(collection),
        "passport_url": cabinets.collection_url(place, collection.period, "passport"),
        "is_over": timezone.now() >= collection.period.closes_at(place.region),
        "has_begun": place.region.local_date() >= collection.period.opens_on,
        "changed_since": services.has_changed_since(collection, result),
        "decision": WeightDecision.objects.filter(region=place.region, year=collection.period.year).first(),
        "may_calculate": Permission.QUARTER_CALCULATE in held,
        "may_publish": Permission.QUARTER_PUBLISH in held,
        "may_decide": may(request.user, Permission.WEIGHTS_DECIDE, place.region),
        "may_enter_clients": _institutions_to_enter(request, collection) != [],
        "sees_institutions": Permission.REGION_VIEW in held,
        "reports": Report.objects.filter(collection=collection) if collection.pk else [],
        "formats": len(Report.Format),
        **_jobs(collection),
    }
    return render(request, "monitoring/collection.html", context)


def _rows(result: QuarterResult, region: Region) -> dict[str, Any]:
    indicators, institutions = region_rows(result), institution_rows(result)
    main = [row for row in indicators if row.is_main]
    return {
        "main_rows": main,
        "additional_rows": [row for row in indicators if not row.is_main],
        "institution_rows": institutions,
        "charts": [
            (row.measure, interval_charts(row, institutions, region.name))
            for row in main
            if any(not one.shown[row.measure.code].is_hidden for one in institutions)
        ],
    }


def _steps(collection: Collection, result: QuarterResult) -> list[dict[str, str]]:
    """The way of a quarter: collect, weigh, calculate, publish."""
    weighed = result.scheme is not None and not result.missing_weights
    position = {
        Collection.State.COLLECTING: 2 if weighed else 1,
        Collection.State.CALCULATED: 3,
        Collection.State.PUBLISHED: 4,
    }[Collection.State(collection.state)]
    region, period = collection.region, collection.period
    if collection.state == Collection.State.COLLECTING and timezone.now() < period.closes_at(region):
        # Still to be collected, or not yet begun.
        position = 0 if region.local_date() >= period.opens_on else -1
    titles = (
        ("Собрать ответы", f"учтено {result.eligible} из {result.received}"),
        ("Определить веса", "решение РШ, число обслуженных"),
        ("Рассчитать", "значения учреждений и региона"),
        ("Опубликовать", "числа закрепляются, готовятся отчёты"),
    )
    return [
        {
            "title": title,
            "text": text,
            "state": "done" if index < position else "current" if index == position else "next",
        }
        for index, (title, text) in enumerate(titles)
    ]


def _jobs(collection: Collection) -> dict[str, Any]:
    """The newest calculation and report job of a collection, for the page and for its fragment."""
    place, period = collection.region_life_situation, collection.period
    if collection.pk is None:
        return {"calculation": None, "report_job": None, "progress_url": ""}
    return {
        "calculation": Job.objects.latest_for(services.CALCULATE, collection.job_scope),
        "report_job": Job.objects.latest_for(services.MAKE_REPORTS, collection.job_scope),
        "progress_url": cabinets.collection_url(place, period, "collection-progress"),
    }


@require_safe
def collection_progress(request: SignedInRequest, code: str, life_situation: str, period: str) -> HttpResponse:
    """How far the jobs of a quarter are; when they end, the page shows itself anew."""
    collection = _collection(request, code, life_situation, period)
    context = {"collection": collection, **_jobs(collection)}
    response = render(request, "monitoring/_jobs.html", context)
    jobs = [job for job in (context["calculation"], context["report_job"]) if job]
    if request.htmx and jobs and not any(job.is_active for job in jobs):
        # The numbers on the page are those from before.
        response.headers["HX-Refresh"] = "true"
    return response


@require_POST
def collection_calculate(request: SignedInRequest, code: str, life_situation: str, period: str) -> HttpResponseRedirect:
    collection = _collection(request, code, life_situation, period)
    require(request.user, Permission.QUARTER_CALCULATE, collection.region_life_situation)
    collection = services.collection_for(collection.region_life_situation, collection.period)
    try:
        services.ask_to_calculate(collection=collection, by=request.user)
    except services.QuarterLocked:
        messages.error(request, "Квартал уже опубликован, пересчитать его нельзя.")
    except services.NotBegun:
        messages.error(request, "Этот квартал ещё не начался.")
    return redirect(cabinets.collection_url(collection.region_life_situation, collection.period))


@require_POST
def collection_publish(request: SignedInRequest, code: str, life_situation: str, period: str) -> HttpResponseRedirect:
    collection = _collection(request, code, life_situation, period)
    require(request.user, Permission.QUARTER_PUBLISH, collection.region_life_situation)
    try:
        if collection.pk is None:
            raise services.NotCalculated
        services.publish(collection=collection, by=request.user, at=timezone.now(), seen=request.POST.get("checksum"))
    except services.QuarterLocked:
        messages.error(request, "Квартал уже опубликован.")
    except services.NotCalculated:
        messages.error(request, "Сначала рассчитайте квартал.")
    except services.OutOfDate:
        messages.error(request, "Числа изменились. Посмотрите на новые и, если нужно, рассчитайте квартал ещё раз.")
    else:
        messages.success(request, "Квартал опубликован и больше не изменится. Отчёты готовятся.")
    return redirect(cabinets.collection_url(collection.region_life_situation, collection.period))


@require_POST
def collection_reports(request: SignedInRequest, code: str, life_situation: str, period: str) -> HttpResponseRedirect:
    """Make the reports of a published quarter once more, after a failure."""
    collection = _collection(request, code, life_situation, period)
    require(request.user, Permission.QUARTER_PUBLISH, collection.region_life_situation)
    if collection.state == Collection.State.PUBLISHED:
        services.ask_for_reports(collection, request.user)
    else:
        messages.error(request, "Отчёты делаются из опубликованного квартала.")
    return redirect(cabinets.collection_url(collection.region_life_situation, collection.period))


@require_safe
def passport(request: SignedInRequest, code: str, life_situation: str, period: str) -> HttpResponse:
    """Where the numbers come from: counts, weights, what was left out and why, checksum."""
    collection = _collection(request, code, life_situation, period)
    result = services.result_of(collection)
    return render(
        request,
        "monitoring/passport.html",
        {
            "collection": collection,
            "place": collection.region_life_situation,
            "period": collection.period,
            "passport_rows": passport_rows(result, zone=collection.region.zone, published_at=collection.published_at),
            # Counts behind a hidden value would give it away; the institution sees them on its own page.
            "count_rows": [(one, any(map(one.is_hidden, one.values))) for one in result.institutions],
        },
    )


def _institutions_to_enter(request: SignedInRequest, collection: Collection) -> list[Institution]:
    period, place = collection.period, collection.region_life_situation
    return list(
        Institution.objects.permitting(request.user, Permission.CLIENTS_ENTER, life_situation=place.life_situation)
        .filter(region=place.region)
        .taking_part(place.life_situation_id, period.opens_on, period.closes_on)
        .order_by("name")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def clients(request: SignedInRequest, code: str, life_situation: str, period: str) -> HttpResponse:
    """Entering how many people the institutions served: for the whole region, or for one's own institution."""
    place = get_object_or_404(
        RegionLifeSituation.objects.select_related("region", "life_situation"),
        region__code=code,
        life_situation__code=life_situation,
    )
    reporting_period = get_object_or_404(ReportingPeriod, code=period)
    collection = services.find_collection(place, reporting_period)
    institutions = _institutions_to_enter(request, collection)
    if not institutions:
        if may(request.user, Permission.REGION_VIEW, place):
            raise PermissionDenied
        raise Http404
    known = list(
        ServedClients.objects.filter(
            life_situation=place.life_situation, period=reporting_period, institution__in=institutions
        )
    )
    form = ClientsForm(
        request.POST if request.method == "POST" else None,
        institutions=institutions,
        numbers={one.institution_id: one.number for one in known},
        offered={one.institution_id: one.offered for one in known},
    )
    if form.is_valid():
        try:
            services.enter_clients(
                collection=services.collection_for(place, reporting_period),
                numbers=form.numbers(),
                seen=form.seen(),
                offered=form.offered(),
                seen_offered=form.seen_offered(),
                by=request.user,
            )
        except services.QuarterLocked:
            form.add_error(None, "Квартал уже опубликован, изменить числа нельзя")
        except services.ChangedMeanwhile as changed:
            form.refuse(changed.numbers, changed.offered)
        else:
            messages.success(request, "Числа сохранены.")
            if may(request.user, Permission.REGION_VIEW, place):
                return redirect(cabinets.collection_url(place, reporting_period))
            return redirect("institution", institutions[0].pk)
    return render(
        request,
        "monitoring/clients.html",
        {
            "place": place,
            "period": reporting_period,
            "collection": collection,
            "form": form,
            "sees_region": may(request.user, Permission.REGION_VIEW, place),
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def weights(request: SignedInRequest, code: str, year: int) -> HttpResponse:
    """Recording the decision of the РШ on the weights of a year."""
    visible = Region.objects.permitting(request.user, Permission.REGION_VIEW)
    region = get_object_or_404(visible, code=code)
    require(request.user, Permission.WEIGHTS_DECIDE, region)
    if not ReportingPeriod.objects.filter(year=year).exists():
        raise Http404
    decision = WeightDecision.objects.filter(region=region, year=year).first()
    # The form writes into a copy: what is in force stays on the page when the input is wrong.
    form = WeightDecisionForm(
        request.POST if request.method == "POST" else None,
        instance=WeightDecision.objects.filter(region=region, year=year).first(),
        today=region.local_date(),
    )
    if form.is_valid():
        try:
            services.decide_weights(
                region=region,
                year=year,
                scheme=Scheme(form.cleaned_data["scheme"]),
                document_number=form.cleaned_data["document_number"],
                document_date=form.cleaned_data["document_date"],
                by=request.user,
                at=timezone.now(),
            )
        except services.SchemeFrozen:
            form.add_error(None, "Квартал этого года уже опубликован, изменить веса нельзя")
        else:
            messages.success(request, "Решение внесено.")
            return redirect("region", region.code)
    return render(
        request,
        "monitoring/weights.html",
        {"region": region, "year": year, "decision": decision, "form": form},
        status=422 if form.is_bound else 200,
    )


@require_safe
def institution(request: SignedInRequest, pk: int) -> HttpResponse:
    """The institution's own КПЭ for a reporting period or for any dates."""
    institution = institution_or_404(request, pk)
    situations = list(LifeSituation.objects.of_institution(institution))
    periods = list(ReportingPeriod.objects.begun(institution.region.local_date())[:SHOWN_PERIODS])
    is_own = may(request.user, Permission.OWN_COUNTS_VIEW, institution)
    weeks = None if is_own else WholeWeeks(institution.region.local_date())
    form = PeriodForm(request.GET.dict(), situations=situations, periods=periods, weeks=weeks)
    context: dict[str, Any] = {
        "institution": institution,
        "form": form,
        "may_manage": may(request.user, Permission.LINK_MANAGE, institution),
        "tab": "kpi",
        "is_own": is_own,
        "within_days": settings.ELIGIBLE_WITHIN_DAYS,
    }
    if form.is_valid() and situations:
        situation, first, last = (form.cleaned_data[name] for name in ("life_situation", "first", "last"))
        asking = Asking(institution.region, situation, first, last, institution, sees_all=is_own)
        context |= _institution_numbers(asking)
        context["sees_counts"] = is_own or all(not row.shown.is_hidden for row in context["main_rows"])
        period = form.cleaned_data["period"]
        published = Collection.objects.published().concerning(institution, situation).filter(period=period)
        handed_in = published.with_places().first() if period else None
        context["late_answers"] = services.late_answers(handed_in, institution) if handed_in else 0
        context |= {"situation": situation, "first": first, "last": last, "period": form.cleaned_data["period"]}
    return render(request, "monitoring/institution.html", context, status=200 if form.is_valid() else 422)


def _institution_numbers(asking: Asking) -> dict[str, Any]:
    counts, hidden = survey_results.kpi_of(asking, services.thresholds())
    rows = institution_indicator_rows(counts, services.thresholds(), hidden)
    return {
        "counts": counts,
        "main_rows": [row for row in rows if row.is_main],
        "additional_rows": [row for row in rows if not row.is_main],
    }


@require_safe
def report_list(request: SignedInRequest) -> HttpResponse:
    if not RegionLifeSituation.objects.permitting(request.user, Permission.RESULTS_VIEW).exists():
        raise PermissionDenied
    found = ReportFilter(request.GET, Report.objects.permitting(request.user), request=request)
    reports = found.qs.with_places().order_by(
        "-collection__period__opens_on",
        "collection__region_life_situation__region__name",
        "collection__region_life_situation__life_situation",
        "-format",
    )
    return list_response(
        request, ReportTable(reports), "monitoring/report_list.html", {"filter": found}, file_name="reports"
    )


@require_safe
def report_download(request: SignedInRequest, pk: int) -> FileResponse:
    report = get_object_or_404(Report.objects.permitting(request.user).with_places(), pk=pk)
    try:
        file = report.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(file, as_attachment=True, filename=report.download_name)
    response.headers["Cache-Control"] = "private, no-store"
    return response
