"""The ground floor: regions, life situations, bodies, institutions, and who acts in which role where."""

from regions.models.bodies import Body, BodyMember, ServiceCommissioner
from regions.models.catalogue import (
    Direction,
    Indicator,
    LifeSituation,
    LifeSituationIndicator,
    Region,
    TypicalProblem,
    TypicalSolution,
)
from regions.models.letters import Letter, LetterDeadline, LetterKind
from regions.models.materials import Material, MaterialVersion
from regions.models.people import AccessRequest, Handover, Invitation, Membership
from regions.models.places import (
    IndicatorTarget,
    InfrastructureReached,
    Institution,
    Participation,
    RegionLifeSituation,
    StatusChange,
    TargetApproval,
)

__all__ = [
    "AccessRequest",
    "Body",
    "BodyMember",
    "Direction",
    "Handover",
    "Indicator",
    "IndicatorTarget",
    "InfrastructureReached",
    "Institution",
    "Invitation",
    "Letter",
    "LetterDeadline",
    "LetterKind",
    "LifeSituation",
    "LifeSituationIndicator",
    "Material",
    "MaterialVersion",
    "Membership",
    "Participation",
    "Region",
    "RegionLifeSituation",
    "ServiceCommissioner",
    "StatusChange",
    "TargetApproval",
    "TypicalProblem",
    "TypicalSolution",
]
