"""Tickets: good once, for seconds, for one purpose. They stand for a login where a token would be seen by others."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from time import monotonic

from backend.accounts.tokens import Login
from backend.errors import TooManyRequests

LIFE_SECONDS = 30.0


class Purpose(str, Enum):
    EVENTS = "events"  #: the first message of the WebSocket
    UPLOAD = "upload"  #: one upload, by a program that has no token


class TooManyTickets(TooManyRequests):
    code = "too_many_tickets"
    detail = "Too many tickets are open. Use one, or wait half a minute."


@dataclass(frozen=True, slots=True)
class _Ticket:
    login: Login
    purpose: Purpose
    until: float


class Tickets:
    """They live in memory: a restart makes them worthless, as half a minute does."""

    def __init__(self, *, most: int = 20, clock: Callable[[], float] = monotonic) -> None:
        self._most = most
        self._clock = clock
        self._open: dict[str, _Ticket] = {}

    def issue(self, login: Login, purpose: Purpose) -> str:
        """A ticket for this login; raises `TooManyTickets` for a user who has many open."""
        now = self._clock()
        self._open = {key: ticket for key, ticket in self._open.items() if ticket.until > now}
        if sum(ticket.login.user_id == login.user_id for ticket in self._open.values()) >= self._most:
            raise TooManyTickets(headers={"Retry-After": str(int(LIFE_SECONDS))})
        ticket = secrets.token_urlsafe(32)
        self._open[_key(ticket)] = _Ticket(login, purpose, now + LIFE_SECONDS)
        return ticket

    def take(self, ticket: str, purpose: Purpose) -> Login | None:
        """The login it stands for, once; none for a ticket that is spent, old, for another purpose or none at all."""
        found = self._open.pop(_key(ticket), None)
        if found is None or found.purpose is not purpose or found.until <= self._clock():
            return None
        return found.login


def _key(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "replace")).hexdigest()
