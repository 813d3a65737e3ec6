"""What is wrong with a questionnaire that is being made: everything at once, each finding at its place. Pure.

`check` takes anything that can stand in a JSON document and never raises: a draft need not be whole, and a file may be
made by anybody. What it finds no error in is let through by `Definition`, and the other way round.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from regions.signs import TURNING, UNPRINTABLE
from surveys.questionnaires.definition import MEASURE_TYPES, MOST_MEASURED, RESERVED, SCALE4, Definition
from surveys.questionnaires.languages import title as language_name
from surveys.questionnaires.shapes import Document, conditions_of, places, shaped

MOST_SECTIONS = 50
MOST_QUESTIONS = 100
# More than anybody reads; a document that is wrong everywhere is not looked at further.
MOST_FINDINGS = 200
# So many questions are looked at one by one: twice what a questionnaire can hold.
MOST_LOOKED_AT = 10_000

MEASURE_TITLES = {
    "service_date": "день получения услуги",
    "satisfaction": "удовлетворённость",
    "documents": "количество документов",
    "duration": "длительность",
    "clarity": "простота и понятность",
    "support": "поддержка и сервис",
    "nps": "готовность рекомендовать (NPS)",
    "days": "время, дней",
}
TYPE_TITLES = {
    "single": "Один ответ",
    "multiple": "Несколько ответов",
    "scale4": "Да — Скорее да — Скорее нет — Нет",
    "nps": "Оценка от 0 до 10",
    "number": "Число",
    "date": "Дата",
    "text": "Текст",
}
FIELD_TITLES = {
    "title": "название",
    "language": "язык",
    "intro": "вступление",
    "thanks": "благодарность",
    "paged": "показ по разделам",
    "translations": "переводы",
    "sections": "разделы",
    "code": "код",
    "help": "подсказка",
    "repeat": "повторы раздела",
    "questions": "вопросы",
    "type": "вид вопроса",
    "text": "текст вопроса",
    "required": "обязательность",
    "measure": "показатель",
    "visible_if": "условие показа",
    "question": "вопрос условия",
    "in": "ответы условия",
    "values": "ответы условия",
    "options": "варианты ответа",
    "unit": "единица",
    "min": "наименьшее",
    "max": "наибольшее",
    "decimals": "знаков после запятой",
    "max_length": "длина ответа",
    "scale_titles": "слова шкалы",
    "add": "надпись кнопки",
}
_CHOICE_TYPES = ("single", "multiple", "scale4", "nps")


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (`error`: stands in the way of publishing) or doubtful (`warning`).

    `section` and `question` count from 0 in the document; None: it concerns the questionnaire, or the whole section.
    `field` is the name of the field in the document, or empty.
    """

    severity: Severity
    message: str
    section: int | None = None
    question: int | None = None
    field: str = ""

    @property
    def place(self) -> str:
        """Where it is, in Russian, as the editor numbers things."""
        words = []
        if self.section is not None:
            words.append(f"раздел {self.section + 1}")
        if self.question is not None:
            words.append(f"вопрос {self.question + 1}")
        if self.field:
            words.append(FIELD_TITLES.get(self.field, f"поле «{_short(self.field)}»"))
        place = ", ".join(words) or "анкета"
        return place[0].upper() + place[1:]

    @property
    def is_error(self) -> bool:
        return self.severity == Severity.ERROR


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the instrument is for: decides which measures it must have."""

    is_questionnaire: bool = True  # filled in by the people served; otherwise a guide, script or observation sheet
    is_standard: bool = False  # the Agency's, counted for the КПЭ of the whole country


def errors_of(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.is_error]


def check(document: object, purpose: Purpose = Purpose()) -> list[Finding]:
    """All findings, those of the questionnaire first, then in the order of the page; at most MOST_FINDINGS.

    Never raises, whatever the document holds.
    """
    found = list(_check(document, purpose))
    unique = list(dict.fromkeys(found))
    unique.sort(
        key=lambda one: (one.section is not None, one.section or 0, one.question is not None, one.question or 0)
    )
    if len(unique) > MOST_FINDINGS:
        errors_first = sorted(unique, key=lambda one: not one.is_error)[: MOST_FINDINGS - 1]
        rest = Finding(Severity.ERROR, f"И ещё замечаний: {len(unique) - len(errors_first)}. Исправьте сначала эти.")
        return [rest, *(one for one in unique if one in set(errors_first))]
    return unique


def _check(document: object, purpose: Purpose) -> Iterator[Finding]:
    if not isinstance(document, dict):
        yield Finding(Severity.ERROR, "Это не анкета: нужен объект с разделами и вопросами.")
        return
    structure = list(_structure(document))
    draft = shaped(document)
    number = sum(len(section["questions"]) for section in draft["sections"])
    if number > MOST_LOOKED_AT or len(draft["sections"]) > MOST_LOOKED_AT:
        yield Finding(Severity.ERROR, f"Слишком много вопросов: {number}. В анкете их не больше нескольких сотен.")
        return
    yield from structure
    contents = [*_sections(draft), *_conditions(draft), *_texts(draft)]
    yield from contents
    yield from _translations(draft)
    yield from _measures(draft, purpose)
    if not errors_of([*structure, *contents]):
        # A rule of the definition that has no words of its own here is still an error, never a crash at publishing.
        try:
            Definition.model_validate(document)
        except ValidationError as error:
            for one in error.errors():
                section, question, field = _place_of(one["loc"])
                yield Finding(Severity.ERROR, _russian(one), section, question, field)


# Structure -----------------------------------------------------------------------------------------------------------


def _structure(document: Mapping[str, Any]) -> Iterator[Finding]:
    """Types, lengths and numbers of every field, by the definition itself; its words are said in Russian."""
    try:
        Definition.model_validate(document)
    except ValidationError as error:
        for one in error.errors(include_url=False)[: 5 * MOST_FINDINGS]:
            # Rules that join several fields are looked for by hand below: there all of them are found.
            if one["type"] == "value_error":
                continue
            section, question, field = _place_of(one["loc"])
            # An empty section is said in the words of its own.
            if one["type"] == "too_short" and field == "questions":
                continue
            yield Finding(Severity.ERROR, _russian(one), section, question, field)


def _place_of(loc: Sequence[int | str]) -> tuple[int | None, int | None, str]:
    parts = list(loc)
    section = question = None
    if len(parts) > 1 and parts[0] == "sections" and isinstance(parts[1], int):
        section, parts = parts[1], parts[2:]
        if len(parts) > 1 and parts[0] == "questions" and isinstance(parts[1], int):
            question, parts = parts[1], parts[2:]
    names = [part for part in parts if isinstance(part, str) and part != "[key]"]
    if names[:1] in (["options"], ["translations"]):
        return section, question, names[0]
    return section, question, names[-1] if names else ""


def _russian(error: Mapping[str, Any]) -> str:
    """What pydantic has found, in words for the person who makes the questionnaire."""
    context: Mapping[str, Any] = error.get("ctx") or {}
    say = _WORDS.get(error["type"])
    if say is not None:
        return say(error, context)
    if error["type"].startswith(("int_", "decimal_", "finite_", "float_")):
        return "Нужно число."
    if error["type"].startswith("bool_"):
        return "Нужно «да» или «нет»."
    if error["type"].endswith("_type"):
        return "Здесь должно стоять другое: проверьте файл."
    return "Такое значение не подходит."


def _value_error(error: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    # The rules of the definition speak Russian themselves.
    text = str(context.get("error", ""))
    return text[:1].upper() + text[1:] + "." if text else "Такое значение не подходит."


def _too_long(error: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    size = len(error["input"]) if isinstance(error.get("input"), str) else 0
    now = f", сейчас {_thousands(size)}" if size else ""
    return f"Слишком длинно: не больше {_thousands(context['max_length'])} знаков{now}."


def _too_many(error: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    now = context.get("actual_length") or (len(error["input"]) if isinstance(error.get("input"), list | dict) else None)
    return f"Слишком много: не больше {context['max_length']}" + (f", сейчас {_thousands(now)}." if now else ".")


_CODE_RULE = "Строчные латинские буквы, цифры и «_», сначала буква, не больше 50 знаков."
_WORDS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], str]] = {
    "missing": lambda error, context: "Не заполнено.",
    "extra_forbidden": lambda error, context: "Такого поля в анкете нет.",
    "string_type": lambda error, context: "Нужен текст.",
    "string_unicode": lambda error, context: "Недопустимый знак.",
    "string_too_short": lambda error, context: "Не заполнено.",
    "string_too_long": _too_long,
    "string_pattern_mismatch": lambda error, context: _CODE_RULE,
    "literal_error": lambda error, context: f"Такого вида вопроса нет. Бывают: {', '.join(TYPE_TITLES)}.",
    "too_short": lambda error, context: f"Нужно не меньше {context.get('min_length', 1)}.",
    "too_long": _too_many,
    "greater_than_equal": lambda error, context: f"Не меньше {context.get('ge')}.",
    "less_than_equal": lambda error, context: f"Не больше {context.get('le')}.",
    "value_error": _value_error,
}


# Contents ------------------------------------------------------------------------------------------------------------


def _sections(draft: Document) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    measures: dict[str, int] = {}
    if not draft["sections"]:
        yield Finding(Severity.ERROR, "В анкете нет ни одного раздела.")
    for at, section in enumerate(draft["sections"]):
        if not section["questions"]:
            yield Finding(Severity.ERROR, "В разделе нет вопросов: добавьте вопрос или уберите раздел.", at)
        if section["code"] and (other := seen.get(section["code"])):
            yield Finding(Severity.ERROR, f"Код «{_short(section['code'])}» уже у {other}.", at, None, "code")
        seen.setdefault(section["code"], f"раздела {at + 1}")
        repeat = section.get("repeat")
        if isinstance(repeat, dict) and _more(repeat.get("min", 1), repeat.get("max", 5)):
            yield Finding(Severity.ERROR, "Наименьшее число повторов больше наибольшего.", at, None, "repeat")
        for number, question in enumerate(section["questions"]):
            code = question["code"]
            if code in RESERVED:
                yield Finding(Severity.ERROR, f"Код «{code}» занят порталом: выберите другой.", at, number, "code")
            if code and (other := seen.get(code)):
                yield Finding(Severity.ERROR, f"Код «{_short(code)}» уже у {other}.", at, number, "code")
            seen.setdefault(code, f"вопроса {number + 1} раздела {at + 1}")
            for message, field in _question(question):
                yield Finding(Severity.ERROR, message, at, number, field)
            measure = question.get("measure")
            if not isinstance(measure, str) or not measure:
                continue
            measures[measure] = measures.get(measure, 0) + 1
            title = MEASURE_TITLES.get(measure, measure)
            if measures[measure] > 1:
                message = f"Показатель «{_short(title)}» измеряют несколько вопросов: оставьте один."
                yield Finding(Severity.ERROR, message, at, number, "measure")
            if repeat is not None:
                message = "Показатель нельзя измерять в повторяющемся разделе: ответов было бы несколько."
                yield Finding(Severity.ERROR, message, at, number, "measure")


def _question(question: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong inside one question: message and field."""
    kind = question["type"]
    options = question["options"]
    if kind in ("single", "multiple"):
        codes = [option["code"] for option in options]
        if len(codes) < 2:
            yield "Нужно не меньше двух вариантов ответа.", "options"
        if len(set(codes)) != len(codes):
            yield "Два варианта ответа с одним кодом.", "options"
    elif options:
        yield "Варианты ответа бывают только у вопросов с выбором.", "options"
    if question.get("scale_titles"):
        yield "Слова этой шкалы менять нельзя: они одни для всех анкет.", "scale_titles"
    least, most = question.get("min", 0), question.get("max", 1_000_000)
    if _more(least, most):
        yield "Наименьшее больше наибольшего.", "min"
    measure = question.get("measure")
    if isinstance(measure, str) and measure:
        if kind == "number" and (_more(0, least) or _more(most, MOST_MEASURED)):
            yield f"Число, по которому считают показатель, — от 0 до {MOST_MEASURED}.", "max"
        wanted = MEASURE_TYPES.get(measure)
        if wanted and wanted != kind:
            yield f"Показателю «{MEASURE_TITLES[measure]}» нужен вид вопроса «{TYPE_TITLES[wanted]}».", "measure"


