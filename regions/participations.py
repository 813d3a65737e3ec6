"""What follows elsewhere when an institution stops taking part in a ЖС.

Each app above registers its own consequence from `AppConfig.ready()`, so that a participation ends with all of them
without the ground floor knowing who they are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from regions.models import Participation

# Gets the participation with its last day already stored, within the caller's transaction; returns by name what it
# stopped. Raises StillNeeded when the participation cannot end on that day.
Consequence: TypeAlias = "Callable[[Participation, datetime], list[str]]"

_consequences: list[Consequence] = []


class StillNeeded(Exception):
    """Something rests on later days of the participation; the message, in Russian, says what and what to do."""


def when_participation_ends(consequence: Consequence) -> Consequence:
    """Make a function one of the consequences."""
    _consequences.append(consequence)
    return consequence


def draw_consequences(participation: Participation, at: datetime) -> list[str]:
    """All that follows from the last day of a participation; what was stopped, by name. Raises StillNeeded."""
    return [name for consequence in _consequences for name in consequence(participation, at)]
