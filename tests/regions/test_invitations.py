"""People are asked to come by a letter, and come."""

import logging
import re
import smtplib
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts import consent
from accounts.models import User
from accounts.services import set_totp
from jobs.models import Job
from nsi_portal.logs import RefusalFilter
from regions.models import BodyMember, Invitation, Membership, Region, RegionLifeSituation
from regions.roles import Role
from regions.services import invitations as services
from regions.services import letters_out
from regions.services.links import hash_of
from tests.factories import (
    PASSWORD,
    TOTP_SECRET,
    BodyFactory,
    CommissionerFactory,
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    RegionFactory,
    UserFactory,
)
from tests.regions.letter_box import link_to, send_letters, signed_in, token_in

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-11-22T12:00:00+03:00")
EMAIL = "petrov@example.ru"
GOOD = {"password": PASSWORD, "password_again": PASSWORD, "agreed": "on"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def region() -> Region:
    return RegionFactory(code="RU-NIZ")


@pytest.fixture
def admin(region: Region) -> User:
    return MembershipFactory(role=Role.NSI_ADMIN, region=region).user


@pytest.fixture
def agency() -> User:
    return MembershipFactory(role=Role.AGENCY_ADMIN).user


def invite(by: User, region: Region | None, email: str = EMAIL, role: Role = Role.EXPERT, **more: Any) -> Invitation:
    person = services.Invitee(email=email, full_name="Петров Олег Ильич", role=role, region=region, **more)
    return services.invite(people=[person], by=by, at=timezone.now())[0]


def invited(by: User, region: Region | None, email: str = EMAIL, role: Role = Role.EXPERT, **more: Any) -> str:
    """The path of the link in the letter."""
    invite(by, region, email, role, **more)
    send_letters()
    return link_to(email)


def lines(*people: dict[str, str], **role: Any) -> dict[str, Any]:
    """What the form of inviting sends."""
    sent: dict[str, Any] = {"form-TOTAL_FORMS": str(len(people)), "form-INITIAL_FORMS": "0", **role}
    for number, person in enumerate(people):
        sent |= {f"form-{number}-{name}": value for name, value in person.items()}
    return sent


def person(email: str = EMAIL, full_name: str = "Петров Олег Ильич", position: str = "") -> dict[str, str]:
    return {"email": email, "full_name": full_name, "position": position}


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# Inviting -------------------------------------------------------------------------------------------------------------


def test_a_form_invites_several_people_at_once_and_empty_lines_do_not_count(admin: User, region: Region):
    url = reverse("invitation-create", args=[region.code])
    empty = person("", "")
    sent = lines(
        person("A@Example.ru", "Первая  Анна"),
        empty,
        person("b@example.ru", "Второй Борис", "эксперт"),
        role=Role.EXPERT,
    )
    response = signed_in(admin).post(url, sent)
    assert response.status_code == 302
    found = Invitation.objects.order_by("email").values_list("email", "full_name", "position", "role", "region")
    assert list(found) == [
        ("a@example.ru", "Первая Анна", "", Role.EXPERT, region.pk),
        ("b@example.ru", "Второй Борис", "эксперт", Role.EXPERT, region.pk),
    ]
    assert Invitation.objects.first().invited_by == admin
    assert Invitation.objects.first().state(NOW) == Invitation.State.TO_SEND
    assert not mail.outbox


def test_a_member_of_the_headquarters_is_invited_with_life_situations_and_a_representative_to_an_institution(
    admin: User, region: Region
):
    situation, institution = LifeSituationFactory(), InstitutionFactory(region=region)
    RegionLifeSituation.objects.create(region=region, life_situation=situation, since=date(2026, 1, 1))
    url, client = reverse("invitation-create", args=[region.code]), signed_in(admin)
    client.post(url, lines(person("m@example.ru"), role=Role.HQ_MEMBER, life_situations=[situation.code]))
    client.post(url, lines(person("r@example.ru"), role=Role.INSTITUTION_REP, institution=institution.pk))
    member, representative = Invitation.objects.order_by("email")
    assert (member.region, list(member.life_situations.all())) == (region, [situation])
    assert (representative.region, representative.institution) == (None, institution)


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("", "Обязательное поле"),
        ("не адрес", "правильный адрес"),
        ("петров@example.ru", "русские буквы"),
        ("реtrov@example.ru", "«р» (место 1), «е» (место 2)"),
        ("petrov@exаmple.ru", "«а» (место 10)"),
        ("pet\u200brov@example.ru", "невидимый знак"),
        ("invited@example.ru", "Уже приглашён(а) 22.11.2026. Выслать письмо ещё раз"),
        ("INVITED@Example.RU", "Уже приглашён(а) 22.11.2026"),
        ("here@example.ru", "уже есть такая роль"),
        ("gone@example.ru", "Вход этого человека на портал закрыт"),
        ("admin@example.ru", "Это Ваш адрес"),
    ],
)
def test_a_wrong_address_is_refused_at_its_field_and_everything_typed_comes_back(region: Region, email: str, says: str):
    by = MembershipFactory(role=Role.NSI_ADMIN, region=region, user=UserFactory(email="admin@example.ru")).user
    invite(by, region, "invited@example.ru")
    MembershipFactory(role=Role.EXPERT, region=region, user=UserFactory(email="here@example.ru"))
    gone = UserFactory(email="gone@example.ru", is_active=False)
    MembershipFactory(role=Role.HQ_CHAIR, region=region, user=gone, ends_on=date(2026, 11, 1))
    sent = lines(person("fine@example.ru", "Хорошая Вера"), person(email, "Иной Пётр", "врач"), role=Role.EXPERT)
    response = signed_in(by).post(reverse("invitation-create", args=[region.code]), sent)
    assert response.status_code == 422
    (field,) = response.context["people"].forms[1].errors.keys()
    assert field == "email"
    assert says in " ".join(response.context["people"].forms[1].errors["email"])
    assert text_of(response).count(says) >= 2  # at the field and above the form
    assert 'value="Хорошая Вера"' in response.content.decode()
    assert 'value="врач"' in response.content.decode()
    assert Invitation.objects.count() == 1


