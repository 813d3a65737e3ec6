"""The permission table against DESIGN 4, cell by cell; and the page that shows it."""

import io
import re

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from regions import permission_table
from regions.permissions import (
    BOUND_TO_LIFE_SITUATION,
    MAY_GRANT,
    PLANNED,
    ROLE_PERMISSIONS,
    SECOND_FACTOR_ROLES,
    Permission,
)
from regions.roles import FEDERAL_ROLES, Role
from tests.factories import MembershipFactory, RegionFactory
from tests.servers import ROOT

P = Permission

# DESIGN 4, «may, in short»: the words of each row and the rights that stand for them.
DESIGN = {
    Role.AGENCY_ADMIN: {
        "catalogue": [P.CATALOGUE_MANAGE],
        "periods": [P.CATALOGUE_MANAGE],
        "regions": [P.REGION_VIEW, P.STRUCTURE_EDIT, P.DEADLINES_MANAGE],
        "people": [P.PEOPLE_VIEW, P.PEOPLE_MANAGE, P.ACCESS_EXPLAIN],
        "reopen a closed quarter": [P.QUARTER_REOPEN],
    },
    Role.AGENCY_CURATOR: {
        "approve roadmaps": [P.ROADMAP_APPROVE_AGENCY],
        "review practices": [P.PRACTICE_REVIEW],
        "review federal proposals": [P.PROPOSAL_REVIEW],
    },
    Role.AGENCY_ANALYST: {
        "see all": [P.REGION_VIEW, P.INSTITUTION_VIEW, P.COUNTRY_VIEW],
        "download all reports": [P.RESULTS_VIEW],
    },
    Role.FEDERAL_OBSERVER: {"see published results and reports": [P.RESULTS_VIEW]},
    Role.REGION_HEAD: {
        "approve roadmaps": [P.ROADMAP_APPROVE_HEAD],
        "approve their completion": [P.COMPLETION_APPROVE],
    },
    Role.HQ_CHAIR: {
        "agree roadmaps": [P.ROADMAP_AGREE],
        "accept quarters": [P.QUARTER_ACCEPT_HQ],
        "decide completion": [P.COMPLETION_DECIDE],
        "weight scheme": [P.WEIGHTS_DECIDE],
        "indicators": [P.TARGETS_APPROVE],
    },
    Role.HQ_MEMBER: {
        "run the ЖС": [P.LIFE_SITUATION_RUN],
        "roadmap": [P.ROADMAP_EDIT],
        "monitoring": [P.CLIENTS_ENTER, P.QUARTER_CALCULATE],
        "analysis and conclusions": [P.TARGETS_ENTER, P.QUARTER_PUBLISH],
    },
    Role.SERVICE_COMMISSIONER: {
        "self-assessment": [P.ASSESSMENT_RUN],
        "monitoring: check and submit": [P.QUARTER_CALCULATE, P.QUARTER_SUBMIT],
        "requests for practices": [P.PRACTICE_REQUEST],
    },
    Role.EXPERT: {
        "draft roadmaps": [P.ROADMAP_EDIT],
        "draft proposals": [P.PROPOSAL_DRAFT],
        "give opinions": [P.OPINION_GIVE],
        "accept quarters for РЭГ": [P.QUARTER_ACCEPT_EXPERTS],
    },
    Role.NSI_ADMIN: {
        "institutions of the region": [P.INSTITUTION_MANAGE],
        "people of the region": [P.PEOPLE_VIEW, P.PEOPLE_MANAGE],
        "enter КПЭ": [P.CLIENTS_ENTER, P.RESPONSES_IMPORT, P.TARGETS_ENTER],
        "mark activities «Выполнено»": [P.ACTIVITY_MARK_DONE],
    },
    Role.INSTITUTION_REP: {
        "links": [P.LINK_MANAGE],
        "posters": [P.LINK_MANAGE],
        "paper entry": [P.RESPONSES_IMPORT],
        "the institution's own numbers": [P.OWN_COUNTS_VIEW, P.CLIENTS_ENTER],
    },
}

ADMIN, CURATOR, ANALYST, OBSERVER = Role.AGENCY_ADMIN, Role.AGENCY_CURATOR, Role.AGENCY_ANALYST, Role.FEDERAL_OBSERVER
HEAD, CHAIR, MEMBER, COMMISSIONER = Role.REGION_HEAD, Role.HQ_CHAIR, Role.HQ_MEMBER, Role.SERVICE_COMMISSIONER
EXPERT, NSI, REP = Role.EXPERT, Role.NSI_ADMIN, Role.INSTITUTION_REP
ALL = set(Role)
AGENCY = {ADMIN, CURATOR, ANALYST}

