"""Fixtures for every test: settings of its own installation, a database, the shared weights and recordings."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text, update

import backend.accounts.tables
import backend.comments.tables
import backend.coordination.tables
import backend.delivery.tables
import backend.events.tables
import backend.housekeeping.tables
import backend.jobs.tables
import backend.library.tables
import backend.minutes.tables
import backend.people.tables
import backend.recordings.tables
import backend.search.tables
import backend.shares.tables
import backend.transcripts.tables
from backend import migrations
from backend.database import Base, Database, connect
from backend.settings import Settings
from backend.transcripts.fonts import FontMissing, fonts_of
from tests.databases import SQLITE, DatabaseServer, kinds_to_test, serve
from tests.selection import BROWSER, REAL_SERVERS, SLOW, SQLITE_ONLY

ROOT = Path(__file__).resolve().parent.parent


#: Answers the URL of a database of this kind.
Addresses = Callable[[str], str]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test with a database on every kind of database, unless it is marked `sqlite`."""
    if "kind_of_database" not in metafunc.fixturenames:
        return
    kinds = kinds_to_test()
    plain = metafunc.definition.nodeid.startswith(SQLITE_ONLY) or metafunc.definition.get_closest_marker("sqlite")
    if plain or "database" not in metafunc.fixturenames:
        kinds = [SQLITE]
    # The name of a test names its database only if there are several.
    ids = [pytest.HIDDEN_PARAM] if len(kinds) == 1 else kinds
    metafunc.parametrize("kind_of_database", kinds, indirect=True, ids=ids)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by path what `tests.selection` lists. Coverage is measured on one database, and only where it can be."""
    for item in items:
        if item.nodeid.startswith(BROWSER):
            item.add_marker(pytest.mark.browser)
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if item.nodeid.startswith(REAL_SERVERS) or parameters.get("kind_of_database", SQLITE) != SQLITE:
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the coverage as one figure: pytest-cov's table of every file would hide the results."""
    measured = terminalreporter.config.pluginmanager.getplugin("_cov")
    if measured is not None and measured.cov_total is not None:
        terminalreporter.write_line(f"Coverage of backend, without what runs in servers: {measured.cov_total:.1f} %")


@pytest.fixture
def kind_of_database(request: pytest.FixtureRequest) -> str:
    """sqlite, postgresql or mariadb."""
    return str(getattr(request, "param", SQLITE))


@pytest.fixture(scope="session")
def database_servers() -> Iterator[Callable[[str], DatabaseServer]]:
    """A database server of a kind, started at its first use."""
    running: dict[str, DatabaseServer] = {}
    with ExitStack() as stack:

        def find(kind: str) -> DatabaseServer:
            if kind not in running:
                running[kind] = stack.enter_context(serve(kind))
            return running[kind]

        yield find


@pytest.fixture(scope="session")
def migrated(database_servers: Callable[[str], DatabaseServer]) -> Addresses:
    """The URL of a database of a kind with every table. Tests share it and leave no rows in it."""
    made: dict[str, str] = {}

    def find(kind: str) -> str:
        if kind not in made:
            made[kind] = database_servers(kind).create()
            migrations.upgrade(made[kind])
        return made[kind]

    return find


@pytest.fixture
def database_url(kind_of_database: str, tmp_path: Path, migrated: Addresses) -> str:
    return f"sqlite:///{tmp_path}/server.db" if kind_of_database == SQLITE else migrated(kind_of_database)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of an installation in its own folder, independent of the environment and `.env`."""
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
                if table.name not in ("queue_gate", "event_sequence"):  # their rows are made by migrations
                    await connection.execute(text(f"DELETE FROM {table.name}"))  # noqa: S608
            unset = {"max_concurrent": None, "max_per_user": None, "max_size": None}
            await connection.execute(update(backend.jobs.tables.QueueLock).values(**unset))
    await database.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real weights and recordings; skips the test if there is none."""
    folder = Path(os.environ.get("MEETING_ASR_SHARED") or ROOT.parent / "shared")
    if not (folder / "audio" / "README.md").exists():
        pytest.skip("no shared recordings: set MEETING_ASR_SHARED to the folder that holds audio/ and models/")
    return folder


@pytest.fixture(scope="session")
def font() -> Path:
    """The font for PDF files: from `models fetch --set print`, or of the system."""
    try:
        return fonts_of(ROOT / "models")[0]
    except FontMissing as missing:
        pytest.skip(missing.detail)
