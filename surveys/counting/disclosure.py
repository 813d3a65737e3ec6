"""Small numbers: what must stay hidden so that nobody can tell what a few people answered. Pure.

A value of fewer than `minimum` answers is hidden. Yet it could still be worked out: from the value of the whole and of
all other parts, or from two periods of which one holds the other. So what would give it away is hidden as well. The
hidden parts of a whole are always more than the sums that are shown of them, and stand together for at least `minimum`
answers: what can be found by subtraction is told of as many people as may be published anyway.

The number of answers itself is no secret: it tells how many were asked, not what they said. Decision 28 says what this
protects from and what it does not.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Part = TypeVar("Part", bound=Hashable)


def is_small(n: int, minimum: int) -> bool:
    """Some answers, and too few of them."""
    return 0 < n < minimum


def hidden_parts(parts: Mapping[Part, int], minimum: int, *, sums: int = 1) -> frozenset[Part]:
    """Which parts of a published whole to hide: part → number of answers in, hidden parts out.

    The small ones, and if they are too few or together still small, the next smallest as well. `sums`: in how many ways
    the whole is published; each is an equation, so there must be more hidden parts than that. A part without answers
    has nothing to hide. Of equal numbers the first in `parts`, so that the same data always hide the same.
    """
    hidden = {part for part, n in parts.items() if is_small(n, minimum)}
    for part in sorted((part for part, n in parts.items() if n >= minimum), key=lambda one: parts[one]):
        if _is_enough(parts, hidden, minimum, sums):
            break
        hidden.add(part)
    return frozenset(hidden)


def _is_enough(parts: Mapping[Part, int], hidden: Collection[Part], minimum: int, sums: int) -> bool:
    """Whether what is hidden cannot be told apart by as many sums over it."""
    if not hidden:
        return True
    if len(hidden) <= sums or sum(parts[part] for part in hidden) < minimum:
        return False
    if sums == 1 or len({parts[part] for part in hidden}) == 1:
        return True
    # Two sums, of all alike and by the number of answers: a part beside which all others are of one size is the only
    # one on which they disagree.
    return all(len({parts[one] for one in hidden if one != part}) > 1 for part in hidden if parts[part] < minimum)


@dataclass(frozen=True, slots=True)
class Touched(Generic[Part]):
    """A reporting period that the days asked for touch: part → answers, in all of it and in the days asked for.

    `weeks`: the pieces that can be asked for, of a period taken in part; without them the days asked for and the rest.
    """

    whole: Mapping[Part, int]
    inside: Mapping[Part, int]
    weeks: tuple[Mapping[Part, int], ...] = ()

    @property
    def outside(self) -> dict[Part, int]:
        return {part: n - self.inside.get(part, 0) for part, n in self.whole.items()}

    @property
    def pieces(self) -> list[Mapping[Part, int]]:
        """The pieces of time with answers that could be told apart; one, when the others hold none."""
        both: list[Mapping[Part, int]] = [one for one in (dict(self.inside), self.outside) if any(one.values())]
        if len(both) < 2:
            return both
        if self.weeks:
            return [week for week in self.weeks if any(week.values())]
        # The same whichever of the two is asked for.
        return sorted(both, key=lambda piece: sorted((str(part), n) for part, n in piece.items()))


@dataclass(frozen=True, slots=True)
class Hidden(Generic[Part]):
    """What to hide of some days: the value of the whole, and the values of parts."""

    whole: bool
    parts: frozenset[Part]


def hidden_over_time(periods: Iterable[Touched[Part]], minimum: int, *, sums: int = 1) -> Hidden[Part]:
    """What to hide when the days asked for can be subtracted from the reporting periods they lie in, or hold some.

    A part hidden in a reporting period is hidden in all that touches it, or the difference would be its value. Of a
    period taken in part no piece that can be asked for may be small, whichever is; and what is hidden for that hides
    others with it in every piece. Where there is nobody to hide it among, the whole is hidden, too. `sums` as in
    `hidden_parts`.
    """
    whole, parts = False, set[Part]()
    for period in periods:
        pieces = period.pieces
        whole |= any(is_small(sum(piece.values()), minimum) for piece in (period.whole, *pieces))
        always = hidden_parts(period.whole, minimum, sums=sums)
        hidden = set(always)
        # Too few parts to hide them among: one of the sums has to go, and it is this one.
        whole |= not _is_enough(period.whole, hidden, minimum, sums)
        if len(pieces) > 1:
            hidden |= {part for piece in pieces for part, n in piece.items() if is_small(n, minimum)}
            # Who answered in one piece only is known there from the reporting period, unless hidden in it.
            known = {part for part, n in period.whole.items() if part not in always}
            known = {part for part in known if sum(bool(piece.get(part)) for piece in pieces) < 2}
            whole |= _is_alone_in(pieces, hidden, known, minimum, sums)
            whole |= len(pieces) > 2 and _pieces_give_away(pieces, hidden, always, minimum)
        parts |= hidden
    return Hidden(whole, frozenset(parts))


def _pieces_give_away(
    pieces: Sequence[Mapping[Part, int]], hidden: Collection[Part], always: Collection[Part], minimum: int
) -> bool:
    """Whether the wholes of the pieces give a small part of one of them, as a table is solved by its two margins.

    Shown are the whole of each piece, and of the reporting period the parts that are not `always` hidden and the whole
    with weights.
    """
    cells = [(part, at) for at, piece in enumerate(pieces) for part, n in piece.items() if n and part in hidden]
    of_part: dict[Part, list[tuple[Part, int]]] = {}
    for part, at in cells:
        if is_small(pieces[at][part], minimum):
            of_part.setdefault(part, []).append((part, at))
    if not of_part:
        return False
    small = [[cell] for found in of_part.values() for cell in found]
    # Several pieces may be few people together, too.
    small += [found for found in of_part.values() if sum(pieces[at][part] for part, at in found) < minimum]
    weight = {part: (at + 2) ** 2 for at, part in enumerate(sorted({part for part, _ in cells}, key=str))}
    sums = [dict.fromkeys((cell for cell in cells if cell[1] == at), 1) for at in range(len(pieces))]
    sums += [dict.fromkeys((cell for cell in cells if cell[0] == part), 1) for part in weight if part not in always]
    sums.append({cell: weight[cell[0]] for cell in cells})
    return can_be_found(small, sums)


def _is_alone_in(
    pieces: Sequence[Mapping[Part, int]], hidden: set[Part], known: Collection[Part], minimum: int, sums: int
) -> bool:
    """Add to `hidden` until it is nothing, or enough, in every piece; True when there is nobody to add.

    `known`: parts that hide nothing, as their value in a piece is shown elsewhere.
    """
    is_settled = False
    while not is_settled:
        is_settled = True
        for piece in pieces:
            among = [n for part, n in piece.items() if part in hidden and part not in known and n]
            if not among or (len(among) > sums and sum(among) >= minimum):
                continue
            shown = [part for part, n in piece.items() if n and part not in hidden and part not in known]
            if not shown:
                return True
            hidden.add(min(shown, key=lambda part: piece[part]))
            is_settled = False
    return False


def has_small(periods: Iterable[Touched[Part]], minimum: int) -> bool:
    """Whether any cell of a table is small, in any piece of time that could be found by subtraction.

    A table of two or three directions (institution, channel, version) has so many sums that hiding a few cells protects
    nothing, and hiding enough of them leaves little. So its cells are shown when none of them is small, or not at all.
    """
    return any(
        is_small(n, minimum)
        for period in periods
        for piece in (period.whole, period.inside, period.outside, *period.pieces)
        for n in piece.values()
    )


# Arithmetic of the elimination below: exact, and a prime so large that nothing vanishes in it by chance.
_PRIME = 2**61 - 1


def can_be_found(targets: Iterable[Collection[Part]], sums: Iterable[Mapping[Part, int]]) -> bool:
    """Whether one of the sums over `targets` follows from the `sums` that are shown: cell → weight.

    Sums in several directions (institutions, channels, versions) share their cells, so hiding enough parts in each
    direction is not enough: an institution less the channel that only it uses is what came to it otherwise.
    """
    rows: dict[Part, dict[Part, int]] = {}
    for shown in sums:
        left = _reduced({cell: weight % _PRIME for cell, weight in shown.items()}, rows)
        if left:
            pivot = next(iter(left))
            inverse = pow(left[pivot], -1, _PRIME)
            rows[pivot] = {cell: weight * inverse % _PRIME for cell, weight in left.items()}
    return any(not _reduced(dict.fromkeys(target, 1), rows) for target in targets)


def _reduced(left: dict[Part, int], rows: Mapping[Part, Mapping[Part, int]]) -> dict[Part, int]:
    """What is left of a sum after all that is known is taken from it."""
    # In the order in which the rows were found: a later one holds no pivot of an earlier one.
    for pivot, row in rows.items():
        if factor := left.get(pivot, 0):
            for cell, weight in row.items():
                left[cell] = (left.get(cell, 0) - factor * weight) % _PRIME
    return {cell: weight for cell, weight in left.items() if weight}
