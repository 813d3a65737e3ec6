"""The list of members a region sends with its letter [001 III.1], from an XLSX: one person a row.

Each is invited in a role; who is named in the РШ or the РЭГ becomes its member too. First a dry run tells the fate of
each row, then the same rows are loaded, all or none; in between the sheet waits in `regions.dry_runs`. Who is invited
or here already stays as they are, so the same list loaded twice invites nobody twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import IO

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from accounts.addresses import normalise_email
from accounts.models import User
from regions.cells import ImportRefused, Problem, WrongCell, by_words, is_filled, line_of, one_of, short, text_of
from regions.models import Body, BodyMember, Institution, LifeSituation, Region
from regions.models.bodies import Group
from regions.permissions import Permission, require, roles_grantable
from regions.recommendations import groups_of
from regions.roles import Role
from regions.services.bodies import Person, StructureError, add_member
from regions.services.institutions import plain_name
from regions.services.invitations import InvitationsRefused, Invitee, Obstacle, find_obstacles, invite
from regions.services.people import written_by
from regions.sheets import (
    ChangedMeanwhile,
    SheetReader,
    add_choice,
    add_guide,
    digest_of,
    load_seen,
    packed,
    read_workbook,
    several_taken,
    start_template,
)
from regions.spreadsheets import CellValue, SheetRows, safe_text, write_text

MAX_ROWS = 500
NAME, POSITION, ORGANISATION = "ФИО", "Должность", "Организация"
EMAIL, ROLE, LIFE_SITUATIONS = "Электронная почта", "Роль", "Жизненные ситуации"
BODY, GROUP = "Орган", "Кого представляет"
COLUMNS = (NAME, POSITION, ORGANISATION, EMAIL, ROLE, LIFE_SITUATIONS, BODY, GROUP)
REQUIRED = (NAME, EMAIL, ROLE)

_BODY_WORDS = {Body.Kind.HEADQUARTERS: "РШ", Body.Kind.EXPERT_GROUP: "РЭГ"}
_ROLE_WORDS = {Role.SERVICE_COMMISSIONER: "РСУ", Role.HQ_MEMBER: "Член РШ", Role.HQ_CHAIR: "Председатель РШ"}


class Fate(StrEnum):
    INVITE = "Пригласим"
    INVITED = "Уже приглашён(а)"
    HERE = "Уже на портале"


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What becomes of a row. `body` is set when the person becomes its member, `member` when they are one."""

    number: int
    invitee: Invitee
    fate: Fate
    organisation: str = ""
    body: Body | None = None
    group: str = ""
    member: BodyMember | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    rows: list[RowPlan]

    @property
    def invited(self) -> int:
        return sum(row.fate == Fate.INVITE for row in self.rows)

    @property
    def members(self) -> int:
        return sum(row.body is not None for row in self.rows)

    @property
    def unchanged(self) -> int:
        return sum(row.fate != Fate.INVITE and row.body is None for row in self.rows)

    @property
    def is_empty(self) -> bool:
        return not (self.invited or self.members)

    @property
    def digest(self) -> str:
        """The same for plans that would store the same."""
        return digest_of([(row.invitee.claim, row.fate, row.body and row.body.pk) for row in self.rows])


def read_sheet(content: bytes | IO[bytes]) -> SheetRows:
    """The sheet of a file. Raises ImportRefused."""
    return read_workbook(content, max_rows=MAX_ROWS)


def make_plan(sheet: SheetRows, *, region: Region, by: User, at: datetime) -> Plan:
    """What loading the sheet would do. Raises PermissionDenied, and ImportRefused with all problems of the file."""
    require(by, Permission.PEOPLE_MANAGE, region)
    reader = _Reader(region, by, at)
    rows = reader.read(sheet)
    reader.refuse_problems()
    return Plan(rows)


