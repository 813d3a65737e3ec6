"""Questionnaires and other instruments: making, changing a draft, publishing, retiring.

A questionnaire has at most one draft. Every change of it takes the row of the questionnaire first, so changes come one
after another, and a version is published once whoever presses the button.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from regions.models import Direction, LifeSituation, Region
from regions.permissions import Permission, may_anywhere, require
from surveys.models import Questionnaire, QuestionnaireVersion, VersionRetirement
from surveys.questionnaires import editing
from surveys.questionnaires.checking import Finding, Purpose, Severity, check, errors_of
from surveys.questionnaires.definition import Definition
from surveys.questionnaires.series import broken_series, foreign_wording
from surveys.questionnaires.shapes import Document, shaped

Kind = Questionnaire.Kind
# Codes of a region's additional questions begin so: what the Agency adds to the standard later does not clash.
OWN = "own_"


class DraftGone(Exception):
    """The draft has been published or thrown away meanwhile."""


class Stale(Exception):
    """Somebody has changed the draft since it was read; `version` is what it is now."""

    def __init__(self, version: QuestionnaireVersion) -> None:
        super().__init__(version)
        self.version = version


class DraftExists(Exception):
    """The questionnaire has a draft already: it is published or thrown away first."""

    def __init__(self, draft: QuestionnaireVersion) -> None:
        super().__init__(draft)
        self.draft = draft


class BreaksSeries(Exception):
    """The change touches the wording of a measured question; `findings` say which."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(findings)
        self.findings = findings


class NotPublishable(Exception):
    """The draft has errors; `findings` holds them."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(findings)
        self.findings = findings


class NotInUse(Exception):
    """The version is a draft or was retired before."""


class NothingToExtend(Exception):
    """Only a standard questionnaire with a version in use can be extended, and only by a region."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a questionnaire is, and what it is about."""

    region: Region | None
    direction: Direction | None = None
    life_situation: LifeSituation | None = None


def require_edit(by: User, questionnaire: Questionnaire) -> None:
    """Raise PermissionDenied unless `by` may change the questionnaire."""
    require_owner(by, questionnaire.region)


def require_owner(by: User, region: Region | None) -> None:
    """Raise PermissionDenied unless `by` may make questionnaires of a region, or (None) of the Agency."""
    if region is not None:
        require(by, Permission.QUESTIONNAIRE_EDIT, region)
    elif not may_anywhere(by, Permission.QUESTIONNAIRE_STANDARD_EDIT):
        raise PermissionDenied


# Making ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def create(
    *, title: str, kind: str, owner: Owner, document: Document | None = None, by: User, at: datetime
) -> QuestionnaireVersion:
    """A new questionnaire with a draft: empty, or with the document of a file that was checked. Returns the draft."""
    require_owner(by, owner.region)
    questionnaire = _new(title=title, kind=kind, owner=owner, by=by, at=at)
    return _new_draft(questionnaire, document or editing.blank(title), by=by, at=at)


@transaction.atomic
def extend(
    *, standard: Questionnaire, title: str, region: Region, life_situation: LifeSituation | None, by: User, at: datetime
) -> QuestionnaireVersion:
    """A region's additional questions to a standard questionnaire. Raises NothingToExtend. Returns the draft."""
    require_owner(by, region)
    base = standard_in_use(standard)
    if base is None or not standard.is_standard:
        raise NothingToExtend
    owner = Owner(region, standard.direction, life_situation or standard.life_situation)
    questionnaire = _new(title=title, kind=standard.kind, owner=owner, by=by, at=at, extends=standard)
    first = shaped(base.document)
    document: Document = {name: first[name] for name in ("title", "language", "intro", "thanks") if first[name]}
    words = {
        language: {place: text for place, text in one.items() if place in ("title", "intro", "thanks")}
        for language, one in first["translations"].items()
    }
    document |= {"sections": [], "translations": words}
    taken = editing.codes_of(base.document)
    document, _ = editing.add_section(document, title="Вопросы региона", taken=taken, prefix=OWN)
    return _new_draft(questionnaire, document, by=by, at=at)


