"""The counts of one institution over a period. Pure: tallies in, counts out."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from surveys.statistics import DaysCounts, NpsCounts, ShareCounts

# Measure → value → how many answers; `received` tallies all answers by eligibility (1 or 0).
Tally = Mapping[str, Mapping[Decimal, int]]
RECEIVED = "received"

# Scale questions, each giving a share of its own; the first is the main indicator [001, IV.4.1].
SHARES = ("satisfaction", "documents", "duration", "clarity", "support")


@dataclass(frozen=True, slots=True)
class InstitutionCounts:
    """What people answered about one institution; everything but `received` counts eligible answers only."""

    received: int
    eligible: int
    shares: Mapping[str, ShareCounts]
    nps: NpsCounts
    days: DaysCounts

    @classmethod
    def from_tally(cls, tally: Tally) -> "InstitutionCounts":
        arrived = tally.get(RECEIVED, {})
        return cls(
            received=sum(arrived.values()),
            eligible=arrived.get(Decimal(1), 0),
            shares={share: ShareCounts.from_tally(_whole(tally.get(share, {}))) for share in SHARES},
            nps=NpsCounts.from_tally(_whole(tally.get("nps", {}))),
            days=DaysCounts.from_tally(dict(tally.get("days", {}))),
        )

    @property
    def left_out(self) -> int:
        """Answers that are stored but do not count: the service was received too long before."""
        return self.received - self.eligible


def _whole(tally: Mapping[Decimal, int]) -> dict[int, int]:
    return {int(value): count for value, count in tally.items()}


NOTHING = InstitutionCounts.from_tally({})
