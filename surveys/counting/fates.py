"""What becomes of an answer that came, and the signs the rollups keep it by. Pure.

In the database the same is decided by `ResponseQuerySet.with_fate`.
"""

# Stands where a rollup names the question: the row counts answers by their fate.
ARRIVED = ""
# `DailyTally` keeps the same as numbers.
COUNTED, TOO_LATE, LEFT_OUT = "1", "0", "2"


def fate(*, is_measured: bool, is_eligible: bool, is_excluded: bool) -> str:
    """What becomes of an answer. One that is not for the КПЭ has no day of service to be late after: it counts."""
    if is_excluded:
        return LEFT_OUT
    return COUNTED if is_eligible or not is_measured else TOO_LATE
