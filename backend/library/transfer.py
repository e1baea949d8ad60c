"""Transfers the tags and folders of a user whose recordings get a new owner."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.library import folders
from backend.library.tables import Folder, RecordingFolder, RecordingTag, Tag


async def transfer(session: AsyncSession, *, owner_id: str, new_owner_id: str) -> None:
    """A tag or a folder of which the new owner has one with the same name, in the same place, becomes that one."""
    await _transfer_tags(session, owner_id, new_owner_id)
    await _transfer_folders(session, owner_id, new_owner_id)


async def _transfer_tags(session: AsyncSession, owner_id: str, new_owner_id: str) -> None:
    theirs = {one.folded: one.id for one in await session.scalars(select(Tag).where(Tag.owner_id == new_owner_id))}
    for tag in (await session.scalars(select(Tag).where(Tag.owner_id == owner_id))).all():
        if (same := theirs.get(tag.folded)) is None:
            tag.owner_id = new_owner_id
            continue
        moved = update(RecordingTag).where(RecordingTag.tag_id == tag.id).values(tag_id=same)
        await session.execute(moved)
        await session.execute(delete(Tag).where(Tag.id == tag.id))
    await session.flush()


async def _transfer_folders(session: AsyncSession, owner_id: str, new_owner_id: str) -> None:
    ours = await folders.read_tree(session, owner_id=owner_id, lock=True)
    theirs = await folders.read_tree(session, owner_id=new_owner_id, lock=True)
    by_level = sorted(ours.folders.values(), key=lambda one: len(list(ours.path(one.id))))
    now: dict[str | None, str | None] = {None: None}  # which folder each of ours is then
    merged = []
    for folder in by_level:
        parent = now[folder.parent_id]
        same = next((one for one in theirs.children(parent) if one.folded == folder.folded), None)
        if same is None:
            now[folder.id] = folder.id
            folder.owner_id, folder.parent_id = new_owner_id, parent
        else:
            now[folder.id] = same.id
            merged.append(folder.id)
            moved = update(RecordingFolder).where(RecordingFolder.folder_id == folder.id)
            await session.execute(moved.values(folder_id=same.id))
    await session.flush()
    await session.execute(delete(Folder).where(Folder.id.in_(merged)))
