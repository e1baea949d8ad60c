import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from backend.database import utc_now
from backend.jobs import queue
from backend.jobs.queue import (
    FencingError,
    Heartbeat,
    JobFinal,
    JobNotFinal,
    JobNotFound,
    JobNotWaiting,
    Limits,
    QueueFull,
)
from backend.jobs.tables import Job, Kind, Status
from tests.jobs.queue_actions import LIMITS, LONG_AGO, QueueActions


async def test_a_claim_takes_the_oldest_job_and_counts_the_attempt(actions: QueueActions) -> None:
    first, _second = await actions.add("ann"), await actions.add("ann")

    claimed = await actions.claim()

    assert claimed is not None
    assert (claimed.id, claimed.status, claimed.attempt, claimed.runner) == (first.id, "running", 1, "r1")


async def test_two_runners_never_take_one_job_twice(actions: QueueActions) -> None:
    jobs = {(await actions.add(f"user{number}")).id for number in range(6)}
    limits = Limits(concurrent=6, per_user=2, size=50)

    claims = await asyncio.gather(*(actions.claim(f"r{number}", limits) for number in range(12)))

    taken = [job.id for job in claims if job is not None]
    assert sorted(taken) == sorted(jobs)


async def test_claims_respect_the_limit_and_the_limit_of_each_user(actions: QueueActions) -> None:
    for owner in ("ann", "ann", "ann", "bob", "bob"):
        await actions.add(owner)

    claimed = [await actions.claim() for _ in range(5)]

    running = Counter(job.owner_id for job in claimed if job is not None)
    assert running == {"ann": 2, "bob": 1}


async def test_the_limit_of_a_user_holds_also_when_nobody_else_waits(actions: QueueActions) -> None:
    for _ in range(3):
        await actions.add("ann")

    claimed = [await actions.claim() for _ in range(3)]

    assert [job is not None for job in claimed] == [True, True, False]


async def test_many_jobs_of_one_user_do_not_delay_other_users(actions: QueueActions) -> None:
    limits = Limits(concurrent=1, per_user=1, size=100)
    for _ in range(20):
        await actions.add("flood", limits)
    for number in range(4):
        await actions.add(f"quiet{number}", limits)

    served = []
    for _ in range(8):
        job = await actions.claim(limits=limits)
        assert job is not None
        served.append(job.owner_id)
        await actions.done(job)

    quiet = [place for place, owner in enumerate(served) if owner.startswith("quiet")]
    assert len(quiet) == 4
    assert max(quiet) <= 5


async def test_jobs_moved_to_the_front_are_claimed_first_within_the_limits(actions: QueueActions) -> None:
    flood = [await actions.add("a") for _ in range(4)]
    other = await actions.add("b")
    for job in (flood[2], flood[3]):
        async with actions.database.write() as session:
            moved = await queue.to_front(session, job)

    claimed = [await actions.claim() for _ in range(3)]

    assert moved.fronted_at is not None
    # the last one moved is first; then "a" is at the limit, so "b" is next
    assert [job and job.id for job in claimed] == [flood[3].id, flood[2].id, other.id]
    with pytest.raises(JobNotWaiting):
        async with actions.database.write() as session:
            await queue.to_front(session, flood[3])


async def test_a_delayed_job_can_be_moved_to_the_front(actions: QueueActions) -> None:
    await actions.add("a")
    job = await actions.claim()
    assert job is not None
    async with actions.database.write() as session:
        await queue.put_back(session, job, failed=True, delay=3600)
    assert await actions.claim() is None

    async with actions.database.write() as session:
        await queue.to_front(session, job)

    again = await actions.claim()
    assert again is not None
    assert (again.id, again.failures) == (job.id, 1)


async def test_limits_of_an_admin_hold_from_the_next_claim_until_they_are_unset(actions: QueueActions) -> None:
    for owner in "abcd":
        await actions.add(owner)
    async with actions.database.write() as session:
        await queue.set_limits(session, max_concurrent=1, max_size=2)

    assert await actions.claim() is not None
    assert await actions.claim() is None
    with pytest.raises(QueueFull):
        await actions.add("e")

    async with actions.database.write() as session:
        await queue.set_limits(session, max_concurrent=None)
        assert await queue.limits_now(session, LIMITS) == Limits(concurrent=3, per_user=2, size=2)
    assert await actions.claim() is not None


async def test_a_full_queue_refuses_and_stores_nothing(actions: QueueActions) -> None:
    limits = Limits(size=2)
    await actions.add("ann", limits)
    await actions.add("bob", limits)

    with pytest.raises(QueueFull) as refusal:
        await actions.add("cem", limits)

    assert refusal.value.headers == {"Retry-After": "60"}
    async with actions.database.read() as session:
        assert len((await session.scalars(select(Job))).all()) == 2


async def test_a_new_attempt_fences_the_old_runner(actions: QueueActions) -> None:
    await actions.add("ann")
    first = await actions.claim("slow")
    assert first is not None
    async with actions.database.write() as session:
        await queue.rescue(session, expired=[Heartbeat.of(first)], max_attempts=3)
    second = await actions.claim("quick")
    assert second is not None

    with pytest.raises(FencingError):
        await actions.done(first)
    await actions.done(second)

    assert (await actions.row(first.id)).status == "done"


