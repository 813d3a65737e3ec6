"""What the recommendations ask of the management structure and a body lacks: hints, never obstacles. Pure: no Django.

Groups and competences are the codes of `regions.models.bodies`, in the order of the document.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

OTHER = "other"

# Whom the РШ should hold. Source: 001, III.2.1, «К включению в состав РШ НСИ рекомендованы».
HEADQUARTERS_GROUPS = (
    "sector_authority",
    "municipal_relations",
    "municipality",
    "finance_and_digital",
    "expert_chair",
    "commissioner",
)
# Whom the РЭГ is formed of. Source: 001, III.2.3, «формируемым с привлечением».
EXPERT_GROUPS = (
    "sector_experts",
    "public_and_business",
    "science",
    "nonprofit",
    "social_business",
    "citizens",
    "institution_head",
    "peoples_front",
    "agency_representative",
)
# Asked for only where there are such people in the region: «при наличии» [001, III.2.3].
WHERE_AVAILABLE = frozenset({"agency_representative"})

# The eight competences of the whole structure. Source: 001, III.2.
COMPETENCES = ("management", "expert", "methodology", "analysis", "law", "education", "finance", "information")
# Source: 001, III.2.1, «Компетенции РШ НСИ».
HEADQUARTERS_COMPETENCES = ("management", "law", "finance", "expert")
# Source: 001, III.2.2, «Компетенции РСУ НСИ».
COMMISSIONER_COMPETENCES = ("analysis", "methodology", "management", "education")
# Source: 001, III.2.3, «Компетенции РЭГ НСИ».
EXPERT_GROUP_COMPETENCES = ("expert", "methodology", "analysis", "law")


class HintKind(StrEnum):
    COMPOSITION = "composition"
    COMPETENCES = "competences"
    HEAD = "head"
    ALONE = "alone"
    EMAIL = "email"
    ACCREDITATION = "accreditation"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a body, as far as the recommendations ask."""

    position: str = ""
    organisation: str = ""
    group: str = OTHER
    competences: Collection[str] = ()
    has_email: bool = True
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class Hint:
    """What is missing, in a sentence; `missing` are the codes of the groups or competences meant; where it is asked."""

    kind: HintKind
    text: str
    source: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one kind of body should hold, and where it is said."""

    short: str
    source: str
    groups: tuple[str, ...]
    competences: tuple[str, ...]


_ASKED = {
    "headquarters": _Asked("РШ", "001, III.2.1", HEADQUARTERS_GROUPS, HEADQUARTERS_COMPETENCES),
    "expert_group": _Asked("РЭГ", "001, III.2.3", EXPERT_GROUPS, EXPERT_GROUP_COMPETENCES),
}
_SECTIONS = {"sector_group": "001, III.2.1", "expert_subgroup": "001, III.2.3"}


def groups_of(kind: str) -> tuple[str, ...]:
    """Whom a member of a body of this kind may stand for: the recommended composition, and anybody else.

    A group of the РШ or the РЭГ draws on the composition of the body it belongs to. Source: 001, III.2.1 and III.2.3.
    """
    return (*(HEADQUARTERS_GROUPS if kind in ("headquarters", "sector_group") else EXPERT_GROUPS), OTHER)


def body_hints(kind: str, members: Sequence[Person]) -> list[Hint]:
    """What a body with these members lacks.

    The composition and the competences are recommended for the РШ [001, III.2.1] and the РЭГ [001, III.2.3] as a whole,
    not for their groups; more than one person, and an e-mail to sign up on the portal [001, III.1], for every body.
    """
    hints: list[Hint] = []
    asked = _ASKED.get(kind)
    if asked:
        hints += _composition(asked, {one.group for one in members})
        hints += _lacking(asked.competences, members, f"Ни у кого в составе {asked.short} не отмечены", asked.source)
    if kind == "headquarters":
        hints += [
            Hint(
                HintKind.HEAD,
                "Руководителем РШ назначается заместитель главы региона по социальным вопросам. "
                "По должности руководителя этого не видно",
                "001, III.2.1",
            )
            for one in members
            if one.is_head and not is_deputy_of_the_region_head(f"{one.position} {one.organisation}")
        ]
    if len(members) == 1:
        source = asked.source if asked else _SECTIONS[kind]
        hints.append(Hint(HintKind.ALONE, "В составе один человек. Привлеките других участников", source))
    hints += _without_email(sum(not one.has_email for one in members))
    return hints


def commissioner_hints(*, competences: Collection[str], has_email: bool, is_accredited: bool) -> list[Hint]:
    """What a РСУ lacks: competences and accreditation [001, III.2.2], an e-mail to sign up [001, VII]."""
    person = Person(competences=competences)
    hints = _lacking(COMMISSIONER_COMPETENCES, [person], "У РСУ не отмечены", "001, III.2.2")
    if not is_accredited:
        hints.append(
            Hint(
                HintKind.ACCREDITATION,
                "Аккредитацию РСУ проводит Агентство по результатам образовательной программы. Сейчас её нет",
                "001, III.2.2",
            )
        )
    if not has_email:
        hints.append(Hint(HintKind.EMAIL, "Электронная почта не указана: без неё на портал не пригласить", "001, VII"))
    return hints


def structure_hints(competences: Iterable[Collection[str]]) -> list[Hint]:
    """Which of the eight competences nobody of the whole structure has, РШ, РЭГ, their groups and РСУ together.

    Source: 001, III.2, «список компетенций, которыми должна быть обеспечена региональная управленческая структура».
    """
    people = [Person(competences=one) for one in competences]
    return _lacking(COMPETENCES, people, "Ни у кого в управленческой структуре региона не отмечены", "001, III.2")


_DEPUTY = re.compile(r"\bзам(?:\.|еститель)", re.IGNORECASE)
_HEAD_OF_THE_REGION = re.compile(
    r"\bгубернатор"
    # Of a region, not of a district or a town.
    r"|\bглав[аы]\b(?!\s+(?:администрации\s+)?(?:муниципальн|городск|сельск|район|округа|города|поселени))"
    r"|\bпредседател[яь]\s+(?:правительств|совета\s+министров|кабинета\s+министров)"
    r"|\bпремьер-министр|\bпрезидент|\bмэра?\s+москвы|\bвысшего\s+должностного\s+лица",
    re.IGNORECASE,
)
_VICE = re.compile(r"\bвице-(?:губернатор|премьер)", re.IGNORECASE)


def is_deputy_of_the_region_head(position: str) -> bool:
    """Whether a position speaks of a deputy of the region's head: of its governor, head or head of government.

    The head of the РШ is «заместитель главы региона по социальным вопросам». Source: 001, III.2.1.
    """
    return bool(_VICE.search(position) or (_DEPUTY.search(position) and _HEAD_OF_THE_REGION.search(position)))


def _composition(asked: _Asked, groups: set[str]) -> list[Hint]:
    missing = [one for one in asked.groups if one not in groups]
    needed = tuple(one for one in missing if one not in WHERE_AVAILABLE)
    available = tuple(one for one in missing if one in WHERE_AVAILABLE)
    hints = []
    if needed:
        text = f"В составе {asked.short} не представлены рекомендованные участники"
        hints.append(Hint(HintKind.COMPOSITION, text, asked.source, needed))
    if available:
        text = f"В состав {asked.short} привлекают тех, кто есть в регионе"
        hints.append(Hint(HintKind.COMPOSITION, text, asked.source, available))
    return hints


def _lacking(asked: Sequence[str], people: Sequence[Person], text: str, source: str) -> list[Hint]:
    held = {code for one in people for code in one.competences}
    missing = tuple(one for one in asked if one not in held)
    return [Hint(HintKind.COMPETENCES, f"{text} компетенции", source, missing)] if missing else []


def _without_email(count: int) -> list[Hint]:
    if not count:
        return []
    text = f"Электронная почта указана не у всех (нет у {count} чел.), а без неё на портал не пригласить"
    return [Hint(HintKind.EMAIL, text, "001, III.1")]
