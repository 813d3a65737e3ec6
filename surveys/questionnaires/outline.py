"""A draft as the rows of the editor's page: sections, questions, what is wrong where. Pure."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from surveys.questionnaires.checking import MEASURE_TITLES, TYPE_TITLES, Finding
from surveys.questionnaires.definition import SCALE4_TITLES
from surveys.questionnaires.editing import CODE
from surveys.questionnaires.shapes import Document, conditions_of, shaped


@dataclass(frozen=True, slots=True)
class QuestionRow:
    number: str  # as the editor counts: «2.3»
    code: str
    text: str
    help: str
    type_title: str
    measure_title: str
    is_required: bool
    condition: str  # in words, or empty
    options: list[str]
    findings: list[Finding]
    is_locked: bool
    is_first: bool  # of all that can be moved
    is_last: bool


@dataclass(frozen=True, slots=True)
class SectionRow:
    number: int
    code: str
    title: str
    help: str
    repeat: str  # in words, or empty
    is_locked: bool
    is_standard: bool
    findings: list[Finding]
    questions: list[QuestionRow] = field(default_factory=list)
    is_first: bool = False
    is_last: bool = False


def outline_of(document: object, findings: Sequence[Finding], locked: Collection[str] = ()) -> list[SectionRow]:
    """The sections of the whole document; `locked` are the codes of those that cannot be changed here."""
    draft = shaped(document)
    found: dict[tuple[int | None, int | None], list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.section, finding.question].append(finding)
    asked = {question["code"]: question for section in draft["sections"] for question in section["questions"]}
    movable = [
        (at, number)
        for at, section in enumerate(draft["sections"])
        for number, _ in enumerate(section["questions"])
        if section["code"] not in locked
    ]
    own = [at for at, section in enumerate(draft["sections"]) if section["code"] not in locked]
    rows = []
    for at, section in enumerate(draft["sections"]):
        repeat = section.get("repeat")
        questions = [
            QuestionRow(
                number=f"{at + 1}.{number + 1}",
                code=question["code"],
                text=question["text"],
                help=question["help"],
                type_title=TYPE_TITLES.get(question["type"], "вид не выбран"),
                measure_title=MEASURE_TITLES.get(str(question.get("measure")), str(question.get("measure") or "")),
                is_required=question.get("required") is True,
                condition=_condition(question, asked),
                options=[option["title"] for option in question["options"]],
                findings=found[at, number],
                is_locked=section["code"] in locked or not CODE.fullmatch(question["code"]),
                # Over the border of a section it can go on.
                is_first=at == own[0] and number == 0 if own else True,
                is_last=(at, number) == movable[-1] and at == own[-1] if movable else True,
            )
            for number, question in enumerate(section["questions"])
        ]
        rows.append(
            SectionRow(
                number=at + 1,
                code=section["code"],
                title=section["title"],
                help=section["help"],
                repeat=f"повторяется от {repeat.get('min', 1)} до {repeat.get('max', 5)} раз"
                if isinstance(repeat, dict)
                else "",
                # What has no code nobody can point at: only a file can mend it.
                is_locked=section["code"] in locked or not CODE.fullmatch(section["code"]),
                is_standard=section["code"] in locked,
                findings=found[at, None],
                questions=questions,
                is_first=bool(own) and at == own[0],
                is_last=bool(own) and at == own[-1],
            )
        )
    return rows


def _condition(question: Document, asked: dict[str, Document]) -> str:
    condition = conditions_of(question)
    if condition is None:
        return ""
    code, values = condition
    if code not in asked:
        return f"если на «{code}» ответили иначе, чем можно"
    titles = {option["code"]: option["title"] for option in asked[code]["options"]}
    if asked[code]["type"] == "scale4":
        titles = SCALE4_TITLES
    answers = ", ".join(f"«{titles.get(value, value)}»" for value in values)
    return f"если на «{asked[code]['text'] or code}» ответили {answers}"
