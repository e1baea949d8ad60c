"""What every test may ask for: settings of a house of its own, its database, the shared weights and recordings."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import backend.accounts.tables
import backend.jobs.tables
import backend.minutes.tables
import backend.recordings.tables
import backend.transcripts.tables  # noqa: F401  (all tables are known before they are made)
from backend.database import Base, Database, connect
from backend.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a house in a folder of its own, untouched by the environment and by `.env`."""
    return Settings(
        _env_file=None,
        secret_key="a key for tests, and long enough for them",
        database_url=f"sqlite:///{tmp_path}/house.db",
        uploads_dir=tmp_path / "uploads",
        models_dir=tmp_path / "models",
        disk_reserve_bytes=0,
        demo=True,
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """An empty database with every table."""
    database = connect(settings.database_url)
    async with database.writer.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real weights and recordings, where there is one."""
    folder = Path(os.environ.get("MEETING_ASR_SHARED") or ROOT.parent / "shared")
    if not (folder / "audio" / "README.md").exists():
        pytest.skip("no shared recordings: set MEETING_ASR_SHARED to the folder that holds audio/ and models/")
    return folder
