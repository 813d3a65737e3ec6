"""Sections of a draft: added, edited, removed."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from surveys.forms.questionnaires import SectionForm, add_findings
from surveys.models import QuestionnaireVersion
from surveys.questionnaires import editing
from surveys.questionnaires.shapes import Document
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
    warning_of_conditions,
)


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def section_add(request: SignedInRequest, version: QuestionnaireVersion) -> HttpResponse:
    form = SectionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        taken, prefix = services.codes_used(version.questionnaire), services.prefix_of(version.questionnaire)
        made = []

        def add(document: Document) -> Document:
            document, code = editing.add_section(document, taken=taken, prefix=prefix)
            made.append(code)
            return editing.edit_section(document, code, **form.facts())

        try:
            save_change(request, version, add)
        except editing.TooMany:
            form.add_error(None, "Разделов уже столько, сколько может быть")
        else:
            messages.success(request, "Раздел добавлен. Добавьте в него вопросы.")
            return to_draft(version, f"s-{made[-1]}")
    return draft_page(request, version, form, title="Новый раздел", submit="Добавить раздел")


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def section_edit(request: SignedInRequest, version: QuestionnaireVersion, code: str) -> HttpResponse:
    def find(document: Document) -> Document:
        section = editing.find_section(document, code)
        return {name: section.get(name) for name in ("code", "title", "help", "repeat")}

    is_sent = request.method == "POST"
    try:
        initial = SectionForm.initial_of(find(version.document))
    except editing.NotThere:
        if not is_sent:
            raise
        initial = {}
    form = SectionForm(request.POST if is_sent else None, initial=initial)
    status = None
    if form.is_valid():
        facts = form.facts()
        try:
            save_change(
                request,
                version,
                unless_changed(
                    form.cleaned_data["seen"], find, lambda document: editing.edit_section(document, code, **facts)
                ),
            )
        except ChangedMeanwhile as error:
            status = 409
            thing = error.thing
            form = SectionForm(sent_with(request, seen=editing.mark_of(thing) if thing else ""))
            if thing is None:
                form.add_error(None, "Этот раздел убрали, пока Вы его правили. Скопируйте свой текст в другой раздел.")
            else:
                lines = [f"«{thing[name]}»" for name in ("title", "help") if thing[name] and thing[name] != facts[name]]
                say_changed(form, version, "раздел", lines)
        except services.BreaksSeries as error:
            add_findings(form, error.findings)
        else:
            messages.success(request, "Раздел сохранён.")
            return to_draft(version, f"s-{code}")
    return draft_page(request, version, form, status=status, title="Раздел", submit="Сохранить")


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def section_remove(request: SignedInRequest, version: QuestionnaireVersion, code: str) -> HttpResponse:
    section = editing.find_section(version.document, code)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            save_change(request, version, lambda document: editing.remove_section(document, code))
        except services.BreaksSeries as error:
            add_findings(form, error.findings)
        else:
            messages.success(request, "Раздел убран.")
            return to_draft(version)
    hanging = editing.dependents(version.document, {question["code"] for question in section["questions"]})
    return draft_page(
        request,
        version,
        form,
        title="Убрать раздел?",
        lead=f"«{section['title'] or 'Без заголовка'}», вопросов: {len(section['questions'])}. Вернуть будет нельзя.",
        warning=warning_of_conditions(hanging),
        submit="Убрать раздел",
        danger=True,
    )
