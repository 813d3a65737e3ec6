"""Demonstration of the editor of questionnaires: a region's additional questions, published, and its next draft."""

from django.utils import timezone

from nsi_portal.demo.people import people_of
from regions.models import Region
from regions.roles import Role
from surveys.models import Questionnaire
from surveys.questionnaires import editing
from surveys.questionnaires.shapes import Document
from surveys.services import questionnaires as services

PARKING: Document = {"type": "scale4", "text": "Удобно ли до нас добираться?", "code": "", "required": True}
WAY: Document = {
    "type": "single",
    "text": "Чем Вы добирались?",
    "code": "",
    "options": [
        {"code": "o1", "title": "Пешком"},
        {"code": "o2", "title": "Автобусом"},
        {"code": "o3", "title": "На машине"},
    ],
}


def compose_questionnaires() -> None:
    """Two questions after the standard ones, in Russian and Tatar; and a draft that asks one more."""
    by, at = people_of("niz")[Role.NSI_ADMIN], timezone.now()
    standard = Questionnaire.objects.standard().get(code="standard-employment")
    draft = services.extend(
        standard=standard,
        title="Центры занятости: как до нас добираться",
        region=Region.objects.get(code="RU-NIZ"),
        life_situation=None,
        by=by,
        at=at,
    )
    (section,) = (one["code"] for one in draft.document["sections"])

    def compose(document: Document) -> Document:
        for question in (PARKING, WAY):
            document, _ = editing.add_question(document, section, question, prefix=services.OWN)
        words = {
            "question.own_q1.text": "Безгә килү уңайлымы?",
            "question.own_q2.text": "Сез нәрсә белән килдегез?",
            "option.own_q2.o1": "Җәяү",
        }
        return editing.with_translation(document, "tt", words)

    draft = services.change_draft(version=draft, change=compose, by=by, at=at)
    version = services.publish(version=draft, revision=draft.revision, by=by, at=at)
    following = services.start_draft(questionnaire=version.questionnaire, version=version, by=by, at=at)
    question: Document = {
        "type": "text",
        "text": "Что мешало в дороге?",
        "code": "",
        "visible_if": {"question": "own_q1", "in": ["no", "rather_no"]},
    }
    services.change_draft(
        version=following,
        change=lambda document: editing.add_question(document, section, question, prefix=services.OWN)[0],
        by=by,
        at=at,
    )
