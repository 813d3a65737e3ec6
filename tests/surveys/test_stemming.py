"""The search of comments by word forms: rules without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.comments.stemming import MOST_WORDS, marked, stems, stems_of_search


def finds(search: str, text: str) -> bool:
    """The rule by which databases look: for every word one of its stems stands between spaces."""
    return all(any(f" {key} " in stems(text) for key in keys) for keys in stems_of_search(search))


@pytest.mark.parametrize(
    ("search", "text"),
    [
        ("грубый врач", "Врачи грубили"),
        ("врачи грубили", "Грубый врач"),
        ("очередь", "Стояли в очередях два часа"),
        ("ОЧЕРЕДЬ", "очередью недовольны"),
        ("ждать", "Ждали своей очереди"),
        ("ждал", "Приходится ждать"),
        ("справка", "Попросили пять справок"),
        ("человек", "Людям негде сесть"),
        ("ребенок", "С ребёнком не пускают"),
        ("ребёнок", "С РЕБЕНКОМ не пускают"),
        ("запись через интернет", "Записаться по интернету нельзя, только через знакомых. Записи нет"),
        ("covid", "Covid-19"),
        ("210", "по 210-ФЗ положено"),
    ],
)
def test_a_word_is_found_in_any_of_its_forms(search: str, text: str):
    assert finds(search, text)


@pytest.mark.parametrize(
    ("search", "text"),
    [
        ("врач", "Врата закрыты"),
        ("грубый врач", "Врач помог"),
        ("очередь", "Очень понравилось"),
        ("ро", "Роза на окне"),
    ],
)
def test_other_words_are_not_found(search: str, text: str):
    assert not finds(search, text)


def test_words_that_were_looked_for_are_set_off():
    pieces = list(marked("Врачи не грубили!", stems_of_search("грубый врач")))
    assert pieces == [("", False), ("Врачи", True), (" не ", False), ("грубили", True), ("!", False)]
    assert list(marked("Врачи", [])) == [("Врачи", False)]


def test_a_search_is_bounded():
    assert len(stems_of_search("слово " + " ".join(f"слово{number}" for number in range(100)))) == MOST_WORDS
    assert stems_of_search("!?… 😀 ---") == []


@given(st.text(max_size=200))
def test_any_text_is_taken_and_found_by_itself(text: str):
    # What a database matches stands between single spaces, and nothing in it is a sign of LIKE.
    found = stems(text)
    assert found == "" or (found[0] == found[-1] == " " and "  " not in found)
    assert not {"%", "_"} & set(found)
    assert finds(text, text)
    assert "".join(piece for piece, _ in marked(text, stems_of_search(text))) == text
