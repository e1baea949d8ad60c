"""This server among the others: its name, which no other has, and the row that says that it lives."""

import hashlib
import logging
import os
import secrets
import socket
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import psutil
from sqlalchemy import CursorResult, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.coordination.clock import Clock, ServerClock, database_now
from backend.coordination.tables import ServerRow
from backend.database import utc_now

logger = logging.getLogger(__name__)

_MAX_CLOCK_DIFFERENCE = timedelta(seconds=30)

#: Where the kernel says which machine this is since its start, and in which container.
_BOOT_ID, _PID_NAMESPACE = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")


def new_name() -> str:
    """A name for this process: host, the place where its process id means something, process id, start, random."""
    host = socket.gethostname().replace(":", "-")[:16]
    pid = os.getpid()
    return f"{host}:{_place()}:{pid}:{_start_time(pid):.2f}:{secrets.token_hex(4)}"


def is_dead(name: str) -> bool:
    """Whether `name` is that of a process of this machine that has ended. False where nothing can be known: of other
    machines, and of other containers, whose process ids are their own even under the same host name."""
    try:
        _host, place, pid, started, _random = name.split(":")
        if place != _place() or not place:
            return False
        return abs(_start_time(int(pid)) - float(started)) > 0.1
    except psutil.NoSuchProcess:
        return True
    except ValueError:  # the name of a server of an older version
        return False


@dataclass(slots=True)
class Server:
    """This process as a server. `beat` regularly, or the others take it for dead after `lifetime`."""

    lifetime: timedelta = timedelta(seconds=9)
    name: str = field(default_factory=new_name)
    clock: Clock = database_now
    clock_differs: bool = False  #: whether this server's own clock is wrong, as the last heartbeat found it
    right_clock: ServerClock = field(default_factory=ServerClock)

    async def beat(self, session: AsyncSession) -> None:
        """Say that this server lives, and remove the servers that no longer do, with all they held."""
        now = await self.clock(session)
        self._compare_clocks(now, utc_now())
        mine = ServerRow.id == self.name
        until = now + self.lifetime
        touched = await session.execute(update(ServerRow).where(mine).values(expires_at=until))
        assert isinstance(touched, CursorResult)
        if not touched.rowcount:
            try:
                async with session.begin_nested():
                    await session.execute(insert(ServerRow).values(id=self.name, expires_at=until))
            except IntegrityError:
                pass  # another task of this process was faster
        known = (await session.execute(select(ServerRow.id, ServerRow.expires_at))).all()
        ended = [row.id for row in known if is_dead(row.id)]  # need not be waited for
        silent = [row.id for row in known if row.expires_at <= now]
        if ended or silent:
            # Compared again: a server may have come back since.
            gone = ServerRow.id.in_(ended) | (ServerRow.id.in_(silent) & (ServerRow.expires_at <= now))
            await session.execute(delete(ServerRow).where(gone))

    def _compare_clocks(self, database: datetime, own: datetime) -> None:
        """Tell once that the clock of this server is wrong, and put it right for what it signs."""
        differs = abs(database - own) > _MAX_CLOCK_DIFFERENCE
        if differs and not self.clock_differs:
            seconds = round((own - database).total_seconds())
            logger.warning("The clock of this server differs from that of the database", extra={"seconds": seconds})
        self.clock_differs = differs
        # A small difference may be that of the answer's way.
        self.right_clock.offset = database - own if differs else timedelta(0)

    async def leave(self, session: AsyncSession) -> None:
        """Say that this server has stopped."""
        await session.execute(delete(ServerRow).where(ServerRow.id == self.name))


async def other_servers(session: AsyncSession, name: str, clock: Clock = database_now) -> set[str]:
    """The names of the servers that live, without this one."""
    now = await clock(session)
    return set(await session.scalars(select(ServerRow.id).where(ServerRow.expires_at > now, ServerRow.id != name)))


@cache
def _place() -> str:
    """Where process ids mean the same as here: this machine since its last start, and this container. Empty where the
    system does not tell."""
    try:
        place = _BOOT_ID.read_text().strip() + os.readlink(_PID_NAMESPACE)
    except OSError:
        return ""
    return hashlib.sha256(place.encode()).hexdigest()[:12]


def _start_time(pid: int) -> float:
    """When a process started: on Linux in seconds since boot, which does not change when the clock is set."""
    try:
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return int(ticks) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return psutil.Process(pid).create_time()
