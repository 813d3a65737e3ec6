"""The counts of one institution over a period. Pure: tallies in, counts out."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from surveys.counting.fates import COUNTED, LEFT_OUT
from surveys.counting.statistics import DaysCounts, NpsCounts, ShareCounts

# Measure → value → how many answers; `received` tallies all answers by their fate (surveys.counting.fates).
Tally = Mapping[str, Mapping[Decimal, int]]
RECEIVED = "received"

# Scale questions, each giving a share of its own; the first is the main indicator [001, IV.4.1].
SHARES = ("satisfaction", "documents", "duration", "clarity", "support")


@dataclass(frozen=True, slots=True)
class InstitutionCounts:
    """What people answered about one institution: `received` in all, of them `excluded` left out by a decision.

    Everything else counts the eligible answers only.
    """

    received: int
    eligible: int
    shares: Mapping[str, ShareCounts]
    nps: NpsCounts
    days: DaysCounts
    excluded: int = 0

    @classmethod
    def from_tally(cls, tally: Tally) -> "InstitutionCounts":
        arrived = tally.get(RECEIVED, {})
        return cls(
            received=sum(arrived.values()),
            eligible=arrived.get(Decimal(COUNTED), 0),
            shares={share: ShareCounts.from_tally(_whole(tally.get(share, {}))) for share in SHARES},
            nps=NpsCounts.from_tally(_whole(tally.get("nps", {}))),
            days=DaysCounts.from_tally(dict(tally.get("days", {}))),
            excluded=arrived.get(Decimal(LEFT_OUT), 0),
        )

    @property
    def left_out(self) -> int:
        """Answers that are stored but do not count: they came too late, or were left out by a decision."""
        return self.received - self.eligible

    @property
    def too_late(self) -> int:
        """Of them those that came too long after the service."""
        return self.left_out - self.excluded


def _whole(tally: Mapping[Decimal, int]) -> dict[int, int]:
    return {int(value): count for value, count in tally.items()}


NOTHING = InstitutionCounts.from_tally({})
