"""Invitations: people are asked to come, come, or are not asked any more. The letters are sent by `letters_out`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import consent
from accounts.addresses import normalise_email
from accounts.models import User
from regions.models import BodyMember, Institution, Invitation, LifeSituation, Membership, Region, ServiceCommissioner
from regions.permissions import require_grant
from regions.querysets import people_visible_to
from regions.roles import Role
from regions.services import letters_out
from regions.services.links import hash_of
from regions.services.people import AlreadyHolds, PersonDisabled, first_day, give_role, home_of, is_working, written_by

# A letter that has just gone out is not sent once more by a second click, or its link would be dead on arrival.
JUST_SENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitee:
    """Whom to invite, and to what; `region` is None for a federal role and for that of an institution."""

    email: str
    full_name: str
    role: Role
    position: str = ""
    region: Region | None = None
    institution: Institution | None = None
    life_situations: tuple[LifeSituation, ...] = ()
    body_member: BodyMember | None = None

    @property
    def home(self) -> Region | None:
        return home_of(self.region, self.institution)

    @property
    def claim(self) -> tuple[str, str, int | None, int | None]:
        """What there can be only one of: the address in the role and scope."""
        return (
            self.email,
            str(self.role),
            self.region.pk if self.region else None,
            self.institution.pk if self.institution else None,
        )


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why somebody cannot be invited, in Russian."""

    class Kind(StrEnum):
        TWICE = auto()  # in the same list
        ONESELF = auto()
        INVITED = auto()
        HOLDS = auto()
        DISABLED = auto()

    kind: Kind
    message: str

    @property
    def is_repeat(self) -> bool:
        """What was asked for is already so: a list sent for the second time does no harm."""
        return self.kind in (self.Kind.INVITED, self.Kind.HOLDS)


class InvitationsRefused(Exception):
    """Nobody was invited; `obstacles` by the place in the list."""

    def __init__(self, obstacles: dict[int, Obstacle]) -> None:
        super().__init__(f"{len(obstacles)} obstacles")
        self.obstacles = obstacles


class InvitationNotOpen(Exception):
    """The invitation is accepted or revoked: nothing can be done with it any more."""


class JustSent(Exception):
    """The letter went out a moment ago, or is about to."""


class LinkState(StrEnum):
    """What stands behind a link from a letter."""

    UNKNOWN = auto()
    EXPIRED = auto()
    USED = auto()
    REVOKED = auto()
    GROUNDLESS = auto()  # who invited may no longer give this role
    INSTITUTION_CLOSED = auto()


class LinkDead(Exception):
    """The link leads nowhere (any more)."""

    def __init__(self, state: LinkState, invitation: Invitation | None = None) -> None:
        super().__init__(state)
        self.state = state
        self.invitation = invitation


class AddressKnown(Exception):
    """Somebody with this address is on the portal already: they sign in instead of being made anew."""


class AnotherPerson(Exception):
    """Who is signed in is not who was written to."""


# Inviting -------------------------------------------------------------------------------------------------------------


def find_obstacles(people: Sequence[Invitee], *, by: User, at: datetime) -> dict[int, Obstacle]:
    """Who of the list cannot be invited, by their place in it. A few queries for any number of people."""
    kinds = Obstacle.Kind
    emails = {one.email for one in people}
    known = {user.email: user for user in User.objects.filter(email__in=emails)}
    invited = {
        (one.email, one.role, one.region_id, one.institution_id): one
        for one in Invitation.objects.open().filter(email__in=emails)
    }
    # Of strangers it is not told that they are on the portal: they are refused when they come.
    disabled = set(people_visible_to(by).filter(email__in=emails, is_active=False).values_list("email", flat=True))
    today = timezone.localtime(at).date()
    held = {
        (one.user.email, one.role, one.region_id, one.institution_id): one
        for one in Membership.objects.filter(Q(ends_on=None) | Q(ends_on__gte=today), user__email__in=emails)
        .filter(deputises_for=None)
        .select_related("user")
    }
    found: dict[int, Obstacle] = {}
    seen: dict[tuple[str, str, int | None, int | None], int] = {}
    for place, one in enumerate(people):
        user = known.get(one.email)
        if one.claim in seen:
            found[place] = Obstacle(kinds.TWICE, "Этот адрес в той же роли уже есть в списке выше")
        elif user == by:
            found[place] = Obstacle(kinds.ONESELF, "Это Ваш адрес: роль Вам может дать только другой администратор")
        elif one.claim in held:
            since = held[one.claim].starts_on
            found[place] = Obstacle(kinds.HOLDS, f"У этого человека уже есть такая роль, с {since:%d.%m.%Y}")
        elif one.claim in invited:
            on = timezone.localtime(invited[one.claim].invited_at)
            found[place] = Obstacle(
                kinds.INVITED,
                f"Уже приглашён(а) {on:%d.%m.%Y}. Выслать письмо ещё раз можно в списке приглашений",
            )
        elif one.email in disabled:
            found[place] = Obstacle(kinds.DISABLED, "Вход этого человека на портал закрыт. Сначала откройте его")
        seen.setdefault(one.claim, place)
    return found


