"""A limit holds for all servers together, and what a dead server held is free again."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from backend.coordination.leases import Kind, Leases
from backend.coordination.server import Server
from backend.coordination.tables import LeaseRow
from backend.database import Database, connect
from tests.clocks import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def servers(database: Database, clock: FixedClock) -> list[Leases]:
    """What three servers hold."""
    return [Leases(database, Server(clock=clock)) for _ in range(3)]


async def rows(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(LeaseRow)) or 0


async def test_a_limit_holds_for_all_servers_together(servers: list[Leases]) -> None:
    held = [await server.acquire(Kind.SOCKET, 2, "ada") for server in servers]

    assert [lease is not None for lease in held] == [True, True, False]
    assert await servers[2].acquire(Kind.SOCKET, 2, "eve") is not None
    assert await servers[2].acquire(Kind.QUESTION, 2) is not None


async def test_at_once_no_more_than_the_limit_are_taken(servers: list[Leases]) -> None:
    taken = await asyncio.gather(*(server.acquire(Kind.QUESTION, 4) for server in servers for _ in range(4)))

    places = [lease.place for lease in taken if lease is not None]
    assert len(set(places)) == len(places) <= 4
    late = [await server.acquire(Kind.QUESTION, 4) for server in servers for _ in range(4)]
    assert sorted(places + [lease.place for lease in late if lease is not None]) == [0, 1, 2, 3]


async def test_a_place_given_back_is_free_for_others(servers: list[Leases], database: Database) -> None:
    async with servers[0].hold(Kind.HOUSEKEEPING, 1) as lease:
        assert lease is not None
        assert await servers[1].acquire(Kind.HOUSEKEEPING, 1) is None
    await servers[0].close()

    assert await rows(database) == 0
    assert await servers[1].acquire(Kind.HOUSEKEEPING, 1) is not None


async def test_giving_back_twice_takes_nothing_from_the_next_holder(servers: list[Leases], database: Database) -> None:
    lease = await servers[0].acquire(Kind.HOUSEKEEPING, 1)
    assert lease is not None
    servers[0].release(lease)
    servers[0].release(lease)
    successor = await servers[0].acquire(Kind.HOUSEKEEPING, 1)
    await servers[0].close()

    assert successor is not None
    assert await servers[0].is_held(successor)
    assert await rows(database) == 1


async def test_the_places_of_a_dead_server_are_free_again(servers: list[Leases], clock: FixedClock) -> None:
    lease = await servers[0].acquire(Kind.HOUSEKEEPING, 1)
    assert lease is not None

    clock.now += servers[0].server.lifetime - timedelta(microseconds=1)
    assert await servers[1].acquire(Kind.HOUSEKEEPING, 1) is None
    clock.now += timedelta(microseconds=1)
    assert await servers[1].acquire(Kind.HOUSEKEEPING, 1) is not None
    assert not await servers[0].is_held(lease)


async def test_a_lease_is_given_back_later_where_the_database_does_not_answer(
    servers: list[Leases], database: Database, tmp_path: Path
) -> None:
    one = servers[0]
    lease = await one.acquire(Kind.SOCKET, 1, "ada")
    assert lease is not None
    unreachable = connect(f"sqlite:///{tmp_path}/no such folder/server.db")

    one.database = unreachable
    one.release(lease)
    await one.close()
    one.database = database
    assert await rows(database) == 1

    assert await one.acquire(Kind.SOCKET, 1, "ada") is not None
    await unreachable.close()
