"""The schema's history. `upgrade` brings a database of any age to the present; running it again changes nothing."""

import asyncio
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from backend.database import async_url, connect

#: How tables of MySQL compare text: exactly. Its default takes "ada" for "Ada", and for "adä".
_EXACT = "utf8mb4_bin"

#: Seconds a server waits for another one that migrates the same database.
_PATIENCE = 120


class DatabaseTooNew(Exception):
    """The database was migrated by a newer version of this program."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is of a newer version of Meeting ASR (revision {revision}; this one knows {newest()}). "
            "Start that version, or restore a backup that was made before the update."
        )


def upgrade(url: str) -> None:
    """Migrate the database at `url`. Call it where no event loop runs (from a thread, or a script).

    Raises DatabaseTooNew, before anything is touched. A run that was killed is made good by the next one."""
    asyncio.run(_upgrade(url))


def newest() -> str:
    """The revision this code needs: histories are numbered and never fork."""
    return max(_revisions())


def _revisions() -> set[str]:
    return {path.name.partition("_")[0] for path in Path(__file__).parent.glob("versions/[0-9]*.py")}


async def _upgrade(url: str) -> None:
    file = async_url(url)
    if file.get_backend_name() == "sqlite" and file.database and not Path(file.database).absolute().parent.is_dir():
        # Said here, because the driver's thread would say it once more when nobody listens.
        raise SQLAlchemyError(f"the folder of {file.database} does not exist")
    database = connect(url, busy_seconds=_PATIENCE)
    try:
        async with database.writer.connect() as connection:
            revision = await connection.run_sync(_revision)
        if revision == newest():
            return
        if revision is not None and revision not in _revisions():
            raise DatabaseTooNew(revision)
        async with database.writer.begin() as connection:
            await connection.run_sync(_run)
    finally:
        await database.close()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _run(connection: Connection) -> None:
    # Imported only when there is something to do: it costs a fifth of a second of every start.
    from alembic import command
    from alembic.config import Config

    _wait_for_others(connection)
    if connection.dialect.name == "mysql":
        _compare_exactly(connection)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _wait_for_others(connection: Connection) -> None:
    """Two servers may start at once; on SQLite the transaction alone keeps them apart."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7300123)"))
    elif connection.dialect.name == "mysql":
        # Given back when the connection is closed, which it is after the migration.
        connection.execute(text("SELECT GET_LOCK('meeting_asr_migration', :wait)"), {"wait": _PATIENCE})


def _compare_exactly(connection: Connection) -> None:
    """Give a database that is still empty the alphabet and the comparisons of the other kinds; its tables take them
    over. One with tables is left as it is: columns that refer to each other have to compare alike."""
    if not inspect(connection).get_table_names():
        connection.execute(text(f"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {_EXACT}"))
