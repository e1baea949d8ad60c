"""The trash over HTTP: what lies in it, out of it again, or gone for good."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.access import Configured, CurrentUser, Reader, Reading, Writing
from backend.database import after_commit, utc_now
from backend.jobs import quotas, trash
from backend.jobs.api.access import House, TheHouse
from backend.jobs.herald import gone
from backend.recordings import service
from backend.recordings.api import RecordingOut
from backend.recordings.tables import Recording

router = APIRouter(tags=["recordings"])


class TrashedOut(RecordingOut):
    trashed_at: datetime
    goes_at: datetime  #: when housekeeping deletes it for good, at the earliest


class TrashOut(BaseModel):
    items: list[TrashedOut]
    total: int
    bytes: int  #: of the originals in it; they count towards the quota
    days: int  #: for which something stays


@router.get("/api/trash", summary="What I have put in the trash, the newest first")
async def look(
    user: Reader,
    session: Reading,
    settings: Configured,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=service.LARGEST_PAGE)] = 50,
) -> TrashOut:
    page = await service.trashed(session, owner_id=user.id, offset=offset, limit=limit)
    used = await quotas.used_by(session, user.id, utc_now())
    stays = timedelta(days=settings.trash_days)
    return TrashOut(
        items=[_shown(recording, stays) for recording in page.recordings],
        total=page.total,
        bytes=used.trash_bytes,
        days=settings.trash_days,
    )


@router.post("/api/trash/{recording_id}/restore", summary="Take a recording out of the trash")
async def restore(
    recording_id: str, user: CurrentUser, session: Writing, house: House, settings: Configured
) -> RecordingOut:
    """With all that was made of it. Jobs that the trash stopped are queued again, as far as there is room."""
    recording = await service.find_trashed(session, owner_id=user.id, recording_id=recording_id)
    jobs = await trash.take_out(session, user, recording, limits=house.limits, settings=settings, now=utc_now())
    after_commit(session, house.runner.wake)
    after_commit(session, lambda: house.herald.changed(*jobs))
    return RecordingOut.model_validate(recording)


@router.delete("/api/trash/{recording_id}", status_code=204, summary="Delete what is in the trash for good")
async def delete(recording_id: str, user: CurrentUser, session: Writing, house: House) -> None:
    recording = await service.find_trashed(session, owner_id=user.id, recording_id=recording_id)
    await delete_for_good(session, house, recording)


@router.delete("/api/trash", status_code=204, summary="Empty my trash")
async def empty(user: CurrentUser, session: Writing, house: House) -> None:
    mine = select(Recording).where(Recording.owner_id == user.id, Recording.trashed_at.is_not(None))
    for recording in (await session.scalars(mine)).all():
        await delete_for_good(session, house, recording)


async def put_in(session: AsyncSession, house: TheHouse, recording: Recording) -> None:
    """What a person sees go at once; runners and mirrors follow."""
    jobs = await trash.put_in(session, recording, utc_now())

    def clear() -> None:
        for job in jobs:
            house.bus.publish(gone(recording.owner_id, job))
        house.later(_stop(house, jobs))

    after_commit(session, clear)


async def delete_for_good(session: AsyncSession, house: TheHouse, recording: Recording) -> None:
    """The rows now, the files after the commit."""
    jobs = await trash.delete(session, recording.id)

    def clear() -> None:
        for job in jobs:
            house.bus.publish(gone(recording.owner_id, job))
        house.later(_clear(house, recording.id, jobs))

    after_commit(session, clear)


def _shown(recording: Recording, stays: timedelta) -> TrashedOut:
    assert recording.trashed_at is not None
    told = RecordingOut.model_validate(recording).model_dump()
    return TrashedOut(**told, trashed_at=recording.trashed_at, goes_at=recording.trashed_at + stays)


async def _stop(house: TheHouse, jobs: list[str]) -> None:
    await house.runner.drop(jobs)
    await house.runner.mirror()


async def _clear(house: TheHouse, recording_id: str, jobs: list[str]) -> None:
    await house.runner.drop(jobs)
    await house.storage.delete(recording_id)
