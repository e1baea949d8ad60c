"""Who is listening now: every open socket by its user and login, so that it ends in the moment the login does."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from backend.errors import TooManyRequests


class TooManySockets(TooManyRequests):
    code = "too_many_sockets"
    detail = "Too many windows of yours are listening. Close one of them."


class Presence:
    """Use it on the event loop only."""

    def __init__(self, most: int = 10) -> None:
        self._most = most
        self._open: dict[str, dict[asyncio.Event, str | None]] = defaultdict(dict)

    @contextmanager
    def enter(self, user_id: str, login_id: str | None) -> Iterator[asyncio.Event]:
        """One more socket; the event is set when its login ends. Raises `TooManySockets`."""
        if len(self._open.get(user_id, ())) >= self._most:
            raise TooManySockets
        over = asyncio.Event()
        self._open[user_id][over] = login_id
        try:
            yield over
        finally:
            self._open[user_id].pop(over)
            if not self._open[user_id]:
                del self._open[user_id]

    def end(self, user_id: str, login_id: str | None = None) -> None:
        """End the sockets of one login, or every socket of the user."""
        for over, login in self._open.get(user_id, {}).items():
            if login_id in (None, login):
                over.set()

    def count(self) -> int:
        return sum(map(len, self._open.values()))