def test_the_same_address_twice_in_one_form_is_refused(admin: User, region: Region):
    sent = lines(person(), person(EMAIL.upper()), role=Role.EXPERT)
    response = signed_in(admin).post(reverse("invitation-create", args=[region.code]), sent)
    assert "уже есть в списке выше" in text_of(response)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("role", "field", "says"),
    [
        ({}, "role", "Обязательное поле"),
        ({"role": "emperor"}, "role", "emperor"),
        # Appointed by the Agency alone.
        ({"role": Role.HQ_CHAIR}, "role", "hq_chair"),
        ({"role": Role.AGENCY_ADMIN}, "role", "agency_admin"),
        ({"role": Role.HQ_MEMBER}, "life_situations", "Отметьте ЖС"),
        ({"role": Role.HQ_MEMBER, "life_situations": ["999999"]}, "life_situations", "999999"),
        ({"role": Role.EXPERT, "life_situations": ["own"]}, "life_situations", "только для роли"),
        ({"role": Role.INSTITUTION_REP}, "institution", "Выберите учреждение"),
        ({"role": Role.INSTITUTION_REP, "institution": "own closed"}, "institution", "корректный вариант"),
        ({"role": Role.INSTITUTION_REP, "institution": "of another region"}, "institution", "корректный вариант"),
        ({"role": Role.EXPERT, "institution": "own"}, "institution", "только для его представителя"),
    ],
)
def test_a_role_that_may_not_be_given_or_lacks_something_is_refused(
    admin: User, region: Region, role: dict[str, Any], field: str, says: str
):
    situation = LifeSituationFactory()
    RegionLifeSituation.objects.create(region=region, life_situation=situation, since=date(2026, 1, 1))
    institutions = {
        "own": InstitutionFactory(region=region).pk,
        "own closed": InstitutionFactory(region=region, closed_on=date(2026, 11, 21)).pk,
        "of another region": InstitutionFactory(region=RegionFactory(code="RU-TYU")).pk,
    }
    if role.get("life_situations") == ["own"]:
        role = {**role, "life_situations": [situation.code]}
    if "institution" in role:
        role = {**role, "institution": institutions[role["institution"]]}
    response = signed_in(admin).post(reverse("invitation-create", args=[region.code]), lines(person(), **role))
    assert response.status_code == 422
    assert says in " ".join(response.context["form"].errors[field])
    assert not Invitation.objects.exists()


def test_without_people_nobody_is_invited(admin: User, region: Region):
    response = signed_in(admin).post(
        reverse("invitation-create", args=[region.code]), lines(person("", ""), role=Role.EXPERT)
    )
    assert "Укажите хотя бы одного человека" in text_of(response)


@pytest.mark.parametrize("total", ["", "-1", "1000", "много"])
def test_a_forged_number_of_lines_breaks_nothing(admin: User, region: Region, total: str):
    for more in ({}, {"more": "yes"}):
        sent = {**lines(person(), role=Role.EXPERT), "form-TOTAL_FORMS": total, **more}
        response = signed_in(admin).post(reverse("invitation-create", args=[region.code]), sent)
        assert response.status_code in (200, 422)
    assert not Invitation.objects.exists()


def test_more_lines_keep_what_was_typed_and_complain_of_nothing(admin: User, region: Region):
    sent = {**lines(person("а", "Петров"), role=Role.EXPERT), "more": "yes"}
    response = signed_in(admin).post(reverse("invitation-create", args=[region.code]), sent)
    assert response.status_code == 200
    assert 'value="Петров"' in response.content.decode()
    assert response.context["people"].total_form_count() == 4
    assert "Проверьте" not in text_of(response)


