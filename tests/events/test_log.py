import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.coordination.clock import database_now
from backend.database import Database, connect, is_busy, utc_now
from backend.events import log
from backend.events.tables import Event, EventKind
from tests.databases import SQLITE


def add(session: AsyncSession, recording: str, owner: str = "ann") -> None:
    log.record(session, EventKind.RECORDING_RENAMED, owner_id=owner, recording_id=recording)


async def happen(database: Database, *recordings: str, owner: str = "ann") -> None:
    for recording in recordings:
        async with database.write() as session:
            add(session, recording, owner)


async def number(database: Database) -> None:
    async with database.write() as session:
        await log.number(session)


async def state(database: Database) -> log.LogState:
    async with database.read() as session:
        return await log.state(session)


async def after(database: Database, cursor: int, owner: str | None = None) -> Sequence[Event]:
    async with database.read() as session:
        return await log.read_after(session, cursor, owner_id=owner)


async def test_an_event_committed_after_one_with_a_higher_id_is_still_read_after_it(
    database: Database, kind_of_database: str
) -> None:
    start = (await state(database)).last
    other = connect(database.writer.url.render_as_string(hide_password=False), busy_seconds=0.2)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(other.close)
        slow = await stack.enter_async_context(database.write())
        add(slow, "slow")
        await slow.flush()  # it has its id now
        if kind_of_database == SQLITE:  # one transaction writes at a time: ids have the order of the commits
            with pytest.raises(OperationalError) as refused:
                await happen(other, "quick")
            assert is_busy(refused.value)
            return

        await happen(other, "quick")
        await number(other)
        first = await after(other, start)
        assert [event.recording_id for event in first] == ["quick"]

        await slow.commit()
        await number(other)
        second = await after(other, first[-1].position or 0)

    assert [event.recording_id for event in second] == ["slow"]
    assert second[0].id < first[0].id


async def test_events_of_a_transaction_that_is_rolled_back_do_not_exist(database: Database) -> None:
    start = (await state(database)).last

    async def change_in_vain() -> None:
        async with database.write() as session:
            add(session, "in vain")
            await session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        await change_in_vain()
    await happen(database, "real")
    await number(database)

    assert [event.recording_id for event in await after(database, start)] == ["real"]
    assert (await state(database)).last == start + 1


async def test_many_writers_and_two_numberers_lose_no_event_and_give_no_position_twice(database: Database) -> None:
    start = (await state(database)).last
    seen: list[str | None] = []
    writing = True

    async def follow() -> None:
        cursor = start
        while True:
            last_round = not writing
            await number(database)
            for event in await after(database, cursor):
                assert event.position is not None
                assert event.position > cursor
                cursor = event.position
                seen.append(event.recording_id)
            if last_round:
                return

    async def write() -> None:
        nonlocal writing
        try:
            await asyncio.gather(
                *(happen(database, *(f"{writer}.{count}" for count in range(10))) for writer in range(4))
            )
        finally:
            writing = False

    await asyncio.gather(write(), follow(), follow())

    # Two readers: each has seen everything once, and the changes of one writer in their order.
    assert len(seen) == 2 * 40
    positions = [event.position for event in await after(database, start)]
    assert positions == list(range(start + 1, start + 41))
    for writer in range(4):
        order = [event.recording_id for event in await after(database, start)]
        mine = [one for one in order if str(one).startswith(f"{writer}.")]
        assert mine == [f"{writer}.{count}" for count in range(10)]


async def test_a_reader_gets_only_the_events_of_its_owner(database: Database) -> None:
    start = (await state(database)).last
    await happen(database, "hers")
    await happen(database, "his", owner="bob")
    await number(database)

    assert [event.recording_id for event in await after(database, start, "bob")] == ["his"]


async def test_the_time_of_an_event_is_that_of_the_database(database: Database) -> None:
    async with database.read() as session:
        before = await database_now(session)
    await happen(database, "one")
    async with database.read() as session:
        now = await database_now(session)
        at = (await session.execute(select(Event.at))).scalar_one()

    assert before <= at <= now
    assert abs(utc_now() - now) < timedelta(hours=1)  # in UTC, whatever the time zone of the server


async def test_old_events_are_deleted_and_a_cursor_before_them_is_known_to_be_too_old(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "BATCH", 2)  # several steps
    start = (await state(database)).last
    await happen(database, "1", "2", "3", "4", "5")
    for _ in range(3):
        await number(database)
    async with database.write() as session:
        long_ago = utc_now() - timedelta(days=31)
        await session.execute(update(Event).where(Event.recording_id.in_(["1", "2", "3"])).values(at=long_ago))

    await log.delete_expired(database, days=30)

    found = await state(database)
    assert [event.recording_id for event in await after(database, 0)] == ["4", "5"]
    assert not found.reaches(start + 2)
    assert found.reaches(start + 3)
    assert found.reaches(start + 5)
    assert not found.reaches(start + 6)


async def test_positions_go_on_when_every_event_has_been_deleted(database: Database) -> None:
    await happen(database, "old")
    await number(database)
    last = (await state(database)).last
    async with database.write() as session:
        await session.execute(update(Event).values(at=utc_now() - timedelta(days=31)))

    await log.delete_expired(database, days=30)
    async with database.read() as session:
        left = await session.scalar(select(func.count()).select_from(Event))
    await happen(database, "new")
    await number(database)

    assert left == 0
    assert [event.position for event in await after(database, last)] == [last + 1]
