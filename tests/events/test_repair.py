from collections.abc import Sequence

import pytest
from sqlalchemy import delete, update

from backend.database import Database
from backend.events import log
from backend.events.repair import LogDamage, damage, repair
from backend.events.tables import Event, EventSequence
from backend.events.tailer import EventTailer
from tests.events.test_log import happen, number, state


async def lose(database: Database, *positions: int) -> None:
    async with database.write() as session:
        await session.execute(delete(Event).where(Event.position.in_(positions)))


async def set_sequence(database: Database, **values: int) -> None:
    async with database.write() as session:
        await session.execute(update(EventSequence).values(**values))


async def found(database: Database) -> LogDamage:
    async with database.read() as session:
        return await damage(session)


async def positions(database: Database) -> Sequence[int | None]:
    async with database.read() as session:
        return [event.position for event in await log.read_after(session, 0)]


@pytest.fixture
async def start(database: Database) -> int:
    """The position before five events with positions."""
    await number(database)
    before = (await state(database)).last
    await set_sequence(database, swept=before)
    await happen(database, "1", "2", "3", "4", "5")
    await number(database)
    return before


async def test_a_whole_log_has_no_damage_whatever_waits_or_was_deleted(database: Database, start: int) -> None:
    await happen(database, "not numbered yet")
    await set_sequence(database, swept=start + 2)
    await lose(database, start + 1)  # deleted, as the other one will be

    assert await repair(database) == LogDamage()


async def test_whoever_reads_from_before_a_gap_is_told_of_the_loss(database: Database, start: int) -> None:
    tailer = EventTailer(database)
    await set_sequence(database, last=start)
    await tailer.read(lambda: True)  # it starts there
    await set_sequence(database, last=start + 5)
    await lose(database, start + 2, start + 3)
    assert await found(database) == LogDamage(missing=2, whole_after=start + 3)

    assert (await repair(database)).missing == 2

    news = await tailer.read(lambda: True)
    assert (news.lost, list(news.events)) == (True, [])
    assert await found(database) == LogDamage()
    assert (await state(database)).reaches(start + 3)


async def test_events_missing_at_the_end_are_a_loss_too(database: Database, start: int) -> None:
    await lose(database, start + 4, start + 5)

    assert await repair(database) == LogDamage(missing=2, whole_after=start + 5)

    await happen(database, "next")
    await number(database)
    assert (await positions(database))[-1] == start + 6
    assert await found(database) == LogDamage()


@pytest.mark.parametrize("sequence_row", ["too low", "missing"])
async def test_no_position_is_given_twice_after_the_sequence_was_lost(
    database: Database, start: int, sequence_row: str
) -> None:
    if sequence_row == "missing":
        async with database.write() as session:
            await session.execute(delete(EventSequence))
    else:
        await set_sequence(database, last=start + 3)
    assert (await found(database)).last_too_low == start + 5

    await repair(database)
    await happen(database, "next")
    await number(database)

    assert list(await positions(database))[-2:] == [start + 5, start + 6]
    assert await found(database) == LogDamage()
