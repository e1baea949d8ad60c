"""The cut list: which pieces of a recording a recogniser hears, and to which of them every character belongs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from backend.speech.types import Word

Interval = tuple[float, float]
Quietest = Callable[[float, float], float]  #: where between two times it is best to cut

_SAME_MOMENT = 0.3  #: two hearings of one character differ by less than this many seconds


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece heard from `start` to `end`. Its own, from `first` to `last`, is shared with no other piece."""

    start: float
    end: float
    first: float
    last: float


def cut(
    speech: Iterable[Interval],
    duration: float,
    quietest: Quietest,
    *,
    longest: float = 30.0,
    padding: float = 0.2,
    overlap: float = 1.0,
    gap: float = 0.0,
    target: float = 0.0,
) -> list[Cut]:
    """Cut speech into pieces of at most `longest` seconds, in order; together their own parts cover all speech.

    A piece is padded, but never over its neighbour's half of the pause or the ends of the recording. Neighbours closer
    than `gap` are joined while the piece stays within `target`. Longer speech is cut at the quietest place, and both
    pieces hear `overlap` seconds around it: `stitch` then drops what was heard twice.
    """
    if longest < 4 * overlap or longest <= 4 * padding:
        raise ValueError("pieces must be longer than four overlaps and four paddings")
    stretches = _joined(_in_order(speech, duration), gap, min(target, longest - 2 * padding))
    cuts: list[Cut] = []
    for index, (start, end) in enumerate(stretches):
        before = (start - stretches[index - 1][1]) / 2 if index else start
        after = (stretches[index + 1][0] - end) / 2 if index + 1 < len(stretches) else duration - end
        cuts += _pieces(start - min(padding, before), end + min(padding, after), quietest, longest, overlap)
    return cuts


def stitch(heard: Sequence[tuple[Cut, Sequence[Word]]]) -> list[tuple[Word, ...]]:
    """The words of each piece without those that the next or the previous piece heard better.

    Where two pieces overlap they are joined at a character both have heard, the nearest to the cut; if they agree on
    none, each keeps the characters whose middle lies in its own part.
    """
    kept = [list(words) for _, words in heard]
    for index in range(1, len(heard)):
        (before, _), (after, _) = heard[index - 1], heard[index]
        if before.end > after.start:
            kept[index - 1], kept[index] = _seam(kept[index - 1], kept[index], after)
    return [tuple(words) for words in kept]


def _in_order(speech: Iterable[Interval], duration: float) -> list[Interval]:
    clean: list[Interval] = []
    for start, end in sorted((max(0.0, start), min(duration, end)) for start, end in speech):
        if end <= start:
            continue
        if clean and start <= clean[-1][1]:
            clean[-1] = (clean[-1][0], max(clean[-1][1], end))
        else:
            clean.append((start, end))
    return clean


def _joined(stretches: Sequence[Interval], gap: float, target: float) -> list[Interval]:
    joined: list[Interval] = []
    for start, end in stretches:
        if joined and start - joined[-1][1] <= gap and end - joined[-1][0] <= target:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _pieces(start: float, end: float, quietest: Quietest, longest: float, overlap: float) -> list[Cut]:
    pieces: list[Cut] = []
    heard_from, first = start, start
    while end - heard_from > longest:
        furthest = min(heard_from + longest - overlap / 2, end - 2 * overlap)
        nearest = min(heard_from + longest / 2, furthest)
        here = min(max(quietest(nearest, furthest), nearest), furthest)
        pieces.append(Cut(heard_from, here + overlap / 2, first, here))
        heard_from, first = here - overlap / 2, here
    pieces.append(Cut(heard_from, end, first, end))
    return pieces


def _seam(left: list[Word], right: list[Word], after: Cut) -> tuple[list[Word], list[Word]]:
    anchors = [
        (abs(_middle(mine) + _middle(other) - 2 * after.first), i, j)
        for i, mine in enumerate(left)
        if _middle(mine) >= after.start - _SAME_MOMENT
        for j, other in enumerate(right)
        if mine.text == other.text and abs(_middle(mine) - _middle(other)) <= _SAME_MOMENT
    ]
    if anchors:
        _, i, j = min(anchors)
        return left[: i + 1], right[j + 1 :]
    return (
        [word for word in left if _middle(word) < after.first],
        [word for word in right if _middle(word) >= after.first],
    )


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2
