"""Tags and moves several recordings of one owner at once: all of them, or none."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import Conflict
from backend.library import folders, tags
from backend.library.tables import RecordingTag
from backend.recordings.service import RecordingNotFound
from backend.recordings.tables import Recording


class OrganizedMeanwhile(Conflict):
    code = "organized_meanwhile"
    detail = "These recordings or their folder were changed at the same moment. Try again."


@dataclass(frozen=True, slots=True)
class Move:
    folder_id: str | None  #: None: out of every folder


async def organize(
    session: AsyncSession,
    *,
    owner_id: str,
    recordings: Collection[str],
    add_tags: Collection[str] = (),
    remove_tags: Collection[str] = (),
    move: Move | None = None,
) -> None:
    """Raises RecordingNotFound, TagNotFound or FolderNotFound if one of them is not the owner's; recordings in the
    trash are not found."""
    ids = set(recordings)
    mine = (Recording.owner_id == owner_id) & Recording.trashed_at.is_(None)
    if await session.scalar(select(func.count()).select_from(Recording).where(Recording.id.in_(ids), mine)) != len(ids):
        raise RecordingNotFound
    await tags.find_all(session, owner_id=owner_id, ids={*add_tags, *remove_tags})
    if move is not None and move.folder_id is not None:
        (await folders.read_tree(session, owner_id=owner_id))[move.folder_id]  # raises FolderNotFound
    removed = RecordingTag.recording_id.in_(ids) & RecordingTag.tag_id.in_(remove_tags)
    await session.execute(delete(RecordingTag).where(removed))
    try:
        async with session.begin_nested():
            await tags.add(session, ids, set(add_tags) - set(remove_tags))
            if move is not None:
                await folders.put(session, ids, move.folder_id)
    except IntegrityError:
        raise OrganizedMeanwhile from None
