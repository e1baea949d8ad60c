"""A transcript as PDF: a heading for each speaker's turn, which the outline lists."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from backend.transcripts.file_properties import NO_PROPERTIES, FileProperties
from backend.transcripts.paragraphs import Paragraph
from backend.transcripts.pdf_layout import ACCENT, MUTED, TEXT, Block, write_pdf


def pdf(
    title: str,
    paragraphs: Iterable[Paragraph],
    about: str,
    fonts: Sequence[Path],
    language: str = "zh-CN",
    properties: FileProperties = NO_PROPERTIES,
) -> bytes:
    """The file, as `backend.transcripts.pdf_layout.write_pdf` writes it."""
    return write_pdf(title, _blocks(title, paragraphs, about), fonts, language, properties)


def _blocks(title: str, paragraphs: Iterable[Paragraph], about: str) -> Iterator[Block]:
    yield Block("H1", ((title, TEXT),), 18, 28)
    yield Block("P", ((about, MUTED),), 9, 20)
    for speaker, time, text, translation in paragraphs:
        named = bool(speaker or time)
        if named:
            pieces = ((speaker, ACCENT), (f"{'  ' if speaker and time else ''}{time}", MUTED))
            yield Block("H2", pieces, 9.5, 18, space=8, keep_with_next=bool(text), outline=True)
        yield Block("P", ((text, TEXT),), space=0 if named else 8)
        yield Block("P", ((translation, MUTED),), 9.5, 16)
