"""Jobs that come in at one server are done by all, and each server has a number of jobs of its own."""

from datetime import timedelta

import pytest

from backend.coordination.server import Server
from backend.database import Database, utc_now
from backend.jobs.queue import Limits
from backend.jobs.spread import YIELD
from tests.jobs.queue_actions import QueueActions


@pytest.fixture
async def servers(database: Database) -> list[str]:
    """The names of three living servers."""
    servers = [Server() for _ in range(3)]
    for server in servers:
        async with database.write() as session:
            await server.beat(session)
    return [server.name for server in servers]


async def test_each_server_takes_an_equal_share(actions: QueueActions, servers: list[str]) -> None:
    for number in range(6):
        await actions.add(f"user {number}")

    limits = Limits(concurrent=6)
    took = [await actions.claim(name, limits=limits) is not None for _ in range(3) for name in servers]

    assert took == [True] * 6 + [False] * 3


async def test_a_server_with_more_jobs_leaves_the_next_to_the_others_for_a_moment(
    actions: QueueActions, servers: list[str]
) -> None:
    for number in range(2):
        await actions.add(f"user {number}")
    limits = Limits(concurrent=6)
    assert await actions.claim(servers[0], limits=limits) is not None

    now = utc_now()
    assert await actions.claim(servers[0], limits=limits, now=now) is None
    assert await actions.claim(servers[0], limits=limits, now=now + YIELD + timedelta(seconds=1)) is not None


async def test_a_server_takes_no_more_than_its_own_number(actions: QueueActions, servers: list[str]) -> None:
    for number in range(6):
        await actions.add(f"user {number}")
    small, large = Limits(concurrent=6, per_server=1), Limits(concurrent=6, per_server=4)
    later = utc_now() + YIELD + timedelta(seconds=1)

    took = [await actions.claim(servers[0], limits=small, now=later) is not None for _ in range(2)]
    took += [await actions.claim(servers[1], limits=large, now=later) is not None for _ in range(5)]

    assert took == [True, False] + [True] * 4 + [False]


async def test_the_only_server_takes_all_at_once(actions: QueueActions) -> None:
    for number in range(3):
        await actions.add(f"user {number}")

    took = [await actions.claim("alone", limits=Limits(concurrent=3)) is not None for _ in range(3)]

    assert took == [True] * 3


async def test_the_only_server_takes_no_more_than_its_own_number(actions: QueueActions) -> None:
    for number in range(3):
        await actions.add(f"user {number}")

    limits = Limits(concurrent=3, per_server=2)
    took = [await actions.claim("alone", limits=limits) is not None for _ in range(3)]

    assert took == [True, True, False]
