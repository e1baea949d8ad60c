"""A translation beside the text it translates: attached to segments for an export, and split over subtitle cues."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum
from itertools import accumulate

from backend.speech.text import is_wide
from backend.transcripts.document import Document

_ENDS_SENTENCE = frozenset(".!?;。！？；…")
_ENDS_CLAUSE = frozenset(",:，、：")
#: How far, in average parts, a cut may be from its proportional place to lie behind a sentence, a clause or a word.
_REACH = {"sentence": 0.6, "clause": 0.35, "word": 0.0}


class Layout(str, Enum):
    BILINGUAL = "bilingual"  #: each text with its translation below
    TRANSLATION = "translation"  #: only the translation


def with_translation(document: Document, translations: Mapping[str, str], layout: Layout) -> Document:
    """The document with these translations, by segment id.

    Alone, a translation takes the place of the text; a segment without one keeps its text, so that nothing is lost."""
    if layout is Layout.BILINGUAL:
        segments = (replace(one, translation=translations.get(one.id, "")) for one in document.segments)
    else:
        segments = (
            replace(one, text=translations[one.id], words=()) if translations.get(one.id) else one
            for one in document.segments
        )
    return replace(document, segments=tuple(segments))


def split_proportionally(text: str, weights: Sequence[float]) -> list[str]:
    """The text in as many parts as there are weights, in their proportion, cut between words, best after punctuation.

    A part may be empty where there are fewer words than parts. Joined, with spaces ignored, the parts are the text."""
    words = _words(text)
    total, whole = sum(weights), sum(map(len, words))
    if not weights:
        return []
    if not whole or total <= 0:
        return [text.strip(), *[""] * (len(weights) - 1)]
    ends = list(accumulate(len(word) for word in words))
    average = whole / len(weights)
    parts, begin = [], 0
    for place in list(accumulate(weights))[:-1]:
        cut = max(begin, _best_cut(words, ends, whole * place / total, average))
        parts.append("".join(words[begin:cut]).strip())
        begin = cut
    return [*parts, "".join(words[begin:]).strip()]


def _best_cut(words: Sequence[str], ends: Sequence[int], place: float, average: float) -> int:
    """How many words stand before the cut nearest to `place`, a number of characters."""

    def cost(number: int) -> float:
        last = words[number].rstrip()[-1:]
        kind = "sentence" if last in _ENDS_SENTENCE else "clause" if last in _ENDS_CLAUSE else "word"
        return abs(ends[number] - place) - _REACH[kind] * average

    near = range(bisect_left(ends, place - average), min(bisect_left(ends, place + average) + 1, len(words)))
    return min(near, key=cost) + 1


def _words(text: str) -> list[str]:
    """Runs without spaces and single wide characters, each with the spaces and marks behind it."""
    found: list[str] = []
    for run in re.findall(r"\S+\s*", text):
        start = 0
        for place in range(1, len(run)):
            wide = is_wide(run[place]) or is_wide(run[place - 1])
            if wide and run[place].isalnum():
                found.append(run[start:place])
                start = place
        found.append(run[start:])
    return found
