"""The clock of the database: the one that all servers share. Their own clocks may differ."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from backend.database import UtcDateTime, utc_now

#: Answers the time in the transaction of a session.
Clock = Callable[[AsyncSession], Awaitable[datetime]]


class DatabaseTime(FunctionElement[datetime]):
    """SQL for the present time, in UTC: that of the statement, not of the transaction's start."""

    type = UtcDateTime()
    inherit_cache = True


async def database_now(session: AsyncSession) -> datetime:
    """The time of the database server, in UTC. On SQLite that is the time of this machine, the only one."""
    return (await session.execute(select(DatabaseTime()))).scalar_one()


@dataclass(slots=True)
class ServerClock:
    """The clock of this server, put right by that of the database: what one server signs for some minutes, another one
    whose own clock is an hour off accepts for the same minutes. Every heartbeat sets `offset`."""

    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        return utc_now() + self.offset


@compiles(DatabaseTime, "sqlite")
def _on_sqlite(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiles(DatabaseTime, "postgresql")
def _on_postgresql(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "timezone('utc', clock_timestamp())"


@compiles(DatabaseTime, "mysql", "mariadb")
def _on_mysql(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "utc_timestamp(6)"