def load(sheet: SheetRows, *, region: Region, seen: str, by: User, at: datetime) -> Plan:
    """Invite everybody in the sheet or nobody; `seen` is the digest of the plan the person had before their eyes.

    Raises PermissionDenied, ImportRefused, ChangedMeanwhile.
    """

    def plan_now() -> Plan:
        return make_plan(sheet, region=region, by=by, at=at)

    try:
        return load_seen(plan_now, lambda plan: _store(plan, by, at), region=region, seen=seen)
    except InvitationsRefused as error:
        # Somebody invited one of these people by hand in the same moment.
        raise ChangedMeanwhile(plan_now()) from error


def _store(plan: Plan, by: User, at: datetime) -> None:
    invitees = []
    for row in plan.rows:
        member = _become_member(row, by, at) if row.body else row.member
        if row.fate == Fate.INVITE:
            invitees.append(replace(row.invitee, body_member=member))
        elif row.fate == Fate.HERE and member and member.user_id is None:
            member.user = User.objects.get(email=row.invitee.email)
            written_by(member, by)
            member.save(update_fields=["user"])
    if invitees:
        invite(people=invitees, by=by, at=at)


def _become_member(row: RowPlan, by: User, at: datetime) -> BodyMember:
    assert row.body
    person = Person(
        full_name=row.invitee.full_name,
        position=row.invitee.position,
        organisation=row.organisation,
        group=row.group,
        email=row.invitee.email,
    )
    try:
        return add_member(body=row.body, person=person, starts_on=row.body.region.local_date(at), by=by, at=at)
    except StructureError as error:
        raise ImportRefused([Problem(row.number, BODY, str(error))]) from error


# Reading --------------------------------------------------------------------------------------------------------------


