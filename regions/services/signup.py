"""Representatives ask for access by themselves: the address is confirmed by a letter, an administrator decides."""

import contextlib
import hashlib
from datetime import datetime, timedelta
from functools import partial

from django.core.cache import cache
from django.db import IntegrityError, transaction

from accounts import letters
from accounts.models import User
from regions.models import AccessRequest, Institution, Membership
from regions.permissions import require_grant
from regions.roles import Role
from regions.services import letters_out
from regions.services.invitations import AnotherPerson, LinkDead, LinkState, make_account
from regions.services.links import hash_of
from regions.services.people import AlreadyHolds, first_day, give_role, is_working, written_by

# An address gets one letter about an institution in this time, however often somebody asks.
PAUSE = timedelta(minutes=10)
# Requests for so many institutions wait for one address; whoever asks for more is not its owner.
MOST_UNCONFIRMED = 5


class NotWaiting(Exception):
    """The request is decided already: `request`."""

    def __init__(self, request: AccessRequest) -> None:
        super().__init__(request)
        self.request = request


class InstitutionClosed(Exception):
    """The institution works no more: nobody can represent it."""


def ask_for_access(*, email: str, full_name: str, position: str, institution: Institution, at: datetime) -> None:
    """Somebody, known or not, asks to represent an institution. Tells the asker nothing; the letter tells the owner.

    The letter is sent after commit, whatever there is at this address, so that the page need not tell.
    """
    today = institution.region.local_date(at)
    held = Membership.objects.in_force(today).filter(
        user__email=email, role=Role.INSTITUTION_REP, institution=institution
    )
    if held.exists():
        _tell(email, institution, "signup_has_access")
        return
    with transaction.atomic():
        unanswered = AccessRequest.objects.unanswered().select_for_update(no_key=True)
        request = unanswered.filter(email=email, institution=institution).first()
        if request is None:
            if AccessRequest.objects.to_confirm(at).filter(email=email).count() < MOST_UNCONFIRMED:
                _store(email=email, full_name=full_name, position=position, institution=institution)
        elif request.state == AccessRequest.State.WAITING:
            _tell(email, institution, "signup_waiting")
        elif request.sent_at is None or at - request.sent_at >= PAUSE:
            # What was typed last holds: the first may have been somebody else's joke.
            request.full_name, request.position = full_name, position
            request.token_hash = request.sent_at = request.expires_at = None
            request.save(update_fields=["full_name", "position", "token_hash", "sent_at", "expires_at"])
        letters_out.ask_to_send()


def _store(**fields: object) -> None:
    try:
        with transaction.atomic():
            AccessRequest.objects.create(**fields)
    except IntegrityError:
        # A second click of the same moment: the first has stored it.
        return


def _tell(email: str, institution: Institution, template: str) -> None:
    """A letter of which no row says that it is to be sent: it tells only how things are."""
    word = hashlib.sha256(f"{email}\n{institution.pk}".encode()).hexdigest()
    if cache.add(f"signup-told:{word}", True, PAUSE.total_seconds()):
        message = letters.compose(
            to=email, template=f"{letters_out.TEMPLATES}/{template}", context={"institution": institution}
        )
        transaction.on_commit(partial(letters.post, message))


# Confirming -----------------------------------------------------------------------------------------------------------


def find_by_link(token: str, *, at: datetime) -> AccessRequest:
    """The unconfirmed request behind a link. Raises LinkDead."""
    request = AccessRequest.objects.select_related("institution__region").filter(token_hash=hash_of(token)).first()
    return _alive(request, at)


@transaction.atomic
def confirm_as_new_person(*, token: str, password: str, at: datetime) -> User:
    """Make the account of who owns the address; from now on the request waits. Raises LinkDead, AddressKnown."""
    request = _lock(token, at)
    user = make_account(
        email=request.email, full_name=request.full_name, position=request.position, password=password, at=at
    )
    _wait(request, user)
    return user


@transaction.atomic
def confirm(*, token: str, by: User, at: datetime) -> AccessRequest:
    """The request of a person who is signed in. Raises LinkDead, AnotherPerson."""
    request = _lock(token, at)
    if by.email != request.email:
        raise AnotherPerson
    # The portal knows them by this name already.
    request.full_name = by.full_name
    _wait(request, by)
    return request


def _lock(token: str, at: datetime) -> AccessRequest:
    return _alive(AccessRequest.objects.select_for_update(no_key=True).filter(token_hash=hash_of(token)).first(), at)


def _alive(request: AccessRequest | None, at: datetime) -> AccessRequest:
    state = None
    if request is None:
        raise LinkDead(LinkState.UNKNOWN)
    if request.state != AccessRequest.State.UNCONFIRMED:
        state = LinkState.USED
    elif request.expires_at and at >= request.expires_at:
        state = LinkState.EXPIRED
    elif not is_working(request.institution, at):
        state = LinkState.INSTITUTION_CLOSED
    if state:
        raise LinkDead(state)
    return request


def _wait(request: AccessRequest, user: User) -> None:
    request.state, request.user = AccessRequest.State.WAITING, user
    written_by(request, user)
    request.save(update_fields=["state", "user", "full_name"])


@transaction.atomic
def forget_unconfirmed(*, at: datetime) -> int:
    """Delete requests nobody has confirmed in time, with their history: nobody has agreed to their being kept."""
    # Locked: whoever asks anew in this moment has their request revived, and it stays.
    forgotten = list(AccessRequest.objects.forgotten(at).select_for_update().values_list("pk", flat=True))
    AccessRequest.objects.filter(pk__in=forgotten).delete()
    AccessRequest.history.filter(id__in=forgotten).delete()
    return len(forgotten)


# Deciding -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def approve(*, request: AccessRequest, by: User, at: datetime) -> AccessRequest:
    """Give the person the role from today. Raises PermissionDenied, NotWaiting, InstitutionClosed, PersonDisabled."""
    locked = _lock_waiting(request, by)
    assert locked.user
    if not is_working(locked.institution, at):
        raise InstitutionClosed
    # Who was invited in the meantime has what they ask for.
    with contextlib.suppress(AlreadyHolds):
        give_role(
            user=locked.user,
            role=Role.INSTITUTION_REP,
            region=None,
            institution=locked.institution,
            life_situations=(),
            starts_on=first_day(locked.institution.region, at),
            granted_by=by,
            by=by,
        )
    return _decide(locked, AccessRequest.State.APPROVED, "", by, at)


@transaction.atomic
def decline(*, request: AccessRequest, reason: str, by: User, at: datetime) -> AccessRequest:
    """Refuse, with a reason the person is told. Raises PermissionDenied, NotWaiting."""
    return _decide(_lock_waiting(request, by), AccessRequest.State.DECLINED, reason, by, at)


def _lock_waiting(request: AccessRequest, by: User) -> AccessRequest:
    # Nobody decides about themselves.
    require_grant(by, Role.INSTITUTION_REP, region=request.institution.region, to=request.user)
    locked = AccessRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    if locked.state != AccessRequest.State.WAITING:
        raise NotWaiting(locked)
    return locked


def _decide(request: AccessRequest, state: AccessRequest.State, reason: str, by: User, at: datetime) -> AccessRequest:
    request.state, request.reason = state, reason
    request.decided_at, request.decided_by = at, by
    # The next letter is that of the decision; the link has done its work.
    request.token_hash = request.sent_at = request.expires_at = None
    written_by(request, by)
    request.save(update_fields=["state", "reason", "decided_at", "decided_by", "token_hash", "sent_at", "expires_at"])
    letters_out.ask_to_send(by=by)
    return request
