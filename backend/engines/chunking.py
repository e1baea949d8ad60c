"""Speech is cut into overlapping chunks for a recogniser, and the words of neighbouring chunks are merged again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from backend.speech.types import Word

Interval = tuple[float, float]
FindQuietest = Callable[[float, float], float]  #: the quietest time between two times: the best place to cut

_MATCH_SECONDS = 0.3  #: two chunks recognise the same character at times that differ by less than this


@dataclass(frozen=True, slots=True, repr=False)
class AudioChunk:
    """A part of a recording, recognised from `start` to `end`. Chunks may overlap; the span from `first` to `last` is
    the chunk's own and overlaps no other."""

    start: float
    end: float
    first: float
    last: float

    def __repr__(self) -> str:
        # Checkpoint fingerprints contain this text: if it changes, unfinished jobs start again from the beginning.
        return f"Cut(start={self.start!r}, end={self.end!r}, first={self.first!r}, last={self.last!r})"


def split_speech(
    speech: Iterable[Interval],
    duration: float,
    find_quietest: FindQuietest,
    *,
    longest: float = 30.0,
    padding: float = 0.2,
    overlap: float = 1.0,
    gap: float = 0.0,
    target: float = 0.0,
) -> list[AudioChunk]:
    """Chunks of at most `longest` seconds, in order; together their own spans cover all speech.

    A chunk is padded, but not beyond the middle of the pause to its neighbour or the ends of the recording. Intervals
    closer than `gap` are joined while the chunk stays within `target`. Longer speech is cut at the quietest place, and
    both chunks contain `overlap` seconds around the cut: `merge_overlaps` removes what is then recognised twice.
    """
    if longest < 4 * overlap or longest <= 4 * padding:
        raise ValueError("chunks must be longer than four overlaps and four paddings")
    intervals = _join_close(_merge_overlapping(speech, duration), gap, min(target, longest - 2 * padding))
    chunks: list[AudioChunk] = []
    for index, (start, end) in enumerate(intervals):
        before = (start - intervals[index - 1][1]) / 2 if index else start
        after = (intervals[index + 1][0] - end) / 2 if index + 1 < len(intervals) else duration - end
        chunks += _split_long(start - min(padding, before), end + min(padding, after), find_quietest, longest, overlap)
    return chunks


def merge_overlaps(recognised: Sequence[tuple[AudioChunk, Sequence[Word]]]) -> list[tuple[Word, ...]]:
    """The words of each chunk, without those that a neighbouring chunk contains too and recognised further from its
    edge.

    Two overlapping chunks are joined at a character that both have, the nearest to the cut. If they have none in
    common, each keeps the characters whose middle lies in its own span.
    """
    merged = [list(words) for _, words in recognised]
    for index in range(1, len(recognised)):
        (before, _), (after, _) = recognised[index - 1], recognised[index]
        if before.end > after.start:
            merged[index - 1], merged[index] = _join_at_match(merged[index - 1], merged[index], after)
    return [tuple(words) for words in merged]


def _merge_overlapping(speech: Iterable[Interval], duration: float) -> list[Interval]:
    clean: list[Interval] = []
    for start, end in sorted((max(0.0, start), min(duration, end)) for start, end in speech):
        if end <= start:
            continue
        if clean and start <= clean[-1][1]:
            clean[-1] = (clean[-1][0], max(clean[-1][1], end))
        else:
            clean.append((start, end))
    return clean


def _join_close(intervals: Sequence[Interval], gap: float, target: float) -> list[Interval]:
    joined: list[Interval] = []
    for start, end in intervals:
        if joined and start - joined[-1][1] <= gap and end - joined[-1][0] <= target:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _split_long(
    start: float, end: float, find_quietest: FindQuietest, longest: float, overlap: float
) -> list[AudioChunk]:
    chunks: list[AudioChunk] = []
    chunk_start, first = start, start
    while end - chunk_start > longest:
        latest = min(chunk_start + longest - overlap / 2, end - 2 * overlap)
        earliest = min(chunk_start + longest / 2, latest)
        cut = min(max(find_quietest(earliest, latest), earliest), latest)
        chunks.append(AudioChunk(chunk_start, cut + overlap / 2, first, cut))
        chunk_start, first = cut - overlap / 2, cut
    chunks.append(AudioChunk(chunk_start, end, first, end))
    return chunks


def _join_at_match(left: list[Word], right: list[Word], after: AudioChunk) -> tuple[list[Word], list[Word]]:
    matches = [
        (abs(_middle(one) + _middle(other) - 2 * after.first), i, j)
        for i, one in enumerate(left)
        if _middle(one) >= after.start - _MATCH_SECONDS
        for j, other in enumerate(right)
        if one.text == other.text and abs(_middle(one) - _middle(other)) <= _MATCH_SECONDS
    ]
    if matches:
        _, i, j = min(matches)
        return left[: i + 1], right[j + 1 :]
    return (
        [word for word in left if _middle(word) < after.first],
        [word for word in right if _middle(word) >= after.first],
    )


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2
