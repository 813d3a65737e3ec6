"""«Вы сказали — мы сделали»: what an institution changed after people's comments."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from regions.history import changes
from regions.lists import list_response
from regions.models import Institution
from regions.pages import form_page, institution_or_404
from regions.permissions import Permission, may, require
from surveys.forms.changes import ChangeForm
from surveys.lists.changes import ChangeTable
from surveys.models import ChangeMade, Comment
from surveys.services import changes as services

LONGEST = 300
SECTION = "Вы сказали — мы сделали"


def _change(request: SignedInRequest, pk: int) -> ChangeMade:
    """A change the person may tell of: 404 when the institution is not theirs to see, 403 when only to see."""
    visible = ChangeMade.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    found: ChangeMade = get_object_or_404(visible.select_related("institution__region"), pk=pk)
    require(request.user, Permission.CHANGES_TELL, found.institution)
    return found


@require_safe
def institution_changes(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = institution_or_404(request, pk)
    told = ChangeMade.objects.filter(institution=institution).select_related("life_situation")
    may_tell = may(request.user, Permission.CHANGES_TELL, institution)
    return list_response(
        request,
        ChangeTable(told, may_tell=may_tell, request=request),
        "surveys/changes/list.html",
        {"institution": institution, "may_tell": may_tell, "tab": "changes"},
        file_name=f"changes-{institution.pk}",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def change_create(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = institution_or_404(request, pk)
    require(request.user, Permission.CHANGES_TELL, institution)
    form = _form(request, institution, initial=_from_comment(request, institution))
    if form.is_valid():
        services.tell(institution=institution, by=request.user, **form.cleaned_data)
        messages.success(request, "Готово: это увидят те, кто ответит на анкету.")
        return redirect("institution-changes", institution.pk)
    return _page(request, form, institution, "Рассказать об изменении", "Показать ответившим")


@require_http_methods(["GET", "HEAD", "POST"])
def change_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _change(request, pk)
    # The form writes into a copy.
    form = _form(request, found.institution, instance=_change(request, pk))
    if form.is_valid():
        services.edit(change=found, by=request.user, **form.cleaned_data)
        messages.success(request, "Изменения сохранены.")
        return redirect("institution-changes", found.institution_id)
    return _page(request, form, found.institution, "Изменить рассказ", "Сохранить")


@require_POST
def change_show(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    """Show it to those who answered, or (without «shown») hide it from them."""
    found = _change(request, pk)
    is_shown = request.POST.get("shown") == "yes"
    services.show(change=found, is_shown=is_shown, by=request.user)
    messages.success(request, "Снова показываем ответившим." if is_shown else "Больше не показываем.")
    return redirect("institution-changes", found.institution_id)


@require_safe
def change_history(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _change(request, pk)
    context = {
        "title": found.done,
        "crumbs": _crumbs(found.institution),
        "changes": changes(ChangeMade.history.filter(id=found.pk)),
    }
    return render(request, "pages/history.html", context)


def _from_comment(request: SignedInRequest, institution: Institution) -> dict[str, Any]:
    """What a comment said, to begin with: personal data in it is masked."""
    number = request.GET.get("comment", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return {}
    readable = Comment.objects.shown().permitting(request.user, Permission.COMMENTS_VIEW)
    comment = readable.filter(institution=institution, pk=number).first()
    if comment is None:
        return {}
    return {"said": comment.text[:LONGEST], "life_situation": comment.life_situation_id}


def _form(request: SignedInRequest, institution: Institution, **kwargs: Any) -> ChangeForm:
    sent = request.POST if request.method == "POST" else None
    return ChangeForm(sent, institution=institution, today=institution.region.local_date(), **kwargs)


def _crumbs(institution: Institution) -> list[dict[str, str]]:
    return [
        {"title": institution.name, "url": reverse("institution-card", args=[institution.pk])},
        {"title": SECTION, "url": reverse("institution-changes", args=[institution.pk])},
    ]


def _page(
    request: SignedInRequest, form: forms.BaseForm, institution: Institution, title: str, submit: str
) -> HttpResponse:
    return form_page(request, form, title=title, crumbs=_crumbs(institution), submit=submit)
