import asyncio
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select, update

from backend.database import Database, utc_now
from backend.jobs import queue
from backend.jobs.queue import (
    Beat,
    Fenced,
    JobFinal,
    JobNotFinal,
    JobNotFound,
    JobNotWaiting,
    Limits,
    QueueFull,
)
from backend.jobs.tables import Job, Kind, Status
from tests.jobs.conftest import MakeRecording

LIMITS = Limits(concurrent=3, per_user=2, size=50)
LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.utc)


class House:
    """The verbs of the queue, each in a transaction of its own."""

    def __init__(self, database: Database, recording_of: MakeRecording) -> None:
        self.database = database
        self.recording_of = recording_of

    async def add(self, owner: str, limits: Limits = LIMITS, kind: Kind = Kind.TRANSCRIPT) -> Job:
        recording = await self.recording_of(owner)
        whose = {"owner_id": owner, "recording_id": recording}
        async with self.database.write() as session:
            return await queue.add(session, **whose, options={}, limits=limits, kind=kind)

    async def claim(self, runner: str = "r1", limits: Limits = LIMITS) -> Job | None:
        async with self.database.write() as session:
            return await queue.claim(session, runner=runner, limits=limits)

    async def done(self, job: Job) -> None:
        async with self.database.write() as session:
            await queue.finish(session, job, Status.DONE)

    async def row(self, id: str) -> Job:
        async with self.database.read() as session:
            return await session.get_one(Job, id)


@pytest.fixture
def house(database: Database, recording_of: MakeRecording) -> House:
    return House(database, recording_of)


async def test_a_claim_takes_the_oldest_job_and_counts_the_attempt(house: House) -> None:
    first, _second = await house.add("ann"), await house.add("ann")

    claimed = await house.claim()

    assert claimed is not None
    assert (claimed.id, claimed.status, claimed.attempt, claimed.runner) == (first.id, "running", 1, "r1")


async def test_two_runners_never_take_one_job_twice(house: House) -> None:
    jobs = {(await house.add(f"user{number}")).id for number in range(6)}
    limits = Limits(concurrent=6, per_user=2, size=50)

    claims = await asyncio.gather(*(house.claim(f"r{number}", limits) for number in range(12)))

    taken = [job.id for job in claims if job is not None]
    assert sorted(taken) == sorted(jobs)


async def test_no_more_run_than_the_limit_and_no_more_of_one_user_than_his(house: House) -> None:
    for owner in ("ann", "ann", "ann", "bob", "bob"):
        await house.add(owner)

    claimed = [await house.claim() for _ in range(5)]

    running = Counter(job.owner_id for job in claimed if job is not None)
    assert running == {"ann": 2, "bob": 1}


async def test_one_who_is_alone_keeps_to_his_limit_though_there_is_room(house: House) -> None:
    for _ in range(3):
        await house.add("ann")

    claimed = [await house.claim() for _ in range(3)]

    assert [job is not None for job in claimed] == [True, True, False]


async def test_nobody_waits_behind_the_flood_of_another(house: House) -> None:
    limits = Limits(concurrent=1, per_user=1, size=100)
    for _ in range(20):
        await house.add("flood", limits)
    for number in range(4):
        await house.add(f"quiet{number}", limits)

    served = []
    for _ in range(8):
        job = await house.claim(limits=limits)
        assert job is not None
        served.append(job.owner_id)
        await house.done(job)

    quiet = [place for place, owner in enumerate(served) if owner.startswith("quiet")]
    assert len(quiet) == 4
    assert max(quiet) <= 5


async def test_what_was_moved_to_the_front_is_claimed_first_within_the_limits(house: House) -> None:
    flood = [await house.add("a") for _ in range(4)]
    other = await house.add("b")
    for job in (flood[2], flood[3]):
        async with house.database.write() as session:
            moved = await queue.to_front(session, job)

    claimed = [await house.claim() for _ in range(3)]

    assert moved.fronted_at is not None
    # the last one moved goes first; then "a" has as many running as one may, so "b" comes
    assert [job and job.id for job in claimed] == [flood[3].id, flood[2].id, other.id]
    with pytest.raises(JobNotWaiting):
        async with house.database.write() as session:
            await queue.to_front(session, flood[3])


