"""Every address × every role × own or other region: served, refused (403) or not there (404)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.api_tokens import issue
from nsi_portal import errors
from regions.permissions import ROLE_PERMISSIONS, SECOND_FACTOR_ROLES
from regions.roles import FEDERAL_ROLES, Role
from tests.world import NOW, SINCE, World, build_world, period

pytestmark = pytest.mark.django_db

ALL = frozenset(Role)
REP = frozenset({Role.INSTITUTION_REP})
OBSERVER = frozenset({Role.FEDERAL_OBSERVER})
# Sees the region: everybody but the representative of an institution; the observer sees only what is published.
SEE_REGION = ALL - REP - OBSERVER
SEE_RESULTS = ALL - REP
SEE_INSTITUTION = ALL - OBSERVER
MANAGE_LINKS = frozenset({Role.NSI_ADMIN, Role.INSTITUTION_REP})
MANAGE_REGION_LINKS = frozenset({Role.NSI_ADMIN})
ENTER_CLIENTS = frozenset({Role.NSI_ADMIN, Role.HQ_MEMBER, Role.SERVICE_COMMISSIONER, Role.INSTITUTION_REP})
CALCULATE = frozenset({Role.HQ_MEMBER, Role.SERVICE_COMMISSIONER})
PUBLISH = frozenset({Role.HQ_MEMBER, Role.HQ_CHAIR})
DECIDE = frozenset({Role.HQ_MEMBER, Role.HQ_CHAIR})
PUBLISH_MATERIALS = frozenset({Role.AGENCY_ADMIN, Role.AGENCY_CURATOR})

PROPOSE_EXCLUSION = frozenset({Role.NSI_ADMIN, Role.HQ_MEMBER})
DECIDE_EXCLUSION = frozenset({Role.HQ_CHAIR, Role.SERVICE_COMMISSIONER})

CHOOSE_LIFE_SITUATIONS = frozenset({Role.HQ_CHAIR, Role.NSI_ADMIN})
RUN_LIFE_SITUATIONS = CHOOSE_LIFE_SITUATIONS | {Role.HQ_MEMBER}
APPROVE_TARGETS = frozenset({Role.HQ_CHAIR})
EDIT_STRUCTURE = frozenset({Role.NSI_ADMIN, Role.AGENCY_ADMIN})
ACCREDIT = frozenset({Role.AGENCY_ADMIN, Role.AGENCY_CURATOR})
MANAGE_PEOPLE = frozenset({Role.AGENCY_ADMIN, Role.NSI_ADMIN})
SEE_COUNTRY = FEDERAL_ROLES
AGENCY = FEDERAL_ROLES - OBSERVER
MANAGE_DEADLINES = frozenset({Role.AGENCY_ADMIN})
MANAGE_INSTITUTIONS = frozenset({Role.NSI_ADMIN})
READ_COMMENTS = ALL - OBSERVER - {Role.REGION_HEAD}
READ_COMMENTS_OF_REGION = READ_COMMENTS - REP
CODE_COMMENTS = frozenset({Role.HQ_MEMBER, Role.SERVICE_COMMISSIONER, Role.EXPERT, Role.NSI_ADMIN})
READ_AS_TYPED = frozenset({Role.SERVICE_COMMISSIONER, Role.NSI_ADMIN})
TELL_CHANGES = frozenset({Role.NSI_ADMIN, Role.INSTITUTION_REP})


@dataclass(frozen=True)
class Line:
    """What an address answers. `ok` get it, `forbidden` see the thing but may not do this: 403; all others 404.

    `public`: open to everybody. `personal`: the page is about the person, the same for all who are signed in.
    `api`: asked by a program with the person's key; a session opens nothing there.
    """

    arguments: Callable[[World], list[object]] = lambda world: []
    method: str = "get"
    ok: frozenset[Role] = ALL
    forbidden: frozenset[Role] = frozenset()
    public: bool = False
    personal: bool = False
    api: bool = False
    data: dict[str, str] = field(default_factory=dict)


def quarter(world: World) -> list[object]:
    return [world.region.code, world.life_situation.code, world.quarter.code]


def open_quarter(world: World) -> list[object]:
    """The quarter that runs now."""
    return [world.region.code, world.life_situation.code, period("2027-Q1").code]


def handed_in(world: World) -> list[object]:
    return [world.region.code, world.life_situation.code, world.published.period.code]


def institution(world: World) -> list[object]:
    return [world.institution.pk]


def link(world: World) -> list[object]:
    return [world.link.pk]


def exclusion(world: World) -> list[object]:
    return [world.exclusion.pk]


def response_import(world: World) -> list[object]:
    return [world.response_import.pk]


def participation(world: World) -> list[object]:
    return [world.institution.participations.get().pk]


def material(world: World) -> list[object]:
    return [world.material.pk]


def for_publishers(arguments: Callable[[World], list[object]] = lambda world: [], method: str = "get") -> Line:
    """Materials belong to no region: whoever does not publish sees them all the same."""
    return Line(arguments, method, ok=PUBLISH_MATERIALS, forbidden=ALL - PUBLISH_MATERIALS, personal=True)


def of_region(world: World) -> list[object]:
    return [world.region.code]


def body(world: World) -> list[object]:
    return [world.body.pk]


def body_member(world: World) -> list[object]:
    return [world.head.pk]


def commissioner(world: World) -> list[object]:
    return [world.commissioner.pk]


def somebody(world: World) -> list[object]:
    return [world.expert.user.pk]


def key_of_somebody(world: World) -> list[object]:
    return [world.expert.user.pk, world.api_token.pk]


def membership(world: World) -> list[object]:
    return [world.expert.pk]


def invitation(world: World) -> list[object]:
    return [world.invitation.pk]


def access_request(world: World) -> list[object]:
    return [world.request.pk]


def place(world: World) -> list[object]:
    return [world.place.pk]


def targets_of(year: int) -> Callable[[World], list[object]]:
    return lambda world: [world.place.pk, year]


def comment(world: World) -> list[object]:
    return [world.comment.pk]


def change(world: World) -> list[object]:
    return [world.change.pk]


COMPOSE = frozenset({Role.NSI_ADMIN, Role.HQ_MEMBER, Role.SERVICE_COMMISSIONER})
COMPOSE_ANYTHING = COMPOSE | {Role.AGENCY_ADMIN}


def draft(*more: str) -> Callable[[World], list[object]]:
    """The region's own draft; nobody of another region knows of it."""
    return lambda world: [world.draft.pk, *more]


