"""What pages of a draft share: finding it, its form page, changing it unless somebody else has."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from accounts.http import SignedInRequest
from regions.pages import form_page
from surveys.models import QuestionnaireVersion
from surveys.questionnaires import editing
from surveys.questionnaires.shapes import Document
from surveys.services import questionnaires as services
from surveys.views.questionnaires import crumbs_of, version_or_404


class ChangedMeanwhile(Exception):
    """What the person edits is not as they have seen it; `thing` is what it is now, None when it is gone."""

    def __init__(self, thing: Document | None) -> None:
        super().__init__(thing)
        self.thing = thing


def of_draft(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For views of a draft: 404 for whoever does not see it, 403 for whoever may not change it.

    A draft that has been published meanwhile leads to its version; what was typed is shown once more.
    """

    @wraps(view)
    def wrapped(request: SignedInRequest, pk: int, **kwargs: Any) -> HttpResponseBase:
        version = version_or_404(request, pk)
        services.require_edit(request.user, version.questionnaire)
        if version.published_at:
            return _too_late(request, version)
        try:
            return view(request, version, **kwargs)
        except services.DraftGone:
            version = version_or_404(request, pk)
            return _too_late(request, version)
        except editing.NotThere as error:
            raise Http404 from error

    return wrapped


def _too_late(request: SignedInRequest, version: QuestionnaireVersion) -> HttpResponse:
    if request.method != "POST":
        return redirect("questionnaire-version", version.pk)
    hidden = {"csrfmiddlewaretoken", "seen", "revision", "type", "home", "code", "option_code", "do", "condition"}
    typed = [text for name, texts in request.POST.lists() if name not in hidden for text in texts if len(text) > 2]
    context = {"version": version, "typed": typed, "crumbs": crumbs_of(version.questionnaire)}
    return render(request, "surveys/questionnaires/too_late.html", context, status=409)


def draft_crumbs(version: QuestionnaireVersion) -> list[dict[str, str]]:
    url = reverse("draft", args=[version.pk])
    return [*crumbs_of(version.questionnaire), {"title": "Черновик", "url": url}]


def draft_page(
    request: SignedInRequest,
    version: QuestionnaireVersion,
    form: forms.Form,
    template: str = "pages/form.html",
    status: int | None = None,
    **context: Any,
) -> HttpResponse:
    context = {"crumbs": draft_crumbs(version), "cancel_url": reverse("draft", args=[version.pk]), **context}
    return form_page(request, form, template, status=status, version=version, **context)


def to_draft(version: QuestionnaireVersion, anchor: str = "") -> HttpResponse:
    return redirect(reverse("draft", args=[version.pk]) + (f"#{anchor}" if anchor else ""))


def save_change(
    request: SignedInRequest, version: QuestionnaireVersion, change: Callable[[Document], Document], **more: Any
):
    return services.change_draft(version=version, change=change, by=request.user, at=timezone.now(), **more)


def unless_changed(seen: str, find: Callable[[Document], Document], change: Callable[[Document], Document]):
    """`change`, but only while the part of the draft that is edited is as its person has seen it."""

    def checked(document: Document) -> Document:
        try:
            thing = find(document)
        except editing.NotThere as error:
            raise ChangedMeanwhile(None) from error
        if editing.mark_of(thing) != seen:
            raise ChangedMeanwhile(thing)
        return change(document)

    return checked


def say_changed(form: forms.Form, version: QuestionnaireVersion, thing: str, now: list[str]) -> None:
    """Tell who has changed what is edited, and what stands there now; what was typed stays in the form."""
    version.refresh_from_db()
    who = version.edited_by.full_name if version.edited_by else "Кто-то"
    at = timezone.localtime(version.edited_at) if version.edited_at else timezone.localtime()
    form.add_error(
        None,
        f"Пока Вы правили, {thing} изменил(а) {who} ({at:%d.%m.%Y %H:%M}). Ваш текст ниже цел и ещё не сохранён."
        " Сравните и сохраните ещё раз: останется Ваш вариант.",
    )
    for line in now:
        form.add_error(None, f"Сейчас в черновике: {line}")


def sent_with(request: SignedInRequest, **values: str) -> MultiValueDict[str, str]:
    """What was sent, with other hidden values."""
    data = request.POST.copy()
    for name, value in values.items():
        data[name] = value
    return data


def warning_of_conditions(questions: list[Document]) -> str:
    """What is to be mended by hand once the answers these questions hang on are gone."""
    if not questions:
        return ""
    titles = ", ".join(f"«{(question['text'] or question['code'])[:100]}»" for question in questions[:5])
    return f"От этих ответов зависит показ других вопросов: {titles}. Их условия придётся изменить."