def invite(*, people: Sequence[Invitee], by: User, at: datetime) -> list[Invitation]:
    """Invite everybody in the list or nobody. The letters go out after commit.

    Raises PermissionDenied, InvitationsRefused.
    """
    known = {user.email: user for user in User.objects.filter(email__in={one.email for one in people})}
    for one in people:
        user = known.get(one.email)
        # One's own address is told at the field; the right itself is asked in any case.
        require_grant(by, one.role, region=one.home, to=None if user == by else user)
    with transaction.atomic():
        if obstacles := find_obstacles(people, by=by, at=at):
            raise InvitationsRefused(obstacles)
        invitations = [_store(place, one, by) for place, one in enumerate(people)]
        letters_out.ask_to_send(by=by)
    return invitations


def _store(place: int, one: Invitee, by: User) -> Invitation:
    invitation = Invitation(
        email=one.email,
        full_name=one.full_name,
        position=one.position,
        role=one.role,
        region=one.region,
        institution=one.institution,
        body_member=one.body_member,
        invited_by=by,
    )
    written_by(invitation, by)
    try:
        with transaction.atomic():
            invitation.save()
    except IntegrityError as error:
        # Invited by somebody else since we looked.
        obstacle = Obstacle(Obstacle.Kind.INVITED, "Этого человека только что пригласили в той же роли")
        raise InvitationsRefused({place: obstacle}) from error
    if one.life_situations:
        invitation.life_situations.set(one.life_situations)
    return invitation


@transaction.atomic
def resend(*, invitation: Invitation, by: User, at: datetime) -> Invitation:
    """Write again: the link of the former letter dies at once. Who sends again vouches for the invitation.

    Raises PermissionDenied, InvitationNotOpen, JustSent.
    """
    locked = _lock_open(invitation, by)
    if locked.expires_at is None or (locked.sent_at and at - locked.sent_at < JUST_SENT):
        raise JustSent
    locked.token_hash = locked.sent_at = locked.expires_at = None
    locked.invited_by = by
    written_by(locked, by)
    locked.save(update_fields=["token_hash", "sent_at", "expires_at", "invited_by"])
    letters_out.ask_to_send(by=by)
    return locked


@transaction.atomic
def revoke(*, invitation: Invitation, by: User, at: datetime) -> Invitation:
    """Take the invitation back. Raises PermissionDenied, InvitationNotOpen."""
    locked = _lock_open(invitation, by)
    locked.revoked_at, locked.revoked_by = at, by
    written_by(locked, by)
    locked.save(update_fields=["revoked_at", "revoked_by"])
    return locked


def _lock_open(invitation: Invitation, by: User) -> Invitation:
    to = User.objects.filter(email=invitation.email).first()
    require_grant(by, invitation.role, region=home_of(invitation.region, invitation.institution), to=to)
    locked = Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
    if locked.accepted_at or locked.revoked_at:
        raise InvitationNotOpen
    return locked


# Accepting ------------------------------------------------------------------------------------------------------------


def find_by_link(token: str, *, at: datetime) -> Invitation:
    """The open invitation behind a link. Raises LinkDead."""
    found = Invitation.objects.select_related("region", "institution__region", "invited_by")
    invitation = found.filter(token_hash=hash_of(token)).first()
    if invitation is None:
        raise LinkDead(LinkState.UNKNOWN)
    _require_alive(invitation, at)
    return invitation


