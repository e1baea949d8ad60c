"""Uploads of one owner: files on their way. A row says how much of each is on the disk for good."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import Conflict, NotFound, TooManyRequests
from backend.recordings.files import clean_name
from backend.recordings.tables import Upload

#: A card of a recorder holds so many files, and hardly more.
MOST_OPEN = 100


class UploadNotFound(NotFound):
    code = "upload_not_found"
    detail = "There is no such upload, or it is not yours, or it has waited too long. Send the file again."


class TooManyUploads(TooManyRequests):
    code = "too_many_uploads"
    detail = "You have too many uploads open. Finish some, or delete them."


class UploadUnfinished(Conflict):
    code = "upload_unfinished"
    detail = "This upload has not arrived whole. Send the rest first."


async def create(
    session: AsyncSession, *, owner_id: str, name: str, size: int, now: datetime, life: timedelta
) -> Upload:
    """Announce a file of `size` bytes; none of them is there yet."""
    mine = select(func.count()).select_from(Upload).where(Upload.owner_id == owner_id, Upload.expires_at > now)
    if (await session.scalar(mine) or 0) >= MOST_OPEN:
        raise TooManyUploads(headers={"Retry-After": "60"})
    upload = Upload(
        owner_id=owner_id, name=clean_name(name), size=size, received=0, created_at=now, expires_at=now + life
    )
    session.add(upload)
    await session.flush()
    return upload


async def find(session: AsyncSession, *, owner_id: str, upload_id: str, now: datetime) -> Upload:
    mine = select(Upload).where(Upload.id == upload_id, Upload.owner_id == owner_id, Upload.expires_at > now)
    if (upload := await session.scalar(mine)) is None:
        raise UploadNotFound
    return upload


async def find_whole(session: AsyncSession, *, owner_id: str, ids: Sequence[str], now: datetime) -> list[Upload]:
    """These uploads, in this order; raises for the first that is missing or unfinished."""
    found = [await find(session, owner_id=owner_id, upload_id=id, now=now) for id in ids]
    for upload in found:
        if not upload.whole:
            raise UploadUnfinished(upload=upload.id, name=upload.name)
    return found


async def mine(session: AsyncSession, *, owner_id: str, now: datetime) -> Sequence[Upload]:
    """The oldest first."""
    query = select(Upload).where(Upload.owner_id == owner_id, Upload.expires_at > now)
    return (await session.scalars(query.order_by(Upload.created_at, Upload.id))).all()


async def advance(
    session: AsyncSession, *, upload: Upload, was: int, received: int, sha256: str | None, expires_at: datetime
) -> None:
    """Acknowledge what is on the disk. Raises UploadNotFound where the upload is no longer what it was."""
    this = (Upload.id == upload.id) & (Upload.owner_id == upload.owner_id) & (Upload.received == was)
    moved = await session.execute(
        update(Upload)
        .where(this)
        .values(received=received, sha256=sha256, expires_at=expires_at)
        .execution_options(synchronize_session=False)
    )
    if _count(moved) != 1:
        raise UploadNotFound


async def remove(session: AsyncSession, *, owner_id: str, ids: Sequence[str]) -> None:
    """Remove the rows of all of these, or raise UploadNotFound: somebody else was faster."""
    these = delete(Upload).where(Upload.id.in_(ids), Upload.owner_id == owner_id)
    if _count(await session.execute(these.execution_options(synchronize_session=False))) != len(ids):
        raise UploadNotFound


async def expire(session: AsyncSession, id: str, now: datetime) -> bool:
    """Remove the row of an upload that nobody has gone on with in time. False where it must stay: somebody has."""
    await session.execute(delete(Upload).where(Upload.id == id, Upload.expires_at <= now))
    return await session.scalar(select(Upload.id).where(Upload.id == id)) is None


def _count(result: object) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
