"""How the numbers of a distribution are written."""

from decimal import Decimal

from monitoring.display import NBSP, number
from surveys.counting.distributions import Bar


def share_words(count: int, n: int) -> str:
    """«45,0 % (9)»."""
    return f"{number(100 * count / n, 1)}{NBSP}% ({number(count)})"


def bar_words(bar: Bar) -> str:
    """«2,5», or «от 5 до 10» (10 itself is in the next bar)."""
    if bar.low == bar.high:
        return plain(bar.low)
    return f"от{NBSP}{plain(bar.low)} до{NBSP}{plain(bar.high)}"


def plain(value: Decimal) -> str:
    """A number as it was given: 3, 2,5."""
    return number(Decimal(f"{value.normalize() + 0:f}"))
