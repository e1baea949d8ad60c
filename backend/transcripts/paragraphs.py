"""The paragraphs of files that are read as text: TXT, Markdown, CSV, Word and PDF."""

from typing import NamedTuple


class Paragraph(NamedTuple):
    """What one segment says; each part may be empty."""

    speaker: str
    time: str
    text: str
    translation: str = ""
