"""Two servers on one database, each with its own connections, bus and notifier."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from backend.database import Database, connect
from backend.events.bus import Bus, Change, Happening, Listener
from backend.events.log import record
from backend.events.tables import EventKind
from backend.jobs import queue
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.queue import Limits
from backend.jobs.tables import Job
from tests.databases import POSTGRESQL
from tests.jobs.conftest import MakeRecording, recording_of  # noqa: F401  (a fixture)

LIMITS = Limits(concurrent=1)


@dataclass
class OneServer:
    database: Database
    bus: Bus
    notifier: ChangeNotifier


@asynccontextmanager
async def server(url: str) -> AsyncIterator[OneServer]:
    database, bus = connect(url), Bus()
    notifier = ChangeNotifier(database, bus, LIMITS)
    running = asyncio.create_task(notifier.run())
    while notifier._tailer._cursor is None:  # it follows the log from now on
        await asyncio.sleep(0.01)
    try:
        yield OneServer(database, bus, notifier)
    finally:
        notifier.stop()
        await running
        await database.close()


@pytest.fixture
async def servers(database: Database) -> AsyncIterator[tuple[OneServer, OneServer]]:
    url = database.writer.url.render_as_string(hide_password=False)
    async with server(url) as one, server(url) as other:
        yield one, other


async def news_of(listener: Listener, job: str, *statuses: str) -> list[str]:
    """The statuses of a job that are told, until the last of `statuses`."""
    told: list[str] = []
    async with asyncio.timeout(30):
        async for news in listener:
            if isinstance(news, Change) and news.job_id == job:
                told.append(news.state["status"])
                if told[-1] == statuses[-1]:
                    return told
    raise AssertionError("a listener never ends by itself")


async def test_a_change_at_one_server_is_told_at_the_other(
    servers: tuple[OneServer, OneServer],
    recording_of: MakeRecording,  # noqa: F811
) -> None:
    one, other = servers
    recording = await recording_of("ann")
    with other.bus.listen("ann") as listener:
        other.notifier.wake()
        async with one.database.write() as session:
            job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
        assert await news_of(listener, job.id, "queued") == ["queued"]

        async with one.database.write() as session:
            await queue.cancel(session, await session.get_one(Job, job.id))

        assert await news_of(listener, job.id, "cancelled") == ["cancelled"]


async def test_what_a_killed_server_has_committed_but_not_told_is_told_by_the_other(
    servers: tuple[OneServer, OneServer], database: Database
) -> None:
    _, other = servers
    with other.bus.listen("ann") as listener:
        other.notifier.wake()
        async with database.write() as session:  # nobody follows this connection: it numbers and notifies nothing
            record(session, EventKind.RECORDING_RENAMED, owner_id="ann", recording_id="of ann")

        async with asyncio.timeout(30):
            async for news in listener:
                if isinstance(news, Happening):
                    break

    assert (news.event["kind"], news.event["recording_id"]) == ("recording.renamed", "of ann")


async def test_every_event_is_told_once_and_in_order_at_both_servers(servers: tuple[OneServer, OneServer]) -> None:
    names = [f"{number}" for number in range(30)]

    async def told_at(here: OneServer) -> list[str]:
        told: list[str] = []
        with here.bus.listen("ann") as listener:
            here.notifier.wake()
            listening.release()
            async with asyncio.timeout(60):
                async for news in listener:
                    if isinstance(news, Happening):
                        told.append(news.event["recording_id"])
                    if told[-1:] == ["last"]:
                        return told
        raise AssertionError("a listener never ends by itself")

    listening = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(told_at(here)) for here in servers]
    for _ in tasks:
        await listening.acquire()
    for name in [*names, "last"]:
        async with servers[int(name, 36) % 2].database.write() as session:
            record(session, EventKind.RECORDING_RENAMED, owner_id="ann", recording_id=name)

    assert await asyncio.gather(*tasks) == [[*names, "last"]] * 2


async def test_notifications_come_again_after_their_connection_was_cut(
    servers: tuple[OneServer, OneServer], kind_of_database: str
) -> None:
    one, other = servers
    with other.bus.listen("ann") as listener:
        other.notifier.wake()
        if kind_of_database == POSTGRESQL:
            async with asyncio.timeout(30):
                while not other.notifier._listener.connected:
                    await asyncio.sleep(0.01)
            with suppress(Exception):  # it ends this connection's neighbours too, which are made again
                async with one.database.write() as session:
                    others = "pid <> pg_backend_pid() AND query LIKE 'LISTEN%'"
                    await session.execute(
                        text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608
                    )
        async with one.database.write() as session:
            record(session, EventKind.RECORDING_RENAMED, owner_id="ann", recording_id="after")
        async with asyncio.timeout(30):
            async for news in listener:
                if isinstance(news, Happening):
                    break
        assert news.event["recording_id"] == "after"
        if kind_of_database == POSTGRESQL:
            async with asyncio.timeout(30):
                while not other.notifier._listener.connected:
                    await asyncio.sleep(0.01)
