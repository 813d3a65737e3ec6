"""A questionnaire as a JSON file: read so that no file can do harm. Pure.

What it says is for `surveys.questionnaires.checking`.
"""

import json
from typing import Any

MOST_BYTES = 2 * 2**20


class FileError(Exception):
    """The file is no JSON that could be a questionnaire; says why, in Russian."""


def read_document(content: bytes, size: int | None = None) -> Any:
    """The JSON of a file. Raises FileError.

    Nothing is parsed before the size is known; a key given twice in one object, numbers that are none, and brackets
    within brackets without end are refused.
    """
    if max(len(content), size or 0) > MOST_BYTES:
        raise FileError(f"Файл больше {MOST_BYTES // 2**20} МБ: это не анкета")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError("Файл не в кодировке UTF-8. Сохраните его как JSON в UTF-8") from error
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_number)
    except RecursionError as error:
        raise FileError("В файле слишком много вложенных скобок: это не анкета") from error
    except json.JSONDecodeError as error:
        raise FileError(f"Это не JSON: строка {error.lineno}, знак {error.colno}") from error
    except ValueError as error:
        # A number of thousands of digits: Python refuses to read it.
        raise FileError("В файле слишком длинное число") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise FileError(f"В одном объекте дважды стоит «{name[:40]}»: непонятно, что верно")
            seen.add(name)
    return found


def _no_number(name: str) -> None:
    raise FileError(f"«{name}» — не число")
