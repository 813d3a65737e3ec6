"""Pages of survey results: of an institution, and of a region's ЖС; the same as files."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from monitoring.distribution_charts import DrawnBar, bar_chart
from monitoring.models import ReportingPeriod
from monitoring.quarters.services import thresholds
from monitoring.quarters.weeks import WholeWeeks
from monitoring.survey_results import reading as survey_results
from monitoring.survey_results.comments import comments_of
from monitoring.survey_results.forms import ResultsForm
from monitoring.survey_results.reading import Asking, Comparison, QuestionResult, Results
from monitoring.survey_results.words import bar_words, share_words
from regions.models import Institution, LifeSituation, Region, RegionLifeSituation
from regions.pages import institution_or_404, region_tabs
from regions.permissions import Permission, may
from surveys.counting.distributions import Questionnaires

SHOWN_PERIODS = 12


@dataclass(frozen=True)
class Page:
    """What both pages have in common: whose results, and what the address asks for."""

    region: Region
    institution: Institution | None
    form: ResultsForm
    asking: Asking | None  # None: the form is wrong, or there is no ЖС
    compared: tuple[date, date] | None

    @property
    def file_name(self) -> str:
        assert self.asking
        whose = f"{self.institution.pk}" if self.institution else self.region.code
        return f"results-{whose}-{self.asking.life_situation.code}-{self.asking.first}-{self.asking.last}"


def of_institution(request: SignedInRequest, pk: int, asks: type[ResultsForm] = ResultsForm) -> Page:
    """`asks`: how what is wanted stands in the address."""
    institution = institution_or_404(request, pk)
    situations = list(LifeSituation.objects.of_institution(institution))
    chosen = next((one for one in situations if one.code == request.GET.get("life_situation")), None)
    situation = chosen or (situations[0] if situations else None)
    sees_all = may(request.user, Permission.OWN_COUNTS_VIEW, institution)
    form = _form(request, asks, institution.region, situation, situations=situations, sees_all=sees_all)
    if not form.is_valid() or situation is None:
        return Page(institution.region, institution, form, None, None)
    return _page(institution.region, institution, situation, form, sees_all=sees_all)


def of_region(request: SignedInRequest, code: str, life_situation: str, asks: type[ResultsForm] = ResultsForm) -> Page:
    """`asks` as in `of_institution`."""
    visible = RegionLifeSituation.objects.permitting(request.user, Permission.REGION_VIEW)
    place = get_object_or_404(
        visible.select_related("region", "life_situation"), region__code=code, life_situation__code=life_situation
    )
    institutions = Institution.objects.filter(
        region=place.region, participations__life_situation=place.life_situation
    ).distinct()
    form = _form(request, asks, place.region, place.life_situation, institutions=list(institutions))
    if not form.is_valid():
        return Page(place.region, None, form, None, None)
    return _page(place.region, form.cleaned_data["institution"], place.life_situation, form, sees_all=False)


def _form(
    request: SignedInRequest,
    asks: type[ResultsForm],
    region: Region,
    situation: LifeSituation | None,
    *,
    situations: list[LifeSituation] | None = None,
    institutions: list[Institution] | None = None,
    sees_all: bool = False,
) -> ResultsForm:
    today = region.local_date()
    return asks(
        request.GET.dict(),
        today=today,
        periods=list(ReportingPeriod.objects.begun(today)[:SHOWN_PERIODS]),
        versions=survey_results.versions_of(region, situation) if situation else [],
        situations=situations,
        institutions=institutions,
        weeks=None if sees_all else WholeWeeks(today),
    )


def _page(
    region: Region, institution: Institution | None, situation: LifeSituation, form: ResultsForm, *, sees_all: bool
) -> Page:
    cleaned = form.cleaned_data
    asking = Asking(
        region=region,
        life_situation=situation,
        first=cleaned["first"],
        last=cleaned["last"],
        institution=institution,
        channel=cleaned["channel"],
        version=cleaned["version"],
        sees_all=sees_all,
    )
    return Page(region, institution, form, asking, form.compared())


def results_of_page(page: Page) -> tuple[Results, Comparison | None]:
    assert page.asking
    questionnaires = Questionnaires(survey_results.sources_of(page.region, page.asking.life_situation))
    results = survey_results.results_of(page.asking, questionnaires, thresholds())
    if page.compared is None:
        return results, None
    earlier = survey_results.results_of(page.asking.moved_to(*page.compared), questionnaires, thresholds())
    return results, survey_results.compare(earlier, results, thresholds())


@require_safe
def institution_results(request: SignedInRequest, pk: int) -> HttpResponse:
    page = of_institution(request, pk)
    assert page.institution
    context = {
        "institution": page.institution,
        "tab": "results",
        "file_url": "institution-results-file",
        "sees_all": may(request.user, Permission.OWN_COUNTS_VIEW, page.institution),
    }
    return _answer(request, page, "monitoring/survey_results_institution.html", [pk], context)


@require_safe
def region_results(request: SignedInRequest, code: str, life_situation: str) -> HttpResponse:
    page = of_region(request, code, life_situation)
    context = {
        "region": page.region,
        "situation": get_object_or_404(LifeSituation, code=life_situation),
        "tabs": region_tabs(request.user, page.region, "monitoring"),
        "file_url": "region-results-file",
    }
    return _answer(request, page, "monitoring/survey_results_region.html", [code, life_situation], context)


def _answer(
    request: SignedInRequest, page: Page, template: str, arguments: list[object], context: dict[str, Any]
) -> HttpResponse:
    context |= {"form": page.form, "quick": _quick(request, page.form), "thresholds": thresholds()}
    if page.asking:
        results, comparison = results_of_page(page)
        context |= {
            "asking": page.asking,
            "results": results,
            "comparison": comparison,
            "questions": [(one, _chart(one)) for one in results.questions if not one.asked.is_written],
            "written": [one for one in results.questions if one.asked.is_written],
            "comments": comments_of(request.user, page.asking),
            "files": [
                (kind.upper(), f"{reverse(context['file_url'], args=[*arguments, kind])}?{request.GET.urlencode()}")
                for kind in ("xlsx", "pdf")
            ],
        }
    return render(request, template, context, status=422 if page.form.errors else 200)


def _quick(request: SignedInRequest, form: ResultsForm) -> list[dict[str, Any]]:
    """The usual periods as links that keep everything else that is chosen."""
    codes = list(form.periods)
    named = [("Этот квартал", codes[0])] if codes else []
    named += [("Прошлый квартал", codes[1])] if len(codes) > 1 else []
    named += [(title, code) for code, title in form.spans]
    kept = {key: value for key, value in request.GET.items() if key not in ("period", "first", "last") and value}
    current = form.data.get("period")
    return [
        {"title": title, "url": f"?{urlencode({**kept, 'period': code})}", "active": code == current}
        for title, code in named
    ]


def _chart(one: QuestionResult) -> Any:
    """The picture of a question; empty for one that has none."""
    found = one.distribution
    if found is None or not found.n:
        return ""
    if found.numbers:
        bars = [
            DrawnBar(bar_words(bar), 100 * bar.count / found.n, share_words(bar.count, found.n))
            for bar in found.numbers.bars
        ]
    else:
        bars = [
            DrawnBar(
                share.title,
                share.share.value or 0,
                share_words(share.count, found.n),
                share.share.low,
                share.share.high,
            )
            for share in found.shares
        ]
    return bar_chart(one.asked.text, bars) if bars else ""


@require_safe
def institution_results_file(request: SignedInRequest, pk: int, kind: str) -> HttpResponse:
    return _file(request, of_institution(request, pk), kind)


@require_safe
def region_results_file(request: SignedInRequest, code: str, life_situation: str, kind: str) -> HttpResponse:
    return _file(request, of_region(request, code, life_situation), kind)


def _file(request: SignedInRequest, page: Page, kind: str) -> HttpResponse:
    if page.asking is None:
        raise Http404
    # Imported late: WeasyPrint brings Pango with it.
    from monitoring.survey_results import files

    results, comparison = results_of_page(page)
    report = files.Report(
        asking=page.asking,
        results=results,
        comparison=comparison,
        comments=comments_of(request.user, page.asking),
        made_at=timezone.now(),
    )
    if kind == "xlsx":
        content, media_type = files.render_xlsx(report), files.XLSX
    else:
        charts = {one.asked.key: _chart(one) for one in results.questions if not one.asked.is_written}
        content, media_type = files.render_pdf(report, charts), "application/pdf"
    response = HttpResponse(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{page.file_name}.{kind}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
