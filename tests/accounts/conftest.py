"""Every test of signing in begins with counters at nought, at a moment of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from accounts.models import User
from regions.roles import Role
from tests.factories import PASSWORD, MembershipFactory, UserFactory
from tests.world import NOW


@pytest.fixture
def clock() -> Iterator[Any]:
    cache.clear()
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
    cache.clear()


@pytest.fixture
def anna(db: None, clock: object) -> User:
    """A representative of an institution, whose role needs no second factor."""
    return MembershipFactory(user=UserFactory(email="anna@example.ru", password=PASSWORD)).user


@pytest.fixture
def curator(db: None, clock: object) -> User:
    """Of the Agency: signs in with a second factor."""
    user = UserFactory(email="curator@example.ru", password=PASSWORD)
    return MembershipFactory(user=user, role=Role.AGENCY_CURATOR).user
