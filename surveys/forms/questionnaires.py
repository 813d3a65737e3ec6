"""Forms of the questionnaire editor: is the input well-formed?

What it means together is for `surveys.questionnaires.checking`.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from regions.models import Direction, LifeSituation, Region
from regions.permissions import Permission, may_anywhere
from surveys.models import Questionnaire
from surveys.questionnaires import editing
from surveys.questionnaires.checking import MEASURE_TITLES, TYPE_TITLES, Finding
from surveys.questionnaires.definition import MEASURE_TYPES, RESERVED, SCALE4_TITLES
from surveys.questionnaires.files import MOST_BYTES, FileError, read_document
from surveys.questionnaires.languages import TITLES
from surveys.questionnaires.shapes import Document, conditions_of
from surveys.services.questionnaires import Owner

AGENCY = "agency"
MOST_OPTIONS = 100
CODE_RULE = "Строчные латинские буквы, цифры и «_», сначала буква, не больше 50 знаков"
# Field of the document → field of the form, where they are called differently.
FORM_FIELDS = {"visible_if": "condition", "repeat": "least"}


def _area(rows: int = 2) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class OwnerForm(forms.Form):
    """Whose a questionnaire is and what it is about."""

    title = forms.CharField(label="Название в списках", max_length=200)
    owner = forms.ChoiceField(label="Чья", widget=forms.RadioSelect)
    direction = forms.ModelChoiceField(
        Direction.objects.all(), label="Направление", required=False, empty_label="Любое", to_field_name="code"
    )
    life_situation = forms.ModelChoiceField(
        LifeSituation.objects.none(), label="Жизненная ситуация", required=False, empty_label="Любая"
    )

    def __init__(self, *args: Any, by: User, regions: QuerySet[Region] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.regions = Region.objects.permitting(by, Permission.QUESTIONNAIRE_EDIT) if regions is None else regions
        self.by_code = {region.code: region for region in self.regions}
        choices = [(region.code, region.name) for region in self.by_code.values()]
        if regions is None and may_anywhere(by, Permission.QUESTIONNAIRE_STANDARD_EDIT):
            choices.insert(0, (AGENCY, "Агентства, для всех регионов"))
        _choose(self, "owner", choices)
        _situations(self, LifeSituation.objects.filter(Q(region=None) | Q(region__in=self.regions)))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        situation: LifeSituation | None = cleaned.get("life_situation")
        direction = cleaned.get("direction")
        region = self.by_code.get(cleaned.get("owner", ""))
        _check_about(self, situation, direction, region)
        return cleaned

    def facts(self) -> dict[str, Any]:
        situation: LifeSituation | None = self.cleaned_data["life_situation"]
        direction = self.cleaned_data["direction"] or (situation.direction if situation else None)
        owner = Owner(self.by_code.get(self.cleaned_data["owner"]), direction, situation)
        return {"title": self.cleaned_data["title"], "owner": owner}


class CreateForm(OwnerForm):
    kind = forms.ChoiceField(label="Вид", choices=Questionnaire.Kind.choices, initial=Questionnaire.Kind.QUESTIONNAIRE)
    field_order = ["title", "kind", "owner", "direction", "life_situation"]

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), "kind": self.cleaned_data["kind"]}


class FactsForm(forms.Form):
    """What can be changed of a questionnaire beside its versions."""

    title = OwnerForm.base_fields["title"]
    direction = OwnerForm.base_fields["direction"]
    life_situation = OwnerForm.base_fields["life_situation"]

    def __init__(self, *args: Any, questionnaire: Questionnaire, **kwargs: Any) -> None:
        initial = {
            "title": questionnaire.title,
            "direction": questionnaire.direction.code if questionnaire.direction else None,
            "life_situation": questionnaire.life_situation_id,
        }
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        self.region = questionnaire.region
        _situations(self, LifeSituation.objects.filter(Q(region=None) | Q(region=self.region)))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        _check_about(self, cleaned.get("life_situation"), cleaned.get("direction"), self.region)
        return cleaned

    def facts(self) -> dict[str, Any]:
        situation: LifeSituation | None = self.cleaned_data["life_situation"]
        direction = self.cleaned_data["direction"] or (situation.direction if situation else None)
        return {"title": self.cleaned_data["title"], "owner": Owner(self.region, direction, situation)}


class ExtendForm(forms.Form):
    title = OwnerForm.base_fields["title"]
    owner = forms.ChoiceField(label="Регион", widget=forms.RadioSelect)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_code = {one.code: one for one in Region.objects.permitting(by, Permission.QUESTIONNAIRE_EDIT)}
        _choose(self, "owner", [(region.code, region.name) for region in self.by_code.values()])

    def facts(self) -> dict[str, Any]:
        return {"title": self.cleaned_data["title"], "region": self.by_code[self.cleaned_data["owner"]]}


def _choose(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
    if len(choices) == 1:
        field.initial = choices[0][0]
        field.widget = forms.HiddenInput()


def _situations(form: forms.Form, situations: QuerySet[LifeSituation]) -> None:
    field = form.fields["life_situation"]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = situations.select_related("direction")


def _check_about(
    form: forms.Form, situation: LifeSituation | None, direction: Direction | None, region: Region | None
) -> None:
    if situation is None:
        return
    if direction and situation.direction_id != direction.pk:
        form.add_error("life_situation", f"Эта жизненная ситуация — другого направления: {situation.direction}")
    if situation.region_id and situation.region_id != (region.pk if region else None):
        form.add_error("life_situation", "Эту жизненную ситуацию описал другой регион")


# Files ----------------------------------------------------------------------------------------------------------------


class DocumentField(forms.FileField):
    """A questionnaire as JSON; cleans to its document (not yet checked)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Файл JSON")
        kwargs.setdefault("help_text", f"Выгруженный из портала или составленный так же; до {MOST_BYTES // 2**20} МБ")
        super().__init__(widget=forms.FileInput(attrs={"accept": ".json,application/json"}), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        upload = super().clean(data, initial)
        try:
            return read_document(upload.read(MOST_BYTES + 1), upload.size)
        except FileError as error:
            raise forms.ValidationError(str(error)) from error


class ImportForm(CreateForm):
    file = DocumentField()
    field_order = ["file", "title", "kind", "owner", "direction", "life_situation"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False
        self.fields["title"].help_text = "Пустое поле: как в файле"


class ReplaceForm(forms.Form):
    """A file in the place of a draft's document."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    file = DocumentField()


# The draft ------------------------------------------------------------------------------------------------------------


class SeenForm(forms.Form):
    """Carries what its person has seen (editing.mark_of), so that a change in between is noticed."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


class SettingsForm(SeenForm):
    title = forms.CharField(label="Заголовок", help_text="Его видят отвечающие", max_length=1000, widget=_area())
    intro = forms.CharField(
        label="Вступление", required=False, max_length=1000, widget=_area(3), help_text="Зачем опрос и сколько займёт"
    )
    thanks = forms.CharField(
        label="Благодарность", required=False, max_length=1000, widget=_area(), help_text="После отправки ответов"
    )
    paged = forms.BooleanField(
        label="Показывать по разделам",
        required=False,
        help_text="Каждый раздел на своём шаге, ответы сохраняются по мере заполнения. Иначе — всё на одной странице",
    )


class SectionForm(SeenForm):
    title = forms.CharField(label="Заголовок раздела", required=False, max_length=300)
    help = forms.CharField(label="Пояснение", required=False, max_length=1000, widget=_area())
    is_repeated = forms.BooleanField(
        label="Раздел повторяется", required=False, help_text="Например, о каждом члене семьи. Без показателей"
    )
    least = forms.IntegerField(label="Повторов не меньше", required=False, min_value=0, max_value=20, initial=1)
    most = forms.IntegerField(label="Повторов не больше", required=False, min_value=1, max_value=20, initial=5)
    add = forms.CharField(
        label="Надпись кнопки", required=False, max_length=1000, initial="Добавить ещё", help_text="Для повторов"
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        least, most = cleaned.get("least"), cleaned.get("most")
        if cleaned.get("is_repeated") and least is not None and most is not None and least > most:
            self.add_error("most", "Наименьшее число повторов больше наибольшего")
        return cleaned

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        repeat = None
        if given["is_repeated"]:
            repeat = {
                "min": 1 if given["least"] is None else given["least"],
                "max": given["most"] or 5,
                "add": given["add"] or "Добавить ещё",
            }
        return {"title": given["title"], "help": given["help"], "repeat": repeat}

    @staticmethod
    def initial_of(section: Document) -> dict[str, Any]:
        repeat = section.get("repeat")
        found = {"title": section["title"], "help": section["help"], "seen": editing.mark_of(section)}
        if isinstance(repeat, dict):
            found |= {"is_repeated": True, "least": repeat.get("min", 1), "most": repeat.get("max", 5)}
            found["add"] = repeat.get("add", "Добавить ещё")
        return found


class QuestionForm(SeenForm):
    """One question of a type; the answers to choose from are rows of their own (`options`).

    `document` is the whole questionnaire, `homes` the sections (code, title) it can stand in, `section` where it stands
    or will stand, `question` the one that is edited, None for a new one.
    """

    home = forms.ChoiceField(label="Раздел")
    type = forms.ChoiceField(label="Вид вопроса", choices=TYPE_TITLES.items())
    text = forms.CharField(label="Текст вопроса", max_length=1000, widget=_area())
    help = forms.CharField(label="Подсказка", required=False, max_length=500, widget=_area())
    more_options = forms.CharField(
        label="Новые варианты ответа",
        required=False,
        widget=_area(4),
        help_text="По одному в строке",
        max_length=20_000,
    )
    unit = forms.CharField(label="Единица", required=False, max_length=30, help_text="Например, дней")
    least = forms.DecimalField(label="Наименьшее", required=False, max_digits=12, decimal_places=3)
    most = forms.DecimalField(label="Наибольшее", required=False, max_digits=12, decimal_places=3)
    decimals = forms.IntegerField(label="Знаков после запятой", required=False, min_value=0, max_value=3)
    max_length = forms.IntegerField(
        label="Не длиннее, знаков", required=False, min_value=1, max_value=10_000, help_text="До 100 — одна строка"
    )
    required = forms.BooleanField(label="Отвечать обязательно", required=False)
    measure = forms.ChoiceField(
        label="Показатель", required=False, help_text="Что считается по ответам. Один показатель — один вопрос"
    )
    condition = forms.ChoiceField(label="Показывать", required=False)
    answers = forms.MultipleChoiceField(
        label="Если ответили", required=False, widget=forms.CheckboxSelectMultiple, choices=[]
    )
    code = forms.CharField(
        label="Код", required=False, max_length=50, help_text="Под ним хранятся ответы. " + CODE_RULE
    )

    # What only some types have.
    OF_TYPES: Mapping[str, tuple[str, ...]] = {
        "more_options": ("single", "multiple"),
        "unit": ("number",),
        "least": ("number",),
        "most": ("number",),
        "decimals": ("number",),
        "max_length": ("text",),
    }

    def __init__(
        self,
        *args: Any,
        document: Document,
        homes: Sequence[tuple[str, str]],
        section: str,
        question: Document | None,
        kind: str,
        **kwargs: Any,
    ) -> None:
        code = question["code"] if question else None
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.question = question
        fields = self.fields
        _choose(self, "home", homes)
        fields["home"].initial = section
        for name, types in self.OF_TYPES.items():
            if kind not in types:
                del fields[name]
        measures = [name for name, wanted in MEASURE_TYPES.items() if wanted == kind]
        # An indicator with a code of its own stays as it is.
        if question and question.get("measure") and question["measure"] not in measures:
            measures.append(str(question["measure"]))
        if measures:
            _choices(self, "measure", [("", "нет"), *((one, MEASURE_TITLES.get(one, one)) for one in measures)])
        else:
            del fields["measure"]
        asked = list(editing.askable(document, section, code))
        titles = {one["code"]: _cut(one["text"] or one["code"]) for _, one in asked}
        self.askable = {one["code"]: one for _, one in asked}
        present = conditions_of(question) if question else None
        if present and present[0] not in titles:
            titles[present[0]] = f"«{_cut(present[0])}» — такого вопроса раньше нет"
        if titles:
            _choices(
                self,
                "condition",
                [("", "всегда"), *((code, f"по ответу на «{title}»") for code, title in titles.items())],
            )
            chosen = self.data.get("condition", "") if self.is_bound else (present[0] if present else "")
            self.show_answers(chosen)
        else:
            del fields["condition"], fields["answers"]

    def show_answers(self, chosen: str) -> None:
        """Offer the answers to the question of this code for the condition; to none when there is no such question."""
        field = self.base_fields["answers"]
        asked = self.askable.get(chosen)
        if asked is None:
            self.fields.pop("answers", None)
            return
        if "answers" not in self.fields:
            self.fields["answers"] = copy.deepcopy(field)
        _choices(self, "answers", list(answers_of(asked).items()))
        self.order_fields(self.base_fields)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if code and not editing.CODE.fullmatch(code):
            raise forms.ValidationError(CODE_RULE)
        if code in RESERVED:
            raise forms.ValidationError("Этот код занят порталом: выберите другой")
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        least, most = cleaned.get("least"), cleaned.get("most")
        if least is not None and most is not None and least > most:
            self.add_error("most", "Наибольшее меньше наименьшего")
        if cleaned.get("condition") and "answers" in self.fields and not cleaned.get("answers"):
            self.add_error("answers", "Отметьте, после каких ответов показывать вопрос")
        return cleaned

    def document(self, options: list[Document], *, code: str) -> Document:
        """The question as the draft keeps it; `options` are its answers to choose from."""
        given = self.cleaned_data
        question: Document = {
            "code": given["code"] or code,
            "type": self.kind,
            "text": given["text"],
            "help": given["help"],
            "required": given["required"],
            "measure": given.get("measure") or None,
        }
        if self.kind in ("single", "multiple"):
            question["options"] = options
        if self.kind == "number":
            question["unit"] = given["unit"]
            question |= {
                name: format(value, "f")
                for name, value in (("min", given["least"]), ("max", given["most"]))
                if value is not None
            }
            question["decimals"] = given["decimals"] or 0
        if self.kind == "text" and given["max_length"]:
            question["max_length"] = given["max_length"]
        if given.get("condition"):
            question["visible_if"] = {"question": given["condition"], "in": given.get("answers") or []}
        return question

    @staticmethod
    def initial_of(question: Document, section: Document) -> dict[str, Any]:
        found: dict[str, Any] = {name: question.get(name, "") for name in ("type", "text", "help", "unit", "code")}
        condition = conditions_of(question)
        return found | {
            "seen": editing.mark_of(question),
            "home": section["code"],
            "required": question.get("required") is True,
            "measure": question.get("measure") or "",
            "least": question.get("min", Decimal(0)),
            "most": question.get("max", Decimal(1_000_000)),
            "decimals": question.get("decimals", 0),
            "max_length": question.get("max_length", 2000),
            "condition": condition[0] if condition else "",
            "answers": condition[1] if condition else [],
        }


def option_rows(data: MultiValueDict[str, str]) -> list[tuple[str, str]]:
    """Rows (code or "", title) of what was sent: those there were, then the new ones, a line each."""
    codes = [code if editing.CODE.fullmatch(code) else "" for code in data.getlist("option_code")]
    titles = data.getlist("option_title")
    rows = list(zip(codes, [*titles, *[""] * len(codes)], strict=False))
    return rows + [("", line) for line in data.get("more_options", "").splitlines()]


def options_error(rows: Iterable[tuple[str, str]]) -> str:
    """What is wrong with the rows of answers, in Russian; empty when nothing is."""
    titles = [" ".join(title.split()) for _, title in rows if title.split()]
    if len(titles) < 2:
        return "Нужно не меньше двух вариантов ответа"
    if len(titles) > MOST_OPTIONS:
        return f"Слишком много вариантов: не больше {MOST_OPTIONS}, сейчас {len(titles)}"
    if any(len(title) > 1000 for title in titles):
        return "Вариант ответа длиннее 1000 знаков"
    if any("\x00" in title for title in titles):
        return "В варианте ответа недопустимый знак"
    if repeated := next((title for title in titles if titles.count(title) > 1), ""):
        return f"Вариант «{_cut(repeated)}» повторяется"
    return ""


def answers_of(question: Document) -> dict[str, str]:
    """Codes and titles of the answers to choose from of a question of a draft."""
    if question["type"] == "scale4":
        return dict(SCALE4_TITLES)
    if question["type"] == "nps":
        return {str(number): str(number) for number in range(11)}
    return {option["code"]: option["title"] for option in question["options"]}


def add_findings(form: forms.Form, findings: Iterable[Finding]) -> None:
    """Say findings at the fields of a form; those of other places above it."""
    names = FORM_FIELDS | {"options": "more_options", "min": "least", "max": "most"}
    for finding in findings:
        name = names.get(finding.field, finding.field)
        form.add_error(name if name in form.fields else None, finding.message)


class LanguageForm(forms.Form):
    """A language to translate into."""

    language = forms.ChoiceField(label="Добавить язык", choices=[])

    def __init__(self, *args: Any, present: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = set(present)
        _choices(self, "language", [(code, title) for code, title in TITLES.items() if code not in there])


class TranslationForm(SeenForm):
    """A field for each text of the questionnaire, named by its place (Definition.texts), in the order of the page."""

    def __init__(self, *args: Any, texts: Mapping[str, str], words: Mapping[str, str], language: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.places = list(texts)
        for place, text in texts.items():
            is_long = len(text) > 80
            attrs = {"lang": language, "class": "form-control"}
            self.fields[place] = forms.CharField(
                label=text,
                required=False,
                max_length=limit_of(place),
                initial=words.get(place, ""),
                widget=forms.Textarea(attrs={**attrs, "rows": 3}) if is_long else forms.TextInput(attrs=attrs),
            )

    def words(self) -> dict[str, str]:
        return {place: self.cleaned_data[place] for place in self.places}


def limit_of(place: str) -> int:
    """How long the text at a place may be."""
    if place.startswith("question.") and place.endswith(".help"):
        return 500
    if place.endswith(".unit"):
        return 30
    if place.startswith("section.") and place.endswith(".title"):
        return 300
    return 1000


class RevisionForm(forms.Form):
    """A decision about a draft as it was seen."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)


class RetireForm(forms.Form):
    reason = forms.CharField(label="Почему снимаете", max_length=300, widget=_area(2))

    def clean_reason(self) -> str:
        return " ".join(self.cleaned_data["reason"].split())


def _choices(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def _cut(text: str) -> str:
    return text if len(text) <= 70 else f"{text[:69]}…"
