"""The open WebSockets by user and login, so that a socket is closed as soon as its login ends."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from backend.accounts.tokens import Login
from backend.coordination.leases import Kind, Leases
from backend.errors import TooManyRequests


class TooManySockets(TooManyRequests):
    code = "too_many_sockets"
    detail = "You have too many windows open. Close one of them."


@dataclass(frozen=True, slots=True)
class _OpenSocket:
    login: Login
    expires_at: datetime | None


class OpenSockets:
    """Those of this server; the limit holds for all servers. Not thread-safe: use it on the event loop only."""

    def __init__(self, leases: Leases, max_per_user: int = 10) -> None:
        self._leases = leases
        self._max_per_user = max_per_user
        self._open: dict[str, dict[asyncio.Event, _OpenSocket]] = defaultdict(dict)

    @asynccontextmanager
    async def register(self, login: Login, expires_at: datetime | None = None) -> AsyncIterator[asyncio.Event]:
        """Add a socket; the event is set when its login ends or `expires_at` has passed. Raises `TooManySockets`."""
        async with self._leases.hold(Kind.SOCKET, self._max_per_user, login.user_id) as lease:
            if lease is None:
                raise TooManySockets
            ended = asyncio.Event()
            self._open[login.user_id][ended] = _OpenSocket(login, expires_at)
            try:
                yield ended
            finally:
                self._open[login.user_id].pop(ended)
                if not self._open[login.user_id]:
                    del self._open[login.user_id]

    def end(self, user_id: str, login_id: str | None = None) -> None:
        """End the sockets of one login, or all sockets of the user."""
        for ended, socket in self._open.get(user_id, {}).items():
            if login_id in (None, socket.login.id):
                ended.set()

    def end_all(self, logins: Collection[Login], now: datetime) -> None:
        """End the sockets of these logins and those that have expired."""
        for ended, socket in self._all():
            if socket.login in logins or (socket.expires_at is not None and socket.expires_at <= now):
                ended.set()

    def logins(self) -> set[Login]:
        return {socket.login for _, socket in self._all()}

    def count(self) -> int:
        return sum(map(len, self._open.values()))

    def _all(self) -> Iterator[tuple[asyncio.Event, _OpenSocket]]:
        for sockets in self._open.values():
            yield from sockets.items()
