"""Looks up who speaks at a time: turns are sorted once and found by bisection."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence

from backend.speech.types import Turn

#: A word this close to a turn, in seconds, still belongs to it; one further away belongs to no voice.
MAX_DISTANCE = 0.5


class Turns:
    """Exclusive turns: at most one voice at any time. If two overlap all the same, the later one ends the earlier."""

    def __init__(self, exclusive: Iterable[Turn]) -> None:
        ordered = sorted((turn for turn in exclusive if turn.end > turn.start), key=lambda turn: (turn.start, turn.end))
        self._voices = [turn.voice for turn in ordered]
        self._starts = [turn.start for turn in ordered]
        # The last turn is not limited by a next one.
        limits = [*self._starts[1:], float("inf")]
        self._ends = [min(turn.end, limit) for turn, limit in zip(ordered, limits, strict=False)]

    def shares(self, start: float, end: float) -> dict[str, float]:
        """The seconds of [start, end] in which each voice speaks, in order of appearance."""
        found: dict[str, float] = {}
        for index in range(bisect_right(self._ends, start), bisect_left(self._starts, end)):
            seconds = min(self._ends[index], end) - max(self._starts[index], start)
            if seconds > 0:
                found[self._voices[index]] = found.get(self._voices[index], 0.0) + seconds
        return found

    def voice(self, start: float, end: float) -> str | None:
        """The voice that speaks in most of [start, end], else the nearest one within MAX_DISTANCE, else None."""
        shares = self.shares(start, end)
        if shares:
            return max(shares, key=shares.__getitem__)
        following = bisect_left(self._starts, end)
        near = [
            (max(start - self._ends[index], self._starts[index] - end, 0.0), index)
            for index in (following - 1, following)
            if 0 <= index < len(self._voices)
        ]
        distance, index = min(near, default=(float("inf"), 0))
        return self._voices[index] if distance <= MAX_DISTANCE else None


class ActiveVoices:
    """Regular turns, which may overlap: the voices that speak at a moment."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        events = [event for turn in turns if turn.end > turn.start for event in _events(turn)]
        events.sort()
        self._times: list[float] = []
        self._active: list[frozenset[str]] = []
        open_turns: Counter[str] = Counter()
        for time, step, voice in events:
            open_turns[voice] += step
            active = frozenset(+open_turns)
            if self._times and self._times[-1] == time:
                self._active[-1] = active
            else:
                self._times.append(time)
                self._active.append(active)

    def at(self, time: float) -> frozenset[str]:
        index = bisect_right(self._times, time) - 1
        return self._active[index] if index >= 0 else frozenset()


def _events(turn: Turn) -> Sequence[tuple[float, int, str]]:
    return (turn.start, 1, turn.voice), (turn.end, -1, turn.voice)