@pytest.mark.parametrize(
    ("giver", "role", "where", "may"),
    [
        (Role.NSI_ADMIN, Role.NSI_ADMIN, "own", True),
        (Role.NSI_ADMIN, Role.EXPERT, "own", True),
        (Role.NSI_ADMIN, Role.SERVICE_COMMISSIONER, "own", True),
        (Role.NSI_ADMIN, Role.REGION_HEAD, "own", False),
        (Role.NSI_ADMIN, Role.HQ_CHAIR, "own", False),
        (Role.NSI_ADMIN, Role.EXPERT, "other", False),
        (Role.NSI_ADMIN, Role.AGENCY_ANALYST, "federal", False),
        (Role.HQ_CHAIR, Role.HQ_MEMBER, "own", False),
        (Role.EXPERT, Role.EXPERT, "own", False),
        (Role.INSTITUTION_REP, Role.EXPERT, "own", False),
        (Role.AGENCY_ADMIN, Role.HQ_CHAIR, "own", True),
        (Role.AGENCY_ADMIN, Role.REGION_HEAD, "other", True),
        (Role.AGENCY_ADMIN, Role.AGENCY_ADMIN, "federal", True),
        (Role.AGENCY_CURATOR, Role.AGENCY_ANALYST, "federal", False),
    ],
)
def test_the_service_asks_itself_who_may_give_what(region: Region, giver: Role, role: Role, where: str, may: bool):
    scope = {"region": region} if giver in (Role.NSI_ADMIN, Role.HQ_CHAIR, Role.EXPERT) else {}
    by = MembershipFactory(role=giver, **scope).user
    place = {"own": region, "other": RegionFactory(code="RU-TYU"), "federal": None}[where]
    if may:
        assert invite(by, place, role=role).role == role
    else:
        with pytest.raises(PermissionDenied):
            invite(by, place, role=role)
        assert not Invitation.objects.exists()


def test_an_administrator_invites_nobody_into_another_region(admin: User):
    other = RegionFactory(code="RU-TYU")
    MembershipFactory(role=Role.NSI_ADMIN, region=other)
    response = signed_in(admin).post(reverse("invitation-create", args=[other.code]), lines(person(), role=Role.EXPERT))
    assert response.status_code == 404
    assert signed_in(admin).get(reverse("federal-invitation-create")).status_code == 404
    assert not Invitation.objects.exists()


def test_a_person_may_be_invited_to_two_regions_and_in_two_roles(agency: User, region: Region):
    other = RegionFactory(code="RU-TYU")
    for place, role in ((region, Role.EXPERT), (other, Role.EXPERT), (region, Role.HQ_CHAIR)):
        invite(agency, place, role=role)
    assert Invitation.objects.open().count() == 3
    for place in (region, other):
        with pytest.raises(services.InvitationsRefused):
            invite(agency, place)


