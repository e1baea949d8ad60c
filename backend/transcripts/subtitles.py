"""Subtitles: cues of at most two short lines, cut where people pause, with the times of the words."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from backend.speech.pieces import Piece, pieces_of
from backend.speech.text import bare, characters
from backend.speech.types import Segment, Sentence, Word
from backend.transcripts.document import Document
from backend.transcripts.look import unpunctuated

#: Width of a line in full-width characters; Latin letters are half as wide.
LINE = 20.0
#: Seconds a cue may stand, and, where there is room before the next, should.
LONGEST = 7.0
SHORTEST = 1.0
#: Width of a name before it is cut off with an ellipsis: it shares a line with text.
_NAME = 12.0


@dataclass(frozen=True, slots=True)
class Cue:
    """`lines` are plain text; `speaker` is the name of who speaks."""

    start: float
    end: float
    speaker: str
    lines: tuple[str, ...]


def srt(document: Document, *, speakers: bool, punctuation: bool = True, unrecognised: str) -> str:
    """SubRip; empty where nobody spoke. A name stands before what its owner says first."""
    found = cues(document, named=speakers, punctuation=punctuation, unrecognised=unrecognised)
    blocks = []
    for number, cue in enumerate(found, 1):
        lines = "\n".join(_harmless(line) for line in cue.lines)
        blocks.append(f"{number}\n{stamp(cue.start, ',')} --> {stamp(cue.end, ',')}\n{lines}\n")
    return "\n".join(blocks)


def vtt(document: Document, *, speakers: bool, punctuation: bool = True, unrecognised: str, silent: str) -> str:
    """WebVTT; every cue carries its speaker in a voice tag. Where nobody spoke, a note says so."""
    blocks = ["WEBVTT\n"]
    for cue in cues(document, named=False, punctuation=punctuation, unrecognised=unrecognised):
        lines = "\n".join(_entities(line) for line in cue.lines)
        voice = f"<v {_entities(cue.speaker)}>" if speakers and cue.speaker else ""
        blocks.append(f"{stamp(cue.start, '.')} --> {stamp(cue.end, '.')}\n{voice}{lines}\n")
    if not document.segments:
        blocks.append(f"NOTE {silent}\n")
    return "\n".join(blocks)


def cues(document: Document, *, named: bool, punctuation: bool = True, unrecognised: str) -> list[Cue]:
    """The cues in order. With `named`, the first cue of each speaker's stretch begins with the name.

    They are cut where the punctuation is, also where it is not shown."""
    found: list[Cue] = []
    speaking: str | None = None
    for segment in document.segments:
        name = "" if not document.speakers else " ".join(document.speaker_name(segment.speaker).split())
        if segment.error is not None and not segment.text:
            end = min(segment.end, segment.start + LONGEST)
            found.append(Cue(segment.start, end, "", (unrecognised,)))
            speaking = None
            continue
        pieces = _timed(segment)
        lead = f"{_cut_off(name)}：" if named and name and pieces and name != speaking else ""
        if lead:
            pieces[0] = replace(pieces[0], text=f"{lead}{pieces[0].text}")
        speaking = name
        for part in _parts(pieces):
            lines = _lines(part) or (_text(part),)
            if not punctuation:
                lines = _without_marks(lines, lead)
            lead = ""
            if lines:
                found.append(Cue(part[0].start, part[-1].end, name, lines))
    starts = [*(cue.start for cue in found[1:]), document.duration]
    return [replace(cue, end=_end(cue, following)) for cue, following in zip(found, starts, strict=False)]


def stamp(seconds: float, point: str) -> str:
    """HH:MM:SS and thousandths, behind a point or a comma."""
    thousandths = round(max(seconds, 0.0) * 1000)
    hours, minutes, rest = thousandths // 3_600_000, thousandths // 60_000 % 60, thousandths % 60_000
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _timed(segment: Segment) -> list[Piece]:
    text = " ".join(segment.text.split())
    words = segment.words
    if not words or bare(text) != "".join(bare(word.text) for word in words):
        words = tuple(_spread(text, segment.start, segment.end))  # edited: the times of its words are gone
    found = pieces_of(Sentence(segment.start, segment.end, text, words)) if text else []
    return [piece for piece in found if piece.text.strip()]


def _spread(text: str, start: float, end: float) -> Iterator[Word]:
    units = characters(text)
    step = (end - start) / max(len(units), 1)
    for number, unit in enumerate(units):
        yield Word(unit, start + number * step, start + (number + 1) * step)


def _parts(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    if not pieces:
        return
    slow = pieces[-1].end - pieces[0].start > LONGEST and len(pieces) > 3  # a word or two just stand for a while
    if len(pieces) == 1 or (_lines(pieces) and not slow):
        yield pieces
        return
    cut = _best_cut(pieces)
    yield from _parts(pieces[:cut])
    yield from _parts(pieces[cut:])


def _best_cut(pieces: Sequence[Piece]) -> int:
    """After a sentence, else after a clause, else in the longest pause; near the middle, never leaving a crumb."""
    middle = len(pieces) / 2

    def rank(place: int) -> tuple[bool, int, float]:
        before, after = pieces[place - 1], pieces[place]
        mark = 0 if before.ends_sentence else 1 if before.ends_clause else 2 if after.start - before.end >= 0.2 else 3
        return min(place, len(pieces) - place) < len(pieces) / 5, mark, abs(place - middle)

    return min(range(1, len(pieces)), key=rank)


def _lines(pieces: Sequence[Piece]) -> tuple[str, ...]:
    """One line or two, none where it takes more. Punctuation never begins a line: it is part of the piece before."""
    ends = list(accumulate(_width(piece.text) for piece in pieces))  # width up to the end of each piece
    if ends[-1] > 2 * LINE + 1:  # the space between two lines and that at the end are not written
        return ()
    if _width(_text(pieces)) <= LINE:
        return (_text(pieces),)
    found: list[tuple[bool, float, int]] = []
    for place in range(1, len(pieces)):
        upper, lower = ends[place - 1], ends[-1] - ends[place - 1]
        if max(upper, lower) <= LINE:
            crumb = min(upper, lower) < LINE / 4
            found.append((crumb or not pieces[place - 1].ends_clause, abs(upper - lower), place))
    if not found:
        return ()
    place = min(found)[-1]
    return _text(pieces[:place]), _text(pieces[place:])


def _without_marks(lines: tuple[str, ...], lead: str) -> tuple[str, ...]:
    shown = [f"{lead}{unpunctuated(lines[0][len(lead) :])}", *map(unpunctuated, lines[1:])]
    return tuple(line for line in shown if line)


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces).strip()


def _width(text: str) -> float:
    return sum(map(_width_of, text))


@lru_cache(maxsize=1 << 16)
def _width_of(character: str) -> float:
    return 1.0 if unicodedata.east_asian_width(character) in "WFA" else 0.5


def _cut_off(name: str) -> str:
    if _width(name) <= _NAME:
        return name
    while _width(name) > _NAME - 1:
        name = name[:-1]
    return f"{name}…"


def _end(cue: Cue, following: float) -> float:
    wished = max(min(cue.end, cue.start + LONGEST), cue.start + SHORTEST)
    # Not past the next cue, and never of no length: players refuse such cues.
    return max(min(wished, following) if following > cue.start else wished, cue.start + 0.002)


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _harmless(text: str) -> str:
    # SubRip knows no escapes, and players take <i> and {\an8} for markup: their full-width twins look the same.
    return text.translate({ord("<"): "＜", ord(">"): "＞", ord("{"): "｛", ord("}"): "｝"})
