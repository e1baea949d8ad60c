"""The index is brought up to what the recordings are, and the old one answers meanwhile."""

import asyncio

import pytest
from sqlalchemy import select, text, update

from backend.migrations.drift import mend, missing_parts
from backend.search import full_text, index, rebuild
from backend.search.tables import Passage, PassageState
from tests.search.conftest import Library, document


async def index_missing(library: Library) -> None:
    await rebuild.index_missing(library.database, asyncio.Event())


async def change_rules(library: Library) -> None:
    """As after an update with other rules: everything was indexed by those before."""
    async with library.database.write() as session:
        if index.dialect_of(session) == "sqlite":
            for table in full_text.TABLES:
                name = full_text.fts5_table(table)
                await session.execute(text(f"ALTER TABLE {name} RENAME TO {table}_fts"))
        await session.execute(update(PassageState).values(rules=1))
    async with library.database.writer.begin() as connection:
        await connection.run_sync(lambda sync: full_text.make(sync, full_text.missing(sync)))


async def old_tables(library: Library) -> list[str]:
    async with library.database.read() as session:
        return await session.run_sync(lambda sync: full_text.old_fts5_tables(sync.connection()))


async def test_a_library_from_before_the_index_is_indexed(library: Library) -> None:
    recording = await library.add(document("预算"))
    async with library.database.write() as session:
        for row in await session.scalars(select(Passage)):
            await session.delete(row)
        await session.execute(update(PassageState).values(version=0, rules=0))
    assert 1 == (await library.ask("预算"))["not_indexed"]

    await index_missing(library)

    assert 0 == (await library.ask("预算"))["not_indexed"]
    assert [(recording, ["s0"])] == await library.found("预算")


async def test_an_index_by_other_rules_answers_until_the_new_one_is_ready(library: Library) -> None:
    recording = await library.add(document("预算"), name="预算.m4a")

    await change_rules(library)

    answer = await library.ask("预算")
    assert (1, 1, 1) == (answer["not_indexed"], answer["places"], len(answer["texts"]))
    await index_missing(library)
    answer = await library.ask("预算")
    assert (0, 1, 1) == (answer["not_indexed"], answer["places"], len(answer["texts"]))
    assert [] == await old_tables(library)
    async with library.database.read() as session:
        assert [] == await rebuild.differences(session, recording)


async def test_what_is_saved_before_the_new_index_is_ready_is_found_at_once(library: Library) -> None:
    recording = await library.add(document("预算是三百万", "没有意见"))
    await change_rules(library)

    await library.save(recording, document("预算是四百万", "没有意见"))

    assert [] == await library.found("三百万")
    assert [(recording, ["s0"])] == await library.found("四百万")
    assert [(recording, ["s1"])] == await library.found("没有意见")
    await index_missing(library)
    async with library.database.read() as session:
        assert [] == await rebuild.differences(session, recording)


@pytest.mark.parametrize("table", full_text.TABLES)
async def test_a_full_text_that_was_lost_is_made_again(library: Library, table: str) -> None:
    recording = await library.add(document("预算"), name="预算.m4a")
    async with library.database.writer.begin() as connection:
        sqlite = connection.dialect.name == "sqlite"
        lost = full_text.fts5_table(table) if sqlite else full_text.COLUMN
        await connection.execute(text(f"DROP TABLE {lost}" if sqlite else f"ALTER TABLE {table} DROP COLUMN {lost}"))
    async with library.database.reader.connect() as connection:
        assert f"{table}.{lost}" in [one.name for one in await connection.run_sync(missing_parts)]

    async with library.database.writer.begin() as connection:
        await connection.run_sync(mend)

    assert 1 == (await library.ask("预算"))["not_indexed"]
    await index_missing(library)
    answer = await library.ask("预算")
    assert (0, 1, 1) == (answer["not_indexed"], answer["places"], len(answer["texts"]))
    async with library.database.read() as session:
        assert [] == await rebuild.differences(session, recording)


async def test_a_rebuild_makes_right_what_is_wrong(library: Library) -> None:
    recording = await library.add(document("预算", "没有意见"), name="预算.m4a")
    async with library.database.write() as session:
        await session.execute(update(Passage).where(Passage.segment_id == "s0").values(text="别的"))

    assert 1 == await rebuild.rebuild(library.database)

    assert [(recording, ["s0"])] == await library.found("预算")
    async with library.database.read() as session:
        assert [] == await rebuild.differences(session, recording)
