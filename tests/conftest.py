"""What every test may ask for: settings of a house of its own, its database, the shared weights and recordings."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text, update

import backend.accounts.tables
import backend.housekeeping.tables
import backend.jobs.tables
import backend.minutes.tables
import backend.recordings.tables
import backend.shares.tables
import backend.transcripts.tables
from backend import migrations
from backend.database import Base, Database, connect
from backend.settings import Settings
from backend.transcripts.fonts import FontMissing, fonts_of
from tests.databases import SQLITE, DatabaseServer, serve, wanted

ROOT = Path(__file__).resolve().parent.parent


#: Answers an address of the database of one test.
Addresses = Callable[[str], str]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever asks for a database is a fact about every kind of them, unless it is marked as one about SQLite."""
    if "kind_of_database" not in metafunc.fixturenames:
        return
    kinds = wanted()
    if metafunc.definition.get_closest_marker("sqlite") or "database" not in metafunc.fixturenames:
        kinds = [SQLITE]
    # The name of a test says its database only where there is a choice.
    ids = [pytest.HIDDEN_PARAM] if len(kinds) == 1 else kinds
    metafunc.parametrize("kind_of_database", kinds, indirect=True, ids=ids)


@pytest.fixture
def kind_of_database(request: pytest.FixtureRequest) -> str:
    """sqlite, postgresql or mariadb."""
    return str(getattr(request, "param", SQLITE))


@pytest.fixture(scope="session")
def database_servers() -> Iterator[Callable[[str], DatabaseServer]]:
    """A server of a kind, started when it is first asked for."""
    running: dict[str, DatabaseServer] = {}
    with ExitStack() as stack:

        def find(kind: str) -> DatabaseServer:
            if kind not in running:
                running[kind] = stack.enter_context(serve(kind))
            return running[kind]

        yield find


@pytest.fixture(scope="session")
def migrated(database_servers: Callable[[str], DatabaseServer]) -> Addresses:
    """The address of a database of a kind that has every table; tests share it and leave no rows in it."""
    made: dict[str, str] = {}

    def find(kind: str) -> str:
        if kind not in made:
            made[kind] = database_servers(kind).create()
            migrations.upgrade(made[kind])
        return made[kind]

    return find


@pytest.fixture
def database_url(kind_of_database: str, tmp_path: Path, migrated: Addresses) -> str:
    return f"sqlite:///{tmp_path}/house.db" if kind_of_database == SQLITE else migrated(kind_of_database)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of a house in a folder of its own, untouched by the environment and by `.env`."""
    return Settings(
        _env_file=None,
        secret_key="a key for tests, and long enough for them",
        database_url=database_url,
        uploads_dir=tmp_path / "uploads",
        models_dir=tmp_path / "models",
        disk_reserve_bytes=0,
        demo=True,
    )


@pytest.fixture
async def database(settings: Settings, kind_of_database: str) -> AsyncIterator[Database]:
    """An empty database with every table."""
    database = connect(settings.database_url)
    if kind_of_database == SQLITE:
        async with database.writer.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
    yield database
    if kind_of_database != SQLITE:
        async with database.writer.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name != "queue_gate":  # its one row is there from the first migration on
                    await connection.execute(text(f"DELETE FROM {table.name}"))  # noqa: S608
            nothing_set = {"max_concurrent": None, "max_per_user": None, "max_size": None}
            await connection.execute(update(backend.jobs.tables.Gate).values(**nothing_set))
    await database.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real weights and recordings, where there is one."""
    folder = Path(os.environ.get("MEETING_ASR_SHARED") or ROOT.parent / "shared")
    if not (folder / "audio" / "README.md").exists():
        pytest.skip("no shared recordings: set MEETING_ASR_SHARED to the folder that holds audio/ and models/")
    return folder


@pytest.fixture(scope="session")
def font() -> Path:
    """The font of PDF files, where `models fetch --set print` has put it, or one of the system's."""
    try:
        return fonts_of(ROOT / "models")[0]
    except FontMissing as missing:
        pytest.skip(missing.detail)
