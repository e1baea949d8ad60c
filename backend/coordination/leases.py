"""Limits that hold for all servers together: a place is a row, and ends with the server that holds it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.coordination.server import Server
from backend.coordination.tables import LeaseRow
from backend.database import Database, after_commit, new_id

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Kind(str, Enum):
    HOUSEKEEPING = "housekeeping"  #: the server that cleans up
    SOCKET = "socket"  #: an open WebSocket of a user
    QUESTION = "question"  #: an open request to a language model


@dataclass(frozen=True, slots=True)
class Lease:
    """One place of a limit, held by this server."""

    id: str
    place: int


@dataclass(slots=True)
class Leases:
    """The places that this server takes and gives back. Use it on the event loop only."""

    database: Database
    server: Server = field(default_factory=Server)
    _returned: set[str] = field(default_factory=set)  #: ids of leases that were given back and still have a row
    _tasks: set["asyncio.Task[Any]"] = field(default_factory=set)

    async def acquire(self, kind: Kind, limit: int, subject: str = "") -> Lease | None:
        """A place below `limit`, or None where all are taken. A task that is cancelled meanwhile has none."""
        taking = self._start(self._acquire(kind, limit, subject))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(self._release_unwanted)
            raise

    async def is_held(self, lease: Lease) -> bool:
        """Whether it is still this server's: one that was taken for dead has lost it."""
        async with self.database.read() as session:
            return await session.get(LeaseRow, lease.id) is not None

    def release(self, lease: Lease) -> None:
        """Give a place back. It does not wait, so that a cancelled task can call it: the row is deleted soon."""
        self._returned.add(lease.id)
        self._start(self._flush())

    @asynccontextmanager
    async def hold(self, kind: Kind, limit: int, subject: str = "") -> AsyncIterator[Lease | None]:
        """`acquire`, and `release` at the end."""
        lease = await self.acquire(kind, limit, subject)
        try:
            yield lease
        finally:
            if lease is not None:
                self.release(lease)

    async def close(self) -> None:
        """Returns when the rows of what was given back are deleted."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.get_running_loop().create_task(work, name="leases")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _release_unwanted(self, taking: "asyncio.Task[Lease | None]") -> None:
        if not taking.cancelled() and taking.exception() is None and (lease := taking.result()) is not None:
            self.release(lease)

    async def _acquire(self, kind: Kind, limit: int, subject: str) -> Lease | None:
        async with self.database.write() as session:
            await self.server.beat(session)
            await self._delete_returned(session)
            mine = (LeaseRow.kind == kind.value) & (LeaseRow.subject == subject)
            taken = set(await session.scalars(select(LeaseRow.place).where(mine)))
            for place in range(limit if len(taken) < limit else 0):
                if place not in taken and (lease := await self._insert(session, kind, subject, place)) is not None:
                    return lease
        return None

    async def _insert(self, session: AsyncSession, kind: Kind, subject: str, place: int) -> Lease | None:
        lease = Lease(new_id(), place)
        values = {"id": lease.id, "kind": kind.value, "subject": subject, "place": place, "holder": self.server.name}
        try:
            async with session.begin_nested():
                await session.execute(insert(LeaseRow).values(**values))
        except IntegrityError:  # another server was faster
            return None
        return lease

    async def _flush(self) -> None:
        try:
            async with self.database.write() as session:
                await self._delete_returned(session)
        except SQLAlchemyError:
            # The next lease that this server takes deletes it, or the end of this server.
            logger.warning("A lease could not be given back yet", exc_info=True)

    async def _delete_returned(self, session: AsyncSession) -> None:
        returned = frozenset(self._returned)
        if returned:
            await session.execute(delete(LeaseRow).where(LeaseRow.id.in_(returned)))
            after_commit(session, lambda: self._returned.difference_update(returned))
