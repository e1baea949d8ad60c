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

from backend.transcripts.paragraphs import Paragraph

#: Characters that XML cannot contain, even escaped.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Fonts that Word and WPS have or can replace; Chinese needs a separate one.
_LATIN, _CHINESE = "Calibri", "Microsoft YaHei"
_MUTED = RGBColor(0x5F, 0x63, 0x68)


def docx(title: str, paragraphs: Iterable[Paragraph], about: str) -> bytes:
    """The file. Spoken text stays text: it never becomes markup, a field or a link."""
    document = new_document()
    for name in ("Normal", "Title", "Heading 2"):
        _set_fonts(document.styles[name])
    document.styles["Normal"].font.size = Pt(11)
    document.core_properties.title = strip_invalid_xml(title)[:255]
    document.core_properties.author = ""
    document.core_properties.comments = ""
    if title:
        document.add_paragraph(strip_invalid_xml(title), style="Title")
    if about:
        document.add_paragraph().add_run(strip_invalid_xml(about)).font.color.rgb = _MUTED
    heading = document.styles["Heading 2"]
    heading.font.size = Pt(11)
    heading.font.color.rgb = RGBColor(0x1D, 0x6F, 0x66)
    for speaker, time, text, translation in paragraphs:
        if speaker or time:
            line = _added(document, heading.style_id)
            line.add_run(strip_invalid_xml(speaker))
            if time:
                clock = line.add_run(f"{'  ' if speaker else ''}{time}")
                clock.font.bold = False
                clock.font.color.rgb = _MUTED
        if text:
            _added(document).add_run(strip_invalid_xml(text))
        if translation:
            _added(document).add_run(strip_invalid_xml(translation)).font.color.rgb = _MUTED
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _added(document: Any, style_id: str | None = None) -> TextParagraph:
    """A new last paragraph. `add_paragraph` searches all paragraphs each time, minutes for hours of speech."""
    body = document.element.body
    element = OxmlElement("w:p")
    body[-1].addprevious(element)  # the last element is the page size, not a paragraph
    if style_id:
        element.style = style_id
    return TextParagraph(element, document._body)


def _set_fonts(style: Any) -> None:  # python-docx types styles as their base class
    style.font.name = _LATIN
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(attribute), None)  # a theme would override the names
    fonts.set(qn("w:eastAsia"), _CHINESE)


def strip_invalid_xml(text: str) -> str:
    """The text without characters that no Word document may contain."""
    return _UNFIT.sub("", text)
