"""LISTEN on PostgreSQL: wakes this server when another one has numbered events."""

import logging
from collections.abc import Callable
from typing import Any

from backend.database import Database
from backend.events.log import CHANNEL

logger = logging.getLogger(__name__)

_CONNECT_SECONDS = 5.0


class PostgresListener:
    """A connection of its own, because notifications arrive at the connection that has asked for them. It is made again
    when it has ended; until then the table is looked at as often as on the other databases."""

    def __init__(self, database: Database, on_notify: Callable[[str], None]) -> None:
        self._engine = database.reader
        self._on_notify = on_notify
        self._connection: Any = None  # asyncpg has no types, and only installations with PostgreSQL have asyncpg

    @property
    def connected(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    async def connect(self) -> None:
        """Connect unless it is connected or the database is another one. An error is logged: there is the table."""
        if self.connected or self._engine.dialect.name != "postgresql":
            return
        import asyncpg

        _, options = self._engine.dialect.create_connect_args(self._engine.url)
        try:
            self._connection = await asyncpg.connect(**options, timeout=_CONNECT_SECONDS)
            await self._connection.add_listener(CHANNEL, self._received)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self.close()
            logger.warning("Notifications of the database cannot be received; trying again", exc_info=True)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    def _received(self, _connection: Any, _process: int, _channel: str, payload: str) -> None:
        self._on_notify(payload)
