"""Statistics by day: how long jobs waited, how many failed, how much audio was transcribed."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.jobs.advance import wait_for_engines
from backend.jobs.tables import Job, Kind, Status
from backend.recordings.tables import Recording

#: Waits of one day that are read: more would not change a percentile noticeably.
_MAX_WAITS = 2000


@dataclass(frozen=True, slots=True)
class Day:
    """The statistics of one day, or of several combined."""

    day: date | None  #: none for several days combined
    waits: Sequence[float]  #: seconds in the queue from when a job could have started, and at engines
    started: int
    done: int
    failed: int
    audio_seconds: float  #: of the recordings that were transcribed

    def wait_percentile(self, fraction: float) -> float | None:
        """The wait that this fraction of the jobs did not exceed; none if no job was started."""
        waits = sorted(self.waits)
        return waits[max(0, math.ceil(len(waits) * fraction) - 1)] if waits else None

    @property
    def failure_rate(self) -> float | None:
        ended = self.done + self.failed
        return self.failed / ended if ended else None


async def daily_figures(session: AsyncSession, now: datetime, days: int, offset: timedelta) -> list[Day]:
    """The last `days` days, oldest first and without gaps. Days begin at midnight in the time zone UTC + `offset`."""
    return [await _day(session, starts_at) for starts_at in _midnights(now, days, offset)]


def combine(days: Iterable[Day]) -> Day:
    days = list(days)
    return Day(
        None,
        [wait for day in days for wait in day.waits],
        sum(day.started for day in days),
        sum(day.done for day in days),
        sum(day.failed for day in days),
        sum(day.audio_seconds for day in days),
    )


def _midnights(now: datetime, days: int, offset: timedelta) -> Iterator[datetime]:
    today = now.astimezone(timezone(offset)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=back) for back in reversed(range(days)))


async def _day(session: AsyncSession, starts_at: datetime) -> Day:
    """Every query uses an index to read one day only, so the time does not grow with the age of the data."""
    ends_at = starts_at + timedelta(days=1)
    started_that_day = (Job.started_at >= starts_at) & (Job.started_at < ends_at)
    started = await session.scalar(select(func.count()).select_from(Job).where(started_that_day))
    waits = select(Job.not_before, Job.started_at, Job.progress).where(started_that_day)
    waited = await session.execute(waits.order_by(Job.started_at).limit(_MAX_WAITS))
    ended = (
        select(Job.status, Job.kind, func.count(), func.sum(Recording.duration))
        .join(Recording, Recording.id == Job.recording_id)
        .where(Job.status.in_([Status.DONE.value, Status.FAILED.value]), Job.finished_at >= starts_at)
        .where(Job.finished_at < ends_at)
        .group_by(Job.status, Job.kind)
    )
    rows = (await session.execute(ended)).all()
    return Day(
        starts_at.date(),
        [
            max(0.0, (at - due).total_seconds()) + wait_for_engines(progress)
            for due, at, progress in waited
            if at is not None
        ],
        started or 0,
        sum(count for status, _, count, _ in rows if status == Status.DONE.value),
        sum(count for status, _, count, _ in rows if status == Status.FAILED.value),
        sum(
            seconds or 0.0
            for status, kind, _, seconds in rows
            if (status, kind) == (Status.DONE.value, Kind.TRANSCRIPT.value)
        ),
    )