@transaction.atomic
def copy(*, version: QuestionnaireVersion, title: str, owner: Owner, by: User, at: datetime) -> QuestionnaireVersion:
    """A questionnaire of one's own with all sections of a published version. Returns the draft.

    Whether `by` may read the version is for the caller to have found out.
    """
    require_owner(by, owner.region)
    if version.published_at is None:
        raise NotInUse
    kind = version.questionnaire.kind
    questionnaire = _new(title=title, kind=kind, owner=owner, by=by, at=at, copied_from=version)
    return _new_draft(questionnaire, dict(version.document), by=by, at=at)


@transaction.atomic
def start_draft(
    *, questionnaire: Questionnaire, version: QuestionnaireVersion, by: User, at: datetime
) -> QuestionnaireVersion:
    """A draft of the next version that begins as `version` stands. Raises DraftExists."""
    require_edit(by, questionnaire)
    _locked(questionnaire)
    if draft := questionnaire.versions.drafts().first():
        raise DraftExists(draft)
    document = dict(version.document)
    if questionnaire.extends_id and version.base:
        document = editing.own_part(document, version.base.document)
    return _new_draft(questionnaire, document, by=by, at=at)


def _new(*, title: str, kind: str, owner: Owner, by: User, at: datetime, **made_of: object) -> Questionnaire:
    prefix = owner.region.code.lower() if owner.region else "agency"
    return Questionnaire.objects.create(
        code=f"{prefix}-{secrets.token_hex(6)}",
        title=title,
        kind=kind,
        region=owner.region,
        direction=owner.direction,
        life_situation=owner.life_situation,
        created_by=by,
        created_at=at,
        **made_of,
    )


def _new_draft(questionnaire: Questionnaire, document: Document, *, by: User, at: datetime) -> QuestionnaireVersion:
    return QuestionnaireVersion.objects.create(
        questionnaire=questionnaire,
        number=_next_number(questionnaire),
        document=document,
        edited_by=by,
        edited_at=at,
    )


def _next_number(questionnaire: Questionnaire) -> int:
    newest = questionnaire.versions.published().order_by("-number").first()
    return newest.number + 1 if newest else 1


# Changing -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def edit_facts(*, questionnaire: Questionnaire, title: str, owner: Owner, by: User) -> None:
    """Change the name in lists, and what the questionnaire is about; its region stays."""
    require_edit(by, questionnaire)
    questionnaire.title = title
    questionnaire.direction, questionnaire.life_situation = owner.direction, owner.life_situation
    questionnaire.save(update_fields=["title", "direction", "life_situation"])


@transaction.atomic
def change_draft(
    *,
    version: QuestionnaireVersion,
    change: Callable[[Document], Document],
    by: User,
    at: datetime,
    revision: int | None = None,
) -> QuestionnaireVersion:
    """Let `change` make a new document of the draft's present one; returns the draft as it is then.

    With `revision` the draft must still be as it was read. Raises DraftGone, Stale, BreaksSeries, and what `change`
    raises: nothing is stored then.
    """
    require_edit(by, version.questionnaire)
    draft = _locked_draft(version)
    if revision is not None and draft.revision != revision:
        raise Stale(draft)
    before = whole_document(draft)
    document = change(draft.document)
    if document == draft.document:
        return draft
    draft.document = document
    # What was wrong before is for the check to say; a change must not make it worse.
    known = {(one.message, one.field) for one in series_findings(draft, before)}
    broken = [one for one in series_findings(draft) if (one.message, one.field) not in known]
    if broken:
        raise BreaksSeries(broken)
    draft.revision += 1
    draft.edited_by, draft.edited_at = by, at
    draft.save(update_fields=["document", "revision", "edited_by", "edited_at"])
    return draft


@transaction.atomic
def discard_draft(*, version: QuestionnaireVersion, revision: int, by: User) -> bool:
    """Throw a draft away; with its questionnaire when that has no other version: returns whether it went too.

    Raises DraftGone, Stale.
    """
    require_edit(by, version.questionnaire)
    draft = _locked_draft(version)
    if draft.revision != revision:
        raise Stale(draft)
    draft.delete()
    questionnaire = draft.questionnaire
    is_left = questionnaire.versions.exists()
    if not is_left:
        questionnaire.delete()
    return not is_left


