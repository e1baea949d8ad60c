"""A document in sections that fit a language model: numbered lines, a few of them in two sections, none in no one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from backend.engines.language import tokens_of
from backend.minutes.cleaning import quoted
from backend.speech.types import Segment
from backend.transcripts.document import Document

#: Lines of the section before that the next begins with, so that a thought cut in two is seen whole once.
_OVERLAP = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One segment (or, of a very long one, a piece) as the model reads it: `number` is the segment's place from 1."""

    number: int
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Section:
    """`new` is where in `lines` those begin that no section before has had."""

    lines: tuple[Line, ...]
    new: int = 0

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(line.number for line in self.lines)

    @property
    def own(self) -> tuple[Line, ...]:
        return self.lines[self.new :]

    def halves(self) -> tuple["Section", "Section"]:
        middle = self.new + (len(self.lines) - self.new) // 2
        return Section(self.lines[:middle], self.new), Section(self.lines[middle:])


def lines_of(document: Document, longest: int = 1500) -> list[Line]:
    """Every segment with text, as lines of at most `longest` tokens: `12@2: 内容`."""
    places = {speaker.id: place for place, speaker in enumerate(document.speakers, 1)}
    found: list[Line] = []
    for number, segment in enumerate(document.segments, 1):
        text = quoted(segment.text)
        while text:
            piece = _at_most(text, longest)
            text = text[len(piece) :]
            line = f"{number}@{places.get(segment.speaker or '', 0)}: {piece}"
            found.append(Line(number, line, tokens_of(line) + 1))
    return found


def cut(lines: Sequence[Line], budget: int) -> list[Section]:
    """Sections of at most `budget` tokens. Every line is new in exactly one of them."""
    sections: list[Section] = []
    start = 0
    while start < len(lines):
        lead = _lead(lines, start, budget // 8)
        tokens = sum(line.tokens for line in lines[lead:start])
        end = start
        while end < len(lines) and (end == start or tokens + lines[end].tokens <= budget):
            tokens += lines[end].tokens
            end += 1
        sections.append(Section(tuple(lines[lead:end]), start - lead))
        start = end
    return sections


def fenced(lines: Sequence[str]) -> str:
    """Lines as a block of data whose fence nobody who spoke in it can have known."""
    body = "\n".join(lines)
    mark = "资料" + hashlib.sha256(body.encode()).hexdigest()[:8]
    return f"《{mark}》\n{body}\n《/{mark}》"


def legend(document: Document) -> str:
    """Who is behind the numbers, as far as people have said so."""
    named = [f"@{place}={quoted(one.name)[:32]}" for place, one in enumerate(document.speakers, 1) if one.name]
    return "发言人: " + "，".join(named[:60]) if named else ""


def segment_at(document: Document, number: int) -> Segment:
    return document.segments[number - 1]


def _lead(lines: Sequence[Line], start: int, budget: int) -> int:
    lead = start
    while lead > 0 and start - lead < _OVERLAP and lines[lead - 1].tokens <= budget:
        lead -= 1
        budget -= lines[lead].tokens
    return lead


def _at_most(text: str, tokens: int) -> str:
    if tokens_of(text) <= tokens:
        return text
    piece = text[:tokens]  # a character is a token at most
    for mark in "。！？；，, ":
        at = piece.rfind(mark)
        if at > tokens // 2:
            return piece[: at + 1]
    return piece
