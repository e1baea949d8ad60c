"""Splits a document into sections that fit a language model: numbered lines, with a small overlap."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from backend.engines.language_model_protocol import estimate_tokens
from backend.minutes.cleaning import sanitize_for_prompt
from backend.speech.types import Segment
from backend.transcripts.document import Document

#: Lines that a section repeats from the one before, so that a sentence across the border is seen whole once.
_OVERLAP = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One segment (or a piece of a very long one) as the model reads it. `number` counts segments from 1."""

    number: int
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Section:
    """`first_new` is the index in `lines` of the first line that is not overlap."""

    lines: tuple[Line, ...]
    first_new: int = 0

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(line.number for line in self.lines)

    @property
    def own(self) -> tuple[Line, ...]:
        return self.lines[self.first_new :]

    def split_in_half(self) -> tuple["Section", "Section"]:
        middle = self.first_new + (len(self.lines) - self.first_new) // 2
        return Section(self.lines[:middle], self.first_new), Section(self.lines[middle:])


def lines_of(document: Document, max_tokens: int = 1500) -> list[Line]:
    """Every segment with text, as lines of at most `max_tokens` tokens: `12@2: 内容`."""
    places = {speaker.id: place for place, speaker in enumerate(document.speakers, 1)}
    found: list[Line] = []
    for number, segment in enumerate(document.segments, 1):
        text = sanitize_for_prompt(segment.text)
        while text:
            piece = _prefix_within(text, max_tokens)
            text = text[len(piece) :]
            line = f"{number}@{places.get(segment.speaker or '', 0)}: {piece}"
            found.append(Line(number, line, estimate_tokens(line) + 1))
    return found


def split_into_sections(lines: Sequence[Line], budget: int) -> list[Section]:
    """Sections of at most `budget` tokens. Every line is new in exactly one of them."""
    sections: list[Section] = []
    start = 0
    while start < len(lines):
        lead = _overlap_start(lines, start, budget // 8)
        tokens = sum(line.tokens for line in lines[lead:start])
        end = start
        while end < len(lines) and (end == start or tokens + lines[end].tokens <= budget):
            tokens += lines[end].tokens
            end += 1
        sections.append(Section(tuple(lines[lead:end]), start - lead))
        start = end
    return sections


def fence(lines: Sequence[str]) -> str:
    """Lines as a block of data. The fence depends on the content, so no speaker could have guessed it."""
    body = "\n".join(lines)
    mark = "资料" + hashlib.sha256(body.encode()).hexdigest()[:8]
    return f"《{mark}》\n{body}\n《/{mark}》"


def speaker_legend(document: Document) -> str:
    """The names of the speaker numbers, for speakers who have a name."""
    named = [
        f"@{place}={sanitize_for_prompt(one.name)[:32]}" for place, one in enumerate(document.speakers, 1) if one.name
    ]
    return "发言人: " + "，".join(named[:60]) if named else ""


def segment_at(document: Document, number: int) -> Segment:
    return document.segments[number - 1]


def _overlap_start(lines: Sequence[Line], start: int, budget: int) -> int:
    lead = start
    while lead > 0 and start - lead < _OVERLAP and lines[lead - 1].tokens <= budget:
        lead -= 1
        budget -= lines[lead].tokens
    return lead


def _prefix_within(text: str, tokens: int) -> str:
    if estimate_tokens(text) <= tokens:
        return text
    piece = text[:tokens]  # a character is at most one token
    for mark in "。！？；，, ":
        at = piece.rfind(mark)
        if at > tokens // 2:
            return piece[: at + 1]
    return piece
