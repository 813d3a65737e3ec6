"""The permission table as people read it: made from the code that decides, so that it cannot say anything else."""

import io
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from regions.permissions import (
    BOUND_TO_LIFE_SITUATION,
    MAY_GRANT,
    PLANNED,
    ROLE_PERMISSIONS,
    SECOND_FACTOR_ROLES,
    Permission,
)
from regions.roles import FEDERAL_ROLES, INSTITUTION_ROLES, Role
from regions.spreadsheets import write_text

# The order of the table.
SUBJECTS: tuple[tuple[str, tuple[Permission, ...]], ...] = (
    (
        "Регион",
        (
            Permission.REGION_VIEW,
            Permission.RESULTS_VIEW,
            Permission.COUNTRY_VIEW,
            Permission.STRUCTURE_EDIT,
            Permission.COMMISSIONER_ACCREDIT,
        ),
    ),
    (
        "Жизненные ситуации и показатели",
        (
            Permission.LIFE_SITUATION_CHOOSE,
            Permission.LIFE_SITUATION_RUN,
            Permission.TARGETS_ENTER,
            Permission.TARGETS_APPROVE,
            Permission.COMPLETION_DECIDE,
            Permission.COMPLETION_APPROVE,
        ),
    ),
    (
        "Учреждения и анкеты",
        (
            Permission.INSTITUTION_VIEW,
            Permission.OWN_COUNTS_VIEW,
            Permission.INSTITUTION_MANAGE,
        ),
    ),
    (
        "Анкеты и ответы",
        (
            Permission.QUESTIONNAIRE_STANDARD_EDIT,
            Permission.QUESTIONNAIRE_EDIT,
            Permission.LINK_MANAGE,
            Permission.RESPONSES_IMPORT,
            Permission.ANSWERS_EXCLUDE_PROPOSE,
            Permission.ANSWERS_EXCLUDE_DECIDE,
            Permission.COMMENTS_VIEW,
            Permission.COMMENTS_CODE,
            Permission.COMMENTS_RAW,
            Permission.CHANGES_TELL,
        ),
    ),
    (
        "Квартал",
        (
            Permission.CLIENTS_ENTER,
            Permission.WEIGHTS_DECIDE,
            Permission.QUARTER_CALCULATE,
            Permission.QUARTER_SUBMIT,
            Permission.QUARTER_ACCEPT_HQ,
            Permission.QUARTER_ACCEPT_EXPERTS,
            Permission.QUARTER_PUBLISH,
            Permission.QUARTER_REOPEN,
        ),
    ),
    (
        "Дорожные карты",
        (
            Permission.ROADMAP_EDIT,
            Permission.ROADMAP_AGREE,
            Permission.ROADMAP_APPROVE_HEAD,
            Permission.ROADMAP_APPROVE_AGENCY,
            Permission.ACTIVITY_MARK_DONE,
        ),
    ),
    (
        "Самообследование, практики, предложения",
        (
            Permission.ASSESSMENT_RUN,
            Permission.OPINION_GIVE,
            Permission.PRACTICE_REQUEST,
            Permission.PRACTICE_REVIEW,
            Permission.PROPOSAL_DRAFT,
            Permission.PROPOSAL_REVIEW,
        ),
    ),
    (
        "Люди и доступ",
        (
            Permission.PEOPLE_VIEW,
            Permission.PEOPLE_MANAGE,
            Permission.ACCESS_EXPLAIN,
            Permission.PERMISSIONS_VIEW,
        ),
    ),
    (
        "Справочники и материалы",
        (
            Permission.CATALOGUE_MANAGE,
            Permission.DEADLINES_MANAGE,
            Permission.MATERIALS_PUBLISH,
        ),
    ),
)
YES, IN_OWN, NO = "да", "в своих ЖС", "нет"
LATER = "экран появится позже"


@dataclass(frozen=True, slots=True)
class Right:
    permission: Permission
    is_planned: bool
    # What each role may, in the order of `Role`: one of YES, IN_OWN, NO.
    marks: list[str]


@dataclass(frozen=True, slots=True)
class Subject:
    title: str
    rights: list[Right]


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role by itself: its level, what it may by subjects, whom it may appoint, how it signs in."""

    role: Role
    level: str
    subjects: list[tuple[str, list[tuple[Right, str]]]]
    appoints: list[Role]
    needs_second_factor: bool

    @property
    def appoints_all(self) -> bool:
        return set(self.appoints) == set(Role)


def mark(role: Role, permission: Permission) -> str:
    if permission not in ROLE_PERMISSIONS[role]:
        return NO
    return IN_OWN if role == Role.HQ_MEMBER and permission in BOUND_TO_LIFE_SITUATION else YES


def subjects() -> list[Subject]:
    """The rights by subject, each with the marks of all roles."""
    return [
        Subject(title, [Right(one, one in PLANNED, [mark(role, one) for role in Role]) for one in permissions])
        for title, permissions in SUBJECTS
    ]


def role_lines() -> list[RoleLine]:
    """The same, role by role, with what else a role brings."""
    table = subjects()
    return [
        RoleLine(
            role=role,
            level=_level(role),
            subjects=[
                (subject.title, held)
                for subject in table
                if (held := [(right, right.marks[number]) for right in subject.rights if right.marks[number] != NO])
            ],
            appoints=[other for other in Role if other in MAY_GRANT.get(role, frozenset())],
            needs_second_factor=role in SECOND_FACTOR_ROLES,
        )
        for number, role in enumerate(Role)
    ]


def workbook() -> bytes:
    """The table as XLSX: a sheet of rights, a sheet of roles."""
    book = Workbook(write_only=True)
    rows = [["Раздел", "Право", *(role.label for role in Role), "Примечание"]]
    rows += [
        [subject.title, right.permission.label, *right.marks, LATER if right.is_planned else ""]
        for subject in subjects()
        for right in subject.rights
    ]
    _sheet(book, "Права", rows, freeze="C2")
    roles = [["Роль", "Уровень", "Кого назначает", "Вход"]]
    roles += [
        [
            line.role.label,
            line.level,
            "; ".join(one.label for one in line.appoints) or "никого",
            "с вторым фактором" if line.needs_second_factor else "без второго фактора",
        ]
        for line in role_lines()
    ]
    _sheet(book, "Роли", roles, freeze="B2")
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _sheet(book: Workbook, title: str, rows: list[list[str]], *, freeze: str) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = freeze
    for row in rows:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet)
            write_text(cell, text)
            cells.append(cell)
        sheet.append(cells)


def _level(role: Role) -> str:
    if role in FEDERAL_ROLES:
        return "федерация"
    return "учреждение" if role in INSTITUTION_ROLES else "регион"
