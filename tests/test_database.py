import asyncio
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError

from backend.accounts.tables import User
from backend.database import Database, after_commit, async_url, connect, is_busy
from backend.recordings.tables import Recording
from backend.transcripts.tables import Transcript


def user(name: str) -> User:
    return User(id=name, username=name, username_key=name)


async def test_a_write_is_committed_at_the_end(database: Database) -> None:
    async with database.write() as session:
        session.add(user("ann"))

    async with database.read() as session:
        assert await session.get(User, "ann") is not None


async def test_an_error_rolls_back_and_runs_no_callback(database: Database) -> None:
    callbacks: list[str] = []

    with pytest.raises(IntegrityError):
        async with database.write() as session:
            after_commit(session, lambda: callbacks.append("ann"))
            session.add(user("ann"))
            await session.flush()
            session.add(User(id="other", username="ann", username_key="ann"))
            await session.flush()

    async with database.read() as session:
        assert await session.get(User, "ann") is None
    assert callbacks == []


async def test_a_failed_commit_leaves_no_open_transaction(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_connection: object) -> None:
        raise database.writer.dialect.loaded_dbapi.OperationalError("disk I/O error")

    with monkeypatch.context() as failing, pytest.raises(OperationalError):
        async with database.write() as session:
            failing.setattr(database.writer.sync_engine.dialect, "do_commit", fail)
            session.add(user("ann"))
    async with database.write() as session:
        session.add(user("bob"))

    async with database.read() as session:
        assert list(await session.scalars(select(User.id))) == ["bob"]


async def test_callbacks_run_after_the_commit(database: Database) -> None:
    seen: list[bool] = []
    still_open: list[bool] = []

    async def look() -> None:
        async with database.read() as session:
            seen.append(await session.get(User, "ann") is not None)

    looks: list[asyncio.Task[None]] = []
    async with database.write() as session:
        session.add(user("ann"))
        after_commit(session, lambda: looks.append(asyncio.create_task(look())))
        after_commit(session, lambda: still_open.append(session.in_transaction()))
    await asyncio.gather(*looks)

    assert (seen, still_open) == ([True], [False])


async def test_foreign_keys_are_checked_and_deletes_cascade(database: Database) -> None:
    def meeting(id: str, owner: str) -> Recording:
        return Recording(id=id, owner_id=owner, name="a", extension="wav", size=1, sha256="0" * 64)

    async with database.write() as session:
        session.add(user("ann"))
        await session.flush()
        session.add(meeting("hers", "ann"))

    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(meeting("nobody's", "nobody"))
    async with database.write() as session:
        await session.execute(delete(User))

    async with database.read() as session:
        assert (await session.scalars(select(Recording.id))).all() == []


@pytest.mark.sqlite
async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        async with database.read() as session:
            await session.execute(text("DELETE FROM users"))


async def test_readers_do_not_wait_for_the_writer(database: Database) -> None:
    async with database.write() as session:
        session.add(user("ann"))
        await session.flush()

        async with database.read() as other:
            assert (await other.scalars(select(User))).all() == []


async def test_times_are_read_aware_and_with_microseconds(database: Database) -> None:
    shanghai = timezone(timedelta(hours=8))
    when = datetime(2026, 3, 1, 7, 30, 0, 123456, tzinfo=shanghai)
    async with database.write() as session:
        ann = user("ann")
        ann.created_at = when
        session.add(ann)

    async with database.read() as session:
        found = await session.get_one(User, "ann")
    assert found.created_at == when
    assert found.created_at.utcoffset() == timedelta(0)


async def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"):
        async with database.write() as session:
            ann = user("ann")
            ann.created_at = datetime(2026, 3, 1)  # noqa: DTZ001
            session.add(ann)


@pytest.mark.sqlite
async def test_sqlite_commits_survive_a_power_cut(database: Database) -> None:
    async with database.write() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await session.scalar(text("PRAGMA synchronous")) == 2


@pytest.mark.sqlite
async def test_deleted_data_is_in_none_of_the_files(database: Database, tmp_path: Path) -> None:
    marker = "只有这里才有的一句话"

    def found() -> list[str]:
        return [path.name for path in tmp_path.glob("server.db*") if marker.encode() in path.read_bytes()]

    async with database.write() as session:
        session.add(user(marker))
    assert found()
    async with database.write() as session:
        await session.execute(delete(User))

    async with database.read() as session:
        await session.execute(select(User))
        await database.checkpoint()  # does nothing while somebody reads
    await database.checkpoint()

    assert found() == []
    async with database.write() as session:
        session.add(user("v"))


