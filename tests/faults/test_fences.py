"""Fencing, the queue lock and transactions, one by one, with two concurrent users of each."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.tables import User
from backend.coordination.leases import Leases
from backend.database import Database, connect, utc_now
from backend.events.bus import Bus
from backend.jobs import queue
from backend.jobs.attempt import Attempt
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.language_model_jobs import LanguageModelJobs
from backend.jobs.pipeline import Outcome
from backend.jobs.queue import FencingError, Heartbeat, Limits
from backend.jobs.tables import Job, QueueLock, Status
from backend.minutes.models import Models
from backend.recordings import uploads
from backend.recordings.files import Storage
from backend.recordings.service import RecordingNotFound
from backend.recordings.tables import Recording
from backend.recordings.uploads import UploadNotFound
from backend.settings import Settings
from backend.transcripts.tables import Transcript
from tests.faults.test_database_errors import DOCUMENT, InstantPipeline
from tests.jobs.conftest import MakeRecording, recording_of  # noqa: F401  (a fixture)

LIMITS = Limits()
QueueChange = Callable[[AsyncSession, Job], Awaitable[Any]]


async def one_job(database: Database, recording: str) -> Job:
    async with database.write() as session:
        return await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)


async def lock_count(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(QueueLock.moves)) or 0


QUEUE_CHANGES: dict[str, QueueChange] = {
    "add": lambda session, job: queue.add(
        session, owner_id="ann", recording_id=job.recording_id, options={}, limits=LIMITS
    ),
    "claim": lambda session, _: queue.claim(session, runner="here:1:1.00", limits=LIMITS),
    "cancel": queue.cancel,
    "front": queue.to_front,
    "rescue": lambda session, _: queue.rescue(session, dead=["nobody:1:1.00"], max_attempts=3),
    "open": lambda session, job: queue.open_jobs(session, job.recording_id),
    "retry": lambda session, job: queue.retry(session, job, LIMITS),
    "limits": lambda session, _: queue.set_limits(session, max_size=50),
}


@pytest.mark.parametrize("move", QUEUE_CHANGES)
async def test_every_queue_change_takes_the_queue_lock(
    database: Database, recording_of: MakeRecording, move: str  # noqa: F811
) -> None:  # fmt: skip
    job = await one_job(database, await recording_of("ann"))
    if move == "retry":  # only an ended job can be retried
        async with database.write() as session:
            await queue.cancel(session, job)
    before = await lock_count(database)

    async with database.write() as session:
        await QUEUE_CHANGES[move](session, job)

    assert await lock_count(database) == before + 1


async def test_nothing_is_queued_for_a_trashed_recording(database: Database, recording_of: MakeRecording) -> None:  # noqa: F811
    job = await one_job(database, await recording_of("ann"))
    async with database.write() as session:
        await queue.cancel(session, job)
        await session.execute(update(Recording).values(trashed_at=utc_now()))

    for again in (QUEUE_CHANGES["add"], lambda session, job: queue.retry(session, job, LIMITS)):
        with pytest.raises(RecordingNotFound):
            async with database.write() as session:
                await again(session, job)


async def test_a_job_with_a_heartbeat_at_the_last_moment_is_not_rescued(
    database: Database, recording_of: MakeRecording  # noqa: F811
) -> None:  # fmt: skip
    await one_job(database, await recording_of("ann"))
    async with database.write() as session:
        job = await queue.claim(session, runner="elsewhere:1:1.00", limits=LIMITS)
    assert job is not None
    expired = Heartbeat.of(job)
    async with database.write() as session:
        await session.execute(update(Job).values(heartbeat_at=utc_now() + timedelta(seconds=1)))

    async with database.write() as session:
        assert await queue.rescue(session, expired=[expired], max_attempts=3) == []


async def test_a_superseded_attempt_publishes_nothing(
    database: Database,
    settings: Settings,
    recording_of: MakeRecording,  # noqa: F811
) -> None:
    await one_job(database, await recording_of("ann"))
    async with database.write() as session:
        job = await queue.claim(session, runner="here:1:1.00", limits=LIMITS)
    assert job is not None
    async with database.write() as session:
        await session.execute(update(Job).values(attempt=2, runner="elsewhere:1:1.00"))
    attempt = Attempt(
        database=database,
        storage=Storage(settings.uploads_dir),
        pipeline=InstantPipeline(None, settings.models_dir),  # type: ignore[arg-type]  # no engine is used
        language_model_jobs=LanguageModelJobs(database, Models(database, settings, Leases(database))),
        notifier=ChangeNotifier(database, Bus(), LIMITS),
        job=job,
        limits=LIMITS,
        max_attempts=3,
        max_seconds=60.0,
    )

    with pytest.raises(FencingError):
        await attempt._publish(Outcome(DOCUMENT))

    async with database.read() as session:
        assert (await session.scalars(select(Transcript))).all() == []
        assert (await session.scalars(select(Job.status))).all() == [Status.RUNNING.value]


async def test_a_read_for_update_blocks_other_writers(
    database: Database, settings: Settings, recording_of: MakeRecording  # noqa: F811
) -> None:  # fmt: skip
    await recording_of("ann")
    other = connect(settings.database_url)

    async def count_too() -> None:
        async with other.write() as session:
            recording = (await session.scalars(select(Recording).with_for_update())).one()
            await session.execute(update(Recording).values(size=recording.size + 1))

    async with database.write() as session:
        recording = (await session.scalars(select(Recording).with_for_update())).one()
        second = asyncio.create_task(count_too())
        await asyncio.wait([second], timeout=0.5)  # it waits for this transaction
        await session.execute(update(Recording).values(size=recording.size + 1))
    await second
    await other.close()

    async with database.read() as session:
        assert (await session.scalars(select(Recording.size))).all() == [3]


async def test_an_upload_continues_at_its_offset_and_becomes_one_recording(database: Database) -> None:
    now, life = utc_now(), timedelta(hours=1)
    async with database.write() as session:
        session.add(User(id="ann", username="ann", username_key="ann"))
        await session.flush()
        upload = await uploads.create(session, owner_id="ann", name="a.wav", size=10, now=now, lifetime=life)

    async def advance(expected: int, received: int) -> None:
        async with database.write() as session:
            await uploads.advance(
                session, upload=upload, expected=expected, received=received, sha256=None, expires_at=now + life
            )

    await advance(0, 5)
    with pytest.raises(UploadNotFound):
        await advance(0, 7)
    async with database.write() as session:
        await uploads.remove(session, owner_id="ann", ids=[upload.id])
    with pytest.raises(UploadNotFound):
        async with database.write() as session:
            await uploads.remove(session, owner_id="ann", ids=[upload.id])


async def test_a_heartbeat_is_for_the_jobs_of_its_runner_only(database: Database, recording_of: MakeRecording) -> None:  # noqa: F811
    for runner in ("one:1:1.00", "other:1:1.00"):
        await one_job(database, await recording_of("ann"))
        async with database.write() as session:
            assert await queue.claim(session, runner=runner, limits=LIMITS) is not None

    async with database.write() as session:
        mine = await queue.heartbeat(session, "one:1:1.00")

    async with database.read() as session:
        runners = {id: runner for id, runner in await session.execute(select(Job.id, Job.runner))}
    assert [runners[id] for id in mine] == ["one:1:1.00"]


async def test_a_superseded_attempt_reports_nothing_and_puts_nothing_back(
    database: Database, recording_of: MakeRecording  # noqa: F811
) -> None:  # fmt: skip
    await one_job(database, await recording_of("ann"))
    async with database.write() as session:
        job = await queue.claim(session, runner="here:1:1.00", limits=LIMITS)
    assert job is not None
    async with database.write() as session:
        [rescued] = await queue.rescue(session, dead=["here:1:1.00"], max_attempts=3)
    assert rescued.failures == 1

    with pytest.raises(FencingError):
        async with database.write() as session:
            await queue.put_back(session, job, failed=False)
    with pytest.raises(FencingError):
        async with database.write() as session:
            await queue.report(session, job, eta_seconds=1.0)
