"""How fast a stage goes, and when it will end: measured, never guessed."""

from dataclasses import dataclass, field

#: Say nothing about the end before this much has been measured.
_LEAST_SECONDS = 5.0
_LEAST_SHARE = 0.03


@dataclass(slots=True)
class Pace:
    """Feed it (monotonic time, done, total). What was done before the first report is not counted as speed."""

    begun: tuple[float, float] | None = None
    latest: tuple[float, float, float] = field(default=(0.0, 0.0, 0.0))

    def note(self, now: float, done: float, total: float) -> None:
        if self.begun is None:
            self.begun = (now, done)
        self.latest = (now, done, total)

    def seconds_left(self, now: float) -> float | None:
        """Seconds to the end of the stage at the pace measured, or None while that would be a guess."""
        noted, done, total = self.latest
        if self.begun is None or total <= 0:
            return None
        since, first = self.begun
        if done >= total:
            return 0.0
        if noted - since < _LEAST_SECONDS or done - first < _LEAST_SHARE * total:
            return None
        speed = (done - first) / (noted - since)
        return max(0.0, (total - done) / speed - (now - noted))
