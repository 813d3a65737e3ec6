"""The document of a questionnaire that need not be whole: read so that nothing in it can surprise. Pure.

`Definition` is for what is published; a draft is a plain document of the same form, in which anything may be missing.
"""

from typing import Any

from surveys.questionnaires.definition import SCALE4_TITLES

Document = dict[str, Any]


def shaped(document: object) -> Document:
    """A copy in which what the editor reads is always there and of its type; everything else is kept as it is.

    There: `title`, `language`, `intro`, `thanks` (texts), `translations` (language → place → text), `sections` (each
    with `code`, `title`, `help`, `questions`), of a question `code`, `type`, `text`, `help`, and `options` (each with
    `code`, `title`). What is of another type is left out.
    """
    given = document if isinstance(document, dict) else {}
    draft = dict(given)
    for name in ("title", "intro", "thanks"):
        draft[name] = _text(given.get(name))
    draft["language"] = _text(given.get("language")) or "ru"
    translations = given.get("translations")
    draft["translations"] = {
        language: {place: text for place, text in words.items() if isinstance(place, str) and isinstance(text, str)}
        for language, words in (translations.items() if isinstance(translations, dict) else ())
        if isinstance(language, str) and isinstance(words, dict)
    }
    draft["sections"] = [_section(section) for section in _things(given.get("sections"))]
    return draft


def _section(given: Document) -> Document:
    section = dict(given)
    for name in ("code", "title", "help"):
        section[name] = _text(given.get(name))
    section["questions"] = [_question(question) for question in _things(given.get("questions"))]
    return section


def _question(given: Document) -> Document:
    question = dict(given)
    for name in ("code", "type", "text", "help"):
        question[name] = _text(given.get(name))
    question["options"] = [
        {**option, "code": _text(option.get("code")), "title": _text(option.get("title"))}
        for option in _things(given.get("options"))
    ]
    return question


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _things(value: object) -> list[Document]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def conditions_of(question: Document) -> tuple[str, list[str]] | None:
    """The question a question hangs on and the answers to it; None when it is always shown."""
    condition = question.get("visible_if")
    if not isinstance(condition, dict):
        return None
    values = condition.get("in")
    return _text(condition.get("question")), [
        value for value in (values if isinstance(values, list) else []) if isinstance(value, str)
    ]


def places(draft: Document) -> dict[str, str]:
    """All that a respondent reads, place → text: what `Definition.texts` says, of a shaped draft too."""
    found = {name: draft[name] for name in ("title", "intro", "thanks")}
    has_scale = False
    for section in draft["sections"]:
        place = f"section.{section['code']}"
        found |= {f"{place}.title": section["title"], f"{place}.help": section["help"]}
        repeat = section.get("repeat")
        if isinstance(repeat, dict):
            found[f"{place}.add"] = _text(repeat.get("add", "Добавить ещё"))
        for question in section["questions"]:
            place = f"question.{question['code']}"
            found |= {f"{place}.text": question["text"], f"{place}.help": question["help"]}
            found[f"{place}.unit"] = _text(question.get("unit"))
            found |= {f"option.{question['code']}.{option['code']}": option["title"] for option in question["options"]}
            has_scale = has_scale or question["type"] == "scale4"
    if has_scale:
        found |= {f"scale4.{code}": title for code, title in SCALE4_TITLES.items()}
    return {place: text for place, text in found.items() if text}
