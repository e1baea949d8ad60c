"""Figures of the service by day: how long jobs waited, how many failed, how much audio was done."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.jobs.tables import Job, Kind, Status
from backend.recordings.tables import Recording

#: Waits of one day that are looked at: more would not move a percentile.
_MOST_WAITS = 2000


@dataclass(frozen=True, slots=True)
class Day:
    """What happened between two midnights."""

    day: date | None  #: none: all of them together
    waits: Sequence[float]  #: seconds from when a job could have begun to when it did
    started: int
    done: int
    failed: int
    audio_seconds: float  #: of the recordings whose transcript was done

    def wait(self, share: float) -> float | None:
        """So long at most waited this share of the jobs; none where none was started."""
        waits = sorted(self.waits)
        return waits[max(0, math.ceil(len(waits) * share) - 1)] if waits else None

    @property
    def failure_rate(self) -> float | None:
        ended = self.done + self.failed
        return self.failed / ended if ended else None


async def by_day(session: AsyncSession, now: datetime, days: int, offset: timedelta) -> list[Day]:
    """The last `days` days, oldest first and without a gap; midnight is that of the place `offset` east of UTC."""
    return [await _day(session, begins) for begins in _midnights(now, days, offset)]


def together(days: Iterable[Day]) -> Day:
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


async def _day(session: AsyncSession, begins: datetime) -> Day:
    """Each query is held to one day by an index: so no answer grows with the age of the service."""
    ends = begins + timedelta(days=1)
    begun = (Job.started_at >= begins) & (Job.started_at < ends)
    started = await session.scalar(select(func.count()).select_from(Job).where(begun))
    waits = select(Job.not_before, Job.started_at).where(begun).order_by(Job.started_at).limit(_MOST_WAITS)
    ended = (
        select(Job.status, Job.kind, func.count(), func.sum(Recording.duration))
        .join(Recording, Recording.id == Job.recording_id)
        .where(Job.status.in_([Status.DONE.value, Status.FAILED.value]), Job.finished_at >= begins)
        .where(Job.finished_at < ends)
        .group_by(Job.status, Job.kind)
    )
    rows = (await session.execute(ended)).all()
    return Day(
        begins.date(),
        [max(0.0, (at - due).total_seconds()) for due, at in await session.execute(waits) if at is not None],
        started or 0,
        sum(count for status, _, count, _ in rows if status == Status.DONE.value),
        sum(count for status, _, count, _ in rows if status == Status.FAILED.value),
        sum(
            seconds or 0.0
            for status, kind, _, seconds in rows
            if (status, kind) == (Status.DONE.value, Kind.TRANSCRIPT.value)
        ),
    )
