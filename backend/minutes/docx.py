"""Minutes as a Word document: parts in the order of the template, each statement with the times of its evidence."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend.minutes.markdown import labels
from backend.minutes.schema import MinutesContent, Statement
from backend.minutes.templates import PARTS, Template
from backend.transcripts.document import Document
from backend.transcripts.export import clock
from backend.transcripts.written_form import AS_IS, WrittenForm

if TYPE_CHECKING:
    from docx.document import Document as Word

#: Installed on every Windows; elsewhere Word uses another CJK font.
_LATIN, _CHINESE = "Calibri", "Microsoft YaHei"

#: Style, bold lead, text, and the statement whose times follow.
_Line = tuple[str, str, str, Statement | None]


def docx(
    minutes: MinutesContent,
    document: Document,
    template: Template,
    title: str,
    *,
    stale: bool = False,
    form: WrittenForm = AS_IS,
) -> bytes:
    """The whole file. It contains text only and no external references. `form` is for the labels."""
    from docx import Document as new  # the import takes half a second

    from backend.transcripts.docx_file import strip_invalid_xml

    word = new()
    _set_fonts(word)
    words = labels(minutes.language, form)
    times = {segment.id: clock(segment.start) for segment in document.segments}
    heading = strip_invalid_xml(minutes.title or title or words[0])
    word.core_properties.title, word.core_properties.author = heading[:255], ""
    word.add_heading(heading, 0)
    if stale:
        word.add_paragraph(words[1], style="Intense Quote")
    for part in template.parts:
        if lines := list(_lines(part, minutes)):
            word.add_heading(form.write(PARTS[part][minutes.language != "zh"]), 1)
            for style, lead, text, statement in lines:
                _add(word, (style, strip_invalid_xml(lead), strip_invalid_xml(text), statement), times, words[2])
    coverage = minutes.coverage
    if coverage.covered < coverage.segments:
        coverage_note = f"{words[3]} {coverage.covered} / {coverage.segments} {words[4]}".rstrip()
        word.add_paragraph(coverage_note, style="Intense Quote")
    file = io.BytesIO()
    word.save(file)
    return file.getvalue()


def _add(word: "Word", line: _Line, times: dict[str, str], doubt: str) -> None:
    style, lead, text, statement = line
    paragraph = word.add_paragraph(style=style)
    if lead:
        paragraph.add_run(f"{lead} ").bold = True
    paragraph.add_run(text)
    if statement is None:
        return
    if statement.doubtful:
        paragraph.add_run(f" ⟨{doubt}⟩")
    if places := [times[id] for id in statement.evidence[:5] if id in times]:
        paragraph.add_run(f" {', '.join(places)}").italic = True


def _lines(part: str, minutes: MinutesContent) -> Iterator[_Line]:
    if part == "headline" and minutes.headline:
        yield "Normal", "", minutes.headline.text, minutes.headline
    elif part == "keywords" and minutes.keywords:
        yield "Normal", "", " · ".join(minutes.keywords), None
    elif part == "topics":
        for topic in minutes.topics:
            yield "List Bullet", topic.title, f"{clock(topic.start)}–{clock(topic.end)}", None
            yield from (("List Bullet 2", "", point.text, point) for point in topic.points)
    elif part == "actions":
        for action in minutes.actions:
            lead = " · ".join(fact for fact in (action.who, action.when) if fact)
            yield "List Bullet", f"☐ {lead}".rstrip(), action.text, action
    elif part == "speakers":
        yield from (("List Bullet", note.name, note.text, note) for note in minutes.speakers)
    elif part in ("overview", "decisions", "questions"):
        statements: list[Statement] = getattr(minutes, part)
        yield from (("List Bullet", "", one.text, one) for one in statements)


def _set_fonts(word: "Word") -> None:
    """Word uses a separate font for Chinese characters, which must be set for every style."""
    from docx.oxml.ns import qn

    for style in word.styles:
        properties = style.element.find(qn("w:rPr"))
        if style.name == "Normal" or (properties is not None and properties.find(qn("w:rFonts")) is not None):
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
            for script, font in (("ascii", _LATIN), ("hAnsi", _LATIN), ("eastAsia", _CHINESE)):
                fonts.set(qn(f"w:{script}"), font)