@pytest.mark.sqlite
async def test_a_locked_database_counts_as_busy(database: Database, tmp_path: Path) -> None:
    other = connect(f"sqlite:///{tmp_path}/server.db")
    async with database.writer.connect() as holder, other.writer.connect() as waiting:
        await holder.execute(text("SELECT 1"))
        with pytest.raises(OperationalError) as refusal:
            await _begin_without_waiting(waiting)
    await other.close()

    assert is_busy(refusal.value)
    assert not is_busy(ValueError("locked"))


async def _begin_without_waiting(connection: object) -> None:
    raw = await connection.get_raw_connection()  # type: ignore[attr-defined]
    await raw.driver_connection.execute("PRAGMA busy_timeout=0")
    await connection.execute(text("SELECT 1"))  # type: ignore[attr-defined]


async def test_waiting_too_long_for_a_lock_counts_as_busy(database: Database, database_url: str) -> None:
    impatient = connect(database_url, busy_seconds=0.05)
    async with database.write() as session:
        session.add(user("ann"))
        await session.flush()

        with pytest.raises(DBAPIError) as refusal:
            async with impatient.write() as other:
                other.add(user("ann"))
                await other.flush()
    await impatient.close()

    assert is_busy(refusal.value)


async def test_only_one_side_of_a_deadlock_fails(database: Database) -> None:
    async with database.write() as session:
        session.add_all([user("ann"), user("bob")])

    async def disable(first: str, second: str, mine: asyncio.Event, others: asyncio.Event) -> None:
        async with database.write() as session:
            await session.execute(update(User).where(User.id == first).values(active=False))
            mine.set()
            if database.reader is database.writer:  # SQLite has one writer: they never meet
                await others.wait()
            await session.execute(update(User).where(User.id == second).values(active=False))

    met = asyncio.Event(), asyncio.Event()
    both = disable("ann", "bob", *met), disable("bob", "ann", *reversed(met))
    ends = await asyncio.gather(*both, return_exceptions=True)

    refused = [end for end in ends if isinstance(end, BaseException)]
    assert len(refused) == (1 if database.reader is database.writer else 0)
    assert all(is_busy(error) for error in refused)


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
async def test_an_unreachable_database_server_counts_as_busy(scheme: str) -> None:
    nowhere = connect(f"{scheme}://somebody:secret@127.0.0.1:1/none", busy_seconds=1)

    with pytest.raises(DBAPIError) as refusal:
        async with nowhere.read() as session:
            await session.execute(text("SELECT 1"))
    await nowhere.close()

    assert is_busy(refusal.value)


async def test_text_is_compared_exactly(database: Database) -> None:
    names = ["ada", "Ada", "adä", "ａｄａ", "阿达", "𝒜da😀"]
    async with database.write() as session:
        session.add_all([user(name) for name in names])

    async with database.read() as session:
        found = {name: await session.scalar(select(User.username).where(User.username_key == name)) for name in names}
    assert found == {name: name for name in names}


async def test_text_and_json_are_stored_unchanged(database: Database) -> None:
    stored = "𠮷野家😀 100%_\\ 'quoted' \"double\" \r\n\t 结束 "
    document = {"text": stored, "number": 0.1 + 0.2, "none": None, "列表": [1, [], {}]}
    async with database.write() as session:
        session.add(user("ann"))
        await session.flush()
        session.add(Recording(id="r", owner_id="ann", name=stored, extension="m4a", size=2**40, sha256="0" * 64))
        await session.flush()
        long = stored * 10_000  # more than the 64 KiB of MySQL's ordinary text
        session.add(
            Transcript(
                recording_id="r",
                owner_id="ann",
                number=1,
                origin="machine",
                document={**document, "long": long},
                text=long,
            )
        )

    async with database.read() as session:
        found = (await session.scalars(select(Transcript))).one()
        recording = await session.get_one(Recording, "r")
    assert (recording.name, recording.size) == (stored, 2**40)
    assert found.text == long
    assert found.document == {**document, "long": long}


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///./sqlite.db", "sqlite+aiosqlite"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg"),
        ("mysql://u:p@h/d", "mysql+asyncmy"),
        ("mariadb://u:p@h/d", "mysql+asyncmy"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg"),
    ],
)
def test_urls_without_a_driver_get_the_asynchronous_one(url: str, driver: str) -> None:
    assert async_url(url).drivername == driver


def test_mysql_uses_utf8mb4() -> None:
    assert async_url("mysql://u:p@h/d").query == {"charset": "utf8mb4"}