@transaction.atomic
def accept_as_new_person(*, token: str, password: str, at: datetime) -> User:
    """Make the account of whoever was written to and give them the role. The form has asked for the consent.

    Raises LinkDead, AddressKnown.
    """
    invitation = _lock(token, at)
    user = make_account(
        email=invitation.email,
        full_name=invitation.full_name,
        position=invitation.position,
        password=password,
        at=at,
    )
    _enter(invitation, user, at)
    return user


@transaction.atomic
def accept(*, token: str, by: User, at: datetime) -> Invitation:
    """Give the role to a person who is signed in. Raises LinkDead, AnotherPerson."""
    invitation = _lock(token, at)
    if by.email != invitation.email:
        raise AnotherPerson
    _enter(invitation, by, at)
    return invitation


def make_account(*, email: str, full_name: str, position: str, password: str, at: datetime) -> User:
    """A person who has followed a link sent to their address and agreed to the consent. Raises AddressKnown."""
    if User.objects.filter(email=email).exists():
        raise AddressKnown
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, full_name=full_name, position=position)
    except IntegrityError as error:
        raise AddressKnown from error
    consent.give(user, at)
    return user


def _lock(token: str, at: datetime) -> Invitation:
    invitation = Invitation.objects.select_for_update(no_key=True).filter(token_hash=hash_of(token)).first()
    if invitation is None:
        raise LinkDead(LinkState.UNKNOWN)
    _require_alive(invitation, at)
    return invitation


def _require_alive(invitation: Invitation, at: datetime) -> None:
    state = None
    if invitation.accepted_at:
        state = LinkState.USED
    elif invitation.revoked_at:
        state = LinkState.REVOKED
    # No end yet: the letter is on its way this very moment, and its reader may be faster than the sender's notes.
    elif invitation.expires_at and at >= invitation.expires_at:
        state = LinkState.EXPIRED
    elif not _still_granted(invitation):
        state = LinkState.GROUNDLESS
    elif invitation.institution and not is_working(invitation.institution, at):
        state = LinkState.INSTITUTION_CLOSED
    if state:
        raise LinkDead(state, invitation)


def _still_granted(invitation: Invitation) -> bool:
    """Whether who invited may still give this role: rights are those of the day of coming, not of the letter."""
    inviter = invitation.invited_by
    if inviter is None or not inviter.is_active:
        return False
    to = User.objects.filter(email=invitation.email).first()
    try:
        require_grant(inviter, invitation.role, region=home_of(invitation.region, invitation.institution), to=to)
    except PermissionDenied:
        return False
    return True


def _enter(invitation: Invitation, user: User, at: datetime) -> None:
    """Give the role of the invitation and tie to the person what spoke of them before they came."""
    home = home_of(invitation.region, invitation.institution)
    try:
        give_role(
            user=user,
            role=invitation.role,
            region=invitation.region,
            institution=invitation.institution,
            life_situations=invitation.life_situations.all(),
            starts_on=first_day(home, at),
            granted_by=invitation.invited_by,
            by=user,
        )
    except AlreadyHolds:
        # Given by somebody in the meantime: what the invitation asks for is so.
        pass
    except PersonDisabled as error:
        raise AnotherPerson from error
    invitation.accepted_at, invitation.accepted_by = at, user
    written_by(invitation, user)
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    member = invitation.body_member
    if member and _is_theirs(member, invitation):
        member.user = user
        written_by(member, user)
        member.save(update_fields=["user"])
    if invitation.role == Role.SERVICE_COMMISSIONER and home:
        commissioners = ServiceCommissioner.objects.in_force(home.local_date(at)).filter(region=home, user=None)
        for commissioner in commissioners.filter(email__iexact=invitation.email):
            commissioner.user = user
            written_by(commissioner, user)
            commissioner.save(update_fields=["user"])


def _is_theirs(member: BodyMember, invitation: Invitation) -> bool:
    """Whether the line of a body still speaks of whom was written to: it may have been changed, or tied, since."""
    try:
        return member.user_id is None and normalise_email(member.email) == invitation.email
    except ValidationError:
        return False
