"""Instruments as documents."""

from collections.abc import Callable, Sequence

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from surveys.models import QuestionnaireVersion
from surveys.questionnaires.checking import Finding
from surveys.services import documents as services
from surveys.views.posters import file_response

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FORMATS: dict[str, tuple[Callable[[QuestionnaireVersion, str], bytes], str]] = {
    "pdf": (services.document_pdf, "application/pdf"),
    "docx": (services.document_docx, DOCX_TYPE),
}


@require_safe
def version_document(request: SignedInRequest, pk: int, format: str) -> HttpResponse:
    """An instrument as PDF or DOCX; ?lang= one of its languages."""
    if format not in FORMATS:
        raise Http404
    version = get_object_or_404(services.visible_versions(request.user), pk=pk)
    make, media_type = FORMATS[format]
    try:
        content = make(version, request.GET.get("lang", ""))
    except services.NotWhole as error:
        return _refused(request, version, findings=error.findings)
    except services.TooLong:
        return _refused(request, version, findings=[])
    number = f"v{version.number}" if version.published_at else "draft"
    return file_response(content, media_type, f"{version.questionnaire.code}-{number}.{format}")


def _refused(request: SignedInRequest, version: QuestionnaireVersion, *, findings: Sequence[Finding]) -> HttpResponse:
    context = {"version": version, "findings": findings, "most_questions": services.MOST_QUESTIONS}
    return render(request, "surveys/document_refused.html", context, status=422)
