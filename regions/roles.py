"""The eleven roles (DESIGN 4) and the level each belongs to."""

from django.db import models


class Role(models.TextChoices):
    AGENCY_ADMIN = "agency_admin", "Администратор Агентства"
    AGENCY_CURATOR = "agency_curator", "Куратор Агентства"
    AGENCY_ANALYST = "agency_analyst", "Аналитик Агентства"
    FEDERAL_OBSERVER = "federal_observer", "Федеральная рабочая группа, ФОИВ"
    REGION_HEAD = "region_head", "Высшее должностное лицо"
    HQ_CHAIR = "hq_chair", "Руководитель РШ"
    HQ_MEMBER = "hq_member", "Член РШ, ответственный за ЖС"
    SERVICE_COMMISSIONER = "service_commissioner", "Региональный сервисный уполномоченный"
    EXPERT = "expert", "Член РЭГ"
    NSI_ADMIN = "nsi_admin", "Администратор НСИ"
    INSTITUTION_REP = "institution_rep", "Представитель учреждения"


FEDERAL_ROLES = frozenset({Role.AGENCY_ADMIN, Role.AGENCY_CURATOR, Role.AGENCY_ANALYST, Role.FEDERAL_OBSERVER})
INSTITUTION_ROLES = frozenset({Role.INSTITUTION_REP})
REGIONAL_ROLES = frozenset(Role) - FEDERAL_ROLES - INSTITUTION_ROLES
