"""A semaphore holds for all servers together, and a cancelled task holds nothing."""

import asyncio
from contextlib import suppress

from sqlalchemy import func, select

from backend.coordination.leases import Kind, Leases
from backend.coordination.semaphore import SharedSemaphore
from backend.coordination.tables import LeaseRow
from backend.database import Database


def semaphore(database: Database, limit: int) -> SharedSemaphore:
    """That of a server of its own."""
    return SharedSemaphore(Leases(database), Kind.QUESTION, limit)


async def held(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(LeaseRow)) or 0


async def test_no_more_than_the_limit_are_inside_at_all_servers(database: Database) -> None:
    servers = [semaphore(database, 2) for _ in range(2)]
    inside = most = 0
    full = asyncio.Event()

    async def visit(number: int) -> None:
        nonlocal inside, most
        async with servers[number % 2]:
            inside += 1
            most = max(most, inside)
            if inside == 2:
                full.set()
            await full.wait()
            inside -= 1

    await asyncio.gather(*(visit(number) for number in range(6)))
    for server in servers:
        await server.leases.close()

    assert most == 2
    assert await held(database) == 0


async def test_a_task_that_is_cancelled_while_it_waits_or_is_inside_holds_nothing(database: Database) -> None:
    one = semaphore(database, 1)

    async def stay() -> None:
        async with one:
            await asyncio.Event().wait()

    inside = asyncio.create_task(stay())
    while await held(database) < 1:
        await asyncio.sleep(0)
    waiting = asyncio.create_task(stay())
    await asyncio.sleep(0)
    for task in (waiting, inside):
        task.cancel()
    await asyncio.gather(inside, waiting, return_exceptions=True)

    async with one:
        assert await held(database) >= 1
    await one.leases.close()
    assert await held(database) == 0


async def test_a_task_that_is_cancelled_while_it_takes_a_place_gives_it_back(database: Database) -> None:
    leases = Leases(database)
    for turns in range(12):  # wherever it is
        taking = asyncio.create_task(leases.acquire(Kind.QUESTION, 100))
        for _ in range(turns * 3):
            await asyncio.sleep(0)
        taking.cancel()
        with suppress(asyncio.CancelledError):
            lease = await taking  # it was faster than its cancellation
            assert lease is not None
            leases.release(lease)

    await leases.close()

    assert await held(database) == 0
