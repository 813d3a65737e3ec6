"""Translations of a draft: which there are, one of them, removing it."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from surveys.forms.questionnaires import LanguageForm, TranslationForm
from surveys.models import QuestionnaireVersion
from surveys.questionnaires import editing
from surveys.questionnaires.languages import TITLES
from surveys.questionnaires.languages import title as language_title
from surveys.questionnaires.shapes import Document, places, shaped
from surveys.views.drafts.editor import ChangedMeanwhile, draft_page, of_draft, save_change, say_changed, sent_with
from surveys.views.questionnaires import version_or_404


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
    return draft_page(
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
                raise ChangedMeanwhile({})
            return editing.with_translation(document, language, given)

        try:
            save_change(request, version, put)
        except ChangedMeanwhile:
            version = version_or_404(request, version.pk)
            draft = shaped(version.document)
            known, words = places(draft), draft["translations"].get(language, {})
            form = TranslationForm(
                sent_with(request, seen=editing.mark_of([known, words])), texts=known, words=words, language=language
            )
            say_changed(form, version, "тексты анкеты или этот перевод", [])
            status = 409
        else:
            left = len(known) - sum(bool(text) for text in given.values())
            messages.success(request, f"Перевод сохранён. Не переведено: {left} из {len(known)}.")
            return redirect("draft-translations", version.pk)
    rows = [(form[place], place in words) for place in known]
    return draft_page(
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
        save_change(request, version, lambda document: editing.without_translation(document, language))
        messages.success(request, "Перевод убран.")
        return redirect("draft-translations", version.pk)
    return draft_page(
        request,
        version,
        form,
        title="Убрать перевод?",
        lead=f"{language_title(language)}: все тексты на этом языке. Вернуть будет нельзя.",
        submit="Убрать перевод",
        danger=True,
        cancel_url=reverse("draft-translations", args=[version.pk]),
    )
