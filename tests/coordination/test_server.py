"""Which servers live, and which of this machine have died."""

import os
import subprocess
import sys
from datetime import timedelta

import psutil
import pytest

from backend.coordination.clock import database_now
from backend.coordination.server import Server, is_dead, new_name, other_servers
from backend.coordination.tables import ServerRow
from backend.database import Database, utc_now
from tests.clocks import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


async def others(database: Database, server: Server) -> set[str]:
    async with database.read() as session:
        return await other_servers(session, server.name, server.clock)


async def beat(database: Database, *servers: Server) -> None:
    for server in servers:
        async with database.write() as session:
            await server.beat(session)


def test_this_process_is_alive_under_every_name() -> None:
    one, other = new_name(), new_name()

    assert one != other
    assert not is_dead(one)
    assert not is_dead(other)
    assert len(one) <= 64


def name_of_ended_process() -> str:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    host, place, _pid, _started, random = new_name().split(":")
    return f"{host}:{place}:{child.pid}:1.00:{random}"


def test_an_ended_process_is_dead_even_if_its_process_id_is_used_again() -> None:
    host, place, _pid, _started, random = new_name().split(":")

    assert is_dead(name_of_ended_process())
    assert is_dead(f"{host}:{place}:{os.getpid()}:{psutil.Process().create_time() - 1000:.2f}:{random}")


@pytest.mark.parametrize("other", ["here:aaaaaaaaaaaa:1:1.00:ffffffff", "here::1:1.00:ffffffff", "here:1:1.00", ""])
def test_servers_of_other_machines_and_containers_are_not_known_to_be_dead(other: str) -> None:
    host = new_name().partition(":")[0]

    assert not is_dead(other.replace("here", host))


async def test_a_server_that_beats_is_known_to_the_others(database: Database, clock: FixedClock) -> None:
    one, other = Server(clock=clock), Server(clock=clock)

    await beat(database, one, other, one)

    assert await others(database, one) == {other.name}
    assert await others(database, other) == {one.name}


async def test_a_silent_server_is_dead_until_it_beats_again(database: Database, clock: FixedClock) -> None:
    one, other = Server(clock=clock), Server(clock=clock)
    await beat(database, one, other)

    clock.now += one.lifetime - timedelta(seconds=1)
    await beat(database, one)
    clock.now += timedelta(seconds=1)
    assert await others(database, one) == set()
    await beat(database, one, other)
    assert await others(database, one) == {other.name}


async def test_a_server_of_this_machine_whose_process_has_ended_is_not_waited_for(
    database: Database, clock: FixedClock
) -> None:
    one, ended = Server(clock=clock), name_of_ended_process()
    async with database.write() as session:
        session.add(ServerRow(id=ended, expires_at=clock.now + timedelta(seconds=9)))
    assert await others(database, one) == {ended}

    await beat(database, one)

    assert await others(database, one) == set()


async def test_a_server_that_stops_leaves(database: Database, clock: FixedClock) -> None:
    one, other = Server(clock=clock), Server(clock=clock)
    await beat(database, one, other)

    async with database.write() as session:
        await other.leave(session)

    assert await others(database, one) == set()


async def test_the_clock_is_that_of_the_database(database: Database) -> None:
    async with database.read() as session:
        first = await database_now(session)
        second = await database_now(session)

    assert first.tzinfo is not None
    assert timedelta(0) <= second - first < timedelta(minutes=1)
    assert abs(first - utc_now()) < timedelta(minutes=1)  # the test's database runs on this machine


async def test_a_server_whose_clock_is_an_hour_off_lives_like_the_others_and_says_so_once(
    database: Database, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    wrong, right = Server(clock=clock), Server()
    clock.advance(3600)  # the database, as a server sees it whose own clock is an hour behind

    await beat(database, wrong, wrong)
    await beat(database, right)

    told = [record for record in caplog.records if "clock" in record.message]
    assert [record.__dict__["seconds"] for record in told] == [-3600]
    assert (wrong.clock_differs, right.clock_differs) == (True, False)
    assert abs(wrong.right_clock.now() - clock.now) < timedelta(minutes=1)
    assert right.right_clock.offset == timedelta(0)
