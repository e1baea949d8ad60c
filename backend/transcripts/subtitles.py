"""Subtitles: cues of at most two short lines, split at pauses, with the times of the words."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from math import ceil

from backend.speech.pieces import Piece, sentence_pieces
from backend.speech.text import characters, spoken_characters
from backend.speech.types import Segment, Sentence, Word
from backend.transcripts.bilingual import split_proportionally
from backend.transcripts.document import UNKNOWN_SPEAKER, Document
from backend.transcripts.export_style import strip_punctuation

#: Width of a line in full-width characters; Latin letters are half as wide.
MAX_LINE_WIDTH = 20.0
#: The most seconds a cue is shown, and the least, where there is time before the next one.
MAX_SECONDS = 7.0
MIN_SECONDS = 1.0
#: The most width of a name, because it shares a line with text.
_MAX_NAME_WIDTH = 12.0


@dataclass(frozen=True, slots=True)
class Cue:
    """`lines` are plain text, those of a translation last; `speaker` is the name of who speaks."""

    start: float
    end: float
    speaker: str
    lines: tuple[str, ...]


def srt(
    document: Document, *, speakers: bool, punctuation: bool = True, unrecognised: str, unknown: str = UNKNOWN_SPEAKER
) -> str:
    """SubRip; empty where nobody spoke. The name precedes the first cue of a speaker's turn."""
    found = cues(document, named=speakers, punctuation=punctuation, unrecognised=unrecognised, unknown=unknown)
    blocks = []
    for number, cue in enumerate(found, 1):
        lines = "\n".join(_without_markup(line) for line in cue.lines)
        blocks.append(f"{number}\n{stamp(cue.start, ',')} --> {stamp(cue.end, ',')}\n{lines}\n")
    return "\n".join(blocks)


def vtt(
    document: Document,
    *,
    speakers: bool,
    punctuation: bool = True,
    unrecognised: str,
    silent: str,
    unknown: str = UNKNOWN_SPEAKER,
) -> str:
    """WebVTT; every cue carries its speaker in a voice tag. Where nobody spoke, a note says so."""
    blocks = ["WEBVTT\n"]
    for cue in cues(document, named=False, punctuation=punctuation, unrecognised=unrecognised, unknown=unknown):
        lines = "\n".join(_escape_entities(line) for line in cue.lines)
        voice = f"<v {_escape_entities(cue.speaker)}>" if speakers and cue.speaker else ""
        blocks.append(f"{stamp(cue.start, '.')} --> {stamp(cue.end, '.')}\n{voice}{lines}\n")
    if not document.segments:
        blocks.append(f"NOTE {silent}\n")
    return "\n".join(blocks)


def cues(
    document: Document, *, named: bool, punctuation: bool = True, unrecognised: str, unknown: str = UNKNOWN_SPEAKER
) -> list[Cue]:
    """The cues in order. With `named`, the first cue of each speaker's turn begins with the name.

    They are split at punctuation, even where it is not shown."""
    found: list[Cue] = []
    speaking: str | None = None
    for segment in document.segments:
        name = "" if not document.speakers else " ".join(document.speaker_name(segment.speaker, unknown).split())
        if segment.error is not None and not segment.text:
            end = min(segment.end, segment.start + MAX_SECONDS)
            found.append(Cue(segment.start, end, "", (unrecognised,)))
            speaking = None
            continue
        pieces = _timed_pieces(segment)
        lead = f"{_truncate_name(name)}：" if named and name and pieces and name != speaking else ""
        if lead:
            pieces[0] = replace(pieces[0], text=f"{lead}{pieces[0].text}")
        speaking = name
        parts = list(_parts(pieces))
        widths = [_width(_text(part)) for part in parts]
        translations = split_proportionally(" ".join(segment.translation.split()), widths)
        for part, translation in zip(parts, translations, strict=True):
            lines = _lines(part) or (_text(part),)
            if not punctuation:
                lines = _without_punctuation(lines, lead)
            lead = ""
            if lines := (*lines, *_wrap(translation)):
                found.append(Cue(part[0].start, part[-1].end, name, lines))
    starts = [*(cue.start for cue in found[1:]), document.duration]
    return [replace(cue, end=_end(cue, following)) for cue, following in zip(found, starts, strict=False)]


