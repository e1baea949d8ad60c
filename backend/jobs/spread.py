"""How jobs spread over the servers: each has a number of its own, and the one that does least goes first."""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.coordination.server import other_servers
from backend.jobs.tables import Job, Pool, Status

#: How long a job is left to the servers that do less. Each of them looks at the queue every two seconds.
YIELD = timedelta(seconds=3)


async def is_turn(
    session: AsyncSession, runner: str, job_id: str, concurrent: int, per_server: int | None, now: datetime
) -> bool:
    """Whether `runner` may take the next job that needs the engines.

    It has no more than its own number: `per_server`, or else an equal share of `concurrent`. A server that does more
    than another one leaves the job to it for a moment, so that jobs sent to one server spread over all."""
    others = await other_servers(session, runner)
    own_limit = per_server or ceil(concurrent / (1 + len(others)))
    if not others and own_limit >= concurrent:
        return True  # the usual case: one server
    engines = (Job.status == Status.RUNNING.value) & (Job.pool == Pool.ENGINES.value)
    counted = select(Job.runner, func.count()).where(engines).group_by(Job.runner)
    running: dict[str | None, int] = {name: count for name, count in await session.execute(counted)}
    mine = running.get(runner, 0)
    if mine >= own_limit:
        return False
    if all(running.get(other, 0) >= mine for other in others):
        return True
    due = await session.scalar(select(Job.not_before).where(Job.id == job_id))
    return due is not None and now - due >= YIELD
