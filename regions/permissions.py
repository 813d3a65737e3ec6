"""Who may do what: the only place that says so. Lists, pages, jobs and commands ask here.

Querysets build "which rows" from `memberships_granting`; `may` and `require` ask about one thing, `held_in` about all
rights for one at once.
Invisible is 404 (the queryset does not hold it), visible but forbidden is 403 (`require`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.utils import timezone

from regions.roles import FEDERAL_ROLES, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from regions.models import Institution, Membership, Region, RegionLifeSituation
    from regions.querysets import MembershipQuerySet

# Whoever asks; permissions are asked about these three things.
Person: TypeAlias = "User | AnonymousUser"
Target: TypeAlias = "Region | Institution | RegionLifeSituation"


class Permission(models.TextChoices):
    INSTITUTION_VIEW = "institution_view", "Видеть учреждение и его числа"
    # The counts behind values too small to publish: the institution's own people only (DESIGN 6).
    OWN_COUNTS_VIEW = "own_counts_view", "Видеть число ответов, даже когда их мало"
    LINK_MANAGE = "link_manage", "Создавать и закрывать ссылки на анкету, печатать плакаты"
    RESPONSES_IMPORT = "responses_import", "Вносить бумажные анкеты"
    QUESTIONNAIRE_EDIT = "questionnaire_edit", "Составлять анкеты и другие инструменты региона"
    QUESTIONNAIRE_STANDARD_EDIT = "questionnaire_standard_edit", "Вести стандартные анкеты и инструменты Агентства"
    ANSWERS_EXCLUDE_PROPOSE = "answers_exclude_propose", "Предлагать исключить ответы или вернуть их"
    ANSWERS_EXCLUDE_DECIDE = "answers_exclude_decide", "Решать, исключить ли ответы или вернуть их"
    COMMENTS_VIEW = "comments_view", "Читать комментарии (личные данные скрыты)"
    COMMENTS_CODE = "comments_code", "Размечать комментарии и передавать их в проблему"
    COMMENTS_RAW = "comments_raw", "Читать комментарии дословно (каждое чтение записывается)"
    CHANGES_TELL = "changes_tell", "Рассказывать ответившим, что изменилось"
    REGION_VIEW = "region_view", "Видеть регион: органы, ЖС, письма, текущие числа"
    RESULTS_VIEW = "results_view", "Видеть опубликованные результаты, скачивать отчёты"
    COUNTRY_VIEW = "country_view", "Сравнивать регионы на карте"
    CLIENTS_ENTER = "clients_enter", "Указывать, сколько человек обслужено"
    WEIGHTS_DECIDE = "weights_decide", "Вносить решение РШ о весах учреждений"
    QUARTER_CALCULATE = "quarter_calculate", "Рассчитывать квартал"
    QUARTER_PUBLISH = "quarter_publish", "Публиковать квартал"
    STRUCTURE_EDIT = "structure_edit", "Вести органы, РСУ и письма региона"
    COMMISSIONER_ACCREDIT = "commissioner_accredit", "Аккредитовать РСУ"
    LIFE_SITUATION_CHOOSE = "life_situation_choose", "Выбирать и описывать ЖС региона, назначать ответственных"
    LIFE_SITUATION_RUN = "life_situation_run", "Вести ЖС: этапы, участие учреждений"
    COMPLETION_DECIDE = "completion_decide", "Решать о завершении внедрения"
    TARGETS_ENTER = "targets_enter", "Вносить текущие и целевые значения показателей"
    TARGETS_APPROVE = "targets_approve", "Утверждать показатели с их значениями"
    INSTITUTION_MANAGE = "institution_manage", "Вести список учреждений: внести, объединить, закрыть"
    PEOPLE_VIEW = "people_view", "Видеть людей портала и их роли"
    PEOPLE_MANAGE = "people_manage", "Приглашать людей, назначать роли, передавать дела"
    ACCESS_EXPLAIN = "access_explain", "Узнавать, почему человек видит или не видит"
    PERMISSIONS_VIEW = "permissions_view", "Видеть таблицу прав"
    DEADLINES_MANAGE = "deadlines_manage", "Задавать сроки писем"
    MATERIALS_PUBLISH = "materials_publish", "Публиковать методические материалы"
    CATALOGUE_MANAGE = "catalogue_manage", "Вести справочники и отчётные периоды"
    # What DESIGN 4 grants and no page asks yet: see PLANNED.
    ROADMAP_EDIT = "roadmap_edit", "Готовить дорожную карту"
    ROADMAP_AGREE = "roadmap_agree", "Согласовывать дорожную карту"
    ROADMAP_APPROVE_HEAD = "roadmap_approve_head", "Утверждать дорожную карту в регионе"
    ROADMAP_APPROVE_AGENCY = "roadmap_approve_agency", "Утверждать дорожную карту в Агентстве"
    ACTIVITY_MARK_DONE = "activity_mark_done", "Отмечать мероприятия «Выполнено»"
    COMPLETION_APPROVE = "completion_approve", "Утверждать завершение внедрения"
    QUARTER_SUBMIT = "quarter_submit", "Проверять и сдавать квартал"
    QUARTER_ACCEPT_HQ = "quarter_accept_hq", "Принимать квартал от имени РШ"
    QUARTER_ACCEPT_EXPERTS = "quarter_accept_experts", "Принимать квартал от имени РЭГ"
    QUARTER_REOPEN = "quarter_reopen", "Открывать сданный квартал заново (вдвоём)"
    ASSESSMENT_RUN = "assessment_run", "Проводить самообследование"
    OPINION_GIVE = "opinion_give", "Давать заключения"
    PRACTICE_REQUEST = "practice_request", "Запрашивать практики"
    PRACTICE_REVIEW = "practice_review", "Проверять практики"
    PROPOSAL_DRAFT = "proposal_draft", "Готовить предложения в федеральную дорожную карту"
    PROPOSAL_REVIEW = "proposal_review", "Рассматривать предложения в федеральную дорожную карту"


# Agreed in DESIGN 4, held by the roles below, asked by no page until the page is built.
PLANNED = frozenset(
    {
        Permission.ROADMAP_EDIT,
        Permission.ROADMAP_AGREE,
        Permission.ROADMAP_APPROVE_HEAD,
        Permission.ROADMAP_APPROVE_AGENCY,
        Permission.ACTIVITY_MARK_DONE,
        Permission.COMPLETION_APPROVE,
        Permission.QUARTER_SUBMIT,
        Permission.QUARTER_ACCEPT_HQ,
        Permission.QUARTER_ACCEPT_EXPERTS,
        Permission.QUARTER_REOPEN,
        Permission.ASSESSMENT_RUN,
        Permission.OPINION_GIVE,
        Permission.PRACTICE_REQUEST,
        Permission.PRACTICE_REVIEW,
        Permission.PROPOSAL_DRAFT,
        Permission.PROPOSAL_REVIEW,
    }
)

_SEES_REGION = frozenset({Permission.INSTITUTION_VIEW, Permission.REGION_VIEW, Permission.RESULTS_VIEW})
_OF_THE_AGENCY = _SEES_REGION | {Permission.COUNTRY_VIEW, Permission.PERMISSIONS_VIEW, Permission.COMMENTS_VIEW}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.AGENCY_ADMIN: _OF_THE_AGENCY
    | {
        Permission.QUESTIONNAIRE_STANDARD_EDIT,
        Permission.STRUCTURE_EDIT,
        Permission.COMMISSIONER_ACCREDIT,
        Permission.PEOPLE_VIEW,
        Permission.PEOPLE_MANAGE,
        Permission.ACCESS_EXPLAIN,
        Permission.DEADLINES_MANAGE,
        Permission.MATERIALS_PUBLISH,
        Permission.CATALOGUE_MANAGE,
        Permission.QUARTER_REOPEN,
    },
    Role.AGENCY_CURATOR: _OF_THE_AGENCY
    | {
        Permission.COMMISSIONER_ACCREDIT,
        Permission.MATERIALS_PUBLISH,
        Permission.ROADMAP_APPROVE_AGENCY,
        Permission.PRACTICE_REVIEW,
        Permission.PROPOSAL_REVIEW,
    },
    Role.AGENCY_ANALYST: _OF_THE_AGENCY,
    # Only what is published.
    Role.FEDERAL_OBSERVER: frozenset({Permission.RESULTS_VIEW, Permission.COUNTRY_VIEW}),
    Role.REGION_HEAD: _SEES_REGION | {Permission.ROADMAP_APPROVE_HEAD, Permission.COMPLETION_APPROVE},
    Role.HQ_CHAIR: _SEES_REGION
    | {
        Permission.ANSWERS_EXCLUDE_DECIDE,
        Permission.COMMENTS_VIEW,
        Permission.WEIGHTS_DECIDE,
        Permission.QUARTER_PUBLISH,
        Permission.QUARTER_ACCEPT_HQ,
        Permission.LIFE_SITUATION_CHOOSE,
        Permission.LIFE_SITUATION_RUN,
        Permission.TARGETS_APPROVE,
        Permission.ROADMAP_AGREE,
        Permission.COMPLETION_DECIDE,
    },
    # The member of the РШ who answers for the ЖС runs its monitoring [000, stages 4 and 5].
    Role.HQ_MEMBER: _SEES_REGION
    | {
        Permission.QUESTIONNAIRE_EDIT,
        Permission.ANSWERS_EXCLUDE_PROPOSE,
        Permission.COMMENTS_VIEW,
        Permission.COMMENTS_CODE,
        Permission.WEIGHTS_DECIDE,
        Permission.CLIENTS_ENTER,
        Permission.QUARTER_CALCULATE,
        Permission.QUARTER_PUBLISH,
        Permission.LIFE_SITUATION_RUN,
        Permission.TARGETS_ENTER,
        Permission.ROADMAP_EDIT,
    },
    Role.SERVICE_COMMISSIONER: _SEES_REGION
    | {
        Permission.QUESTIONNAIRE_EDIT,
        Permission.ANSWERS_EXCLUDE_DECIDE,
        Permission.COMMENTS_VIEW,
        Permission.COMMENTS_CODE,
        Permission.COMMENTS_RAW,
        Permission.CLIENTS_ENTER,
        Permission.QUARTER_CALCULATE,
        Permission.QUARTER_SUBMIT,
        Permission.ASSESSMENT_RUN,
        Permission.PRACTICE_REQUEST,
    },
    Role.EXPERT: _SEES_REGION
    | {
        Permission.COMMENTS_VIEW,
        Permission.COMMENTS_CODE,
        Permission.ROADMAP_EDIT,
        Permission.PROPOSAL_DRAFT,
        Permission.OPINION_GIVE,
        Permission.QUARTER_ACCEPT_EXPERTS,
    },
    Role.NSI_ADMIN: _SEES_REGION
    | {
        Permission.QUESTIONNAIRE_EDIT,
        Permission.ANSWERS_EXCLUDE_PROPOSE,
        Permission.COMMENTS_VIEW,
        Permission.COMMENTS_CODE,
        Permission.COMMENTS_RAW,
        Permission.CHANGES_TELL,
        Permission.LINK_MANAGE,
        Permission.RESPONSES_IMPORT,
        Permission.CLIENTS_ENTER,
        Permission.STRUCTURE_EDIT,
        Permission.LIFE_SITUATION_CHOOSE,
        Permission.LIFE_SITUATION_RUN,
        Permission.TARGETS_ENTER,
        Permission.INSTITUTION_MANAGE,
        Permission.PEOPLE_VIEW,
        Permission.PEOPLE_MANAGE,
        Permission.ACCESS_EXPLAIN,
        Permission.ACTIVITY_MARK_DONE,
    },
    Role.INSTITUTION_REP: frozenset(
        {
            Permission.INSTITUTION_VIEW,
            Permission.OWN_COUNTS_VIEW,
            Permission.COMMENTS_VIEW,
            Permission.CHANGES_TELL,
            Permission.LINK_MANAGE,
            Permission.RESPONSES_IMPORT,
            Permission.CLIENTS_ENTER,
        }
    ),
}

# An hq_member sees the whole region, but acts only in the ЖС they answer for.
BOUND_TO_LIFE_SITUATION = frozenset(
    {
        Permission.ANSWERS_EXCLUDE_PROPOSE,
        Permission.COMMENTS_CODE,
        Permission.CLIENTS_ENTER,
        Permission.QUARTER_CALCULATE,
        Permission.QUARTER_PUBLISH,
        Permission.LIFE_SITUATION_RUN,
        Permission.TARGETS_ENTER,
        Permission.ROADMAP_EDIT,
    }
)

# Who may give which roles, each within the scope of their own. To appoint is itself a right that a role holds or does
# not: an administrator invites a РСУ without being one (decision 19).
MAY_GRANT: dict[Role, frozenset[Role]] = {
    Role.AGENCY_ADMIN: frozenset(Role),
    Role.NSI_ADMIN: frozenset(
        {Role.NSI_ADMIN, Role.HQ_MEMBER, Role.SERVICE_COMMISSIONER, Role.EXPERT, Role.INSTITUTION_REP}
    ),
}

SECOND_FACTOR_ROLES = FEDERAL_ROLES | {Role.NSI_ADMIN}


def memberships_in_force(user: User) -> MembershipQuerySet:
    """The memberships of now of a person who is signed in: all, or the one they have chosen to act in.

    A role lasts to 24:00 of its last day in its region (decision 19).
    """
    memberships = user.memberships.in_force_at(timezone.now())
    if not user.is_active:
        return memberships.none()
    acting = getattr(user, "acting_membership_id", None)
    return memberships.filter(pk=acting) if acting else memberships


def memberships_granting(user: User, permission: Permission) -> MembershipQuerySet:
    """The memberships of today by which a person who is signed in holds `permission`."""
    roles = [role for role, granted in ROLE_PERMISSIONS.items() if permission in granted]
    return memberships_in_force(user).filter(role__in=roles)


def needs_second_factor(user: User) -> bool:
    """Whether a role of today obliges the person to sign in with a second factor, whichever they act in."""
    return user.memberships.in_force_at(timezone.now()).filter(role__in=SECOND_FACTOR_ROLES).exists()


def roles_grantable(by: Person, *, region: Region | None = None) -> set[Role]:
    """The roles `by` may give to others: within `region`, or (None) in the federation.

    In a region these are the roles of the region and of its institutions.
    """
    if not by.is_authenticated:
        return set()
    memberships = memberships_in_force(by)
    scoped = memberships.federal() if region is None else memberships.filter(Q(region=region) | Q(region=None))
    roles = {role for one in scoped for role in MAY_GRANT.get(Role(one.role), frozenset())}
    return roles & FEDERAL_ROLES if region is None else roles - FEDERAL_ROLES


def require_grant(by: User, role: str, *, region: Region | None, to: User | None) -> None:
    """Raise PermissionDenied unless `by` may give `role` in `region` to the person `to` (None: not known yet).

    Nobody raises their own rights: not even who may give the role to others.
    """
    if to == by or Role(role) not in roles_grantable(by, region=region):
        raise PermissionDenied


def may(user: Person, permission: Permission, target: Target) -> bool:
    """Whether `user` holds `permission` for one region, institution or ЖС of a region."""
    from regions.models import Institution

    if isinstance(target, Institution):
        return Institution.objects.filter(pk=target.pk).permitting(user, permission).exists()
    return permission in held_in(user, target)


def held_in(user: Person, target: Region | RegionLifeSituation) -> frozenset[Permission]:
    """Everything `user` holds for a region or for a ЖС of one: each right for which `permitting` would find the row.

    One or two short questions however many rights a page asks about, where `permitting` takes a long one for each. That
    both say the same is held by the grid of tests/regions/test_explaining.py.
    """
    from regions.models import Region

    if not user.is_authenticated or target.pk is None:
        return frozenset()
    if isinstance(target, Region):
        return permissions_of(memberships_in_force(user).reaching(target.pk))
    reaching = list(memberships_in_force(user).reaching(target.region_id))
    bound = {one.pk for one in reaching if one.role == Role.HQ_MEMBER}
    if bound:
        bound -= set(user.memberships.answering_for(target).values_list("pk", flat=True))
    elsewhere = permissions_of(one for one in reaching if one.pk in bound) - BOUND_TO_LIFE_SITUATION
    return elsewhere | permissions_of(one for one in reaching if one.pk not in bound)


def permissions_of(memberships: Iterable[Membership]) -> frozenset[Permission]:
    """Everything these memberships grant, each in its scope: for pages that ask about much, without a query."""
    return frozenset(permission for one in memberships for permission in ROLE_PERMISSIONS[Role(one.role)])


def may_anywhere(user: Person, permission: Permission) -> bool:
    """Whether `user` holds `permission` for anything at all: decides what the navigation offers."""
    return user.is_authenticated and memberships_granting(user, permission).exists()


def require(user: Person, permission: Permission, target: Target) -> None:
    """Raise PermissionDenied (403) unless `user` holds `permission` for `target`."""
    if not may(user, permission, target):
        raise PermissionDenied
