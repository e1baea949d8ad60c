"""A text in another written form, as spans over what was heard. What was heard is never changed in place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """`text` stands for the characters from `start` up to `end` (offsets in code points; never an empty range).

    A list of spans is in order, and none overlaps another."""

    start: int
    end: int
    text: str


def rewrite(text: str, spans: Iterable[Span]) -> str:
    """The text with every span replaced. What stands between the spans is untouched."""
    parts: list[str] = []
    position = 0
    for span in spans:
        parts += (text[position : span.start], span.text)
        position = span.end
    return "".join(parts) + text[position:]


def original_offset(spans: Iterable[Span], offset: int) -> int:
    """Where an offset of the rewritten text lies in what was heard. Inside a span it is the span's start."""
    growth = 0
    for span in spans:
        start = span.start + growth
        if offset <= start:
            break
        if offset < start + len(span.text):
            return span.start
        growth += len(span.text) - (span.end - span.start)
    return offset - growth


def outside(spans: Iterable[Span], ranges: Sequence[tuple[int, int]]) -> list[Span]:
    """The spans that touch none of these ranges, which are in order and do not overlap."""
    kept: list[Span] = []
    at = 0
    for span in spans:
        while at < len(ranges) and ranges[at][1] <= span.start:
            at += 1
        if at == len(ranges) or span.end <= ranges[at][0]:
            kept.append(span)
    return kept


def compose(text: str, first: Sequence[Span], second: Sequence[Span]) -> list[Span]:
    """One list of spans over `text` for two rewritings in a row: `second` is over `rewrite(text, first)`."""
    if not first or not second:
        return list(first or second)
    middle = rewrite(text, first)
    #: Every span of both lists as a range of the text between the two, and what it covers of `text`.
    ranges = sorted([*_ranges_between(first), *((span.start, span.end, -1) for span in second)])
    composed: list[Span] = []
    remaining = list(reversed(second))
    growth, at = 0, 0
    while at < len(ranges):
        start, end = ranges[at][0], ranges[at][1]
        grown = 0
        while at < len(ranges) and (ranges[at][0] < end or ranges[at][0] == start):
            end = max(end, ranges[at][1])
            if ranges[at][2] >= 0:
                grown += len(first[ranges[at][2]].text) - (first[ranges[at][2]].end - first[ranges[at][2]].start)
            at += 1
        inside: list[Span] = []
        while remaining and remaining[-1].end <= end:
            span = remaining.pop()
            inside.append(Span(span.start - start, span.end - start, span.text))
        composed.append(Span(start - growth, end - growth - grown, rewrite(middle[start:end], inside)))
        growth += grown
    return [span for span in composed if span.text != text[span.start : span.end]]


def _ranges_between(spans: Sequence[Span]) -> list[tuple[int, int, int]]:
    """Start and end of each span's new text in the rewritten text, with the span's number."""
    ranges: list[tuple[int, int, int]] = []
    growth = 0
    for number, span in enumerate(spans):
        start = span.start + growth
        ranges.append((start, start + len(span.text), number))
        growth += len(span.text) - (span.end - span.start)
    return ranges
