"""Which waiting jobs may start, and what runs: read with few index entries, however long the queue is."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.jobs.order import WaitingJob
from backend.jobs.tables import Job, Pool, Status

#: The longest time a retry waits.
LONGEST_DELAY = timedelta(hours=1)

#: The columns of a `WaitingJob`.
WAITING_COLUMNS = (Job.id, Job.owner_id, Job.attempt, Job.created_at, Job.fronted_at)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Whether a job may start. A later time than the longest delay was written by a clock that has been set back."""
    return or_(Job.not_before <= now, Job.not_before > now + LONGEST_DELAY)


async def candidates(session: AsyncSession, pool: Pool, now: datetime) -> tuple[list[WaitingJob], dict[str, datetime]]:
    """The first job that may start of each owner, those moved to the front, and when each owner was last served.

    It reads one index entry for each owner, however many jobs wait or have ended."""
    queued = (Job.status == Status.QUEUED.value) & (Job.pool == pool.value)
    owners = select(func.min(Job.owner_id).label("id")).where(queued).cte("owners", recursive=True)
    next = select(func.min(Job.owner_id)).where(queued, Job.owner_id > owners.c.id).scalar_subquery()
    owners = owners.union_all(select(next).where(owners.c.id.is_not(None)))
    due = is_due(now)
    mine = select(Job.id).where(queued, Job.owner_id == owners.c.id, due).order_by(Job.created_at).limit(1)
    last = select(func.max(Job.started_at)).where(Job.owner_id == owners.c.id, Job.pool == pool.value)
    query = select(mine.scalar_subquery(), last.scalar_subquery()).where(owners.c.id.is_not(None))
    found = {id: served for id, served in (await session.execute(query)) if id is not None}
    first = Job.id.in_(found.keys()) | (queued & Job.fronted_at.is_not(None) & due)
    heads = [WaitingJob(*row) for row in await session.execute(select(*WAITING_COLUMNS).where(first))]
    return heads, {head.owner_id: served for head in heads if (served := found.get(head.id)) is not None}


async def running_by_owner(session: AsyncSession, pool: Pool) -> dict[str, int]:
    at_work = (Job.status == Status.RUNNING.value) & (Job.pool == pool.value)
    counted = select(Job.owner_id, func.count()).where(at_work).group_by(Job.owner_id)
    return {owner: count for owner, count in (await session.execute(counted))}
