"""The way of a ЖС in a region [001 IV, VI]: which step may follow which, and what each asks for.

Pure rules over the codes of `LifeSituationStatus`: no Django, no clock, no database.
"""

from typing import Final

ORDER: Final = ("chosen", "self_assessment", "roadmap", "implementation", "scaling", "completed")

# What each of these stages must be reached by: a document with its number and date.
DOCUMENTS: Final = {
    "implementation": "документ об утверждении дорожной карты",
    "completed": "решение руководителя РШ о завершении",
}


def allowed(before: str) -> tuple[str, ...]:
    """The stages that may follow `before`: all earlier ones in order, then the next one."""
    place = ORDER.index(before)
    return ORDER[:place] + ORDER[place + 1 : place + 2]


def is_back(before: str, after: str) -> bool:
    return ORDER.index(after) < ORDER.index(before)


def needs_document(after: str, *, before: str) -> bool:
    """Going forward to this stage rests on a document; coming back to it does not."""
    return after in DOCUMENTS and not is_back(before, after)


def needs_reason(after: str, *, before: str) -> bool:
    return is_back(before, after)


def decides_completion(after: str, *, before: str) -> bool:
    """Completing is the decision of whoever may decide it, and so is taking that decision back."""
    return "completed" in (before, after)
