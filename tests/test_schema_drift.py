"""What somebody dropped from the database is found, and made again at the next start."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text

from backend import migrations
from backend.database import connect
from backend.housekeeping.check import check_installation
from backend.jobs.queue import Limits
from backend.jobs.tables import QueueLock
from backend.migrations.drift import SchemaDamaged, missing_parts
from tests.databases import MARIADB, SQLITE, DatabaseServer, kinds_to_test

INDEX = "ix_jobs_status_finished_at"


@pytest.fixture(params=kinds_to_test())
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, tmp_path: Path, database_servers: Callable[[str], DatabaseServer]) -> str:
    url = f"sqlite:///{tmp_path}/server.db" if kind == SQLITE else database_servers(kind).create()
    migrations.upgrade(url)
    return url


async def run(url: str, *statements: str) -> None:
    database = connect(url)
    async with database.writer.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await database.close()


async def missing(url: str) -> list[str]:
    database = connect(url)
    async with database.reader.connect() as connection:
        found = await connection.run_sync(missing_parts)
    await database.close()
    return sorted(one.name for one in found)


async def problems(url: str, folder: Path) -> list[tuple[str, str]]:
    report = await check_installation(url, folder / "uploads", limits=Limits(1, 1, 1, 1))
    return sorted((one.subject, one.mend) for one in report.problems)


async def test_a_new_database_misses_nothing(url: str) -> None:
    assert await missing(url) == []


async def test_dropped_columns_and_indexes_are_reported_and_made_again(url: str, kind: str, tmp_path: Path) -> None:
    table = " ON jobs" if kind == MARIADB else ""
    dropped = ["ALTER TABLE jobs DROP COLUMN eta_seconds", "ALTER TABLE queue_gate DROP COLUMN moves"]
    await run(url, f"DROP INDEX {INDEX}{table}", *dropped)
    names = [f"jobs.{INDEX}", "jobs.eta_seconds", "queue_gate.moves"]
    (tmp_path / "uploads").mkdir()

    assert await missing(url) == sorted(names)
    assert [name for name, mend in await problems(url, tmp_path) if "Start the server" in mend] == sorted(names)

    await asyncio.to_thread(migrations.upgrade, url)

    assert await missing(url) == []
    assert await problems(url, tmp_path) == []
    database = connect(url)
    async with database.read() as session:
        assert [lock.moves for lock in (await session.scalars(select(QueueLock))).all()] == [0]
    await database.close()


async def test_what_cannot_be_made_again_is_said_and_nothing_is_changed(url: str) -> None:
    await run(url, "ALTER TABLE jobs DROP COLUMN eta_seconds", "DROP TABLE answered")

    with pytest.raises(SchemaDamaged, match=r"answered, which cannot be made again.*restore"):
        await asyncio.to_thread(migrations.upgrade, url)
    assert await missing(url) == ["answered", "jobs.eta_seconds"]