async def test_a_job_that_waits_for_its_time_can_be_moved_to_the_front(house: House) -> None:
    await house.add("a")
    job = await house.claim()
    assert job is not None
    async with house.database.write() as session:
        await queue.put_back(session, job, failed=True, delay=3600)
    assert await house.claim() is None

    async with house.database.write() as session:
        await queue.to_front(session, job)

    again = await house.claim()
    assert again is not None
    assert (again.id, again.failures) == (job.id, 1)


async def test_limits_that_were_set_hold_from_the_next_claim_until_they_are_taken_back(house: House) -> None:
    for owner in "abcd":
        await house.add(owner)
    async with house.database.write() as session:
        await queue.set_limits(session, max_concurrent=1, max_size=2)

    assert await house.claim() is not None
    assert await house.claim() is None
    with pytest.raises(QueueFull):
        await house.add("e")

    async with house.database.write() as session:
        await queue.set_limits(session, max_concurrent=None)
        assert await queue.limits_now(session, LIMITS) == Limits(concurrent=3, per_user=2, size=2)
    assert await house.claim() is not None


async def test_a_full_queue_refuses_and_keeps_nothing(house: House) -> None:
    limits = Limits(size=2)
    await house.add("ann", limits)
    await house.add("bob", limits)

    with pytest.raises(QueueFull) as refusal:
        await house.add("cem", limits)

    assert refusal.value.headers == {"Retry-After": "60"}
    async with house.database.read() as session:
        assert len((await session.scalars(select(Job))).all()) == 2


async def test_a_successor_fences_the_runner_thought_dead(house: House) -> None:
    await house.add("ann")
    first = await house.claim("slow")
    assert first is not None
    async with house.database.write() as session:
        await queue.rescue(session, silent=[Beat.of(first)], max_attempts=3)
    second = await house.claim("quick")
    assert second is not None

    with pytest.raises(Fenced):
        await house.done(first)
    await house.done(second)

    assert (await house.row(first.id)).status == "done"


async def test_a_fenced_publish_writes_nothing_at_all(house: House) -> None:
    await house.add("ann")
    job = await house.claim()
    assert job is not None
    async with house.database.write() as session:
        await queue.cancel(session, job)

    with pytest.raises(Fenced):
        async with house.database.write() as session:
            await session.execute(update(Job).where(Job.id == job.id).values(error_detail="half a publish"))
            await queue.finish(session, job, Status.DONE)

    row = await house.row(job.id)
    assert (row.status, row.error_detail) == ("cancelled", None)


async def test_a_job_whose_runner_fell_silent_is_queued_again(house: House) -> None:
    await house.add("ann")
    job = await house.claim("gone")
    assert job is not None

    async with house.database.write() as session:
        moved = await queue.rescue(session, silent=[Beat.of(job)], max_attempts=3)

    assert [moved_job.id for moved_job in moved] == [job.id]
    row = await house.row(job.id)
    assert (row.status, row.failures, row.runner) == ("queued", 1, None)


async def test_a_job_with_a_recent_beat_is_left_alone(house: House) -> None:
    await house.add("ann")
    job = await house.claim("alive")
    assert job is not None

    async with house.database.write() as session:
        await queue.beat(session, "alive")
        moved = await queue.rescue(session, silent=[Beat.of(job)], max_attempts=3)

    assert moved == []


async def test_a_job_that_killed_three_runners_is_given_up_with_the_reason(house: House) -> None:
    added = await house.add("ann")
    for attempt in range(3):
        assert await house.claim(f"r{attempt}") is not None
        async with house.database.write() as session:
            await queue.rescue(session, dead=[f"r{attempt}"], max_attempts=3)

    row = await house.row(added.id)
    assert (row.status, row.error_code, row.attempt) == ("failed", "runner_died", 3)
    assert await house.claim() is None


async def test_a_job_put_back_on_a_clean_stop_has_lost_no_attempt(house: House) -> None:
    await house.add("ann")
    job = await house.claim()
    assert job is not None

    async with house.database.write() as session:
        await queue.put_back(session, job, failed=False)

    row = await house.row(job.id)
    assert (row.status, row.failures) == ("queued", 0)


async def test_a_delayed_job_is_not_claimed_before_its_time(house: House) -> None:
    await house.add("ann")
    job = await house.claim()
    assert job is not None
    async with house.database.write() as session:
        await queue.put_back(session, job, failed=True, delay=60)

    assert await house.claim() is None
    async with house.database.write() as session:
        later = await queue.claim(session, runner="r1", limits=LIMITS, now=utc_now() + timedelta(seconds=61))
    assert later is not None


