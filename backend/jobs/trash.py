"""The trash: a recording goes in with all that was made of it, comes out again, or goes for good."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.audit import Action, note
from backend.accounts.tables import User
from backend.jobs import queue, quotas
from backend.jobs.queue import Limits, QueueFull
from backend.jobs.tables import Job, Status
from backend.recordings import service
from backend.recordings.tables import Recording
from backend.settings import Settings

_STOPPED = {"code": "trashed", "detail": "This job was stopped when its recording was put in the trash."}


async def put_in(session: AsyncSession, recording: Recording, now: datetime, **why: Any) -> list[str]:
    """Its open jobs are stopped; the ids of all its jobs come back, for those who look at them and work on them."""
    for job in await queue.open_jobs(session, recording.id):
        await queue.cancel(session, job, **_STOPPED)
    if not await service.move(session, recording, to_trash=True, now=now):
        raise service.RecordingNotFound
    note(session, Action.RECORDING_TRASHED, subject=recording.id, **why)
    return await _jobs(session, recording.id)


async def take_out(
    session: AsyncSession, user: User, recording: Recording, *, limits: Limits, settings: Settings, now: datetime
) -> list[str]:
    """Back to where it was. Jobs that the trash stopped are queued again while there is room; all its jobs' ids come
    back."""
    if not await service.move(session, recording, to_trash=False, now=now):
        raise service.RecordingNotFound
    note(session, Action.RECORDING_RESTORED, subject=recording.id)
    stopped = (Job.status == Status.CANCELLED.value) & (Job.error_code == _STOPPED["code"])
    query = select(Job).where(Job.recording_id == recording.id, stopped).order_by(Job.created_at, Job.id)
    room = quotas.quotas_of(user, settings).queued_jobs
    waiting = (await quotas.used_by(session, user.id, now)).queued_jobs
    for waits, job in enumerate((await session.scalars(query)).all(), waiting):
        if room is not None and waits >= room:
            break
        try:
            await queue.retry(session, job, limits)
        except QueueFull:
            break
    return await _jobs(session, recording.id)


async def delete(session: AsyncSession, recording_id: str, *where: ColumnElement[bool], **why: Any) -> list[str]:
    """Remove the rows for good; the files go after the commit. The ids of its jobs come back.

    Raises RecordingNotFound where it is gone, or not as `where` says."""
    jobs = await _jobs(session, recording_id)
    if not await service.delete(session, recording_id, *where):
        raise service.RecordingNotFound
    note(session, Action.RECORDING_DELETED, subject=recording_id, **why)
    return jobs


async def _jobs(session: AsyncSession, recording_id: str) -> list[str]:
    return list(await session.scalars(select(Job.id).where(Job.recording_id == recording_id)))