# Every right and the roles that hold it: all others must not.
HOLDERS = {
    P.INSTITUTION_VIEW: ALL - {OBSERVER},
    P.OWN_COUNTS_VIEW: {REP},
    P.LINK_MANAGE: {NSI, REP},
    P.RESPONSES_IMPORT: {NSI, REP},
    P.QUESTIONNAIRE_EDIT: {MEMBER, COMMISSIONER, NSI},
    P.QUESTIONNAIRE_STANDARD_EDIT: {ADMIN},
    P.ANSWERS_EXCLUDE_PROPOSE: {MEMBER, NSI},
    P.ANSWERS_EXCLUDE_DECIDE: {CHAIR, COMMISSIONER},
    P.COMMENTS_VIEW: ALL - {OBSERVER, HEAD},
    P.COMMENTS_CODE: {MEMBER, COMMISSIONER, EXPERT, NSI},
    P.COMMENTS_RAW: {COMMISSIONER, NSI},
    P.CHANGES_TELL: {NSI, REP},
    P.REGION_VIEW: ALL - {OBSERVER, REP},
    P.RESULTS_VIEW: ALL - {REP},
    P.COUNTRY_VIEW: AGENCY | {OBSERVER},
    P.CLIENTS_ENTER: {MEMBER, COMMISSIONER, NSI, REP},
    P.WEIGHTS_DECIDE: {CHAIR, MEMBER},
    P.QUARTER_CALCULATE: {MEMBER, COMMISSIONER},
    P.QUARTER_PUBLISH: {CHAIR, MEMBER},
    P.STRUCTURE_EDIT: {ADMIN, NSI},
    P.COMMISSIONER_ACCREDIT: {ADMIN, CURATOR},
    P.LIFE_SITUATION_CHOOSE: {CHAIR, NSI},
    P.LIFE_SITUATION_RUN: {CHAIR, MEMBER, NSI},
    P.TARGETS_ENTER: {MEMBER, NSI},
    P.TARGETS_APPROVE: {CHAIR},
    P.INSTITUTION_MANAGE: {NSI},
    P.PEOPLE_VIEW: {ADMIN, NSI},
    P.PEOPLE_MANAGE: {ADMIN, NSI},
    P.ACCESS_EXPLAIN: {ADMIN, NSI},
    P.PERMISSIONS_VIEW: AGENCY,
    P.DEADLINES_MANAGE: {ADMIN},
    P.MATERIALS_PUBLISH: {ADMIN, CURATOR},
    P.CATALOGUE_MANAGE: {ADMIN},
    P.ROADMAP_EDIT: {MEMBER, EXPERT},
    P.ROADMAP_AGREE: {CHAIR},
    P.ROADMAP_APPROVE_HEAD: {HEAD},
    P.ROADMAP_APPROVE_AGENCY: {CURATOR},
    P.ACTIVITY_MARK_DONE: {NSI},
    P.COMPLETION_DECIDE: {CHAIR},
    P.COMPLETION_APPROVE: {HEAD},
    P.QUARTER_SUBMIT: {COMMISSIONER},
    P.QUARTER_ACCEPT_HQ: {CHAIR},
    P.QUARTER_ACCEPT_EXPERTS: {EXPERT},
    P.QUARTER_REOPEN: {ADMIN},
    P.ASSESSMENT_RUN: {COMMISSIONER},
    P.OPINION_GIVE: {EXPERT},
    P.PRACTICE_REQUEST: {COMMISSIONER},
    P.PRACTICE_REVIEW: {CURATOR},
    P.PROPOSAL_DRAFT: {EXPERT},
    P.PROPOSAL_REVIEW: {CURATOR},
}


# The table


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_all_that_the_design_says_of_it(role: Role):
    for words, permissions in DESIGN[role].items():
        assert set(permissions) <= ROLE_PERMISSIONS[role], words


@pytest.mark.parametrize("permission", list(Permission))
def test_a_right_is_held_by_these_roles_and_by_no_other(permission: Permission):
    assert {role for role in Role if permission in ROLE_PERMISSIONS[role]} == HOLDERS[permission]


@pytest.mark.parametrize(
    ("writes", "approves"),
    [
        (P.TARGETS_ENTER, P.TARGETS_APPROVE),
        (P.ANSWERS_EXCLUDE_PROPOSE, P.ANSWERS_EXCLUDE_DECIDE),
        (P.ROADMAP_EDIT, P.ROADMAP_AGREE),
        (P.ROADMAP_AGREE, P.ROADMAP_APPROVE_HEAD),
        (P.ROADMAP_APPROVE_HEAD, P.ROADMAP_APPROVE_AGENCY),
        (P.QUARTER_SUBMIT, P.QUARTER_ACCEPT_HQ),
        (P.QUARTER_ACCEPT_HQ, P.QUARTER_ACCEPT_EXPERTS),
        (P.COMPLETION_DECIDE, P.COMPLETION_APPROVE),
        (P.PRACTICE_REQUEST, P.PRACTICE_REVIEW),
        (P.PROPOSAL_DRAFT, P.PROPOSAL_REVIEW),
    ],
)
def test_no_role_approves_what_it_writes(writes: Permission, approves: Permission):
    assert not HOLDERS[writes] & HOLDERS[approves]


