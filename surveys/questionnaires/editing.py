"""What the editor does to the document of a draft: each change takes a document and gives a new one. Pure.

Sections and questions are named by their codes. A change of something that is gone raises NotThere; codes are never
given twice, and the code of an answer stays when its words change: the answers already given are kept under it.
"""

import copy
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from surveys.questionnaires.checking import MOST_QUESTIONS, MOST_SECTIONS, Finding
from surveys.questionnaires.definition import RESERVED, Definition, QuestionType
from surveys.questionnaires.shapes import Document, conditions_of, places, shaped

CHOICES: tuple[QuestionType, ...] = ("single", "multiple", "scale4", "nps")
CODE = re.compile(r"[a-z][a-z0-9_]{0,49}")


class NotThere(Exception):
    """The section or question is not in the draft: somebody has removed it, or there never was one."""


class TooMany(Exception):
    """There are as many sections, or questions in the section, as there may be."""


class CodeTaken(Exception):
    """Another section or question has this code."""


def blank(title: str) -> Document:
    """The document of a new questionnaire: one section, no questions yet."""
    return {"title": title, "language": "ru", "sections": [{"code": "s1", "title": "", "questions": []}]}


def codes_of(document: object) -> set[str]:
    """Every code of a section or question."""
    draft = shaped(document)
    return {section["code"] for section in draft["sections"]} | {
        question["code"] for section in draft["sections"] for question in section["questions"]
    }


def mark_of(thing: object) -> str:
    """A short checksum of a part of a draft: whoever edits it sends it back, so that a change in between is seen."""
    return hashlib.sha256(json.dumps(thing, sort_keys=True, default=str).encode()).hexdigest()[:16]


# The whole ------------------------------------------------------------------------------------------------------------


def with_settings(document: Document, **texts: Any) -> Document:
    """With another title, intro, thanks or `paged`."""
    draft = _draft(document)
    draft.update(texts)
    return _tidy(draft)


# Sections -------------------------------------------------------------------------------------------------------------


def find_section(document: object, code: str) -> Document:
    """The section of a shaped copy. Raises NotThere."""
    return _section(shaped(document), code)


def add_section(
    document: Document, *, title: str = "", taken: Collection[str] = (), prefix: str = ""
) -> tuple[Document, str]:
    """With one more empty section at the end; also its code, which begins with `prefix`. Raises TooMany."""
    draft = _draft(document)
    if len(draft["sections"]) >= MOST_SECTIONS:
        raise TooMany
    code = _new_code(f"{prefix}s", codes_of(draft) | set(taken))
    draft["sections"].append({"code": code, "title": title, "questions": []})
    return _tidy(draft), code


def edit_section(document: Document, code: str, *, title: str, help: str, repeat: Document | None) -> Document:
    draft = _draft(document)
    section = _section(draft, code)
    section.update(title=title, help=help, repeat=repeat)
    return _tidy(draft)


def remove_section(document: Document, code: str) -> Document:
    draft = _draft(document)
    draft["sections"].remove(_section(draft, code))
    return _tidy(draft)


def step_section(document: Document, code: str, *, up: bool) -> Document:
    """One place up or down; at the end of the row it stays."""
    at = _index(_draft(document)["sections"], code)
    return place_section(document, code, at - 1 if up else at + 1)


def place_section(document: Document, code: str, position: int) -> Document:
    draft = _draft(document)
    section = _section(draft, code)
    draft["sections"].remove(section)
    draft["sections"].insert(max(position, 0), section)
    return _tidy(draft)


# Questions ------------------------------------------------------------------------------------------------------------


def find_question(document: object, code: str) -> tuple[Document, Document]:
    """The question of a shaped copy, and the section it stands in. Raises NotThere."""
    return _question(shaped(document), code)


def add_question(
    document: Document, section: str, question: Document, *, taken: Collection[str] = (), prefix: str = ""
) -> tuple[Document, str]:
    """With a question at the end of a section; also its code, made up (after `prefix`) unless it has one.

    Raises NotThere, TooMany, CodeTaken.
    """
    draft = _draft(document)
    home = _section(draft, section)
    if len(home["questions"]) >= MOST_QUESTIONS:
        raise TooMany
    used = codes_of(draft) | set(taken)
    code = question.get("code") or _new_code(f"{prefix}q", used)
    if code in codes_of(draft):
        raise CodeTaken
    home["questions"].append({**question, "code": code})
    return _tidy(draft), code


