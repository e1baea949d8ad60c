"""Assigns a voice to each piece: that of its turn, smoothed, with speaker changes moved to pauses."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from backend.speech.pieces import Piece
from backend.speech.text import spoken_characters
from backend.speech.timeline import ActiveVoices, Turns

#: Between runs of the same voice, a run shorter than this (seconds), or with at most so few characters, is treated as
#: an error of the diarizer…
SHORT_SECONDS = 0.6
FEW_CHARACTERS = 2

#: …unless there is a pause this long (seconds) before and after: then it is a short answer…
ANSWER_PAUSE = 0.5

#: …or it is one of these backchannels, spoken while another voice speaks.
_BACKCHANNEL = re.compile(
    "(?:嗯|恩|唔|对|好|是|行|哦|噢|喔|啊|呃|欸|诶|哎|的|呀|吧|没错|明白|可以|ok|yeah|mm|uh)+", re.IGNORECASE
)

#: A speaker change is moved by at most this many characters, to a punctuation mark or a pause this long (seconds).
MAX_SHIFT = 4
CHANGE_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring pieces of one voice. The boundaries of a pinned run are not moved."""

    voice: str | None
    first: int
    end: int
    pinned: bool = False


def attribute(pieces: Sequence[Piece], turns: Turns, active_voices: ActiveVoices) -> list[str | None]:
    """The voice of each piece; None where no turn is near, and for pieces that could not be recognised."""
    voices = [None if piece.error else turns.voice(piece.start, piece.end) for piece in pieces]
    for first, end in _recognised_ranges(pieces):
        for run in _snap(_smooth(list(_runs(voices, first, end)), pieces, active_voices), pieces):
            voices[run.first : run.end] = [run.voice] * (run.end - run.first)
    return voices


def _recognised_ranges(pieces: Sequence[Piece]) -> Iterator[tuple[int, int]]:
    # The ranges between pieces that failed: their speakers are unknown, so nothing is smoothed across them.
    first = 0
    for failed, group in groupby(pieces, key=lambda piece: piece.error is not None):
        end = first + sum(1 for _ in group)
        if not failed:
            yield first, end
        first = end


def _runs(voices: Sequence[str | None], first: int, end: int) -> Iterator[_Run]:
    for voice, group in groupby(voices[first:end]):
        following = first + sum(1 for _ in group)
        yield _Run(voice, first, following)
        first = following


def _smooth(runs: Sequence[_Run], pieces: Sequence[Piece], active_voices: ActiveVoices) -> list[_Run]:
    smooth: list[_Run] = []
    for run in runs:
        same_voice_around = len(smooth) > 1 and run.voice is not None and smooth[-2].voice == run.voice
        if same_voice_around and _is_short(smooth[-1], pieces):
            middle = smooth[-1]
            if _is_interjection(middle, pieces, active_voices):
                smooth[-1] = _Run(middle.voice, middle.first, middle.end, pinned=True)
            else:
                smooth[-2:] = [_Run(run.voice, smooth[-2].first, run.end)]
                continue
        smooth.append(run)
    return smooth


def _is_short(run: _Run, pieces: Sequence[Piece]) -> bool:
    if pieces[run.end - 1].end - pieces[run.first].start < SHORT_SECONDS:
        return True
    return run.end - run.first <= FEW_CHARACTERS and len(_text(run, pieces)) <= FEW_CHARACTERS


def _is_interjection(run: _Run, pieces: Sequence[Piece], active_voices: ActiveVoices) -> bool:
    before = pieces[run.first].start - pieces[run.first - 1].end
    after = pieces[run.end].start - pieces[run.end - 1].end
    if before >= ANSWER_PAUSE and after >= ANSWER_PAUSE:
        return True
    if run.voice is None or not _BACKCHANNEL.fullmatch(_text(run, pieces)):
        return False
    active = [active_voices.at((piece.start + piece.end) / 2) for piece in pieces[run.first : run.end]]
    return all(run.voice in voices and len(voices) > 1 for voices in active)


def _text(run: _Run, pieces: Sequence[Piece]) -> str:
    return spoken_characters("".join(piece.text for piece in pieces[run.first : run.end]))


def _snap(runs: list[_Run], pieces: Sequence[Piece]) -> list[_Run]:
    for index in range(1, len(runs)):
        left, right = runs[index - 1 : index + 1]
        if None in (left.voice, right.voice) or left.pinned or right.pinned:
            continue  # an unknown speaker's boundaries are not moved
        change = _best_change(left, right, pieces)
        runs[index - 1] = _Run(left.voice, left.first, change)
        runs[index] = _Run(right.voice, change, right.end)
    return runs


def _best_change(left: _Run, right: _Run, pieces: Sequence[Piece]) -> int:
    """The nearest pause or punctuation mark; both sides keep at least one piece."""
    current = right.first
    candidates: list[tuple[int, bool, float, int]] = []
    for place in range(max(left.first + 1, current - MAX_SHIFT), min(right.end - 1, current + MAX_SHIFT) + 1):
        pause = pieces[place].start - pieces[place - 1].end
        if pause >= CHANGE_PAUSE - 1e-6 or pieces[place - 1].ends_clause:
            candidates.append((abs(place - current), not pieces[place - 1].ends_sentence, -pause, place))
    return min(candidates)[-1] if candidates else current
