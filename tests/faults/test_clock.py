"""The clock jumps: no live runner is taken for dead, no dead one for alive, and no job waits for a day."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from backend.coordination.leases import Leases
from backend.database import Database, utc_now
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
from tests.jobs.conftest import MakeRecording, recording_of  # noqa: F401  (a fixture)

LIMITS = Limits()
DAY = timedelta(days=1)


class Clock:
    """A monotonic clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def rescuer(database: Database, settings: Settings, clock: Clock) -> Runner:
    """A runner that is not started: it only rescues jobs of others."""
    pipeline = Pipeline(None, settings.models_dir)  # type: ignore[arg-type]  # it runs nothing
    notifier, storage, language_model_jobs = (
        ChangeNotifier(database, Bus(), LIMITS),
        Storage(settings.uploads_dir),
        LanguageModelJobs(database, Models(database, settings, Leases(database))),
    )
    render_pool = RenderPool(settings.models_dir)  # it starts no child before it renders
    return Runner(
        *(database, notifier, storage, pipeline, language_model_jobs, LIMITS, render_pool),
        rescue_seconds=30,
        clock=clock,
    )


@pytest.fixture
async def job_elsewhere(database: Database, recording_of: MakeRecording) -> str:  # noqa: F811
    """A job that runs on another machine."""
    recording = await recording_of("ann")
    async with database.write() as session:
        job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
        await queue.claim(session, runner="elsewhere:1:1.00", limits=LIMITS)
    return job.id


async def send_heartbeat(database: Database, id: str, ahead: timedelta) -> None:
    """Write a heartbeat of the other runner, by its own clock."""
    async with database.write() as session:
        await session.execute(update(Job).where(Job.id == id).values(heartbeat_at=utc_now() + ahead))


async def status(database: Database, id: str) -> str:
    async with database.read() as session:
        return (await session.get_one(Job, id)).status


@pytest.mark.parametrize("ahead", [-DAY, timedelta(0), DAY, timedelta(hours=1)], ids=["-1 day", "0", "+1 day", "DST"])
async def test_a_runner_with_heartbeats_is_alive_whatever_its_clock(
    database: Database, rescuer: Runner, clock: Clock, job_elsewhere: str, ahead: timedelta
) -> None:
    for second in range(0, 120, 10):
        clock.now = float(second)
        await send_heartbeat(database, job_elsewhere, ahead)
        await rescuer._rescue()

    assert await status(database, job_elsewhere) == "running"


@pytest.mark.parametrize("ahead", [-DAY, timedelta(0), DAY, timedelta(hours=1)], ids=["-1 day", "0", "+1 day", "DST"])
async def test_a_runner_without_heartbeats_is_lost_after_the_same_time_whatever_its_clock(
    database: Database, rescuer: Runner, clock: Clock, job_elsewhere: str, ahead: timedelta
) -> None:
    await send_heartbeat(database, job_elsewhere, ahead)

    await rescuer._rescue()
    clock.now = 29.0
    await rescuer._rescue()
    assert await status(database, job_elsewhere) == "running"

    clock.now = 30.0
    await rescuer._rescue()
    assert await status(database, job_elsewhere) == "queued"
