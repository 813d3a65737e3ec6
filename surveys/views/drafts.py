"""The editor of a draft. Every operation is a form that works by itself; the script only saves going back and forth."""

from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from surveys.forms.questionnaires import (
    LanguageForm,
    QuestionForm,
    ReplaceForm,
    RevisionForm,
    SectionForm,
    SettingsForm,
    TranslationForm,
    add_findings,
    option_rows,
    options_error,
)
from surveys.models import QuestionnaireVersion
from surveys.questionnaires import editing
from surveys.questionnaires.checking import TYPE_TITLES, Finding, errors_of
from surveys.questionnaires.comparing import compare
from surveys.questionnaires.definition import Definition
from surveys.questionnaires.languages import TITLES
from surveys.questionnaires.languages import title as language_title
from surveys.questionnaires.outline import outline_of
from surveys.questionnaires.shapes import Document, places, shaped
from surveys.services import questionnaires as services
from surveys.views.questionnaires import crumbs_of, version_or_404


class _ChangedMeanwhile(Exception):
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


def _crumbs(version: QuestionnaireVersion) -> list[dict[str, str]]:
    url = reverse("draft", args=[version.pk])
    return [*crumbs_of(version.questionnaire), {"title": "Черновик", "url": url}]


def _page(
    request: SignedInRequest,
    version: QuestionnaireVersion,
    form: forms.Form,
    template: str = "pages/form.html",
    status: int | None = None,
    **context: Any,
) -> HttpResponse:
    context = {"crumbs": _crumbs(version), "cancel_url": reverse("draft", args=[version.pk]), **context}
    code = status or (422 if form.is_bound else 200)
    return render(request, template, {"form": form, "version": version, **context}, status=code)


def _to(version: QuestionnaireVersion, anchor: str = "") -> HttpResponse:
    return redirect(reverse("draft", args=[version.pk]) + (f"#{anchor}" if anchor else ""))


def _change(
    request: SignedInRequest, version: QuestionnaireVersion, change: Callable[[Document], Document], **more: Any
):
    return services.change_draft(version=version, change=change, by=request.user, at=timezone.now(), **more)


def _unless_changed(seen: str, find: Callable[[Document], Document], change: Callable[[Document], Document]):
    """`change`, but only while the part of the draft that is edited is as its person has seen it."""

    def checked(document: Document) -> Document:
        try:
            thing = find(document)
        except editing.NotThere as error:
            raise _ChangedMeanwhile(None) from error
        if editing.mark_of(thing) != seen:
            raise _ChangedMeanwhile(thing)
        return change(document)

    return checked


def _say_changed(form: forms.Form, version: QuestionnaireVersion, thing: str, now: list[str]) -> None:
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


def _with(request: SignedInRequest, **values: str) -> MultiValueDict[str, str]:
    """What was sent, with other hidden values."""
    data = request.POST.copy()
    for name, value in values.items():
        data[name] = value
    return data


# The page of the editor -----------------------------------------------------------------------------------------------


