"""What an engine gives back is checked before it is believed: finite times, in order, of the right kind."""

import math
from collections.abc import Iterable, Sequence

from backend.speech.types import Diarization, Sentence, Turn, Word

#: Exclusive turns may touch; a diarizer's frames are about 17 ms.
_TOUCHING = 0.02


class Unbelievable(ValueError):
    """The message names the place, never the text."""


def check_sentences(sentences: object) -> list[Sentence]:
    """The sentences as they came; Unbelievable for a wrong type, a time that is none, or a wrong order."""
    if not isinstance(sentences, Sequence):
        raise Unbelievable(f"sentences are a {type(sentences).__name__}")
    before = 0.0
    for number, sentence in enumerate(sentences):
        place = f"sentence {number}"
        if not isinstance(sentence, Sentence):
            raise Unbelievable(f"{place} is a {type(sentence).__name__}")
        if not isinstance(sentence.text, str) or not isinstance(sentence.error, str | None):
            raise Unbelievable(f"{place} has a text or an error that is none")
        if sentence.error is not None and (sentence.text or sentence.words):
            raise Unbelievable(f"{place} could not be recognised and still has a text")
        before = _stretch(place, sentence.start, sentence.end, before)
        _check_words(place, sentence.words)
    return list(sentences)


def check_diarization(diarization: object) -> Diarization:
    """The diarization as it came; Unbelievable for wrong types or times, or exclusive turns that overlap."""
    if not isinstance(diarization, Diarization):
        raise Unbelievable(f"the diarization is a {type(diarization).__name__}")
    _check_turns("turn", diarization.turns)
    _check_turns("exclusive turn", diarization.exclusive)
    end = 0.0
    for number, turn in enumerate(diarization.exclusive):
        if turn.start < end - _TOUCHING:
            raise Unbelievable(f"exclusive turn {number} begins before the last has ended")
        end = max(end, turn.end)
    return diarization


def _check_words(place: str, words: Iterable[Word]) -> None:
    before = 0.0
    for number, word in enumerate(words):
        if not isinstance(word, Word) or not isinstance(word.text, str):
            raise Unbelievable(f"{place}, word {number} is none")
        before = _stretch(f"{place}, word {number}", word.start, word.end, before)


def _check_turns(kind: str, turns: Iterable[Turn]) -> None:
    before = 0.0
    for number, turn in enumerate(turns):
        if not isinstance(turn, Turn) or not isinstance(turn.voice, str) or not turn.voice:
            raise Unbelievable(f"{kind} {number} is none, or has no voice")
        before = _stretch(f"{kind} {number}", turn.start, turn.end, before)


def _stretch(place: str, start: object, end: object, before: float) -> float:
    """The start, where it is a time not before `before` and the end is one not before the start."""
    if not (isinstance(start, int | float) and isinstance(end, int | float)):
        raise Unbelievable(f"{place} has a time that is no number")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise Unbelievable(f"{place} has a time that is not finite")
    if not 0 <= start <= end:
        raise Unbelievable(f"{place} lasts from {start} to {end}")
    if start < before:
        raise Unbelievable(f"{place} begins before the one before it")
    return float(start)
