"""The voices of a recording: how each sounds, and where it is heard alone."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from backend.speech.types import Diarization, Turn

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Voice:
    """`vector` is the diarizer's embedding of the voice, of any length; `spans` are the times in which nobody else
    speaks, in their order."""

    label: str
    vector: tuple[float, ...]
    spans: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        return math.fsum(end - start for start, end in self.spans)


def voices_of(diarization: Diarization) -> list[Voice]:
    """The voices that have a usable vector and are alone for some time."""
    alone = spans_alone(diarization.turns)
    return [
        Voice(label, tuple(vector), tuple(alone[label]))
        for label, vector in diarization.vectors.items()
        if alone.get(label) and any(vector) and all(math.isfinite(value) for value in vector)
    ]


def spans_alone(turns: Iterable[Turn]) -> dict[str, list[Span]]:
    """By voice, the times in which it speaks and no other one does."""
    moments = sorted(moment for turn in turns if turn.end > turn.start for moment in _moments(turn))
    open_turns: dict[str, int] = {}
    found: dict[str, list[Span]] = {}
    before = 0.0
    for time, step, label in moments:
        if len(open_turns) == 1 and time > before:
            [only] = open_turns
            spans = found.setdefault(only, [])
            if spans and spans[-1][1] == before:
                before = spans.pop()[0]
            spans.append((before, time))
        count = open_turns.get(label, 0) + step
        if count:
            open_turns[label] = count
        else:
            del open_turns[label]
        before = time
    return found


def voices_to_json(model: str, voices: Iterable[Voice]) -> dict[str, Any]:
    """`model` is the diarizer whose vectors these are: those of another one cannot be compared with them."""
    rows = [
        {
            "voice": voice.label,
            "vector": list(voice.vector),
            "seconds": round(voice.seconds, 3),
            "spans": [[round(start, 3), round(end, 3)] for start, end in voice.spans],
        }
        for voice in voices
    ]
    return {"model": model, "voices": rows}


def voices_from_json(value: dict[str, Any]) -> tuple[str, list[Voice]]:
    """The model and the voices. Raises KeyError, TypeError or ValueError for anything `voices_to_json` does not
    write."""
    voices = [
        Voice(
            str(row["voice"]),
            tuple(float(number) for number in row["vector"]),
            tuple((float(start), float(end)) for start, end in row["spans"]),
        )
        for row in value["voices"]
    ]
    return str(value["model"]), voices


def _moments(turn: Turn) -> tuple[tuple[float, int, str], tuple[float, int, str]]:
    return (turn.start, 1, turn.voice), (turn.end, -1, turn.voice)
