"""Jobs that have lost their runner, and what a killed runner counts."""

from sqlalchemy import select

from backend.database import Database
from backend.jobs import queue
from backend.jobs.advance import with_furthest
from backend.jobs.queue import (
    Heartbeat,
)
from backend.jobs.tables import Job, QueueLock
from tests.jobs.queue_actions import QueueActions


async def test_a_job_without_heartbeats_is_queued_again(actions: QueueActions) -> None:
    await actions.add("ann")
    job = await actions.claim("lost")
    assert job is not None

    async with actions.database.write() as session:
        moved = await queue.rescue(session, expired=[Heartbeat.of(job)], max_attempts=3)

    assert [moved_job.id for moved_job in moved] == [job.id]
    row = await actions.row(job.id)
    assert (row.status, row.failures, row.runner) == ("queued", 1, None)


async def test_a_job_with_a_recent_heartbeat_is_not_rescued(actions: QueueActions) -> None:
    await actions.add("ann")
    job = await actions.claim("alive")
    assert job is not None

    async with actions.database.write() as session:
        await queue.heartbeat(session, "alive")
        moved = await queue.rescue(session, expired=[Heartbeat.of(job)], max_attempts=3)

    assert moved == []


async def test_a_heartbeat_writes_even_where_nothing_runs(database: Database) -> None:
    async with database.write() as session:
        await queue.heartbeat(session, "idle")
    async with database.read() as session:
        before = await session.scalar(select(QueueLock.moves))
    async with database.write() as session:
        assert await queue.heartbeat(session, "idle") == {}

    async with database.read() as session:
        assert await session.scalar(select(QueueLock.moves)) != before


async def test_a_job_that_killed_three_runners_fails_with_the_reason(actions: QueueActions) -> None:
    added = await actions.add("ann")
    for attempt in range(3):
        assert await actions.claim(f"r{attempt}") is not None
        async with actions.database.write() as session:
            await queue.rescue(session, dead=[f"r{attempt}"], max_attempts=3)

    row = await actions.row(added.id)
    assert (row.status, row.error_code, row.attempt) == ("failed", "runner_died", 3)
    assert await actions.claim() is None


async def kill(actions: QueueActions, runner: str) -> None:
    async with actions.database.write() as session:
        await queue.rescue(session, dead=[runner], max_attempts=3)


async def start_together(actions: QueueActions, runner: str, seconds: dict[str, float]) -> dict[str, Job]:
    """Claim a job of each of these owners for one runner, and report how far each comes."""
    found: dict[str, Job] = {}
    for _ in seconds:
        job = await actions.claim(runner)
        assert job is not None
        found[job.owner_id] = job
    async with actions.database.write() as session:
        for owner, job in found.items():
            if seconds[owner]:
                progress = with_furthest({"transcribe": [seconds[owner], 1000.0]}, job)
                await queue.report(session, job, progress=progress)
    return found


async def test_a_killed_server_counts_only_against_the_job_that_comes_no_further(actions: QueueActions) -> None:
    await actions.add("ann")
    await actions.add("bob")
    for number in range(4):  # the job of ann always ends the server at the same place
        jobs = await start_together(actions, f"r{number}", {"ann": 60.0, "bob": 100.0 * (number + 1)})
        await kill(actions, f"r{number}")

    ann, bob = [await actions.row(jobs[owner].id) for owner in ("ann", "bob")]
    assert (ann.status, ann.failures, ann.error_code) == ("failed", 3, "runner_died")
    assert (bob.status, bob.failures) == ("queued", 0)


async def test_jobs_that_are_killed_before_they_begin_count_a_failure(actions: QueueActions) -> None:
    await actions.add("ann")
    await actions.add("bob")

    jobs = await start_together(actions, "r", {"ann": 0.0, "bob": 0.0})
    await kill(actions, "r")

    assert [(await actions.row(job.id)).failures for job in jobs.values()] == [1, 1]


async def test_jobs_cannot_end_their_runner_together_for_ever(actions: QueueActions) -> None:
    await actions.add("ann")
    await actions.add("bob")
    for number in range(12):
        jobs = await start_together(actions, f"r{number}", {"ann": number + 1.0, "bob": number + 1.0})
        await kill(actions, f"r{number}")

    assert [(await actions.row(job.id)).status for job in jobs.values()] == ["failed", "failed"]
