"""Closes sockets whose login was ended at another server or whose token has expired."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from backend.accounts.logins import filter_active
from backend.accounts.open_sockets import OpenSockets
from backend.database import Database, utc_now

logger = logging.getLogger(__name__)

#: Short enough that a login that ends at one server is felt at all within two seconds.
_INTERVAL_SECONDS = 1.0


@dataclass(slots=True)
class LoginMonitor:
    """Start it once per process. A check takes two queries, however many sockets are open."""

    database: Database
    open_sockets: OpenSockets
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="login monitor")

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def check(self, now: datetime) -> None:
        """End the sockets whose login is no longer valid."""
        logins = self.open_sockets.logins()
        if not logins:
            return
        async with self.database.read() as session:
            active = await filter_active(session, logins, now)
        self.open_sockets.end_all(logins - active, now)  # newer sockets were checked when they opened

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.check(utc_now())
            except SQLAlchemyError:
                logger.warning("Could not check the logins of open sockets; trying again", exc_info=True)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _INTERVAL_SECONDS)
