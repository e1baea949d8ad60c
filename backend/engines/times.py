"""Characters and their times made whole: as many times as words, in order, inside the piece they were heard in."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from backend.speech.text import characters
from backend.speech.types import Word


def timed_words(text: str, stamps: Any, length: float) -> list[Word]:
    """The words of a FunASR result: text separated by spaces, and for each part [start, end] in milliseconds.

    The piece is `length` seconds long. Where the times are not as many as the words, or make no sense, they are spread
    evenly.
    """
    tokens, times = _whole_words(text.split(), stamps if isinstance(stamps, list) else [])
    spans = _mended(times, len(tokens), length)
    return [word for token, (start, end) in zip(tokens, spans, strict=True) for word in spread(token, start, end)]


def spread(text: str, start: float, end: float) -> list[Word]:
    """The characters of a longer word, each with its even share of the time."""
    parts = characters(text)
    weights = [max(1, len(part)) for part in parts]
    total, at, words = sum(weights), 0, []
    for part, weight in zip(parts, weights, strict=True):
        begin, at = start + (end - start) * at / total, at + weight
        words.append(Word(part, begin, start + (end - start) * at / total))
    return words


def in_order(words: Sequence[Word]) -> list[Word]:
    """The same words, none beginning before the one before it ends."""
    ordered: list[Word] = []
    at = 0.0
    for word in words:
        start = max(word.start, at)
        at = max(word.end, start)
        ordered.append(Word(word.text, start, at))
    return ordered


def _whole_words(tokens: Sequence[str], stamps: Sequence[Any]) -> tuple[list[str], list[Any]]:
    """Latin pieces ("hel@@", "lo") become words, and digits that follow each other a number."""
    matching = len(tokens) == len(stamps)
    whole: list[str] = []
    times: list[Any] = []
    open_ended = False
    for index, token in enumerate(tokens):
        text = token.replace("@@", "")
        goes_on = open_ended or (bool(whole) and text.isascii() and text.isdigit() and whole[-1].isdigit())
        open_ended = token.endswith("@@")
        if not goes_on:
            whole.append(text)
            times.append(stamps[index] if matching else None)
        else:
            whole[-1] += text
            times[-1] = _spanning(times[-1], stamps[index]) if matching else None
    return whole, times if matching else list(stamps)


def _spanning(one: Any, other: Any) -> Any:
    first, second = _span(one), _span(other)
    return [first[0] * 1000, second[1] * 1000] if first and second else None


def _mended(stamps: Sequence[Any], count: int, length: float) -> list[tuple[float, float]]:
    spans = [_span(stamp) for stamp in stamps]
    good: list[tuple[int, float, float]] = []
    for index, span in enumerate(spans):
        if span is not None and span[0] <= length and span[0] >= (good[-1][1] if good else 0.0):
            good.append((index, span[0], min(span[1], length)))
    if len(spans) != count or 2 * len(good) < count:
        # wherever they belong, the first begins where something was first heard and the last ends where it was last
        start, end = (good[0][1], max(end for _, _, end in good)) if good else (0.0, length)
        return [(start + (end - start) * at / count, start + (end - start) * (at + 1) / count) for at in range(count)]
    mended: list[tuple[float, float]] = []
    for (index, start, end), (following, limit, _) in pairwise([(-1, 0.0, 0.0), *good, (count, length, length)]):
        if index >= 0:
            mended.append((start, min(end, limit)))
        # those between two good ones share the time between them
        lost, begin = following - index - 1, min(end, limit)
        mended += [
            (begin + (limit - begin) * at / lost, begin + (limit - begin) * (at + 1) / lost) for at in range(lost)
        ]
    return mended


def _span(stamp: Any) -> tuple[float, float] | None:
    """Seconds, or None for what is no time."""
    try:
        start, end = float(stamp[0]) / 1000, float(stamp[1]) / 1000
    except (TypeError, ValueError, LookupError, OverflowError):
        return None
    if not (math.isfinite(start) and math.isfinite(end)) or start > end:
        return None
    return (max(0.0, start), max(0.0, end))
