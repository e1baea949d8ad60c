"""The trash: moves recordings into it, restores them, and deletes them for good, together with their jobs."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.audit import Action, note
from backend.accounts.tables import User
from backend.events.log import record
from backend.events.tables import EventKind
from backend.jobs import queue, quotas
from backend.jobs.queue import Limits, QueueFull
from backend.jobs.tables import Job, Status
from backend.recordings import service
from backend.recordings.tables import Recording
from backend.settings import Settings

_STOPPED = {"code": "trashed", "detail": "This job was stopped when its recording was moved to the trash."}


async def move_to_trash(session: AsyncSession, recording: Recording, now: datetime, **facts: Any) -> list[str]:
    """Cancel the open jobs of the recording and move it to the trash. `facts` go into the audit log.

    Returns the ids of all its jobs: whoever runs them has to be notified after the commit."""
    for job in await queue.open_jobs(session, recording.id):
        await queue.cancel(session, job, **_STOPPED)
    if not await service.set_trashed(session, recording, trashed=True, now=now):
        raise service.RecordingNotFound
    note(session, Action.RECORDING_TRASHED, subject=recording.id, **facts)
    return await _record_with_jobs(session, EventKind.RECORDING_TRASHED, recording)


async def restore(
    session: AsyncSession, user: User, recording: Recording, *, limits: Limits, settings: Settings, now: datetime
) -> None:
    """Take the recording out of the trash. Jobs that were cancelled by the trash are queued again as long as the quota
    and the queue allow it."""
    if not await service.set_trashed(session, recording, trashed=False, now=now):
        raise service.RecordingNotFound
    note(session, Action.RECORDING_RESTORED, subject=recording.id)
    stopped = (Job.status == Status.CANCELLED.value) & (Job.error_code == _STOPPED["code"])
    query = select(Job).where(Job.recording_id == recording.id, stopped).order_by(Job.created_at, Job.id)
    max_queued = quotas.quotas_of(user, settings).queued_jobs
    already_queued = (await quotas.quota_usage(session, user.id, now)).queued_jobs
    for queued, job in enumerate((await session.scalars(query)).all(), already_queued):
        if max_queued is not None and queued >= max_queued:
            break
        try:
            await queue.retry(session, job, limits)
        except QueueFull:
            break
    await _record_with_jobs(session, EventKind.RECORDING_RESTORED, recording)


async def delete(session: AsyncSession, recording_id: str, *where: ColumnElement[bool], **facts: Any) -> list[str]:
    """Delete the rows of the recording; the caller deletes its files after the commit. Returns the ids of its jobs.

    Raises RecordingNotFound if the recording does not exist or does not match `where`. `facts` go into the audit log.
    """
    recording = await session.get(Recording, recording_id)
    if recording is None:
        raise service.RecordingNotFound
    jobs = await _job_ids(session, recording_id)
    if not await service.delete(session, recording_id, *where):
        raise service.RecordingNotFound
    note(session, Action.RECORDING_DELETED, subject=recording_id, **facts)
    record(session, EventKind.RECORDING_DELETED, owner_id=recording.owner_id, recording_id=recording_id, jobs=jobs)
    return jobs


async def _record_with_jobs(session: AsyncSession, kind: EventKind, recording: Recording) -> list[str]:
    jobs = await _job_ids(session, recording.id)
    record(session, kind, owner_id=recording.owner_id, recording_id=recording.id, jobs=jobs)
    return jobs


async def _job_ids(session: AsyncSession, recording_id: str) -> list[str]:
    return list(await session.scalars(select(Job.id).where(Job.recording_id == recording_id)))
