"""The clock jumps: nobody alive is taken for dead, nobody dead stays alive, nothing waits for a day."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from backend.database import Database, utc_now
from backend.events import Bus
from backend.jobs import queue
from backend.jobs.desk import Desk
from backend.jobs.herald import Herald
from backend.jobs.pipeline import Pipeline
from backend.jobs.queue import Limits
from backend.jobs.runner import Runner
from backend.jobs.tables import Job
from backend.minutes.models import Models
from backend.recordings.files import Storage
from backend.settings import Settings
from tests.jobs.conftest import MakeRecording, recording_of  # noqa: F401  (a fixture)

LIMITS = Limits()
DAY = timedelta(days=1)


class Clock:
    """Counts seconds as a monotonic clock does: when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def rescuer(database: Database, settings: Settings, clock: Clock) -> Runner:
    """A runner that is not started: it only looks for jobs of others."""
    pipeline = Pipeline(None, settings.models_dir)  # type: ignore[arg-type]  # it runs nothing
    herald, storage, desk = (
        Herald(database, Bus(), LIMITS),
        Storage(settings.uploads_dir),
        Desk(database, Models(database, settings)),
    )
    return Runner(database, herald, storage, pipeline, desk, LIMITS, rescue_seconds=30, clock=clock)


@pytest.fixture
async def job_elsewhere(database: Database, recording_of: MakeRecording) -> str:  # noqa: F811
    """A job that a runner of another machine is at."""
    recording = await recording_of("ann")
    async with database.write() as session:
        job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
        await queue.claim(session, runner="elsewhere:1:1.00", limits=LIMITS)
    return job.id


async def beats_at(database: Database, id: str, ahead: timedelta) -> None:
    """The other runner says that it is alive, by a clock of its own."""
    async with database.write() as session:
        await session.execute(update(Job).where(Job.id == id).values(beat_at=utc_now() + ahead))


async def status(database: Database, id: str) -> str:
    async with database.read() as session:
        return (await session.get_one(Job, id)).status


@pytest.mark.parametrize("ahead", [-DAY, timedelta(0), DAY, timedelta(hours=1)], ids=["-1 day", "0", "+1 day", "DST"])
async def test_a_runner_that_speaks_is_alive_whatever_its_clock_says(
    database: Database, rescuer: Runner, clock: Clock, job_elsewhere: str, ahead: timedelta
) -> None:
    for second in range(0, 120, 10):
        clock.now = float(second)
        await beats_at(database, job_elsewhere, ahead)
        await rescuer._rescue()

    assert await status(database, job_elsewhere) == "running"


@pytest.mark.parametrize("ahead", [-DAY, timedelta(0), DAY, timedelta(hours=1)], ids=["-1 day", "0", "+1 day", "DST"])
async def test_a_runner_that_is_silent_is_lost_after_the_same_time_whatever_its_clock_said(
    database: Database, rescuer: Runner, clock: Clock, job_elsewhere: str, ahead: timedelta
) -> None:
    await beats_at(database, job_elsewhere, ahead)

    await rescuer._rescue()
    clock.now = 29.0
    await rescuer._rescue()
    assert await status(database, job_elsewhere) == "running"

    clock.now = 30.0
    await rescuer._rescue()
    assert await status(database, job_elsewhere) == "queued"
