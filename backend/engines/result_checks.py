"""Validates the result of an engine: the right types, and times that are finite and in order."""

import math
from collections.abc import Iterable, Sequence

from backend.speech.languages import LANGUAGES
from backend.speech.types import Diarization, Sentence, Turn, Word

#: Exclusive turns may overlap by this much: the frames of a diarizer are about 17 ms long.
_TOLERANCE_SECONDS = 0.02


class InvalidResult(ValueError):
    """The result of an engine is not valid. The message names the place, never the recognised text."""


def check_sentences(sentences: object) -> list[Sentence]:
    """The sentences unchanged. Raises InvalidResult for a wrong type, an invalid time or a wrong order."""
    if not isinstance(sentences, Sequence):
        raise InvalidResult(f"sentences are a {type(sentences).__name__}")
    before = 0.0
    for number, sentence in enumerate(sentences):
        place = f"sentence {number}"
        if not isinstance(sentence, Sentence):
            raise InvalidResult(f"{place} is a {type(sentence).__name__}")
        if not isinstance(sentence.text, str) or not isinstance(sentence.error, str | None):
            raise InvalidResult(f"{place} has an invalid text or error")
        if sentence.language is not None and sentence.language not in LANGUAGES:
            raise InvalidResult(f"{place} has an unknown language")
        if sentence.error is not None and (sentence.text or sentence.words):
            raise InvalidResult(f"{place} has an error and a text")
        before = _check_times(place, sentence.start, sentence.end, before)
        _check_words(place, sentence.words)
    return list(sentences)


def check_diarization(diarization: object) -> Diarization:
    """The diarization unchanged. Raises InvalidResult for wrong types or times, or exclusive turns that overlap."""
    if not isinstance(diarization, Diarization):
        raise InvalidResult(f"the diarization is a {type(diarization).__name__}")
    _check_turns("turn", diarization.turns)
    _check_turns("exclusive turn", diarization.exclusive)
    end = 0.0
    for number, turn in enumerate(diarization.exclusive):
        if turn.start < end - _TOLERANCE_SECONDS:
            raise InvalidResult(f"exclusive turn {number} begins before the one before it ends")
        end = max(end, turn.end)
    return diarization


def _check_words(place: str, words: Iterable[Word]) -> None:
    before = 0.0
    for number, word in enumerate(words):
        if not isinstance(word, Word) or not isinstance(word.text, str):
            raise InvalidResult(f"{place}, word {number} is not a word")
        before = _check_times(f"{place}, word {number}", word.start, word.end, before)


def _check_turns(kind: str, turns: Iterable[Turn]) -> None:
    before = 0.0
    for number, turn in enumerate(turns):
        if not isinstance(turn, Turn) or not isinstance(turn.voice, str) or not turn.voice:
            raise InvalidResult(f"{kind} {number} is not a turn, or has no voice")
        before = _check_times(f"{kind} {number}", turn.start, turn.end, before)


def _check_times(place: str, start: object, end: object, before: float) -> float:
    """The start, after checking that `before` <= start <= end."""
    if not (isinstance(start, int | float) and isinstance(end, int | float)):
        raise InvalidResult(f"{place} has a time that is not a number")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise InvalidResult(f"{place} has a time that is not finite")
    if not 0 <= start <= end:
        raise InvalidResult(f"{place} lasts from {start} to {end}")
    if start < before:
        raise InvalidResult(f"{place} begins before the one before it")
    return float(start)
