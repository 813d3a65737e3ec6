"""Open work: what a person does in a role and somebody else must go on with when the role passes to them.

Each app registers its own kinds here from `AppConfig.ready()`, so that a handover passes them all without the ground
floor knowing the apps above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from accounts.models import User
    from regions.models import Membership


class PassOn(Protocol):
    """Gives the work to the successor's role, within the caller's transaction; returns by name what went over."""

    def __call__(self, membership: Membership, successor: Membership, *, by: User, at: datetime) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Kind:
    title: str
    # What is open in a role, by name: only what the role itself may do, since a person may have several.
    find: Callable[[Membership], list[str]]
    pass_on: PassOn


_kinds: dict[str, Kind] = {}


def register(title: str, find: Callable[[Membership], list[str]], pass_on: PassOn) -> None:
    """Make a kind of work known under its title on the pages."""
    _kinds[title] = Kind(title, find, pass_on)


def found(membership: Membership) -> list[dict[str, Any]]:
    """What is open in a role: [{"title", "items"}], without the kinds of which there is nothing."""
    return _named((kind.title, kind.find(membership)) for kind in _kinds.values())


def pass_on(membership: Membership, successor: Membership, *, by: User, at: datetime) -> list[dict[str, Any]]:
    """Give all of it to the successor's role; what went over, in the form of `found`."""
    return _named((kind.title, kind.pass_on(membership, successor, by=by, at=at)) for kind in _kinds.values())


def _named(work: Iterable[tuple[str, list[str]]]) -> list[dict[str, Any]]:
    return [{"title": title, "items": items} for title, items in work if items]