# Publishing -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def publish(*, version: QuestionnaireVersion, revision: int, by: User, at: datetime) -> QuestionnaireVersion:
    """Make a version of the draft that was checked at `revision`; it never changes again.

    Raises DraftGone (also for the second of two who publish at once), Stale, NotPublishable.
    """
    require_edit(by, version.questionnaire)
    draft = _locked_draft(version, with_standard=True)
    if draft.revision != revision:
        raise Stale(draft)
    # Read once: what is checked, what is published and what is said to be the base are of the same standard version.
    base = _base_in_use(draft)
    document = _assembled(draft, base)
    findings = _findings(draft, base, document)
    if errors_of(findings):
        raise NotPublishable(findings)
    definition = Definition.model_validate(document)
    draft.document, draft.digest = definition.document(), definition.digest()
    draft.base = base
    # A file may have made a version meanwhile.
    draft.number = _next_number(draft.questionnaire)
    draft.published_at, draft.published_by = at, by
    draft.save(update_fields=["document", "digest", "base", "number", "published_at", "published_by"])
    return draft


@transaction.atomic
def retire(*, version: QuestionnaireVersion, reason: str, by: User, at: datetime) -> VersionRetirement:
    """Let no new links be made to a published version; those that exist go on. Raises NotInUse."""
    require_edit(by, version.questionnaire)
    _locked(version.questionnaire)
    if not QuestionnaireVersion.objects.in_use().filter(pk=version.pk).exists():
        raise NotInUse
    return VersionRetirement.objects.create(version=version, retired_at=at, retired_by=by, reason=reason)


# Checking -------------------------------------------------------------------------------------------------------------


def findings_of(version: QuestionnaireVersion) -> list[Finding]:
    """All that stands in the way of publishing the draft, and all that is doubtful; places are of `whole_document`."""
    base = _base_in_use(version)
    return _findings(version, base, _assembled(version, base))


def _findings(version: QuestionnaireVersion, base: QuestionnaireVersion | None, document: Document) -> list[Finding]:
    questionnaire = version.questionnaire
    findings = check_of(questionnaire.kind, questionnaire.region_id is None, document)
    if questionnaire.extends and base is None:
        message = "Стандартная анкета, которую дополняют эти вопросы, снята: публиковать нечего."
        findings.insert(0, Finding(Severity.ERROR, message))
    findings = [*series_findings(version, document), *findings]
    newest = newest_in_use(questionnaire)
    is_whole = not errors_of(findings)
    if newest is not None and is_whole and Definition.model_validate(document).digest() == newest.digest:
        message = f"Черновик не отличается от действующей версии {newest.number}."
        findings.insert(0, Finding(Severity.ERROR, message))
    return list(dict.fromkeys(findings))


def check_of(kind: str, is_standard: bool, document: object) -> list[Finding]:
    """The check of a document by itself, for what instruments of this kind are for."""
    return check(document, Purpose(is_questionnaire=kind == Kind.QUESTIONNAIRE, is_standard=is_standard))


def findings_of_file(*, kind: str, owner: Owner, document: object) -> list[Finding]:
    """The check of a file that is to become a draft: what it holds must be right, what it lacks can be added later."""
    questionnaire = Questionnaire(
        kind=kind, region=owner.region, direction=owner.direction, life_situation=owner.life_situation
    )
    findings = check_of(kind, False, document)
    if questionnaire.region and kind == Kind.QUESTIONNAIRE:
        findings = [*foreign_wording(document, standard_wordings(questionnaire)), *findings]
    return list(dict.fromkeys(findings))


def series_findings(version: QuestionnaireVersion, document: Document | None = None) -> list[Finding]:
    """Where a draft, or `document` instead, changes the wording of what is measured (surveys.questionnaires.series)."""
    questionnaire = version.questionnaire
    if questionnaire.kind != Kind.QUESTIONNAIRE:
        return []
    document = whole_document(version) if document is None else document
    if questionnaire.is_standard:
        previous = questionnaire.versions.published().order_by("-number").first()
        return broken_series(document, previous.definition) if previous else []
    return foreign_wording(document, standard_wordings(questionnaire))


