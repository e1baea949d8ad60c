"""When a job that waits will end, in the queue or for an engine: at the measured rate of the last jobs."""

import heapq
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.jobs import queue
from backend.jobs.advance import wait_for_engines
from backend.jobs.order import WaitingJob
from backend.jobs.tables import Job, Kind, Stage, Status
from backend.recordings.tables import Recording

#: How many of the last jobs the rate is measured on.
_RECENT_JOBS = 20

_ENGINE_STAGES = (Stage.TRANSCRIBE, Stage.DIARIZE)


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


def share(left: Mapping[str, tuple[str, float]]) -> dict[str, float]:
    """Seconds until each job ends where owners share an engine equally, and of an owner the shortest comes first.

    `left` are the owner and the seconds of work of each job, by id."""
    totals: defaultdict[str, float] = defaultdict(float)
    for owner, seconds in left.values():
        totals[owner] += seconds
    ends: dict[str, float] = {}
    needed: defaultdict[str, float] = defaultdict(
        float
    )  # until a job ends, its owner needs its work and that of the shorter ones
    for id, (owner, seconds) in sorted(left.items(), key=lambda entry: entry[1][1]):
        needed[owner] += seconds
        others = sum(min(total, needed[owner]) for other, total in totals.items() if other != owner)
        ends[id] = needed[owner] + others
    return ends


async def forecast_running(session: AsyncSession) -> Mapping[str, float]:
    """Seconds until each running transcript ends that waits for an engine, by id. Empty until a first job has ended."""
    rate = await _rate(session)
    if rate is None:
        return {}
    query = select(Job.id, Job.owner_id, Job.progress, Recording.duration)
    query = query.join(Recording, Recording.id == Job.recording_id)
    query = query.where(Job.status == Status.RUNNING.value, Job.kind == Kind.TRANSCRIPT.value)
    running = (await session.execute(query)).all()
    ends = share(
        {id: (owner, (duration or 0.0) * rate * _share_left(progress)) for id, owner, progress, duration in running}
    )
    return {id: ends[id] for id, _, progress, _ in running if waits_for_engine(progress)}


def waits_for_engine(progress: Mapping[str, Sequence[float]]) -> bool:
    """Whether a stage has others before it at its engine."""
    return any(len(progress.get(stage.value, ())) > 2 for stage in _ENGINE_STAGES)


def _share_left(progress: Mapping[str, Sequence[float]]) -> float:
    """The part of the work that is left, by the stage that is furthest behind."""
    parts = [progress.get(stage.value, (0.0, 1.0)) for stage in _ENGINE_STAGES]
    return 1.0 - min(done / total if total else 1.0 for done, total, *_ in parts)


async def _rate(session: AsyncSession) -> float | None:
    """Seconds of work for a second of audio, waits for engines left out: the median of the last finished jobs.

    Jobs of several attempts do not count: their last one did only what was left."""
    last = (
        select(Job.started_at, Job.finished_at, Job.progress, Recording.duration)
        .join(Recording, Recording.id == Job.recording_id)
        .where(Job.status == Status.DONE.value, Job.kind == Kind.TRANSCRIPT.value, Job.attempt <= 1)
        .order_by(Job.finished_at.desc())
        .limit(_RECENT_JOBS)
    )
    rates = [
        max(0.0, (finished - started).total_seconds() - wait_for_engines(progress)) / duration
        for started, finished, progress, duration in await session.execute(last)
        if started and finished and duration
    ]
    return statistics.median(rates) if rates else None


async def _lengths(session: AsyncSession, ids: Sequence[str]) -> dict[str, float]:
    query = select(Job.id, Recording.duration).join(Recording, Recording.id == Job.recording_id)
    return {id: duration or 0.0 for id, duration in await session.execute(query.where(Job.id.in_(ids)))}
