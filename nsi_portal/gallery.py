"""The gallery: every component in every state, for those who build pages. Shows made-up figures, reads no data."""

import re
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import django_tables2 as tables
from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from jobs.models import Job
from nsi_portal.environment import BASE_DIR
from regions.history import Change, FieldChange
from regions.lists import NUMBER, ListTable


class _ExampleForm(forms.Form):
    name = forms.CharField(label="Название", max_length=100)
    email = forms.EmailField(label="Электронная почта", help_text="На неё придёт приглашение.")
    clients = forms.IntegerField(label="Обслужено человек", min_value=0)
    held_on = forms.DateField(label="Дата", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    sphere = forms.ChoiceField(label="Сфера", choices=[("", "Выберите"), ("1", "Здравоохранение"), ("2", "Труд")])
    scheme = forms.ChoiceField(
        label="Как взвешивать учреждения",
        help_text="Решение принимает Региональный штаб.",
        choices=[("clients", "По числу обслуженных"), ("respondents", "По числу ответов"), ("equal", "Поровну")],
        widget=forms.RadioSelect,
    )
    channels = forms.MultipleChoiceField(
        label="Каналы",
        choices=[("poster", "Плакат"), ("email", "Письмо"), ("sms", "СМС")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    comment = forms.CharField(label="Примечание", required=False, widget=forms.Textarea({"rows": 3}))
    agreed = forms.BooleanField(label="Решение штаба принято")
    decision = forms.FileField(label="Решение", required=False)


class _ExampleFilter(forms.Form):
    sphere = forms.ChoiceField(label="Сфера", required=False, choices=[("", "Все"), ("1", "Здравоохранение")])
    text = forms.CharField(label="Название содержит", required=False)


def _job(state: Job.State, percent: int, message: str, error_id: str = "") -> SimpleNamespace:
    return SimpleNamespace(
        pk=f"example-{state}",
        state=state,
        percent=percent,
        message=message,
        error_id=error_id,
        is_active=state in Job.ACTIVE,
        get_state_display=state.label,
    )


_COLUMNS = ["Учреждение", "Ответов", "Удовлетворённость", "NPS"]
_ROWS = [
    ("Центр занятости Канавинского района", "1 240", "91,2 % (89,5…92,7)", "+41 (+37…+45)"),
    ("Центр занятости города Бор", "86", "83,7 % (74,5…90,1)", "+22 (+6…+37)"),
    ("Центр занятости Вознесенского округа", "7", "нет значения: мало ответов", "нет значения: мало ответов"),
]


def _row(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"text": text, "label": title, "num": number > 0, "href": "" if number else "#table"}
        for number, (title, text) in enumerate(zip(_COLUMNS, texts, strict=True))
    ]


class _ExampleTable(ListTable):
    name = tables.Column("Учреждение")
    answers = tables.Column("Ответов", attrs=NUMBER)


def _list() -> dict[str, Any]:
    table = _ExampleTable(
        [{"name": row[0], "answers": number * 40} for number, row in enumerate(_ROWS, start=1)], order_by="name"
    )
    table.paginate(page=1, per_page=len(_ROWS))
    return {"table": table, "page": table.page}


def icon_names() -> list[str]:
    """Names of the icons in the sprite."""
    sprite = (BASE_DIR / "static" / "img" / "icons.svg").read_text()
    return re.findall(r'<symbol id="([^"]+)"', sprite)


def examples() -> dict[str, Any]:
    """What the gallery shows."""
    wrong = QueryDict("name=Центр занятости&email=ivanova&clients=-3&scheme=other&comment=Набранное остаётся")
    return {
        "breadcrumb_items": [
            {"title": "Мой кабинет", "url": "#main"},
            {"title": "Нижегородская область", "url": "#main"},
        ],
        "date": date(2026, 11, 20),
        "jobs": [
            _job(Job.State.QUEUED, 0, ""),
            _job(Job.State.RUNNING, 40, "Считаем учреждения: 12 из 30"),
            _job(Job.State.DONE, 100, "Обработано 30 учреждений"),
            _job(Job.State.FAILED, 40, "", "4f1c2a9be07d"),
        ],
        "columns": [{"title": title, "num": number > 0} for number, title in enumerate(_COLUMNS)],
        "rows": [_row(row) for row in _ROWS],
        "foot": _row(("Регион, по числу обслуженных", "1 333", "90,4 % (88,9…91,8)", "+39 (+35…+43)")),
        "page": Paginator(range(230), 25).page(2),
        "query": QueryDict("sphere=1"),
        "facts": [
            {"term": "Учреждение", "text": "Центр занятости Канавинского района", "href": "#facts"},
            {"term": "Вид поселения", "text": "город"},
            {"term": "Участвует с", "text": "21 августа 2026 г."},
            {"term": "Примечание", "text": ""},
        ],
        "steps": [
            {"title": "Собрать ответы", "text": "до 20 ноября", "state": "done"},
            {"title": "Рассчитать", "text": "27 из 30 учреждений", "state": "current"},
            {"title": "Опубликовать", "text": "после проверки", "state": "next"},
        ],
        "list": _list(),
        "tabs": [
            {"title": "Карточка", "url": "#tabs", "active": True},
            {"title": "Люди", "url": "#tabs", "active": False},
        ],
        "changes": [
            Change(
                datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
                "Фомина Татьяна Львовна",
                "изменено",
                "учреждение: Центр занятости города Бор",
                [FieldChange("населённый пункт", "Бор", "город Бор"), FieldChange("сфера", "—", "Рынок труда")],
            ),
            Change(
                datetime(2026, 11, 2, 7, 0, tzinfo=UTC), "", "внесено", "учреждение: Центр занятости города Бор", []
            ),
        ],
        "blank_form": _ExampleForm(prefix="blank"),
        "wrong_form": _ExampleForm(wrong),
        "filter_form": _ExampleFilter(prefix="filter"),
        "icons": icon_names(),
    }


def gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "components/gallery.html", examples())
