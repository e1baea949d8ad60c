"""Schema migrations. `upgrade` brings a database of any version to the newest; running it again changes nothing."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from backend.database import async_url, connect
from backend.migrations.drift import mend, missing_parts
from backend.search import full_text

#: MySQL's default collation treats "ada", "Ada" and "adä" as equal; this one compares exactly.
_BINARY_COLLATION = "utf8mb4_bin"

#: Seconds a server waits for another one that migrates the same database.
_LOCK_WAIT_SECONDS = 120


class DatabaseTooNew(Exception):
    """The database was migrated by a newer version of this program."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is from a newer version of Meeting ASR (revision {revision}; this one knows {newest()}). "
            "Start that version, or restore a backup that was made before the update."
        )


def upgrade(url: str) -> None:
    """Migrate the database at `url`. Call it from a thread or a script: it runs its own event loop.

    Columns and indexes that the newest version has lost are made again. Raises DatabaseTooNew or SchemaDamaged before
    anything is changed. If a run is killed, the next one completes it."""
    asyncio.run(_upgrade(url))


def newest() -> str:
    """The revision this code needs. Revisions are numbered and never branch."""
    return max(_revisions())


def _revisions() -> set[str]:
    return {path.name.partition("_")[0] for path in Path(__file__).parent.glob("versions/[0-9]*.py")}


async def _upgrade(url: str) -> None:
    file = async_url(url)
    if file.get_backend_name() == "sqlite" and file.database and file.database != ":memory:":
        # Checked here, because the driver's thread would raise it a second time, unhandled.
        _check_file(file.database)
    database = connect(url, busy_seconds=_LOCK_WAIT_SECONDS)
    try:
        async with database.writer.connect() as connection:
            revision = await connection.run_sync(_revision)
            whole = revision == newest() and not await connection.run_sync(missing_parts)
        if whole:
            return
        if revision is not None and revision not in _revisions():
            raise DatabaseTooNew(revision)
        async with database.writer.begin() as connection:
            await connection.run_sync(_run if revision != newest() else _mend)
    finally:
        await database.close()


def _check_file(path: str) -> None:
    """Raise SQLAlchemyError if SQLite cannot open this file, which may be missing."""
    if not Path(path).absolute().parent.is_dir():
        raise SQLAlchemyError(f"the folder of {path} does not exist")
    try:
        with closing(sqlite3.connect(path, timeout=_LOCK_WAIT_SECONDS)) as file:
            file.execute("PRAGMA schema_version")
    except sqlite3.Error as error:
        raise SQLAlchemyError(f"{path}: {error}") from error


def _mend(connection: Connection) -> None:
    _wait_for_others(connection)
    mend(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _run(connection: Connection) -> None:
    # Imported only when needed: it takes a fifth of a second.
    from alembic import command
    from alembic.config import Config

    _wait_for_others(connection)
    if connection.dialect.name == "mysql":
        _use_binary_collation(connection)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    full_text.make(connection, full_text.missing(connection))


def _wait_for_others(connection: Connection) -> None:
    """Two servers may start at once. On SQLite the transaction is lock enough."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7300123)"))
    elif connection.dialect.name == "mysql":
        # Released when the connection is closed, which is after the migration.
        connection.execute(text("SELECT GET_LOCK('meeting_asr_migration', :wait)"), {"wait": _LOCK_WAIT_SECONDS})


def _use_binary_collation(connection: Connection) -> None:
    """Set the character set and collation of an empty database; its tables inherit them. A database with tables stays
    as it is: columns of a foreign key must have the same collation."""
    if not inspect(connection).get_table_names():
        connection.execute(text(f"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {_BINARY_COLLATION}"))
