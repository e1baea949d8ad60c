"""Looks after all open sockets at once: what another process did to a login is found here, and a token that expired."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from backend.accounts.logins import good_ones
from backend.accounts.presence import Presence
from backend.database import Database, utc_now

logger = logging.getLogger(__name__)

_EVERY_SECONDS = 5.0


@dataclass(slots=True)
class Watch:
    """Start it once per process; it is told to stop. However many listen, a look is two queries."""

    database: Database
    presence: Presence
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._look_again(), name="watch")

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def look(self, now: datetime) -> None:
        """End the sockets that should be over."""
        listening = self.presence.logins()
        if not listening:
            return
        async with self.database.read() as session:
            good = await good_ones(session, listening, now)
        self.presence.end_all(listening - good, now)  # who came meanwhile was asked at the door

    async def _look_again(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.look(utc_now())
            except SQLAlchemyError:
                logger.warning("Who listens could not be looked after; trying again", exc_info=True)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _EVERY_SECONDS)
