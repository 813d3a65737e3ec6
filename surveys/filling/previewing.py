"""A version as respondents will see it, drafts too: the public page itself, with nothing stored and nobody's link."""

import re
from datetime import date

from surveys.filling import pages
from surveys.filling.steps import Steps
from surveys.models import Questionnaire, QuestionnaireVersion, SurveyLink
from surveys.questionnaires import editing
from surveys.questionnaires.answers import InvalidAnswers, Sent, read_answers
from surveys.questionnaires.definition import Definition
from surveys.services import questionnaires as services
from surveys.services.arriving import Origin

PLACE = "Название учреждения"


def definition_of(version: QuestionnaireVersion) -> Definition | None:
    """What can be shown of a version: of a draft without the questions that have errors; None when nothing can."""
    if version.published_at:
        return version.definition
    document = services.whole_document(version)
    questionnaire = version.questionnaire
    return editing.showable(document, services.check_of(questionnaire.kind, questionnaire.is_standard, document))


def preview_page(version: QuestionnaireVersion, definition: Definition, today: date, sent: Sent) -> pages.Page:
    """The page as it is first opened (`sent` empty), or what it answers to what was sent. The portal may frame it."""
    card = _card(version, definition)
    language = next((one for name in ("_speak", "_lang") for one in sent.get(name, ())), definition.language)
    if language not in definition.languages:
        language = definition.language
    errors: dict[str, str] = {}
    step = 0 if definition.paged else None
    wish = (sent.get("_do") or [""])[0]
    if step is not None:
        step, errors = _step(Steps.of(definition, sent, today=today), sent, wish)
    elif sent and not sent.keys() & {"add", "_speak"}:
        errors = _errors(definition, sent, today)
    is_last = wish == "" and bool(sent) and not sent.keys() & {"add", "_speak"}
    if is_last and not errors and not _errors(definition, sent, today):
        return _framed(pages.thanks_page(card, language, "preview"))
    sheet = pages.Sheet(language, sent, step)
    return _framed(pages.filled_page(card, today, key="preview", sheet=sheet, errors=errors))


def nothing_page() -> pages.Page:
    return _framed(pages.render_page("nothing_to_preview"))


def _step(steps: Steps, sent: Sent, wish: str) -> tuple[int, dict[str, str]]:
    """The step to show and what is wrong on it."""
    asked = (sent.get("_step") or ["0"])[0]
    step = steps.nearest(int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0)
    if wish == "back":
        return steps.before(step) or 0, {}
    if not sent or sent.keys() & {"add", "_speak"}:
        return step, {}
    if errors := steps.errors_on(step):
        return step, errors
    following = steps.after(step)
    return (step, {}) if following is None else (following, {})


def _errors(definition: Definition, sent: Sent, today: date) -> dict[str, str]:
    try:
        read_answers(definition, sent, today=today)
    except InvalidAnswers as invalid:
        return invalid.errors
    return {}


def _card(version: QuestionnaireVersion, definition: Definition) -> pages.Card:
    questionnaire = version.questionnaire
    situation = questionnaire.life_situation
    direction = questionnaire.direction
    title = situation.short_title if situation else str(direction or Questionnaire.Kind(questionnaire.kind).label)
    # Never stored: a link nobody can open. Its digest is that of what is shown, drafts have none of their own.
    shown = QuestionnaireVersion(questionnaire=questionnaire, digest=definition.digest())
    return pages.Card(
        link=SurveyLink(token="preview", version=shown, channel=SurveyLink.Channel.INTERVIEWER),  # noqa: S106  (no secret)
        origin=Origin(0, version.pk, 0, 0, is_measured=False),
        definition=definition,
        institution=PLACE,
        life_situation=title,
        changes=(),
        read_at=0,
    )


def _framed(page: pages.Page) -> pages.Page:
    return pages.Page(page.body, re.sub(r"frame-ancestors '\w+'", "frame-ancestors 'self'", page.policy))
