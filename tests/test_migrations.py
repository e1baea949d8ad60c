"""Migrations from every version, on each kind of database, also after a migration was killed."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, inspect, select, text

from backend import migrations
from backend.accounts.tables import User
from backend.database import Base, Database, connect
from backend.jobs.tables import Job, QueueLock
from backend.recordings.tables import Recording
from backend.search import full_text
from backend.transcripts.document import document_from_json
from backend.transcripts.tables import Transcript
from tests.databases import MARIADB, SQLITE, DatabaseServer, kinds_to_test
from tests.serving import Server

FIRST = Path(__file__).parent / "first_schema"

Servers = Callable[[str], DatabaseServer]


@pytest.fixture(params=kinds_to_test())
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty(kind: str, tmp_path: Path, database_servers: Servers) -> str:
    """The URL of a database without tables, with its server's default character set."""
    return f"sqlite:///{tmp_path}/old.db" if kind == SQLITE else database_servers(kind).create()


@pytest.fixture
def first(kind: str, tmp_path: Path, database_servers: Servers) -> str:
    """The URL of a database of the first released schema, with rows."""
    dump = (FIRST / f"{kind}.sql").read_text(encoding="utf-8")
    if kind == SQLITE:
        with sqlite3.connect(tmp_path / "old.db") as old:
            old.executescript(dump)
        old.close()
        return f"sqlite:///{tmp_path}/old.db"
    server = database_servers(kind)
    options = "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci" if kind == MARIADB else ""
    url = server.create(options)
    server.run(dump, url)
    return url


async def test_migrations_create_exactly_the_tables_of_the_code(empty: str) -> None:
    await asyncio.to_thread(migrations.upgrade, empty)
    await asyncio.to_thread(migrations.upgrade, empty)

    assert await _differences(empty) == []
    if empty.startswith("mysql"):
        assert await _ask(
            empty, "SELECT DISTINCT table_collation FROM information_schema.tables WHERE table_schema = DATABASE()"
        ) == ["utf8mb4_bin"]


async def test_a_database_of_the_first_release_keeps_every_row(first: str) -> None:
    await asyncio.to_thread(migrations.upgrade, first)

    assert await _differences(first) == []
    await _all_rows_are_there(first)


async def test_a_migration_that_is_killed_at_every_step_completes(first: str) -> None:
    """Each run is killed after its first change, which only MySQL does not roll back."""
    commits_each_change = first.startswith("mysql")
    deaths = 0
    while await asyncio.to_thread(_dies_after_one_change, first) and commits_each_change:
        deaths += 1
        assert deaths < 1000

    await asyncio.to_thread(migrations.upgrade, first)

    assert deaths > 20 or not commits_each_change
    assert await _differences(first) == []
    await _all_rows_are_there(first)


async def test_two_servers_that_start_at_once_migrate_once(first: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrations.upgrade, first) for _ in range(3)))

    assert await _differences(first) == []
    await _all_rows_are_there(first)


async def test_a_database_of_a_newer_version_is_refused_unchanged(empty: str) -> None:
    await asyncio.to_thread(migrations.upgrade, empty)
    await _do(empty, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(migrations.DatabaseTooNew, match="newer version"):
        await asyncio.to_thread(migrations.upgrade, empty)

    assert await _differences(empty) == []


def test_a_server_does_not_start_on_a_newer_database_and_says_why(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    server.stop()
    with sqlite3.connect(tmp_path / "server.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    with pytest.raises(AssertionError, match="newer version"):
        server.start()

    assert server.process is not None
    assert server.process.wait(10) == 2
    assert "Traceback" not in server.log.read_text(encoding="utf-8")
    server.close()


class Killed(Exception):
    pass


def _dies_after_one_change(url: str) -> bool:
    """Migrate, and fail after the first change; False when there was nothing left to change."""

    def die(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.split(maxsplit=1)[0] in ("CREATE", "ALTER", "DROP"):
            raise Killed

    event.listen(Engine, "after_cursor_execute", die)
    try:
        migrations.upgrade(url)
    except Killed:
        return True
    finally:
        event.remove(Engine, "after_cursor_execute", die)
    return False


async def _all_rows_are_there(url: str) -> None:
    database = connect(url)
    async with database.read() as session:
        users = {user.username: user for user in await session.scalars(select(User))}
        jobs = {job.id[:1]: job for job in await session.scalars(select(Job))}
        recording = (await session.scalars(select(Recording))).one()
        transcript = (await session.scalars(select(Transcript))).one()
        queue_lock = (await session.scalars(select(QueueLock))).one()
    await database.close()

    assert {name: (user.active, user.pending) for name, user in users.items()} == {
        "张三": (True, False),
        "Bob": (False, False),
    }
    assert users["张三"].created_at.isoformat() == "2026-01-05T08:30:00.123456+00:00"
    assert (recording.name, recording.size, recording.duration) == ("三月 周会 😀.m4a", 5 * 1024**3, 3605.25)
    assert {key: (job.status, job.kind) for key, job in jobs.items()} == {
        "d": ("done", "transcript"),
        "e": ("queued", "transcript"),
    }
    assert jobs["d"].options == {"hotwords": ["火山引擎"]}
    assert document_from_json(transcript.document).segments[0].text == "今天我们开会。"
    assert queue_lock.moves == 7


async def _do(url: str, statement: str) -> None:
    database = connect(url)
    async with database.write() as session:
        await session.execute(text(statement))
    await database.close()


async def _ask(url: str, query: str) -> list[object]:
    database = connect(url)
    async with database.read() as session:
        answers = list(await session.scalars(text(query)))
    await database.close()
    return answers


async def _differences(url: str) -> list[str]:
    database: Database = connect(url)
    async with database.reader.connect() as connection:
        differences = await connection.run_sync(_compare)
    await database.close()
    return differences


def _compare(connection: Connection) -> list[str]:
    found = inspect(connection)
    assert found is not None
    wrong = []
    for table in Base.metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        if table.name in full_text.TABLES and connection.dialect.name != "sqlite":
            assert columns.pop(full_text.COLUMN)
        if columns != {column.name: column.nullable for column in table.columns}:
            wrong.append(f"columns of {table.name}: {columns}")
        indexes = {index["name"] for index in found.get_indexes(table.name)}
        # Some databases make an index for each foreign key and each unique constraint.
        if not {index.name for index in table.indexes} <= indexes:
            wrong.append(f"indexes of {table.name}: {indexes}")
    return wrong
