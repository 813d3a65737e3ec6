"""Files of digitised answers of a link: sent, checked, loaded, taken back."""

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from regions.lists import list_response
from regions.pages import form_page
from regions.permissions import Permission, require
from regions.uploads import stored_file_response
from regions.views.imports import template_response
from surveys.forms.imports import AnswersFileForm, UndoForm
from surveys.lists.imports import ImportTable, chip
from surveys.locks import PublishedAlready
from surveys.models import ResponseImport
from surveys.paper.importing import MAX_ANSWERS, build_template
from surveys.services import imports as services
from surveys.views.finding import link_crumbs, link_or_404, links_in_sight

PROBLEMS_A_PAGE = 100
State = ResponseImport.State


def _import(request: SignedInRequest, pk: int) -> ResponseImport:
    found = get_object_or_404(
        ResponseImport.objects.filter(link__in=links_in_sight(request)).select_related(
            "link__institution__region",
            "link__life_situation",
            "link__version__questionnaire",
            "created_by",
            "undo_asked_by",
            "undone_by",
        ),
        pk=pk,
    )
    require(request.user, Permission.RESPONSES_IMPORT, found.link.institution)
    return found


def _import_crumbs(found: ResponseImport) -> list[dict[str, str]]:
    own = {"title": "Ответы из файлов", "url": reverse("link-imports", args=[found.link_id])}
    return [*link_crumbs(found.link), own]


@require_http_methods(["GET", "HEAD", "POST"])
def link_imports(request: SignedInRequest, pk: int) -> HttpResponse:
    """The files of a link, and a form to send one more."""
    link = link_or_404(request, pk, Permission.RESPONSES_IMPORT)
    form = AnswersFileForm(request.POST, request.FILES) if request.method == "POST" else AnswersFileForm()
    if form.is_valid():
        upload = form.cleaned_data["file"]
        found = services.send_file(link=link, name=upload.name, content=upload.read(), by=request.user)
        return redirect("response-import", found.pk)
    context = {"link": link, "form": form, "crumbs": link_crumbs(link), "most": MAX_ANSWERS}
    table = ImportTable(ResponseImport.objects.filter(link=link).select_related("created_by"))
    response = list_response(request, table, "surveys/imports/list.html", context, file_name=f"imports-{link.pk}")
    if form.is_bound:
        response.status_code = 422
    return response


@require_safe
def template(request: SignedInRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk, Permission.RESPONSES_IMPORT)
    return template_response(build_template(link.version.definition), f"answers-{link.short_code}")


@require_safe
def response_import(request: SignedInRequest, pk: int) -> HttpResponse:
    """One file: how far it is, what is wrong with it, and what can be done next."""
    found = _import(request, pk)
    problems = Paginator(found.problem_list or [], PROBLEMS_A_PAGE)
    return render(
        request,
        "surveys/imports/import.html",
        {
            "found": found,
            "link": found.link,
            "chip": chip(found),
            "crumbs": _import_crumbs(found),
            "page": problems.get_page(request.GET.get("page")),
            "more_problems": max((found.problems or 0) - problems.count, 0),
            **_doings(request, found),
        },
    )


def _doings(request: SignedInRequest, found: ResponseImport) -> dict[str, Any]:
    """The newest job of a file, and what this person may do with the file now."""
    job = services.newest_job(found)
    at_work = bool(job and job.is_active)
    return {
        "job": job if job and (at_work or job.state == job.State.FAILED) else None,
        "progress_url": reverse("response-import-progress", args=[found.pk]),
        "may_start": found.state in services.MAY_LOAD and not at_work and not found.cancel_asked,
        "may_check": found.state in services.MAY_CHECK and not at_work and not found.cancel_asked,
        "may_cancel": found.state in services.MAY_CANCEL and not found.cancel_asked,
        "may_ask_undo": found.state == State.DONE and bool(found.stored) and not found.undo_asked_by_id,
        "may_confirm_undo": bool(found.undo_asked_by_id) and found.undo_asked_by_id != request.user.pk,
        "may_give_undo_up": bool(found.undo_asked_by_id),
        "asked_undo": found.undo_asked_by_id == request.user.pk,
        "may_have_file": _may_have_file(request, found),
    }


@require_safe
def progress(request: SignedInRequest, pk: int) -> HttpResponse:
    """How far the work on a file is; when it ends, the page shows itself anew."""
    found = _import(request, pk)
    doings = _doings(request, found)
    response = render(request, "surveys/imports/_progress.html", {"found": found, **doings})
    if request.htmx and not services.is_at_work(found):
        response.headers["HX-Refresh"] = "true"
    return response


def _do(
    request: SignedInRequest, found: ResponseImport, action: Callable[..., object], done: str = "", **arguments: Any
) -> HttpResponseRedirect:
    """Do something with a file and go back to it, with what came of it."""
    try:
        action(found=found, by=request.user, **arguments)
    except services.CannotDo as error:
        messages.error(request, str(error))
    except PublishedAlready as published:
        messages.error(request, _published(published))
    else:
        if done:
            messages.success(request, done)
    return redirect("response-import", found.pk)


def _published(published: PublishedAlready) -> str:
    return f"Отозвать нельзя: есть ответы за дни, которые вошли в опубликованный квартал ({published})."


@require_POST
def start(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    return _do(request, _import(request, pk), services.start)


@require_POST
def check(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    return _do(request, _import(request, pk), services.check_again)


@require_POST
def cancel(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    return _do(request, _import(request, pk), services.cancel, "Отменено. Из этого файла ничего не загружено.")


@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """The first of the two people says why the answers of a file should be taken back."""
    found = _import(request, pk)
    form = UndoForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.ask_to_undo(found=found, by=request.user, at=timezone.now(), **form.cleaned_data)
        except services.CannotDo as error:
            form.add_error(None, str(error))
        except PublishedAlready as published:
            form.add_error(None, _published(published))
        else:
            messages.success(request, "Отзыв предложен. Его подтверждает другой человек, который вносит ответы.")
            return redirect("response-import", found.pk)
    own = reverse("response-import", args=[found.pk])
    return form_page(
        request,
        form,
        title="Отозвать загрузку",
        lead=f"{found.file_name}: ответов — {found.stored or 0}. Их удалят, когда отзыв подтвердит второй человек",
        crumbs=[*_import_crumbs(found), {"title": found.file_name, "url": own}],
        submit="Предложить отозвать",
    )


@require_POST
def undo_confirm(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    return _do(request, _import(request, pk), services.undo, "Загрузка отозвана, её ответы удалены.", at=timezone.now())


@require_POST
def undo_withdraw(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    return _do(request, _import(request, pk), services.give_undo_up, "Загрузка остаётся.")


def _may_have_file(request: SignedInRequest, found: ResponseImport) -> bool:
    """Only who sent it: what people wrote stands there with its names and telephones (decision 29)."""
    return found.created_by_id == request.user.pk


def _import_of_sender(request: SignedInRequest, pk: int) -> ResponseImport:
    found = _import(request, pk)
    if not _may_have_file(request, found):
        raise PermissionDenied
    return found


@require_safe
def original_file(request: SignedInRequest, pk: int) -> HttpResponseBase:
    found = _import_of_sender(request, pk)
    if not found.file:
        raise Http404
    return stored_file_response(found.file, found.file_name)


@require_safe
def marked_file(request: SignedInRequest, pk: int) -> HttpResponseBase:
    found = _import_of_sender(request, pk)
    if not found.marked:
        raise Http404
    name = PurePath(found.file_name)
    return stored_file_response(found.marked, f"{name.stem} (что исправить).xlsx")
