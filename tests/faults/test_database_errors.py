"""Every database call fails once, before or after it is executed: no job is lost, and none is done twice."""

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

from backend.coordination.leases import Leases
from backend.database import Database
from backend.events.bus import Bus
from backend.jobs import attempt, queue
from backend.jobs import runner as runner_
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.language_model_jobs import LanguageModelJobs
from backend.jobs.options import Options
from backend.jobs.pipeline import Outcome, Pipeline, ProgressCallback, Source, StageWaitCallback, ignore_stage_wait
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
from backend.transcripts.render_pool import RenderPool
from backend.transcripts.tables import Transcript
from tests.faults.conftest import play
from tests.jobs.conftest import MakeRecording, recording_of  # noqa: F401  (a fixture)
from tests.serving import Server, until

LIMITS = Limits()
DOCUMENT = Document(duration=1.0, segments=(Segment("p1", 0.0, 1.0, "今天我们开会。"),))


class InstantPipeline(Pipeline):
    """Recognises the same document at once."""

    async def run(
        self,
        source: Source,
        workspace: Workspace,
        options: Options,
        report_progress: ProgressCallback,
        report_wait: StageWaitCallback = ignore_stage_wait,
    ) -> Outcome:
        return Outcome(DOCUMENT)


class FailingCalls:
    """Counts the calls of a database, and makes call number `at` fail, before or after it is executed."""

    def __init__(self, database: Database) -> None:
        self.calls = 0
        self.at: int | None = None
        self.after_the_call = False
        for engine in {database.writer.sync_engine, database.reader.sync_engine}:
            event.listen(engine, "before_cursor_execute", self._before)
            event.listen(engine, "after_cursor_execute", self._after)
            dialect: Any = engine.dialect
            commit = dialect.do_commit
            dialect.do_commit = lambda connection, commit=commit: self._commit(connection, commit)

    def fail(self, at: int, *, after_the_call: bool) -> None:
        self.calls, self.at, self.after_the_call = 0, at, after_the_call

    @property
    def over(self) -> bool:
        return self.at is None or self.calls >= self.at

    def _before(self, *_: Any) -> None:
        self.calls += 1
        if self.calls == self.at and not self.after_the_call:
            raise _locked()

    def _after(self, *_: Any) -> None:
        if self.calls == self.at and self.after_the_call:
            raise _locked()

    def _commit(self, connection: Any, commit: Callable[[Any], None]) -> None:
        self.calls += 1
        if self.calls == self.at and not self.after_the_call:
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
        ChangeNotifier(database, Bus(), LIMITS),
        Storage(settings.uploads_dir),
        InstantPipeline(None, settings.models_dir),  # type: ignore[arg-type]  # no engine is used
        LanguageModelJobs(database, Models(database, settings, Leases(database))),
        LIMITS,
        RenderPool(settings.models_dir),
        heartbeat_seconds=0.05,
    )
    runner.storage.make_folder(settings.uploads_dir)
    await runner.start()
    yield runner
    await runner.stop()
    await runner.render_pool.close()


async def retry_until_done(work: Callable[[], Awaitable[Any]]) -> Any:
    """Retries as a client does after a 503."""
    while True:
        try:
            return await work()
        except SQLAlchemyError:
            await asyncio.sleep(0)


async def one_job(database: Database, runner: Runner, recording: str) -> str:
    """Add a job with a fixed id, so that a retry adds no second one, and wait for its end."""
    id = recording[::-1]

    async def add() -> None:
        async with database.write() as session:
            if await session.get(Job, id) is None:
                job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
                job.id = id

    async def look() -> str:
        async with database.read() as session:
            return (await session.get_one(Job, id)).status

    await retry_until_done(add)
    runner.wake()
    while await retry_until_done(look) in ("queued", "running"):
        await asyncio.sleep(0.005)
    return id


@pytest.mark.sqlite
@pytest.mark.parametrize("after_the_call", [False, True], ids=["with an error", "done, then an error"])
async def test_a_job_is_done_once_whichever_database_call_fails(
    database: Database,
    settings: Settings,
    recording_of: MakeRecording,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    after_the_call: bool,
) -> None:
    monkeypatch.setattr(attempt, "BUSY_PAUSE_SECONDS", 0.01)  # for about thirty repetitions
    monkeypatch.setattr(runner_, "POLL_SECONDS", 0.05)
    failing_calls = FailingCalls(database)
    async with running(database, settings) as runner:
        at = 0
        while True:
            at += 1
            recording = await recording_of("ann")
            failing_calls.fail(at, after_the_call=after_the_call)
            id = await one_job(database, runner, recording)
            hit = failing_calls.over
            failing_calls.at = None
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


class LockHolder:
    """Another process that locks the database from `hold` to `release`."""

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
def holder(server: Server) -> LockHolder:
    return LockHolder(server.folder / "server.db")


def test_a_lock_shorter_than_the_timeout_has_no_effect(server: Server, recording: Path, holder: LockHolder) -> None:
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


def test_a_lock_longer_than_the_timeout_is_a_503_and_work_continues_after_it(
    server: Server, recording: Path, holder: LockHolder
) -> None:
    play(server, transcribe={"delay": 0.05})
    server.start(DATABASE_BUSY_SECONDS="1")
    id, job = server.upload(recording)
    until(lambda: server.job(job)["status"] == "running")
    holder.hold()

    with recording.open("rb") as file:
        answer = server.client.post(
            "/api/recordings", data={"allow_duplicate": "true"}, files={"file": (recording.name, file)}
        )
    log = "The database cannot be written to; trying again"
    until(lambda: log in server.log.read_text(encoding="utf-8"))  # the job has finished and waits for the lock
    assert server.client.get(f"/api/jobs/{job}").status_code == 200  # reading needs no lock
    holder.release()

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["Retry-After"].isdigit()
    state = server.ended(job)
    assert (state["status"], state["attempt"], state["warnings"]) == ("done", 1, [])
    assert [row[0] for row in server.rows("SELECT count(*) FROM recordings")] == [1]
    versions = server.client.get(f"/api/recordings/{id}/transcript/versions").json()
    assert [version["number"] for version in versions] == [1]
