"""Instruments as documents: PDF to print, DOCX to edit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from surveys.models import Questionnaire, QuestionnaireVersion
from surveys.paper.printing import Layout, laid_out
from surveys.questionnaires.checking import Finding, check, errors_of
from surveys.questionnaires.definition import Definition
from surveys.questionnaires.editing import assembled
from surveys.questionnaires.languages import direction

# A page takes a fifth of a second: so many are made while somebody waits.
MOST_QUESTIONS = 400
AGENCY = "Агентство стратегических инициатив"
THANKS = "Спасибо за ответы!"


class NotWhole(Exception):
    """A draft that cannot be printed yet; `findings` say what is wrong with it."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(finding.message for finding in findings))
        self.findings = findings


class TooLong(Exception):
    """More questions than are printed at once."""


@dataclass(frozen=True)
class Paper:
    """All that a document of an instrument says."""

    kind: str
    owner: str
    version: str  # «версия 2 от 01.03.2026» or «черновик от 05.03.2026»
    is_draft: bool
    is_questionnaire: bool
    layout: Layout
    # What the person at work writes on top of a guide, script or observation sheet.
    filled_by: tuple[str, ...]

    @property
    def ending(self) -> str:
        """The last words. Those of a questionnaire are for the screen: «Ваш ответ принят»."""
        return THANKS if self.is_questionnaire else self.layout.thanks

    @property
    def about(self) -> str:
        return f"{self.owner} · {self.version}"

    @property
    def running(self) -> str:
        """At the foot of every page."""
        title = self.layout.title
        return f"{title if len(title) <= 80 else title[:79] + '…'}, {self.version}"


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
        .select_related("questionnaire__region", "base")
    )


def definition_to_print(version: QuestionnaireVersion) -> Definition:
    """The definition of a version; of a draft that adds to a standard questionnaire with the sections of both.

    Raises NotWhole for a draft that is not a whole questionnaire yet, TooLong.
    """
    if version.published_at:
        definition = version.definition
    else:
        document: Any = version.document
        if version.base and isinstance(document, dict):
            document = assembled(version.base.document, document)
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
