"""A draft as a whole: replaced from a file, thrown away, published."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from surveys.forms.questionnaires import ReplaceForm, RevisionForm
from surveys.models import QuestionnaireVersion
from surveys.questionnaires.checking import Finding, errors_of
from surveys.questionnaires.comparing import compare
from surveys.questionnaires.definition import Definition
from surveys.services import questionnaires as services
from surveys.views.drafts.editor import draft_page, of_draft, save_change, say_changed, sent_with, to_draft
from surveys.views.drafts.outline import outline_context
from surveys.views.questionnaires import version_or_404


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
                save_change(request, version, lambda _: document, revision=form.cleaned_data["revision"])
            except services.Stale as stale:
                form = ReplaceForm(sent_with(request, revision=str(stale.version.revision)), request.FILES)
                say_changed(form, version, "черновик", [])
                status = 409
            except services.BreaksSeries as error:
                findings = error.findings
            else:
                messages.success(request, "Файл загружен в черновик.")
                return to_draft(version)
        if findings:
            form.add_error("file", f"Файл не загружен, замечаний: {len(findings)}. Они перечислены ниже")
    return draft_page(
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
            say_changed(form, version, "черновик", [])
            status = 409
        else:
            messages.success(request, "Черновик удалён.")
            return redirect("questionnaire-list") if is_all_gone else redirect("questionnaire", questionnaire.pk)
    return draft_page(
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
    context = outline_context(request, version)
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
    return draft_page(request, version, form, "surveys/questionnaires/publish.html", status, **context)
