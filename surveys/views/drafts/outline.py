"""The page of the editor: the outline of a draft, moving in it, its title and texts."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from surveys.forms.questionnaires import SettingsForm
from surveys.models import QuestionnaireVersion
from surveys.questionnaires import editing
from surveys.questionnaires.checking import errors_of
from surveys.questionnaires.languages import title as language_title
from surveys.questionnaires.outline import outline_of
from surveys.questionnaires.shapes import Document, shaped
from surveys.services import questionnaires as services
from surveys.views.drafts.editor import (
    ChangedMeanwhile,
    draft_page,
    of_draft,
    save_change,
    say_changed,
    sent_with,
    to_draft,
    unless_changed,
)
from surveys.views.questionnaires import crumbs_of, version_or_404


def outline_context(request: SignedInRequest, version: QuestionnaireVersion) -> dict[str, Any]:
    findings = services.findings_of(version)
    locked = {section["code"] for section in services.locked_sections(version)}
    document = services.whole_document(version)
    errors = len(errors_of(findings))
    return {
        "version": version,
        "questionnaire": version.questionnaire,
        "document": shaped(version.document),
        "sections": outline_of(document, findings, locked),
        # What stands in the way comes first.
        "findings": sorted(findings, key=lambda one: not one.is_error),
        "errors": errors,
        "warnings": len(findings) - errors,
        "languages": [language_title(code) for code in shaped(version.document)["translations"]],
    }


@csp_update({"frame-src": [SELF]})
@require_safe
@of_draft
def edit(request: SignedInRequest, version: QuestionnaireVersion) -> HttpResponse:
    context = outline_context(request, version) | {
        "crumbs": crumbs_of(version.questionnaire),
        "moved": request.GET.get("moved"),
    }
    return render(request, "surveys/questionnaires/draft.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def settings_edit(request: SignedInRequest, version: QuestionnaireVersion) -> HttpResponse:
    def find(document: Document) -> Document:
        draft = shaped(document)
        return {name: draft.get(name) for name in ("title", "intro", "thanks", "paged")}

    now = find(version.document)
    initial = {**now, "seen": editing.mark_of(now)}
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    status = None
    if form.is_valid():
        texts = {name: form.cleaned_data[name] for name in ("title", "intro", "thanks", "paged")}
        try:
            save_change(
                request,
                version,
                unless_changed(
                    form.cleaned_data["seen"], find, lambda document: editing.with_settings(document, **texts)
                ),
            )
        except ChangedMeanwhile as error:
            assert error.thing
            form = SettingsForm(sent_with(request, seen=editing.mark_of(error.thing)))
            lines = [
                f"«{error.thing[name]}»" for name in ("title", "intro", "thanks") if error.thing[name] != texts[name]
            ]
            say_changed(form, version, "заголовок или вступление", lines)
            status = 409
        else:
            messages.success(request, "Сохранено.")
            return to_draft(version)
    return draft_page(request, version, form, status=status, title="Заголовок, вступление, показ", submit="Сохранить")


@require_POST
@of_draft
def move(request: SignedInRequest, version: QuestionnaireVersion) -> HttpResponse:
    """Move a section or question: one step (`up`, `down` = «s:code», «q:code») or, dragged, to a place.

    Dragged: `item`, for a question `section`, `position` among the items there, and the `revision` that was seen.
    """
    sent = request.POST
    try:
        moved, change, revision = _wish(sent.dict())
    except (KeyError, ValueError) as error:
        raise BadRequest("move") from error
    said, button = "", ""
    try:
        version = save_change(request, version, change, revision=revision)
    except services.Stale as stale:
        version = stale.version
        said = "Черновик изменил кто-то другой: посмотрите новый порядок и перетащите ещё раз."
    except editing.TooMany:
        said = "В том разделе вопросов уже столько, сколько может быть."
    except editing.NotThere:
        said = "Этого раздела или вопроса уже нет: его убрали."
    except services.BreaksSeries as error:
        said = error.findings[0].message
    else:
        said = _where(version, moved)
        button = next((f"{name}-{moved}" for name in ("up", "down") if name in sent), "")
    if request.htmx:
        version = version_or_404(request, version.pk)
        return render(
            request, "surveys/questionnaires/_outline.html", {**outline_context(request, version), "said": said}
        )
    messages.info(request, said)
    url = reverse("draft", args=[version.pk])
    return redirect(f"{url}?moved={button}#{moved}" if button else url)


def _wish(sent: Mapping[str, Any]) -> tuple[str, Callable[[Document], Document], int | None]:
    for name in ("up", "down"):
        if name in sent:
            kind, code = sent[name].split(":")
            step = {"s": editing.step_section, "q": editing.step_question}[kind]
            return f"{kind}-{code}", partial(step, code=code, up=name == "up"), None
    kind, code = sent["item"].split(":")
    position = int(sent["position"])
    revision = int(sent["revision"])
    if not (0 <= position <= 1000 and 0 <= revision < 2**31):
        raise ValueError(position)
    if kind == "s":
        return f"s-{code}", lambda document: editing.place_section(document, code, position), revision
    section = sent["section"]
    return f"q-{code}", lambda document: editing.place_question(document, code, section, position), revision


def _where(version: QuestionnaireVersion, moved: str) -> str:
    """Where the thing stands now, for who cannot see it move."""
    kind, _, code = moved.partition("-")
    first = len(services.locked_sections(version))
    for at, section in enumerate(shaped(version.document)["sections"]):
        if kind == "s" and section["code"] == code:
            return f"Раздел теперь стоит под номером {first + at + 1}."
        for number, question in enumerate(section["questions"]):
            if kind == "q" and question["code"] == code:
                return f"Вопрос теперь стоит под номером {first + at + 1}.{number + 1}."
    return ""
