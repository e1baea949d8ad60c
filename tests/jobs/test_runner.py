import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.coordination.leases import Leases
from backend.coordination.server import new_name
from backend.database import Database, utc_now
from backend.engines.hosts import open_engines
from backend.events.bus import Bus
from backend.jobs import queue
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.language_model_jobs import LanguageModelJobs
from backend.jobs.pipeline import Pipeline
from backend.jobs.queue import Limits
from backend.jobs.runner import Runner
from backend.jobs.tables import Job
from backend.minutes.models import Models
from backend.recordings.files import Storage
from backend.settings import Settings
from backend.transcripts.render_pool import RenderPool
from tests.jobs.conftest import MakeRecording

LIMITS = Limits()


@pytest.fixture
async def runner(database: Database, settings: Settings) -> AsyncIterator[Runner]:
    engines = open_engines(settings)
    runner = Runner(
        database,
        ChangeNotifier(database, Bus(), LIMITS),
        Storage(settings.uploads_dir),
        Pipeline(engines, settings.models_dir, demo=True),
        LanguageModelJobs(database, Models(database, settings, Leases(database))),
        LIMITS,
        RenderPool(settings.models_dir),
    )
    yield runner
    await runner.stop()
    await runner.render_pool.close()
    await engines.close()


async def ended(database: Database, id: str) -> Job:
    """The job once its row says that it has ended."""

    async def look() -> Job:
        while True:
            async with database.read() as session:
                job = await session.get_one(Job, id)
            if job.status not in ("queued", "running"):
                return job
            await asyncio.sleep(0.01)

    return await asyncio.wait_for(look(), 60)


async def test_a_job_whose_original_is_gone_fails_with_a_code(
    runner: Runner, database: Database, recording_of: MakeRecording
) -> None:
    recording = await recording_of("ann")
    runner.storage.make_folder(runner.storage.folder(recording))
    async with database.write() as session:
        job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)

    await runner.start()

    assert (await ended(database, job.id)).error_code == "input_missing"


async def test_jobs_of_dead_runners_are_put_back_at_start(
    runner: Runner, database: Database, recording_of: MakeRecording
) -> None:
    recording = await recording_of("ann")
    runner.storage.make_folder(runner.storage.folder(recording))
    host, place, _pid, _started, random = new_name().split(":")
    dead = f"{host}:{place}:{2**22 + 1}:1.00:{random}"
    async with database.write() as session:
        job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
        await queue.claim(session, runner=dead, limits=LIMITS, now=utc_now())

    await runner.start()

    assert (await ended(database, job.id)).attempt == 2


async def test_an_attempt_whose_end_could_not_be_written_is_repeated(
    runner: Runner, database: Database, recording_of: MakeRecording
) -> None:
    runner.heartbeat_seconds = 0.05
    recording = await recording_of("ann")
    runner.storage.make_folder(runner.storage.folder(recording))
    async with database.write() as session:
        job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
        await queue.claim(session, runner=runner.name, limits=LIMITS)

    await runner.start()

    assert (await ended(database, job.id)).attempt == 2


async def test_an_end_that_could_not_be_written_counts_as_the_end_of_a_runner_does(
    runner: Runner, database: Database, recording_of: MakeRecording
) -> None:
    runner.heartbeat_seconds, recording = 0.05, await recording_of("ann")
    runner.storage.make_folder(runner.storage.folder(recording))
    async with database.write() as session:
        for _ in range(2):
            await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
        further, stuck = [await queue.claim(session, runner=runner.name, limits=LIMITS) for _ in range(2)]
        assert further is not None
        assert stuck is not None
        await queue.report(session, further, progress={"transcribe": [60.0, 100.0]})

    await runner.start()

    # each fails once more, at its end: there is no file
    assert [(await ended(database, job.id)).failures - 1 for job in (further, stuck)] == [0, 1]


async def test_without_a_transcriber_a_job_fails_at_once_and_names_the_command(
    runner: Runner, database: Database, recording_of: MakeRecording, settings: Settings
) -> None:
    recording = await recording_of("ann")
    runner.pipeline = Pipeline(runner.pipeline.engines, settings.models_dir)
    async with database.write() as session:
        job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)

    await runner.start()

    row = await ended(database, job.id)
    assert (row.status, row.error_code, row.attempt) == ("failed", "model_missing", 1)
    assert "python -m backend models fetch" in (row.error_detail or "")


async def test_a_stopped_runner_claims_nothing(runner: Runner, database: Database, recording_of: MakeRecording) -> None:
    await runner.start()
    await runner.stop()
    assert not runner.alive
    recording = await recording_of("ann")
    async with database.write() as session:
        job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)

    runner.wake()

    async with database.read() as session:
        assert (await session.get_one(Job, job.id)).status == "queued"
