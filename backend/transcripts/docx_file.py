"""A transcript as a Word document: a heading for each speaker's turn, so that the navigation pane lists who spoke."""

import io
from collections.abc import Iterable
from typing import Any

from docx.oxml.parser import OxmlElement
from docx.shared import RGBColor
from docx.text.paragraph import Paragraph as TextParagraph

from backend.transcripts.file_properties import NO_PROPERTIES, FileProperties
from backend.transcripts.paragraphs import Paragraph
from backend.transcripts.word_file import add_run, new_word


def docx(
    title: str,
    paragraphs: Iterable[Paragraph],
    about: str,
    language: str = "zh-CN",
    properties: FileProperties = NO_PROPERTIES,
) -> bytes:
    """The file. Spoken text stays text: it never becomes markup, a field or a link. `language` is a tag: zh-CN."""
    document = new_word(title, language, properties)
    if title:
        add_run(document.add_paragraph(style="Title"), title)
    if about:
        add_run(document.add_paragraph(), about, muted=True)
    heading: Any = document.styles["Heading 2"]  # python-docx types styles as their base class
    heading.font.color.rgb = RGBColor(0x1D, 0x6F, 0x66)
    for speaker, time, text, translation in paragraphs:
        if speaker or time:
            line = _added(document, heading.style_id)
            add_run(line, speaker)
            if time:
                add_run(line, f"{'  ' if speaker else ''}{time}", muted=True).font.bold = False
        if text:
            add_run(_added(document), text)
        if translation:
            add_run(_added(document), translation, muted=True)
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