def edit_question(document: Document, code: str, question: Document) -> Document:
    """With the question in the place of the one of this code; whoever hangs on it follows when its code is new.

    Raises NotThere, CodeTaken.
    """
    draft = _draft(document)
    before, section = _question(draft, code)
    new = question["code"]
    if new != code:
        if new in codes_of(draft):
            raise CodeTaken
        _rename(draft, code, new)
    section["questions"][section["questions"].index(before)] = question
    return _tidy(draft)


def remove_question(document: Document, code: str) -> Document:
    draft = _draft(document)
    question, section = _question(draft, code)
    section["questions"].remove(question)
    return _tidy(draft)


def duplicate_question(
    document: Document, code: str, *, taken: Collection[str] = (), prefix: str = ""
) -> tuple[Document, str]:
    """With a copy right after the question: same words and answers, another code, no measure. Raises TooMany."""
    draft = _draft(document)
    question, section = _question(draft, code)
    if len(section["questions"]) >= MOST_QUESTIONS:
        raise TooMany
    new = _new_code(f"{prefix}q", codes_of(draft) | set(taken))
    twin = {**copy.deepcopy(question), "code": new}
    twin.pop("measure", None)
    section["questions"].insert(section["questions"].index(question) + 1, twin)
    for words in draft.get("translations", {}).values():
        for place, text in list(words.items()):
            for kind in ("question", "option"):
                if place.startswith(f"{kind}.{code}."):
                    words[f"{kind}.{new}.{place.removeprefix(f'{kind}.{code}.')}"] = text
    return _tidy(draft), new


def step_question(document: Document, code: str, *, up: bool) -> Document:
    """One place up or down, over the border of a section too; the first and the last of all stay."""
    draft = _draft(document)
    question, section = _question(draft, code)
    at, sections = section["questions"].index(question), draft["sections"]
    home = sections.index(section)
    if up and at == 0:
        if home == 0:
            return draft
        return place_question(document, code, sections[home - 1]["code"], len(sections[home - 1]["questions"]))
    if not up and at == len(section["questions"]) - 1:
        if home == len(sections) - 1:
            return draft
        return place_question(document, code, sections[home + 1]["code"], 0)
    return place_question(document, code, section["code"], at - 1 if up else at + 1)


def place_question(document: Document, code: str, section: str, position: int | None = None) -> Document:
    """In a section at a place (0 is the first, None the last). Raises NotThere, TooMany."""
    draft = _draft(document)
    question, home = _question(draft, code)
    target = _section(draft, section)
    if target is not home and len(target["questions"]) >= MOST_QUESTIONS:
        raise TooMany
    home["questions"].remove(question)
    target["questions"].insert(len(target["questions"]) if position is None else max(position, 0), question)
    return _tidy(draft)


def options_from(rows: Iterable[tuple[str, str]], used: Collection[str] = ()) -> list[Document]:
    """Answers to choose from, of rows (code or "", title): a row keeps its code, a new one gets one never used.

    Rows without a title are left out. `used` are codes of answers of earlier days.
    """
    given = [(code, " ".join(title.split())) for code, title in rows]
    kept = {code for code, _ in given if code}
    options: list[Document] = []
    for code, title in given:
        if not title:
            continue
        new = code or _new_code("o", kept | set(used))
        kept.add(new)
        options.append({"code": new, "title": title})
    return options


def askable(document: object, section: str, question: str | None) -> Iterator[tuple[Document, Document]]:
    """Questions with answers to choose from that stand before a question, with their sections.

    `question` None: one that will be added at the end of the section.
    """
    for home in shaped(document)["sections"]:
        for one in home["questions"]:
            if question is not None and one["code"] == question:
                return
            # What is asked several times has no one answer outside its section.
            if one["type"] in CHOICES and (home["code"] == section or not isinstance(home.get("repeat"), dict)):
                yield home, one
        if home["code"] == section and question is None:
            return


def dependents(document: object, codes: Collection[str]) -> list[Document]:
    """Questions that are shown depending on an answer to one of these, themselves left out."""
    return [
        question
        for section in shaped(document)["sections"]
        for question in section["questions"]
        if question["code"] not in codes and (condition := conditions_of(question)) and condition[0] in codes
    ]


# Translations ---------------------------------------------------------------------------------------------------------


def with_translation(document: Document, language: str, words: dict[str, str]) -> Document:
    """With these texts in a language: place → text; empty ones are left out, and so are places that are not there."""
    draft = _draft(document)
    known = places(shaped(draft))
    given = {place: text for place, text in words.items() if place in known and text}
    draft["translations"] = {**shaped(draft)["translations"], language: given}
    return _tidy(draft)


def without_translation(document: Document, language: str) -> Document:
    draft = _draft(document)
    draft["translations"] = {one: words for one, words in shaped(draft)["translations"].items() if one != language}
    return _tidy(draft)


