"""Recordings of one owner: every query names whose they are. Not yours is not found."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
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
        duration=None,
    )
    session.add(recording)
    await session.flush()
    return recording


async def find(session: AsyncSession, *, owner_id: str, recording_id: str) -> Recording:
    recording = await session.scalar(
        select(Recording).where(Recording.id == recording_id, Recording.owner_id == owner_id)
    )
    if recording is None:
        raise RecordingNotFound
    return recording


async def search(
    session: AsyncSession, *, owner_id: str, text: str = "", offset: int = 0, limit: int = LARGEST_PAGE
) -> Page:
    """The newest first, of those whose name holds `text`, in whatever case."""
    wanted = [Recording.owner_id == owner_id]
    if text.strip():
        wanted.append(Recording.name.icontains(text.strip(), autoescape=True))
    total = await session.scalar(select(func.count()).select_from(Recording).where(*wanted))
    rows = await session.scalars(
        select(Recording)
        .where(*wanted)
        .order_by(Recording.created_at.desc(), Recording.id.desc())
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


async def delete(session: AsyncSession, *, owner_id: str, recording_id: str) -> None:
    """Remove the row, and with it those of its jobs and transcripts. The files go with `Storage.delete`, afterwards:
    a row without files would be a lie, files without a row are swept."""
    recording = await find(session, owner_id=owner_id, recording_id=recording_id)
    await session.delete(recording)
    await session.flush()


async def known_ids(session: AsyncSession) -> set[str]:
    """The ids of all recordings of all owners, for sweeping what no row names."""
    return set((await session.scalars(select(Recording.id))).all())
