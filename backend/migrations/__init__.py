"""The schema's history. `upgrade` brings a database of any age to the present; running it again changes nothing."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from backend.database import connect


def upgrade(url: str) -> None:
    """Migrate the database at `url`. Call it where no event loop runs (from a thread, or a script)."""
    asyncio.run(_upgrade(url))


async def _upgrade(url: str) -> None:
    database = connect(url)
    try:
        async with database.writer.begin() as connection:
            await connection.run_sync(_run)
    finally:
        await database.close()


def _run(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
