"""A transcript as PDF, with the outlines of its characters in it: it looks the same on a machine without Chinese."""

import io
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from backend.transcripts.docx_file import Paragraph
from backend.transcripts.subset import Subset, subset

_WIDTH, _HEIGHT = A4
_MARGIN = 57.0  #: 2 cm, in points
_ACCENT, _QUIET, _TEXT = (0.11, 0.44, 0.40), (0.37, 0.39, 0.41), (0.1, 0.1, 0.1)

#: What stays together at the end of a line: a run of Latin letters, or one character with the marks that may not
#: begin a line after it and those that may not end one before it.
_UNIT = re.compile(
    r"[（［｛「『《〈【〔“‘(\[{]*"
    r"(?:[^\s\u2e80-\U0003ffff（-～]+|[^\s])"
    r"[，。、；：？！）］｝」』》〉】〕”’…—～·,.;:?!)\]}%％]*\s*"
)

#: The code of a character that UTF-16 needs two for, in a table of reportlab.
_RARE = re.compile(r"(?<=<)([0-9A-F]{5,6})(?=>)")


@dataclass(frozen=True, slots=True)
class _Line:
    """What is drawn at one height: pieces of text with their colours; and the space it takes."""

    pieces: tuple[tuple[str, tuple[float, float, float]], ...]
    size: float
    height: float
    stays: bool = False  #: with the line below it


def pdf(title: str, paragraphs: Iterable[Paragraph], about: str, fonts: Sequence[Path]) -> bytes:
    """The file. `fonts` are looked through for each character; see `backend.transcripts.subset`."""
    title, about = _printable(title), _printable(about)
    paragraphs = [(_printable(speaker), time, _printable(text)) for speaker, time, text in paragraphs]
    letters = {*title, *about, *"0123456789/ ", *(letter for one in paragraphs for part in one for letter in part)}
    drawn = subset(letters, fonts)
    pages = list(_pages(_lines(title, paragraphs, about, drawn)))
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, lang="zh-CN", pageCompression=1)
    canvas.setTitle(title)
    canvas.setAuthor("")
    # Fonts are looked up in a table that all of reportlab shares, and `registerFont` would keep ours for good.
    name = secrets.token_hex(8)
    pdfmetrics._fonts[name] = _Font(name, io.BytesIO(drawn.font))
    try:
        for number, page in enumerate(pages, 1):
            _draw(canvas, name, page, f"{number} / {len(pages)}", drawn)
        canvas.save()
    finally:
        del pdfmetrics._fonts[name]
    return file.getvalue()


class _Font(TTFont):  # type: ignore[misc]  # reportlab has no types
    """Characters beyond the first 65,536 are written as what they are: reportlab forgets to write them in UTF-16."""

    def addObjects(self, doc: Any) -> None:
        super().addObjects(doc)
        for name, stream in doc.idToObject.items():
            if str(name).startswith("toUnicodeCMap:"):
                stream.content = _RARE.sub(lambda code: chr(int(code[1], 16)).encode("utf-16-be").hex(), stream.content)


def broken(text: str, width: float, measure: Callable[[str], float]) -> Iterator[str]:
    """The text in lines no wider than `width`; no line begins with a mark that belongs to what is before it."""
    line, used = "", 0.0
    for unit in _units(text, width, measure):
        more = measure(unit)
        if line and used + measure(unit.rstrip()) > width:
            yield line.rstrip()
            line, used = "", 0.0
        line, used = line + unit, used + more
    if line:
        yield line.rstrip()


def _units(text: str, width: float, measure: Callable[[str], float]) -> Iterator[str]:
    for found in _UNIT.finditer(text):
        unit = found[0]
        while measure(unit.rstrip()) > width:  # a word longer than a line is cut where the line ends
            fitting = next(end for end in range(len(unit), 0, -1) if end == 1 or measure(unit[:end]) <= width)
            yield unit[:fitting]
            unit = unit[fitting:]
        yield unit


def _lines(title: str, paragraphs: Sequence[Paragraph], about: str, drawn: Subset) -> Iterator[_Line]:
    def flowing(text: str, size: float, height: float, colour: tuple[float, float, float]) -> Iterator[_Line]:
        for line in broken(text, _WIDTH - 2 * _MARGIN, lambda part: _measured(part, size, drawn)):
            yield _Line(((line, colour),), size, height)

    yield from flowing(title, 18, 28, _TEXT)
    yield from flowing(about, 9, 20, _QUIET)
    for speaker, time, text in paragraphs:
        pieces = ((speaker, _ACCENT), (f"{'  ' if speaker else ''}{time}", _QUIET))
        if _measured(f"{speaker}  {time}", 9.5, drawn) > _WIDTH - 2 * _MARGIN:  # a name of sixty characters
            yield from flowing(f"{speaker}  {time}", 9.5, 18, _ACCENT)
        elif speaker or time:
            yield _Line(pieces, 9.5, 26, stays=bool(text))
        elif text:
            yield _Line((), 1, 8, stays=True)
        yield from flowing(text, 10.5, 17, _TEXT)


def _pages(lines: Iterable[_Line]) -> Iterator[list[tuple[float, _Line]]]:
    """The lines of each page, with their heights. A heading is never the last line of a page."""
    page: list[tuple[float, _Line]] = []
    place = _HEIGHT - _MARGIN
    for line in lines:
        if place - line.height - (20 if line.stays else 0) < _MARGIN:
            yield page
            page, place = [], _HEIGHT - _MARGIN
        place -= line.height
        page.append((place, line))
    yield page


def _draw(canvas: Canvas, font: str, page: list[tuple[float, _Line]], number: str, drawn: Subset) -> None:
    for place, line in page:
        across = _MARGIN
        canvas.setFont(font, line.size)
        for text, colour in line.pieces:
            canvas.setFillColorRGB(*colour)
            canvas.drawString(across, place, text)
            across += _measured(text, line.size, drawn)
    canvas.setFont(font, 8)
    canvas.setFillColorRGB(*_QUIET)
    canvas.drawCentredString(_WIDTH / 2, _MARGIN / 2, number)
    canvas.showPage()


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable() and not "\ud800" <= letter <= "\udfff")


def _measured(text: str, size: float, drawn: Subset) -> float:
    return sum(drawn.widths[letter] for letter in text) * size / 1000
