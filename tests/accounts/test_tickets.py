"""Tickets: good once, for half a minute, for one purpose."""

from dataclasses import dataclass

import pytest

from backend.accounts.tickets import LIFE_SECONDS, Purpose, Tickets, TooManyTickets
from backend.accounts.tokens import Login
from tests.accounts.people import House

ADA, EVE = Login("ada", 0, "one"), Login("eve", 0, "two")


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_stands_for_its_login_once() -> None:
    tickets = Tickets()
    ticket = tickets.issue(ADA, Purpose.EVENTS)

    assert tickets.take(ticket, Purpose.EVENTS) == ADA
    assert tickets.take(ticket, Purpose.EVENTS) is None
    assert tickets.take("junk", Purpose.EVENTS) is None


def test_a_ticket_is_worthless_after_half_a_minute() -> None:
    clock = Clock()
    tickets = Tickets(clock=clock)
    ticket = tickets.issue(ADA, Purpose.EVENTS)

    clock.now += LIFE_SECONDS

    assert tickets.take(ticket, Purpose.EVENTS) is None


def test_nobody_hoards_tickets() -> None:
    clock = Clock()
    tickets = Tickets(most=2, clock=clock)
    tickets.issue(ADA, Purpose.EVENTS)
    tickets.issue(ADA, Purpose.EVENTS)

    with pytest.raises(TooManyTickets):
        tickets.issue(ADA, Purpose.EVENTS)
    tickets.issue(EVE, Purpose.EVENTS)
    clock.now += LIFE_SECONDS
    tickets.issue(ADA, Purpose.EVENTS)


async def test_who_is_signed_in_gets_a_ticket(house: House) -> None:
    answer = await house.client.post("/api/auth/tickets", headers=house.bearer("ada"), json={})
    nobody = await house.client.post("/api/auth/tickets", json={})

    assert (answer.status_code, answer.json()["expires_in"]) == (201, 30)
    assert nobody.status_code == 401