def test_two_who_invite_the_same_person_in_one_moment_send_one_invitation(
    admin: User, region: Region, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(services, "find_obstacles", lambda *args, **kwargs: {})
    invite(admin, region)
    with pytest.raises(services.InvitationsRefused, match="1 obstacles"):
        invite(admin, region)
    assert Invitation.objects.count() == 1


def test_whoever_is_in_a_body_is_not_typed_again_and_is_tied_to_it(admin: User, region: Region):
    member = BodyFactory(region=region).members.get()
    BodyMember.objects.filter(pk=member.pk).update(email=EMAIL, full_name="Петров Олег Ильич")
    stranger = BodyFactory(region=RegionFactory(code="RU-TYU")).members.get()
    client, url = signed_in(admin), reverse("invitation-create", args=[region.code])
    page = client.get(url, {"body_member": member.pk}).content.decode()
    assert f'value="{EMAIL}"' in page and 'value="Петров Олег Ильич"' in page
    assert stranger.full_name not in client.get(url, {"body_member": stranger.pk}).content.decode()
    for nonsense in ("0", "x", "9" * 30, ""):
        assert client.get(url, {"body_member": nonsense}).status_code == 200
    sent = lines({**person(), "body_member": str(stranger.pk)}, role=Role.EXPERT)
    assert client.post(url, sent).status_code == 422
    client.post(url, lines({**person(), "body_member": str(member.pk)}, role=Role.EXPERT))
    send_letters()
    Client().post(link_to(EMAIL), GOOD)
    member.refresh_from_db()
    assert member.user == User.objects.get(email=EMAIL)


@pytest.mark.parametrize(
    ("email", "taken", "tied"),
    [
        (EMAIL, False, True),
        (f" {EMAIL.upper()}", False, True),
        (EMAIL, True, False),
        ("other@example.ru", False, False),
        ("", False, False),
        ("реtrov@example.ru", False, False),  # Cyrillic look-alikes
    ],
)
def test_only_a_line_of_a_body_that_still_speaks_of_who_was_invited_is_tied(
    admin: User, region: Region, email: str, taken: bool, tied: bool
):
    member = BodyFactory(region=region).members.get()
    path = invited(admin, region, body_member=member)
    holder = UserFactory() if taken else None
    BodyMember.objects.filter(pk=member.pk).update(email=email, user=holder)
    Client().post(path, GOOD)
    member.refresh_from_db()
    user = User.objects.get(email=EMAIL)
    assert user.memberships.get().role == Role.EXPERT
    assert member.user == (user if tied else holder)


def test_inviting_does_not_tell_that_a_stranger_is_on_the_portal(admin: User, region: Region):
    """Whoever has no role here is invited like anybody; their closed sign-in is found when they come."""
    MembershipFactory(role=Role.EXPERT, region=RegionFactory(code="RU-TYU"), user__email=EMAIL, user__is_active=False)
    sent = lines(person(), role=Role.EXPERT)
    assert signed_in(admin).post(reverse("invitation-create", args=[region.code]), sent).status_code == 302
    send_letters()
    Client().post(link_to(EMAIL), GOOD)
    assert not Membership.objects.filter(region=region, user__email=EMAIL).exists()


def test_an_address_that_is_too_long_is_refused_at_its_field(admin: User, region: Region):
    url = reverse("invitation-create", args=[region.code])
    # The second becomes long only in its one form.
    for email in ("a@" + "b" * 60 + ("." + "b" * 60) * 3 + ".example.ru", "\ufdfa" * 15 + "@example.ru"):
        response = signed_in(admin).post(url, lines(person(email), role=Role.EXPERT))
        assert response.status_code == 422
        assert "254" in " ".join(response.context["people"].forms[0].errors["email"])
    assert not Invitation.objects.exists()


# Letters --------------------------------------------------------------------------------------------------------------


def test_the_letter_bears_a_link_of_which_the_portal_keeps_only_the_hash(
    admin: User, region: Region, caplog: pytest.LogCaptureFixture
):
    path = invited(admin, region)
    token = token_in(path)
    invitation = Invitation.objects.get()
    assert len(token) >= 32  # 24 random bytes
    assert invitation.token_hash == hash_of(token)
    assert invitation.expires_at == NOW + timedelta(days=7)
    assert invitation.state(NOW) == Invitation.State.SENT
    letter = mail.outbox[-1]
    assert region.name in letter.subject and "Член РЭГ" in letter.body and "29 ноября 2026" in letter.body
    with caplog.at_level(logging.DEBUG):
        Client().post(path, {**GOOD, "password_again": "другой"})
        Client().get(path)
    found = [
        f"{table}.{column}"
        for table in connection.introspection.table_names()
        for column in _text_columns(table)
        if _holds(table, column, token)
    ]
    assert found == []


def _text_columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        description = connection.introspection.get_table_description(cursor, table)
    return [column.name for column in description]


def _holds(table: str, column: str, word: str) -> bool:
    with connection.cursor() as cursor:
        quoted, name = connection.ops.quote_name(table), connection.ops.quote_name(column)
        cursor.execute(f"SELECT 1 FROM {quoted} WHERE CAST({name} AS text) LIKE %s", [f"%{word}%"])
        return cursor.fetchone() is not None


def test_links_of_letters_stand_in_no_log(admin: User, region: Region):
    path = invited(admin, region)
    spoken: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            spoken.append(record.getMessage())

    listener, log = Listener(), logging.getLogger("django.request")
    listener.addFilter(RefusalFilter())
    log.addHandler(listener)
    try:
        assert Client().post(path, {"password": "1"}).status_code == 422
        assert Client().get("/invitation/unknown/").status_code == 404
        assert Client().get("/signup/unknown/").status_code == 404
        assert Client().get("/no-such-page/").status_code == 404
    finally:
        log.removeHandler(listener)
    assert spoken == ["Not Found: /no-such-page/"]


def test_a_mail_server_that_is_away_leaves_the_invitation_waiting_and_the_scheduler_asks_again(
    admin: User, region: Region, settings: Any
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 1
    for number in range(5):
        invite(admin, region, f"{number}@example.ru")
    job = Job.objects.active().get(kind=letters_out.SEND_LETTERS)
    assert send_letters() == job
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "Почтовый сервер не принял" in job.message
    assert {one.state(NOW) for one in Invitation.objects.all()} == {Invitation.State.TO_SEND}
    page = signed_in(admin).get(reverse("invitation-list", args=[region.code]))
    assert "Письма ещё не ушли" in text_of(page) and "Письмо готовится" in text_of(page)

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    # The scheduler comes every minute, but leaves a server that is away alone for a while.
    letters_out.ask_again(at=NOW + timedelta(minutes=4))
    assert not Job.objects.active().exists()
    letters_out.ask_again(at=NOW + timedelta(minutes=5))
    assert Job.objects.active().exists()
    assert send_letters().state == Job.State.DONE
    assert len(mail.outbox) == 5
    assert "Письма ещё не ушли" not in text_of(signed_in(admin).get(reverse("invitation-list", args=[region.code])))
    letters_out.ask_again(at=NOW + timedelta(hours=1))
    assert not Job.objects.active().exists()


def _of_recipient(code: int) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"0@example.ru": (code, b"no 0@example.ru here")})


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """From now on letters to addresses that begin with a zero end with this error."""
    really = letters_out.send_letter

    def set_to(error: Exception) -> None:
        def send(*, to: str, **rest: Any) -> None:
            if to.startswith("0"):
                raise error
            really(to=to, **rest)

        monkeypatch.setattr(letters_out, "send_letter", send)

    return set_to


