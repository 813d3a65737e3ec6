"""A questionnaire of four sections, in three languages, for the tests of filling step by step."""

from typing import Any

VISIT: dict[str, Any] = {
    "title": "Как прошло обращение",
    "language": "ru",
    "intro": "Займёт две минуты.",
    "thanks": "Спасибо!",
    "paged": True,
    "sections": [
        {
            "code": "visit",
            "title": "Обращение",
            "questions": [
                {
                    "code": "service_date",
                    "type": "date",
                    "text": "Когда Вы получили услугу?",
                    "required": True,
                    "measure": "service_date",
                },
                {
                    "code": "how",
                    "type": "single",
                    "text": "Как Вы обратились?",
                    "required": True,
                    "options": [{"code": "web", "title": "Через сайт"}, {"code": "desk", "title": "Лично"}],
                },
                {
                    "code": "why",
                    "type": "text",
                    "text": "Почему лично?",
                    "max_length": 200,
                    "visible_if": {"question": "how", "in": ["desk"]},
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
                    "text": "Удобен ли сайт?",
                    "required": True,
                    "visible_if": {"question": "how", "in": ["web"]},
                },
                {
                    "code": "unhandy",
                    "type": "text",
                    "text": "Что неудобно?",
                    "visible_if": {"question": "handy", "in": ["no", "rather_no"]},
                },
            ],
        },
        {
            "code": "kin",
            "title": "Родные",
            "help": "Если обращались не для себя.",
            "repeat": {"min": 0, "max": 3, "add": "Добавить родственника"},
            "questions": [
                {"code": "age", "type": "number", "text": "Сколько лет?", "required": True, "unit": "лет", "max": 120},
                {
                    "code": "need",
                    "type": "single",
                    "text": "Нужен уход?",
                    "options": [{"code": "yes", "title": "Да"}, {"code": "no", "title": "Нет"}],
                },
                {"code": "note", "type": "text", "text": "Какой?", "visible_if": {"question": "need", "in": ["yes"]}},
            ],
        },
        {
            "code": "rating",
            "title": "Оценка",
            "questions": [
                {
                    "code": "satisfaction",
                    "type": "scale4",
                    "text": "Довольны ли Вы?",
                    "required": True,
                    "measure": "satisfaction",
                },
                {"code": "recommend", "type": "nps", "text": "Посоветуете нас?", "required": True, "measure": "nps"},
                {
                    "code": "days",
                    "type": "number",
                    "text": "Сколько дней?",
                    "unit": "дней",
                    "measure": "days",
                    "max": 1000,
                },
            ],
        },
    ],
    "translations": {
        "tt": {
            "title": "Мөрәҗәгать ничек узды",
            "intro": "Ике минут вакыт ала.",
            "thanks": "Рәхмәт!",
            "section.visit.title": "Мөрәҗәгать",
            "question.service_date.text": "Хезмәтне кайчан алдыгыз?",
            "question.how.text": "Ничек мөрәҗәгать иттегез?",
            "option.how.web": "Сайт аша",
            "option.how.desk": "Үзем килеп",
            "scale4.yes": "Әйе",
        },
        "ba": {"title": "Мөрәжәғәт нисек үтте", "question.how.text": "Нисек мөрәжәғәт иттегеҙ?"},
        "ar": {"title": "كيف كانت زيارتك"},
    },
}
