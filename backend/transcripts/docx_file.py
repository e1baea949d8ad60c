"""A transcript as a Word document: a heading for each speaker's turn, so that the navigation pane lists who spoke."""

import io
import re
from collections.abc import Iterable
from typing import Any

from docx import Document as new_document
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Pt, RGBColor
from docx.text.paragraph import Paragraph as TextParagraph

#: What XML cannot hold, however it is written.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Fonts that every Word and WPS has, or knows how to replace; Chinese has one of its own.
_LATIN, _CHINESE = "Calibri", "Microsoft YaHei"
_QUIET = RGBColor(0x5F, 0x63, 0x68)

#: Who speaks, when, and what: any of them may be empty.
Paragraph = tuple[str, str, str]


def docx(title: str, paragraphs: Iterable[Paragraph], about: str) -> bytes:
    """The file. What was said is only ever text: no markup, no field, no link comes of it."""
    document = new_document()
    for name in ("Normal", "Title", "Heading 2"):
        _set_fonts(document.styles[name])
    document.styles["Normal"].font.size = Pt(11)
    document.core_properties.title = fit(title)[:255]
    document.core_properties.author = ""
    document.core_properties.comments = ""
    if title:
        document.add_paragraph(fit(title), style="Title")
    if about:
        document.add_paragraph().add_run(fit(about)).font.color.rgb = _QUIET
    heading = document.styles["Heading 2"]
    heading.font.size = Pt(11)
    heading.font.color.rgb = RGBColor(0x1D, 0x6F, 0x66)
    for speaker, time, text in paragraphs:
        if speaker or time:
            line = _added(document, heading.style_id)
            line.add_run(fit(speaker))
            if time:
                clock = line.add_run(f"{'  ' if speaker else ''}{time}")
                clock.font.bold = False
                clock.font.color.rgb = _QUIET
        if text:
            _added(document).add_run(fit(text))
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _added(document: Any, style_id: str | None = None) -> TextParagraph:
    """A new last paragraph. `add_paragraph` looks through all there are, each time: hours of talk took minutes."""
    body = document.element.body
    element = OxmlElement("w:p")
    body[-1].addprevious(element)  # the last one is no paragraph: it says how large the pages are
    if style_id:
        element.style = style_id
    return TextParagraph(element, document._body)


def _set_fonts(style: Any) -> None:  # python-docx types its styles as what they are built on
    style.font.name = _LATIN
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(attribute), None)  # a theme would win over the names
    fonts.set(qn("w:eastAsia"), _CHINESE)


def fit(text: str) -> str:
    """The text without what no Word document may hold."""
    return _UNFIT.sub("", text)