def for_composers(*more: str, method: str = "get", data: dict[str, str] | None = None) -> Line:
    return Line(draft(*more), method, ok=COMPOSE, forbidden=SEE_REGION - COMPOSE, data=data or {})


def standard_version(world: World) -> list[object]:
    """Published by the Agency: everybody reads it."""
    return [world.link.version.pk]


PUBLIC = Line(public=True)
TABLE: dict[str, Line | list[Line]] = {
    # Questionnaires and other instruments, their versions and drafts.
    "questionnaire-list": Line(personal=True),
    "questionnaire-create": Line(ok=COMPOSE_ANYTHING, forbidden=ALL - COMPOSE_ANYTHING),
    "questionnaire-import": Line(ok=COMPOSE_ANYTHING, forbidden=ALL - COMPOSE_ANYTHING),
    "questionnaire": [
        Line(lambda world: [world.draft.questionnaire.pk], ok=SEE_REGION),
        Line(lambda world: [world.link.version.questionnaire.pk], personal=True),
    ],
    "questionnaire-facts": Line(
        lambda world: [world.draft.questionnaire.pk], ok=COMPOSE, forbidden=SEE_REGION - COMPOSE
    ),
    "questionnaire-extend": Line(
        lambda world: [world.link.version.questionnaire.pk], ok=COMPOSE, forbidden=ALL - COMPOSE, personal=True
    ),
    "questionnaire-version": [Line(draft(), ok=SEE_REGION), Line(standard_version, personal=True)],
    "version-preview": [Line(draft(), ok=SEE_REGION), Line(standard_version, personal=True)],
    "version-json": [Line(draft(), ok=SEE_REGION), Line(standard_version, personal=True)],
    "version-compare": Line(lambda world: [world.draft.pk, world.draft.pk], ok=SEE_REGION),
    "version-copy": Line(standard_version, ok=COMPOSE_ANYTHING, forbidden=ALL - COMPOSE_ANYTHING, personal=True),
    "version-draft": Line(
        standard_version, ok=frozenset({Role.AGENCY_ADMIN}), forbidden=ALL - {Role.AGENCY_ADMIN}, personal=True
    ),
    "version-retire": Line(
        standard_version, ok=frozenset({Role.AGENCY_ADMIN}), forbidden=ALL - {Role.AGENCY_ADMIN}, personal=True
    ),
    "draft": for_composers(),
    "draft-settings": for_composers(),
    "draft-move": for_composers(method="post", data={"up": "q:q1"}),
    "draft-section-add": for_composers(),
    "draft-section": for_composers("s1"),
    "draft-section-remove": for_composers("s1"),
    "draft-question-add": for_composers("s1"),
    "draft-question": for_composers("q1"),
    "draft-question-duplicate": for_composers("q1", method="post"),
    "draft-question-remove": for_composers("q1"),
    "draft-translations": for_composers(),
    "draft-translation": for_composers("tt"),
    "draft-translation-remove": for_composers("en"),
    "draft-import": for_composers(),
    "draft-discard": for_composers(),
    "draft-publish": for_composers(),
    # Comments, problems seen in them, what was changed after them.
    "comment-home": Line(ok=READ_COMMENTS, forbidden=ALL - READ_COMMENTS),
    "region-comments": Line(of_region, ok=READ_COMMENTS_OF_REGION, forbidden=SEE_REGION - READ_COMMENTS_OF_REGION),
    "institution-comments": Line(institution, ok=READ_COMMENTS, forbidden=SEE_INSTITUTION - READ_COMMENTS),
    "comment": [
        Line(comment, ok=READ_COMMENTS, forbidden=SEE_INSTITUTION - READ_COMMENTS),
        Line(comment, "post", ok=CODE_COMMENTS, forbidden=SEE_INSTITUTION - CODE_COMMENTS),
    ],
    "comments-code": Line(of_region, ok=CODE_COMMENTS, forbidden=SEE_REGION - CODE_COMMENTS),
    "comment-problem": Line(comment, ok=CODE_COMMENTS, forbidden=SEE_INSTITUTION - CODE_COMMENTS),
    "comment-take-back": Line(comment, "post", ok=CODE_COMMENTS, forbidden=SEE_INSTITUTION - CODE_COMMENTS),
    "comment-raw": [
        Line(comment, ok=READ_AS_TYPED, forbidden=SEE_INSTITUTION - READ_AS_TYPED),
        Line(
            comment,
            "post",
            ok=READ_AS_TYPED,
            forbidden=SEE_INSTITUTION - READ_AS_TYPED,
            data={"reason": "проверка жалобы"},
        ),
    ],
    "raw-reading-list": Line(of_region, ok=MANAGE_PEOPLE, forbidden=SEE_REGION - MANAGE_PEOPLE),
    "problem-list": Line(of_region, ok=READ_COMMENTS_OF_REGION, forbidden=SEE_REGION - READ_COMMENTS_OF_REGION),
    "problem-remove": Line(
        lambda world: [world.problem.pk], "post", ok=CODE_COMMENTS, forbidden=SEE_REGION - CODE_COMMENTS
    ),
    "institution-changes": Line(institution, ok=SEE_INSTITUTION),
    "change-create": Line(institution, ok=TELL_CHANGES, forbidden=SEE_INSTITUTION - TELL_CHANGES),
    "change-edit": Line(change, ok=TELL_CHANGES, forbidden=SEE_INSTITUTION - TELL_CHANGES),
    "change-show": Line(change, "post", ok=TELL_CHANGES, forbidden=SEE_INSTITUTION - TELL_CHANGES),
    "change-history": Line(change, ok=TELL_CHANGES, forbidden=SEE_INSTITUTION - TELL_CHANGES),
    "health-live": PUBLIC,
    "health-ready": PUBLIC,
    "account_login": PUBLIC,
    "account_signup": PUBLIC,
    "account_inactive": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": Line(arguments=lambda world: ["1", "set-password"], public=True),
    "account_reset_password_from_key_done": PUBLIC,
    "account_logout": Line(personal=True),
    "account_change_password": Line(personal=True),
    "account_set_password": Line(personal=True),
    "account_reauthenticate": Line(personal=True),
    "account_request_login_code": PUBLIC,
    "account_confirm_login_code": PUBLIC,
    "mfa_login_webauthn": PUBLIC,
    "mfa_authenticate": PUBLIC,
    "openid_connect_login": PUBLIC,
    "openid_connect_callback": PUBLIC,
    "socialaccount_login_cancelled": PUBLIC,
    "developer-letters": PUBLIC,
    "developer-letter": Line(arguments=lambda world: ["none"], public=True),
    "consent": Line(personal=True),
    "second-factor": Line(personal=True),
    "mfa_index": Line(personal=True),
    "mfa_reauthenticate": Line(personal=True),
    "mfa_reauthenticate_webauthn": Line(personal=True),
    "mfa_activate_totp": Line(personal=True),
    "mfa_deactivate_totp": Line(ok=SECOND_FACTOR_ROLES),
    "mfa_list_webauthn": Line(personal=True),
    "mfa_add_webauthn": Line(personal=True),
    "mfa_edit_webauthn": Line(arguments=lambda world: [1], personal=True),
    "mfa_remove_webauthn": Line(arguments=lambda world: [1], personal=True),
    "mfa_view_recovery_codes": Line(ok=SECOND_FACTOR_ROLES),
    "mfa_generate_recovery_codes": Line(personal=True),
    "mfa_download_recovery_codes": Line(ok=SECOND_FACTOR_ROLES),
    "usersessions_list": Line(personal=True),
    "api-tokens": Line(personal=True),
    "api-token-create": Line(personal=True),
    "api-token-revoke": Line(arguments=lambda world: [10**6], method="post", ok=frozenset()),
    "api-schema": PUBLIC,
    "api-docs": PUBLIC,
    "api-institutions": Line(personal=True, api=True),
    "api-questionnaires": Line(personal=True, api=True),
    "api-questionnaire-version": Line(lambda world: [world.link.version.pk], personal=True, api=True),
    "api-links": Line(personal=True, api=True),
    "api-link": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS, api=True),
    "api-institution-results": Line(institution, ok=SEE_INSTITUTION, api=True),
    "api-region-results": Line(lambda world: [world.region.code, world.life_situation.code], ok=SEE_REGION, api=True),
    "api-quarter": Line(handed_in, ok=SEE_RESULTS, api=True),
    "api-public-questionnaire": Line(arguments=lambda world: [world.link.token], public=True),
    "api-public-answers": Line(lambda world: [world.link.token], "post", public=True),
    "usersessions_end": Line(arguments=lambda world: [1], method="post", ok=frozenset()),
    "answer": Line(arguments=lambda world: [world.link.token], public=True),
    "answer-by-code": PUBLIC,
    "answer-feedback": Line(arguments=lambda world: [world.link.token], public=True),
    "gallery": Line(personal=True),
    "help": Line(personal=True),
    "guide": Line(arguments=lambda world: ["hq_member"], personal=True),
    "cabinet": Line(personal=True),
    "institution-list": Line(personal=True),
    "region-list": Line(personal=True),
    "choose": Line(ok=frozenset(), personal=False),
    "institution": Line(institution, ok=SEE_INSTITUTION),
    "link-list": Line(institution, ok=SEE_INSTITUTION),
    "link-create": Line(institution, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link-poster": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link-qr": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link-print": Line(
        lambda world: [world.link.pk, "poster-a4"], ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS
    ),
    "link-blanks": [
        Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
        Line(link, "post", ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS, data={"count": "2"}),
    ],
    "blank-batch": Line(lambda world: [world.blanks.pk], ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    # A PDF of the standard questionnaire, a DOCX of the region's draft.
    "version-document": [
        Line(lambda world: [world.link.version.pk, "pdf"], personal=True),
        Line(draft("docx"), ok=SEE_REGION),
    ],
    "link-entry": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link-entries": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link-rechecks": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "entry-withdraw": Line(lambda world: [world.entry.pk], ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "recheck": [
        Line(lambda world: [world.recheck.pk], ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
        Line(lambda world: [world.recheck.pk], "post", ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    ],
    "link-imports": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link-import-template": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "response-import": Line(response_import, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "response-import-progress": Line(response_import, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "response-import-file": Line(response_import, ok=frozenset(), forbidden=SEE_INSTITUTION),
    "response-import-marked": Line(response_import, ok=frozenset(), forbidden=SEE_INSTITUTION),
    "response-import-undo": Line(response_import, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    **{
        name: Line(response_import, "post", ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS)
        for name in (
            "response-import-check",
            "response-import-start",
            "response-import-cancel",
            "response-import-undo-confirm",
            "response-import-undo-withdraw",
        )
    },
    "link-close": Line(link, "post", ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    **{
        name: [
            Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
            Line(
                link, "post", ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS, data={"opens_on": str(SINCE)}
            ),
        ]
        for name in ("link-edit", "link-reopen")
    },
    "link-pause": Line(link, "post", ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link-resume": Line(link, "post", ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    # In this order each finds the link in a state it can be used in.
    **{
        name: Line(link, "post", ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS, api=True)
        for name in ("api-link-pause", "api-link-resume", "api-link-close", "api-link-reopen")
    },
    "link-history": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "region-links": Line(
        lambda world: [world.region.code], ok=MANAGE_REGION_LINKS, forbidden=SEE_REGION - MANAGE_REGION_LINKS
    ),
    "link-batch-create": Line(
        lambda world: [world.region.code], ok=MANAGE_REGION_LINKS, forbidden=SEE_REGION - MANAGE_REGION_LINKS
    ),
    "link-batch": Line(
        lambda world: [world.batch.pk], ok=MANAGE_REGION_LINKS, forbidden=SEE_REGION - MANAGE_REGION_LINKS
    ),
    "link-batch-reopen": Line(
        lambda world: [world.batch.pk], ok=MANAGE_REGION_LINKS, forbidden=SEE_REGION - MANAGE_REGION_LINKS
    ),
    "link-batch-change": Line(
        lambda world: [world.batch.pk, "pause"],
        "post",
        ok=MANAGE_REGION_LINKS,
        forbidden=SEE_REGION - MANAGE_REGION_LINKS,
    ),
    "institution-results": Line(institution, ok=SEE_INSTITUTION),
    "institution-results-file": [
        Line(lambda world: [world.institution.pk, "xlsx"], ok=SEE_INSTITUTION),
        Line(lambda world: [world.institution.pk, "pdf"], ok=SEE_INSTITUTION),
    ],
    "region-results": Line(lambda world: [world.region.code, world.life_situation.code], ok=SEE_REGION),
    "region-results-file": [
        Line(lambda world: [world.region.code, world.life_situation.code, "xlsx"], ok=SEE_REGION),
        Line(lambda world: [world.region.code, world.life_situation.code, "pdf"], ok=SEE_REGION),
    ],
    # Single answers: the institution's own people.
    "institution-answers": [
        Line(institution, ok=REP, forbidden=SEE_INSTITUTION - REP),
        Line(institution, "post", ok=REP, forbidden=SEE_INSTITUTION - REP, data={"period": "2026-Q4"}),
    ],
    "institution-answers-progress": Line(institution, ok=REP, forbidden=SEE_INSTITUTION - REP),
    # Nothing has been exported yet.
    "institution-answers-file": Line(institution, ok=frozenset(), forbidden=SEE_INSTITUTION - REP),
    "institution-fieldwork": Line(institution, ok=SEE_INSTITUTION),
    "region-fieldwork": Line(lambda world: [world.region.code], ok=SEE_REGION),
    "fieldwork-error": [
        Line(quarter, ok=RUN_LIFE_SITUATIONS, forbidden=SEE_REGION - RUN_LIFE_SITUATIONS),
        Line(
            open_quarter,
            "post",
            ok=RUN_LIFE_SITUATIONS,
            forbidden=SEE_REGION - RUN_LIFE_SITUATIONS,
            data={"error": "3"},
        ),
    ],
    "reminders": Line(personal=True),
    "reminders-switch": Line(method="post", personal=True),
    "region-quality": Line(of_region, ok=SEE_REGION),
    "institution-quality": Line(institution, ok=SEE_INSTITUTION),
    "exclusion-list": Line(of_region, ok=SEE_REGION),
    "exclusion-propose": Line(institution, ok=PROPOSE_EXCLUSION, forbidden=SEE_INSTITUTION - PROPOSE_EXCLUSION),
    "exclusion-case": [
        Line(exclusion, ok=SEE_REGION),
        Line(
            exclusion,
            "post",
            ok=DECIDE_EXCLUSION,
            forbidden=SEE_REGION - DECIDE_EXCLUSION,
            data={"decision": "decline", "explanation": "Ответы пришли после рассылки"},
        ),
    ],
    # Only who proposed it.
    "exclusion-withdraw": Line(
        exclusion, "post", ok=frozenset({Role.NSI_ADMIN}), forbidden=SEE_REGION - {Role.NSI_ADMIN}
    ),
    "region": Line(lambda world: [world.region.code], ok=SEE_RESULTS),
    "weights": Line(lambda world: [world.region.code, 2026], ok=DECIDE, forbidden=SEE_REGION - DECIDE),
    "collection": [Line(quarter, ok=SEE_REGION), Line(handed_in, ok=SEE_RESULTS)],
    "collection-progress": [Line(quarter, ok=SEE_REGION), Line(handed_in, ok=SEE_RESULTS)],
    "passport": [Line(quarter, ok=SEE_REGION), Line(handed_in, ok=SEE_RESULTS)],
    "clients": Line(quarter, ok=ENTER_CLIENTS, forbidden=SEE_REGION - ENTER_CLIENTS),
    "collection-calculate": Line(quarter, "post", ok=CALCULATE, forbidden=SEE_REGION - CALCULATE),
    "collection-publish": Line(quarter, "post", ok=PUBLISH, forbidden=SEE_REGION - PUBLISH),
    "collection-reports": Line(quarter, "post", ok=PUBLISH, forbidden=SEE_REGION - PUBLISH),
    "region-card": Line(lambda world: [world.region.code], ok=SEE_REGION),
    "region-history": Line(lambda world: [world.region.code], ok=SEE_REGION),
    "region-participation": Line(
        lambda world: [world.region.code], ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE
    ),
    "country": Line(ok=SEE_COUNTRY, forbidden=ALL - SEE_COUNTRY),
    "letter-list": Line(lambda world: [world.region.code], ok=SEE_REGION),
    "letter-register": Line(lambda world: [world.region.code], ok=SEE_REGION),
    "letter-create": Line(lambda world: [world.region.code], ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "letter-edit": Line(lambda world: [world.letter.pk], ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "letter-document": Line(lambda world: [world.letter.pk], ok=SEE_REGION),
    "letters-overview": Line(ok=AGENCY, forbidden=ALL - AGENCY),
    "deadline-list": Line(ok=AGENCY, forbidden=ALL - AGENCY),
    "deadline-history": Line(ok=AGENCY, forbidden=ALL - AGENCY),
    "deadline-create": Line(ok=MANAGE_DEADLINES, forbidden=ALL - MANAGE_DEADLINES),
    "deadline-edit": Line(lambda world: [world.deadline.pk], ok=MANAGE_DEADLINES, forbidden=AGENCY - MANAGE_DEADLINES),
    "deadline-delete": Line(
        lambda world: [world.deadline.pk], ok=MANAGE_DEADLINES, forbidden=AGENCY - MANAGE_DEADLINES
    ),
    "handover-create": Line(lambda world: [world.role_to_pass.pk], ok=MANAGE_PEOPLE),
    "deputy-create": Line(lambda world: [world.role_to_pass.pk], ok=MANAGE_PEOPLE),
    "handover-list": Line(of_region, ok=MANAGE_PEOPLE),
    "handover": Line(lambda world: [world.handover.pk], ok=MANAGE_PEOPLE),
    "act-as": Line(method="post", personal=True),
    "access-explain": Line(ok=MANAGE_PEOPLE, forbidden=ALL - MANAGE_PEOPLE),
    "permission-table": Line(ok=AGENCY, forbidden=ALL - AGENCY),
    "report-list": Line(ok=SEE_RESULTS, forbidden=REP),
    "report-download": Line(lambda world: [world.report.pk], ok=SEE_RESULTS),
    "body-list": Line(of_region, ok=SEE_REGION),
    "body-create": Line(of_region, ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "body": Line(body, ok=SEE_REGION),
    "body-edit": Line(body, ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "body-end": Line(body, ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "body-document": Line(body, ok=SEE_REGION),
    "body-history": Line(body, ok=SEE_REGION),
    "body-member-create": Line(body, ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "body-member-edit": Line(body_member, ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "body-member-end": Line(body_member, ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "commissioner-create": Line(of_region, ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "commissioner": Line(commissioner, ok=SEE_REGION),
    "commissioner-edit": Line(commissioner, ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "commissioner-accredit": Line(commissioner, ok=ACCREDIT, forbidden=SEE_REGION - ACCREDIT),
    "commissioner-end": Line(commissioner, ok=EDIT_STRUCTURE, forbidden=SEE_REGION - EDIT_STRUCTURE),
    "commissioner-document": Line(commissioner, ok=SEE_REGION),
    "commissioner-history": Line(commissioner, ok=SEE_REGION),
    "place-list": Line(lambda world: [world.region.code], ok=SEE_REGION),
    "place-choose": Line(
        lambda world: [world.region.code], ok=CHOOSE_LIFE_SITUATIONS, forbidden=SEE_REGION - CHOOSE_LIFE_SITUATIONS
    ),
    "own-life-situation-create": Line(
        lambda world: [world.region.code], ok=CHOOSE_LIFE_SITUATIONS, forbidden=SEE_REGION - CHOOSE_LIFE_SITUATIONS
    ),
    "own-life-situation-edit": Line(
        lambda world: [world.own_life_situation.pk],
        ok=CHOOSE_LIFE_SITUATIONS,
        forbidden=SEE_REGION - CHOOSE_LIFE_SITUATIONS,
    ),
    "place": Line(place, ok=SEE_REGION),
    "place-history": Line(place, ok=SEE_REGION),
    "place-status": Line(place, ok=RUN_LIFE_SITUATIONS, forbidden=SEE_REGION - RUN_LIFE_SITUATIONS),
    "place-document": Line(lambda world: [world.status_change.pk], ok=SEE_REGION),
    "place-responsible": Line(place, ok=CHOOSE_LIFE_SITUATIONS, forbidden=SEE_REGION - CHOOSE_LIFE_SITUATIONS),
    "place-institutions": Line(place, ok=RUN_LIFE_SITUATIONS, forbidden=SEE_REGION - RUN_LIFE_SITUATIONS),
    "place-targets": Line(targets_of(2026), ok=SEE_REGION),
    "targets-approve": Line(targets_of(2026), ok=APPROVE_TARGETS, forbidden=SEE_REGION - APPROVE_TARGETS),
    "targets-withdraw": Line(targets_of(2025), ok=APPROVE_TARGETS, forbidden=SEE_REGION - APPROVE_TARGETS),
    "targets-document": Line(targets_of(2025), ok=SEE_REGION),
    "material-list": Line(personal=True),
    "material": Line(material, personal=True),
    "material-file": Line(lambda world: [world.material.versions.get().pk], personal=True),
    "material-create": for_publishers(),
    "material-edit": for_publishers(material),
    "material-version-create": for_publishers(material),
    "material-withdraw": for_publishers(material, "post"),
    "material-restore": for_publishers(material, "post"),
    "material-history": for_publishers(material),
    "region-people": Line(of_region, ok=MANAGE_PEOPLE),
    "people-list": Line(ok=MANAGE_PEOPLE),
    "person": Line(somebody, ok=MANAGE_PEOPLE),
    "person-history": Line(somebody, ok=MANAGE_PEOPLE),
    "membership-create": Line(somebody, ok=MANAGE_PEOPLE),
    "membership-end": Line(membership, ok=MANAGE_PEOPLE),
    "person-disable": Line(somebody, "post", ok=MANAGE_PEOPLE),
    "person-enable": Line(somebody, "post", ok=MANAGE_PEOPLE),
    "person-reset-second-factor": Line(somebody, "post", ok=MANAGE_PEOPLE),
    "person-api-token-revoke": Line(key_of_somebody, "post", ok=MANAGE_PEOPLE),
    "invitation-list": Line(of_region, ok=MANAGE_PEOPLE),
    "invitation-create": Line(of_region, ok=MANAGE_PEOPLE),
    "invitation-import": Line(of_region, ok=MANAGE_PEOPLE),
    "invitation-import-template": Line(of_region, ok=MANAGE_PEOPLE),
    "federal-invitation-create": Line(ok=frozenset({Role.AGENCY_ADMIN})),
    "invitation-resend": Line(invitation, "post", ok=MANAGE_PEOPLE),
    "invitation-revoke": Line(invitation, "post", ok=MANAGE_PEOPLE),
    "invitation": Line(lambda world: ["none"], public=True),
    "signup": PUBLIC,
    "signup-confirm": Line(lambda world: ["none"], public=True),
    "request-list": Line(of_region, ok=MANAGE_PEOPLE),
    "request-approve": Line(access_request, "post", ok=MANAGE_PEOPLE),
    "request-decline": Line(access_request, ok=MANAGE_PEOPLE),
    "institution-card": Line(institution, ok=SEE_INSTITUTION),
    "institution-history": Line(institution, ok=SEE_INSTITUTION),
    "institution-edit": Line(institution, ok=MANAGE_INSTITUTIONS, forbidden=SEE_INSTITUTION - MANAGE_INSTITUTIONS),
    "institution-close": Line(institution, ok=MANAGE_INSTITUTIONS, forbidden=SEE_INSTITUTION - MANAGE_INSTITUTIONS),
    "institution-reopen": Line(
        institution, "post", ok=MANAGE_INSTITUTIONS, forbidden=SEE_INSTITUTION - MANAGE_INSTITUTIONS
    ),
    "institution-merge": Line(institution, ok=MANAGE_INSTITUTIONS, forbidden=SEE_INSTITUTION - MANAGE_INSTITUTIONS),
    "participation-create": Line(institution, ok=RUN_LIFE_SITUATIONS, forbidden=SEE_INSTITUTION - RUN_LIFE_SITUATIONS),
    "participation-end": Line(participation, ok=RUN_LIFE_SITUATIONS, forbidden=SEE_INSTITUTION - RUN_LIFE_SITUATIONS),
    "participation-transfer": Line(
        participation, ok=RUN_LIFE_SITUATIONS, forbidden=SEE_INSTITUTION - RUN_LIFE_SITUATIONS
    ),
    "region-institutions": Line(of_region, ok=SEE_REGION),
    "institution-create": Line(of_region, ok=MANAGE_INSTITUTIONS, forbidden=SEE_REGION - MANAGE_INSTITUTIONS),
    "institution-import": Line(of_region, ok=MANAGE_INSTITUTIONS, forbidden=SEE_REGION - MANAGE_INSTITUTIONS),
    "institution-import-template": Line(of_region, ok=MANAGE_INSTITUTIONS, forbidden=SEE_REGION - MANAGE_INSTITUTIONS),
}
# Public, but what the table sends is no JSON.
PUBLIC_BUT_WRONG = {"api-public-answers"}
# Public, but answering 404 to whom they have nothing to say: a used link, no provider of sign-in, not this machine.
PUBLIC_BUT_EMPTY = {
    "account_reset_password_from_key",
    "openid_connect_login",
    "openid_connect_callback",
    "developer-letters",
    "developer-letter",
    "invitation",
    "signup-confirm",
}
# Static files and the like are not views of the portal.
LINES = [(name, line) for name, lines in TABLE.items() for line in (lines if isinstance(lines, list) else [lines])]


def url_names(patterns: list[URLPattern | URLResolver]) -> Iterator[str | None]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            # «Справочники» are one thing with one answer for all their addresses: tests/test_admin.py.
            if pattern.namespace != "admin":
                yield from url_names(pattern.url_patterns)
        else:
            yield pattern.name


def test_every_address_has_a_line():
    names = set(url_names(get_resolver().url_patterns))
    assert None not in names, "an address without a name cannot stand in the table"
    assert names - TABLE.keys() == set(), "addresses without a line in the table"
    assert TABLE.keys() - names == set(), "lines without an address"


def test_every_role_has_its_permissions():
    assert ROLE_PERMISSIONS.keys() == set(Role)


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def own(clock: None) -> World:
    return build_world("RU-NIZ")


@pytest.fixture
def other(clock: None) -> World:
    return build_world("RU-TYU")


def ask(client: Client, name: str, line: Line, world: World, *, key: str = "") -> int:
    url = reverse(name, args=line.arguments(world))
    if line.api:
        return int(Client(headers={"Authorization": f"Bearer {key}"}).generic(line.method.upper(), url).status_code)
    return int(getattr(client, line.method)(url, line.data).status_code)


def expected(line: Line, role: Role, *, at_home: bool) -> int:
    if line.personal or line.public or line.arguments is Line.arguments or not line.arguments(_NoWorld()):
        at_home = True  # the page is not about a region
    sees = at_home or role in FEDERAL_ROLES
    if sees and role in line.ok:
        return 200
    return 403 if sees and role in line.forbidden else 404


class _NoWorld:
    """Stands in for a world to find out whether an address speaks of one at all."""

    def __getattr__(self, name: str) -> "_NoWorld":
        return self

    def __call__(self) -> "_NoWorld":
        return self


@pytest.fixture
def bare_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is its status here: how its page looks is told in other tests, hundreds of times would be too often."""
    monkeypatch.setattr(errors, "render", lambda request, template, context, status: HttpResponse(status=status))


@pytest.mark.once
@pytest.mark.parametrize("role", list(Role))
def test_who_gets_what(role: Role, own: World, other: World, bare_errors: None):
    """The whole table for one role, in the own region and in the other."""
    client = Client()
    client.force_login(own.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    _, key = issue(user=own.people[role], name="таблица", days=1, may_change=True, at=NOW)
    wrong = []
    for name, line in LINES:
        if line.personal and name in ("account_logout",):
            continue  # would end the session of the test
        for at_home, world in ((True, own), (False, other)):
            status = ask(client, name, line, world, key=key)
            found = 200 if status in (200, 302, 303) or (status == 415 and name in PUBLIC_BUT_WRONG) else status
            wanted = expected(line, role, at_home=at_home)
            if line.public:
                wanted = 200
                found = 200 if found in (200, 404) and name in PUBLIC_BUT_EMPTY else found
            if found != wanted:
                wrong.append(f"{name} {'own' if at_home else 'other'} region: {status} instead of {wanted}")
    assert not wrong, "\n".join(wrong)


def test_somebody_not_signed_in_gets_public_pages_only(own: World):
    for name, line in LINES:
        if line.public:
            continue
        response = getattr(Client(), line.method)(reverse(name, args=line.arguments(own)))
        if line.api:
            assert response.status_code == 401, name
            continue
        assert response.status_code == 302, name
        assert response.headers["Location"].startswith("/accounts/login/"), name


def test_a_representative_does_not_see_the_other_institution_of_the_region(own: World):
    client = Client()
    client.force_login(own.people[Role.INSTITUTION_REP], backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, arguments in (
        ("institution", [own.sibling.pk]),
        ("link-list", [own.sibling.pk]),
        ("link-create", [own.sibling.pk]),
        ("link", [own.sibling_link.pk]),
        ("link-poster", [own.sibling_link.pk]),
        ("link-qr", [own.sibling_link.pk]),
        ("link-print", [own.sibling_link.pk, "desk-card"]),
        ("link-blanks", [own.sibling_link.pk]),
    ):
        assert client.get(reverse(name, args=arguments)).status_code == 404, name


def test_a_membership_that_has_ended_opens_nothing(own: World):
    user = own.people[Role.HQ_MEMBER]
    user.memberships.update(ends_on=NOW.date().replace(day=21))
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(reverse("region", args=[own.region.code])).status_code == 404


def test_a_member_of_the_headquarters_acts_only_in_the_life_situation_they_answer_for(own: World):
    user = own.people[Role.HQ_MEMBER]
    user.memberships.get().life_situations.clear()
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(reverse("collection", args=quarter(own))).status_code == 200
    for name in ("collection-calculate", "collection-publish"):
        assert client.post(reverse(name, args=quarter(own))).status_code == 403
    assert client.get(reverse("clients", args=quarter(own))).status_code == 403
