"""Repairs the times of recognised words: one time per word, in order, inside their chunk of audio."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from backend.engines.paraformer_tokens import join_tokens
from backend.speech.text import characters
from backend.speech.types import Word


def timed_words(text: str, stamps: Any, length: float) -> list[Word]:
    """The words of a FunASR result: tokens separated by spaces, and [start, end] in milliseconds for each token.

    The chunk is `length` seconds long. If the number of times differs from the number of tokens, or the times are
    invalid, the words are spread evenly.
    """
    tokens = text.split()
    times = stamps if isinstance(stamps, list) else []
    words = join_tokens(tokens)
    if len(times) == len(tokens):
        times = [_spanning(times[own[0]], times[own[-1]]) for _, own in words]
    spans = _repaired(times, len(words), length)
    return [word for (text, _), (start, end) in zip(words, spans, strict=True) for word in spread(text, start, end)]


def spread(text: str, start: float, end: float) -> list[Word]:
    """The characters of a longer word, with an even share of its time each."""
    parts = characters(text)
    weights = [max(1, len(part)) for part in parts]
    total, at, words = sum(weights), 0, []
    for part, weight in zip(parts, weights, strict=True):
        begin, at = start + (end - start) * at / total, at + weight
        words.append(Word(part, begin, start + (end - start) * at / total))
    return words


def in_order(words: Sequence[Word]) -> list[Word]:
    """The same words, with times changed so that none begins before the one before it ends."""
    ordered: list[Word] = []
    at = 0.0
    for word in words:
        start = max(word.start, at)
        at = max(word.end, start)
        ordered.append(Word(word.text, start, at))
    return ordered


def _spanning(one: Any, other: Any) -> Any:
    if one is other:
        return one
    first, second = _span(one), _span(other)
    return [first[0] * 1000, second[1] * 1000] if first and second else None


def _repaired(stamps: Sequence[Any], count: int, length: float) -> list[tuple[float, float]]:
    spans = [_span(stamp) for stamp in stamps]
    valid: list[tuple[int, float, float]] = []
    for index, span in enumerate(spans):
        if span is not None and span[0] <= length and span[0] >= (valid[-1][1] if valid else 0.0):
            valid.append((index, span[0], min(span[1], length)))
    if len(spans) != count or 2 * len(valid) < count:
        # the words are spread between the first and the last valid time
        start, end = (valid[0][1], max(end for _, _, end in valid)) if valid else (0.0, length)
        return [(start + (end - start) * at / count, start + (end - start) * (at + 1) / count) for at in range(count)]
    repaired: list[tuple[float, float]] = []
    for (index, start, end), (following, limit, _) in pairwise([(-1, 0.0, 0.0), *valid, (count, length, length)]):
        if index >= 0:
            repaired.append((start, min(end, limit)))
        # words without a valid time share the time between their neighbours
        missing, begin = following - index - 1, min(end, limit)
        repaired += [
            (begin + (limit - begin) * at / missing, begin + (limit - begin) * (at + 1) / missing)
            for at in range(missing)
        ]
    return repaired


def _span(stamp: Any) -> tuple[float, float] | None:
    """The span in seconds, or None if it is not valid."""
    try:
        start, end = float(stamp[0]) / 1000, float(stamp[1]) / 1000
    except (TypeError, ValueError, LookupError, OverflowError):
        return None
    if not (math.isfinite(start) and math.isfinite(end)) or start > end:
        return None
    return (max(0.0, start), max(0.0, end))
