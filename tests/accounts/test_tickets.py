"""Tickets: valid once, for half a minute, for one purpose."""

from dataclasses import dataclass

import pytest

from backend.accounts.tickets import LIFETIME_SECONDS, Purpose, Tickets, TooManyTickets
from backend.accounts.tokens import Login
from tests.accounts.people import Api

ADA, EVE = Login("ada", 0, "one"), Login("eve", 0, "two")


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_is_redeemed_once() -> None:
    tickets = Tickets()
    ticket = tickets.issue(ADA, Purpose.EVENTS)

    assert tickets.redeem(ticket, Purpose.EVENTS) == ADA
    assert tickets.redeem(ticket, Purpose.EVENTS) is None
    assert tickets.redeem("junk", Purpose.EVENTS) is None


def test_a_ticket_expires_after_half_a_minute() -> None:
    clock = Clock()
    tickets = Tickets(clock=clock)
    ticket = tickets.issue(ADA, Purpose.EVENTS)

    clock.now += LIFETIME_SECONDS

    assert tickets.redeem(ticket, Purpose.EVENTS) is None


def test_the_number_of_unused_tickets_per_user_is_limited() -> None:
    clock = Clock()
    tickets = Tickets(max_open=2, clock=clock)
    tickets.issue(ADA, Purpose.EVENTS)
    tickets.issue(ADA, Purpose.EVENTS)

    with pytest.raises(TooManyTickets):
        tickets.issue(ADA, Purpose.EVENTS)
    tickets.issue(EVE, Purpose.EVENTS)
    clock.now += LIFETIME_SECONDS
    tickets.issue(ADA, Purpose.EVENTS)


async def test_a_signed_in_user_gets_a_ticket(api: Api) -> None:
    answer = await api.client.post("/api/auth/tickets", headers=api.bearer("ada"), json={})
    refused = await api.client.post("/api/auth/tickets", json={})

    assert (answer.status_code, answer.json()["expires_in"]) == (201, 30)
    assert refused.status_code == 401
