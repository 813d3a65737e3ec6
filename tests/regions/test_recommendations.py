"""What the recommendations ask of bodies and РСУ, as tables. Nothing here touches a database."""

import pytest

from regions.models import Body
from regions.models.bodies import Competence, Group
from regions.recommendations import (
    COMMISSIONER_COMPETENCES,
    COMPETENCES,
    EXPERT_GROUP_COMPETENCES,
    EXPERT_GROUPS,
    HEADQUARTERS_COMPETENCES,
    HEADQUARTERS_GROUPS,
    HintKind,
    Person,
    body_hints,
    commissioner_hints,
    groups_of,
    is_deputy_of_the_region_head,
    structure_hints,
)

DEPUTY = "Заместитель губернатора по социальным вопросам"
ALL = frozenset(COMPETENCES)


def whole(kind: str) -> list[Person]:
    """A body that lacks nothing."""
    groups = HEADQUARTERS_GROUPS if kind == "headquarters" else EXPERT_GROUPS
    head = Person(position=DEPUTY, competences=ALL, is_head=True)
    return [head, *(Person(group=group) for group in groups)]


def test_the_codes_are_those_of_the_models():
    assert set(COMPETENCES) == set(Competence.values)
    assert {*HEADQUARTERS_GROUPS, *EXPERT_GROUPS, "other"} == set(Group.values)
    assert (len(HEADQUARTERS_GROUPS), len(EXPERT_GROUPS), len(COMPETENCES)) == (6, 9, 8)


@pytest.mark.parametrize(
    ("kind", "groups"),
    [
        (Body.Kind.HEADQUARTERS, HEADQUARTERS_GROUPS),
        (Body.Kind.SECTOR_GROUP, HEADQUARTERS_GROUPS),
        (Body.Kind.EXPERT_GROUP, EXPERT_GROUPS),
        (Body.Kind.EXPERT_SUBGROUP, EXPERT_GROUPS),
    ],
)
def test_members_stand_for_the_composition_of_their_body_or_for_somebody_else(kind: str, groups: tuple[str, ...]):
    assert groups_of(kind) == (*groups, "other")


@pytest.mark.parametrize("kind", list(Body.Kind))
def test_a_body_that_has_everything_gets_no_hints(kind: str):
    assert body_hints(kind, whole(kind)) == []


@pytest.mark.parametrize(
    ("kind", "group", "source"),
    [
        *(("headquarters", group, "001, III.2.1") for group in HEADQUARTERS_GROUPS),
        *(("expert_group", group, "001, III.2.3") for group in EXPERT_GROUPS),
    ],
)
def test_a_group_that_nobody_stands_for_is_named_with_its_source(kind: str, group: str, source: str):
    members = [one for one in whole(kind) if one.group != group]
    (hint,) = body_hints(kind, members)
    assert (hint.kind, hint.missing, hint.source) == (HintKind.COMPOSITION, (group,), source)


def test_the_representative_of_the_agency_is_asked_for_only_where_there_is_one():
    hints = [one for one in body_hints("expert_group", whole("headquarters")) if one.kind == HintKind.COMPOSITION]
    assert [one.missing for one in hints] == [EXPERT_GROUPS[:-1], ("agency_representative",)]
    assert "кто есть в регионе" in hints[1].text


@pytest.mark.parametrize(
    ("kind", "asked", "source"),
    [
        ("headquarters", HEADQUARTERS_COMPETENCES, "001, III.2.1"),
        ("expert_group", EXPERT_GROUP_COMPETENCES, "001, III.2.3"),
        ("sector_group", (), ""),
        ("expert_subgroup", (), ""),
    ],
)
def test_competences_that_nobody_has_are_named_in_the_order_of_the_document(
    kind: str, asked: tuple[str, ...], source: str
):
    members = [Person(position=DEPUTY, is_head=True), *whole(kind)[1:]]
    hints = body_hints(kind, members)
    assert [(one.kind, one.missing, one.source) for one in hints] == (
        [(HintKind.COMPETENCES, asked, source)] if asked else []
    )


def test_a_competence_of_one_member_serves_the_whole_body():
    members = [Person(position=DEPUTY, is_head=True, competences={"law", "finance"}), *whole("headquarters")[1:]]
    (hint,) = body_hints("headquarters", members)
    assert hint.missing == ("management", "expert")


