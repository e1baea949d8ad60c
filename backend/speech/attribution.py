"""Who said each piece: the voice of its turn, smoothed, with the changes moved to where people pause."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from backend.speech.pieces import Piece
from backend.speech.text import bare
from backend.speech.timeline import Chorus, Turns

#: Between equal voices a run shorter than this (seconds), or of so few characters, is a slip of the diarizer…
SHORT = 0.6
FEW = 2

#: …unless whoever said it paused this long before and after: then it is an answer, however short…
APART = 0.5

#: …or it is one of these, said while another voice goes on.
_BACKCHANNEL = re.compile(
    "(?:嗯|恩|唔|对|好|是|行|哦|噢|喔|啊|呃|欸|诶|哎|的|呀|吧|没错|明白|可以|ok|yeah|mm|uh)+", re.IGNORECASE
)

#: A change of speakers is moved this many characters at most, to a punctuation mark or a pause this long (seconds).
SNAP = 4
PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring pieces of one voice; a pinned one keeps its place."""

    voice: str | None
    first: int
    end: int
    pinned: bool = False


def attribute(pieces: Sequence[Piece], turns: Turns, chorus: Chorus) -> list[str | None]:
    """The voice of each piece; None where no turn is near, and for stretches that could not be recognised."""
    voices = [None if piece.error else turns.voice(piece.start, piece.end) for piece in pieces]
    for first, end in _stretches(pieces):
        for run in _snap(_smooth(list(_runs(voices, first, end)), pieces, chorus), pieces):
            voices[run.first : run.end] = [run.voice] * (run.end - run.first)
    return voices


def _stretches(pieces: Sequence[Piece]) -> Iterator[tuple[int, int]]:
    # What lies between two stretches that failed: nothing is known of them, so nothing is smoothed across them.
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


def _smooth(runs: Sequence[_Run], pieces: Sequence[Piece], chorus: Chorus) -> list[_Run]:
    smooth: list[_Run] = []
    for run in runs:
        between = len(smooth) > 1 and run.voice is not None and smooth[-2].voice == run.voice
        if between and _is_short(smooth[-1], pieces):
            middle = smooth[-1]
            if _stands_alone(middle, pieces, chorus):
                smooth[-1] = _Run(middle.voice, middle.first, middle.end, pinned=True)
            else:
                smooth[-2:] = [_Run(run.voice, smooth[-2].first, run.end)]
                continue
        smooth.append(run)
    return smooth


def _is_short(run: _Run, pieces: Sequence[Piece]) -> bool:
    if pieces[run.end - 1].end - pieces[run.first].start < SHORT:
        return True
    return run.end - run.first <= FEW and len(_heard(run, pieces)) <= FEW


def _stands_alone(run: _Run, pieces: Sequence[Piece], chorus: Chorus) -> bool:
    before = pieces[run.first].start - pieces[run.first - 1].end
    after = pieces[run.end].start - pieces[run.end - 1].end
    if before >= APART and after >= APART:
        return True
    if run.voice is None or not _BACKCHANNEL.fullmatch(_heard(run, pieces)):
        return False
    heard = [chorus.at((piece.start + piece.end) / 2) for piece in pieces[run.first : run.end]]
    return all(run.voice in voices and len(voices) > 1 for voices in heard)


def _heard(run: _Run, pieces: Sequence[Piece]) -> str:
    return bare("".join(piece.text for piece in pieces[run.first : run.end]))


def _snap(runs: list[_Run], pieces: Sequence[Piece]) -> list[_Run]:
    for index in range(1, len(runs)):
        left, right = runs[index - 1 : index + 1]
        if None in (left.voice, right.voice) or left.pinned or right.pinned:
            continue  # what is unknown is no speaker, and its edges are nobody's to move
        change = _best_change(left, right, pieces)
        runs[index - 1] = _Run(left.voice, left.first, change)
        runs[index] = _Run(right.voice, change, right.end)
    return runs


def _best_change(left: _Run, right: _Run, pieces: Sequence[Piece]) -> int:
    """The nearest place to pause; both sides keep at least one piece."""
    here = right.first
    found: list[tuple[int, bool, float, int]] = []
    for place in range(max(left.first + 1, here - SNAP), min(right.end - 1, here + SNAP) + 1):
        pause = pieces[place].start - pieces[place - 1].end
        if pause >= PAUSE - 1e-6 or pieces[place - 1].ends_clause:
            found.append((abs(place - here), not pieces[place - 1].ends_sentence, -pause, place))
    return min(found)[-1] if found else here
