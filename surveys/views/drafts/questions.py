"""Questions of a draft: added, edited, copied, removed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest
from surveys.forms.questionnaires import QuestionForm, add_findings, option_rows, options_error
from surveys.models import QuestionnaireVersion
from surveys.questionnaires import editing
from surveys.questionnaires.checking import TYPE_TITLES
from surveys.questionnaires.shapes import Document, shaped
from surveys.services import questionnaires as services
from surveys.views.drafts.editor import (
    ChangedMeanwhile,
    draft_crumbs,
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
def question_add(request: SignedInRequest, version: QuestionnaireVersion, code: str) -> HttpResponse:
    """A new question at the end of a section: first its type is chosen, then the rest is filled in."""
    editing.find_section(version.document, code)
    kind = (request.POST if request.method == "POST" else request.GET).get("type", "")
    if kind not in TYPE_TITLES:
        context = {"version": version, "section": code, "types": TYPE_TITLES.items(), "crumbs": draft_crumbs(version)}
        return render(request, "surveys/questionnaires/question_type.html", context)
    return _question(request, version, section=code, question=None)


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def question_edit(request: SignedInRequest, version: QuestionnaireVersion, code: str) -> HttpResponse:
    try:
        question, section = editing.find_question(version.document, code)
    except editing.NotThere:
        if request.method != "POST" or "text" not in request.POST:
            raise
        # Removed by somebody else while its text was being typed: it can be saved as a new one.
        sections = shaped(version.document)["sections"]
        if not sections:
            raise
        return _question(request, version, section=sections[-1]["code"], question=None, is_gone=True)
    return _question(request, version, section=section["code"], question=question)


def _question(
    request: SignedInRequest,
    version: QuestionnaireVersion,
    *,
    section: str,
    question: Document | None,
    is_gone: bool = False,
) -> HttpResponse:
    is_sent = request.method == "POST"
    kind = (request.POST.get("type") if is_sent else request.GET.get("type")) or (question["type"] if question else "")
    if kind not in TYPE_TITLES:
        kind = "text"
    # «do» is a button that only shows the form anew: another type, the answers of a condition, an option moved.
    do = request.POST.get("do", "")
    is_fresh = is_sent and (bool(do) or is_gone)
    rows = _rows(request, question, do)
    draft = shaped(version.document)
    first = len(services.locked_sections(version))
    homes = [
        (one["code"], f"{first + at + 1}. {one['title'] or 'Без заголовка'}")
        for at, one in enumerate(draft["sections"])
    ]
    takes: dict[str, Any] = {
        "document": services.whole_document(version),
        "homes": homes,
        "section": section,
        "question": question,
        "kind": kind,
    }
    if question:
        home = editing.find_section(draft, section)
        initial = QuestionForm.initial_of(question, home) | {"type": kind}
    else:
        initial = {"home": section, "type": kind}
    data = sent_with(request, type=kind) if is_sent else None
    if data is not None:
        # The lines have become rows; left in their field, too, they would be sent twice after a mistake elsewhere.
        data["more_options"] = ""
        if is_gone:
            data["seen"] = ""
    form = QuestionForm(data, initial=initial, **takes)
    status: int | None = None
    if is_gone:
        form.add_error(
            None, "Этот вопрос убрали, пока Вы его правили. Ваш текст цел: сохраните его как новый вопрос или отмените."
        )
        status = 409
    elif is_fresh:
        form = _unjudged(form, data, takes)
        status = 200
    elif form.is_valid():
        problem = options_error(rows) if kind in ("single", "multiple") else ""
        if problem:
            form.add_error("more_options", problem)
        else:
            saved, status, form = _save_question(request, version, form, rows, takes)
            if saved:
                return saved
    context = {
        "title": "Вопрос" if question else "Новый вопрос",
        "submit": "Сохранить" if question else "Добавить вопрос",
        "rows": rows if kind in ("single", "multiple") else None,
        "question": question,
        "kind_title": TYPE_TITLES[kind],
        "action": "" if not is_gone else reverse("draft-question-add", args=[version.pk, section]),
        "is_measured": bool(question and question.get("measure")),
    }
    return draft_page(request, version, form, "surveys/questionnaires/question.html", status, **context)


def _rows(request: SignedInRequest, question: Document | None, do: str) -> list[tuple[str, str]]:
    """Rows of answers to choose from, as they stand or were sent; one of them moved when its button was pressed."""
    if request.method != "POST":
        return [(option["code"], option["title"]) for option in question["options"]] if question else []
    rows = [row for row in option_rows(request.POST) if row[1].strip()]
    name, _, number = do.partition(":")
    if name in ("up", "down") and number.isascii() and number.isdigit() and int(number[:4]) < len(rows):
        at = int(number[:4])
        other = at - 1 if name == "up" else at + 1
        if 0 <= other < len(rows):
            rows[at], rows[other] = rows[other], rows[at]
    return rows


def _unjudged(form: QuestionForm, data: Any, takes: dict[str, Any]) -> QuestionForm:
    """The same form with the same values, without a word about what is not filled in yet."""
    initial: dict[str, Any] = {}
    for name, field in form.fields.items():
        value = field.widget.value_from_datadict(data, {}, name)
        initial[name] = value
    fresh = QuestionForm(None, initial=initial, **takes)
    fresh.show_answers(data.get("condition", ""))
    return fresh


def _save_question(
    request: SignedInRequest,
    version: QuestionnaireVersion,
    form: QuestionForm,
    rows: list[tuple[str, str]],
    takes: dict[str, Any],
) -> tuple[HttpResponse | None, int | None, QuestionForm]:
    """Store the question; what could not be stored comes back as the form to show and its status."""
    question: Document | None = takes["question"]
    questionnaire = version.questionnaire
    home = form.cleaned_data["home"] or takes["section"]
    taken, prefix = services.codes_used(questionnaire), services.prefix_of(questionnaire)
    used = services.options_used(questionnaire, question["code"]) if question else set()
    options = editing.options_from(rows, used)
    made = []

    def add(document: Document) -> Document:
        code = form.cleaned_data["code"]
        made_up = form.document(options, code=code)
        document, new = editing.add_question(document, home, made_up, taken=taken, prefix=prefix)
        made.append(new)
        return document

    def replace(document: Document) -> Document:
        assert question
        new = form.document(options, code=question["code"])
        document = editing.edit_question(document, question["code"], new)
        made.append(new["code"])
        if home != editing.find_question(document, new["code"])[1]["code"]:
            document = editing.place_question(document, new["code"], home)
        return document

    change = add
    if question:
        code = question["code"]
        if form.cleaned_data["code"] not in ("", code) and code in taken:
            form.add_error("code", "Изменить код нельзя: под ним хранятся ответы опубликованной версии")
            return None, None, form
        change = unless_changed(form.cleaned_data["seen"], lambda one: editing.find_question(one, code)[0], replace)
    try:
        save_change(request, version, change)
    except ChangedMeanwhile as error:
        thing = error.thing
        if thing is None:
            raise editing.NotThere from error
        form = QuestionForm(sent_with(request, seen=editing.mark_of(thing), type=takes["kind"]), **takes)
        lines = [f"«{thing['text']}»"]
        if thing["options"]:
            lines.append("варианты — " + "; ".join(f"«{option['title']}»" for option in thing["options"]))
        say_changed(form, version, "этот вопрос", lines)
        return None, 409, form
    except editing.CodeTaken:
        form.add_error("code", "Этот код уже у другого вопроса или раздела")
    except editing.TooMany:
        form.add_error(None, "В этом разделе уже 100 вопросов: выберите другой раздел")
    except services.BreaksSeries as error:
        add_findings(form, error.findings)
    else:
        messages.success(request, "Вопрос сохранён." if question else "Вопрос добавлен.")
        return to_draft(version, f"q-{made[-1]}"), None, form
    return None, None, form


@require_POST
@of_draft
def question_duplicate(request: SignedInRequest, version: QuestionnaireVersion, code: str) -> HttpResponse:
    taken, prefix = services.codes_used(version.questionnaire), services.prefix_of(version.questionnaire)
    made = []

    def duplicate(document: Document) -> Document:
        document, new = editing.duplicate_question(document, code, taken=taken, prefix=prefix)
        made.append(new)
        return document

    try:
        save_change(request, version, duplicate)
    except editing.TooMany:
        messages.warning(request, "В этом разделе уже столько вопросов, сколько может быть.")
        return to_draft(version, f"q-{code}")
    messages.success(request, "Копия вопроса стоит под ним. Показатель остался у первого.")
    return to_draft(version, f"q-{made[-1]}")


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def question_remove(request: SignedInRequest, version: QuestionnaireVersion, code: str) -> HttpResponse:
    question, _ = editing.find_question(version.document, code)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            save_change(request, version, lambda document: editing.remove_question(document, code))
        except services.BreaksSeries as error:
            add_findings(form, error.findings)
        else:
            messages.success(request, "Вопрос убран.")
            return to_draft(version)
    return draft_page(
        request,
        version,
        form,
        title="Убрать вопрос?",
        lead=f"«{question['text'] or question['code']}». Вернуть будет нельзя.",
        warning=warning_of_conditions(editing.dependents(version.document, {code})),
        submit="Убрать вопрос",
        danger=True,
    )
