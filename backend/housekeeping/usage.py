"""Disk usage: bytes by kind and by user."""

import asyncio
import shutil
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from sqlalchemy import select

from backend.accounts.tables import User
from backend.database import Database, async_url
from backend.housekeeping import disk
from backend.housekeeping.disk import Part
from backend.recordings.files import Storage
from backend.recordings.tables import Recording, Upload


class StorageKind(str, Enum):
    """A kind of stored data."""

    ORIGINALS = "originals"
    LISTENING_COPIES = "listening_copies"  #: with their peaks
    ARTIFACTS = "artifacts"
    TRANSCRIPTS = "transcripts"  #: mirrors
    UPLOADS = "uploads"  #: unfinished
    TRASH = "trash"  #: everything of recordings in the trash
    OTHER = "other"  #: orphans, and files of the transcribe command


_KINDS = {
    Part.ORIGINAL: StorageKind.ORIGINALS,
    Part.AUDIO: StorageKind.LISTENING_COPIES,
    Part.JOB: StorageKind.ARTIFACTS,
    Part.MIRROR: StorageKind.TRANSCRIPTS,
}


@dataclass(slots=True)
class UserUsage:
    """The usage of one user."""

    user_id: str
    username: str
    recordings: int = 0  #: without those in the trash
    kinds: Counter[StorageKind] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Usage:
    kinds: Counter[StorageKind]
    total: int
    users: list[UserUsage]
    disk_total: int
    disk_free: int
    database: int | None  #: of SQLite's files; none for other databases


async def usage(database: Database, storage: Storage, database_url: str) -> Usage:
    """Measure now. Walking the disk takes a second for about ten thousand recordings."""
    async with database.read() as session:
        users = {id: UserUsage(id, name) for id, name in await session.execute(select(User.id, User.username))}
        rows = await session.execute(select(Recording.id, Recording.owner_id, Recording.trashed_at))
        owners = {id: (owner, when is not None) for id, owner, when in rows}
        coming = [(id, owner) for id, owner in await session.execute(select(Upload.id, Upload.owner_id))]
    # Without the recordings of users who were deleted in between.
    owners = {id: owner for id, owner in owners.items() if owner[0] in users}
    for owner, trashed in owners.values():
        users[owner].recordings += not trashed
    total = await asyncio.to_thread(_walk, storage.root, owners, users)
    for id, owner in coming:
        if owner in users:
            users[owner].kinds[StorageKind.UPLOADS] += await asyncio.to_thread(disk.size_of, storage.upload(id))
    kinds = sum((user.kinds for user in users.values()), Counter[StorageKind]())
    kinds[StorageKind.OTHER] = total - kinds.total()
    space = await asyncio.to_thread(
        shutil.disk_usage, next(p for p in (storage.root, *storage.root.parents) if p.exists())
    )
    return Usage(
        kinds=kinds,
        total=total,
        users=sorted(users.values(), key=lambda user: (-user.kinds.total(), user.username)),
        disk_total=space.total,
        disk_free=space.free,
        database=await asyncio.to_thread(_database_bytes, database_url),
    )


def _walk(root: Path, owners: dict[str, tuple[str, bool]], users: dict[str, UserUsage]) -> int:
    """Count each entry for its owner; answers the total."""
    for entry in disk.entries(root):
        kind = _KINDS.get(entry.part)
        if entry.recording_id not in owners or kind is None:
            continue
        owner, trashed = owners[entry.recording_id]
        users[owner].kinds[StorageKind.TRASH if trashed else kind] += entry.bytes
    return disk.size_of(root)


def _database_bytes(url: str) -> int | None:
    parsed = async_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return sum(disk.size_of(Path(parsed.database + ending)) for ending in ("", "-wal", "-shm"))