# A region's additional questions -------------------------------------------------------------------------------------


def assembled(base: Document, own: Document) -> Document:
    """The standard sections, then the region's own ones: what is published and shown. Title and words are its own."""
    first, second = shaped(base), shaped(own)
    translations = {}
    for language in [*first["translations"], *second["translations"]]:
        standard = first["translations"].get(language, {})
        inherited = {place: text for place, text in standard.items() if place not in ("title", "intro", "thanks")}
        translations[language] = inherited | second["translations"].get(language, {})
    # The document itself, not its shape: what is wrong in it must be seen.
    return {
        **own,
        "language": base.get("language", "ru"),
        "sections": [*base["sections"], *(own["sections"] if isinstance(own.get("sections"), list) else [])],
        **({"translations": translations} if translations else {}),
    }


def own_part(document: Document, base: Document) -> Document:
    """What a region has added: the published document without the standard sections."""
    draft = _draft(document)
    standard = {section["code"] for section in base["sections"]}
    draft["sections"] = [section for section in draft["sections"] if section["code"] not in standard]
    return _tidy(draft)


def showable(document: Document, findings: Sequence[Finding]) -> Definition | None:
    """What can be shown already: without the questions that have errors; None when nothing is left."""
    draft = _tidy(_draft(document))
    wrong = {(one.section, one.question) for one in findings if one.is_error}
    sections = []
    for at, section in enumerate(draft["sections"]):
        if (at, None) in wrong and section["questions"]:
            continue
        section["questions"] = [
            question for number, question in enumerate(section["questions"]) if (at, number) not in wrong
        ]
        if section["questions"]:
            sections.append(section)
    draft["sections"] = sections
    draft["title"] = draft.get("title") or "Без названия"
    left = {question["code"] for section in sections for question in section["questions"]}
    for section in sections:
        for question in section["questions"]:
            condition = conditions_of(question)
            if condition and condition[0] not in left:
                question.pop("visible_if")
    try:
        return Definition.model_validate(_tidy(draft))
    except ValueError:
        return None


# Inner ----------------------------------------------------------------------------------------------------------------


def _draft(document: object) -> Document:
    """A copy to be changed, in which sections and questions are what they should be."""
    return copy.deepcopy(shaped(document))


def _tidy(draft: Document) -> Document:
    """As it is stored: without what is empty, and without translations of texts that are there no longer."""
    known = places(shaped(draft))
    translations = {
        language: {place: text for place, text in words.items() if place in known}
        for language, words in shaped(draft)["translations"].items()
    }
    draft = {**draft, "translations": {language: words for language, words in translations.items() if words}}
    for name in ("intro", "thanks", "paged", "translations"):
        if not draft.get(name):
            draft.pop(name, None)
    for section in draft["sections"]:
        for name in ("title", "help", "repeat"):
            if not section.get(name):
                section.pop(name, None)
        for question in section["questions"]:
            for name in ("help", "options", "unit", "measure", "visible_if", "required"):
                if not question.get(name):
                    question.pop(name, None)
    return draft


def _section(draft: Document, code: str) -> Document:
    for section in draft["sections"]:
        if section["code"] == code:
            found: Document = section
            return found
    raise NotThere


def _question(draft: Document, code: str) -> tuple[Document, Document]:
    for section in draft["sections"]:
        for question in section["questions"]:
            if question["code"] == code:
                return question, section
    raise NotThere


def _index(things: list[Document], code: str) -> int:
    for at, thing in enumerate(things):
        if thing["code"] == code:
            return at
    raise NotThere


def _rename(draft: Document, old: str, new: str) -> None:
    for section in draft["sections"]:
        for question in section["questions"]:
            condition = question.get("visible_if")
            if isinstance(condition, dict) and condition.get("question") == old:
                condition["question"] = new
    for words in draft["translations"].values():
        for kind in ("question", "option"):
            for place in [one for one in words if one.startswith(f"{kind}.{old}.")]:
                words[f"{kind}.{new}.{place.removeprefix(f'{kind}.{old}.')}"] = words.pop(place)


def _new_code(letters: str, used: Collection[str]) -> str:
    """`q7` after `q6`: higher than any there is, so that no code comes back in another meaning."""
    numbers = [int(found[1]) for code in used if (found := re.fullmatch(rf"{letters}([0-9]{{1,9}})", code))]
    number = max(numbers, default=0) + 1
    while f"{letters}{number}" in used or f"{letters}{number}" in RESERVED:
        number += 1
    return f"{letters}{number}"
