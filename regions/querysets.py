"""Which regions, people, bodies, institutions and ЖС: named filters, scoped by permission."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, Count, Exists, ExpressionWrapper, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from regions.local_dates import local_date, one_date
from regions.permissions import (
    BOUND_TO_LIFE_SITUATION,
    ROLE_PERMISSIONS,
    Permission,
    may_anywhere,
    memberships_granting,
    memberships_in_force,
)
from regions.roles import Role

if TYPE_CHECKING:
    from accounts.models import User
    from regions.models import (
        AccessRequest,
        Body,
        BodyMember,
        Handover,
        Institution,
        Invitation,
        Letter,
        LetterDeadline,
        LifeSituation,
        Material,
        Membership,
        Participation,
        Region,
        RegionLifeSituation,
        ServiceCommissioner,
    )
    from regions.permissions import Person

# Of a search; more would only make it slower, not better.
MOST_WORDS = 10


def with_words(field: str, text: str) -> Q:
    """Rows with every word of `text` somewhere in `field`, in any letter case."""
    found = Q()
    for word in text.split()[:MOST_WORDS]:
        # Each letter in both cases by itself: neither SQLite nor every PostgreSQL locale folds Cyrillic.
        pattern = "".join(f"[{sign.lower()}{sign.upper()}]" if sign.isalpha() else re.escape(sign) for sign in word)
        found &= Q(**{f"{field}__regex": pattern})
    return found


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self, on: date) -> Self:
        return self.filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gte=on))

    def in_force_at(self, at: datetime) -> Self:
        """In force at an instant, each by the clock of its region, federal ones by that of the portal."""
        if day := one_date(at):
            return self.in_force(day)
        return self.not_ended_at(at).filter(starts_on__lte=F("day_there"))

    def not_ended_at(self, at: datetime) -> Self:
        """In force at an instant or yet to begin."""
        if there := one_date(at):
            return self.filter(Q(ends_on=None) | Q(ends_on__gte=there))
        # By a name: written into the filter itself it would leave out roles that have no region of their own.
        day = local_date(at, zone="region__time_zone", or_zone="institution__region__time_zone")
        return self.alias(day_there=day).filter(Q(ends_on=None) | Q(ends_on__gte=F("day_there")))

    def federal(self) -> Self:
        return self.filter(region=None, institution=None)

    def regional(self) -> Self:
        return self.filter(region__isnull=False)

    def permitting(self, user: Person, permission: Permission) -> Self:
        """Memberships in regions (and their institutions) where `user` holds `permission`; all for a federal role."""
        return self.filter(_in_permitted_scope(user, permission))

    def same_role_as(self, membership: Membership) -> Self:
        """The same role in the same scope, whoever holds it."""
        return self.filter(role=membership.role, region=membership.region_id, institution=membership.institution_id)

    def of_region(self, region: Region) -> Self:
        """In the region itself or in one of its institutions."""
        return self.filter(Q(region=region) | Q(institution__region=region))

    def reaching(self, region_id: int) -> Self:
        """What counts for a region as a whole: federal ones, and those of the region itself."""
        return self.filter(Q(region=region_id) | Q(region=None), institution=None)

    def answering_for(self, place: RegionLifeSituation) -> Self:
        """The members of the РШ who answer for a ЖС of their region, whenever."""
        return self.filter(role=Role.HQ_MEMBER, region=place.region_id, life_situations=place.life_situation_id)

    def bound_to_life_situations(self, permission: Permission) -> tuple[Self, Self]:
        """Split regional memberships into those that hold in the whole region and those that hold in named ЖС only."""
        regional = self.regional()
        if permission not in BOUND_TO_LIFE_SITUATION:
            return regional, regional.none()
        return regional.exclude(role=Role.HQ_MEMBER), regional.filter(role=Role.HQ_MEMBER)


def _permitted_regions(user: Person, permission: Permission) -> models.QuerySet[Region]:
    from regions.models import Region

    return Region.objects.permitting(user, permission)


def _in_permitted_scope(user: Person, permission: Permission) -> Q:
    """For rows with a role's scope: in a permitted region or its institutions, or federal for a federal role."""
    if not user.is_authenticated:
        return Q(pk__in=[])
    regions = _permitted_regions(user, permission)
    federal = memberships_granting(user, permission).federal()
    return (
        Q(region__in=regions)
        | Q(institution__region__in=regions)
        | Q(Q(region=None, institution=None) & Exists(federal))
    )


