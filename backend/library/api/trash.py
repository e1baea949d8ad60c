"""HTTP routes of the trash: move a recording into it, list it, restore from it, and delete for good."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import CurrentUser, Reader, ReadSession, SettingsDep, WriteSession
from backend.database import after_commit, utc_now
from backend.jobs import quotas
from backend.jobs.api.dependencies import Services, ServicesDep
from backend.library import trash
from backend.query_parameters import Offset
from backend.recordings import service
from backend.recordings.api.recordings import RecordingOut
from backend.recordings.tables import Recording

router = APIRouter(tags=["recordings"])


class TrashedRecording(RecordingOut):
    trashed_at: datetime
    goes_at: datetime  #: when housekeeping deletes it for good, at the earliest


class TrashOut(BaseModel):
    items: list[TrashedRecording]
    total: int
    bytes: int  #: size of the originals in the trash; they count towards the quota
    days: int  #: how long a recording stays in the trash


@router.delete("/api/recordings/{recording_id}", status_code=204, summary="Move a recording to the trash")
async def delete_recording(
    recording_id: str,
    session: WriteSession,
    user: CurrentUser,
    services: ServicesDep,
    for_good: Annotated[bool, Query(description="delete at once, without the trash")] = False,
) -> None:
    """Open jobs are stopped. `for_good` deletes the rows, media, artifacts and mirrored transcripts."""
    recording = await service.find(session, owner_id=user.id, recording_id=recording_id)
    await (_delete_for_good if for_good else _move_to_trash)(session, services, recording)


@router.get("/api/trash", summary="My recordings in the trash, newest first")
async def list_trash(
    user: Reader,
    session: ReadSession,
    settings: SettingsDep,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=service.MAX_PAGE_SIZE)] = 50,
) -> TrashOut:
    page = await service.list_trashed(session, owner_id=user.id, offset=offset, limit=limit)
    usage = await quotas.quota_usage(session, user.id, utc_now())
    lifetime = timedelta(days=settings.trash_days)
    return TrashOut(
        items=[_trashed_out(recording, lifetime) for recording in page.recordings],
        total=page.total,
        bytes=usage.trash_bytes,
        days=settings.trash_days,
    )


@router.post("/api/trash/{recording_id}/restore", summary="Restore a recording from the trash")
async def restore(
    recording_id: str, user: CurrentUser, session: WriteSession, services: ServicesDep, settings: SettingsDep
) -> RecordingOut:
    """Everything made from it is restored too. Jobs that were stopped by the trash are queued again as long as the
    quota and the queue allow it."""
    recording = await service.find_trashed(session, owner_id=user.id, recording_id=recording_id)
    await trash.restore(session, user, recording, limits=services.limits, settings=settings, now=utc_now())
    after_commit(session, services.runner.wake)
    return RecordingOut.model_validate(recording)


@router.delete("/api/trash/{recording_id}", status_code=204, summary="Delete a recording in the trash for good")
async def delete_trashed(recording_id: str, user: CurrentUser, session: WriteSession, services: ServicesDep) -> None:
    recording = await service.find_trashed(session, owner_id=user.id, recording_id=recording_id)
    await _delete_for_good(session, services, recording)


@router.delete("/api/trash", status_code=204, summary="Empty my trash")
async def empty_trash(user: CurrentUser, session: WriteSession, services: ServicesDep) -> None:
    query = select(Recording).where(Recording.owner_id == user.id, Recording.trashed_at.is_not(None))
    for recording in (await session.scalars(query)).all():
        await _delete_for_good(session, services, recording)


async def _move_to_trash(session: AsyncSession, services: Services, recording: Recording) -> None:
    """Attempts and mirrors are stopped in the background after the commit."""
    jobs = await trash.move_to_trash(session, recording, utc_now())
    after_commit(session, lambda: services.background.start(_stop_jobs(services, jobs)))


async def _delete_for_good(session: AsyncSession, services: Services, recording: Recording) -> None:
    """The rows are deleted now, the files after the commit."""
    jobs = await trash.delete(session, recording.id)
    after_commit(session, lambda: services.background.start(_delete_files(services, recording.id, jobs)))


def _trashed_out(recording: Recording, lifetime: timedelta) -> TrashedRecording:
    assert recording.trashed_at is not None
    fields = RecordingOut.model_validate(recording).model_dump()
    return TrashedRecording(**fields, trashed_at=recording.trashed_at, goes_at=recording.trashed_at + lifetime)


async def _stop_jobs(services: Services, jobs: list[str]) -> None:
    await services.runner.stop_attempts(jobs)
    await services.runner.mirror()


async def _delete_files(services: Services, recording_id: str, jobs: list[str]) -> None:
    await services.runner.stop_attempts(jobs)
    await services.storage.delete(recording_id)
