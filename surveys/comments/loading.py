"""Reads themes and stages of the process, by which comments are coded, from their files; safe to run again."""

from pathlib import Path
from typing import Any

import yaml

from regions.loading import store
from regions.models import LifeSituation
from surveys.models import ProcessStage, Theme

FOLDER = Path(__file__).parent.parent / "reference"


def load() -> dict[str, int]:
    """Load themes and stages of the ЖС of the catalogue; returns how many of each there are."""
    for order, theme in enumerate(_read("themes.yaml"), start=1):
        store(Theme, {"code": theme["code"]}, {"title": theme["title"], "order": order})
    situations = {one.code: one for one in LifeSituation.objects.of_the_catalogue()}
    for code, stages in _read("process_stages.yaml").items():
        # Tests know fewer ЖС than there are.
        for order, stage in enumerate(stages if code in situations else (), start=1):
            key = {"life_situation": situations[code], "code": stage["code"]}
            store(ProcessStage, key, {"title": stage["title"], "order": order})
    return {"темы комментариев": Theme.objects.count(), "этапы процессов": ProcessStage.objects.count()}


def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