@pytest.mark.parametrize(
    ("position", "fits"),
    [
        (DEPUTY, True),
        ("Вице-губернатор", True),
        ("Первый заместитель Губернатора Нижегородской области", True),
        ("Заместитель главы Республики Татарстан", True),
        ("заместитель Главы региона по социальным вопросам", True),
        ("Заместитель Председателя Правительства Тюменской области", True),
        ("Заместитель председателя Правительство Тюменской области", True),
        ("Зам. председателя Кабинета министров", True),
        ("Заместитель Премьер-министра Республики Татарстан", True),
        ("Заместитель мэра Москвы в Правительстве Москвы", True),
        ("Вице-премьер", True),
        ("Губернатор", False),
        ("Министр социальной политики", False),
        ("Заместитель министра здравоохранения", False),
        ("Заместитель главы администрации города", False),
        ("Заместитель главы района", False),
        ("Заместитель главы городского округа", False),
        ("Директор департамента", False),
        ("", False),
    ],
)
def test_whether_a_position_is_that_of_a_deputy_of_the_regions_head(position: str, fits: bool):
    assert is_deputy_of_the_region_head(position) is fits


@pytest.mark.parametrize(
    ("kind", "position", "expected"),
    [
        ("headquarters", "Министр", [HintKind.HEAD]),
        ("headquarters", DEPUTY, []),
        # Asked of the РШ only.
        ("expert_group", "Министр", []),
        ("sector_group", "Министр", []),
    ],
)
def test_the_head_of_the_headquarters_is_a_deputy_of_the_regions_head(
    kind: str, position: str, expected: list[HintKind]
):
    members = [Person(position=position, competences=ALL, is_head=True), *whole(kind)[1:]]
    assert [one.kind for one in body_hints(kind, members)] == expected


def test_the_deputy_may_be_told_by_position_and_organisation_together():
    head = Person(
        position="Заместитель председателя", organisation="Правительства области", competences=ALL, is_head=True
    )
    assert body_hints("headquarters", [head, *whole("headquarters")[1:]]) == []


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("headquarters", "001, III.2.1"),
        ("expert_group", "001, III.2.3"),
        ("sector_group", "001, III.2.1"),
        ("expert_subgroup", "001, III.2.3"),
    ],
)
def test_one_person_alone_is_hinted_at_in_every_body(kind: str, source: str):
    hints = body_hints(kind, [Person(position=DEPUTY, is_head=True, competences=ALL)])
    assert [one.source for one in hints if one.kind == HintKind.ALONE] == [source]


@pytest.mark.parametrize("kind", list(Body.Kind))
def test_members_without_an_email_are_counted(kind: str):
    members = [*whole(kind), Person(has_email=False), Person(has_email=False)]
    (hint,) = body_hints(kind, members)
    assert (hint.kind, hint.source) == (HintKind.EMAIL, "001, III.1")
    assert "нет у 2" in hint.text


@pytest.mark.parametrize(
    ("competences", "has_email", "is_accredited", "expected"),
    [
        (COMMISSIONER_COMPETENCES, True, True, []),
        ((), True, True, [(HintKind.COMPETENCES, COMMISSIONER_COMPETENCES, "001, III.2.2")]),
        (("analysis", "law"), True, True, [(HintKind.COMPETENCES, COMMISSIONER_COMPETENCES[1:], "001, III.2.2")]),
        (COMMISSIONER_COMPETENCES, False, True, [(HintKind.EMAIL, (), "001, VII")]),
        (COMMISSIONER_COMPETENCES, True, False, [(HintKind.ACCREDITATION, (), "001, III.2.2")]),
    ],
)
def test_what_a_commissioner_lacks(competences, has_email, is_accredited, expected):
    hints = commissioner_hints(competences=competences, has_email=has_email, is_accredited=is_accredited)
    assert [(one.kind, one.missing, one.source) for one in hints] == expected


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ([], COMPETENCES),
        ([[]], COMPETENCES),
        ([["law"], ["finance", "information"]], ("management", "expert", "methodology", "analysis", "education")),
        ([COMPETENCES[:5], COMPETENCES[5:]], None),
    ],
)
def test_the_whole_structure_needs_all_eight_competences(held, missing):
    assert [(one.missing, one.source) for one in structure_hints(held)] == (
        [(missing, "001, III.2")] if missing else []
    )
