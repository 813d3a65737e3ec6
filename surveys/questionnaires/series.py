"""The wording of a measured question, which must stay the same or its values cannot be compared. Pure.

The only home of the rule. A question that measures an indicator keeps its code, kind, wording, answers, unit, bounds,
condition and whether it must be answered; its help, translations and place may change. Source: 001, IV.4.1 (standard
questions); DESIGN 7.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from surveys.questionnaires.checking import MEASURE_TITLES, Finding, Severity
from surveys.questionnaires.definition import Definition, Question
from surveys.questionnaires.shapes import Document, shaped

# Field of the document → what it is, in the accusative of «изменить …».
FROZEN = {
    "code": "код",
    "type": "вид вопроса",
    "text": "формулировку",
    "options": "варианты ответа",
    "unit": "единицу",
    "min": "наименьшее значение",
    "max": "наибольшее значение",
    "decimals": "точность",
    "visible_if": "условие показа",
    "required": "обязательность",
}


def broken_series(document: object, previous: Definition) -> list[Finding]:
    """What a new version of a standard questionnaire does to the series of the previous one, each as an error.

    Every measured question of `previous` must be there with the same measure and the same wording.
    """
    findings = []
    by_code, by_measure = _measured(document)
    for measure, before in previous.by_measure.items():
        title = MEASURE_TITLES.get(measure, measure)
        at = by_measure.get(measure)
        if at is None:
            kept = by_code.get(before.code)
            message = (
                f"Вопрос «{before.code}» измеряет показатель «{title}»: "
                f"{'снять с него показатель' if kept else 'убрать его'} нельзя, прервётся ряд значений."
            )
            section, question = kept[:2] if kept else (None, None)
            findings.append(Finding(Severity.ERROR, message, section, question, "measure" if kept else ""))
            continue
        findings += _differences(at, [before], "прервётся ряд значений")
    return findings


def foreign_wording(document: object, standards: Sequence[Definition]) -> list[Finding]:
    """Measured questions of a region that are not worded as any of the standard questionnaires word them, as errors.

    A region's questionnaire, copied or its own, measures by the standard words or does not measure. A measure that no
    standard questionnaire has is free.
    """
    findings: list[Finding] = []
    for measure, at in _measured(document)[1].items():
        worded = [one.by_measure[measure] for one in standards if measure in one.by_measure]
        if worded:
            why = "его ответы нельзя будет сравнить: верните слова стандартной анкеты или снимите показатель"
            findings += _differences(at, worded, why)
    return findings


def _measured(document: object) -> tuple[dict[str, tuple[int, int, Document]], dict[str, tuple[int, int, Document]]]:
    """Where each question stands, by its code; and the measured ones by their measure."""
    by_code: dict[str, tuple[int, int, Document]] = {}
    by_measure: dict[str, tuple[int, int, Document]] = {}
    for section_at, section in enumerate(shaped(document)["sections"]):
        for question_at, question in enumerate(section["questions"]):
            at = (section_at, question_at, question)
            by_code.setdefault(question["code"], at)
            if isinstance(question.get("measure"), str) and question["measure"]:
                by_measure.setdefault(question["measure"], at)
    return by_code, by_measure


def _differences(at: tuple[int, int, Document], allowed: Iterable[Question], why: str) -> Iterator[Finding]:
    """The fewest changes from one of the allowed wordings, each at its field."""
    section, number, question = at
    fewest = min((list(_changed(question, one)) for one in allowed), key=len)
    title = MEASURE_TITLES.get(question["measure"], question["measure"])
    for field in fewest:
        message = f"Вопрос измеряет показатель «{title}»: изменить {FROZEN[field]} нельзя, {why}."
        yield Finding(Severity.ERROR, message, section, number, field)


def _changed(question: Mapping[str, Any], before: Question) -> Iterator[str]:
    old, new = _traits(before.model_dump(mode="json", by_alias=True)), _traits(question)
    for field in FROZEN:
        if old[field] != new[field]:
            yield field


def _traits(question: Mapping[str, Any]) -> dict[str, Any]:
    """The frozen fields as plain values that can be compared, whatever a draft holds."""
    condition = question.get("visible_if")
    numbers = {"min": 0, "max": 1_000_000, "decimals": 0}
    return {
        "code": question.get("code"),
        "type": question.get("type"),
        "text": str(question.get("text") or "").strip(),
        "unit": str(question.get("unit") or "").strip(),
        "required": question.get("required") is True,
        "options": [
            (option.get("code"), str(option.get("title") or "").strip()) for option in question.get("options") or []
        ],
        "visible_if": (condition.get("question"), sorted(map(str, condition.get("in") or [])))
        if isinstance(condition, dict)
        else None,
        # Bounds say nothing of a question that is not a number.
        **(
            {name: _number(question.get(name, default)) for name, default in numbers.items()}
            if question.get("type") == "number"
            else dict.fromkeys(numbers)
        ),
    }


def _number(value: object) -> object:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return str(value)
