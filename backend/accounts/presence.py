"""Who is listening now: every open socket by its user and login, so that it ends in the moment the login does."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from backend.accounts.tokens import Login
from backend.errors import TooManyRequests


class TooManySockets(TooManyRequests):
    code = "too_many_sockets"
    detail = "Too many windows of yours are listening. Close one of them."


@dataclass(frozen=True, slots=True)
class _Seat:
    login: Login
    until: datetime | None


class Presence:
    """Use it on the event loop only."""

    def __init__(self, most: int = 10) -> None:
        self._most = most
        self._open: dict[str, dict[asyncio.Event, _Seat]] = defaultdict(dict)

    @contextmanager
    def enter(self, login: Login, until: datetime | None = None) -> Iterator[asyncio.Event]:
        """One more socket; the event is set when its login ends, or its time is up. Raises `TooManySockets`."""
        if len(self._open.get(login.user_id, ())) >= self._most:
            raise TooManySockets
        over = asyncio.Event()
        self._open[login.user_id][over] = _Seat(login, until)
        try:
            yield over
        finally:
            self._open[login.user_id].pop(over)
            if not self._open[login.user_id]:
                del self._open[login.user_id]

    def end(self, user_id: str, login_id: str | None = None) -> None:
        """End the sockets of one login, or every socket of the user."""
        for over, seat in self._open.get(user_id, {}).items():
            if login_id in (None, seat.login.id):
                over.set()

    def end_all(self, logins: Collection[Login], now: datetime) -> None:
        """End the sockets of these logins, and those whose time is up."""
        for over, seat in self._seats():
            if seat.login in logins or (seat.until is not None and seat.until <= now):
                over.set()

    def logins(self) -> set[Login]:
        return {seat.login for _, seat in self._seats()}

    def count(self) -> int:
        return sum(map(len, self._open.values()))

    def _seats(self) -> Iterator[tuple[asyncio.Event, _Seat]]:
        for theirs in self._open.values():
            yield from theirs.items()
