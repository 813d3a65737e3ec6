"""Questionnaires and other instruments: list, cards, versions, how a new one comes about. Drafts: views/drafts/."""

import json

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from regions.lists import list_response
from regions.pages import form_page
from regions.permissions import Permission, may_anywhere
from surveys.filling import previewing
from surveys.forms.questionnaires import CreateForm, ExtendForm, FactsForm, ImportForm, OwnerForm, RetireForm
from surveys.lists.questionnaires import QuestionnaireFilter, QuestionnaireTable, listed
from surveys.models import Questionnaire, QuestionnaireVersion
from surveys.questionnaires.checking import TYPE_TITLES, errors_of
from surveys.questionnaires.comparing import compare
from surveys.questionnaires.outline import outline_of
from surveys.questionnaires.shapes import shaped
from surveys.services import questionnaires as services

CRUMB = {"title": "Анкеты и инструменты", "url": "/questionnaires/"}


def may_compose(request: SignedInRequest) -> bool:
    return any(
        may_anywhere(request.user, permission)
        for permission in (Permission.QUESTIONNAIRE_EDIT, Permission.QUESTIONNAIRE_STANDARD_EDIT)
    )


def may_edit(request: SignedInRequest, questionnaire: Questionnaire) -> bool:
    return Questionnaire.objects.editable_by(request.user).filter(pk=questionnaire.pk).exists()


def require_composing(request: SignedInRequest) -> None:
    if not may_compose(request):
        raise PermissionDenied


def crumbs_of(questionnaire: Questionnaire) -> list[dict[str, str]]:
    return [CRUMB, {"title": questionnaire.title, "url": reverse("questionnaire", args=[questionnaire.pk])}]


def version_or_404(request: SignedInRequest, pk: int) -> QuestionnaireVersion:
    """A version the person may read: published ones that are shared with them, drafts of their own region."""
    versions = QuestionnaireVersion.objects.shared_with(request.user).select_related(
        "questionnaire__region",
        "questionnaire__direction",
        "questionnaire__life_situation",
        "questionnaire__extends",
        "base",
        "edited_by",
        "published_by",
        "retirement__retired_by",
    )
    return get_object_or_404(versions, pk=pk)


@require_safe
def questionnaire_list(request: SignedInRequest) -> HttpResponse:
    found = QuestionnaireFilter(request.GET, listed(request.user), request=request)
    table = QuestionnaireTable(found.qs.order_by("title"))
    context = {"filter": found, "may_compose": may_compose(request)}
    return list_response(request, table, "surveys/questionnaires/list.html", context, file_name="questionnaires")


# A new one ------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def questionnaire_create(request: SignedInRequest) -> HttpResponse:
    require_composing(request)
    form = CreateForm(request.POST if request.method == "POST" else None, by=request.user)
    if form.is_valid():
        version = services.create(**form.facts(), by=request.user, at=timezone.now())
        messages.success(request, "Черновик создан. Добавьте вопросы.")
        return redirect("draft", version.pk)
    return form_page(
        request,
        form,
        title="Новая анкета или инструмент",
        lead="Начните с пустого черновика. Чтобы взять готовое, откройте анкету в списке: там есть «Взять за основу».",
        submit="Создать черновик",
        crumbs=[CRUMB],
    )


