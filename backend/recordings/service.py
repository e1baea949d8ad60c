"""Recordings of one owner: every query names whose they are. Not yours is not found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, func, select, update
from sqlalchemy import delete as remove
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import InvalidInput, NotFound
from backend.recordings.files import clean_name
from backend.recordings.intake import Received
from backend.recordings.tables import Recording

#: The most recordings of one page.
LARGEST_PAGE = 100


class RecordingNotFound(NotFound):
    code = "recording_not_found"
    detail = "There is no such recording, or it is not yours."


@dataclass(frozen=True, slots=True)
class Page:
    recordings: Sequence[Recording]
    total: int  #: of all pages


async def create(session: AsyncSession, *, owner_id: str, recording_id: str, received: Received) -> Recording:
    """Name a file that was received. The file lies on the disk before the row is committed."""
    recording = Recording(
        id=recording_id,
        owner_id=owner_id,
        name=received.name,
        extension=received.extension,
        size=received.size,
        sha256=received.sha256,
        parts=received.parts,
        duration=None,
    )
    session.add(recording)
    await session.flush()
    return recording


async def find(session: AsyncSession, *, owner_id: str, recording_id: str) -> Recording:
    """The recording, unless it lies in the trash."""
    return await _find(session, owner_id, recording_id, Recording.trashed_at.is_(None))


async def find_trashed(session: AsyncSession, *, owner_id: str, recording_id: str) -> Recording:
    return await _find(session, owner_id, recording_id, Recording.trashed_at.is_not(None))


async def same(session: AsyncSession, *, owner_id: str, sha256: str) -> Recording | None:
    """The newest recording with this very content."""
    same_content = (Recording.owner_id == owner_id) & (Recording.sha256 == sha256)
    query = select(Recording).where(same_content, Recording.trashed_at.is_(None))
    found: Recording | None = await session.scalar(query.order_by(Recording.created_at.desc()).limit(1))
    return found


async def search(
    session: AsyncSession,
    *,
    owner_id: str,
    text: str = "",
    where: Sequence[ColumnElement[bool]] = (),
    order: ColumnElement[Any] | None = None,
    offset: int = 0,
    limit: int = LARGEST_PAGE,
) -> Page:
    """Those whose name holds `text`, in whatever case; the newest first, or in the order that is asked for."""
    wanted = [Recording.owner_id == owner_id, Recording.trashed_at.is_(None), *where]
    if text.strip():
        wanted.append(Recording.name.icontains(text.strip(), autoescape=True))
    total = await session.scalar(select(func.count()).select_from(Recording).where(*wanted))
    first = [] if order is None else [order]
    rows = await session.scalars(
        select(Recording)
        .where(*wanted)
        .order_by(*first, Recording.created_at.desc(), Recording.id.desc())
        .offset(max(offset, 0))
        .limit(min(max(limit, 1), LARGEST_PAGE))
    )
    return Page(rows.all(), total or 0)


async def rename(session: AsyncSession, *, owner_id: str, recording_id: str, name: str) -> Recording:
    """Give it another name. Nothing on the disk changes: stored names never come from people."""
    if not name.strip():
        raise InvalidInput("A recording needs a name.")
    recording = await find(session, owner_id=owner_id, recording_id=recording_id)
    recording.name = clean_name(name)
    await session.flush()
    return recording


async def trashed(session: AsyncSession, *, owner_id: str, offset: int = 0, limit: int = LARGEST_PAGE) -> Page:
    """What lies in the trash, the newest there first."""
    wanted = [Recording.owner_id == owner_id, Recording.trashed_at.is_not(None)]
    total = await session.scalar(select(func.count()).select_from(Recording).where(*wanted))
    query = select(Recording).where(*wanted).order_by(Recording.trashed_at.desc(), Recording.id)
    rows = await session.scalars(query.offset(max(offset, 0)).limit(min(max(limit, 1), LARGEST_PAGE)))
    return Page(rows.all(), total or 0)


async def move(session: AsyncSession, recording: Recording, *, to_trash: bool, now: datetime) -> bool:
    """Into the trash or out of it: compare and set. False where somebody else was first."""
    there = Recording.trashed_at.is_(None) if to_trash else Recording.trashed_at.is_not(None)
    values = {"trashed_at": now} if to_trash else {"trashed_at": None, "restored_at": now}
    moved = await session.execute(update(Recording).where(Recording.id == recording.id, there).values(**values))
    assert isinstance(moved, CursorResult)
    return moved.rowcount == 1


async def delete(session: AsyncSession, recording_id: str, *where: ColumnElement[bool]) -> bool:
    """Remove the row, and with it those of its jobs and transcripts; False where it is not, or not as `where` says.

    The files go with `Storage.delete`, afterwards: a row without files would be a lie, files without a row are swept.
    """
    query = remove(Recording).where(Recording.id == recording_id, *where)
    removed = await session.execute(query.execution_options(synchronize_session=False))
    assert isinstance(removed, CursorResult)
    return removed.rowcount == 1


async def _find(session: AsyncSession, owner_id: str, recording_id: str, where: ColumnElement[bool]) -> Recording:
    recording = await session.scalar(
        select(Recording).where(Recording.id == recording_id, Recording.owner_id == owner_id, where)
    )
    if recording is None:
        raise RecordingNotFound
    return recording
