"""Loading a file of a region: first what it would do, then doing it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Protocol

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.http import SignedInRequest
from accounts.models import User
from regions import dry_runs
from regions.cells import ImportRefused, Problem
from regions.forms.institutions import FileForm
from regions.lists import XLSX_TYPE
from regions.models import Region
from regions.sheets import ChangedMeanwhile, ImportPlan
from regions.spreadsheets import SheetRows

SHOWN_PROBLEMS = 200


class Importer(Protocol):
    """A module that reads, plans and loads the sheets of one kind."""

    def read_sheet(self, content: bytes | IO[bytes]) -> SheetRows: ...

    def make_plan(self, sheet: SheetRows, *, region: Region, by: User, at: datetime) -> ImportPlan: ...

    def load(self, sheet: SheetRows, *, region: Region, seen: str, by: User, at: datetime) -> ImportPlan: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What differs between the imports: `url` and `list_url` are names, `templates` the folder of import*.html."""

    kind: str
    importer: Importer
    templates: str
    url: str
    list_url: str
    gone: str
    # What a loaded plan has changed, in words.
    done: Callable[[Any], str]


def import_response(
    request: SignedInRequest, region: Region, what: Import, *, crumbs: list[dict[str, str]]
) -> HttpResponse:
    """The file is sent, its plan is shown and confirmed; whether the person may has been asked before."""
    if "load" in request.POST:
        return _load(request, region, what, crumbs)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if not form.is_valid():
        return _upload_page(request, region, what, crumbs, form)
    try:
        sheet = what.importer.read_sheet(form.cleaned_data["file"])
        plan = what.importer.make_plan(sheet, region=region, by=request.user, at=timezone.now())
    except ImportRefused as refused:
        return _upload_page(request, region, what, crumbs, form, refused.problems)
    word = dry_runs.keep(what.kind, sheet, region=region, by=request.user)
    return _plan_page(request, region, what, crumbs, plan, word)


def template_response(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


def _load(request: SignedInRequest, region: Region, what: Import, crumbs: list[dict[str, str]]) -> HttpResponse:
    word = request.POST["load"]
    sheet: SheetRows | None = dry_runs.recall(what.kind, word, region=region, by=request.user)
    if sheet is None:
        messages.error(request, what.gone)
        return redirect(what.url, region.code)
    seen = request.POST.get("digest", "")
    try:
        plan = what.importer.load(sheet, region=region, seen=seen, by=request.user, at=timezone.now())
    except ChangedMeanwhile as changed:
        return _plan_page(request, region, what, crumbs, changed.plan, word, changed_meanwhile=True)
    except ImportRefused as refused:
        return _upload_page(request, region, what, crumbs, FileForm(), refused.problems)
    dry_runs.forget(what.kind, word, region=region, by=request.user)
    messages.success(request, f"Загружено. {what.done(plan)}")
    return redirect(what.list_url, region.code)


def _upload_page(
    request: SignedInRequest,
    region: Region,
    what: Import,
    crumbs: list[dict[str, str]],
    form: FileForm,
    problems: list[Problem] | None = None,
) -> HttpResponse:
    problems = problems or []
    return render(
        request,
        f"{what.templates}/import.html",
        {
            "region": region,
            "form": form,
            "problems": problems[:SHOWN_PROBLEMS],
            "more_problems": max(len(problems) - SHOWN_PROBLEMS, 0),
            "template_url": reverse(f"{what.url}-template", args=[region.code]),
            "list_url": reverse(what.list_url, args=[region.code]),
            "crumbs": crumbs,
        },
        status=422 if form.is_bound or problems else 200,
    )


def _plan_page(
    request: SignedInRequest,
    region: Region,
    what: Import,
    crumbs: list[dict[str, str]],
    plan: ImportPlan,
    word: str,
    *,
    changed_meanwhile: bool = False,
) -> HttpResponse:
    upload_url = reverse(what.url, args=[region.code])
    return render(
        request,
        f"{what.templates}/import_plan.html",
        {
            "region": region,
            "plan": plan,
            "word": word,
            "changed_meanwhile": changed_meanwhile,
            "upload_url": upload_url,
            "list_url": reverse(what.list_url, args=[region.code]),
            "crumbs": [*crumbs, {"title": "Загрузка списка", "url": upload_url}],
        },
        status=409 if changed_meanwhile else 200,
    )
