"""What people wrote in their own words among the answers to a questionnaire. Pure."""

from collections.abc import Iterator
from typing import Any

from surveys.comments.masking import mask
from surveys.questionnaires.answers import field_name
from surveys.questionnaires.definition import Definition


def mask_answers(definition: Definition, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str] | None]:
    """Answers with personal data masked in their texts, and the texts as typed of those fields that changed.

    `values` as in `answers.Answers.values`, left as they are; None instead of an empty mapping.
    """
    changed: dict[str, Any] = {}
    originals: dict[str, str] = {}
    for section, texts in definition.with_texts:
        blocks = [(None, values)] if section.repeat is None else list(enumerate(values.get(section.code, ())))
        masked_blocks = []
        for index, block in blocks:
            found: dict[str, Any] = {}
            for question in texts:
                if question.code in block:
                    masked = mask(block[question.code])
                    if masked.is_masked:
                        found[question.code] = masked.text
                        originals[field_name(section, question, index)] = block[question.code]
            if index is None:
                changed |= found
            else:
                masked_blocks.append({**block, **found})
        if section.repeat is not None and masked_blocks != [block for _, block in blocks]:
            changed[section.code] = masked_blocks
    return {**values, **changed}, originals or None


def texts_of(definition: Definition, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts among the answers: name of the field and text, none of them empty."""
    for section in definition.sections:
        blocks = [(None, values)] if section.repeat is None else list(enumerate(values.get(section.code, ())))
        for index, block in blocks:
            for question in section.questions:
                if question.type == "text" and block.get(question.code):
                    yield field_name(section, question, index), block[question.code]