@pytest.mark.parametrize(
    ("error", "others_go", "state"),
    [
        # The address is no good.
        (_of_recipient(550), True, Invitation.State.REFUSED),
        (smtplib.SMTPDataError(554, b"no"), True, Invitation.State.REFUSED),
        (UnicodeEncodeError("idna", "ж", 0, 1, "label too long"), True, Invitation.State.REFUSED),
        (ValueError("a line break in a header"), True, Invitation.State.REFUSED),
        # It may be good later.
        (_of_recipient(450), True, Invitation.State.TO_SEND),
        (smtplib.SMTPDataError(451, b"later"), True, Invitation.State.TO_SEND),
        (RuntimeError("nobody knows"), True, Invitation.State.TO_SEND),
        # The server is away, or wants nothing of the portal.
        (ConnectionRefusedError(), False, Invitation.State.TO_SEND),
        (TimeoutError(), False, Invitation.State.TO_SEND),
        (smtplib.SMTPServerDisconnected(), False, Invitation.State.TO_SEND),
        (smtplib.SMTPConnectError(421, b"busy"), False, Invitation.State.TO_SEND),
        (smtplib.SMTPAuthenticationError(535, b"who?"), False, Invitation.State.TO_SEND),
        (smtplib.SMTPSenderRefused(550, b"no", "nsi@example.ru"), False, Invitation.State.TO_SEND),
        (_of_recipient(421), False, Invitation.State.TO_SEND),
    ],
)
def test_undeliverable_addresses_at_the_head_do_not_stop_the_mail_while_a_server_that_is_away_does(
    admin: User,
    region: Region,
    refuse: Callable[[Exception], None],
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    others_go: bool,
    state: Invitation.State,
):
    refuse(error)
    for number in range(4):
        invite(admin, region, f"0{number}@example.ru")
    invite(admin, region, "1@example.ru")
    job = send_letters()
    assert [one.to for one in mail.outbox] == ([["1@example.ru"]] if others_go else [])
    assert {one.state(NOW) for one in Invitation.objects.filter(email__startswith="0")} == {state}
    assert Invitation.objects.in_state(state, NOW).filter(email__startswith="0").count() == 4
    assert job.state == (Job.State.DONE if state == Invitation.State.REFUSED else Job.State.FAILED)
    assert "example.ru" not in caplog.text


def test_a_refused_address_is_not_tried_every_minute_but_shown_sent_again_or_revoked(
    admin: User, region: Region, refuse: Callable[[Exception], None], monkeypatch: pytest.MonkeyPatch
):
    refuse(_of_recipient(550))
    first, second = invite(admin, region, "01@example.ru"), invite(admin, region, "02@example.ru")
    assert send_letters().message == "Отправлено писем: 0. Адресов не принято: 2."
    letters_out.ask_again(at=NOW + timedelta(days=1))
    assert not Job.objects.active().exists()
    client, url = signed_in(admin), reverse("invitation-list", args=[region.code])
    page = client.get(url, {"state": "refused"})
    assert text_of(page).count("Адрес не принят") >= 2
    assert "01@example.ru" in text_of(page) and "02@example.ru" in text_of(page)
    for state in ("sent", "expired", "to_send"):
        assert "01@example.ru" not in text_of(client.get(url, {"state": state}))
    for what, one in (("resend", first), ("revoke", second)):
        target = reverse(f"invitation-{what}", args=[one.pk])
        assert target in page.content.decode()
        client.post(target)
    monkeypatch.undo()
    send_letters()
    first.refresh_from_db()
    second.refresh_from_db()
    assert [one.state(NOW) for one in (first, second)] == [Invitation.State.SENT, Invitation.State.REVOKED]
    assert [one.to for one in mail.outbox] == [["01@example.ru"]]


