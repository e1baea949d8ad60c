"""How fast a stage runs and when it will end, from measurements only."""

from dataclasses import dataclass, field

#: No estimate before this much has been measured.
_MIN_SECONDS = 5.0
_MIN_SHARE = 0.03


@dataclass(slots=True)
class Rate:
    """The rate of one stage. What was done before the first report does not count."""

    first_report: tuple[float, float] | None = None  #: time and done of the first report
    last_report: tuple[float, float, float] = field(default=(0.0, 0.0, 0.0))  #: time, done and total of the last one

    def note(self, now: float, done: float, total: float) -> None:
        """Take a report; `now` is monotonic."""
        if self.first_report is None:
            self.first_report = (now, done)
        self.last_report = (now, done, total)

    def seconds_left(self, now: float) -> float | None:
        """Seconds until the stage ends at the measured rate, or None while too little has been measured."""
        noted, done, total = self.last_report
        if self.first_report is None or total <= 0:
            return None
        since, first = self.first_report
        if done >= total:
            return 0.0
        if noted - since < _MIN_SECONDS or done - first < _MIN_SHARE * total:
            return None
        speed = (done - first) / (noted - since)
        return max(0.0, (total - done) / speed - (now - noted))
