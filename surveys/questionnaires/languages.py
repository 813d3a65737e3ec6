"""Languages of questionnaires by their codes (ISO 639): their own names, and how they are written. Pure."""

# As their speakers write them: languages of the peoples of Russia, and of those who come to live here.
TITLES = {
    "ru": "Русский",
    "tt": "Татарча",
    "ba": "Башҡортса",
    "cv": "Чӑвашла",
    "ce": "Нохчийн",
    "av": "Авар",
    "os": "Ирон",
    "kv": "Коми",
    "en": "English",
    "abq": "Абаза",
    "ady": "Адыгабзэ",
    "alt": "Алтай",
    "bua": "Буряад",
    "crh": "Къырымтатарджа",
    "dar": "Дарган",
    "inh": "Гӏалгӏай",
    "kbd": "Адыгэбзэ",
    "kjh": "Хакас",
    "koi": "Перем коми",
    "krc": "Къарачай-малкъар",
    "kum": "Къумукъ",
    "lbe": "Лакку",
    "lez": "Лезги",
    "mdf": "Мокшень",
    "mhr": "Олык марий",
    "mrj": "Кырык мары",
    "myv": "Эрзянь",
    "nog": "Ногай",
    "sah": "Саха тыла",
    "tab": "Табасаран",
    "tyv": "Тыва",
    "udm": "Удмурт",
    "xal": "Хальмг",
    "ar": "العربية",
    "az": "Azərbaycanca",
    "be": "Беларуская",
    "hy": "Հայերեն",
    "ka": "ქართული",
    "kk": "Қазақша",
    "ky": "Кыргызча",
    "tg": "Тоҷикӣ",
    "uk": "Українська",
    "uz": "Oʻzbekcha",
    "zh": "中文",
}
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def title(code: str) -> str:
    """The language's own name; of one not listed, its code."""
    return TITLES.get(code, code.upper())


def direction(code: str) -> str:
    """`ltr` or `rtl`, as the attribute `dir` takes it."""
    return "rtl" if code in RIGHT_TO_LEFT else "ltr"