def _more(one: object, other: object) -> bool:
    """Whether both are numbers and the first is the greater."""
    try:
        return float(one) > float(other)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


# Conditions ----------------------------------------------------------------------------------------------------------


def _answers_of(question: Mapping[str, Any]) -> set[str]:
    """Codes one can choose from; empty for questions typed in."""
    match question["type"]:
        case "scale4":
            return set(SCALE4)
        case "nps":
            return {str(number) for number in range(11)}
        case "single" | "multiple":
            return {option["code"] for option in question["options"]}
        case _:
            return set()


def _conditions(draft: Document) -> Iterator[Finding]:
    """Conditions on what is not there or comes later, circles, and questions nobody can ever be shown."""
    where: dict[str, tuple[int, int, Mapping[str, Any]]] = {}
    for at, section in enumerate(draft["sections"]):
        for number, question in enumerate(section["questions"]):
            where.setdefault(question["code"], (at, number, question))
    circles = _in_circles(draft)
    # Whether it can be shown at all; decided in the order of the page, where what it hangs on stands earlier.
    hidden: set[str] = set()
    for at, section in enumerate(draft["sections"]):
        for number, question in enumerate(section["questions"]):
            condition = conditions_of(question)
            if condition is None:
                continue
            asked_code, values = condition
            message = ""
            asked = where.get(asked_code)
            if question["code"] in circles:
                message = (
                    "Вопрос зависит от ответа на самого себя: его никто не увидит."
                    if asked_code == question["code"]
                    else f"Условия замкнуты в круг: {circles[question['code']]}. Этих вопросов никто не увидит."
                )
            elif asked is None:
                message = f"Вопроса «{_short(asked_code)}», от которого зависит этот, в анкете нет."
            elif asked[:2] >= (at, number):
                message = "Условие ссылается на вопрос, который стоит позже: переставьте вопросы."
            elif draft["sections"][asked[0]].get("repeat") is not None and asked[0] != at:
                message = "Условие ссылается внутрь другого, повторяющегося раздела."
            elif asked[2]["type"] not in _CHOICE_TYPES:
                message = "Условие возможно только на вопрос с выбором ответа."
            else:
                known = _answers_of(asked[2])
                unknown = sorted(value for value in values if value not in known)
                if not values:
                    message = "В условии не выбран ни один ответ."
                elif unknown:
                    message = f"Ответа «{_short(unknown[0])}», от которого зависит вопрос, больше нет."
                if known.isdisjoint(values) or asked_code in hidden:
                    hidden.add(question["code"])
                    if not message:
                        message = (
                            f"Вопрос никто не увидит: он зависит от вопроса «{_short(asked_code)}»,"
                            " который сам никогда не показывается."
                        )
                elif not message and known <= set(values) and asked[2].get("required") is True:
                    same = "Условие верно при любом ответе: его можно убрать."
                    yield Finding(Severity.WARNING, same, at, number, "visible_if")
            if message:
                if asked is None or question["code"] in circles:
                    hidden.add(question["code"])
                yield Finding(Severity.ERROR, message, at, number, "visible_if")


