"""When a waiting job will end: the measured pace of the last jobs, played forward over the queue."""

import heapq
import statistics
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.jobs import queue
from backend.jobs.order import Waiting
from backend.jobs.tables import Job, Kind, Status
from backend.recordings.tables import Recording

#: How many of the last jobs the pace is taken from.
_LAST = 20


def play_forward(lefts: Sequence[float], ahead: Sequence[tuple[str, float]], slots: int) -> dict[str, float]:
    """Seconds until each waiting job ends. `lefts` are those of the running ones, `ahead` the ids and lengths of the
    waiting ones in their order."""
    free = sorted(lefts)[-slots:] + [0.0] * (slots - len(lefts))
    heapq.heapify(free)
    ends: dict[str, float] = {}
    for id, seconds in ahead:
        ends[id] = heapq.heappop(free) + seconds
        heapq.heappush(free, ends[id])
    return ends


async def forecast(session: AsyncSession, order: Sequence[Waiting], limits: queue.Limits) -> Mapping[str, float]:
    """Seconds until each job of `order`, transcripts all, ends, by id; empty while no job has ever ended here."""
    pace = await _pace(session)
    if pace is None:
        return {}
    lengths = await _lengths(session, [job.id for job in order])
    running = select(Job.eta_seconds, Recording.duration).join(Recording, Recording.id == Job.recording_id)
    running = running.where(Job.status == Status.RUNNING.value, Job.kind == Kind.TRANSCRIPT.value)
    lefts = [eta if eta is not None else (duration or 0.0) * pace for eta, duration in await session.execute(running)]
    ahead = [(job.id, lengths.get(job.id, 0.0) * pace) for job in order]
    return play_forward(lefts, ahead, limits.concurrent)


async def _pace(session: AsyncSession) -> float | None:
    """Seconds of work for a second of audio: the median of the last jobs that were done."""
    last = (
        select(Job.started_at, Job.finished_at, Recording.duration)
        .join(Recording, Recording.id == Job.recording_id)
        .where(Job.status == Status.DONE.value, Job.kind == Kind.TRANSCRIPT.value)
        .order_by(Job.finished_at.desc())
        .limit(_LAST)
    )
    paces = [
        (finished - started).total_seconds() / duration
        for started, finished, duration in await session.execute(last)
        if started and finished and duration
    ]
    return statistics.median(paces) if paces else None


async def _lengths(session: AsyncSession, ids: Sequence[str]) -> dict[str, float]:
    query = select(Job.id, Recording.duration).join(Recording, Recording.id == Job.recording_id)
    return {id: duration or 0.0 for id, duration in await session.execute(query.where(Job.id.in_(ids)))}
