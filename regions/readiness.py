"""Whether a region has what НСИ needs to begin: three yes or no [001 V.2]. Pure arithmetic: no Django, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


def infrastructure_share(*, bodies_exist: bool, roadmaps_exist: bool, indicators_approved: bool) -> float:
    """How much of what НСИ needs the region has, %: 0, 33.3…, 66.6… or 100. More is better.

    Bodies and РСУ exist; roadmaps exist for every chosen ЖС; indicators are approved with current and target
    values. Reaching 100 ends the measuring: the caller freezes it with the date. Source: 001, V.2 and IV.5.
    """
    return 100 * sum([bodies_exist, roadmaps_exist, indicators_approved]) / 3


@dataclass(frozen=True, slots=True)
class Readiness:
    """The three facts of a region as they stand, and the day they were all true for the first time."""

    bodies_exist: bool
    roadmaps_exist: bool
    indicators_approved: bool
    reached_on: date | None = None

    @property
    def share(self) -> float:
        """In %. Once reached it stays, whatever is lost later: it is not measured again [001 V.2]."""
        if self.reached_on:
            return 100.0
        return infrastructure_share(
            bodies_exist=self.bodies_exist,
            roadmaps_exist=self.roadmaps_exist,
            indicators_approved=self.indicators_approved,
        )

    @property
    def text(self) -> str:
        """«66,7 %»."""
        return f"{self.share:.1f}".removesuffix(".0").replace(".", ",") + "\u00a0%"

    @property
    def is_whole(self) -> bool:
        return self.reached_on is not None or (self.bodies_exist and self.roadmaps_exist and self.indicators_approved)