def _in_circles(draft: Document) -> dict[str, str]:
    """Codes of the questions whose conditions lead back to themselves → the circle in words."""
    follows: dict[str, str] = {}
    for section in draft["sections"]:
        for question in section["questions"]:
            condition = conditions_of(question)
            if condition is not None:
                follows.setdefault(question["code"], condition[0])
    found: dict[str, str] = {}
    done: set[str] = set()
    for start in follows:
        path: dict[str, None] = {}
        code = start
        while code in follows and code not in done and code not in path:
            path[code] = None
            code = follows[code]
        if code in path:
            codes = list(path)
            circle = codes[codes.index(code) :]
            shown = [*circle[:5], *(["…"] if len(circle) > 5 else []), circle[0]]
            words = " → ".join(f"«{_short(one)}»" for one in shown)
            found |= dict.fromkeys(circle, words)
        done |= path.keys()
    return found


# Words, translations, measures ---------------------------------------------------------------------------------------


def _texts(draft: Document) -> Iterator[Finding]:
    for at, number, field, text in _words_of(draft):
        if UNPRINTABLE.search(text):
            yield Finding(Severity.ERROR, "В тексте есть недопустимый знак (не печатается).", at, number, field)
        elif TURNING.search(text):
            message = "В тексте есть невидимый знак направления письма: строка может показаться задом наперёд."
            yield Finding(Severity.WARNING, message, at, number, field)


