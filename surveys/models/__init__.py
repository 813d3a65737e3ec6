"""Questionnaires, links to them, answers and their rollups, and what is made of the answers."""

from surveys.models.comments import Comment, ProblemDraft, ProcessStage, RawReading, Theme
from surveys.models.fieldwork import (
    BlankBatch,
    ChangeMade,
    Entry,
    EntryWithdrawal,
    FillingDraft,
    FormFeedback,
    Recheck,
    ResponseImport,
)
from surveys.models.links import PAGE_KEPT_SECONDS, LinkBatch, SurveyLink
from surveys.models.quality import ExclusionCase
from surveys.models.questionnaires import Questionnaire, QuestionnaireVersion, VersionRetirement
from surveys.models.responses import (
    MEASURE_RANGES,
    SCALE4_RANGE,
    TYPED_MEASURES,
    DailyTally,
    QuestionTally,
    Response,
    RollupState,
    typed_columns,
)

__all__ = [
    "MEASURE_RANGES",
    "PAGE_KEPT_SECONDS",
    "SCALE4_RANGE",
    "TYPED_MEASURES",
    "BlankBatch",
    "ChangeMade",
    "Comment",
    "DailyTally",
    "Entry",
    "EntryWithdrawal",
    "ExclusionCase",
    "FillingDraft",
    "FormFeedback",
    "LinkBatch",
    "ProblemDraft",
    "ProcessStage",
    "QuestionTally",
    "Questionnaire",
    "QuestionnaireVersion",
    "RawReading",
    "Recheck",
    "Response",
    "ResponseImport",
    "RollupState",
    "SurveyLink",
    "Theme",
    "VersionRetirement",
    "typed_columns",
]
