import asyncio
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from backend import migrations
from backend.accounts.tables import User
from backend.database import Base, Database, after_commit, async_url, connect, is_busy


def user(name: str) -> User:
    return User(id=name, username=name, username_key=name)


async def test_what_is_written_is_committed_at_the_end(database: Database) -> None:
    async with database.write() as session:
        session.add(user("ann"))

    async with database.read() as session:
        assert await session.get(User, "ann") is not None


async def test_an_error_rolls_everything_back_and_tells_nobody(database: Database) -> None:
    told: list[str] = []

    with pytest.raises(IntegrityError):
        async with database.write() as session:
            after_commit(session, lambda: told.append("ann"))
            session.add(user("ann"))
            await session.flush()
            session.add(User(id="other", username="ann", username_key="ann"))
            await session.flush()

    async with database.read() as session:
        assert await session.get(User, "ann") is None
    assert told == []


async def test_callbacks_run_after_the_commit(database: Database) -> None:
    seen: list[bool] = []

    async def look() -> None:
        async with database.read() as session:
            seen.append(await session.get(User, "ann") is not None)

    looks: list[asyncio.Task[None]] = []
    async with database.write() as session:
        session.add(user("ann"))
        after_commit(session, lambda: looks.append(asyncio.create_task(look())))
    await asyncio.gather(*looks)

    assert seen == [True]


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        async with database.read() as session:
            await session.execute(text("DELETE FROM users"))


async def test_readers_do_not_wait_for_the_writer(database: Database) -> None:
    async with database.write() as session:
        session.add(user("ann"))
        await session.flush()

        async with database.read() as other:
            assert (await other.scalars(select(User))).all() == []


async def test_times_come_back_aware_and_to_the_microsecond(database: Database) -> None:
    shanghai = timezone(timedelta(hours=8))
    when = datetime(2026, 3, 1, 7, 30, 0, 123456, tzinfo=shanghai)
    async with database.write() as session:
        ann = user("ann")
        ann.created_at = when
        session.add(ann)

    async with database.read() as session:
        found = await session.get_one(User, "ann")
    assert found.created_at == when
    assert found.created_at.utcoffset() == timedelta(0)


async def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"):
        async with database.write() as session:
            ann = user("ann")
            ann.created_at = datetime(2026, 3, 1)  # noqa: DTZ001
            session.add(ann)


async def test_sqlite_keeps_what_was_acknowledged_through_a_power_cut(database: Database) -> None:
    async with database.write() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await session.scalar(text("PRAGMA synchronous")) == 2


async def test_a_locked_database_counts_as_busy(database: Database, tmp_path: Path) -> None:
    other = connect(f"sqlite:///{tmp_path}/house.db")
    async with database.writer.connect() as holder, other.writer.connect() as waiting:
        await holder.execute(text("SELECT 1"))
        with pytest.raises(OperationalError) as refusal:
            await _begin_without_patience(waiting)
    await other.close()

    assert is_busy(refusal.value)
    assert not is_busy(ValueError("locked"))


async def _begin_without_patience(connection: object) -> None:
    raw = await connection.get_raw_connection()  # type: ignore[attr-defined]
    await raw.driver_connection.execute("PRAGMA busy_timeout=0")
    await connection.execute(text("SELECT 1"))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///./sqlite.db", "sqlite+aiosqlite"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg"),
        ("mysql://u:p@h/d", "mysql+asyncmy"),
        ("mariadb://u:p@h/d", "mysql+asyncmy"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg"),
    ],
)
def test_plain_addresses_get_our_drivers(url: str, driver: str) -> None:
    assert async_url(url).drivername == driver


def test_mysql_speaks_utf8mb4() -> None:
    assert async_url("mysql://u:p@h/d").query == {"charset": "utf8mb4"}


async def test_the_migrations_make_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/migrated.db"
    await asyncio.to_thread(migrations.upgrade, url)
    await asyncio.to_thread(migrations.upgrade, url)

    migrated = connect(url)
    async with migrated.reader.connect() as connection:
        differences = await connection.run_sync(_differences)
    await migrated.close()

    assert differences == []


def _differences(connection: object) -> list[str]:
    found = inspect(connection)
    assert found is not None
    wrong = []
    for table in Base.metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        if columns != {column.name: column.nullable for column in table.columns}:
            wrong.append(f"columns of {table.name}: {columns}")
        indexes = {index["name"] for index in found.get_indexes(table.name)}
        if indexes != {index.name for index in table.indexes}:
            wrong.append(f"indexes of {table.name}: {indexes}")
    return wrong
