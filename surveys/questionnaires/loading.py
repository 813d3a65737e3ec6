"""Reads the standard questionnaires from their files; a changed file becomes a new published version.

The files rule as long as nobody has published a version in the editor. From then on the questionnaire is the Agency's
people's: neither the same file nor a changed one puts anything over what they have published.
"""

import json
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from regions.models import Direction
from surveys.comments import loading as comment_loading
from surveys.models import Questionnaire, QuestionnaireVersion
from surveys.questionnaires.definition import Definition

FOLDER = Path(__file__).parent.parent / "reference"
# Instruments of 000, stage 1b, for every direction: filled in by staff.
INSTRUMENTS = {
    "interview-guide": Questionnaire.Kind.INTERVIEW_GUIDE,
    "focus-group-guide": Questionnaire.Kind.FOCUS_GROUP_GUIDE,
    "mystery-client-script": Questionnaire.Kind.SCRIPT,
    "observation-sheet": Questionnaire.Kind.OBSERVATION_SHEET,
}


@transaction.atomic
def load() -> dict[str, int]:
    """Load the standard questionnaire of every direction and the other instruments; returns how many there are."""
    for direction in Direction.objects.all():
        _load_one(f"standard-{direction.code}", direction=direction)
    for code, kind in INSTRUMENTS.items():
        _load_one(code, kind=kind)
    return {
        "анкеты": Questionnaire.objects.count(),
        "версии анкет": QuestionnaireVersion.objects.count(),
        **comment_loading.load(),
    }


def _load_one(code: str, **attributes: Any) -> None:
    definition = Definition.model_validate(json.loads((FOLDER / f"{code}.json").read_text(encoding="utf-8")))
    if QuestionnaireVersion.objects.filter(questionnaire__code=code, published_by__isnull=False).exists():
        return
    questionnaire, _ = Questionnaire.objects.update_or_create(
        code=code, defaults={"title": definition.title, **attributes}
    )
    # A draft of the editor may be there: its number is only provisional.
    newest = questionnaire.versions.published().order_by("-number").first()
    if newest is not None and newest.digest == definition.digest():
        return
    number = newest.number + 1 if newest else 1
    questionnaire.versions.drafts().filter(number=number).update(number=number + 1)
    QuestionnaireVersion.objects.create(
        questionnaire=questionnaire,
        number=number,
        document=definition.document(),
        digest=definition.digest(),
        published_at=timezone.now(),
    )