class RegionQuerySet(models.QuerySet["Region"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Regions in which `user` holds `permission` by a federal or a regional role; none for the anonymous."""
        if not user.is_authenticated:
            return self.none()
        granting = memberships_granting(user, permission)
        # Subqueries, not joins: two memberships in one region must not double its rows.
        return self.filter(Exists(granting.federal()) | Q(pk__in=granting.regional().values("region")))

    def with_bodies(self, at: datetime | None = None) -> Self:
        """With the first of the three facts of the infrastructure, on the day it is in each region: `bodies_exist`."""
        from regions.models import Body, BodyMember, ServiceCommissioner

        today: Any = OuterRef("readiness_day")
        heads = BodyMember.objects.in_force(today).filter(
            Q(body__ended_on=None) | Q(body__ended_on__gte=today),
            is_head=True,
            body__region=OuterRef("pk"),
            body__formed_on__lte=today,
        )
        commissioners = ServiceCommissioner.objects.in_force(today).filter(region=OuterRef("pk"))
        return self.annotate(readiness_day=local_date(at or timezone.now())).annotate(
            bodies_exist=ExpressionWrapper(
                Exists(heads.filter(body__kind=Body.Kind.HEADQUARTERS))
                & Exists(heads.filter(body__kind=Body.Kind.EXPERT_GROUP))
                & Exists(commissioners),
                models.BooleanField(),
            )
        )

    def with_readiness(self, at: datetime | None = None) -> Self:
        """With the three facts of the infrastructure [001 V.2] on the day it is in each region: see Region.readiness.

        One query for any number of regions.
        """
        from regions.models import RegionLifeSituation

        places = RegionLifeSituation.objects.filter(region=OuterRef("pk")).with_readiness()
        found = self.with_bodies(at).annotate(
            roadmaps_exist=ExpressionWrapper(
                Exists(places) & ~Exists(places.filter(Q(has_roadmap=False))), models.BooleanField()
            ),
            indicators_approved=ExpressionWrapper(
                Exists(places) & ~Exists(places.filter(Q(has_indicators=False))), models.BooleanField()
            ),
            infrastructure_reached_on=F("infrastructure_reached__reached_on"),
        )
        facts = ("bodies_exist", "roadmaps_exist", "indicators_approved")
        # How many of the three; all of them once the whole is frozen.
        return found.annotate(
            readiness_met=Case(
                When(infrastructure_reached_on__isnull=False, then=Value(len(facts))),
                default=sum((Cast(one, models.IntegerField()) for one in facts), start=Value(0)),
                output_field=models.IntegerField(),
            )
        )

    def without_administrator(self, at: datetime) -> Self:
        """Those in which nobody who can sign in manages people by a role of the region itself."""
        from regions.models import Membership

        managing = [role for role, granted in ROLE_PERMISSIONS.items() if Permission.PEOPLE_MANAGE in granted]
        held = Membership.objects.in_force_at(at).filter(role__in=managing, user__is_active=True, region=OuterRef("pk"))
        return self.filter(~Exists(held))


class InstitutionQuerySet(models.QuerySet["Institution"]):
    def permitting(self, user: Person, permission: Permission, *, life_situation: LifeSituation | None = None) -> Self:
        """Institutions for which `user` holds `permission`, by a role of any level; none for the anonymous.

        With `life_situation` it is for what concerns this ЖС: an hq_member who answers for another ЖС of the same
        institution does not hold it.
        """
        if not user.is_authenticated:
            return self.none()
        granting = memberships_granting(user, permission)
        whole_region, named_life_situations = granting.bound_to_life_situations(permission)
        if life_situation is not None:
            named_life_situations = named_life_situations.filter(life_situations=life_situation)
        in_named_life_situations = self.model.objects.filter(
            participations__life_situation__membership__in=named_life_situations,
            region=F("participations__life_situation__membership__region"),
        )
        if life_situation is not None:
            in_named_life_situations = in_named_life_situations.filter(participations__life_situation=life_situation)
        return self.filter(
            Exists(granting.federal())
            | Q(region__in=whole_region.values("region"))
            | Q(pk__in=in_named_life_situations.values("pk"))
            | Q(pk__in=granting.filter(institution__isnull=False).values("institution"))
        )

    def working(self, on: date | Case) -> Self:
        """Not closed by the day `on`; the last day of work is a working one."""
        return self.filter(Q(closed_on=None) | Q(closed_on__gte=on))

    def taking_part(self, life_situation_id: int, opens_on: date, closes_on: date) -> Self:
        """Institutions that take part in the ЖС on any day from `opens_on` to `closes_on`."""
        from regions.models import Participation

        # A subquery, not a join: an institution may have taken part twice.
        rows = Participation.objects.filter(institution=OuterRef("pk"), life_situation=life_situation_id)
        return self.filter(Exists(rows.filter(since__lte=closes_on).not_over(opens_on)))

    def in_some_life_situation(self, on: date) -> Self:
        """Institutions that take part in anything on the day `on`."""
        from regions.models import Participation

        return self.filter(Exists(Participation.objects.in_force(on).filter(institution=OuterRef("pk"))))

    def named(self, text: str) -> Self:
        """Institutions with every word of `text` somewhere in the name, in any letter case."""
        return self.filter(with_words("name", text))


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Participations of the institutions for which `user` holds `permission`."""
        from regions.models import Institution

        return self.filter(institution__in=Institution.objects.permitting(user, permission))

    def in_whose_life_situation(self, user: Person, permission: Permission) -> Self:
        """Those for whose ЖС `user` holds `permission` in the region, or by a role in the institution itself."""
        from regions.models import RegionLifeSituation

        if not user.is_authenticated:
            return self.none()
        places = RegionLifeSituation.objects.permitting(user, permission)
        own = memberships_granting(user, permission).filter(institution__isnull=False)
        taken = places.filter(region=OuterRef("institution__region"), life_situation=OuterRef("life_situation"))
        return self.filter(Exists(taken) | Q(institution__in=own.values("institution")))

    def in_force(self, on: date) -> Self:
        return self.filter(since__lte=on).not_over(on)

    def not_over(self, on: date | Case) -> Self:
        """In force on the day `on`, or to begin later."""
        return self.filter(Q(until=None) | Q(until__gte=on))


class RegionLifeSituationQuerySet(models.QuerySet["RegionLifeSituation"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """ЖС of regions for which `user` holds `permission`; an hq_member acts only in their own ЖС."""
        if not user.is_authenticated:
            return self.none()
        granting = memberships_granting(user, permission)
        whole_region, named_life_situations = granting.bound_to_life_situations(permission)
        return self.filter(
            Exists(granting.federal())
            | Q(region__in=whole_region.values("region"))
            | Exists(
                named_life_situations.filter(region=OuterRef("region"), life_situations=OuterRef("life_situation"))
            )
        )

    def with_readiness(self) -> Self:
        """With `has_roadmap` (an approved one brought the ЖС to «внедрение») and `has_indicators`.

        The latter: for some year every main indicator of the ЖС has a current and a target value, and the РШ approved
        them. A ЖС without indicators of its own needs at least one value.
        """
        from regions.models import Indicator, IndicatorTarget, LifeSituationIndicator, TargetApproval
        from regions.models.places import WITH_ROADMAP

        valued = IndicatorTarget.objects.filter(place=OuterRef("place"), year=OuterRef("year"))
        of_approval = IndicatorTarget.objects.filter(
            place=OuterRef(OuterRef("place")), year=OuterRef(OuterRef("year")), indicator=OuterRef("indicator")
        )
        without_value = LifeSituationIndicator.objects.filter(
            ~Exists(of_approval),
            life_situation=OuterRef("place__life_situation"),
            indicator__kind=Indicator.Kind.MAIN,
        )
        approvals = TargetApproval.objects.filter(Exists(valued), ~Exists(without_value), place=OuterRef("pk"))
        return self.annotate(
            has_roadmap=ExpressionWrapper(Q(status__in=WITH_ROADMAP), models.BooleanField()),
            has_indicators=Exists(approvals),
        )

    def answered_for_by(self, user: User, permission: Permission) -> Self:
        """The ЖС that are the person's own: those they are named to answer for, not all they may act in."""
        _, named_life_situations = memberships_granting(user, permission).bound_to_life_situations(permission)
        own = named_life_situations.filter(region=OuterRef("region"), life_situations=OuterRef("life_situation"))
        return self.filter(Exists(own))

    def at_one_stage_since(self, day: date) -> Self:
        """Those that have moved to no other stage since a day, and are not at their end."""
        return self.exclude(status="completed").filter(Q(status_since__lte=day) | Q(status_since=None, since__lte=day))

    def with_targets(self, year: int) -> Self:
        """How the values of a year stand: `targets_missing` (some indicator of the ЖС has none), `targets_complete` (it
        has indicators, all with values, as `services.targets.approve` asks), `targets_approved`.
        """
        from regions.models import IndicatorTarget, LifeSituationIndicator, TargetApproval

        indicators = LifeSituationIndicator.objects.filter(life_situation=OuterRef("life_situation"))
        entered = IndicatorTarget.objects.filter(
            place=OuterRef(OuterRef("pk")), year=year, indicator=OuterRef("indicator")
        )
        missing = Exists(indicators.filter(~Exists(entered)))
        return self.annotate(
            targets_missing=missing,
            targets_complete=ExpressionWrapper(Exists(indicators) & ~missing, models.BooleanField()),
            targets_approved=Exists(TargetApproval.objects.filter(place=OuterRef("pk"), year=year)),
        )

    def with_institutions(self, on: date) -> Self:
        """With `towns` and `villages`: how many institutions take part in the ЖС on a day, by where they are."""
        from regions.models import Institution, Participation

        def number(settlement: str) -> Coalesce:
            taking_part = (
                Participation.objects.in_force(on)
                .filter(Q(institution__closed_on=None) | Q(institution__closed_on__gte=on))
                .filter(
                    life_situation=OuterRef("life_situation"),
                    institution__region=OuterRef("region"),
                    institution__settlement=settlement,
                )
            )
            counted = taking_part.order_by().values("life_situation").annotate(number=Count("institution"))
            return Coalesce(Subquery(counted.values("number")), 0)

        return self.annotate(towns=number(Institution.Settlement.TOWN), villages=number(Institution.Settlement.VILLAGE))


class LifeSituationQuerySet(models.QuerySet["LifeSituation"]):
    def of_the_catalogue(self) -> Self:
        return self.filter(region=None)

    def available_in(self, region: Region) -> Self:
        """What a region may take: the catalogue and what it described itself."""
        return self.filter(Q(region=None) | Q(region=region))

    def of_institution(self, institution: Institution) -> Self:
        """Those in which it takes part or ever did; once each, however often it left and came back."""
        return self.filter(pk__in=institution.participations.values("life_situation"))

    def visible_to(self, user: Person) -> Self:
        """The catalogue, and what regions described themselves for who sees those regions or takes part there."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            Q(region=None)
            | Q(region__in=_permitted_regions(user, Permission.RESULTS_VIEW))
            | Q(
                pk__in=memberships_granting(user, Permission.INSTITUTION_VIEW)
                .filter(institution__isnull=False)
                .values("institution__participations__life_situation")
            )
        )


class BodyQuerySet(models.QuerySet["Body"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        return self.filter(region__in=_permitted_regions(user, permission))

    def in_force(self, on: date) -> Self:
        return self.filter(formed_on__lte=on).filter(Q(ended_on=None) | Q(ended_on__gte=on))


class BodyMemberQuerySet(models.QuerySet["BodyMember"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        return self.filter(body__region__in=_permitted_regions(user, permission))

    def in_force(self, on: date) -> Self:
        return self.filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gte=on))


class ServiceCommissionerQuerySet(models.QuerySet["ServiceCommissioner"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        return self.filter(region__in=_permitted_regions(user, permission))

    def in_force(self, on: date) -> Self:
        return self.filter(appointed_on__lte=on).filter(Q(ended_on=None) | Q(ended_on__gte=on))

    def accredited_to_end_by(self, day: date) -> Self:
        """Those whose accreditation has ended or ends by a day; who has none yet is not among them."""
        return self.filter(accredited_until__lte=day)


class LetterDeadlineQuerySet(models.QuerySet["LetterDeadline"]):
    def for_region(self, region: Region) -> Self:
        """The deadlines of a region: its own, and the general ones for which it has none of its own."""
        own = self.model.objects.filter(region=region)
        instead = own.filter(kind=OuterRef("kind"), occasion=OuterRef("occasion"))
        return self.filter(Q(region=region) | Q(region=None) & ~Exists(instead))

    def permitting(self, user: Person, permission: Permission) -> Self:
        """All of them for whoever holds `permission` in the whole country; a region sees its own by its letters."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Exists(memberships_granting(user, permission).federal()))


class LetterQuerySet(models.QuerySet["Letter"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        return self.filter(region__in=_permitted_regions(user, permission))


class MaterialQuerySet(models.QuerySet["Material"]):
    def published(self) -> Self:
        from regions.models import MaterialVersion

        # A subquery, not a join: each material once, however many versions it has.
        return self.filter(Exists(MaterialVersion.objects.filter(material=OuterRef("pk"))), withdrawn_at=None)

    def for_roles(self, roles: set[str]) -> Self:
        """Meant for one of these roles, or for everybody."""
        # A list in JSON is searched by hand: SQLite knows no "contains", and materials are few.
        wanted = self.model.objects.values_list("pk", "roles")
        return self.filter(pk__in=[pk for pk, meant in wanted if not meant or roles & set(meant)])

    def visible_to(self, user: Person) -> Self:
        """What is published for a role of the person; who publishes sees all."""
        if not user.is_authenticated:
            return self.none()
        if may_anywhere(user, Permission.MATERIALS_PUBLISH):
            return self
        return self.published().for_roles(set(memberships_in_force(user).values_list("role", flat=True)))

    def titled(self, text: str) -> Self:
        return self.filter(with_words("title", text))

    def newest_first(self) -> Self:
        return self.with_newest_version().order_by(F("newest_published_at").desc(), "-pk")

    def with_newest_version(self) -> Self:
        """With the number, moment and link (empty: it is a file) of the newest version."""
        from regions.models import MaterialVersion

        newest = MaterialVersion.objects.filter(material=OuterRef("pk")).order_by("-number")
        return self.annotate(
            **{f"newest_{name}": Subquery(newest.values(name)[:1]) for name in ("number", "published_at", "url")}
        )


class HandoverQuerySet(models.QuerySet["Handover"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        """Handovers of roles in regions (and their institutions) where `user` holds `permission`."""
        from regions.models import Membership

        return self.filter(predecessor__in=Membership.objects.permitting(user, permission))

    def visible_to(self, user: User) -> Self:
        """For who sees the people there, and for the two it was between."""
        return self.filter(
            Q(pk__in=self.model.objects.permitting(user, Permission.PEOPLE_VIEW).values("pk"))
            | Q(predecessor__user=user)
            | Q(successor__user=user)
        )

    def of_person(self, user: User) -> Self:
        """From or to somebody, ready to be named."""
        mine = self.filter(Q(predecessor__user=user) | Q(successor__user=user))
        return mine.select_related(
            "predecessor__user", "predecessor__region", "predecessor__institution", "successor__user"
        )


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        return self.filter(_in_permitted_scope(user, permission))

    def of_region(self, region: Region) -> Self:
        """To a role in the region itself or in one of its institutions."""
        return self.filter(Q(region=region) | Q(institution__region=region))

    def open(self) -> Self:
        """Neither accepted nor revoked; the link may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def to_send(self) -> Self:
        return self.open().filter(expires_at=None)

    def live(self, now: datetime) -> Self:
        return self.open().filter(sent_at__isnull=False, expires_at__gt=now)

    def in_state(self, state: str, now: datetime) -> Self:
        """Those for which `Invitation.state` says the same."""
        match state:
            case "accepted":
                return self.filter(accepted_at__isnull=False)
            case "revoked":
                return self.filter(revoked_at__isnull=False)
            case "to_send":
                return self.to_send()
            case "sent":
                return self.live(now)
            case "refused":
                return self.open().filter(sent_at=None, expires_at__isnull=False)
        return self.open().filter(sent_at__isnull=False, expires_at__lte=now)


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    def permitting(self, user: Person, permission: Permission) -> Self:
        return self.filter(institution__region__in=_permitted_regions(user, permission))

    def waiting(self) -> Self:
        return self.filter(state="waiting")

    def unanswered(self) -> Self:
        """Which take the place of the one request a person may have for an institution."""
        return self.filter(state__in=["unconfirmed", "waiting"])

    def to_send(self) -> Self:
        """Whose letter is still to be sent: the link that confirms the address, or the decision."""
        return self.filter(
            Q(state="unconfirmed", expires_at=None)
            | Q(state__in=["approved", "declined"], sent_at=None, expires_at=None)
        )

    def to_confirm(self, now: datetime) -> Self:
        """Whose address may still be confirmed by a letter, on its way or to be sent."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), state="unconfirmed")

    def forgotten(self, now: datetime) -> Self:
        """Whose address nobody has confirmed in time: left by somebody who may not be its owner."""
        return self.filter(state="unconfirmed", user=None, expires_at__lte=now)


def people_visible_to(user: Person) -> models.QuerySet[User]:
    """Whom the person finds in the lists of people: by any role, present or past, or by an approved request."""
    from accounts.models import User
    from regions.models import AccessRequest, Membership

    memberships = Membership.objects.permitting(user, Permission.PEOPLE_VIEW)
    requests = AccessRequest.objects.permitting(user, Permission.PEOPLE_VIEW).filter(state="approved")
    # Subqueries, not joins: who has two roles must not appear twice.
    return User.objects.filter(Q(pk__in=memberships.values("user")) | Q(pk__in=requests.values("user")))