def _words_of(draft: Document) -> Iterator[tuple[int | None, int | None, str, str]]:
    for name in ("title", "intro", "thanks"):
        yield None, None, name, draft[name]
    for language, words in draft["translations"].items():
        for text in (language, *words, *words.values()):
            yield None, None, "translations", text
    for at, section in enumerate(draft["sections"]):
        repeat = section.get("repeat")
        button = repeat.get("add") if isinstance(repeat, dict) else None
        for name, text in (("title", section["title"]), ("help", section["help"]), ("add", button)):
            if isinstance(text, str):
                yield at, None, name, text
        for number, question in enumerate(section["questions"]):
            for name in ("text", "help", "unit", "measure"):
                if isinstance(question.get(name), str):
                    yield at, number, name, question[name]
            for option in question["options"]:
                yield at, number, "options", option["title"]


def _translations(draft: Document) -> Iterator[Finding]:
    known = places(draft) if draft["translations"] else {}
    for language, words in draft["translations"].items():
        name = language_name(language)
        if language == draft["language"]:
            message = f"Перевод на язык самой анкеты ({_short(name)}) не нужен."
            yield Finding(Severity.ERROR, message, None, None, "translations")
        unknown = sorted(words.keys() - known.keys())
        if unknown:
            message = f"{_short(name)}: переведён текст, которого в анкете нет, — «{_short(unknown[0])}»."
            yield Finding(Severity.ERROR, message, None, None, "translations")
        missing = len(known.keys() - words.keys())
        if missing:
            message = f"{_short(name)}: не переведено {missing} из {len(known)} текстов, они останутся на первом языке."
            yield Finding(Severity.WARNING, message, None, None, "translations")


