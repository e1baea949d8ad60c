"""Quotas: how much audio a month, how many stored bytes and how many waiting jobs one user may have."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.tables import User
from backend.database import utc_now
from backend.errors import AppError, TooManyRequests
from backend.jobs.tables import Job, Status, Usage
from backend.recordings.tables import Recording, Upload
from backend.settings import Settings


class QuotaOfMinutes(AppError):
    status = 413
    code = "quota_minutes"
    detail = "You have used up your minutes of this month, or this recording is longer than what is left of them."


class QuotaOfBytes(AppError):
    status = 413
    code = "quota_bytes"
    detail = "Your recordings take up all the room you have, also those in the trash. Empty it, or ask an admin."


class QuotaOfJobs(TooManyRequests):
    code = "quota_jobs"
    detail = "You have as many jobs waiting as one user may have. Nothing was stored; try again when one has ended."


@dataclass(frozen=True, slots=True)
class Quotas:
    """What one user may have; none is no limit."""

    minutes_a_month: float | None
    stored_bytes: int | None
    queued_jobs: int | None


@dataclass(frozen=True, slots=True)
class Used:
    """What one user has."""

    minutes_this_month: float
    stored_bytes: int  #: of recordings, and as announced of uploads
    trash_bytes: int  #: of these, in the trash
    queued_jobs: int


def quotas_of(user: User, settings: Settings) -> Quotas:
    """The user's own quotas; where there are none, those of everybody."""

    def own(value: float | None, general: float | None) -> float | None:
        return general if value is None else value

    stored = own(user.max_bytes, settings.quota_bytes)
    queued = own(user.max_queued, settings.quota_queued_jobs)
    return Quotas(
        own(user.max_minutes_a_month, settings.quota_minutes_a_month),
        None if stored is None else int(stored),
        None if queued is None else int(queued),
    )


async def used_by(session: AsyncSession, user_id: str, now: datetime) -> Used:
    seconds = await session.scalar(select(Usage.seconds).where(Usage.user_id == user_id, Usage.month == _month(now)))
    # What is in the trash lies on the disk, and can be had back: it counts. What retention took does not.
    mine = (Recording.owner_id == user_id) & Recording.original_removed_at.is_(None)
    stored = await session.scalar(select(func.sum(Recording.size)).where(mine))
    trashed = await session.scalar(select(func.sum(Recording.size)).where(mine, Recording.trashed_at.is_not(None)))
    coming = await session.scalar(select(func.sum(Upload.size)).where(Upload.owner_id == user_id))
    waiting = (Job.owner_id == user_id) & (Job.status == Status.QUEUED.value)
    queued = await session.scalar(select(func.count()).select_from(Job).where(waiting))
    return Used((seconds or 0.0) / 60, int(stored or 0) + int(coming or 0), int(trashed or 0), queued or 0)


async def room_for(session: AsyncSession, user: User, settings: Settings, length: int | None) -> int:
    """Before a byte of an upload is read: how many may come. Raises when it would be none, or fewer than announced."""
    quotas, used = quotas_of(user, settings), await used_by(session, user.id, utc_now())
    if quotas.queued_jobs is not None and used.queued_jobs >= quotas.queued_jobs:
        raise QuotaOfJobs(headers={"Retry-After": "60"})
    # What surrounds the file in the form is not stored: the file itself is counted when it has come.
    return _left(quotas, used, settings, (length or 0) - 64 * 1024)


async def check_upload(session: AsyncSession, user: User, settings: Settings, size: int) -> None:
    """Before an upload of `size` bytes is begun. Whether its job may wait is asked when it has come."""
    _left(quotas_of(user, settings), await used_by(session, user.id, utc_now()), settings, size)


def _left(quotas: Quotas, used: Used, settings: Settings, wanted: int) -> int:
    """How many bytes of a file may come; raises when it would be none, or fewer than wanted."""
    if quotas.minutes_a_month is not None and used.minutes_this_month >= quotas.minutes_a_month:
        raise QuotaOfMinutes
    if quotas.stored_bytes is None:
        return settings.max_upload_bytes
    left = quotas.stored_bytes - used.stored_bytes
    if left <= 0 or wanted > left:
        raise QuotaOfBytes
    return min(left, settings.max_upload_bytes)


async def charge(session: AsyncSession, user: User, settings: Settings, seconds: float) -> None:
    """Count a job that was just queued, in its transaction; raises, and so undoes it, where a quota is passed.

    What is deleted later is not given back: the work was done."""
    now = utc_now()
    month = _month(now)
    mine = (Usage.user_id == user.id) & (Usage.month == month)
    if await session.scalar(select(Usage.seconds).where(mine).with_for_update()) is None:
        session.add(Usage(user_id=user.id, month=month, seconds=seconds))
        await session.flush()
    else:
        await session.execute(update(Usage).where(mine).values(seconds=Usage.seconds + seconds))
    quotas, used = quotas_of(user, settings), await used_by(session, user.id, now)
    if quotas.queued_jobs is not None and used.queued_jobs > quotas.queued_jobs:
        raise QuotaOfJobs(headers={"Retry-After": "60"})
    if quotas.stored_bytes is not None and used.stored_bytes > quotas.stored_bytes:
        raise QuotaOfBytes
    if quotas.minutes_a_month is not None and used.minutes_this_month > quotas.minutes_a_month:
        raise QuotaOfMinutes


def _month(now: datetime) -> str:
    return f"{now:%Y-%m}"
