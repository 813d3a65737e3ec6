"""A questionnaire as the fields of a page: names, ids, what was typed, what is wrong, and when a question is shown.

Pure: a definition, the values sent and the errors go in; what the template prints comes out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from surveys.filling.steps import Steps, may_be_asked
from surveys.questionnaires.answers import Sent, clean_text, count_field, field_name, keep_known, parse_date, repeats
from surveys.questionnaires.definition import Definition, Question, Section

# Shorter texts get one line instead of a box.
ONE_LINE = 100


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    title: str
    id: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Field:
    question: Question
    name: str
    widget: str  # a template of templates/surveys/public/widgets/
    value: str
    choices: list[Choice]
    error: str
    # Titles of the answers to an earlier question of the page after which this one is shown; empty: it always is.
    shown_on: list[str]

    @property
    def id(self) -> str:
        return f"f-{self.name}"

    @property
    def box_id(self) -> str:
        return f"b-{self.name}"

    @property
    def anchor(self) -> str:
        """The id of what gets the focus when the error summary leads here."""
        return self.choices[0].id if self.choices else self.id

    @property
    def template(self) -> str:
        return f"surveys/public/widgets/{self.widget}.html"

    @property
    def has_hint(self) -> bool:
        return bool(self.question.help) or self.question.type == "date"

    @property
    def described_by(self) -> str:
        """Ids of the hint, the unit and the error, for assistive technology."""
        return " ".join(
            [f"{self.id}-hint"] * self.has_hint
            + [f"{self.id}-unit"] * bool(self.question.unit)
            + [f"{self.id}-error"] * bool(self.error)
        )


@dataclass(frozen=True, slots=True)
class Block:
    """The questions of a section, once; a repeating section has one per repetition, with its number."""

    number: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Part:
    section: Section
    blocks: list[Block]

    @property
    def count_field(self) -> str:
        return count_field(self.section) if self.section.repeat else ""

    @property
    def count(self) -> str:
        return str(len(self.blocks))

    @property
    def can_add(self) -> bool:
        return bool(self.section.repeat and len(self.blocks) < self.section.repeat.max)

    @property
    def can_remove(self) -> bool:
        return bool(self.section.repeat and len(self.blocks) > self.section.repeat.min)


def build_parts(
    definition: Definition, sent: Sent, errors: Mapping[str, str], *, steps: Steps | None = None, step: int = 0
) -> list[Part]:
    """All sections with what was typed (`sent`) and what is wrong with it (field name → message).

    With `steps` only the section of that step, without the questions that earlier answers leave out.
    """
    parts = []
    for section in definition.sections if steps is None else [definition.sections[step]]:
        indexes: list[int | None] = [None] if section.repeat is None else list(range(repeats(section, sent)))
        asked = _asked(definition, section, steps)
        blocks = [
            Block(
                number="" if index is None else str(index + 1),
                fields=[
                    _field(definition, section, question, index, sent, errors, decided=steps is not None)
                    for question in asked
                ],
            )
            for index in indexes
        ]
        parts.append(Part(section, blocks))
    return parts


def _asked(definition: Definition, section: Section, steps: Steps | None) -> list[Question]:
    if steps is None:
        return section.questions
    return [one for one in section.questions if may_be_asked(definition, section, one, steps.answered)]


def carried_fields(definition: Definition, sent: Sent, parts: list[Part]) -> list[tuple[str, str]]:
    """Names and values of what was typed on other steps: it goes along unseen, so that no step is lost."""
    here = {field.name for field in fields_of(parts)} | {part.count_field for part in parts}
    return [
        (name, value) for name, values in keep_known(definition, sent).items() if name not in here for value in values
    ]


def fields_of(parts: list[Part]) -> Iterator[Field]:
    for part in parts:
        for block in part.blocks:
            yield from block.fields


def visibility_rules(definition: Definition, sent: Sent, *, steps: Steps | None = None, step: int = 0) -> str:
    """CSS that shows a conditional question once its condition is met: no script is needed.

    Codes are made of Latin letters, digits and underscores, so they need no escaping here.
    """
    rules = []
    for section in definition.sections if steps is None else [definition.sections[step]]:
        indexes: list[int | None] = [None] if section.repeat is None else list(range(repeats(section, sent)))
        asked = _asked(definition, section, steps)
        for index in indexes:
            for question in asked:
                conditions = "".join(_conditions(definition, section, question, index, decided=steps is not None))
                if conditions:
                    rules.append(f"form{conditions} #b-{field_name(section, question, index)}{{display:block}}")
    return "@supports selector(:has(*)){" + "".join(rules) + "}" if rules else ""


def _conditions(
    definition: Definition, section: Section, question: Question, index: int | None, *, decided: bool
) -> Iterator[str]:
    """One `:has()` per condition: the question's own, and those of the questions it hangs on.

    `decided`: conditions on other sections have been looked at already, and hold.
    """
    while question.visible_if:
        asked = definition.by_code[question.visible_if.question]
        home = section if asked in section.questions else None
        if home is None and decided:
            return
        name = field_name(section, asked, index) if home else asked.code
        yield ":has(" + ",".join(f"#f-{name}-{value}:checked" for value in question.visible_if.values) + ")"
        question, index = asked, index if home else None
        if home is None:
            section = next(one for one in definition.sections if asked in one.questions)


def _field(
    definition: Definition,
    section: Section,
    question: Question,
    index: int | None,
    sent: Sent,
    errors: Mapping[str, str],
    *,
    decided: bool,
) -> Field:
    name = field_name(section, question, index)
    given = [clean_text(value) for value in sent.get(name, ())]
    value = given[0] if given else ""
    widget = {"scale4": "radios", "single": "radios", "multiple": "checkboxes"}.get(question.type, question.type)
    if question.type == "date" and value:
        day = parse_date(value)
        # A date field shows nothing but dates: what is not one comes back in a plain field, so that it can be mended.
        widget, value = ("date", day.isoformat()) if day else ("line", value)
    if question.type == "text" and question.max_length <= ONE_LINE:
        widget = "line"
    shown_on = []
    if question.visible_if and not (
        decided and definition.by_code[question.visible_if.question] not in section.questions
    ):
        titles = definition.by_code[question.visible_if.question].choices
        shown_on = [title for code, title in titles.items() if code in question.visible_if.values]
    return Field(
        question=question,
        name=name,
        widget=widget,
        value=value,
        choices=[Choice(code, title, f"f-{name}-{code}", code in given) for code, title in question.choices.items()],
        error=errors.get(name, ""),
        shown_on=shown_on,
    )
