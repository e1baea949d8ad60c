"""The progress of an attempt, between what its stages report and what is written to its row."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from backend.jobs.advance import with_wait
from backend.jobs.rate import Rate
from backend.jobs.tables import Stage


class ProgressCollector:
    """`ended` is set when there is nothing more to write."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.ended = asyncio.Event()
        self._clock = clock
        self._rates: dict[Stage, Rate] = {}
        self._waits: dict[Stage, tuple[float, int]] = {}  #: the seconds of all audio, and how many come before
        self._working: set[Stage] = set()
        self._waiting_since: float | None = None
        self._waited = 0.0
        self._reported: dict[str, list[float]] = {}

    @property
    def waited(self) -> float:
        """Seconds for which the job waited for an engine while none worked for it."""
        since = self._waiting_since
        return self._waited + (0.0 if since is None else self._clock() - since)

    def note(self, stage: Stage, done: float, total: float) -> None:
        self._rates.setdefault(stage, Rate()).note(self._clock(), done, total)
        self._set_working(stage, done < total)

    def note_wait(self, stage: Stage, total: float, ahead: int | None) -> None:
        if ahead is None:
            self._waits.pop(stage, None)
        else:
            self._waits[stage] = (total, ahead)
        self._set_working(stage, ahead is None)

    def _set_working(self, stage: Stage, working: bool) -> None:
        self._waited = self.waited
        self._working = self._working | {stage} if working else self._working - {stage}
        self._waiting_since = self._clock() if self._waits and not self._working else None

    def changed_values(self) -> dict[str, Any]:
        """The new values of the row; empty if nothing has changed."""
        progress = {
            stage.value: [round(rate.last_report[1], 1), round(rate.last_report[2], 1)]
            for stage, rate in self._rates.items()
        }
        for stage, (total, ahead) in self._waits.items():
            progress[stage.value] = [*progress.get(stage.value, [0.0, round(total, 1)]), float(ahead)]
        if progress == self._reported:
            return {}
        self._reported = progress
        working = [stage for stage in Stage if stage in self._rates and not _is_done(self._rates[stage])]
        remaining = [self._rates[stage].seconds_left(self._clock()) for stage in working]
        # Parallel stages end with the slowest one. If one rate is unknown, or one stage waits, so is the end.
        known = [left for left in remaining if left is not None]
        is_known = known and len(known) == len(remaining) and Stage.PREPARE not in working and not self._waits
        eta = max(known) if is_known else None
        stage = working[0] if working else [*self._rates, *self._waits][-1]
        return {"stage": stage.value, "progress": with_wait(progress, self.waited), "eta_seconds": eta}


def _is_done(rate: Rate) -> bool:
    return rate.last_report[1] >= rate.last_report[2]