def test_the_observer_sees_only_what_is_published():
    assert ROLE_PERMISSIONS[OBSERVER] == {P.RESULTS_VIEW, P.COUNTRY_VIEW}


def test_a_representative_sees_nothing_of_the_region():
    assert not ROLE_PERMISSIONS[REP] & {P.REGION_VIEW, P.RESULTS_VIEW, P.COUNTRY_VIEW}


def test_only_what_a_member_of_the_headquarters_does_is_bound_to_their_life_situations():
    assert ROLE_PERMISSIONS[MEMBER] >= BOUND_TO_LIFE_SITUATION
    # What they see, and the weights of the whole region, is not.
    assert ROLE_PERMISSIONS[MEMBER] - BOUND_TO_LIFE_SITUATION == {
        P.INSTITUTION_VIEW,
        P.REGION_VIEW,
        P.RESULTS_VIEW,
        P.WEIGHTS_DECIDE,
        P.COMMENTS_VIEW,
        P.QUESTIONNAIRE_EDIT,
    }


def test_who_appoints_whom():
    assert {ADMIN: ALL, NSI: {NSI, MEMBER, COMMISSIONER, EXPERT, REP}} == MAY_GRANT
    assert {role for role in Role if P.PEOPLE_MANAGE in ROLE_PERMISSIONS[role]} == set(MAY_GRANT)


def test_a_second_factor_is_asked_of_the_federal_roles_and_of_the_administrator_of_a_region():
    assert FEDERAL_ROLES | {NSI} == SECOND_FACTOR_ROLES


# Every right is asked, or will be


def asked_somewhere() -> set[Permission]:
    """Rights that the code of the portal asks for; tables and explanations of rights ask for none."""
    tables = {"permissions.py", "permission_table.py", "explaining.py"}
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for app in ("regions", "surveys", "monitoring", "roadmaps", "practices", "nsi_portal")
        for path in (ROOT / app).rglob("*.py")
        if path.name not in tables and "migrations" not in path.parts
    )
    return {P[name] for name in re.findall(r"\bPermission\.([A-Z_]+)\b", text) if name in P.__members__}


def test_every_right_is_asked_by_the_code_or_planned_and_never_both():
    asked = asked_somewhere()
    assert set(Permission) - asked - PLANNED == set(), "held by somebody, asked by nobody"
    assert asked & PLANNED == set(), "no longer only planned"


# The page


def test_every_right_stands_in_the_table_once():
    shown = [one for _, permissions in permission_table.SUBJECTS for one in permissions]
    assert sorted(shown) == sorted(Permission)


@pytest.fixture
def analyst(client: Client, db: None) -> Client:
    client.force_login(MembershipFactory(role=Role.AGENCY_ANALYST).user)
    return client


def test_the_page_shows_what_the_code_decides(analyst: Client):
    page = " ".join(analyst.get(reverse("permission-table")).content.decode().split())
    for role in Role:
        assert f'<th scope="col">{role.label}</th>' in page
    row = re.search(rf"{P.QUARTER_CALCULATE.label} </th>(.*?)</tr>", page)
    assert row
    marks = re.findall(r">(нет)</span>|</svg> ([а-яЖС ]+?)\s*</span>", row[1])
    found = ["".join(mark) for mark in marks]
    assert found == [
        "в своих ЖС" if role == Role.HQ_MEMBER else "да" if role in HOLDERS[P.QUARTER_CALCULATE] else "нет"
        for role in Role
    ]
    assert page.count("экран появится позже") >= len(PLANNED)


def test_the_file_says_the_same(analyst: Client):
    response = analyst.get(reverse("permission-table"), {"format": "xlsx"})
    book = load_workbook(io.BytesIO(response.content))
    heading, *rows = book["Права"].iter_rows(values_only=True)
    assert heading[2:-1] == tuple(role.label for role in Role)
    found = {row[1]: row for row in rows}
    for permission in Permission:
        *_, note = found[permission.label]
        held = {role for role, mark in zip(Role, found[permission.label][2:-1], strict=True) if mark != "нет"}
        assert held == HOLDERS[permission]
        assert note == ("экран появится позже" if permission in PLANNED else None)
    appoints = {row[0]: row[2] for row in book["Роли"].iter_rows(min_row=2, values_only=True)}
    assert appoints[Role.EXPERT.label] == "никого"
    assert Role.SERVICE_COMMISSIONER.label in appoints[Role.NSI_ADMIN.label]
    assert Role.HQ_CHAIR.label not in appoints[Role.NSI_ADMIN.label]


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.NSI_ADMIN, Role.HQ_CHAIR, Role.FEDERAL_OBSERVER])
def test_the_table_is_the_agencys(client: Client, role: Role):
    region = None if role in FEDERAL_ROLES else RegionFactory()
    client.force_login(MembershipFactory(role=role, region=region).user)
    assert client.get(reverse("permission-table")).status_code == 403
