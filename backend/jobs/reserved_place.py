"""One place for a short recording: it starts although the limits are reached, so that it does not wait for long ones.

The place is free while no other short recording is at work, and the limits do not count what has it: long recordings
lose no place by it, and what is claimed within the limits keeps its fair order.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.jobs.candidates import WAITING_COLUMNS, candidates, is_due, running_by_owner
from backend.jobs.order import QueueSnapshot, WaitingJob, fair_order
from backend.jobs.tables import Job, Pool, Status
from backend.recordings.tables import Recording

#: A recording of at most this length is short.
SHORT_SECONDS = 300.0
#: So many waiting jobs are looked at, so that a claim does not get slower with their number.
_LOOKED_AT = 200

#: The owners of the running jobs that need the engines, and whether the recording is short.
RunningJobs = Sequence[tuple[str, bool]]


async def next_within_limits(
    session: AsyncSession, pool: Pool, concurrent: int, per_user: int, now: datetime
) -> WaitingJob | None:
    """The job that comes next in the fair order, if the limits let it start."""
    running: Mapping[str, int] = await running_by_owner(session, pool)
    if pool is Pool.ENGINES:
        running = without_reserved(running, await running_jobs(session))
    if sum(running.values()) >= concurrent:
        return None
    first = next(iter(fair_order(QueueSnapshot(*await candidates(session, pool, now), running), per_user)), None)
    return None if first is None or running.get(first.owner_id, 0) >= per_user else first


async def running_jobs(session: AsyncSession) -> RunningJobs:
    """In the order they started."""
    query = select(Job.owner_id, Recording.duration).join(Recording, Recording.id == Job.recording_id)
    query = query.where(Job.status == Status.RUNNING.value, Job.pool == Pool.ENGINES.value)
    rows = await session.execute(query.order_by(Job.started_at, Job.id))
    return [(owner, seconds is not None and seconds <= SHORT_SECONDS) for owner, seconds in rows]


def without_reserved(by_owner: Mapping[str, int], running: RunningJobs) -> Mapping[str, int]:
    """The running jobs of each owner without the short one that has the place beside long ones."""
    short = [owner for owner, is_short in running if is_short]
    if not short or len(short) == len(running):
        return by_owner
    return +(Counter(by_owner) - Counter(short[:1]))


async def next_job(session: AsyncSession, now: datetime) -> WaitingJob | None:
    """The short recording that has waited longest, if the place is free. Limits of users do not hold for it."""
    if any(is_short for _, is_short in await running_jobs(session)):
        return None
    waiting = select(*WAITING_COLUMNS, Job.recording_id).where(Job.status == Status.QUEUED.value, is_due(now))
    waiting = waiting.where(Job.pool == Pool.ENGINES.value).order_by(Job.owner_id, Job.created_at).limit(_LOOKED_AT)
    looked_at = waiting.subquery()
    columns = [looked_at.c[column.key] for column in WAITING_COLUMNS]
    query = select(*columns).join(Recording, Recording.id == looked_at.c.recording_id)
    query = query.where(Recording.duration <= SHORT_SECONDS).order_by(looked_at.c.created_at, looked_at.c.id).limit(1)
    row = (await session.execute(query)).first()
    return None if row is None else WaitingJob(*row)