def standard_wordings(questionnaire: Questionnaire) -> list[Definition]:
    """The standard questionnaires whose words a region's one measures by: of its direction, or else all of them.

    Every published version counts: the words of one series stay the same.
    """
    versions = QuestionnaireVersion.objects.published().filter(
        questionnaire__region=None, questionnaire__kind=Kind.QUESTIONNAIRE
    )
    situation = questionnaire.life_situation
    direction = questionnaire.direction_id or (situation.direction_id if situation else None)
    if direction:
        concerns = Q(questionnaire__direction=direction) | Q(questionnaire__life_situation__direction=direction)
        versions = versions.filter(concerns) if versions.filter(concerns).exists() else versions
    return [version.definition for version in versions.order_by("pk")]


def whole_document(version: QuestionnaireVersion) -> Document:
    """What would be published: of an extension's draft with the standard sections before its own."""
    return _assembled(version, None if version.published_at else _base_in_use(version))


def _assembled(version: QuestionnaireVersion, base: QuestionnaireVersion | None) -> Document:
    document: Document = version.document if isinstance(version.document, dict) else {}
    return editing.assembled(base.document, document) if base else document


def _base_in_use(version: QuestionnaireVersion) -> QuestionnaireVersion | None:
    """The version of the standard that a draft would add its questions to now, if it adds to one."""
    extends = version.questionnaire.extends
    return standard_in_use(extends) if extends else None


def locked_sections(version: QuestionnaireVersion) -> list[Document]:
    """The standard sections an extension's draft begins with, of the standard's newest version in use."""
    base = _base_in_use(version)
    return shaped(base.document)["sections"] if base else []


def standard_in_use(standard: Questionnaire) -> QuestionnaireVersion | None:
    """The newest version new links may be made to."""
    return newest_in_use(standard)


def newest_in_use(questionnaire: Questionnaire) -> QuestionnaireVersion | None:
    return questionnaire.versions.in_use().order_by("-number").first()


def codes_used(questionnaire: Questionnaire) -> set[str]:
    """Codes of sections and questions of all published versions, and of the standard that is extended.

    None of them is given to a new question: answers are kept under codes.
    """
    versions = QuestionnaireVersion.objects.published().filter(
        Q(questionnaire=questionnaire) | Q(questionnaire=questionnaire.extends_id)
    )
    documents = versions.values_list("document", flat=True)
    return {code for document in documents for code in editing.codes_of(document)}


def prefix_of(questionnaire: Questionnaire) -> str:
    """How the codes made up for a questionnaire begin."""
    return OWN if questionnaire.extends_id else ""


def options_used(questionnaire: Questionnaire, question: str) -> set[str]:
    """Codes the answers to a question have ever had in a published version."""
    codes = set()
    for document in questionnaire.versions.published().values_list("document", flat=True):
        try:
            asked, _ = editing.find_question(document, question)
        except editing.NotThere:
            continue
        codes |= {option["code"] for option in asked["options"]}
    return codes


def plain_reason(reason: str) -> str:
    """A reason as one line."""
    return re.sub(r"\s+", " ", reason).strip()


def _locked(questionnaire: Questionnaire, *, with_standard: bool = False) -> None:
    """Hold the row of a questionnaire, and with `with_standard` of the one it extends: no version of either is
    published or retired meanwhile. Always in the order of their keys: two who lock both never wait for each other.
    """
    wanted = {questionnaire.pk}
    if with_standard and questionnaire.extends_id is not None:
        wanted.add(questionnaire.extends_id)
    rows = Questionnaire.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    if questionnaire.pk not in rows.values_list("pk", flat=True):
        raise Questionnaire.DoesNotExist


def _locked_draft(version: QuestionnaireVersion, *, with_standard: bool = False) -> QuestionnaireVersion:
    _locked(version.questionnaire, with_standard=with_standard)
    draft = QuestionnaireVersion.objects.drafts().select_related("questionnaire__extends").filter(pk=version.pk).first()
    if draft is None:
        raise DraftGone
    return draft
