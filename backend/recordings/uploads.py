"""The unfinished uploads of one owner. A row stores how many bytes of each are safely on the disk."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.coordination.clock import DatabaseTime
from backend.errors import Conflict, NotFound, TooManyRequests
from backend.recordings.files import clean_name
from backend.recordings.tables import Upload

#: About as many files as the memory card of a recorder contains.
MAX_OPEN = 100


class UploadNotFound(NotFound):
    code = "upload_not_found"
    detail = "There is no such upload, or it is not yours, or it has expired. Send the file again."


class TooManyUploads(TooManyRequests):
    code = "too_many_uploads"
    detail = "You have too many uploads open. Finish some, or delete them."


class UploadUnfinished(Conflict):
    code = "upload_unfinished"
    detail = "This upload is incomplete. Send the rest first."


async def create(
    session: AsyncSession, *, owner_id: str, name: str, size: int, now: datetime, lifetime: timedelta
) -> Upload:
    """Create an upload for a file of `size` bytes, none of which has arrived yet."""
    count_open = select(func.count()).select_from(Upload).where(Upload.owner_id == owner_id, Upload.expires_at > now)
    if (await session.scalar(count_open) or 0) >= MAX_OPEN:
        raise TooManyUploads(headers={"Retry-After": "60"})
    upload = Upload(
        owner_id=owner_id, name=clean_name(name), size=size, received=0, created_at=now, expires_at=now + lifetime
    )
    session.add(upload)
    await session.flush()
    return upload


async def find(session: AsyncSession, *, owner_id: str, upload_id: str, now: datetime) -> Upload:
    query = select(Upload).where(Upload.id == upload_id, Upload.owner_id == owner_id, Upload.expires_at > now)
    if (upload := await session.scalar(query)) is None:
        raise UploadNotFound
    return upload


async def find_complete(session: AsyncSession, *, owner_id: str, ids: Sequence[str], now: datetime) -> list[Upload]:
    """These uploads in this order. Raises for the first one that is missing or incomplete."""
    found = [await find(session, owner_id=owner_id, upload_id=id, now=now) for id in ids]
    for upload in found:
        if not upload.complete:
            raise UploadUnfinished(upload=upload.id, name=upload.name)
    return found


async def list_open(session: AsyncSession, *, owner_id: str, now: datetime) -> Sequence[Upload]:
    """The open uploads of this owner, oldest first."""
    query = select(Upload).where(Upload.owner_id == owner_id, Upload.expires_at > now)
    return (await session.scalars(query.order_by(Upload.created_at, Upload.id))).all()


async def advance(
    session: AsyncSession, *, upload: Upload, expected: int, received: int, sha256: str | None, expires_at: datetime
) -> None:
    """Store the new offset. Raises UploadNotFound if the offset in the row is not the `expected` one any more."""
    this = (Upload.id == upload.id) & (Upload.owner_id == upload.owner_id) & (Upload.received == expected)
    moved = await session.execute(
        update(Upload)
        .where(this)
        .values(received=received, sha256=sha256, expires_at=expires_at)
        .execution_options(synchronize_session=False)
    )
    if _row_count(moved) != 1:
        raise UploadNotFound


async def interrupt(session: AsyncSession, id: str) -> None:
    """Ask the server whose request writes to this upload to end it."""
    await session.execute(update(Upload).where(Upload.id == id).values(interrupted_at=DatabaseTime()))


async def interruption(session: AsyncSession, id: str) -> datetime | None:
    """When that was asked last. Raises UploadNotFound for an upload that was deleted meanwhile."""
    row = (await session.execute(select(Upload.interrupted_at).where(Upload.id == id))).one_or_none()
    if row is None:
        raise UploadNotFound
    asked_at: datetime | None = row.interrupted_at
    return asked_at


async def remove(session: AsyncSession, *, owner_id: str, ids: Sequence[str]) -> None:
    """Delete the rows of all these uploads, or raise UploadNotFound if another request has removed one of them."""
    these = delete(Upload).where(Upload.id.in_(ids), Upload.owner_id == owner_id)
    if _row_count(await session.execute(these.execution_options(synchronize_session=False))) != len(ids):
        raise UploadNotFound


async def expire(session: AsyncSession, id: str, now: datetime) -> bool:
    """Delete the row if the upload has expired. Returns False if the row is still there: it was continued meanwhile."""
    await session.execute(delete(Upload).where(Upload.id == id, Upload.expires_at <= now))
    return await session.scalar(select(Upload.id).where(Upload.id == id)) is None


def _row_count(result: object) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