def test_sending_again_kills_the_former_link_and_vouches_anew(
    admin: User, region: Region, clock: time_machine.Traveller
):
    former = invited(admin, region)
    invitation = Invitation.objects.get()
    with pytest.raises(services.JustSent):
        services.resend(invitation=invitation, by=admin, at=timezone.now())
    clock.shift(timedelta(days=3))
    second = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    response = signed_in(second).post(reverse("invitation-resend", args=[invitation.pk]))
    assert response.status_code == 302
    assert Client().get(former).status_code == 404
    assert send_letters().state == Job.State.DONE
    invitation.refresh_from_db()
    assert link_to(EMAIL) != former
    assert (invitation.invited_by, invitation.expires_at) == (second, timezone.now() + timedelta(days=7))
    assert Client().get(former).status_code == 404
    assert Client().get(link_to(EMAIL)).status_code == 200


def test_an_invitation_revoked_while_its_letter_is_on_its_way_stays_revoked(
    admin: User, region: Region, monkeypatch: pytest.MonkeyPatch
):
    invitation = invite(admin, region)
    really = letters_out.send_letter

    def revoke_meanwhile(**letter: Any) -> None:
        services.revoke(invitation=invitation, by=admin, at=timezone.now())
        really(**letter)

    monkeypatch.setattr(letters_out, "send_letter", revoke_meanwhile)
    send_letters()
    invitation.refresh_from_db()
    assert invitation.state(NOW) == Invitation.State.REVOKED
    assert Client().get(link_to(EMAIL)).status_code == 410


# The list -------------------------------------------------------------------------------------------------------------


def test_the_list_shows_states_and_filters_by_them(admin: User, region: Region, clock: time_machine.Traveller):
    invited(admin, region, "old@example.ru")
    clock.shift(timedelta(days=8))
    accepted = invited(admin, region, "accepted@example.ru")
    Client().post(accepted, GOOD)
    revoked = invite(admin, region, "revoked@example.ru")
    services.revoke(invitation=revoked, by=admin, at=timezone.now())
    invited(admin, region, "sent@example.ru")
    invite(admin, region, "new@example.ru")
    client, url = signed_in(admin), reverse("invitation-list", args=[region.code])
    for state, email in {
        "to_send": "new@example.ru",
        "sent": "sent@example.ru",
        "expired": "old@example.ru",
        "accepted": "accepted@example.ru",
        "revoked": "revoked@example.ru",
    }.items():
        page = client.get(url, {"state": state}).content.decode()
        assert re.findall(r"\w+@example\.ru(?=</span>)", page) == [email], state
    book = load_workbook(BytesIO(client.get(url, {"format": "xlsx", "state": "sent"}).content))
    title, row = book.active.iter_rows(values_only=True)
    assert dict(zip(title, row, strict=True)) == {
        "Имя": "Петров Олег Ильич",
        "Адрес почты": "sent@example.ru",
        "Роль": "Член РЭГ",
        "Где": region.name,
        "Жизненные ситуации": None,
        "Состояние": "Ждёт ответа",
        "Письмо отправлено": datetime(2026, 11, 30, 12, 0),
        "Ссылка действует до": datetime(2026, 12, 7, 12, 0),
        "Кто пригласил": admin.full_name,
    }
    for query in ({"state": "nonsense"}, {"sort": "nonsense"}, {"page": "-1"}, {"role": "x"}):
        assert client.get(url, query).status_code == 200


def test_the_list_asks_the_database_as_often_for_100_rows_as_for_one(admin: User, region: Region):
    client, url = signed_in(admin), reverse("invitation-list", args=[region.code])
    invite(admin, region)
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url)
    for number in range(40):
        invite(admin, region, f"{number}@example.ru")
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


@pytest.mark.parametrize("what", ["resend", "revoke"])
def test_another_regions_invitations_are_not_there(region: Region, admin: User, what: str):
    invitation = invite(admin, region)
    stranger = MembershipFactory(role=Role.NSI_ADMIN, region=RegionFactory(code="RU-TYU")).user
    assert signed_in(stranger).post(reverse(f"invitation-{what}", args=[invitation.pk])).status_code == 404
    chair = MembershipFactory(role=Role.HQ_CHAIR, region=region).user
    assert signed_in(chair).post(reverse(f"invitation-{what}", args=[invitation.pk])).status_code == 404


@pytest.mark.parametrize("what", ["resend", "revoke"])
def test_who_may_not_give_the_role_may_not_send_it_again_nor_revoke_it(
    agency: User, admin: User, region: Region, what: str
):
    invitation = invite(agency, region, role=Role.HQ_CHAIR)
    assert signed_in(admin).post(reverse(f"invitation-{what}", args=[invitation.pk])).status_code == 403


# Accepting ------------------------------------------------------------------------------------------------------------


