"""A database that is full or read-only is answered as such, `/ready` tells, and one that cannot be opened ends the
program with a sentence."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from backend.__main__ import _open_app
from backend.app import create_app
from backend.database import Database
from backend.database_errors import DatabaseFull, DatabaseReadOnly, refusal
from backend.settings import Settings, load_settings
from tests.accounts.people import create_users

pytestmark = pytest.mark.sqlite

FULL, READ_ONLY = "PRAGMA max_page_count=1", "PRAGMA query_only=ON"


async def pragma(database: Database, statement: str) -> None:
    """Set a pragma on the connection that does all writes."""
    async with database.writer.connect() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection.execute_fetchall(statement)


async def fill(database: Database) -> None:
    """Write until the pages that SQLite has are used up."""
    async with database.write() as session:
        await session.execute(text("CREATE TABLE filler (content TEXT)"))
    await pragma(database, FULL)
    with pytest.raises(DBAPIError):
        while True:
            async with database.write() as session:
                await session.execute(text("INSERT INTO filler VALUES (:content)"), {"content": "x" * 1000})


async def test_a_full_database_is_known_by_its_error_and_works_again(database: Database) -> None:
    await fill(database)

    with pytest.raises(DBAPIError) as full:
        async with database.write() as session:
            await session.execute(text("INSERT INTO filler VALUES (:content)"), {"content": "x" * 9000})

    assert isinstance(refusal(full.value), DatabaseFull)
    await pragma(database, "PRAGMA max_page_count=1000000")
    await create_users(database)


async def test_a_read_only_database_is_known_by_its_error(database: Database) -> None:
    await pragma(database, READ_ONLY)

    with pytest.raises(DBAPIError) as refused:
        await create_users(database)

    assert isinstance(refusal(refused.value), DatabaseReadOnly)


class _Error(Exception):
    def __init__(self, *arguments: Any, sqlstate: str | None = None) -> None:
        super().__init__(*arguments)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (_Error("could not extend file", sqlstate="53100"), DatabaseFull),
        (_Error("cannot execute UPDATE in a read-only transaction", sqlstate="25006"), DatabaseReadOnly),
        (_Error(1114, "The table 'jobs' is full"), DatabaseFull),
        (_Error(1290, "The MariaDB server is running with the --read-only option"), DatabaseReadOnly),
        (sqlite3.OperationalError("no such table: jobs"), type(None)),
    ],
)
def test_the_errors_of_every_database_are_known(error: Exception, kind: type) -> None:
    assert isinstance(refusal(OperationalError("the test", None, error)), kind)


@pytest.fixture
async def server(settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Database]]:
    """The whole app, with a heartbeat every moment."""
    update = {"heartbeat_seconds": 0.01, "demo": True, "database_url": f"sqlite:///{tmp_path}/app.db"}
    app = create_app(settings.model_copy(update=update))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            yield client, app.state.database


@pytest.mark.parametrize(
    ("said", "state", "status"),
    [("database or disk is full", "full", 507), ("attempt to write a readonly database", "read_only", 503)],
)
async def test_requests_and_ready_tell_that_nothing_can_be_written(
    server: tuple[httpx.AsyncClient, Database], said: str, state: str, status: int
) -> None:
    client, database = server

    def refuse(*_: object) -> None:
        raise OperationalError("the test", None, sqlite3.OperationalError(said))

    assert (await client.get("/ready")).json()["database"] == "ok"
    event.listen(database.writer.sync_engine, "before_cursor_execute", refuse)
    async with asyncio.timeout(30):
        while (ready := await client.get("/ready")).json()["database"] == "ok":
            await asyncio.sleep(0.01)
    answer = await client.post("/api/auth/register", json={"username": "ada", "password": "明天早上九点半在一楼"})

    assert (ready.status_code, ready.json()["database"]) == (503, state)
    assert (answer.status_code, answer.json()["code"]) == (status, f"database_{state}")
    assert answer.headers["Retry-After"].isdigit()
    event.remove(database.writer.sync_engine, "before_cursor_execute", refuse)
    async with asyncio.timeout(30):
        while (await client.get("/ready")).json()["database"] != "ok":
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "DATABASE_URL is not a database URL"),
        ("oracle2://somewhere/x", "DATABASE_URL is not a database URL"),
        ("sqlite:////nowhere/at/all/server.db", "the folder of /nowhere/at/all/server.db does not exist"),
        ("sqlite:///{folder}/text.db", "file is not a database"),
        ("sqlite:///{folder}", "unable to open database file"),
        ("postgresql://somebody:secret@127.0.0.1:1/none", "cannot be reached"),
    ],
)
def test_a_database_that_cannot_be_opened_ends_the_program_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    (tmp_path / "text.db").write_text("this is a letter\n" * 100)
    monkeypatch.setenv("SECRET_KEY", "vJ4y-2Tq8mXo0LrZ7cWd5HsEb1NfKgUp")
    monkeypatch.setenv("UPLOADS_DIR", str(tmp_path / "uploads"))
    monkeypatch.setenv("DATABASE_URL", url.format(folder=tmp_path))

    with pytest.raises(typer.Exit) as end:
        _open_app(load_settings())

    sentence = capsys.readouterr().err
    assert (end.value.exit_code, len(sentence.splitlines())) == (2, 1)
    assert said in sentence
    assert "secret" not in sentence


def test_a_folder_of_uploads_that_cannot_be_made_ends_the_program_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("SECRET_KEY", "vJ4y-2Tq8mXo0LrZ7cWd5HsEb1NfKgUp")
    monkeypatch.setenv("UPLOADS_DIR", str(tmp_path / "a file" / "uploads"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/server.db")

    with pytest.raises(typer.Exit) as end:
        _open_app(load_settings())

    assert end.value.exit_code == 2
    assert capsys.readouterr().err == f"{tmp_path}/a file/uploads cannot be used: Not a directory.\n"
