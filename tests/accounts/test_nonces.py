"""A nonce is accepted once, at any server, and only by the installation that issued it."""

import asyncio

import pytest
from sqlalchemy import func, select

from backend.accounts.nonces import Nonces
from backend.accounts.tables import UsedNonce
from backend.database import Database
from tests.clocks import FixedClock

KEY = "a key for tests, and long enough for them"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def nonces(database: Database, clock: FixedClock) -> Nonces:
    return Nonces(database, KEY, clock)


async def test_a_nonce_is_accepted_once_at_any_server(nonces: Nonces, database: Database, clock: FixedClock) -> None:
    other = Nonces(database, KEY, clock)
    nonce = await nonces.issue()

    answers = await asyncio.gather(*(server.consume(nonce) for server in (nonces, other) * 3))

    assert sorted(answers) == [False] * 5 + [True]
    await nonces.restore(nonce)
    assert [await other.consume(nonce), await nonces.consume(nonce)] == [True, False]


async def test_a_nonce_expires_after_ten_minutes(nonces: Nonces, clock: FixedClock) -> None:
    nonce = await nonces.issue()

    clock.advance(601)

    assert not await nonces.consume(nonce)


@pytest.mark.parametrize("forged", ["", "junk", "a.b.c", "a.9999999999.{signature}", "{nonce}0", "{nonce}\ud800"])
async def test_a_forged_nonce_is_refused(nonces: Nonces, forged: str) -> None:
    nonce = await nonces.issue()

    assert not await nonces.consume(forged.format(nonce=nonce, signature=nonce.rpartition(".")[2]))


async def test_a_nonce_of_another_installation_is_refused(
    nonces: Nonces, database: Database, clock: FixedClock
) -> None:
    assert not await nonces.consume(await Nonces(database, KEY[::-1], clock).issue())


async def test_only_used_nonces_are_stored_until_they_expire(
    nonces: Nonces, database: Database, clock: FixedClock
) -> None:
    async def stored() -> int:
        async with database.read() as session:
            return await session.scalar(select(func.count()).select_from(UsedNonce)) or 0

    used = [await nonces.issue() for _ in range(3)]
    assert await stored() == 0
    for nonce in used[:2]:
        await nonces.consume(nonce)
    assert await stored() == 2

    clock.advance(601)
    assert await nonces.consume(await nonces.issue())
    assert await stored() == 1
