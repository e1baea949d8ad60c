from datetime import timedelta

from sqlalchemy import update

from backend.database import Database, utc_now
from backend.jobs import queue
from backend.jobs.forecast import forecast, forecast_running, share, simulate
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


def test_owners_share_an_engine_and_the_shortest_of_an_owner_comes_first() -> None:
    assert share({"long": ("ann", 3600.0), "short": ("bob", 10.0)}) == {"short": 20.0, "long": 3610.0}
    assert share({"long": ("ann", 3600.0), "short": ("ann", 10.0)}) == {"short": 10.0, "long": 3610.0}
    assert share({"a": ("ann", 30.0), "b": ("bob", 20.0), "c": ("bob", 40.0)}) == {"b": 40.0, "a": 60.0, "c": 90.0}


async def test_a_job_that_waits_for_an_engine_ends_after_its_share_of_it(
    database: Database, recording_of: MakeRecording
) -> None:
    limits, now = Limits(), utc_now()
    progress = {
        "done": {"waited": [150.0]},
        "long": {"prepare": [3600.0, 3600.0], "transcribe": [1800.0, 3600.0], "diarize": [3600.0, 3600.0]},
        "short": {"transcribe": [0.0, 20.0, 1.0], "diarize": [20.0, 20.0]},
    }
    seconds = {"done": 100.0, "long": 3600.0, "short": 20.0}
    ids = {}
    for name, owner in (("done", "ann"), ("long", "ann"), ("short", "bob")):
        recording = await recording_of(owner)
        async with database.write() as session:
            await session.execute(update(Recording).where(Recording.id == recording).values(duration=seconds[name]))
            job = await queue.add(session, owner_id=owner, recording_id=recording, options={}, limits=limits)
            values: dict[str, object] = {"status": "done" if name == "done" else "running", "progress": progress[name]}
            values |= {"started_at": now - timedelta(seconds=200), "finished_at": now if name == "done" else None}
            await session.execute(update(Job).where(Job.id == job.id).values(**values))
            ids[name] = job.id

    async with database.read() as session:
        ends = await forecast_running(session)

    # The rate is 0.5: 200 s for 100 s of audio, of which 150 s were waits. The short one needs 10 s, in turns.
    assert ends == {ids["short"]: 20.0}


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

    # The last attempt of several did only what was left.
    async with database.write() as session:
        await session.execute(update(Job).where(Job.id == ids[0]).values(attempt=2))
    async with database.read() as session:
        assert await forecast(session, order, limits) == {}
