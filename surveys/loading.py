"""Reads the standard questionnaires from their files; a changed file becomes a new published version."""

import json
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from regions.models import Direction
from surveys.definition import Definition
from surveys.models import Questionnaire, QuestionnaireVersion

FOLDER = Path(__file__).parent / "reference"


@transaction.atomic
def load() -> dict[str, int]:
    """Load the standard questionnaire of every direction; returns how many questionnaires and versions there are."""
    for direction in Direction.objects.all():
        document = json.loads((FOLDER / f"standard-{direction.code}.json").read_text(encoding="utf-8"))
        definition = Definition.model_validate(document)
        questionnaire, _ = Questionnaire.objects.update_or_create(
            code=f"standard-{direction.code}", defaults={"title": definition.title, "direction": direction}
        )
        newest = questionnaire.versions.first()
        if newest is None or newest.digest != definition.digest():
            QuestionnaireVersion.objects.create(
                questionnaire=questionnaire,
                number=newest.number + 1 if newest else 1,
                document=definition.document(),
                digest=definition.digest(),
                published_at=timezone.now(),
            )
    return {"анкеты": Questionnaire.objects.count(), "версии анкет": QuestionnaireVersion.objects.count()}
