"""What becomes of an answer: one rule, in Python and in the database."""

from itertools import product

import pytest

from surveys.counting.fates import COUNTED, LEFT_OUT, TOO_LATE, fate
from surveys.models import Response
from tests.factories import ResponseFactory, SurveyLinkFactory


@pytest.mark.parametrize(
    ("is_measured", "is_eligible", "is_excluded", "became"),
    [
        (True, True, False, COUNTED),
        (True, False, False, TOO_LATE),
        # It asks for no day of service: there is nothing to be late after.
        (False, False, False, COUNTED),
        (True, True, True, LEFT_OUT),
        (True, False, True, LEFT_OUT),
        (False, False, True, LEFT_OUT),
    ],
)
def test_an_answer_is_counted_too_late_or_left_out(
    is_measured: bool, is_eligible: bool, is_excluded: bool, became: str
):
    assert fate(is_measured=is_measured, is_eligible=is_eligible, is_excluded=is_excluded) == became


@pytest.mark.django_db
def test_the_database_decides_the_same():
    link = SurveyLinkFactory()
    for is_measured, is_eligible, is_excluded in product((True, False), repeat=3):
        ResponseFactory(link=link, is_measured=is_measured, is_eligible=is_eligible, is_excluded=is_excluded)
    for one in Response.objects.with_fate():
        assert one.fate == fate(is_measured=one.is_measured, is_eligible=one.is_eligible, is_excluded=one.is_excluded)
