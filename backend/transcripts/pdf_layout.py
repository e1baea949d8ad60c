"""Lays out text as a PDF with a structure and an outline. The fonts are embedded, so it looks the same everywhere."""

import io
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timezone
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import TimeStamp
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from backend.transcripts.file_properties import FileProperties
from backend.transcripts.font_subset import Subset, build_subset
from backend.transcripts.pdf_tags import Tags

WIDTH, HEIGHT = A4
MARGIN = 57.0  #: 2 cm, in points

Colour = tuple[float, float, float]
ACCENT: Colour = (0.11, 0.44, 0.40)
MUTED: Colour = (0.37, 0.39, 0.41)
TEXT: Colour = (0.1, 0.1, 0.1)

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
class Block:
    """A heading, a paragraph or a list item: pieces of text with their colours, in points.

    `tag` is its type in the structure (H1, H2, P, LI). `space` is added above it. `mark` stands in front of its first
    line, inside the indent. With `outline` it is listed in the reader's outline."""

    tag: str
    pieces: tuple[tuple[str, Colour], ...]
    size: float = 10.5
    height: float = 17
    space: float = 0
    indent: float = 0
    mark: str = ""
    keep_with_next: bool = False  #: never the last line of a page
    outline: bool = False

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True, slots=True)
class _Line:
    block: Block
    element: int
    pieces: tuple[tuple[str, Colour], ...]
    height: float
    first: bool


def write_pdf(
    title: str, blocks: Iterable[Block], fonts: Sequence[Path], language: str, properties: FileProperties
) -> bytes:
    """The file. Each character comes from the first of `fonts` that has it; see `backend.transcripts.font_subset`.
    `language` is a tag such as zh-CN."""
    blocks = [_printable_block(block) for block in blocks]
    title = printable(title)
    letters = {*"0123456789/ ", *(letter for block in blocks for letter in block.text + block.mark)}
    fonts_used = build_subset(letters, fonts)
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, lang=language, pageCompression=1)
    _set_properties(canvas, title, properties)
    # reportlab looks fonts up in a global table, and `registerFont` would never remove ours.
    name = secrets.token_hex(8)
    pdfmetrics._fonts[name] = _Font(name, io.BytesIO(fonts_used.font))
    try:
        tags = Tags(canvas)
        pages = list(_pages(_lines(blocks, tags, fonts_used)))
        for number, page in enumerate(pages, 1):
            _draw(canvas, tags, name, page, f"{number} / {len(pages)}", fonts_used)
        tags.write()
        canvas.save()
    finally:
        del pdfmetrics._fonts[name]
    return file.getvalue()


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


def printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable() and not "\ud800" <= letter <= "\udfff")


class _Font(TTFont):  # type: ignore[misc]  # reportlab has no types
    """Writes characters beyond U+FFFF as UTF-16 in the ToUnicode map, which reportlab does not."""

    def addObjects(self, doc: Any) -> None:
        super().addObjects(doc)
        for name, stream in doc.idToObject.items():
            if str(name).startswith("toUnicodeCMap:"):
                stream.content = _RARE.sub(lambda code: chr(int(code[1], 16)).encode("utf-16-be").hex(), stream.content)


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


def _lines(blocks: Iterable[Block], tags: Tags, fonts_used: Subset) -> Iterator[_Line]:
    for block in blocks:
        if not block.text.strip():
            continue
        element = tags.element(block.tag)
        width = WIDTH - 2 * MARGIN - block.indent
        place, first = 0, True
        for line in break_lines(block.text, width, lambda part, size=block.size: _text_width(part, size, fonts_used)):  # type: ignore[misc]
            place = block.text.index(line, place)
            pieces = _cut(block.pieces, place, place + len(line))
            place += len(line)
            yield _Line(block, element, pieces, block.height + (block.space if first else 0), first)
            first = False


def _cut(pieces: Sequence[tuple[str, Colour]], start: int, end: int) -> tuple[tuple[str, Colour], ...]:
    """The part of the pieces between two places in their joined text."""
    found, at = [], 0
    for text, colour in pieces:
        part = text[max(start - at, 0) : max(end - at, 0)]
        if part:
            found.append((part, colour))
        at += len(text)
    return tuple(found)


def _pages(lines: Iterable[_Line]) -> Iterator[list[tuple[float, _Line]]]:
    """The lines of each page, with their positions. A heading is never the last line of a page."""
    page: list[tuple[float, _Line]] = []
    place = HEIGHT - MARGIN
    for line in lines:
        if place - line.height - (20 if line.block.keep_with_next else 0) < MARGIN:
            yield page
            page, place = [], HEIGHT - MARGIN
        place -= line.height
        page.append((place, line))
    yield page


def _draw(
    canvas: Canvas, tags: Tags, font: str, page: list[tuple[float, _Line]], number: str, fonts_used: Subset
) -> None:
    for place, line in page:
        across = MARGIN + line.block.indent
        size = line.block.size
        canvas.setFont(font, size)
        if line.first and line.block.outline:
            key = f"{line.element}"
            canvas.bookmarkPage(key, fit="XYZ", left=0, top=place + line.height, zoom=0)
            canvas.addOutlineEntry(line.block.text, key, level=0)
        with tags.content(line.element):
            if line.first and line.block.mark:
                canvas.setFillColorRGB(*line.pieces[0][1])
                canvas.drawString(across - _text_width(line.block.mark, size, fonts_used), place, line.block.mark)
            for text, colour in line.pieces:
                canvas.setFillColorRGB(*colour)
                canvas.drawString(across, place, text)
                across += _text_width(text, size, fonts_used)
    canvas.setFont(font, 8)
    canvas.setFillColorRGB(*MUTED)
    with tags.content(None):
        canvas.drawCentredString(WIDTH / 2, MARGIN / 2, number)
    canvas.showPage()
    tags.end_page()


def _set_properties(canvas: Canvas, title: str, properties: FileProperties) -> None:
    canvas.setTitle(title)
    canvas.setAuthor(printable(properties.author))
    canvas.setCreator("Meeting ASR")
    canvas.setSubject("")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    if properties.created is not None:
        created = properties.created.astimezone(timezone.utc)
        stamp = TimeStamp(invariant=1)
        stamp.t, stamp.lt, stamp.YMDhms = created.timestamp(), created.timetuple(), created.timetuple()[:6]
        canvas._doc._timeStamp = stamp


def _printable_block(block: Block) -> Block:
    pieces = tuple((printable(text), colour) for text, colour in block.pieces)
    return Block(
        *(block.tag, pieces, block.size, block.height, block.space, block.indent, block.mark),
        block.keep_with_next,
        block.outline,
    )


def _text_width(text: str, size: float, fonts_used: Subset) -> float:
    return sum(fonts_used.widths[letter] for letter in text) * size / 1000
