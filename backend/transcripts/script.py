"""Simplified and traditional Chinese by OpenCC, as spans over the text, so that offsets and times hold."""

import re
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from enum import Enum
from functools import lru_cache

from backend.speech.spans import Span


class Script(str, Enum):
    """Chinese characters, and for Taiwan its words."""

    AS_IS = "as_is"  #: as it is in the document
    SIMPLIFIED = "simplified"
    TRADITIONAL = "traditional"  #: OpenCC's own standard, of no region
    TAIWAN = "taiwan"  #: Taiwan's characters and words: 软件 is 軟體
    TAIWAN_CHARACTERS = "taiwan_characters"  #: Taiwan's characters only: 软件 is 軟件
    HONG_KONG = "hong_kong"  #: Hong Kong's characters


_CONFIGURATIONS = {
    Script.SIMPLIFIED: "t2s",
    Script.TRADITIONAL: "s2t",
    Script.TAIWAN: "s2twp",
    Script.TAIWAN_CHARACTERS: "s2tw",
    Script.HONG_KONG: "s2hk",
}
#: The script with the same characters and other words.
_CHARACTERS_OF = {Script.TAIWAN: Script.TAIWAN_CHARACTERS}
#: No word of OpenCC's dictionaries reaches over anything else.
_HAN = re.compile("[\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_LONG, _LONGEST_WORD = 64, 12
#: An unchanged stretch shorter than this between two changes is a coincidence: 打印机 is 印表機.
_COINCIDENCE = 2


def find_script_changes(text: str, script: Script) -> list[Span]:
    """What is written otherwise in this script: one span a character, and one a word where its length changes."""
    if script is Script.AS_IS:
        return []
    convert = _converter(script)
    convert_characters = _converter(_CHARACTERS_OF.get(script, script))
    spans: list[Span] = []
    for start, old in _clauses(text, convert):
        new, characters = convert(old), convert_characters(old)
        if new == characters and len(new) == len(old):
            spans += _character_by_character(old, new, start)
        else:
            spans += _word_by_word(old, characters if len(characters) == len(old) else old, new, start)
    return spans


def convert_text(text: str, script: Script) -> str:
    """The text in this script, with nothing protected."""
    return text if script is Script.AS_IS else _converter(script)(text)


def _clauses(text: str, convert: Callable[[str], str]) -> Iterator[tuple[int, str]]:
    """Stretches of Chinese with their offsets; long ones are cut where no word is cut, so that time is linear."""
    for found in _HAN.finditer(text):
        start, end = found.span()
        while end - start > _LONG:
            near = text[start : min(start + _LONG + _LONGEST_WORD, end)]
            cuts = range(_LONG, _LONG - _LONGEST_WORD, -1)
            cut = next((at for at in cuts if convert(near[:at]) + convert(near[at:]) == convert(near)), _LONG)
            yield start, near[:cut]
            start += cut
        yield start, text[start:end]


def _character_by_character(old: str, new: str, offset: int) -> Iterator[Span]:
    for at, (before, after) in enumerate(zip(old, new, strict=True), offset):
        if before != after:
            yield Span(at, at + 1, after)


def _word_by_word(old: str, characters: str, new: str, offset: int) -> Iterator[Span]:
    """`characters` is `old` with the words kept, in which most of `new` is recognised."""
    for start, end, begin, stop in _corresponding_ranges(characters, new):
        if end - start == stop - begin:
            yield from _character_by_character(old[start:end], new[begin:stop], offset + start)
        else:
            yield Span(offset + start, offset + end, new[begin:stop])


def _corresponding_ranges(one: str, other: str) -> list[tuple[int, int, int, int]]:
    """Both texts in ranges that stand for each other, none of them empty."""
    ranges: list[list[int]] = []
    position, place = 0, 0
    for start, begin, size in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        if size < _COINCIDENCE and start < len(one):
            continue
        ranges += ([position, start, place, begin], [start, start + size, begin, begin + size])
        position, place = start + size, begin + size
    for number, (start, end, begin, stop) in enumerate(ranges):
        if (start == end) is not (begin == stop):  # a character more or less: its neighbour belongs to it
            if number + 2 < len(ranges):
                ranges[number][1::2] = [end + 1, stop + 1]
                ranges[number + 1][::2] = [end + 1, stop + 1]
            else:
                ranges[number][::2] = [start - 1, begin - 1]
                ranges[number - 1][1::2] = [start - 1, begin - 1]
    return [(start, end, begin, stop) for start, end, begin, stop in ranges if start < end]


@lru_cache(maxsize=len(Script))
def _converter(script: Script) -> Callable[[str], str]:
    from opencc import OpenCC  # slow to import: it reads its dictionaries

    convert: Callable[[str], str] = OpenCC(_CONFIGURATIONS[script]).convert
    return convert
