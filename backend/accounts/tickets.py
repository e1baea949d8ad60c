"""Single-use, short-lived tickets for one purpose. They replace the access token where others might see it."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from time import monotonic

from backend.accounts.tokens import Login
from backend.errors import TooManyRequests

LIFETIME_SECONDS = 30.0


class Purpose(str, Enum):
    EVENTS = "events"  #: the first message of the WebSocket
    UPLOAD = "upload"  #: one upload, by a program that has no token


class TooManyTickets(TooManyRequests):
    code = "too_many_tickets"
    detail = "You have too many unused tickets. Use one, or wait half a minute."


@dataclass(frozen=True, slots=True)
class _Ticket:
    login: Login
    purpose: Purpose
    expires_at: float


class Tickets:
    """Stored in memory only: a restart invalidates them."""

    def __init__(self, *, max_open: int = 20, clock: Callable[[], float] = monotonic) -> None:
        self._max_open = max_open
        self._clock = clock
        self._open: dict[str, _Ticket] = {}

    def issue(self, login: Login, purpose: Purpose) -> str:
        """A ticket for this login. Raises `TooManyTickets` if its user has too many unused ones."""
        now = self._clock()
        self._open = {key: ticket for key, ticket in self._open.items() if ticket.expires_at > now}
        if sum(ticket.login.user_id == login.user_id for ticket in self._open.values()) >= self._max_open:
            raise TooManyTickets(headers={"Retry-After": str(int(LIFETIME_SECONDS))})
        ticket = secrets.token_urlsafe(32)
        self._open[_key(ticket)] = _Ticket(login, purpose, now + LIFETIME_SECONDS)
        return ticket

    def redeem(self, ticket: str, purpose: Purpose) -> Login | None:
        """The login of a ticket, once; none for one that is used, expired, unknown or for another purpose."""
        found = self._open.pop(_key(ticket), None)
        if found is None or found.purpose is not purpose or found.expires_at <= self._clock():
            return None
        return found.login


def _key(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "replace")).hexdigest()
