"""The clock of the database: the one that all servers share. Their own clocks may differ."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timezone

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import utc_now

#: Answers the time in the transaction of a session.
Clock = Callable[[AsyncSession], Awaitable[datetime]]

_QUERIES = {"postgresql": "SELECT clock_timestamp()", "mysql": "SELECT UTC_TIMESTAMP(6)"}


async def database_now(session: AsyncSession) -> datetime:
    """The time of the database server, in UTC. On SQLite that is the time of this process, the only one."""
    query = _QUERIES.get(session.get_bind().dialect.name)
    if query is None:
        return utc_now()
    now: datetime | None = await session.scalar(text(query))
    assert now is not None
    return now.astimezone(timezone.utc) if now.tzinfo else now.replace(tzinfo=timezone.utc)
