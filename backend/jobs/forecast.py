"""When a waiting job will end: the queue is simulated at the measured rate of the last jobs."""

import heapq
import statistics
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.jobs import queue
from backend.jobs.order import WaitingJob
from backend.jobs.tables import Job, Kind, Status
from backend.recordings.tables import Recording

#: How many of the last jobs the rate is measured on.
_RECENT_JOBS = 20


def simulate(seconds_left: Sequence[float], ahead: Sequence[tuple[str, float]], slots: int) -> dict[str, float]:
    """Seconds until each waiting job ends. `seconds_left` are those of the running jobs, `ahead` the ids and durations
    of the waiting ones in their order."""
    free = sorted(seconds_left)[-slots:] + [0.0] * (slots - len(seconds_left))
    heapq.heapify(free)
    ends: dict[str, float] = {}
    for id, seconds in ahead:
        ends[id] = heapq.heappop(free) + seconds
        heapq.heappush(free, ends[id])
    return ends


async def forecast(session: AsyncSession, order: Sequence[WaitingJob], limits: queue.Limits) -> Mapping[str, float]:
    """Seconds until each job of `order` ends, by id; all are transcripts. Empty until a first job has ended."""
    rate = await _rate(session)
    if rate is None:
        return {}
    lengths = await _lengths(session, [job.id for job in order])
    running = select(Job.eta_seconds, Recording.duration).join(Recording, Recording.id == Job.recording_id)
    running = running.where(Job.status == Status.RUNNING.value, Job.kind == Kind.TRANSCRIPT.value)
    seconds_left = [
        eta if eta is not None else (duration or 0.0) * rate for eta, duration in await session.execute(running)
    ]
    ahead = [(job.id, lengths.get(job.id, 0.0) * rate) for job in order]
    return simulate(seconds_left, ahead, limits.concurrent)


async def _rate(session: AsyncSession) -> float | None:
    """Seconds of work for a second of audio: the median of the last finished jobs."""
    last = (
        select(Job.started_at, Job.finished_at, Recording.duration)
        .join(Recording, Recording.id == Job.recording_id)
        .where(Job.status == Status.DONE.value, Job.kind == Kind.TRANSCRIPT.value)
        .order_by(Job.finished_at.desc())
        .limit(_RECENT_JOBS)
    )
    rates = [
        (finished - started).total_seconds() / duration
        for started, finished, duration in await session.execute(last)
        if started and finished and duration
    ]
    return statistics.median(rates) if rates else None


async def _lengths(session: AsyncSession, ids: Sequence[str]) -> dict[str, float]:
    query = select(Job.id, Recording.duration).join(Recording, Recording.id == Job.recording_id)
    return {id: duration or 0.0 for id, duration in await session.execute(query.where(Job.id.in_(ids)))}
