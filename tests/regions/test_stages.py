"""The way of a ЖС in a region, as a table over all pairs of stages."""

import pytest

from regions import stages
from regions.models.places import LifeSituationStatus

# From → to: «вперёд» the next stage, «назад» with a reason, «—» no step. «Д»: with a document, «Р»: decides completion.
COLUMNS = ("chosen", "self_assessment", "roadmap", "implementation", "scaling", "completed")
TABLE = {
    "chosen": ("—", "вперёд", "—", "—", "—", "—"),
    "self_assessment": ("назад", "—", "вперёд", "—", "—", "—"),
    "roadmap": ("назад", "назад", "—", "вперёд Д", "—", "—"),
    "implementation": ("назад", "назад", "назад", "—", "вперёд", "—"),
    "scaling": ("назад", "назад", "назад", "назад", "—", "вперёд ДР"),
    "completed": ("назад Р", "назад Р", "назад Р", "назад Р", "назад Р", "—"),
}
PAIRS = [(before, after, cell) for before, row in TABLE.items() for after, cell in zip(COLUMNS, row, strict=True)]


@pytest.mark.parametrize(("before", "after", "cell"), PAIRS)
def test_every_pair_of_stages(before: str, after: str, cell: str):
    step, _, marks = cell.partition(" ")
    assert (after in stages.allowed(before)) is (step != "—")
    if step != "—":
        assert stages.is_back(before, after) is (step == "назад")
        assert stages.needs_reason(after, before=before) is (step == "назад")
        assert stages.needs_document(after, before=before) is ("Д" in marks)
        assert stages.decides_completion(after, before=before) is ("Р" in marks)


def test_the_table_speaks_of_all_stages():
    assert len(PAIRS) == len(LifeSituationStatus) ** 2
    assert tuple(LifeSituationStatus.values) == stages.ORDER == COLUMNS == tuple(TABLE)


def test_the_next_stage_stands_last_among_the_allowed():
    assert stages.allowed("roadmap") == ("chosen", "self_assessment", "implementation")
    assert stages.allowed("completed") == stages.ORDER[:-1]
