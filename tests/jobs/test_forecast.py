from datetime import timedelta

from sqlalchemy import update

from backend.database import Database, utc_now
from backend.jobs import queue
from backend.jobs.forecast import forecast, play_forward
from backend.jobs.order import fair_order
from backend.jobs.queue import Limits
from backend.jobs.tables import Job, Lane
from backend.recordings.tables import Recording
from tests.jobs.conftest import MakeRecording


def test_a_free_slot_starts_the_first_at_once() -> None:
    assert play_forward([], [("a", 10.0), ("b", 5.0)], slots=1) == {"a": 10.0, "b": 15.0}


def test_the_slot_that_is_free_first_takes_the_next() -> None:
    assert play_forward([30.0, 4.0], [("a", 10.0), ("b", 5.0)], slots=2) == {"a": 14.0, "b": 19.0}


def test_more_running_than_slots_count_by_the_last_to_end() -> None:
    assert play_forward([1.0, 2.0, 9.0], [("a", 1.0)], slots=2) == {"a": 3.0}


async def test_the_pace_is_that_of_the_last_jobs(database: Database, recording_of: MakeRecording) -> None:
    limits = Limits(concurrent=1, per_user=1, size=10)
    ids = []
    for _ in range(2):
        recording = await recording_of("ann")
        async with database.write() as session:
            await session.execute(update(Recording).where(Recording.id == recording).values(duration=100.0))
            job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=limits)
            ids.append(job.id)
    async with database.read() as session:
        order = fair_order(await queue.look(session, Lane.ENGINES), limits.per_user)
        assert await forecast(session, order, limits) == {}

    now = utc_now()
    ended = {"status": "done", "started_at": now - timedelta(seconds=50), "finished_at": now}
    async with database.write() as session:
        await session.execute(update(Job).where(Job.id == ids[0]).values(**ended))

    async with database.read() as session:
        order = fair_order(await queue.look(session, Lane.ENGINES), limits.per_user)
        assert await forecast(session, order, limits) == {ids[1]: 50.0}