def test_a_new_person_sets_a_password_agrees_and_works(admin: User, region: Region):
    path = invited(admin, region)
    client = Client()
    page = client.get(path)
    assert "Петров Олег Ильич" in text_of(page) and "Член РЭГ" in text_of(page)
    assert "no-store" in page.headers["Cache-Control"]
    response = client.post(path, GOOD)
    assert response.headers["Location"] == reverse("cabinet")
    user = User.objects.get(email=EMAIL)
    membership = user.memberships.get()
    assert (membership.role, membership.region, membership.granted_by) == (Role.EXPERT, region, admin)
    assert (membership.starts_on, membership.ends_on) == (date(2026, 11, 22), None)
    assert user.check_password(PASSWORD)
    assert user.consents.get().version == consent.VERSION
    assert user.consents.get().accepted_at == NOW
    assert membership.history.get().history_user == user
    assert client.get(reverse("cabinet")).status_code == 200
    invitation = Invitation.objects.get()
    assert (invitation.accepted_by, invitation.accepted_at) == (user, NOW)


def test_the_address_of_the_link_is_told_to_no_other_site(admin: User, region: Region):
    """Only the name of the portal may be: without the origin Django would refuse the form."""
    for path in (invited(admin, region), "/invitation/unknown/"):
        assert Client().get(path).headers["Referrer-Policy"] == "strict-origin"


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"password": ""}, "password", "Обязательное поле"),
        ({"password": "12345678", "password_again": "12345678"}, "password", "широко распространён"),
        ({"password": "коротк", "password_again": "коротк"}, "password", "короткий"),
        ({"password": "petrov@example", "password_again": "petrov@example"}, "password", "похож"),
        ({"password_again": "другой пароль 9"}, "password_again", "не совпадают"),
        ({"agreed": ""}, "agreed", "согласие"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nobody_comes_in(
    admin: User, region: Region, changed: dict[str, str], field: str, says: str
):
    path = invited(admin, region)
    response = Client().post(path, {**GOOD, **changed})
    assert response.status_code == 422
    assert says in " ".join(response.context["form"].errors[field])
    assert not User.objects.filter(email=EMAIL).exists()
    assert Invitation.objects.get().accepted_at is None


def test_the_address_is_that_of_the_letter_whatever_the_form_says(admin: User, region: Region):
    Client().post(invited(admin, region), {**GOOD, "email": "other@example.ru", "role": "agency_admin"})
    assert User.objects.get(email=EMAIL).memberships.get().role == Role.EXPERT
    assert not User.objects.filter(email="other@example.ru").exists()


def test_an_administrator_who_comes_in_sets_up_the_second_factor_before_anything_else(admin: User, region: Region):
    client = Client()
    client.post(invited(admin, region, role=Role.NSI_ADMIN), GOOD)
    response = client.get(reverse("region-people", args=[region.code]))
    assert response.headers["Location"].startswith(reverse("second-factor"))
    # Just signed in: the password is not asked for again on the way.
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    set_totp(User.objects.get(email=EMAIL), TOTP_SECRET)
    assert client.get(reverse("region-people", args=[region.code])).status_code == 200


def test_a_known_person_signs_in_first_and_accepts_by_a_button(admin: User, region: Region):
    user = UserFactory(email=EMAIL, password=PASSWORD)
    path = invited(admin, region)
    client = Client()
    page = client.get(path)
    assert f"{reverse('account_login')}?next={path.replace('/', '%2F')}" in page.content.decode()
    assert user.full_name not in text_of(page)
    # The form of a new person, sent all the same.
    client.post(path, GOOD)
    assert not user.memberships.exists()
    client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD, "next": path})
    assert "Принять приглашение" in text_of(client.get(path))
    assert not user.memberships.exists()
    assert client.post(path).headers["Location"] == reverse("cabinet")
    assert user.memberships.get().role == Role.EXPERT


def test_somebody_else_who_is_signed_in_is_told_so_and_offered_the_way_out(admin: User, region: Region):
    path = invited(admin, region)
    client = signed_in(UserFactory(email="other@example.ru"))
    for response in (client.get(path), client.post(path, GOOD)):
        assert response.status_code == 403
        assert "other@example.ru" in text_of(response) and "Выйти" in text_of(response)
        assert EMAIL not in text_of(response)
    assert not Membership.objects.filter(role=Role.EXPERT).exists()
    response = client.post(reverse("account_logout"), {"next": path})
    assert response.headers["Location"] == path
    assert client.post(path, GOOD).status_code == 302
    assert User.objects.get(email=EMAIL).memberships.exists()


def expire(invitation: Invitation, admin: User) -> None:
    invitation.expires_at = NOW
    invitation.save(update_fields=["expires_at"])


def revoke(invitation: Invitation, admin: User) -> None:
    services.revoke(invitation=invitation, by=admin, at=NOW)


