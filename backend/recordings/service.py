"""The recordings of one owner. Every query names the owner; the recording of another user is not found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, func, select, update
from sqlalchemy import delete as remove
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import InvalidInput, NameChanged, NotFound
from backend.events.log import record
from backend.events.tables import EventKind
from backend.recordings.files import clean_typed_name
from backend.recordings.multipart import ReceivedFile
from backend.recordings.tables import Recording
from backend.search import index, texts

#: The largest number of recordings on one page.
MAX_PAGE_SIZE = 100


class RecordingNotFound(NotFound):
    code = "recording_not_found"
    detail = "There is no such recording, or it is not yours."


@dataclass(frozen=True, slots=True)
class Page:
    recordings: Sequence[Recording]
    total: int  #: on all pages


async def create(session: AsyncSession, *, owner_id: str, recording_id: str, received: ReceivedFile) -> Recording:
    """Create the row of a received file. The file must be on the disk before the row is committed."""
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
    await _index_name(session, recording)
    record(session, EventKind.RECORDING_CREATED, owner_id=owner_id, recording_id=recording_id)
    return recording


async def find(session: AsyncSession, *, owner_id: str, recording_id: str) -> Recording:
    """The recording, unless it is in the trash."""
    return await _find(session, owner_id, recording_id, Recording.trashed_at.is_(None))


async def find_trashed(session: AsyncSession, *, owner_id: str, recording_id: str) -> Recording:
    return await _find(session, owner_id, recording_id, Recording.trashed_at.is_not(None))


async def find_by_content(session: AsyncSession, *, owner_id: str, sha256: str) -> Recording | None:
    """The newest recording with exactly this content."""
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
    limit: int = MAX_PAGE_SIZE,
) -> Page:
    """Recordings whose name contains `text`, ignoring case; newest first unless `order` is given."""
    conditions = [Recording.owner_id == owner_id, Recording.trashed_at.is_(None), *where]
    if text.strip():
        conditions.append(Recording.name.icontains(text.strip(), autoescape=True))
    total = await session.scalar(select(func.count()).select_from(Recording).where(*conditions))
    first = [] if order is None else [order]
    rows = await session.scalars(
        select(Recording)
        .where(*conditions)
        .order_by(*first, Recording.created_at.desc(), Recording.id.desc())
        .offset(max(offset, 0))
        .limit(min(max(limit, 1), MAX_PAGE_SIZE))
    )
    return Page(rows.all(), total or 0)


async def rename(
    session: AsyncSession, *, owner_id: str, recording_id: str, name: str, expected_name: str | None = None
) -> Recording:
    """Change the display name. Nothing on the disk changes, because paths contain no names of users.

    Raises NameChanged if its name is no longer `expected_name`; None replaces any name."""
    if not name.strip():
        raise InvalidInput("A recording needs a name.")
    query = _owned(owner_id, recording_id, Recording.trashed_at.is_(None)).with_for_update()
    recording = await session.scalar(query)
    if recording is None:
        raise RecordingNotFound
    if expected_name is not None and recording.name != expected_name:
        raise NameChanged(recording.name)
    recording.name = clean_typed_name(name)
    await session.flush()
    await _index_name(session, recording)
    record(session, EventKind.RECORDING_RENAMED, owner_id=owner_id, recording_id=recording_id)
    return recording


async def list_trashed(session: AsyncSession, *, owner_id: str, offset: int = 0, limit: int = MAX_PAGE_SIZE) -> Page:
    """The recordings in the trash, most recently trashed first."""
    conditions = [Recording.owner_id == owner_id, Recording.trashed_at.is_not(None)]
    total = await session.scalar(select(func.count()).select_from(Recording).where(*conditions))
    query = select(Recording).where(*conditions).order_by(Recording.trashed_at.desc(), Recording.id)
    rows = await session.scalars(query.offset(max(offset, 0)).limit(min(max(limit, 1), MAX_PAGE_SIZE)))
    return Page(rows.all(), total or 0)


async def set_trashed(session: AsyncSession, recording: Recording, *, trashed: bool, now: datetime) -> bool:
    """Move the recording into the trash or out of it. Returns False if another request has already done so."""
    before = Recording.trashed_at.is_(None) if trashed else Recording.trashed_at.is_not(None)
    values = {"trashed_at": now} if trashed else {"trashed_at": None, "restored_at": now}
    moved = await session.execute(update(Recording).where(Recording.id == recording.id, before).values(**values))
    assert isinstance(moved, CursorResult)
    return moved.rowcount == 1


async def delete(session: AsyncSession, recording_id: str, *where: ColumnElement[bool]) -> bool:
    """Delete the row, and with it its jobs and transcripts. Returns False if no such row matches `where`.

    Delete the files with `Storage.delete` afterwards: files without a row are cleaned up later.
    """
    if await session.scalar(select(Recording.id).where(Recording.id == recording_id, *where)) is None:
        return False
    await index.delete_of(session, recording_id)
    query = remove(Recording).where(Recording.id == recording_id, *where)
    removed = await session.execute(query.execution_options(synchronize_session=False))
    assert isinstance(removed, CursorResult)
    return removed.rowcount == 1


async def _index_name(session: AsyncSession, recording: Recording) -> None:
    scope = {"owner_id": recording.owner_id, "recording_id": recording.id}
    await texts.replace(session, **scope, kind=texts.Kind.NAME, texts={"name": recording.name})


async def _find(session: AsyncSession, owner_id: str, recording_id: str, where: ColumnElement[bool]) -> Recording:
    recording = await session.scalar(_owned(owner_id, recording_id, where))
    if recording is None:
        raise RecordingNotFound
    return recording


def _owned(owner_id: str, recording_id: str, where: ColumnElement[bool]) -> Select[Recording]:
    return select(Recording).where(Recording.id == recording_id, Recording.owner_id == owner_id, where)
