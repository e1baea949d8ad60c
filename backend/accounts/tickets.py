"""Single-use, short-lived tickets for one purpose. They replace the access token where others might see it."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import tables
from backend.accounts.tokens import Login
from backend.coordination.clock import Clock, database_now
from backend.database import Database
from backend.errors import TooManyRequests

LIFETIME_SECONDS = 30.0


class Purpose(str, Enum):
    EVENTS = "events"  #: the first message of the WebSocket
    UPLOAD = "upload"  #: one upload, by a program that has no token


class TooManyTickets(TooManyRequests):
    code = "too_many_tickets"
    detail = "You have too many unused tickets. Use one, or wait half a minute."


@dataclass(frozen=True, slots=True)
class Tickets:
    """Every server on the database accepts a ticket of every other, and only one of them does."""

    database: Database
    max_open: int = 20
    clock: Clock = database_now

    async def issue(self, login: Login, purpose: Purpose) -> str:
        """A ticket for this login. Raises `TooManyTickets` if its user has too many unused ones."""
        ticket = secrets.token_urlsafe(32)
        async with self.database.write() as session:
            now = await self.clock(session)
            mine = tables.Ticket.user_id == login.user_id
            await session.execute(delete(tables.Ticket).where(mine, tables.Ticket.expires_at <= now))
            unused = await session.scalar(select(func.count()).select_from(tables.Ticket).where(mine))
            if (unused or 0) >= self.max_open:
                raise TooManyTickets(headers={"Retry-After": str(int(LIFETIME_SECONDS))})
            session.add(
                tables.Ticket(
                    hash=_hash(ticket),
                    purpose=purpose.value,
                    user_id=login.user_id,
                    epoch=login.epoch,
                    login_id=login.id,
                    expires_at=now + timedelta(seconds=LIFETIME_SECONDS),
                )
            )
        return ticket

    async def redeem(self, ticket: str, purpose: Purpose) -> Login | None:
        """The login of a ticket, once; none for one that is used, expired, unknown or for another purpose."""
        hash = _hash(ticket)
        async with self.database.read() as session:
            row = await session.get(tables.Ticket, hash)
        if row is None:
            return None  # so that strangers cannot have anything written
        async with self.database.write() as session:
            used = await session.execute(delete(tables.Ticket).where(tables.Ticket.hash == hash))
            now = await self.clock(session)
        assert isinstance(used, CursorResult)
        if used.rowcount != 1 or row.purpose != purpose.value or row.expires_at <= now:
            return None
        return Login(row.user_id, row.epoch, row.login_id)


async def delete_expired(session: AsyncSession, now: datetime) -> None:
    await session.execute(delete(tables.Ticket).where(tables.Ticket.expires_at <= now))


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "replace")).hexdigest()
