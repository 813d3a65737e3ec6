"""What respondents see is translated whole: every text of the public pages and every error, in every language."""

import ast
import re
import string
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import translation

from surveys.questionnaires import languages
from surveys.questionnaires.answers import InvalidAnswers, Message, read_answers
from tests.surveys.test_answers import DEFINITION, GOOD, TODAY

ROOT = Path(settings.BASE_DIR)
TRANSLATED = [code for code, _title in settings.LANGUAGES if code != "ru"]


def texts_of_pages() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "templates/surveys/public").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'{% translate "([^"]*)" %}', text))
        for block in re.findall(r"{% blocktranslate trimmed %}(.*?){% endblocktranslate %}", text, re.DOTALL):
            found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", " ".join(block.split())))
    return found


def texts_of_code() -> set[str]:
    calls = [
        node
        for name in ("questionnaires/answers", "filling/pages")
        for node in ast.walk(ast.parse((ROOT / f"surveys/{name}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_Wrong", "gettext_lazy")
    ]
    assert all(isinstance(call.args[0], ast.Constant) for call in calls), "a text put together cannot be translated"
    return {str(ast.literal_eval(call.args[0])) for call in calls}


TEXTS = sorted(texts_of_pages() | texts_of_code())


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_and_nothing_else(language: str):
    entries = {entry.msgid: entry for entry in polib.pofile(str(source(language)))}
    assert sorted(entries) == TEXTS
    for text, entry in entries.items():
        assert entry.msgstr and not entry.fuzzy and entry.msgstr != text, text
        assert set(re.findall(r"%\(\w+\)s", text)) == set(re.findall(r"%\(\w+\)s", entry.msgstr)), text
        assert "%" not in re.sub(r"%\(\w+\)s", "", entry.msgstr), text


def test_texts_are_found_at_all():
    """Else the test above would pass on a mistake in its own patterns."""
    assert len(TEXTS) > 70
    assert {"Далее", "Ответьте на этот вопрос", "Легко", "Шаг %(number)s из %(total)s"} <= set(TEXTS)


def source(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_translations_are_compiled(language: str):
    target = source(language).with_suffix(".mo")
    assert target.exists(), "run scripts/compile_messages.py (make setup does)"
    with translation.override(language):
        assert translation.gettext("Далее") != "Далее"


def test_no_page_of_the_public_has_a_text_outside_a_translation():
    """Cyrillic between tags, or in an attribute somebody hears."""
    for path in (ROOT / "templates/surveys/public").rglob("*.html"):
        if path.name == "nothing_to_preview.html":  # for staff
            continue
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", remove_blocks(path.read_text(encoding="utf-8")), flags=re.DOTALL)
        left = re.findall("[а-яё]{2,}", text, re.IGNORECASE)
        # «года» belongs to the Russian way to write a date.
        assert set(left) <= {"года"}, (path.name, left)


def remove_blocks(text: str) -> str:
    return re.sub(r"{% blocktranslate.*?{% endblocktranslate %}", "", text, flags=re.DOTALL)


def test_an_error_is_russian_text_that_can_be_said_anew():
    message = Message("Введите число от %(least)s до %(most)s", least="0", most="10")
    assert message == "Введите число от 0 до 10" and isinstance(message, str)
    assert (message.pattern % {"least": 1, "most": 2}, message.values) == (
        "Введите число от 1 до 2",
        {"least": "0", "most": "10"},
    )
    with pytest.raises(InvalidAnswers) as refusal:
        read_answers(DEFINITION, GOOD | {"days": ["1001"], "visits": ["1,5"], "why": ["x"]}, today=TODAY)
    # Word for word what a file that is refused says too (surveys.paper.importing).
    assert refusal.value.errors == {"days": "Введите число от 0 до 1000", "visits": "Введите целое число"}
    for error in refusal.value.errors.values():
        assert isinstance(error, Message) and error.pattern in TEXTS


def test_a_language_has_a_name_and_a_direction():
    assert languages.title("ba") == "Башҡортса" and languages.title("xyz") == "XYZ"
    assert (languages.direction("tt"), languages.direction("ar")) == ("ltr", "rtl")
    for code, title in languages.TITLES.items():
        assert set(code) <= set(string.ascii_lowercase) and 2 <= len(code) <= 3 and title
