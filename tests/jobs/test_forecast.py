from datetime import timedelta

from sqlalchemy import update

from backend.database import Database, utc_now
from backend.jobs import queue
from backend.jobs.forecast import forecast, simulate
from backend.jobs.order import fair_order
from backend.jobs.queue import Limits
from backend.jobs.tables import Job, Pool
from backend.recordings.tables import Recording
from tests.jobs.conftest import MakeRecording


def test_a_free_slot_starts_the_first_at_once() -> None:
    assert simulate([], [("a", 10.0), ("b", 5.0)], slots=1) == {"a": 10.0, "b": 15.0}


def test_the_first_free_slot_takes_the_next_job() -> None:
    assert simulate([30.0, 4.0], [("a", 10.0), ("b", 5.0)], slots=2) == {"a": 14.0, "b": 19.0}


def test_with_more_running_jobs_than_slots_the_last_to_end_count() -> None:
    assert simulate([1.0, 2.0, 9.0], [("a", 1.0)], slots=2) == {"a": 3.0}


async def test_the_rate_is_measured_on_the_last_jobs(database: Database, recording_of: MakeRecording) -> None:
    limits = Limits(concurrent=1, per_user=1, size=10)
    ids = []
    for _ in range(2):
        recording = await recording_of("ann")
        async with database.write() as session:
            await session.execute(update(Recording).where(Recording.id == recording).values(duration=100.0))
            job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=limits)
            ids.append(job.id)
    async with database.read() as session:
        order = fair_order(await queue.snapshot(session, Pool.ENGINES), limits.per_user)
        assert await forecast(session, order, limits) == {}

    now = utc_now()
    ended = {"status": "done", "started_at": now - timedelta(seconds=50), "finished_at": now}
    async with database.write() as session:
        await session.execute(update(Job).where(Job.id == ids[0]).values(**ended))

    async with database.read() as session:
        order = fair_order(await queue.snapshot(session, Pool.ENGINES), limits.per_user)
        assert await forecast(session, order, limits) == {ids[1]: 50.0}
