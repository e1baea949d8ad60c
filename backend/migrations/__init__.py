"""The schema's history. `upgrade` brings a database of any age to the present; running it again changes nothing."""

import asyncio
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from backend.database import async_url, connect


def upgrade(url: str) -> None:
    """Migrate the database at `url`. Call it where no event loop runs (from a thread, or a script)."""
    asyncio.run(_upgrade(url))


def newest() -> str:
    """The revision this code needs: histories are numbered and never fork."""
    return max(path.name.partition("_")[0] for path in Path(__file__).parent.glob("versions/[0-9]*.py"))


async def _upgrade(url: str) -> None:
    file = async_url(url)
    if file.get_backend_name() == "sqlite" and file.database and not Path(file.database).absolute().parent.is_dir():
        # Said here, because the driver's thread would say it once more when nobody listens.
        raise SQLAlchemyError(f"the folder of {file.database} does not exist")
    database = connect(url)
    try:
        async with database.writer.connect() as connection:
            if await connection.run_sync(_revision) == newest():
                return
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

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