def _context(request: SignedInRequest, version: QuestionnaireVersion) -> dict[str, Any]:
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
    context = _context(request, version) | {
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
            _change(
                request,
                version,
                _unless_changed(
                    form.cleaned_data["seen"], find, lambda document: editing.with_settings(document, **texts)
                ),
            )
        except _ChangedMeanwhile as error:
            assert error.thing
            form = SettingsForm(_with(request, seen=editing.mark_of(error.thing)))
            lines = [
                f"«{error.thing[name]}»" for name in ("title", "intro", "thanks") if error.thing[name] != texts[name]
            ]
            _say_changed(form, version, "заголовок или вступление", lines)
            status = 409
        else:
            messages.success(request, "Сохранено.")
            return _to(version)
    return _page(request, version, form, status=status, title="Заголовок, вступление, показ", submit="Сохранить")


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
        version = _change(request, version, change, revision=revision)
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
        return render(request, "surveys/questionnaires/_outline.html", {**_context(request, version), "said": said})
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


# Sections -------------------------------------------------------------------------------------------------------------


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
            _change(request, version, add)
        except editing.TooMany:
            form.add_error(None, "Разделов уже столько, сколько может быть")
        else:
            messages.success(request, "Раздел добавлен. Добавьте в него вопросы.")
            return _to(version, f"s-{made[-1]}")
    return _page(request, version, form, title="Новый раздел", submit="Добавить раздел")


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
            _change(
                request,
                version,
                _unless_changed(
                    form.cleaned_data["seen"], find, lambda document: editing.edit_section(document, code, **facts)
                ),
            )
        except _ChangedMeanwhile as error:
            status = 409
            thing = error.thing
            form = SectionForm(_with(request, seen=editing.mark_of(thing) if thing else ""))
            if thing is None:
                form.add_error(None, "Этот раздел убрали, пока Вы его правили. Скопируйте свой текст в другой раздел.")
            else:
                lines = [f"«{thing[name]}»" for name in ("title", "help") if thing[name] and thing[name] != facts[name]]
                _say_changed(form, version, "раздел", lines)
        except services.BreaksSeries as error:
            add_findings(form, error.findings)
        else:
            messages.success(request, "Раздел сохранён.")
            return _to(version, f"s-{code}")
    return _page(request, version, form, status=status, title="Раздел", submit="Сохранить")


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def section_remove(request: SignedInRequest, version: QuestionnaireVersion, code: str) -> HttpResponse:
    section = editing.find_section(version.document, code)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            _change(request, version, lambda document: editing.remove_section(document, code))
        except services.BreaksSeries as error:
            add_findings(form, error.findings)
        else:
            messages.success(request, "Раздел убран.")
            return _to(version)
    hanging = editing.dependents(version.document, {question["code"] for question in section["questions"]})
    return _page(
        request,
        version,
        form,
        title="Убрать раздел?",
        lead=f"«{section['title'] or 'Без заголовка'}», вопросов: {len(section['questions'])}. Вернуть будет нельзя.",
        warning=_hanging(hanging),
        submit="Убрать раздел",
        danger=True,
    )


def _hanging(questions: list[Document]) -> str:
    if not questions:
        return ""
    titles = ", ".join(f"«{(question['text'] or question['code'])[:100]}»" for question in questions[:5])
    return f"От этих ответов зависит показ других вопросов: {titles}. Их условия придётся изменить."


# Questions ------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def question_add(request: SignedInRequest, version: QuestionnaireVersion, code: str) -> HttpResponse:
    """A new question at the end of a section: first its type is chosen, then the rest is filled in."""
    editing.find_section(version.document, code)
    kind = (request.POST if request.method == "POST" else request.GET).get("type", "")
    if kind not in TYPE_TITLES:
        context = {"version": version, "section": code, "types": TYPE_TITLES.items(), "crumbs": _crumbs(version)}
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
    data = _with(request, type=kind) if is_sent else None
    if data is not None and is_fresh:
        # The lines have become rows.
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
    return _page(request, version, form, "surveys/questionnaires/question.html", status, **context)


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
        change = _unless_changed(form.cleaned_data["seen"], lambda one: editing.find_question(one, code)[0], replace)
    try:
        _change(request, version, change)
    except _ChangedMeanwhile as error:
        thing = error.thing
        if thing is None:
            raise editing.NotThere from error
        form = QuestionForm(_with(request, seen=editing.mark_of(thing), type=takes["kind"]), **takes)
        lines = [f"«{thing['text']}»"]
        if thing["options"]:
            lines.append("варианты — " + "; ".join(f"«{option['title']}»" for option in thing["options"]))
        _say_changed(form, version, "этот вопрос", lines)
        return None, 409, form
    except editing.CodeTaken:
        form.add_error("code", "Этот код уже у другого вопроса или раздела")
    except editing.TooMany:
        form.add_error(None, "В этом разделе уже 100 вопросов: выберите другой раздел")
    except services.BreaksSeries as error:
        add_findings(form, error.findings)
    else:
        messages.success(request, "Вопрос сохранён." if question else "Вопрос добавлен.")
        return _to(version, f"q-{made[-1]}"), None, form
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
        _change(request, version, duplicate)
    except editing.TooMany:
        messages.warning(request, "В этом разделе уже столько вопросов, сколько может быть.")
        return _to(version, f"q-{code}")
    messages.success(request, "Копия вопроса стоит под ним. Показатель остался у первого.")
    return _to(version, f"q-{made[-1]}")


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def question_remove(request: SignedInRequest, version: QuestionnaireVersion, code: str) -> HttpResponse:
    question, _ = editing.find_question(version.document, code)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            _change(request, version, lambda document: editing.remove_question(document, code))
        except services.BreaksSeries as error:
            add_findings(form, error.findings)
        else:
            messages.success(request, "Вопрос убран.")
            return _to(version)
    return _page(
        request,
        version,
        form,
        title="Убрать вопрос?",
        lead=f"«{question['text'] or question['code']}». Вернуть будет нельзя.",
        warning=_hanging(editing.dependents(version.document, {code})),
        submit="Убрать вопрос",
        danger=True,
    )


# Translations ---------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def translations(request: SignedInRequest, version: QuestionnaireVersion) -> HttpResponse:
    draft = shaped(version.document)
    known = places(draft)
    form = LanguageForm(
        request.POST if request.method == "POST" else None, present=[draft["language"], *draft["translations"]]
    )
    if form.is_valid():
        return redirect("draft-translation", version.pk, form.cleaned_data["language"])
    languages = [
        {"code": code, "title": language_title(code), "done": len(words.keys() & known.keys())}
        for code, words in draft["translations"].items()
    ]
    return _page(
        request,
        version,
        form,
        "surveys/questionnaires/translations.html",
        title="Переводы",
        languages=languages,
        total=len(known),
        own_language=language_title(draft["language"]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def translation(request: SignedInRequest, version: QuestionnaireVersion, language: str) -> HttpResponse:
    draft = shaped(version.document)
    if language not in TITLES or language == draft["language"]:
        raise Http404
    known = places(draft)
    words = draft["translations"].get(language, {})
    form = TranslationForm(
        request.POST if request.method == "POST" else None,
        texts=known,
        words=words,
        language=language,
        initial={"seen": editing.mark_of([known, words])},
    )
    status = None
    if form.is_valid():
        given = form.words()

        def put(document: Document) -> Document:
            present = shaped(document)
            now = present["translations"].get(language, {})
            if editing.mark_of([places(present), now]) != form.cleaned_data["seen"]:
                raise _ChangedMeanwhile({})
            return editing.with_translation(document, language, given)

        try:
            _change(request, version, put)
        except _ChangedMeanwhile:
            version = version_or_404(request, version.pk)
            draft = shaped(version.document)
            known, words = places(draft), draft["translations"].get(language, {})
            form = TranslationForm(
                _with(request, seen=editing.mark_of([known, words])), texts=known, words=words, language=language
            )
            _say_changed(form, version, "тексты анкеты или этот перевод", [])
            status = 409
        else:
            left = len(known) - sum(bool(text) for text in given.values())
            messages.success(request, f"Перевод сохранён. Не переведено: {left} из {len(known)}.")
            return redirect("draft-translations", version.pk)
    rows = [(form[place], place in words) for place in known]
    return _page(
        request,
        version,
        form,
        "surveys/questionnaires/translation.html",
        status,
        title=f"Перевод: {language_title(language)}",
        rows=rows,
        language=language,
        total=len(known),
        missing=len(known.keys() - words.keys()),
        is_there=language in draft["translations"],
        cancel_url=reverse("draft-translations", args=[version.pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def translation_remove(request: SignedInRequest, version: QuestionnaireVersion, language: str) -> HttpResponse:
    if language not in shaped(version.document)["translations"]:
        raise Http404
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _change(request, version, lambda document: editing.without_translation(document, language))
        messages.success(request, "Перевод убран.")
        return redirect("draft-translations", version.pk)
    return _page(
        request,
        version,
        form,
        title="Убрать перевод?",
        lead=f"{language_title(language)}: все тексты на этом языке. Вернуть будет нельзя.",
        submit="Убрать перевод",
        danger=True,
        cancel_url=reverse("draft-translations", args=[version.pk]),
    )


# The draft as a whole -------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def replace(request: SignedInRequest, version: QuestionnaireVersion) -> HttpResponse:
    """Another document from a file in the place of the draft's: as a whole, or not at all."""
    is_sent = request.method == "POST"
    form = ReplaceForm(
        request.POST if is_sent else None,
        request.FILES if is_sent else None,
        initial={"revision": version.revision},
    )
    findings: list[Finding] = []
    status = None
    if form.is_valid():
        document = form.cleaned_data["file"]
        questionnaire = version.questionnaire
        owner = services.Owner(questionnaire.region, questionnaire.direction, questionnaire.life_situation)
        findings = errors_of(
            services.findings_of_file(kind=questionnaire.kind, owner=owner, document=document)
            if not questionnaire.extends
            else services.check_of(questionnaire.kind, False, document)
        )
        if not findings:
            try:
                _change(request, version, lambda _: document, revision=form.cleaned_data["revision"])
            except services.Stale as stale:
                form = ReplaceForm(_with(request, revision=str(stale.version.revision)), request.FILES)
                _say_changed(form, version, "черновик", [])
                status = 409
            except services.BreaksSeries as error:
                findings = error.findings
            else:
                messages.success(request, "Файл загружен в черновик.")
                return _to(version)
        if findings:
            form.add_error("file", f"Файл не загружен, замечаний: {len(findings)}. Они перечислены ниже")
    return _page(
        request,
        version,
        form,
        "surveys/questionnaires/import.html",
        status,
        title="Загрузить в черновик из файла",
        lead="Всё, что в черновике сейчас, заменит содержимое файла.",
        submit="Заменить черновик",
        findings=findings,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def discard(request: SignedInRequest, version: QuestionnaireVersion) -> HttpResponse:
    form = RevisionForm(request.POST if request.method == "POST" else None, initial={"revision": version.revision})
    status = None
    questionnaire = version.questionnaire
    if form.is_valid():
        try:
            is_all_gone = services.discard_draft(
                version=version, revision=form.cleaned_data["revision"], by=request.user
            )
        except services.Stale as stale:
            form = RevisionForm({"revision": stale.version.revision})
            _say_changed(form, version, "черновик", [])
            status = 409
        else:
            messages.success(request, "Черновик удалён.")
            return redirect("questionnaire-list") if is_all_gone else redirect("questionnaire", questionnaire.pk)
    return _page(
        request,
        version,
        form,
        status=status,
        title="Удалить черновик?",
        lead=f"«{questionnaire.title}». Опубликованные версии останутся. Вернуть черновик будет нельзя.",
        submit="Удалить черновик",
        danger=True,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@of_draft
def publish(request: SignedInRequest, version: QuestionnaireVersion) -> HttpResponse:
    """What the check says, what differs from the version in use, and the button that makes a version."""
    form = RevisionForm(request.POST if request.method == "POST" else None, initial={"revision": version.revision})
    status: int | None = None
    if form.is_valid():
        try:
            made = services.publish(
                version=version, revision=form.cleaned_data["revision"], by=request.user, at=timezone.now()
            )
        except services.Stale as stale:
            form = RevisionForm({"revision": stale.version.revision})
            form.add_error(None, "Черновик изменился после проверки. Посмотрите, что нового, и опубликуйте ещё раз.")
            version = version_or_404(request, version.pk)
            status = 409
        except services.NotPublishable:
            form.add_error(None, "Опубликовать нельзя: исправьте ошибки.")
            status = 422
        else:
            messages.success(request, f"Версия {made.number} опубликована. Новые ссылки будут на неё.")
            return redirect("questionnaire", made.questionnaire_id)
    context = _context(request, version)
    newest = services.newest_in_use(version.questionnaire)
    rows = None
    if newest and not context["errors"]:
        rows = compare(newest.definition, Definition.model_validate(services.whole_document(version)))
    context |= {
        "title": "Проверка и публикация",
        "newest": newest,
        "rows": rows,
        "standard": services.newest_in_use(version.questionnaire.extends) if version.questionnaire.extends else None,
    }
    del context["version"]
    return _page(request, version, form, "surveys/questionnaires/publish.html", status, **context)
