"""Instruments as documents: PDF to print, DOCX to edit."""

from datetime import datetime

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from surveys.models import Questionnaire, QuestionnaireVersion
from surveys.paper.printing import Paper, laid_out
from surveys.questionnaires.checking import Finding, check, errors_of
from surveys.questionnaires.definition import Definition
from surveys.questionnaires.languages import direction
from surveys.services.questionnaires import whole_document

# A page takes a fifth of a second: so many are made while somebody waits.
MOST_QUESTIONS = 400
AGENCY = "Агентство стратегических инициатив"


class NotWhole(Exception):
    """A draft that cannot be printed yet; `findings` say what is wrong with it."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(finding.message for finding in findings))
        self.findings = findings


class TooLong(Exception):
    """More questions than are printed at once."""


FILLED_BY = {
    Questionnaire.Kind.QUESTIONNAIRE: (),
    Questionnaire.Kind.INTERVIEW_GUIDE: ("Учреждение", "Дата и место", "Кто проводит"),
    Questionnaire.Kind.FOCUS_GROUP_GUIDE: ("Учреждение", "Дата и место", "Кто ведёт", "Число участников"),
    Questionnaire.Kind.SCRIPT: ("Учреждение", "Дата и время", "Кто проводит"),
    Questionnaire.Kind.OBSERVATION_SHEET: ("Учреждение", "Дата и время", "Кто наблюдает"),
}


def visible_versions(user: User) -> QuerySet[QuestionnaireVersion]:
    """Versions `user` may read: of the questionnaires they see; drafts only of those whose regions they see or edit."""
    return (
        QuestionnaireVersion.objects.shared_with(user)
        .filter(questionnaire__in=Questionnaire.objects.visible_to(user))
        .select_related("questionnaire__region", "questionnaire__extends")
    )


def definition_to_print(version: QuestionnaireVersion) -> Definition:
    """The definition of a version; of a draft that adds to a standard questionnaire as it would be published now.

    Raises NotWhole for a draft that is not a whole questionnaire yet, TooLong.
    """
    if version.published_at:
        definition = version.definition
    else:
        document = whole_document(version)
        if errors := errors_of(check(document)):
            raise NotWhole(errors)
        definition = Definition.model_validate(document)
    if sum(1 for _ in definition.questions()) > MOST_QUESTIONS:
        raise TooLong
    return definition


def paper_of(version: QuestionnaireVersion, definition: Definition, language: str = "") -> Paper:
    questionnaire = version.questionnaire
    return Paper(
        kind=questionnaire.get_kind_display(),
        owner=questionnaire.region.name if questionnaire.region else AGENCY,
        version=_version_words(version),
        is_draft=version.published_at is None,
        is_questionnaire=questionnaire.kind == Questionnaire.Kind.QUESTIONNAIRE,
        layout=laid_out(definition, language),
        filled_by=FILLED_BY[Questionnaire.Kind(questionnaire.kind)],
    )


def _version_words(version: QuestionnaireVersion) -> str:
    if version.published_at:
        return f"версия {version.number} от {_day(version.published_at)}"
    return f"черновик от {_day(version.edited_at)}" if version.edited_at else "черновик"


def _day(at: datetime) -> str:
    return f"{timezone.localtime(at):%d.%m.%Y}"


def document_pdf(version: QuestionnaireVersion, language: str = "") -> bytes:
    """The instrument as PDF. `language`: one of the definition's, else the one it is written in.

    Raises NotWhole, TooLong.
    """
    # Pango comes with it, and most processes never print.
    from regions import pdf

    definition = definition_to_print(version)
    language = printed_language(definition, language)
    return pdf.render(
        render_to_string(
            "surveys/print/instrument.html",
            {
                "paper": paper_of(version, definition, language),
                "language": language,
                "direction": direction(language),
            },
        )
    )


def document_docx(version: QuestionnaireVersion, language: str = "") -> bytes:
    """The instrument as DOCX, to be edited. `language` as for `document_pdf`. Raises NotWhole, TooLong."""
    from surveys.paper.word_documents import write

    definition = definition_to_print(version)
    return write(paper_of(version, definition, printed_language(definition, language)))


def printed_language(definition: Definition, language: str) -> str:
    return language if language in definition.languages else definition.language