def use(invitation: Invitation, admin: User) -> None:
    Client().post(link_to(EMAIL), GOOD)


def take_the_right(invitation: Invitation, admin: User) -> None:
    admin.memberships.update(ends_on=date(2026, 11, 21))


def disable_the_inviter(invitation: Invitation, admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(is_active=False)


def close_the_institution(invitation: Invitation, admin: User) -> None:
    invitation.institution.closed_on = date(2026, 11, 21)
    invitation.institution.save(update_fields=["closed_on"])


DEAD = [
    (expire, "Срок приглашения истёк"),
    (revoke, "отозвано"),
    (take_the_right, "больше не действует"),
    (disable_the_inviter, "больше не действует"),
    (close_the_institution, "больше не работает"),
]


@pytest.mark.parametrize(
    ("spoil", "says", "known"),
    [*((*one, known) for one in DEAD for known in (False, True)), (use, "уже принято", False)],
)
def test_a_dead_link_says_why_and_does_nothing(
    admin: User, region: Region, spoil: Callable[[Invitation, User], None], says: str, known: bool
):
    institution = InstitutionFactory(region=region)
    path = invited(admin, None, role=Role.INSTITUTION_REP, institution=institution)
    client = signed_in(UserFactory(email=EMAIL)) if known else Client()
    spoil(Invitation.objects.get(), admin)
    before = Membership.objects.count(), User.objects.count()
    for response in (client.get(path), client.post(path, GOOD)):
        assert response.status_code == 410
        assert says in text_of(response)
    assert (Membership.objects.count(), User.objects.count()) == before


@pytest.mark.parametrize("token", ["unknown", "%00", "a" * 300, "привет", "..%2F", "%F0%9F%98%80", "' OR 1=1 --"])
def test_an_unknown_link_is_answered_plainly(token: str):
    response = Client().get(f"/invitation/{token}/")
    assert response.status_code == 404
    assert "Страница не найдена" in text_of(response) or "Ссылка не действует" in text_of(response)


def test_a_second_click_makes_no_second_role(admin: User, region: Region):
    path = invited(admin, region)
    client = Client()
    client.post(path, GOOD)
    assert client.post(path, GOOD).headers["Location"] == reverse("cabinet")
    assert client.get(path).headers["Location"] == reverse("cabinet")
    assert Client().post(path, GOOD).status_code == 410
    assert Membership.objects.filter(user__email=EMAIL).count() == 1


def test_a_role_given_in_the_meantime_is_not_given_twice(admin: User, region: Region):
    user = UserFactory(email=EMAIL)
    path = invited(admin, region)
    MembershipFactory(user=user, role=Role.EXPERT, region=region)
    signed_in(user).post(path)
    assert user.memberships.count() == 1
    assert Invitation.objects.get().accepted_by == user


def test_in_the_east_the_role_counts_at_once(agency: User):
    """In Kamchatka it is tomorrow already: a role given now begins with the day of its region."""
    kamchatka = RegionFactory(code="RU-KAM")
    with time_machine.travel(datetime.fromisoformat("2026-11-22T20:00:00+03:00"), tick=False):
        client = Client()
        client.post(invited(agency, kamchatka), GOOD)
        assert client.get(reverse("body-list", args=[kamchatka.code])).status_code == 200


def test_a_commissioner_who_comes_in_is_tied_to_the_record_of_their_appointment(admin: User, region: Region):
    commissioner = CommissionerFactory(region=region, email=EMAIL)
    Client().post(invited(admin, region, role=Role.SERVICE_COMMISSIONER), GOOD)
    commissioner.refresh_from_db()
    assert commissioner.user == User.objects.get(email=EMAIL)


@pytest.mark.django_db(transaction=True)
def test_two_who_accept_in_one_moment_get_one_account_and_one_role(region: Region, clock: time_machine.Traveller):
    admin = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    path = invited(admin, region)
    token, barrier, outcomes = token_in(path), threading.Barrier(4), []

    def accept() -> None:
        try:
            barrier.wait()
            services.accept_as_new_person(token=token, password=PASSWORD, at=NOW)
            outcomes.append("in")
        except (services.LinkDead, services.AddressKnown) as error:
            outcomes.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=accept) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["LinkDead", "LinkDead", "LinkDead", "in"]
    assert Membership.objects.filter(user__email=EMAIL).count() == 1


def test_the_agency_invites_its_own_people(agency: User):
    client = signed_in(agency)
    response = client.post(reverse("federal-invitation-create"), lines(person(), role=Role.AGENCY_ANALYST))
    assert response.headers["Location"] == reverse("people-list")
    assert "Петров Олег Ильич" in text_of(client.get(reverse("people-list")))
    send_letters()
    Client().post(link_to(EMAIL), GOOD)
    assert User.objects.get(email=EMAIL).memberships.get().scope_title == "Российская Федерация"