def _measures(draft: Document, purpose: Purpose) -> Iterator[Finding]:
    found = {
        question["measure"]
        for section in draft["sections"]
        for question in section["questions"]
        if isinstance(question.get("measure"), str)
    }
    if not purpose.is_questionnaire:
        if found:
            message = "Инструмент заполняют сотрудники: по нему показатели не считаются."
            yield Finding(Severity.WARNING, message)
        return
    missing = [name for name in ("service_date", "satisfaction", "nps", "days") if name not in found]
    if purpose.is_standard:
        for name in missing:
            severity = Severity.WARNING if name == "days" else Severity.ERROR
            yield Finding(severity, f"Нет вопроса для показателя «{MEASURE_TITLES[name]}»: КПЭ не посчитать.")
    elif "service_date" in missing:
        message = "Нет вопроса о дне получения услуги: ответы не войдут в КПЭ, у анкеты будут только свои результаты."
        yield Finding(Severity.WARNING, message)
    elif missing:
        titles = ", ".join(f"«{MEASURE_TITLES[name]}»" for name in missing)
        yield Finding(Severity.WARNING, f"Нет вопросов для показателей: {titles}.")


def _short(text: object) -> str:
    """At most forty characters of somebody's words, printable."""
    clean = UNPRINTABLE.sub("�", str(text))
    return clean if len(clean) <= 40 else f"{clean[:39]}…"


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", "\u00a0")