@dataclass
class _Reader(SheetReader):
    TITLES = COLUMNS
    REQUIRED = REQUIRED
    NO_ROWS = "Нет ни одной строки с человеком: они начинаются со строки 2"

    region: Region
    by: User
    at: datetime

    def __post_init__(self) -> None:
        today = self.region.local_date(self.at)
        self.grantable = roles_grantable(self.by, region=self.region)
        self.roles = by_words(Role, lambda one: (one.value, one.label, _ROLE_WORDS.get(one, one.label)))
        taken = LifeSituation.objects.filter(regions__region=self.region)
        self.life_situations = by_words(taken, lambda one: (one.code, one.short_title, one.title))
        bodies = Body.objects.filter(region=self.region, kind__in=Body.MAIN_KINDS).in_force(today)
        self.bodies = {Body.Kind(one.kind): one for one in bodies.select_related("region")}
        self.body_kinds = by_words(_BODY_WORDS, lambda one: (one.value, one.label, _BODY_WORDS[one]))
        self.groups = by_words(Group, lambda one: (one.value, one.label))
        members = BodyMember.objects.filter(body__in=self.bodies.values()).filter(
            Q(ends_on=None) | Q(ends_on__gte=today)
        )
        self.members = list(members)
        institutions = Institution.objects.filter(region=self.region).working(today)
        self.institutions = by_words(institutions.select_related("region"), lambda one: (one.name,))

    def read(self, sheet: SheetRows) -> list[RowPlan]:
        """The rows that can be taken; what cannot is left in `found`."""
        plans = [plan for number, row in self.filled_rows(sheet) if (plan := self._read_row(number, row))]
        return self._with_fates(plans)

    def _read_row(self, number: int, row: list[CellValue]) -> RowPlan | None:
        before = len(self.found)
        full_name = self._line(number, row, NAME, 200)
        position = self._line(number, row, POSITION, 200)
        organisation = self._line(number, row, ORGANISATION, 300)
        email = self.take(number, row, EMAIL, _address) or ""
        role = self.take(number, row, ROLE, self._role)
        situations = self._life_situations(number, row, role)
        institution = self._institution(number, row, role, organisation)
        body, group, member = self._body(number, row, email, full_name, position, organisation)
        if len(self.found) > before:
            return None
        assert role
        invitee = Invitee(
            email=email,
            full_name=full_name,
            position=position,
            role=role,
            region=None if institution else self.region,
            institution=institution,
            life_situations=situations,
        )
        return RowPlan(number, invitee, Fate.INVITE, organisation, body, group, member)

    def _line(self, number: int, row: list[CellValue], title: str, limit: int) -> str:
        return self.take(number, row, title, lambda value: line_of(value, limit)) or ""

    def _role(self, value: CellValue) -> Role:
        role = self.roles.get(plain_name(text_of(value)))
        if role is None or role not in self.grantable:
            titles = "; ".join(one.label for one in Role if one in self.grantable)
            told = "такую роль Вы дать не можете" if role else f"нет роли «{short(text_of(value))}»"
            raise WrongCell(f"{told}; возможные: {titles}")
        return role

    def _life_situations(self, number: int, row: list[CellValue], role: Role | None) -> tuple[LifeSituation, ...]:
        value = self.cell(row, LIFE_SITUATIONS)
        column = self.columns.get(LIFE_SITUATIONS)
        if not is_filled(value):
            if role == Role.HQ_MEMBER:
                self.blame(number, column, "впишите ЖС, за которые отвечает член РШ")
            return ()
        if role and role != Role.HQ_MEMBER:
            self.blame(number, column, f"ЖС указывают только для роли «{Role.HQ_MEMBER.label}»")
            return ()
        named = self.take(number, row, LIFE_SITUATIONS, lambda value: several_taken(self.life_situations, value))
        return tuple(dict.fromkeys(named or ()))

    def _institution(
        self, number: int, row: list[CellValue], role: Role | None, organisation: str
    ) -> Institution | None:
        if role != Role.INSTITUTION_REP:
            return None
        column = self.columns.get(ORGANISATION)
        if not organisation:
            self.blame(number, column, "впишите учреждение, которое человек представляет")
            return None
        institution = self.institutions.get(plain_name(organisation))
        if institution is None:
            self.blame(number, column, f"в списке учреждений региона нет работающего «{short(organisation)}»")
        return institution

    def _body(
        self, number: int, row: list[CellValue], email: str, full_name: str, position: str, organisation: str
    ) -> tuple[Body | None, str, BodyMember | None]:
        """The body to become a member of, standing for whom, or the member one is already."""
        if not is_filled(self.cell(row, BODY)):
            if is_filled(self.cell(row, GROUP)):
                self.blame(number, self.columns.get(BODY), "впишите РШ или РЭГ либо очистите «Кого представляет»")
            return None, "", None
        kind = self.take(number, row, BODY, lambda value: one_of(self.body_kinds, value))
        if kind is None:
            return None, "", None
        body = self.bodies.get(kind)
        if body is None:
            self.blame(number, self.columns[BODY], f"{kind.label}: в регионе не действует. Сначала внесите его")
            return None, "", None
        member = self._member(body, email, full_name, organisation)
        if member:
            return None, "", member
        for title, filled in ((POSITION, position), (ORGANISATION, organisation)):
            if not filled:
                self.blame(number, self.columns.get(title), "заполните эту ячейку: человек войдёт в состав органа")
        return body, self._group(number, row, kind), None

    def _member(self, body: Body, email: str, full_name: str, organisation: str) -> BodyMember | None:
        """Who is in the body under this address or, where none is known, under this name."""
        own = [one for one in self.members if one.body_id == body.pk]
        by_email = [one for one in own if email and one.email == email]
        same_name = [one for one in own if plain_name(one.full_name) == plain_name(full_name) and not one.email]
        same_line = [one for one in own if (one.full_name, one.organisation) == (full_name, organisation)]
        return next(iter([*by_email, *same_name, *same_line]), None)

    def _group(self, number: int, row: list[CellValue], kind: Body.Kind) -> str:
        allowed = {word: one for word, one in self.groups.items() if one in groups_of(kind)}
        if not is_filled(self.cell(row, GROUP)):
            self.blame(number, self.columns.get(GROUP), "впишите, кого человек представляет в органе")
            return ""
        group = self.take(number, row, GROUP, lambda value: one_of(allowed, value))
        return group.value if group else ""

    def _with_fates(self, plans: list[RowPlan]) -> list[RowPlan]:
        obstacles = find_obstacles([plan.invitee for plan in plans], by=self.by, at=self.at)
        first = {plan.invitee.claim: plan.number for plan in reversed(plans)}
        done = []
        for place, plan in enumerate(plans):
            obstacle = obstacles.get(place)
            if obstacle and obstacle.kind == Obstacle.Kind.TWICE:
                number = first[plan.invitee.claim]
                self.blame(plan.number, self.columns[EMAIL], f"этот адрес в той же роли уже есть в строке {number}")
            elif obstacle and not obstacle.is_repeat:
                self.blame(plan.number, self.columns[EMAIL], obstacle.message)
            elif obstacle:
                is_here = obstacle.kind == Obstacle.Kind.HOLDS
                done.append(replace(plan, fate=Fate.HERE if is_here else Fate.INVITED))
            else:
                done.append(plan)
        self._refuse_two_memberships(plans)
        return done

    def _refuse_two_memberships(self, plans: list[RowPlan]) -> None:
        """One person may be listed in two roles, but becomes a member of a body once."""
        first: dict[tuple[int, str], int] = {}
        for plan in plans:
            if plan.body:
                key = (plan.body.pk, plan.invitee.email)
                if key in first:
                    told = f"этот человек войдёт в состав по строке {first[key]}: здесь орган не указывайте"
                    self.blame(plan.number, self.columns[BODY], told)
                first.setdefault(key, plan.number)


