"""Builds the font of a PDF: one small TrueType font with only the characters that are needed."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.basePen import NullPen
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

_UNITS = 1000


@dataclass(frozen=True, slots=True)
class Subset:
    """A TrueType font and the width of each of its characters, in thousandths of the size."""

    font: bytes
    widths: dict[str, int]


def build_subset(text: Iterable[str], fonts: Sequence[Path]) -> Subset:
    """Each character of `text` from the first font that has it. A character that no font has becomes a box."""
    characters_needed = {*text, " "} - {"\n"}
    widths: dict[str, int] = {}
    glyphs: dict[str, Any] = {".notdef": None}
    with _open_fonts(fonts) as sources:
        glyphs[".notdef"], box = sources[0].outline(".notdef")
        for character in sorted(characters_needed):
            source = next((one for one in sources if ord(character) in one.cmap), None)
            if source is None:
                widths[character] = box
            else:
                glyphs[_name(character)], widths[character] = source.outline(source.cmap[ord(character)])
    return Subset(_build_font(glyphs, widths, box), widths)


class _Source:
    def __init__(self, path: Path) -> None:
        self.font = TTFont(path, fontNumber=0, lazy=True)
        self.cmap: dict[int, str] = self.font.getBestCmap()
        self._glyphs = self.font.getGlyphSet()
        self._scale = _UNITS / self.font["head"].unitsPerEm
        self._cubic = "glyf" not in self.font

    def outline(self, name: str) -> tuple[Any, int]:
        """A TrueType glyph and its width, for fonts with any kind of outlines."""
        drawn = TTGlyphPen(None)
        # TrueType outlines run clockwise, PostScript outlines counterclockwise.
        pen = Cu2QuPen(drawn, max_err=1.0, reverse_direction=self._cubic)
        parts = DecomposingRecordingPen(self._glyphs)
        self._glyphs[name].draw(parts)
        parts.replay(TransformPen(pen, (self._scale, 0, 0, self._scale, 0, 0)))
        self._glyphs[name].draw(NullPen())  # the width is known after drawing
        return drawn.glyph(), round(self._glyphs[name].width * self._scale)


class _open_fonts:
    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def __enter__(self) -> list[_Source]:
        self._sources = [_Source(path) for path in self._paths]
        return self._sources

    def __exit__(self, *_error: object) -> None:
        for source in self._sources:
            source.font.close()


def _build_font(glyphs: dict[str, Any], widths: dict[str, int], box: int) -> bytes:
    font = FontBuilder(_UNITS, isTTF=True)
    font.setupGlyphOrder(list(glyphs))
    named = {letter: _name(letter) if _name(letter) in glyphs else ".notdef" for letter in widths}
    font.setupCharacterMap({ord(letter): name for letter, name in named.items()})
    font.setupGlyf(glyphs)
    advances = {".notdef": box, **{_name(letter): width for letter, width in widths.items() if _name(letter) in glyphs}}
    left = font.font["glyf"]
    font.setupHorizontalMetrics({name: (advance, getattr(left[name], "xMin", 0)) for name, advance in advances.items()})
    font.setupHorizontalHeader(ascent=880, descent=-120)
    font.setupNameTable({"familyName": "Transcript", "styleName": "Regular", "psName": "Transcript-Regular"})
    font.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=1160, usWinDescent=288)
    font.setupPost()
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def _name(letter: str) -> str:
    return f"u{ord(letter):X}"
