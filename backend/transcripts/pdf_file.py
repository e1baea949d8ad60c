"""A transcript as PDF. The font is embedded, so it looks the same on a machine without Chinese fonts."""

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

from backend.transcripts.font_subset import Subset, build_subset
from backend.transcripts.paragraphs import Paragraph

_WIDTH, _HEIGHT = A4
_MARGIN = 57.0  #: 2 cm, in points
_ACCENT, _MUTED, _TEXT = (0.11, 0.44, 0.40), (0.37, 0.39, 0.41), (0.1, 0.1, 0.1)

#: An unbreakable unit: a run of Latin letters, or one character with the punctuation that may not be separated from it
#: by a line break.
_UNIT = re.compile(
    r"[（［｛「『《〈【〔“‘(\[{]*"
    r"(?:[^\s\u2e80-\U0003ffff（-～]+|[^\s])"
    r"[，。、；：？！）］｝」』》〉】〕”’…—～·,.;:?!)\]}%％]*\s*"
)

#: The code of a character outside the Basic Multilingual Plane, in a table of reportlab.
_RARE = re.compile(r"(?<=<)([0-9A-F]{5,6})(?=>)")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: pieces of text with their colours, its font size and its height."""

    pieces: tuple[tuple[str, tuple[float, float, float]], ...]
    size: float
    height: float
    keep_with_next: bool = False  #: never the last line of a page


def pdf(title: str, paragraphs: Iterable[Paragraph], about: str, fonts: Sequence[Path]) -> bytes:
    """The file. Each character comes from the first of `fonts` that has it; see `backend.transcripts.font_subset`."""
    title, about = _printable(title), _printable(about)
    paragraphs = [Paragraph(*map(_printable, one)) for one in paragraphs]
    letters = {*title, *about, *"0123456789/ ", *(letter for one in paragraphs for part in one for letter in part)}
    fonts_used = build_subset(letters, fonts)
    pages = list(_pages(_lines(title, paragraphs, about, fonts_used)))
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, lang="zh-CN", pageCompression=1)
    canvas.setTitle(title)
    canvas.setAuthor("")
    # reportlab looks fonts up in a global table, and `registerFont` would never remove ours.
    name = secrets.token_hex(8)
    pdfmetrics._fonts[name] = _Font(name, io.BytesIO(fonts_used.font))
    try:
        for number, page in enumerate(pages, 1):
            _draw(canvas, name, page, f"{number} / {len(pages)}", fonts_used)
        canvas.save()
    finally:
        del pdfmetrics._fonts[name]
    return file.getvalue()


class _Font(TTFont):  # type: ignore[misc]  # reportlab has no types
    """Writes characters beyond U+FFFF as UTF-16 in the ToUnicode map, which reportlab does not."""

    def addObjects(self, doc: Any) -> None:
        super().addObjects(doc)
        for name, stream in doc.idToObject.items():
            if str(name).startswith("toUnicodeCMap:"):
                stream.content = _RARE.sub(lambda code: chr(int(code[1], 16)).encode("utf-16-be").hex(), stream.content)


def break_lines(text: str, width: float, measure: Callable[[str], float]) -> Iterator[str]:
    """The text in lines no wider than `width`; no line begins with closing punctuation. Takes linear time.

    The width of a text must be the sum of the widths of its characters."""
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
    """The unbreakable units of the text. One that is longer than a line is cut."""
    for found in _UNIT.finditer(text):
        unit = found[0]
        start, used = 0, 0.0
        for place, character in enumerate(unit):
            more = measure(character)
            if place > start and used + more > width and not character.isspace():
                yield unit[start:place]
                start, used = place, 0.0
            used += more
        yield unit[start:]


def _lines(title: str, paragraphs: Sequence[Paragraph], about: str, fonts_used: Subset) -> Iterator[_Line]:
    def wrapped_lines(text: str, size: float, height: float, colour: tuple[float, float, float]) -> Iterator[_Line]:
        for line in break_lines(text, _WIDTH - 2 * _MARGIN, lambda part: _text_width(part, size, fonts_used)):
            yield _Line(((line, colour),), size, height)

    yield from wrapped_lines(title, 18, 28, _TEXT)
    yield from wrapped_lines(about, 9, 20, _MUTED)
    for speaker, time, text, translation in paragraphs:
        pieces = ((speaker, _ACCENT), (f"{'  ' if speaker else ''}{time}", _MUTED))
        if _text_width(f"{speaker}  {time}", 9.5, fonts_used) > _WIDTH - 2 * _MARGIN:  # a very long name
            yield from wrapped_lines(f"{speaker}  {time}", 9.5, 18, _ACCENT)
        elif speaker or time:
            yield _Line(pieces, 9.5, 26, keep_with_next=bool(text))
        elif text:
            yield _Line((), 1, 8, keep_with_next=True)
        yield from wrapped_lines(text, 10.5, 17, _TEXT)
        yield from wrapped_lines(translation, 9.5, 16, _MUTED)


def _pages(lines: Iterable[_Line]) -> Iterator[list[tuple[float, _Line]]]:
    """The lines of each page, with their positions. A heading is never the last line of a page."""
    page: list[tuple[float, _Line]] = []
    place = _HEIGHT - _MARGIN
    for line in lines:
        if place - line.height - (20 if line.keep_with_next else 0) < _MARGIN:
            yield page
            page, place = [], _HEIGHT - _MARGIN
        place -= line.height
        page.append((place, line))
    yield page


def _draw(canvas: Canvas, font: str, page: list[tuple[float, _Line]], number: str, fonts_used: Subset) -> None:
    for place, line in page:
        across = _MARGIN
        canvas.setFont(font, line.size)
        for text, colour in line.pieces:
            canvas.setFillColorRGB(*colour)
            canvas.drawString(across, place, text)
            across += _text_width(text, line.size, fonts_used)
    canvas.setFont(font, 8)
    canvas.setFillColorRGB(*_MUTED)
    canvas.drawCentredString(_WIDTH / 2, _MARGIN / 2, number)
    canvas.showPage()


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable() and not "\ud800" <= letter <= "\udfff")


def _text_width(text: str, size: float, fonts_used: Subset) -> float:
    return sum(fonts_used.widths[letter] for letter in text) * size / 1000
