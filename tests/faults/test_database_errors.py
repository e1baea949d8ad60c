"""Every call of the database fails once, before it is done or after: no job is lost, and none is done twice."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from backend.database import Database
from backend.events import Bus
from backend.jobs import attempt, queue
from backend.jobs import runner as runner_
from backend.jobs.desk import Desk
from backend.jobs.herald import Herald
from backend.jobs.options import Options
from backend.jobs.pipeline import Outcome, Pipeline, Report, Source
from backend.jobs.queue import Limits
from backend.jobs.runner import Runner
from backend.jobs.tables import Job
from backend.jobs.workspace import Workspace
from backend.minutes.models import Models
from backend.recordings.files import Storage
from backend.recordings.tables import Recording
from backend.settings import Settings
from backend.speech.types import Segment
from backend.transcripts.document import Document
from backend.transcripts.tables import Transcript
from tests.faults.conftest import play
from tests.jobs.conftest import MakeRecording, recording_of  # noqa: F401  (a fixture)
from tests.serving import Server, until

LIMITS = Limits()
HEARD = Document(duration=1.0, segments=(Segment("p1", 0.0, 1.0, "今天我们开会。"),))


class Instant(Pipeline):
    """Hears the same at once."""

    async def run(self, source: Source, workspace: Workspace, options: Options, report: Report) -> Outcome:
        return Outcome(HEARD)


class Trouble:
    """Counts the calls of a database, and lets the one of number `at` fail: before it is done, or after."""

    def __init__(self, database: Database) -> None:
        self.calls = 0
        self.at: int | None = None
        self.done_all_the_same = False
        for engine in {database.writer.sync_engine, database.reader.sync_engine}:
            event.listen(engine, "before_cursor_execute", self._before)
            event.listen(engine, "after_cursor_execute", self._after)
            dialect: Any = engine.dialect
            commit = dialect.do_commit
            dialect.do_commit = lambda connection, commit=commit: self._commit(connection, commit)

    def fail(self, at: int, *, done_all_the_same: bool) -> None:
        self.calls, self.at, self.done_all_the_same = 0, at, done_all_the_same

    @property
    def over(self) -> bool:
        return self.at is None or self.calls >= self.at

    def _before(self, *_: Any) -> None:
        self.calls += 1
        if self.calls == self.at and not self.done_all_the_same:
            raise _locked()

    def _after(self, *_: Any) -> None:
        if self.calls == self.at and self.done_all_the_same:
            raise _locked()

    def _commit(self, connection: Any, commit: Callable[[Any], None]) -> None:
        self.calls += 1
        if self.calls == self.at and not self.done_all_the_same:
            raise sqlite3.OperationalError("database is locked")
        commit(connection)
        if self.calls == self.at:
            raise sqlite3.OperationalError("database is locked")


def _locked() -> OperationalError:
    return OperationalError("the test", None, sqlite3.OperationalError("database is locked"))


@asynccontextmanager
async def running(database: Database, settings: Settings) -> AsyncIterator[Runner]:
    runner = Runner(
        database,
        Herald(database, Bus(), LIMITS),
        Storage(settings.uploads_dir),
        Instant(None, settings.models_dir),  # type: ignore[arg-type]  # no engine is asked
        Desk(database, Models(database, settings)),
        LIMITS,
        heartbeat_seconds=0.05,
    )
    runner.storage.make(settings.uploads_dir)
    await runner.start()
    yield runner
    await runner.stop()


async def insisting(work: Callable[[], Awaitable[Any]]) -> Any:
    """What a client does that is told to come back."""
    while True:
        try:
            return await work()
        except SQLAlchemyError:
            await asyncio.sleep(0)


async def one_job(database: Database, runner: Runner, recording: str) -> str:
    """Add a job with an id of the client's own, so that to ask again is to ask for the same; wait for its end."""
    id = recording[::-1]

    async def add() -> None:
        async with database.write() as session:
            if await session.get(Job, id) is None:
                job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
                job.id = id

    async def look() -> str:
        async with database.read() as session:
            return (await session.get_one(Job, id)).status

    await insisting(add)
    runner.wake()
    while await insisting(look) in ("queued", "running"):
        await asyncio.sleep(0.005)
    return id


@pytest.mark.sqlite
@pytest.mark.parametrize("done_all_the_same", [False, True], ids=["with an error", "done, then an error"])
async def test_whichever_call_of_the_database_fails_the_job_is_done_once(
    database: Database,
    settings: Settings,
    recording_of: MakeRecording,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    done_all_the_same: bool,
) -> None:
    monkeypatch.setattr(attempt, "BUSY_PAUSE_SECONDS", 0.01)  # some thirty times over, both would be a minute
    monkeypatch.setattr(runner_, "LOOK_SECONDS", 0.05)
    trouble = Trouble(database)
    async with running(database, settings) as runner:
        at = 0
        while True:
            at += 1
            recording = await recording_of("ann")
            trouble.fail(at, done_all_the_same=done_all_the_same)
            id = await one_job(database, runner, recording)
            hit = trouble.over
            trouble.at = None
            async with database.read() as session:
                job = await session.get_one(Job, id)
                made = (await session.scalars(select(Transcript).where(Transcript.recording_id == recording))).all()
                count = len((await session.scalars(select(Job).where(Job.recording_id == recording))).all())
                assert await session.get(Recording, recording) is not None
            assert (job.status, count, [one.number for one in made]) == ("done", 1, [1]), f"call {at}: {job.error_code}"
            if not hit:
                break
    assert at > 15


_HOLD = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


class Holder:
    """An outside program that holds the database from `hold` to `release`."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def hold(self) -> None:
        command = [sys.executable, "-c", _HOLD, str(self._database)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"held\n"

    def release(self) -> None:
        self._process.communicate()


@pytest.fixture
def holder(server: Server) -> Holder:
    return Holder(server.folder / "house.db")


def test_a_lock_shorter_than_the_patience_is_not_noticed(server: Server, recording: Path, holder: Holder) -> None:
    server.start(DATABASE_BUSY_SECONDS="30")
    holder.hold()
    with recording.open("rb") as file:
        files = {"file": (recording.name, file.read())}
    release = threading.Timer(1.0, holder.release)
    release.start()

    answer = server.client.post("/api/recordings", files=files)

    release.join()
    assert answer.status_code == 201
    assert server.ended(answer.json()["job"]["id"])["status"] == "done"


def test_a_lock_longer_than_the_patience_is_a_503_and_work_goes_on_after_it(
    server: Server, recording: Path, holder: Holder
) -> None:
    play(server, transcribe={"delay": 0.05})
    server.start(DATABASE_BUSY_SECONDS="1")
    id, job = server.upload(recording)
    until(lambda: server.job(job)["status"] == "running")
    holder.hold()

    with recording.open("rb") as file:
        answer = server.client.post("/api/recordings", files={"file": (recording.name, file)})
    log = "The database is busy; trying again"
    until(lambda: log in server.log.read_text(encoding="utf-8"))  # the job itself has come to its end, and waits
    assert server.client.get(f"/api/jobs/{job}").status_code == 200  # looking needs no lock
    holder.release()

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["Retry-After"].isdigit()
    state = server.ended(job)
    assert (state["status"], state["attempt"], state["warnings"]) == ("done", 1, [])
    assert [row[0] for row in server.rows("SELECT count(*) FROM recordings")] == [1]
    versions = server.client.get(f"/api/recordings/{id}/transcript/versions").json()
    assert [version["number"] for version in versions] == [1]