async def test_a_fenced_publish_writes_nothing(actions: QueueActions) -> None:
    await actions.add("ann")
    job = await actions.claim()
    assert job is not None
    async with actions.database.write() as session:
        await queue.cancel(session, job)

    with pytest.raises(FencingError):
        async with actions.database.write() as session:
            await session.execute(update(Job).where(Job.id == job.id).values(error_detail="half a publish"))
            await queue.finish(session, job, Status.DONE)

    row = await actions.row(job.id)
    assert (row.status, row.error_detail) == ("cancelled", None)


async def test_a_job_put_back_on_a_clean_stop_counts_no_failure(actions: QueueActions) -> None:
    await actions.add("ann")
    job = await actions.claim()
    assert job is not None

    async with actions.database.write() as session:
        await queue.put_back(session, job, failed=False)

    row = await actions.row(job.id)
    assert (row.status, row.failures) == ("queued", 0)


async def test_a_delayed_job_is_not_claimed_before_its_time(actions: QueueActions) -> None:
    await actions.add("ann")
    job = await actions.claim()
    assert job is not None
    async with actions.database.write() as session:
        await queue.put_back(session, job, failed=True, delay=60)

    assert await actions.claim() is None
    async with actions.database.write() as session:
        later = await queue.claim(session, runner="r1", limits=LIMITS, now=utc_now() + timedelta(seconds=61))
    assert later is not None


async def test_a_delay_longer_than_the_longest_is_ignored(actions: QueueActions) -> None:
    await actions.add("ann")
    job = await actions.claim()
    assert job is not None
    async with actions.database.write() as session:
        await queue.put_back(session, job, failed=True, delay=30)

    async with actions.database.write() as session:
        yesterday = utc_now() - timedelta(days=1)
        again = await queue.claim(session, runner="r1", limits=LIMITS, now=yesterday)

    assert again is not None


async def test_cancelling_twice_fails_because_the_job_has_ended(actions: QueueActions) -> None:
    job = await actions.add("ann")
    async with actions.database.write() as session:
        await queue.cancel(session, job)

    with pytest.raises(JobFinal):
        async with actions.database.write() as session:
            await queue.cancel(session, job)


async def test_a_retry_clears_failures_and_the_error(actions: QueueActions) -> None:
    await actions.add("ann")
    job = await actions.claim()
    assert job is not None
    async with actions.database.write() as session:
        await queue.finish(session, job, Status.FAILED, code="engine_failed", detail="why")

    async with actions.database.write() as session:
        again = await queue.retry(session, await session.get_one(Job, job.id), LIMITS)

    assert (again.status, again.failures, again.error_code, again.attempt) == ("queued", 0, None, 1)
    with pytest.raises(JobNotFinal):
        async with actions.database.write() as session:
            await queue.retry(session, again, LIMITS)


async def test_a_job_of_another_user_is_not_found(actions: QueueActions) -> None:
    job = await actions.add("ann")

    async with actions.database.read() as session:
        with pytest.raises(JobNotFound):
            await queue.find(session, owner_id="bob", id=job.id)


@pytest.mark.slow
async def test_a_hundred_thousand_finished_jobs_change_no_claim(actions: QueueActions) -> None:
    """Finished jobs do not change which job is next."""
    await actions.recording_of("ann")
    recording = await actions.recording_of("bob")
    finished = {"recording_id": recording, "kind": "transcript", "options": {}, "status": "done", "attempt": 1}
    finished |= {"failures": 0, "progress": {}, "warnings": [], "created_at": LONG_AGO, "not_before": LONG_AGO}
    finished |= {"started_at": LONG_AGO, "finished_at": LONG_AGO}
    async with actions.database.write() as session:
        for start in range(0, 100_000, 10_000):
            numbers = range(start, start + 10_000)
            rows = [
                {**finished, "id": f"{number:032}", "owner_id": "ann" if number % 2 else "bob"} for number in numbers
            ]
            await session.execute(insert(Job), rows)
    first, second, third = await actions.add("ann"), await actions.add("ann"), await actions.add("bob")

    claims = [await actions.claim() for _ in range(4)]

    claimed = [job.id for job in claims if job is not None]
    assert sorted(claimed) == sorted([first.id, second.id, third.id])
    assert set(claimed[:2]) == {first.id, third.id}  # each owner gets one job before ann gets two
    assert claims[3] is None
    assert (await actions.row(f"{7:032}")).status == "done"


async def test_language_model_jobs_and_transcripts_have_separate_limits(actions: QueueActions) -> None:
    limits = Limits(concurrent=2, per_user=2, size=50, language=1)
    for kind in (Kind.MINUTES, Kind.POLISH, Kind.REPAIR, Kind.TRANSCRIPT, Kind.TRANSCRIPT, Kind.TRANSCRIPT):
        await actions.add(f"of {kind.value}", limits, kind)

    claimed = await asyncio.gather(*(actions.claim(f"r{number}", limits) for number in range(8)))

    kinds = Counter(job.kind for job in claimed if job is not None)
    assert kinds == {"transcript": 2, "minutes": 1}


async def test_a_free_language_model_slot_goes_to_a_waiting_language_model_job(actions: QueueActions) -> None:
    limits = Limits(concurrent=1, per_user=1, size=50, language=1)
    await actions.add("ann", limits)
    first, second = await actions.add("ann", limits, Kind.MINUTES), await actions.add("bob", limits, Kind.POLISH)
    claimed = [await actions.claim(limits=limits) for _ in range(3)]
    assert [job.kind for job in claimed if job] == ["transcript", "minutes"]

    await actions.done(await actions.row(first.id))

    freed = await actions.claim(limits=limits)
    assert freed is not None
    assert freed.id == second.id
    assert await actions.claim(limits=limits) is None
