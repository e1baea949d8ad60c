"""The folders of one owner, at most three levels deep. Every query names the owner."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import delete as remove
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.tables import User
from backend.errors import Conflict, NotFound
from backend.library.names import clean, fold
from backend.library.tables import MAX_LEVELS, Folder, RecordingFolder
from backend.recordings.tables import not_trashed

MAX_PER_OWNER = 500


class FolderNotFound(NotFound):
    code = "folder_not_found"
    detail = "There is no such folder, or it is not yours."


class FolderExists(Conflict):
    code = "folder_exists"
    detail = "There is a folder with this name in the same place already."


class FolderTooDeep(Conflict):
    code = "folder_too_deep"
    detail = f"Folders go {MAX_LEVELS} levels deep. Choose a place further up."


class FolderInItself(Conflict):
    code = "folder_in_itself"
    detail = "A folder cannot be moved into itself or into a folder inside it."


class TooManyFolders(Conflict):
    code = "too_many_folders"
    detail = f"You have {MAX_PER_OWNER} folders. Delete one you do not need."


@dataclass(frozen=True, slots=True)
class FolderTree:
    """All folders of one owner, by id."""

    folders: dict[str, Folder]

    def __getitem__(self, id: str) -> Folder:
        if id not in self.folders:
            raise FolderNotFound
        return self.folders[id]

    def children(self, parent_id: str | None) -> list[Folder]:
        return [one for one in self.folders.values() if one.parent_id == parent_id]

    def path(self, id: str | None) -> Iterator[str]:
        """The folder, its parent, and so on up to the top."""
        while id is not None:
            yield id
            id = self[id].parent_id

    def inside(self, id: str) -> set[str]:
        """The folder and every folder inside it."""
        return {id}.union(*(self.inside(child.id) for child in self.children(id)))

    def height(self, id: str) -> int:
        """The number of levels that it takes: 1 for a folder without folders."""
        return 1 + max((self.height(child.id) for child in self.children(id)), default=0)

    def check_place(self, folded: str, parent_id: str | None, moved: str | None = None) -> None:
        """Whether a new folder, or the moved one, may have this name there."""
        above = list(self.path(parent_id))
        if moved in above:
            raise FolderInItself
        if len(above) + (1 if moved is None else self.height(moved)) > MAX_LEVELS:
            raise FolderTooDeep
        if any(one.folded == folded and one.id != moved for one in self.children(parent_id)):
            raise FolderExists


async def read_tree(session: AsyncSession, *, owner_id: str, lock: bool = False) -> FolderTree:
    """In the order of their names. With `lock` nobody else changes a folder of this owner until the commit."""
    if lock:
        # Not the folders: a new one would not wait for them. Its key is not locked: others may refer to it meanwhile.
        await session.execute(select(User.id).where(User.id == owner_id).with_for_update(key_share=True))
    rows = await session.scalars(select(Folder).where(Folder.owner_id == owner_id).order_by(Folder.folded, Folder.id))
    return FolderTree({one.id: one for one in rows})


async def list_folders(session: AsyncSession, *, owner_id: str) -> list[tuple[Folder, int]]:
    """By name, with the number of recordings in each and in the folders inside it; without those in the trash."""
    tree = await read_tree(session, owner_id=owner_id)
    query = select(RecordingFolder.folder_id, func.count()).where(not_trashed(RecordingFolder.recording_id))
    owned = query.join(Folder, Folder.id == RecordingFolder.folder_id).where(Folder.owner_id == owner_id)
    counts: Counter[str] = Counter()
    for id, count in await session.execute(owned.group_by(RecordingFolder.folder_id)):
        for above in tree.path(id):
            counts[above] += count
    return [(one, counts[one.id]) for one in tree.folders.values()]


async def create(session: AsyncSession, *, owner_id: str, name: str, parent_id: str | None) -> Folder:
    tree = await read_tree(session, owner_id=owner_id, lock=True)
    if len(tree.folders) >= MAX_PER_OWNER:
        raise TooManyFolders
    cleaned = clean(name)
    tree.check_place(fold(cleaned), parent_id)
    folder = Folder(owner_id=owner_id, parent_id=parent_id, name=cleaned, folded=fold(cleaned))
    session.add(folder)
    await session.flush()
    return folder


async def rename(session: AsyncSession, *, owner_id: str, folder_id: str, name: str) -> Folder:
    tree = await read_tree(session, owner_id=owner_id, lock=True)
    folder, cleaned = tree[folder_id], clean(name)
    tree.check_place(fold(cleaned), folder.parent_id, folder_id)
    folder.name, folder.folded = cleaned, fold(cleaned)
    await session.flush()
    return folder


async def move(session: AsyncSession, *, owner_id: str, folder_id: str, parent_id: str | None) -> Folder:
    """Move a folder with everything in it; to the top for None."""
    tree = await read_tree(session, owner_id=owner_id, lock=True)
    folder = tree[folder_id]
    tree.check_place(folder.folded, parent_id, folder_id)
    folder.parent_id = parent_id
    await session.flush()
    return folder


async def delete(session: AsyncSession, *, owner_id: str, folder_id: str) -> None:
    """Delete a folder and the folders inside it. Their recordings then lie where it lay."""
    tree = await read_tree(session, owner_id=owner_id, lock=True)
    folder = tree[folder_id]
    inside = RecordingFolder.folder_id.in_(tree.inside(folder_id))
    if folder.parent_id is not None:
        await session.execute(update(RecordingFolder).where(inside).values(folder_id=folder.parent_id))
    await session.execute(remove(Folder).where(Folder.id == folder_id))  # the database deletes what refers to it


async def folders_of(session: AsyncSession, recordings: Collection[str]) -> dict[str, str]:
    """The id of the folder by the id of the recording; those in no folder are missing."""
    query = select(RecordingFolder.recording_id, RecordingFolder.folder_id)
    rows = await session.execute(query.where(RecordingFolder.recording_id.in_(recordings)))
    return {recording: folder for recording, folder in rows}


async def put(session: AsyncSession, recordings: Collection[str], folder_id: str | None) -> None:
    """Put every recording into a folder of its owner, or out of every folder."""
    await session.execute(remove(RecordingFolder).where(RecordingFolder.recording_id.in_(recordings)))
    if folder_id is not None:
        session.add_all(RecordingFolder(recording_id=one, folder_id=folder_id) for one in recordings)
    await session.flush()