def stamp(seconds: float, point: str) -> str:
    """HH:MM:SS and milliseconds, with a point or a comma."""
    thousandths = round(max(seconds, 0.0) * 1000)
    hours, minutes, rest = thousandths // 3_600_000, thousandths // 60_000 % 60, thousandths % 60_000
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _timed_pieces(segment: Segment) -> list[Piece]:
    text = " ".join(segment.text.split())
    words = segment.words
    if not words or spoken_characters(text) != "".join(spoken_characters(word.text) for word in words):
        words = tuple(
            _spread_evenly(text, segment.start, segment.end)
        )  # the text was edited, so its words have no times
    found = sentence_pieces(Sentence(segment.start, segment.end, text, words)) if text else []
    return [piece for piece in found if piece.text.strip()]


def _spread_evenly(text: str, start: float, end: float) -> Iterator[Word]:
    units = characters(text)
    step = (end - start) / max(len(units), 1)
    for number, unit in enumerate(units):
        yield Word(unit, start + number * step, start + (number + 1) * step)


def _parts(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    if not pieces:
        return
    slow = pieces[-1].end - pieces[0].start > MAX_SECONDS and len(pieces) > 3  # a few slow words are one cue
    if len(pieces) == 1 or (_lines(pieces) and not slow):
        yield pieces
        return
    cut = _best_cut(pieces)
    yield from _parts(pieces[:cut])
    yield from _parts(pieces[cut:])


def _best_cut(pieces: Sequence[Piece]) -> int:
    """After a sentence, else after a clause, else in a pause; near the middle, so that no part is very short."""
    middle = len(pieces) / 2

    def rank(place: int) -> tuple[bool, int, float]:
        before, after = pieces[place - 1], pieces[place]
        mark = 0 if before.ends_sentence else 1 if before.ends_clause else 2 if after.start - before.end >= 0.2 else 3
        return min(place, len(pieces) - place) < len(pieces) / 5, mark, abs(place - middle)

    return min(range(1, len(pieces)), key=rank)


def _lines(pieces: Sequence[Piece]) -> tuple[str, ...]:
    """One or two lines; empty where more are needed. Punctuation belongs to the piece before, so it begins no line."""
    ends = list(accumulate(_width(piece.text) for piece in pieces))  # width up to the end of each piece
    if ends[-1] > 2 * MAX_LINE_WIDTH + 1:  # spaces at line ends are not written
        return ()
    if _width(_text(pieces)) <= MAX_LINE_WIDTH:
        return (_text(pieces),)
    found: list[tuple[bool, float, int]] = []
    for place in range(1, len(pieces)):
        upper, lower = ends[place - 1], ends[-1] - ends[place - 1]
        if max(upper, lower) <= MAX_LINE_WIDTH:
            too_short = min(upper, lower) < MAX_LINE_WIDTH / 4
            found.append((too_short or not pieces[place - 1].ends_clause, abs(upper - lower), place))
    if not found:
        return ()
    place = min(found)[-1]
    return _text(pieces[:place]), _text(pieces[place:])


def _without_punctuation(lines: tuple[str, ...], lead: str) -> tuple[str, ...]:
    shown = [f"{lead}{strip_punctuation(lines[0][len(lead) :])}", *map(strip_punctuation, lines[1:])]
    return tuple(line for line in shown if line)


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces).strip()


def _width(text: str) -> float:
    return sum(map(_width_of, text))


@lru_cache(maxsize=1 << 16)
def _width_of(character: str) -> float:
    return 1.0 if unicodedata.east_asian_width(character) in "WFA" else 0.5


def _wrap(text: str) -> Iterator[str]:
    """Lines of even width, as few as fit; none for an empty text."""
    count = ceil(_width(text) / MAX_LINE_WIDTH)
    yield from (line for line in split_proportionally(text, [1.0] * count) if line)


def _truncate_name(name: str) -> str:
    if _width(name) <= _MAX_NAME_WIDTH:
        return name
    while _width(name) > _MAX_NAME_WIDTH - 1:
        name = name[:-1]
    return f"{name}…"


def _end(cue: Cue, following: float) -> float:
    preferred = max(min(cue.end, cue.start + MAX_SECONDS), cue.start + MIN_SECONDS)
    # Not past the next cue, and never empty: players refuse such cues.
    return max(min(preferred, following) if following > cue.start else preferred, cue.start + 0.002)


def _escape_entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _without_markup(text: str) -> str:
    # SubRip has no escapes, and players read <i> and {\an8} as markup, so full-width characters replace them.
    return text.translate({ord("<"): "＜", ord(">"): "＞", ord("{"): "｛", ord("}"): "｝"})
