"""Finds the place of a comment in a later version of the transcript. Pure.

The text is kept with a little of what stood before and after it, like a text quote of the W3C's Web Annotation model:
the quote finds the place that moved, its surroundings find the place whose words were corrected."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from backend.speech.types import Segment

#: Characters kept of the text before and after the quote.
CONTEXT = 16
#: Segments of another version that lie so many seconds around the comment's time may have its place.
_NEAR_SECONDS = 2.0


class PlaceState(str, Enum):
    SAME = "same"  #: the same words in the same segment
    MOVED = "moved"  #: the same words in another segment, after a split or a merge
    CHANGED = "changed"  #: the segment is there, its words are others
    GONE = "gone"  #: neither segment nor words: the place is the time


@dataclass(frozen=True, slots=True)
class Anchor:
    """A part of the text of a segment: offsets in code points, and the second in which it begins."""

    segment_id: str
    start: int
    end: int
    quote: str
    before: str
    after: str
    at: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is now. Without a segment there is only the time."""

    state: PlaceState
    segment_id: str | None
    start: int
    end: int


def anchor_at(segment: Segment, start: int, end: int, at: float) -> Anchor:
    text = segment.text
    around = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    return Anchor(segment.id, start, end, text[start:end], *around, at)


def locate(segments: Sequence[Segment], anchor: Anchor) -> Place:
    own = next((one for one in segments if one.id == anchor.segment_id), None)
    if own is not None and own.text[anchor.start : anchor.end] == anchor.quote:
        return Place(PlaceState.SAME, own.id, anchor.start, anchor.end)
    near = [one for one in segments if one.start - _NEAR_SECONDS <= anchor.at <= one.end + _NEAR_SECONDS]
    found = [(one, at) for one in near for at in _occurrences(one.text, anchor.quote)]
    if found:
        segment, at = min(found, key=lambda one: _distance(anchor, *one))
        state = PlaceState.SAME if segment.id == anchor.segment_id else PlaceState.MOVED
        return Place(state, segment.id, at, at + len(anchor.quote))
    for first, second in itertools.pairwise(near):
        at = (first.text + second.text).find(anchor.quote)
        if at >= 0:  # split in its middle: the larger part has it
            here = len(first.text) - at
            if here * 2 >= len(anchor.quote):
                return Place(PlaceState.MOVED, first.id, at, len(first.text))
            return Place(PlaceState.MOVED, second.id, 0, len(anchor.quote) - here)
    if own is not None and own in near:
        return Place(PlaceState.CHANGED, own.id, *_between(own.text, anchor))
    last = next((one for one in reversed(segments) if one.start <= anchor.at), None)
    return Place(PlaceState.GONE, last.id if last is not None else None, 0, 0)


def _distance(anchor: Anchor, segment: Segment, at: int) -> tuple[bool, bool, float, int]:
    """The less the better: the same segment, the same surroundings, then the nearest."""
    text, end = segment.text, at + len(anchor.quote)
    alike = text[:at].endswith(anchor.before) or text[end:].startswith(anchor.after)
    return segment.id != anchor.segment_id, not alike, abs(segment.start - anchor.at), abs(at - anchor.start)


def _between(text: str, anchor: Anchor) -> tuple[int, int]:
    """What stands between the former surroundings; the whole text where they are gone too."""
    start = text.find(anchor.before) + len(anchor.before) if anchor.before in text else None
    if start is None:
        return 0, len(text)
    end = text.find(anchor.after, start) if anchor.after else len(text)
    return (start, end) if end > start else (0, len(text))


def _occurrences(text: str, quote: str) -> list[int]:
    found = []
    at = text.find(quote)
    while at >= 0:
        found.append(at)
        at = text.find(quote, at + 1)
    return found
