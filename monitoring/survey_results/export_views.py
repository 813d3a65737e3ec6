"""The export of an institution's answers: asked for, followed, downloaded by whoever asked."""

from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from jobs.models import Job
from monitoring.models import ReportingPeriod
from monitoring.quarters.forms import PeriodForm
from monitoring.survey_results import export as answers_export
from regions.models import Institution, LifeSituation
from regions.pages import institution_or_404
from regions.permissions import Permission, require

SHOWN_PERIODS = 12


def _institution(request: SignedInRequest, pk: int) -> Institution:
    institution = institution_or_404(request, pk)
    require(request.user, Permission.COMMENTS_VIEW, institution)
    # Single answers: for the institution's own people.
    require(request.user, Permission.OWN_COUNTS_VIEW, institution)
    return institution


def _job(request: SignedInRequest, institution: Institution) -> dict[str, Any]:
    job = Job.objects.latest_for(answers_export.EXPORT_ANSWERS, answers_export.scope_of(institution, request.user))
    return {"institution": institution, "job": job, "is_ready": bool(answers_export.file_of(job))}


@require_http_methods(["GET", "HEAD", "POST"])
def institution_answers(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = _institution(request, pk)
    situations = list(LifeSituation.objects.of_institution(institution))
    periods = list(ReportingPeriod.objects.begun(institution.region.local_date())[:SHOWN_PERIODS])
    data = (request.POST if request.method == "POST" else request.GET).dict()
    form = PeriodForm(data, situations=situations, periods=periods)
    if request.method == "POST" and form.is_valid() and situations:
        cleaned = form.cleaned_data
        answers_export.ask_for_answers(
            institution=institution,
            situation=cleaned["life_situation"],
            first=cleaned["first"],
            last=cleaned["last"],
            by=request.user,
        )
        return redirect("institution-answers", institution.pk)
    context = {**_job(request, institution), "form": form, "tab": "results", "has_place": bool(situations)}
    status = 422 if request.method == "POST" or form.errors else 200
    return render(request, "monitoring/answers_export.html", context, status=status)


@require_safe
def institution_answers_progress(request: SignedInRequest, pk: int) -> HttpResponse:
    context = _job(request, _institution(request, pk))
    response = render(request, "monitoring/_answers_export_job.html", context)
    if request.htmx and context["job"] and not context["job"].is_active:
        response.headers["HX-Refresh"] = "true"
    return response


@require_safe
def institution_answers_file(request: SignedInRequest, pk: int) -> FileResponse:
    institution = _institution(request, pk)
    job = _job(request, institution)["job"]
    name = answers_export.file_of(job)
    if not name:
        raise Http404
    asked = job.parameters
    file_name = f"answers-{institution.pk}-{asked['first']}-{asked['last']}.xlsx"
    response = FileResponse(default_storage.open(name), as_attachment=True, filename=file_name)
    response.headers["Cache-Control"] = "private, no-store"
    return response
