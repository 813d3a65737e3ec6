"""Demonstration of filling step by step: a region's own questionnaire in three languages, and a link to it."""

from typing import Any

from django.utils import timezone

from nsi_portal.demo.people import people_of
from regions.models import Participation, Region
from regions.roles import Role
from surveys.models import Questionnaire, SurveyLink
from surveys.services import questionnaires as services
from surveys.services.links import create_link

TITLE = "Как прошло Ваше обращение: по шагам"
RECOMMEND = "Готовы ли Вы рекомендовать другим людям получение услуг в этом центре занятости населения?"
DOCUMENT: dict[str, Any] = {
    "title": TITLE,
    "intro": "Несколько коротких шагов. Ответы сохраняются на каждом: можно прерваться и продолжить позже.",
    "thanks": "Спасибо! Ваши ответы приняты.",
    "paged": True,
    "sections": [
        {
            "code": "visit",
            "title": "Ваше обращение",
            "questions": [
                {
                    "code": "service_date",
                    "type": "date",
                    "text": "Когда Вы получили услугу?",
                    "required": True,
                    "measure": "service_date",
                },
                {
                    "code": "way",
                    "type": "single",
                    "text": "Как Вы обратились?",
                    "required": True,
                    "options": [
                        {"code": "site", "title": "Через сайт"},
                        {"code": "desk", "title": "Пришли сами"},
                    ],
                },
            ],
        },
        {
            "code": "site",
            "title": "Сайт",
            "questions": [
                {
                    "code": "handy",
                    "type": "scale4",
                    "text": "Удобно ли было на сайте?",
                    "required": True,
                    "visible_if": {"question": "way", "in": ["site"]},
                },
                {
                    "code": "unhandy",
                    "type": "text",
                    "text": "Что было неудобно?",
                    "visible_if": {"question": "handy", "in": ["rather_no", "no"]},
                },
            ],
        },
        {
            "code": "visits",
            "title": "Другие обращения",
            "help": "Если за помощью пришлось обращаться ещё куда-то. Если нет, идите дальше.",
            "repeat": {"min": 0, "max": 3, "add": "Добавить обращение"},
            "questions": [
                {"code": "where", "type": "text", "text": "Куда?", "required": True, "max_length": 100},
                {"code": "helped", "type": "scale4", "text": "Помогли ли там?"},
            ],
        },
        {
            "code": "rating",
            "title": "Ваша оценка",
            "questions": [
                {
                    "code": "satisfaction",
                    "type": "scale4",
                    "text": "Удовлетворены ли Вы текущим процессом оказания услуги или работы сервиса?",
                    "required": True,
                    "measure": "satisfaction",
                },
                {
                    "code": "recommend",
                    "type": "nps",
                    "text": RECOMMEND,
                    "required": True,
                    "measure": "nps",
                },
                {
                    "code": "days",
                    "type": "number",
                    "text": "Сколько дней заняло получение услуги?",
                    "unit": "дней",
                    "measure": "days",
                    "max": 1000,
                    "decimals": 1,
                },
            ],
        },
    ],
    "translations": {
        "tt": {
            "title": "Мөрәҗәгатегез ничек узды: адымлап",
            "intro": "Дүрт кыска адым. Җаваплар һәр адымда саклана: туктап торып, шул ук телефоннан дәвам итәргә була.",
            "thanks": "Рәхмәт! Җавапларыгыз кабул ителде.",
            "section.visit.title": "Сезнең мөрәҗәгать",
            "section.site.title": "Сайт",
            "section.visits.title": "Башка мөрәҗәгатьләр",
            "section.visits.help": "Ярдәм сорап тагын каядыр барырга туры килгән булса. Булмаса, алга барыгыз.",
            "section.visits.add": "Мөрәҗәгать өстәү",
            "section.rating.title": "Сезнең бәя",
            "question.service_date.text": "Хезмәтне кайчан алдыгыз?",
            "question.way.text": "Ничек мөрәҗәгать иттегез?",
            "option.way.site": "Сайт аша",
            "option.way.desk": "Үзем килеп",
            "question.handy.text": "Сайтта уңайлы булдымы?",
            "question.unhandy.text": "Нәрсә уңайсыз булды?",
            "question.where.text": "Кая?",
            "question.helped.text": "Анда ярдәм иттеләрме?",
            "question.satisfaction.text": "Хезмәт күрсәтү барышыннан яки сервис эшеннән канәгатьме Сез?",
            "question.recommend.text": "Шушы мәшгульлек үзәгендә хезмәт алуны башкаларга киңәш итәр идегезме?",
            "question.days.text": "Хезмәтне алу ничә көнгә сузылды?",
            "question.days.unit": "көн",
            "scale4.yes": "Әйе",
            "scale4.rather_yes": "Күбрәк әйе",
            "scale4.rather_no": "Күбрәк юк",
            "scale4.no": "Юк",
        },
        "en": {
            "title": "How your visit went: step by step",
            "intro": "Four short steps. Your answers are kept at each: you can stop and go on from the same phone.",
            "thanks": "Thank you! Your answers have been received.",
            "section.visit.title": "Your visit",
            "section.site.title": "The website",
            "section.visits.title": "Other visits",
            "section.visits.help": "If you had to go somewhere else for help. If not, go on.",
            "section.visits.add": "Add a visit",
            "section.rating.title": "Your opinion",
            "question.service_date.text": "When did you receive the service?",
            "question.way.text": "How did you apply?",
            "option.way.site": "On the website",
            "option.way.desk": "I came myself",
            "question.handy.text": "Was the website easy to use?",
            "question.unhandy.text": "What was difficult?",
            "question.where.text": "Where?",
            "question.helped.text": "Did they help you there?",
            "question.satisfaction.text": "Are you satisfied with how the service was provided or how it works?",
            "question.recommend.text": "Would you recommend this employment centre to other people?",
            "question.days.text": "How many days did it take to receive the service?",
            "question.days.unit": "days",
            "scale4.yes": "Yes",
            "scale4.rather_yes": "Rather yes",
            "scale4.rather_no": "Rather no",
            "scale4.no": "No",
        },
    },
}


def show_filling() -> None:
    by, at = people_of("niz")[Role.NSI_ADMIN], timezone.now()
    region = Region.objects.get(code="RU-NIZ")
    # Measured questions are worded as the Agency words them for employment centres.
    participation = Participation.objects.filter(
        institution__region=region, until=None, life_situation__direction__code="employment"
    ).order_by("pk")[0]
    owner = services.Owner(region, participation.life_situation.direction, participation.life_situation)
    draft = services.create(
        title=TITLE, kind=Questionnaire.Kind.QUESTIONNAIRE, owner=owner, document=DOCUMENT, by=by, at=at
    )
    version = services.publish(version=draft, revision=draft.revision, by=by, at=at)
    create_link(
        institution=participation.institution,
        life_situation=participation.life_situation,
        channel=SurveyLink.Channel.SITE,
        label="Анкета по шагам, на трёх языках",
        opens_on=region.local_date(at),
        by=by,
        version=version,
    )
