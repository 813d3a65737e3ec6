"""Two versions of a questionnaire side by side: what was added, removed, moved and reworded. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Literal

from surveys.questionnaires.checking import MEASURE_TITLES, TYPE_TITLES
from surveys.questionnaires.definition import Definition, Question, Section
from surveys.questionnaires.languages import title as language_name

# Past so many words marking each is slower than reading and says nothing.
MOST_WORDS = 2000


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"

    @property
    def words(self) -> str:
        return {"added": "добавлено", "removed": "убрано", "moved": "переставлено", "changed": "изменено"}[self.value]


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of a text: the same in both versions, or only in this one."""

    text: str
    is_marked: bool


@dataclass(frozen=True, slots=True)
class FieldChange:
    title: str
    before: list[Piece]
    after: list[Piece]


@dataclass(frozen=True, slots=True)
class Row:
    """A section, question or the whole that differs; `code` is empty for the whole."""

    kind: Literal["whole", "section", "question"]
    code: str
    title: str
    changes: list[Change]
    fields: list[FieldChange] = field(default_factory=list)


def compare(before: Definition, after: Definition) -> list[Row]:
    """What differs, in the order of the newer version; what was removed comes last. Empty: they are equal."""
    rows = []
    if fields := list(_fields(_whole(before), _whole(after))):
        rows.append(Row("whole", "", "Анкета в целом", [Change.CHANGED], fields))
    old_sections = {section.code: section for section in before.sections}
    new_sections = {section.code: section for section in after.sections}
    old_home = {question.code: section.code for section in before.sections for question in section.questions}
    moved_sections = _moved(list(old_sections), list(new_sections))
    moved = _moved([question.code for question in before.questions()], [one.code for one in after.questions()])
    for section in after.sections:
        old = old_sections.get(section.code)
        row = _row(
            "section",
            section.code,
            section.title or f"Раздел «{section.code}»",
            _section(old) if old else None,
            _section(section),
            is_moved=section.code in moved_sections,
        )
        rows += [row] if row else []
        for question in section.questions:
            was = before.by_code.get(question.code)
            # Another section is another place, whatever its neighbours.
            is_moved = question.code in moved or (was is not None and old_home[question.code] != section.code)
            row = _row(
                "question",
                question.code,
                question.text,
                _question(was, before) if was else None,
                _question(question, after),
                is_moved=is_moved,
            )
            rows += [row] if row else []
    rows += [
        Row("section", code, section.title or f"Раздел «{code}»", [Change.REMOVED])
        for code, section in old_sections.items()
        if code not in new_sections
    ]
    rows += [
        Row("question", code, question.text, [Change.REMOVED])
        for code, question in before.by_code.items()
        if code not in after.by_code
    ]
    return rows


def marked_words(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts cut into words that are in both and words that are only in one."""
    old, new = re.findall(r"\s+|\w+|[^\w\s]", before), re.findall(r"\s+|\w+|[^\w\s]", after)
    if len(old) + len(new) > MOST_WORDS:
        return [Piece(before, True)], [Piece(after, True)]
    first: list[Piece] = []
    second: list[Piece] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if i1 != i2:
            first.append(Piece("".join(old[i1:i2]), kind != "equal"))
        if j1 != j2:
            second.append(Piece("".join(new[j1:j2]), kind != "equal"))
    return first, second


def _row(
    kind: Literal["section", "question"],
    code: str,
    title: str,
    before: dict[str, str] | None,
    after: dict[str, str],
    *,
    is_moved: bool,
) -> Row | None:
    if before is None:
        return Row(kind, code, title, [Change.ADDED])
    fields = list(_fields(before, after))
    changes = [Change.MOVED] * is_moved + [Change.CHANGED] * bool(fields)
    return Row(kind, code, title, changes, fields) if changes else None


def _fields(before: dict[str, str], after: dict[str, str]) -> Iterator[FieldChange]:
    for title in dict.fromkeys([*before, *after]):
        old, new = before.get(title, ""), after.get(title, "")
        if old != new:
            yield FieldChange(title, *marked_words(old, new))


def _moved(before: list[str], after: list[str]) -> set[str]:
    """The fewest of those in both lists that must have been moved to get from one order to the other."""
    there = set(before) & set(after)
    old, new = [one for one in before if one in there], [one for one in after if one in there]
    kept: set[str] = set()
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        kept.update(old[block.a : block.a + block.size])
    return there - kept


def _whole(definition: Definition) -> dict[str, str]:
    return {
        "Название": definition.title,
        "Вступление": definition.intro,
        "Благодарность": definition.thanks,
        "Показ": "по разделам" if definition.paged else "одной страницей",
        "Языки": ", ".join(map(language_name, definition.languages)),
        **{
            f"Перевод, {language_name(language)}": "; ".join(words.values())
            for language, words in definition.translations.items()
        },
    }


def _section(section: Section) -> dict[str, str]:
    repeat = section.repeat
    return {
        "Заголовок": section.title,
        "Пояснение": section.help,
        "Повторы": f"от {repeat.min} до {repeat.max}, кнопка «{repeat.add}»" if repeat else "",
    }


def _question(question: Question, definition: Definition) -> dict[str, str]:
    condition = ""
    if question.visible_if:
        asked = definition.by_code[question.visible_if.question]
        answers = ", ".join(f"«{asked.choices[value]}»" for value in question.visible_if.values)
        condition = f"если на вопрос «{asked.text}» ответили {answers}"
    number = question.type == "number"
    return {
        "Текст": question.text,
        "Подсказка": question.help,
        "Вид": TYPE_TITLES[question.type],
        "Обязательный": "да" if question.required else "нет",
        "Показатель": MEASURE_TITLES.get(question.measure or "", question.measure or ""),
        "Условие показа": condition,
        "Варианты": "; ".join(option.title for option in question.options),
        "Единица": question.unit,
        "Наименьшее": f"{question.min}" if number else "",
        "Наибольшее": f"{question.max}" if number else "",
        "Знаков после запятой": f"{question.decimals}" if number else "",
        "Длина ответа": f"{question.max_length}" if question.type == "text" else "",
    }
