"""Personal data in what people write: what is hidden, what stays, and that nothing makes it slow or fail."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.comments import masking, person_names
from surveys.comments.masking import is_inn, is_snils, mask

# What was typed → what everybody reads.
HIDDEN = {
    # Telephones
    "Позвоните 8 (831) 234-56-78": "Позвоните [телефон]",
    "Звоните +7 926 123-45-67 вечером": "Звоните [телефон] вечером",
    "+79261234567": "[телефон]",
    "89261234567": "[телефон]",
    "8-926-123-45-67, Мария": "[телефон], Мария",
    "8.926.123.45.67": "[телефон]",
    "мой номер 9261234567": "мой номер [телефон]",
    "8\xa0926\xa0123\xa045\xa067": "[телефон]",
    "7 (926) 123 45 67": "[телефон]",
    "+ 7 926 123 45 67": "[телефон]",
    "8(83162)2-34-56 не отвечает": "[телефон] не отвечает",
    "Не отвечает 234-56-78": "Не отвечает [телефон]",
    "тел. 234-56-78, доб. 5": "тел. [телефон], доб. 5",
    "звоните 2-34-56": "звоните [телефон]",
    "Телефон: 23-45-67": "Телефон: [телефон]",
    "тел 2345678": "тел [телефон]",
    "вотсап 89261234567": "вотсап [телефон]",
    "из Минска +375 29 123-45-67": "из Минска [телефон]",
    "Тел.8-800-555-35-35 молчит": "Тел.[телефон] молчит",
    "8 926 123 45 67 и 8 926 765 43 21": "[телефон] и [телефон]",
    # E-mails
    "Пишите на ivanov@mail.ru": "Пишите на [почта]",
    "anna.petrova+nsi@example-site.com.": "[почта].",
    "иван@почта.рф": "[почта]",
    "ivanov @ yandex.ru": "[почта]",
    "ivanov@mail": "[почта]",
    "ivanov собака mail.ru": "[почта]",
    "ivanov собака яндекс точка ру": "[почта]",
    "ivanov [at] gmail.com": "[почта]",
    # Documents
    "Паспорт 2204 123456": "Паспорт [документ]",
    "паспорт серия 22 04 номер 123456": "паспорт серия [документ]",
    "паспорт 2204123456": "паспорт [документ]",
    "22 04 123456": "[документ]",
    "2204 № 123456": "[документ]",
    "СНИЛС 112-233-445 95": "СНИЛС [документ]",
    "112-233-445 95": "[документ]",
    "11223344595": "[документ]",
    "снилс 12345678901": "снилс [документ]",
    "ИНН 500100732259": "ИНН [документ]",
    "500100732259": "[документ]",
    "ИНН: 5001007322": "ИНН: [документ]",
    "полис 5212345678901234": "полис [документ]",
    "5212345678901234": "[документ]",
    "ОМС № 5212 3456 7890 1234": "ОМС № [документ]",
    "карта 4276 3800 1234 5674": "карта [документ]",
    "карта 4276380012345674": "карта [документ]",
    "счёт 40817810099910004312": "счёт [документ]",
    "свидетельство о рождении II-БО № 123456": "свидетельство о рождении II-БО № [документ]",
    "ребёнку выдали II-БО № 123456": "ребёнку выдали [документ]",
    "удостоверение ветерана 123456": "удостоверение ветерана [документ]",
    # Names
    "врач Иванова Анна Петровна была груба": "врач [имя] была груба",
    "Иванов И.И. отказал": "[имя] отказал",
    "Спасибо Анне Петровне!": "Спасибо [имя]!",
    "Спасибо врачу анне петровне": "Спасибо врачу [имя]",
    "иванова анна петровна": "[имя]",
    "ИВАНОВА АННА ПЕТРОВНА НЕ ПРИНЯЛА": "[имя] НЕ ПРИНЯЛА",
    "приём вёл Сергей Николаевич": "приём вёл [имя]",
    "говорил с Сергеем Николаевичем Ковалёвым": "говорил с [имя]",
    "от Ольги Игоревны Шевченко": "от [имя]",
    "Ольга Шевченко Игоревна": "[имя]",
    "к И.И. Иванову не попасть": "к [имя] не попасть",
    "к Иванову И. И. не попасть": "к [имя] не попасть",
    "Петров В.А., Сидорова М.И.": "[имя], [имя]",
    "Иванов И И": "[имя]",
    "Иванов И. пришёл": "[имя] пришёл",
    "доктор Петров помог": "доктор [имя] помог",
    "медсестре Кузнецовой спасибо": "медсестре [имя] спасибо",
    "Анна Иванова лучше всех": "[имя] лучше всех",
    "Сидоров Пётр и Мария Козлова": "[имя] и [имя]",
    "врач Соловей Анна Петровна": "врач [имя]",
    "Айгуль Маратовна молодец": "[имя] молодец",
    "Гульчачак Ахметжановну уволить": "[имя] уволить",
    "Мамедов Рустам Али оглы": "[имя]",
    "Салтыкова-Щедрина М.Е. попросили": "[имя] попросили",
    "Иванова-Петрова Анна Сергеевна": "[имя]",
    "Иван Иваныч помог": "[имя] помог",
    "Вера Павловна и Роза Львовна": "[имя] и [имя]",
    "Надежда Иванова не помогла": "[имя] не помогла",
    # Together
    "Иванова А.П., 8 926 123-45-67, anna@mail.ru": "[имя], [телефон], [почта]",
    "Я, Иванова Анна Петровна, паспорт 2204 123456, прошу": "Я, [имя], паспорт [документ], прошу",
}

# Ordinary words and figures: nothing is hidden.
PLAIN = [
    "Вера в людей пропала",
    "Роза на окне завяла",
    "Надежда есть",
    "Любовь к делу видна",
    "Нижний Новгород",
    "Центр занятости города Нижнего Новгорода",
    "Великий Новгород и Старый Оскол",
    "Сергиев Посад, Красные Баки, Большое Болдино",
    "Больница имени Н.А. Семашко",
    "школа имени Пушкина А.С.",
    "поликлиника на ул. М. Горького",
    "улица Ивана Иванова",
    "площадь Ленина, 5",
    "специалист Киров не знает",
    "Городская поликлиника № 7 города Дзержинска",
    "Кардиологический диспансер. Регистратура. Кабинет 12",
    "кабинет 213 Б. Этаж 2",
    "И.О. директора не принял",
    "в Мае ждал, в Августе ждал",
    "Иванов день прошёл",
    "9.11.2026 20.11.2026",
    "с 09.11.2026 по 20.11.2026 не работали",
    "звонил 20-11-26 и не дозвонился",
    "звонил 40 раз за 3 дня",
    "звонила 12345 раз",
    "ждал 3 часа с 8-00 до 12-30",
    "работают 09:00-18:00, обед 13:00-14:00",
    "заявление № 123456 от 01.02.2026",
    "номер заявления 3456789012",
    "пособие 12 792 рубля",
    "заплатил 9 000 000 000 рублей",
    "пособие 8 100 200 300 400 руб.",
    "5 5 4 3 5 5 5 4 5 5",
    "9 9 8 9 9 8 9 9 8 9",
    "приказ № 90н, статья 210-ФЗ",
    "код 1234 5678",
    "температура 36.6, давление 120/80",
    "Спасибо Большое Всем",
    "Спасибо врачам и медсёстрам",
    "Врач Терапевт не принял",
    "Мария приняла",
    "врач Роза приняла",
    "Хорошая работа. Так держать!",
    "Госуслуги, Работа России, Смартека",
    "собака лаяла у входа",
    "пишите в @nsi_help",
    "Очередь на 2 часа, 15 человек",
    "с 2024 по 2026 год",
    "основная проблема — очередь",
    "Александр",
    "112 и 103 не отвечают",
    "",
    "   ",
]


@pytest.mark.parametrize(("typed", "shown"), HIDDEN.items())
def test_personal_data_is_hidden(typed: str, shown: str):
    assert mask(typed).text == shown
    assert mask(typed).is_masked


@pytest.mark.parametrize("text", PLAIN)
def test_ordinary_words_stay(text: str):
    masked = mask(text)
    assert masked.text == text
    assert not masked.is_masked


def test_there_are_enough_examples():
    assert len(HIDDEN) >= 60
    assert len(PLAIN) >= 40


def test_a_placeholder_somebody_typed_is_no_masking():
    assert not mask("спасибо [имя], позвоните на [телефон] 12345").is_masked


@pytest.mark.parametrize("case", ["nominative", "genitive", "dative", "accusative", "instrumental", "prepositional"])
@pytest.mark.parametrize(
    "forms",
    [
        "Иванова Анна Петровна|Ивановой Анны Петровны|Ивановой Анне Петровне|Иванову Анну Петровну"
        "|Ивановой Анной Петровной|Ивановой Анне Петровне",
        "Ковалёв Сергей Ильич|Ковалёва Сергея Ильича|Ковалёву Сергею Ильичу|Ковалёва Сергея Ильича"
        "|Ковалёвым Сергеем Ильичом|Ковалёве Сергее Ильиче",
        "Шевченко Олег Юрьевич|Шевченко Олега Юрьевича|Шевченко Олегу Юрьевичу|Шевченко Олега Юрьевича"
        "|Шевченко Олегом Юрьевичем|Шевченко Олеге Юрьевиче",
        "Белинская Алла Кузьминична|Белинской Аллы Кузьминичны|Белинской Алле Кузьминичне"
        "|Белинскую Аллу Кузьминичну|Белинской Аллой Кузьминичной|Белинской Алле Кузьминичне",
    ],
)
def test_names_are_hidden_in_every_case(forms: str, case: str):
    names = dict(
        zip(
            ("nominative", "genitive", "dative", "accusative", "instrumental", "prepositional"),
            forms.split("|"),
            strict=True,
        )
    )
    surname, name, patronymic = names[case].split()
    for written in (f"{surname} {name} {patronymic}", f"{name} {patronymic} {surname}", f"{name} {patronymic}"):
        assert mask(f"про {written} скажу").text == "про [имя] скажу"
        assert mask(f"про {written.lower()} скажу").text == "про [имя] скажу"


def test_control_sums():
    assert is_snils("11223344595")
    assert not is_snils("11223344596")
    # A sum of 100 or 101 is written as 00.
    assert is_snils("08765430200")
    assert is_snils("08765430300")
    assert is_inn("500100732259")
    assert not is_inn("500100732258")
    assert mask("000000000001").text == "000000000001"


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_taken(text: str):
    masked = mask(text)
    assert masked.is_masked == (masked.text != text)
    assert mask(masked.text).text == masked.text


PIECES = st.sampled_from(
    [
        *(
            "8",
            " ",
            "-",
            "926",
            "123-45-67",
            "+7",
            "(",
            ")",
            ".",
            "@",
            "mail.ru",
            "собака",
            "паспорт",
            "22 04",
            "123456",
        ),
        *("Иванов", "Анна", "Петровна", "петрович", "И.", "И.И.", "врач", "им.", "Роза", "[имя]", "[телефон]", "\n"),
        *(
            "😀",
            "\u200f",
            "ё",
            "Ё",
            "тел.",
            "звоните",
            "2-34-56",
            "оглы",
            "Новгород",
            "500100732259",
            "٣",
            "СНИЛС",
            "123456",
        ),
    ]
)


@given(st.lists(PIECES, max_size=30).flatmap(lambda pieces: st.sampled_from(["", " "]).map(lambda by: by.join(pieces))))
@settings(max_examples=500, deadline=None)
def test_masking_again_changes_nothing(text: str):
    masked = mask(text).text
    assert mask(masked).text == masked
    assert not mask(masked).is_masked


def looked_through(text: str) -> str:
    """The same without a quick look: everything is looked for in every text, and all names in every word."""

    def names(piece: str) -> Iterator[tuple[int, int]]:
        words = person_names._Words(piece)
        found = {
            *person_names._by_patronymic(words),
            *person_names._by_initials(piece, words),
            *person_names._by_surname(words),
        }
        # Joined where they overlap, as `find_names` does.
        spans: list[list[int]] = []
        for start, end in sorted(found):
            if spans and start < spans[-1][1]:
                spans[-1][1] = max(spans[-1][1], end)
            else:
                spans.append([start, end])
        return iter([(start, end) for start, end in spans])

    for _ in range(masking._MOST_ROUNDS):
        pieces = masking.PLACEHOLDER.split(text)
        for _, group in masking._FINDERS:
            for finder, placeholder in group:
                look = names if placeholder == masking.NAME else finder
                pieces = [
                    part
                    for number, piece in enumerate(pieces)
                    for part in ([piece] if number % 2 else masking._split(piece, look, placeholder))
                ]
        again = "".join(pieces)
        if again == text:
            break
        text = again
    return text


@pytest.mark.parametrize("text", [*HIDDEN, *PLAIN])
def test_a_quick_look_leaves_nothing_out(text: str):
    for other in (text, text.lower(), text.upper(), f"Отзыв. {text}\n", f"{text} {text}"):
        assert mask(other).text == looked_through(other)


# Just what the quick looks go by: capital letters after any gap, ends of patronymics, digits of any script, brackets.
EDGES = st.sampled_from([
    "Мамед", "ОГЛЫ", "Палыч", "ичом", "ВНОЙ", "ична", "И", "И.", ".", "Ё", "ё", "а", "Б", "врач", "Иванова", "-",
    " ", "  ", "\n", " \n", "\t", "\xa0", "ſ", "\u212a", "[at]", "(AT)", "СОБАЧКА", "mail", "@", "]", "[имя]",
    "\uff11", "٣٣٣", "2", "345",
])  # fmt: skip


@given(st.lists(st.one_of(PIECES, EDGES), max_size=25).map("".join) | st.lists(EDGES, max_size=12).map(" ".join))
@settings(max_examples=500, deadline=None)
def test_a_quick_look_leaves_nothing_out_of_any_text(text: str):
    assert mask(text).text == looked_through(text)


def _hard_texts() -> dict[str, str]:
    draw = random.Random(7)
    letters = "абвгдежзиклмнопрст"
    made_up = " ".join("".join(draw.choices(letters, k=6)).capitalize() for _ in range(5_800))
    endings = " ".join("".join(draw.choices(letters, k=4)).capitalize() + "ович" for _ in range(4_500))
    return {
        "digits": "1" * 40_000,
        "digits and spaces": "8 9" * 13_334,
        "telephones": "8 831 234-56-78 " * 2_500,
        "at": "a@" * 20_000,
        "dots": "a." * 20_000,
        "one word": "я" * 40_000,
        "hyphens": "я-" * 20_000,
        "initials": "А." * 20_000,
        "names": "Иванова Анна Петровна " * 1_850,
        "made-up words": made_up,
        "made-up patronymics": endings,
        "documents": "паспорт серия " * 2_900,
        "dogs": "ab собака " * 4_000,
        "spaces": " " * 40_000,
        "emoji": "😀\u200f" * 20_000,
        "a real one": "Долго ждали, медсестра Кузнецова нагрубила, телефон 8 831 234-56-78 не отвечает. " * 480,
    }


@pytest.mark.parametrize("what", _hard_texts())
def test_forty_thousand_characters_take_a_moment(what: str):
    text = _hard_texts()[what][:40_000]
    mask("врач Иванова Анна Петровна, 8 926 123-45-67")
    assert min(_seconds(text) for _ in range(3)) < 0.3


def _seconds(text: str) -> float:
    """Of the processor: the machine may be busy with other things."""
    begun = time.process_time()
    mask(text)
    return time.process_time() - begun


def test_the_dictionary_is_loaded_by_who_needs_it_only():
    """A web process that takes no names pays nothing: neither memory nor time."""
    program = (
        "import sys; from surveys.comments.masking import mask; mask('Долго ждали в очереди, 3 часа'); "
        "assert not {'pymorphy3', 'phonenumbers'} & sys.modules.keys(); "
        "mask('врач Иванова Анна Петровна'); assert 'pymorphy3' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
