"""Quotas: how much audio a month, how many stored bytes and how many waiting jobs one user may have."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import time_zones
from backend.accounts.tables import User
from backend.database import utc_now
from backend.errors import AppError, TooManyRequests
from backend.jobs.tables import Job, Status, Usage
from backend.recordings.tables import Recording, Upload
from backend.settings import Settings


class MinutesQuotaExceeded(AppError):
    status = 413
    code = "quota_minutes"
    detail = "You have used up your minutes of this month, or this recording is longer than what is left of them."


class StorageQuotaExceeded(AppError):
    status = 413
    code = "quota_bytes"
    detail = "Your recordings take up all the room you have, also those in the trash. Empty it, or ask an admin."


class JobsQuotaExceeded(TooManyRequests):
    code = "quota_jobs"
    detail = "You have as many jobs waiting as one user may have. Nothing was stored; try again when one has ended."


@dataclass(frozen=True, slots=True)
class Quotas:
    """The limits of one user; None is no limit."""

    minutes_a_month: float | None
    stored_bytes: int | None
    queued_jobs: int | None


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """What one user uses of them."""

    minutes_this_month: float
    stored_bytes: int  #: of recordings, and the announced size of uploads
    trash_bytes: int  #: of these, of recordings in the trash
    queued_jobs: int


def quotas_of(user: User, settings: Settings) -> Quotas:
    """The user's own quotas; where one is not set, the one of the settings."""

    def own(value: float | None, general: float | None) -> float | None:
        return general if value is None else value

    stored = own(user.max_bytes, settings.quota_bytes)
    queued = own(user.max_queued, settings.quota_queued_jobs)
    return Quotas(
        own(user.max_minutes_a_month, settings.quota_minutes_a_month),
        None if stored is None else int(stored),
        None if queued is None else int(queued),
    )


async def quota_usage(session: AsyncSession, user_id: str, now: datetime) -> QuotaUsage:
    month = await _month(session, user_id, now)
    seconds = await session.scalar(select(Usage.seconds).where(Usage.user_id == user_id, Usage.month == month))
    # The trash counts: it is on the disk and can be restored. Originals removed by retention do not count.
    mine = (Recording.owner_id == user_id) & Recording.original_removed_at.is_(None)
    stored = await session.scalar(select(func.sum(Recording.size)).where(mine))
    trashed = await session.scalar(select(func.sum(Recording.size)).where(mine, Recording.trashed_at.is_not(None)))
    coming = await session.scalar(select(func.sum(Upload.size)).where(Upload.owner_id == user_id))
    waiting = (Job.owner_id == user_id) & (Job.status == Status.QUEUED.value)
    queued = await session.scalar(select(func.count()).select_from(Job).where(waiting))
    return QuotaUsage((seconds or 0.0) / 60, int(stored or 0) + int(coming or 0), int(trashed or 0), queued or 0)


async def allowed_upload_bytes(session: AsyncSession, user: User, settings: Settings, length: int | None) -> int:
    """How many bytes an upload may have, before any is read. Raises if none may come, or fewer than announced."""
    quotas, used = quotas_of(user, settings), await quota_usage(session, user.id, utc_now())
    if quotas.queued_jobs is not None and used.queued_jobs >= quotas.queued_jobs:
        raise JobsQuotaExceeded(headers={"Retry-After": "60"})
    # The form around the file is not stored. The file itself is counted when it has arrived.
    return _remaining_bytes(quotas, used, settings, (length or 0) - 64 * 1024)


async def check_upload(session: AsyncSession, user: User, settings: Settings, size: int) -> None:
    """Check the quotas before an upload of `size` bytes. The job quota is checked when it has arrived."""
    _remaining_bytes(quotas_of(user, settings), await quota_usage(session, user.id, utc_now()), settings, size)


def _remaining_bytes(quotas: Quotas, used: QuotaUsage, settings: Settings, needed: int) -> int:
    """How many bytes of a file may come. Raises if none may, or fewer than needed."""
    if quotas.minutes_a_month is not None and used.minutes_this_month >= quotas.minutes_a_month:
        raise MinutesQuotaExceeded
    if quotas.stored_bytes is None:
        return settings.max_upload_bytes
    left = quotas.stored_bytes - used.stored_bytes
    if left <= 0 or needed > left:
        raise StorageQuotaExceeded
    return min(left, settings.max_upload_bytes)


async def charge(session: AsyncSession, user: User, settings: Settings, seconds: float) -> None:
    """Count a job in the transaction that queues it. Raises, which rolls it back, when a quota is exceeded.

    Deleting the recording later does not give the minutes back."""
    now = utc_now()
    month = await _month(session, user.id, now)
    mine = (Usage.user_id == user.id) & (Usage.month == month)
    if await session.scalar(select(Usage.seconds).where(mine).with_for_update()) is None:
        session.add(Usage(user_id=user.id, month=month, seconds=seconds))
        await session.flush()
    else:
        await session.execute(update(Usage).where(mine).values(seconds=Usage.seconds + seconds))
    quotas, used = quotas_of(user, settings), await quota_usage(session, user.id, now)
    if quotas.queued_jobs is not None and used.queued_jobs > quotas.queued_jobs:
        raise JobsQuotaExceeded(headers={"Retry-After": "60"})
    if quotas.stored_bytes is not None and used.stored_bytes > quotas.stored_bytes:
        raise StorageQuotaExceeded
    if quotas.minutes_a_month is not None and used.minutes_this_month > quotas.minutes_a_month:
        raise MinutesQuotaExceeded


async def _month(session: AsyncSession, user_id: str, now: datetime) -> str:
    """The month it is where the user is."""
    return f"{await time_zones.local(session, user_id, now):%Y-%m}"