def _address(value: CellValue) -> str:
    try:
        email = normalise_email(line_of(value, 254))
        validate_email(email)
    except ValidationError as error:
        raise WrongCell(error.messages[0]) from error
    return email


# The empty file -------------------------------------------------------------------------------------------------------

_WIDTHS = {NAME: 36, POSITION: 36, ORGANISATION: 44, EMAIL: 30, ROLE: 38, LIFE_SITUATIONS: 44, BODY: 10, GROUP: 44}


def build_template(region: Region, *, by: User) -> bytes:
    """An empty file for the list of members, with what may be written into it."""
    workbook, sheet = start_template("Список", _WIDTHS)
    grantable = roles_grantable(by, region=region)
    roles = [one for one in Role if one in grantable]
    add_guide(workbook, _guide(region, roles))
    # Lists longer than a rule can hold stand in a sheet of their own.
    lists = workbook.create_sheet("Списки")
    _offer(sheet, lists, ROLE, [one.label for one in roles])
    _offer(sheet, lists, BODY, list(_BODY_WORDS.values()))
    _offer(sheet, lists, GROUP, [one.label for one in Group])
    return packed(workbook)


def _offer(sheet: Worksheet, lists: Worksheet, title: str, values: list[str]) -> None:
    column = COLUMNS.index(title) + 1
    letter = get_column_letter(column)
    for number, value in enumerate(values, start=1):
        write_text(lists.cell(number, column), safe_text(value))
    add_choice(sheet, column, f"'{lists.title}'!${letter}$1:${letter}${len(values)}", max_rows=MAX_ROWS)


def _guide(region: Region, roles: list[Role]) -> Iterable[str]:
    yield "Одна строка — один человек в одной роли. Названия столбцов в первой строке не меняйте."
    yield f"Обязательные столбцы: {'; '.join(REQUIRED)}."
    yield f"Роли: {'; '.join(one.label for one in roles)}."
    yield f"{LIFE_SITUATIONS} — только для роли «{Role.HQ_MEMBER.label}»: короткие названия через точку с запятой."
    yield (
        f"{BODY} — РШ или РЭГ, если человек входит в их состав; тогда нужны и {POSITION.lower()},"
        f" {ORGANISATION.lower()}, {GROUP.lower()}. Кого ещё нет в составе, того портал внесёт."
    )
    yield f"Для роли «{Role.INSTITUTION_REP.label}» в столбце «{ORGANISATION}» — название учреждения, как на портале."
    yield (
        "Кто уже приглашён или работает в этой роли, второй раз приглашён не будет: файл можно загружать снова."
        f" В файле не больше {MAX_ROWS} строк. Сначала портал покажет, что изменится, и только потом загрузит."
    )
    yield "Жизненные ситуации, взятые регионом:"
    for one in LifeSituation.objects.filter(regions__region=region):
        yield f"— {one.short_title}"
