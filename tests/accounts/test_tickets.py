"""Tickets: valid once, for half a minute, for one purpose."""

import asyncio

import pytest
from sqlalchemy import select

from backend.accounts.tables import Ticket, User
from backend.accounts.tickets import LIFETIME_SECONDS, Purpose, Tickets, TooManyTickets, delete_expired
from backend.accounts.tokens import Login
from backend.database import Database
from tests.accounts.people import Api
from tests.clocks import FixedClock

ADA, EVE = Login("ada", 0, "one"), Login("eve", 0, "two")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def tickets(database: Database, clock: FixedClock) -> Tickets:
    async with database.write() as session:
        session.add_all(User(id=name, username=name, username_key=name) for name in ("ada", "eve"))
    return Tickets(database, max_open=2, clock=clock)


async def test_a_ticket_is_redeemed_once_at_any_server(tickets: Tickets, database: Database) -> None:
    other = Tickets(database)
    ticket = await tickets.issue(ADA, Purpose.EVENTS)

    answers = await asyncio.gather(*(server.redeem(ticket, Purpose.EVENTS) for server in (tickets, other) * 5))

    assert [answer for answer in answers if answer is not None] == [ADA]
    assert await other.redeem(ticket, Purpose.EVENTS) is None
    assert await tickets.redeem("junk", Purpose.EVENTS) is None


async def test_a_ticket_for_another_purpose_is_refused(tickets: Tickets) -> None:
    ticket = await tickets.issue(ADA, Purpose.EVENTS)

    assert await tickets.redeem(ticket, Purpose.UPLOAD) is None


async def test_a_ticket_expires_after_half_a_minute(tickets: Tickets, clock: FixedClock) -> None:
    ticket = await tickets.issue(ADA, Purpose.EVENTS)

    clock.advance(LIFETIME_SECONDS)

    assert await tickets.redeem(ticket, Purpose.EVENTS) is None


async def test_the_number_of_unused_tickets_per_user_is_limited(tickets: Tickets, clock: FixedClock) -> None:
    await tickets.issue(ADA, Purpose.EVENTS)
    await tickets.issue(ADA, Purpose.EVENTS)

    with pytest.raises(TooManyTickets):
        await tickets.issue(ADA, Purpose.EVENTS)
    await tickets.issue(EVE, Purpose.EVENTS)
    clock.advance(LIFETIME_SECONDS)
    await tickets.issue(ADA, Purpose.EVENTS)


async def test_expired_tickets_are_swept(tickets: Tickets, clock: FixedClock, database: Database) -> None:
    await tickets.issue(ADA, Purpose.EVENTS)
    clock.advance(LIFETIME_SECONDS)
    fresh = await tickets.issue(EVE, Purpose.EVENTS)

    async with database.write() as session:
        await delete_expired(session, clock.now)

    async with database.read() as session:
        assert list(await session.scalars(select(Ticket.user_id))) == ["eve"]
    assert await tickets.redeem(fresh, Purpose.EVENTS) == EVE


async def test_a_signed_in_user_gets_a_ticket(api: Api) -> None:
    answer = await api.client.post("/api/auth/tickets", headers=api.bearer("ada"), json={})
    refused = await api.client.post("/api/auth/tickets", json={})

    assert (answer.status_code, answer.json()["expires_in"]) == (201, 30)
    assert refused.status_code == 401
