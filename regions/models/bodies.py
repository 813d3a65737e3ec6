"""The management structure of a region [001 III.2]: РШ, РЭГ, their groups, and the РСУ."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from regions.models.catalogue import LifeSituation, Region
from regions.models.documents import DecisionDocument, ends_after_it_starts
from regions.querysets import BodyMemberQuerySet, BodyQuerySet, ServiceCommissionerQuerySet


class Competence(models.TextChoices):
    """The eight competences the management structure must have [001 III.2]."""

    MANAGEMENT = "management", "организационно-управленческая"
    EXPERT = "expert", "экспертная (отраслевая)"
    METHODOLOGY = "methodology", "методологическая"
    ANALYSIS = "analysis", "аналитическая"
    LAW = "law", "правовая"
    EDUCATION = "education", "образовательная"
    FINANCE = "finance", "финансовая и имущественная"
    INFORMATION = "information", "маркетинговая и информационная"


class Group(models.TextChoices):
    """Whom a member stands for: the recommended composition of РШ [001 III.2.1] and РЭГ [001 III.2.3]."""

    SECTOR_AUTHORITY = "sector_authority", "Профильный РОИВ"
    MUNICIPAL_RELATIONS = "municipal_relations", "РОИВ, ответственный за взаимодействие с муниципальными образованиями"
    MUNICIPALITY = "municipality", "Муниципальное образование"
    FINANCE_AND_DIGITAL = (
        "finance_and_digital",
        "Финансовый орган, РОИВ по эффективности управления и цифровым решениям",
    )
    EXPERT_CHAIR = "expert_chair", "Председатель РЭГ"
    COMMISSIONER = "commissioner", "РСУ"
    SECTOR_EXPERTS = "sector_experts", "Экспертное отраслевое сообщество"
    PUBLIC_AND_BUSINESS = "public_and_business", "Общественное или деловое объединение"
    SCIENCE = "science", "Научное сообщество"
    NONPROFIT = "nonprofit", "СОНКО"
    SOCIAL_BUSINESS = "social_business", "Социальный предприниматель, компания с КСО"
    CITIZENS = "citizens", "Гражданин, лидер изменений в социальной сфере"
    INSTITUTION_HEAD = "institution_head", "Руководитель социального учреждения, участвующего во внедрении НСИ"
    PEOPLES_FRONT = "peoples_front", "Региональное отделение Общероссийского народного фронта"
    AGENCY_REPRESENTATIVE = "agency_representative", "Общественный представитель Агентства"
    OTHER = "other", "Другое"


class Body(DecisionDocument):
    """A body of the structure, formed by a decision: РШ and РЭГ once in a region, groups for named ЖС."""

    class Kind(models.TextChoices):
        HEADQUARTERS = "headquarters", "Региональный штаб (РШ)"
        EXPERT_GROUP = "expert_group", "Региональная экспертная группа (РЭГ)"
        SECTOR_GROUP = "sector_group", "Отраслевая группа РШ"
        EXPERT_SUBGROUP = "expert_subgroup", "Экспертная подгруппа РЭГ"

    # Groups belong to ЖС and bear a name of their own; РШ and РЭГ are one each.
    MAIN_KINDS = (Kind.HEADQUARTERS, Kind.EXPERT_GROUP)

    region = models.ForeignKey(Region, models.PROTECT, related_name="bodies", verbose_name="регион")
    kind = models.CharField("вид", max_length=20, choices=Kind)
    title = models.CharField("название", max_length=200, blank=True)
    life_situations = models.ManyToManyField(
        LifeSituation, blank=True, related_name="bodies", verbose_name="жизненные ситуации"
    )
    formed_on = models.DateField("создан с")
    ended_on = models.DateField("действует по", null=True, blank=True)

    objects = BodyQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[life_situations], excluded_fields=["document_name"])

    class Meta:
        verbose_name = "орган"
        verbose_name_plural = "органы"
        ordering = ("region", "kind", "title", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["region", "kind"],
                condition=Q(kind__in=["headquarters", "expert_group"], ended_on=None),
                name="one_headquarters_and_one_expert_group",
                violation_error_message="Такой орган в регионе уже действует",
            ),
            ends_after_it_starts("body_ends_after_it_starts", start="formed_on", end="ended_on"),
        ]

    def __str__(self) -> str:
        return self.title or self.get_kind_display()

    @property
    def is_group(self) -> bool:
        return self.kind not in self.MAIN_KINDS

    def is_in_force(self, on: date) -> bool:
        return self.formed_on <= on and (self.ended_on is None or self.ended_on >= on)


class BodyMember(models.Model):
    """Somebody in a body from a day, possibly to a day."""

    body = models.ForeignKey(Body, models.CASCADE, related_name="members", verbose_name="орган")
    full_name = models.CharField("фамилия, имя, отчество", max_length=200)
    position = models.CharField("должность", max_length=300)
    organisation = models.CharField("организация", max_length=300)
    email = models.EmailField("электронная почта", blank=True)
    group = models.CharField("кого представляет", max_length=30, choices=Group)
    competences = models.JSONField("компетенции", default=list, blank=True)
    is_head = models.BooleanField("руководитель", default=False)
    starts_on = models.DateField("в составе с")
    ends_on = models.DateField("в составе по", null=True, blank=True)
    # Set when this person accepts an invitation to the portal.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="на портале"
    )

    objects = BodyMemberQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "член органа"
        verbose_name_plural = "члены органов"
        ordering = ("-is_head", "full_name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["body"],
                condition=Q(is_head=True, ends_on=None),
                name="one_head_of_a_body",
                violation_error_message="У органа уже есть руководитель",
            ),
            ends_after_it_starts("body_member_ends_after_it_starts", start="starts_on", end="ends_on"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def competence_titles(self) -> list[str]:
        return [Competence(code).label for code in self.competences]


class ServiceCommissioner(DecisionDocument):
    """A РСУ: appointed by the head of the region, accredited by the Agency [001 III.2.2]."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="commissioners", verbose_name="регион")
    full_name = models.CharField("фамилия, имя, отчество", max_length=200)
    position = models.CharField("должность", max_length=300, blank=True)
    email = models.EmailField("электронная почта", blank=True)
    competences = models.JSONField("компетенции", default=list, blank=True)
    appointed_on = models.DateField("назначен с")
    ended_on = models.DateField("исполняет обязанности по", null=True, blank=True)
    course = models.CharField("образовательная программа", max_length=300, blank=True)
    course_completed_on = models.DateField("программа пройдена", null=True, blank=True)
    accredited_on = models.DateField("аккредитован с", null=True, blank=True)
    accredited_until = models.DateField("аккредитация действует по", null=True, blank=True)
    has_office = models.BooleanField("создан офис РСУ", default=False)
    office = models.CharField("офис: адрес, состав", max_length=500, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="на портале"
    )

    objects = ServiceCommissionerQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["document_name"])

    class Meta:
        verbose_name = "РСУ"
        verbose_name_plural = "РСУ"
        ordering = ("region", "-appointed_on", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["region"],
                condition=Q(ended_on=None),
                name="one_commissioner_of_a_region",
                violation_error_message="В регионе уже есть действующий РСУ",
            ),
            ends_after_it_starts("commissioner_ends_after_appointment", start="appointed_on", end="ended_on"),
            ends_after_it_starts("accreditation_ends_after_it_starts", start="accredited_on", end="accredited_until"),
        ]

    def __str__(self) -> str:
        return self.full_name

    def is_accredited(self, on: date) -> bool:
        return (
            self.accredited_on is not None
            and self.accredited_on <= on
            and (self.accredited_until is None or on <= self.accredited_until)
        )
