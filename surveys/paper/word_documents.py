"""An instrument as DOCX: headings, numbered questions and tables that can be edited in a word processor.

Import this module where documents are made, not in every process.
"""

from __future__ import annotations

import io
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from regions.signs import UNWRITABLE
from surveys.paper.printing import Paper, Place, PrintedQuestion, PrintedSection

FONT = "Arial"
BOX = "☐"


def write(paper: Paper) -> bytes:
    document = docx.Document()
    _set_up(document, paper)
    document.add_paragraph(_clean(paper.kind))
    document.add_heading(_clean(paper.layout.title), level=0)
    document.add_paragraph(_clean(paper.about))
    if paper.filled_by:
        _table(document, [[f"{words}:", ""] for words in paper.filled_by], widths=(5, 11.5))
        document.add_paragraph()
    if paper.layout.intro:
        document.add_paragraph(_clean(paper.layout.intro))
    for section in paper.layout.sections:
        _write_section(document, section)
    if paper.ending:
        document.add_paragraph(_clean(paper.ending))
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _set_up(document: Any, paper: Paper) -> None:
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin, page.right_margin, page.top_margin, page.bottom_margin = Cm(2.5), Cm(2), Cm(2), Cm(2)
    for name, size, bold in (
        ("Normal", 11, None),
        ("Title", 20, True),
        ("Heading 1", 14, True),
        ("List Number", 11, True),
    ):
        style = document.styles[name]
        style.font.name, style.font.size, style.font.bold = FONT, Pt(size), bold
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        # Words in Cyrillic follow their own settings; those of the theme would win.
        for attribute in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(attribute), FONT)
        for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
            fonts.attrib.pop(qn(attribute), None)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "ru-RU")
    document.styles["Normal"].element.get_or_add_rPr().append(language)
    properties = document.core_properties
    properties.title = _clean(paper.layout.title)[:255]
    properties.author = _clean(paper.owner)[:255]
    properties.subject = _clean(paper.kind)
    properties.comments = ""
    properties.language = "ru-RU"
    if paper.is_draft:
        mark = page.header.paragraphs[0]
        mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = mark.add_run("ЧЕРНОВИК")
        run.bold, run.font.size = True, Pt(20)
    foot = page.footer.paragraphs[0]
    foot.add_run(f"{_clean(paper.running)}, стр. ")
    _add_field(foot, "PAGE")
    foot.add_run(" из ")
    _add_field(foot, "NUMPAGES")
    for run in foot.runs:
        run.font.size = Pt(8)


def _write_section(document: Any, section: PrintedSection) -> None:
    if section.title:
        document.add_heading(_clean(section.title), level=1)
    for note in (section.help, section.repeat):
        if note:
            document.add_paragraph(_clean(note))
    for question in section.questions:
        _write_question(document, question)


def _write_question(document: Any, question: PrintedQuestion) -> None:
    if question.condition:
        _small(document, f"{question.condition}:")
    # One list through the whole document: the numbers are those that conditions speak of.
    text = document.add_paragraph(_clean(question.text), style="List Number")
    text.paragraph_format.keep_with_next = True
    text.paragraph_format.space_before = Pt(8)
    for note in (question.help, question.hint):
        if note:
            _small(document, note)
    match question.place:
        case Place.ONE | Place.MANY:
            for choice in question.choices:
                line = document.add_paragraph(f"{BOX} {_clean(choice)}")
                line.paragraph_format.left_indent = Cm(1)
                line.paragraph_format.space_after = Pt(2)
        case Place.SCALE:
            _table(document, [[f"{BOX} {choice}" for choice in question.choices]])
        case Place.RATING:
            _table(document, [list(question.choices)])
        case Place.LINES:
            # One cell as high as the lines: in a word processor it is typed into.
            table = _table(document, [[""]])
            table.rows[0].height = Cm(0.8 * question.lines)
        case Place.NUMBER | Place.DATE:
            mark = "." if question.place is Place.DATE else ","
            line = document.add_paragraph(mark.join("__" * size for size in question.digits))
            line.add_run(f" {_clean(question.unit)}" if question.unit else "")
            line.paragraph_format.left_indent = Cm(1)


def _small(document: Any, words: str) -> None:
    line = document.add_paragraph()
    line.paragraph_format.keep_with_next = True
    line.paragraph_format.space_after = Pt(2)
    run = line.add_run(_clean(words))
    run.italic, run.font.size = True, Pt(10)


def _table(document: Any, rows: list[list[str]], widths: tuple[float, ...] = ()) -> Any:
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    table.style = "Table Grid"
    for row, words in zip(table.rows, rows, strict=True):
        for index, (cell, text) in enumerate(zip(row.cells, words, strict=True)):
            cell.text = _clean(text)
            if widths:
                cell.width = Cm(widths[index])
    return table


def _add_field(paragraph: Any, instruction: str) -> None:
    """A number the word processor counts: PAGE, NUMPAGES."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    run = OxmlElement("w:r")
    size = OxmlElement("w:rPr")
    points = OxmlElement("w:sz")
    points.set(qn("w:val"), "16")
    size.append(points)
    text = OxmlElement("w:t")
    text.text = "1"
    run.extend((size, text))
    field.append(run)
    paragraph._p.append(field)


def _clean(words: str) -> str:
    return UNWRITABLE.sub("", words)
