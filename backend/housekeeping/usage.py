"""What takes up the disk: how many bytes of which kind, and whose."""

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


class Takes(str, Enum):
    """What the bytes belong to."""

    ORIGINALS = "originals"
    LISTENING_COPIES = "listening_copies"  #: with their peaks
    ARTIFACTS = "artifacts"
    TRANSCRIPTS = "transcripts"  #: mirrors
    UPLOADS = "uploads"  #: under way
    TRASH = "trash"  #: everything of recordings that lie there
    OTHER = "other"  #: nobody's: orphans, and what the shell has left


_KINDS = {
    Part.ORIGINAL: Takes.ORIGINALS,
    Part.AUDIO: Takes.LISTENING_COPIES,
    Part.JOB: Takes.ARTIFACTS,
    Part.MIRROR: Takes.TRANSCRIPTS,
}


@dataclass(slots=True)
class Owned:
    """One user's part."""

    user_id: str
    username: str
    recordings: int = 0  #: those in the trash are not counted
    kinds: Counter[Takes] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Usage:
    kinds: Counter[Takes]
    total: int
    users: list[Owned]
    disk_total: int
    disk_free: int
    database: int | None  #: of SQLite's files


async def usage(database: Database, storage: Storage, database_url: str) -> Usage:
    """Measured now; the disk is walked, which takes a second for some ten thousand recordings."""
    async with database.read() as session:
        users = {id: Owned(id, name) for id, name in await session.execute(select(User.id, User.username))}
        rows = await session.execute(select(Recording.id, Recording.owner_id, Recording.trashed_at))
        owners = {id: (owner, when is not None) for id, owner, when in rows}
        coming = [(id, owner) for id, owner in await session.execute(select(Upload.id, Upload.owner_id))]
    owners = {id: whose for id, whose in owners.items() if whose[0] in users}  # nobody's, of who left just now
    for owner, trashed in owners.values():
        users[owner].recordings += not trashed
    total = await asyncio.to_thread(_walk, storage.root, owners, users)
    for id, owner in coming:
        if owner in users:
            users[owner].kinds[Takes.UPLOADS] += await asyncio.to_thread(disk.size_of, storage.upload(id))
    kinds = sum((user.kinds for user in users.values()), Counter[Takes]())
    kinds[Takes.OTHER] = total - kinds.total()
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


def _walk(root: Path, owners: dict[str, tuple[str, bool]], users: dict[str, Owned]) -> int:
    """Give each entry to its owner; answers how much there is in all."""
    for entry in disk.entries(root):
        kind = _KINDS.get(entry.part)
        if entry.recording_id not in owners or kind is None:
            continue
        owner, trashed = owners[entry.recording_id]
        users[owner].kinds[Takes.TRASH if trashed else kind] += entry.bytes
    return disk.size_of(root)


def _database_bytes(url: str) -> int | None:
    parsed = async_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return sum(disk.size_of(Path(parsed.database + ending)) for ending in ("", "-wal", "-shm"))