async def test_a_delay_that_no_clock_of_today_can_have_written_holds_nobody(house: House) -> None:
    await house.add("ann")
    job = await house.claim()
    assert job is not None
    async with house.database.write() as session:
        await queue.put_back(session, job, failed=True, delay=30)

    async with house.database.write() as session:
        yesterday = utc_now() - timedelta(days=1)
        again = await queue.claim(session, runner="r1", limits=LIMITS, now=yesterday)

    assert again is not None


async def test_cancelling_twice_says_that_the_job_has_ended(house: House) -> None:
    job = await house.add("ann")
    async with house.database.write() as session:
        await queue.cancel(session, job)

    with pytest.raises(JobFinal):
        async with house.database.write() as session:
            await queue.cancel(session, job)


async def test_a_retry_begins_with_a_clean_slate(house: House) -> None:
    await house.add("ann")
    job = await house.claim()
    assert job is not None
    async with house.database.write() as session:
        await queue.finish(session, job, Status.FAILED, code="engine_failed", detail="why")

    async with house.database.write() as session:
        again = await queue.retry(session, await session.get_one(Job, job.id), LIMITS)

    assert (again.status, again.failures, again.error_code, again.attempt) == ("queued", 0, None, 1)
    with pytest.raises(JobNotFinal):
        async with house.database.write() as session:
            await queue.retry(session, again, LIMITS)


async def test_the_job_of_another_is_not_found(house: House) -> None:
    job = await house.add("ann")

    async with house.database.read() as session:
        with pytest.raises(JobNotFound):
            await queue.find(session, owner_id="bob", id=job.id)


async def test_a_hundred_thousand_finished_jobs_change_no_claim(house: House) -> None:
    """What has ended is history: who is next, and what may run, is as it would be without."""
    await house.recording_of("ann")
    recording = await house.recording_of("bob")
    finished = {"recording_id": recording, "kind": "transcript", "options": {}, "status": "done", "attempt": 1}
    finished |= {"failures": 0, "progress": {}, "warnings": [], "created_at": LONG_AGO, "not_before": LONG_AGO}
    finished |= {"started_at": LONG_AGO, "finished_at": LONG_AGO}
    async with house.database.write() as session:
        for start in range(0, 100_000, 10_000):
            numbers = range(start, start + 10_000)
            rows = [
                {**finished, "id": f"{number:032}", "owner_id": "ann" if number % 2 else "bob"} for number in numbers
            ]
            await session.execute(insert(Job), rows)
    first, second, third = await house.add("ann"), await house.add("ann"), await house.add("bob")

    claims = [await house.claim() for _ in range(4)]

    claimed = [job.id for job in claims if job is not None]
    assert sorted(claimed) == sorted([first.id, second.id, third.id])
    assert set(claimed[:2]) == {first.id, third.id}  # each owner has a turn before ann has two
    assert claims[3] is None
    assert (await house.row(f"{7:032}")).status == "done"


async def test_jobs_at_an_endpoint_take_no_place_from_transcription_nor_it_from_them(house: House) -> None:
    limits = Limits(concurrent=2, per_user=2, size=50, language=1)
    for kind in (Kind.MINUTES, Kind.POLISH, Kind.REPAIR, Kind.TRANSCRIPT, Kind.TRANSCRIPT, Kind.TRANSCRIPT):
        await house.add(f"of {kind.value}", limits, kind)

    claimed = await asyncio.gather(*(house.claim(f"r{number}", limits) for number in range(8)))

    kinds = Counter(job.kind for job in claimed if job is not None)
    assert kinds == {"transcript": 2, "minutes": 1}


async def test_a_place_at_the_endpoint_goes_to_who_waits_for_one(house: House) -> None:
    limits = Limits(concurrent=1, per_user=1, size=50, language=1)
    await house.add("ann", limits)
    first, second = await house.add("ann", limits, Kind.MINUTES), await house.add("bob", limits, Kind.POLISH)
    claimed = [await house.claim(limits=limits) for _ in range(3)]
    assert [job.kind for job in claimed if job] == ["transcript", "minutes"]

    await house.done(await house.row(first.id))

    freed = await house.claim(limits=limits)
    assert freed is not None
    assert freed.id == second.id
    assert await house.claim(limits=limits) is None