@require_http_methods(["GET", "HEAD", "POST"])
def questionnaire_import(request: SignedInRequest) -> HttpResponse:
    """A new questionnaire of a file: as a whole, or not at all with everything that is wrong."""
    require_composing(request)
    is_sent = request.method == "POST"
    form = ImportForm(request.POST if is_sent else None, request.FILES if is_sent else None, by=request.user)
    findings = []
    if form.is_valid():
        facts, document = form.facts(), form.cleaned_data["file"]
        findings = errors_of(services.findings_of_file(kind=facts["kind"], owner=facts["owner"], document=document))
        if not findings:
            facts["title"] = facts["title"] or shaped(document)["title"][:200]
            version = services.create(**facts, document=document, by=request.user, at=timezone.now())
            messages.success(request, "Файл загружен: получился черновик.")
            return redirect("draft", version.pk)
        form.add_error("file", f"Файл не загружен, замечаний: {len(findings)}. Они перечислены ниже")
    return render(
        request,
        "surveys/questionnaires/import.html",
        {
            "form": form,
            "findings": findings,
            "title": "Загрузить анкету из файла",
            "submit": "Загрузить",
            "crumbs": [CRUMB],
            "cancel_url": CRUMB["url"],
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def questionnaire_extend(request: SignedInRequest, pk: int) -> HttpResponse:
    standard = get_object_or_404(Questionnaire.objects.shared_with(request.user), pk=pk)
    if not may_anywhere(request.user, Permission.QUESTIONNAIRE_EDIT):
        raise PermissionDenied
    initial = {"title": f"{standard.title[:150]}: вопросы региона"}
    form = ExtendForm(request.POST if request.method == "POST" else None, by=request.user, initial=initial)
    if form.is_valid():
        try:
            version = services.extend(
                standard=standard, **form.facts(), life_situation=None, by=request.user, at=timezone.now()
            )
        except services.NothingToExtend:
            form.add_error(None, "Дополнить можно только стандартную анкету, у которой есть действующая версия")
        else:
            messages.success(request, "Черновик создан. Стандартные разделы стоят первыми, добавьте свои вопросы.")
            return redirect("draft", version.pk)
    return form_page(
        request,
        form,
        title="Дополнить своими вопросами",
        lead=f"«{standard.title}»: стандартные вопросы останутся как есть, Ваши разделы — после них.",
        submit="Создать черновик",
        crumbs=crumbs_of(standard),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def version_copy(request: SignedInRequest, pk: int) -> HttpResponse:
    version = version_or_404(request, pk)
    require_composing(request)
    source = version.questionnaire
    initial = {
        "title": source.title,
        "direction": source.direction.code if source.direction else None,
        "life_situation": source.life_situation_id,
    }
    form = OwnerForm(request.POST if request.method == "POST" else None, by=request.user, initial=initial)
    if form.is_valid():
        try:
            made = services.copy(version=version, **form.facts(), by=request.user, at=timezone.now())
        except services.NotInUse:
            form.add_error(None, "Это черновик: взять за основу можно опубликованную версию")
        else:
            messages.success(request, "Копия готова: это черновик, его видят только в Вашем регионе.")
            return redirect("draft", made.pk)
    return form_page(
        request,
        form,
        title="Взять за основу",
        lead=f"Получится своя анкета с вопросами «{source.title}», версия {version.number}. "
        "Вопросы показателей сохраняют слова стандартной анкеты или теряют показатель.",
        submit="Создать копию",
        crumbs=crumbs_of(source),
    )


# Cards ----------------------------------------------------------------------------------------------------------------


@require_safe
def questionnaire_card(request: SignedInRequest, pk: int) -> HttpResponse:
    questionnaire = get_object_or_404(listed(request.user).select_related("created_by", "copied_from"), pk=pk)
    versions = (
        QuestionnaireVersion.objects.shared_with(request.user)
        .filter(questionnaire=questionnaire)
        .select_related("published_by", "edited_by", "retirement__retired_by", "base")
        .annotate(open_links=Count("links", filter=Q(links__closed_at=None)))
        .order_by("-number")
    )
    published = [version for version in versions if version.published_at]
    draft = next((version for version in versions if not version.published_at), None)
    for version, earlier in zip(published, [*published[1:], None], strict=False):
        version.earlier = earlier  # type: ignore[attr-defined]
    newest = next((version for version in published if not version.is_retired), None)
    standard = services.newest_in_use(questionnaire.extends) if questionnaire.extends else None
    is_behind = bool(newest and standard and newest.base_id != standard.pk)
    return render(
        request,
        "surveys/questionnaires/card.html",
        {
            "questionnaire": questionnaire,
            "versions": published,
            "draft": draft,
            "newest": newest,
            "standard": standard,
            "is_behind": is_behind,
            "extensions": Questionnaire.objects.shared_with(request.user).filter(extends=questionnaire),
            "may_edit": may_edit(request, questionnaire),
            "may_compose": may_compose(request),
            "may_extend": questionnaire.is_standard
            and newest is not None
            and may_anywhere(request.user, Permission.QUESTIONNAIRE_EDIT),
            "crumbs": [CRUMB],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def questionnaire_facts(request: SignedInRequest, pk: int) -> HttpResponse:
    questionnaire = get_object_or_404(Questionnaire.objects.shared_with(request.user), pk=pk)
    services.require_edit(request.user, questionnaire)
    form = FactsForm(request.POST if request.method == "POST" else None, questionnaire=questionnaire)
    if form.is_valid():
        services.edit_facts(questionnaire=questionnaire, **form.facts(), by=request.user)
        messages.success(request, "Изменения сохранены.")
        return redirect("questionnaire", pk)
    return form_page(
        request,
        form,
        title="Название и назначение",
        submit="Сохранить",
        crumbs=crumbs_of(questionnaire),
    )


# Versions -------------------------------------------------------------------------------------------------------------


@require_safe
def version_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    version = version_or_404(request, pk)
    others = (
        QuestionnaireVersion.objects.shared_with(request.user)
        .filter(questionnaire=version.questionnaire)
        .exclude(pk=pk)
        .order_by("-number")
    )
    return render(
        request,
        "surveys/questionnaires/version.html",
        {
            "version": version,
            "questionnaire": version.questionnaire,
            "outline": outline_of(services.whole_document(version), []),
            "others": others,
            "links": version.links.filter(closed_at=None).count(),
            "may_edit": may_edit(request, version.questionnaire),
            "may_compose": may_compose(request),
            "documents": _documents(request, version),
            "types": TYPE_TITLES,
            "crumbs": crumbs_of(version.questionnaire),
        },
    )


def _documents(request: SignedInRequest, version: QuestionnaireVersion) -> list[dict[str, str]]:
    """The printed forms of a version that is the person's to use."""
    if not Questionnaire.objects.visible_to(request.user).filter(pk=version.questionnaire_id).exists():
        return []
    try:
        return [
            {"title": form.upper(), "url": reverse("version-document", args=[version.pk, form])}
            for form in ("pdf", "docx")
        ]
    except NoReverseMatch:
        return []


@csrf_exempt
@xframe_options_sameorigin
@require_http_methods(["GET", "HEAD", "POST"])
def version_preview(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The public page of a version to look at and to try out: what is typed is checked and thrown away."""
    version = version_or_404(request, pk)
    definition = previewing.definition_of(version)
    if definition is None:
        page = previewing.nothing_page()
    else:
        region = version.questionnaire.region
        today = region.local_date() if region else timezone.localdate()
        page = previewing.preview_page(version, definition, today, dict(request.POST.lists()))
    response = HttpResponse(page.body, headers={"Content-Security-Policy": page.policy})
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def version_json(request: SignedInRequest, pk: int) -> HttpResponse:
    """The document of a version as a file that the portal takes back. Of an extension's draft: its own part."""
    version = version_or_404(request, pk)
    text = json.dumps(version.document, ensure_ascii=False, indent=2) + "\n"
    state = f"v{version.number}" if version.published_at else "draft"
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    name = f"{version.questionnaire.code}-{state}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
def version_compare(request: SignedInRequest, pk: int, other: int) -> HttpResponse:
    """Two versions of one questionnaire, the older first; a draft can be compared once it has no errors."""
    pair = sorted((version_or_404(request, pk), version_or_404(request, other)), key=_age)
    before, after = pair
    if before.questionnaire_id != after.questionnaire_id:
        # Versions of different questionnaires have nothing to compare: their codes mean other things.
        messages.warning(request, "Сравнить можно версии одной анкеты.")
        return redirect("questionnaire", after.questionnaire_id)
    old, new = (previewing.definition_of(version) for version in pair)
    return render(
        request,
        "surveys/questionnaires/compare.html",
        {
            "before": before,
            "after": after,
            "questionnaire": after.questionnaire,
            "rows": compare(old, new) if old and new else [],
            "can_compare": bool(old and new),
            "crumbs": crumbs_of(after.questionnaire),
        },
    )


def _age(version: QuestionnaireVersion) -> tuple[bool, int]:
    return version.published_at is None, version.number


@require_http_methods(["GET", "HEAD", "POST"])
def version_draft(request: SignedInRequest, pk: int) -> HttpResponse:
    """A draft of the next version that begins as this one stands."""
    version = version_or_404(request, pk)
    questionnaire = version.questionnaire
    services.require_edit(request.user, questionnaire)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            draft = services.start_draft(
                questionnaire=questionnaire, version=version, by=request.user, at=timezone.now()
            )
        except services.DraftExists as error:
            messages.warning(request, "Черновик уже есть: правьте его или удалите.")
            draft = error.draft
        return redirect("draft", draft.pk)
    return form_page(
        request,
        form,
        title="Новый черновик",
        lead=f"Начнётся с версии {version.number}. Она не изменится: ссылки на неё продолжат работать.",
        submit="Создать черновик",
        crumbs=crumbs_of(questionnaire),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def version_retire(request: SignedInRequest, pk: int) -> HttpResponse:
    version = version_or_404(request, pk)
    questionnaire = version.questionnaire
    services.require_edit(request.user, questionnaire)
    form = RetireForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.retire(version=version, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
        except services.NotInUse:
            form.add_error(None, "Эта версия уже снята или ещё не опубликована")
        else:
            messages.success(request, f"Версия {version.number} снята: новых ссылок на неё не будет.")
            return redirect("questionnaire", questionnaire.pk)
    is_last = not QuestionnaireVersion.objects.in_use().filter(questionnaire=questionnaire).exclude(pk=pk).exists()
    warning = "Других действующих версий нет: новые ссылки на эту анкету создать будет нельзя." if is_last else ""
    return form_page(
        request,
        form,
        title=f"Снять версию {version.number}",
        lead="Новых ссылок на неё не будет. Уже созданные ссылки работают и принимают ответы.",
        warning=warning,
        submit="Снять версию",
        danger=True,
        crumbs=crumbs_of(questionnaire),
    )
