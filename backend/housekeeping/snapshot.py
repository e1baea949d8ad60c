"""A snapshot of the database in a file: SQLite's own format, or the rows of every table as JSON lines."""

import asyncio
import importlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

import backend
from backend.database import Base, Database, UtcDateTime, async_url, connect, is_backed_up
from backend.errors import AppError
from backend.jobs.tables import Job
from backend.recordings.tables import Recording
from backend.search.full_text import is_fts5_table

_ROWS_AT_ONCE = 200


class UnknownTables(AppError):
    code = "unknown_tables"
    detail = "The database has tables of another program. Give this program a database of its own."


@dataclass(slots=True)
class Snapshot:
    """The snapshot's file, and what its rows say about other files."""

    kind: str  #: sqlite or rows
    file: Path
    recordings: dict[str, str | None] = field(default_factory=dict)  #: sha256 by id; none: no original any more
    jobs: dict[str, str] = field(default_factory=dict)  #: status by id


async def take_snapshot(url: str, file: Path, *, portable: bool) -> Snapshot:
    """Write the present state of the database to `file`, without blocking writers."""
    path = sqlite_path(url)
    kind = "rows" if portable or path is None else "sqlite"
    if kind == "sqlite":
        assert path is not None
        await asyncio.to_thread(_vacuum_into, path, file)
        copied = connect(f"sqlite:///{file}")
    else:
        copied = connect(url)
    snapshot = Snapshot(kind, file)
    try:
        async with copied.reader.connect() as connection:
            if copied.reader.dialect.name != "sqlite":
                await connection.execution_options(isolation_level="REPEATABLE READ")
            async with connection.begin():
                if kind == "rows":
                    await _write_rows(connection, file)
                await _read_facts(connection, snapshot)
    finally:
        await copied.close()
    return snapshot


async def load_rows(database: Database, file: Path) -> None:
    """Insert what `take_snapshot` has written, in one transaction, into tables that are empty."""
    async with database.writer.begin() as connection:
        ours = await connection.run_sync(_all_tables)
        tables = {table.name: table for table in ours}
        for table in reversed(ours):  # rows that migrations have inserted are in the file too
            await connection.execute(table.delete())
        for name, rows in _batches(file):
            table = tables[name]
            await connection.execute(table.insert(), [_row(table, values) for values in rows])
        if connection.dialect.name == "postgresql":
            await _advance_sequences(connection, ours)


def sqlite_path(url: str) -> Path | None:
    parsed = async_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _vacuum_into(path: Path, file: Path) -> None:
    connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=60, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_autocheckpoint=0")  # only the server's writer checkpoints
        connection.execute("VACUUM INTO ?", (str(file),))
    finally:
        connection.close()


async def _write_rows(connection: AsyncConnection, file: Path) -> None:
    ours = await connection.run_sync(_all_tables)
    with file.open("x", encoding="utf-8") as lines:
        for table in filter(is_backed_up, ours):
            rows = await connection.stream(select(table).execution_options(yield_per=_ROWS_AT_ONCE))
            async for row in rows.mappings():
                line = json.dumps([table.name, dict(row)], ensure_ascii=False, default=_to_json)
                await asyncio.to_thread(lines.write, line + "\n")


async def _read_facts(connection: AsyncConnection, snapshot: Snapshot) -> None:
    query = select(Recording.id, Recording.sha256, Recording.original_removed_at)
    for id, sha256, removed in await connection.execute(query):
        snapshot.recordings[id] = None if removed else sha256
    snapshot.jobs = {id: status for id, status in await connection.execute(select(Job.id, Job.status))}


async def _advance_sequences(connection: AsyncConnection, tables: list[Table]) -> None:
    """Set PostgreSQL's sequences to continue after the inserted numbers."""
    for table in tables:
        if (counted := table.autoincrement_column) is not None:
            sequence = func.pg_get_serial_sequence(table.name, counted.name)
            highest = select(func.coalesce(func.max(counted), 0) + 1).scalar_subquery()
            await connection.execute(select(func.setval(sequence, highest, False)).where(sequence.is_not(None)))


def _all_tables(connection: Connection) -> list[Table]:
    """All tables, parents first. An unknown table is an error, because it would be missing in the backup."""
    for path in sorted(Path(backend.__file__).parent.rglob("tables.py")):
        parts = path.relative_to(Path(backend.__file__).parent.parent).with_suffix("").parts
        importlib.import_module(".".join(parts))
    names = {name for name in inspect(connection).get_table_names() if not is_fts5_table(name)}
    unknown = names - set(Base.metadata.tables) - {"alembic_version"}
    if unknown:
        raise UnknownTables(f"The database has tables of another program: {', '.join(sorted(unknown))}.")
    return Base.metadata.sorted_tables


def _batches(file: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows in batches of one table."""
    batch: list[dict[str, Any]] = []
    last = ""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            name, row = json.loads(line)
            if batch and (name != last or len(batch) == _ROWS_AT_ONCE):
                yield last, batch
                batch = []
            last = name
            batch.append(row)
    if batch:
        yield last, batch


def _row(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    for column in table.columns:
        if isinstance(column.type, UtcDateTime) and values.get(column.name) is not None:
            values[column.name] = datetime.fromisoformat(values[column.name])
    return values


def _to_json(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written to a backup")
