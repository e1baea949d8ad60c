"""Uploads that expired before they were complete, and files of uploads that no row names."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from backend.crash_points import durable_step
from backend.durable import sync_folder
from backend.housekeeping import disk
from backend.housekeeping.context import HousekeepingContext, Item
from backend.recordings import uploads
from backend.recordings.files import Storage
from backend.recordings.tables import Upload


@dataclass(frozen=True, slots=True)
class ExpiredUploads:
    kind: str = "uploads"

    async def find(self, context: HousekeepingContext, as_of: datetime) -> list[Item]:
        # The files are listed first: a row exists before its file.
        sizes = await asyncio.to_thread(_list_incoming, context.storage)
        async with context.database.read() as session:
            rows = {id: (owner, when) for id, owner, when in await session.execute(_ROWS)}
        due = [(id, owner) for id, (owner, when) in rows.items() if when <= as_of]
        expired = [*due, *((id, None) for id in sizes if id not in rows)]
        return [Item(id, sizes.get(id, 0), owner) for id, owner in sorted(expired, key=lambda one: one[0])]

    async def remove(self, context: HousekeepingContext, item: Item, as_of: datetime) -> bool:
        with durable_step("upload.expired"):
            async with context.database.write() as session:
                if not await uploads.expire(session, item.id, as_of):
                    return False
        await asyncio.to_thread(_unlink, context.storage, item.id)
        return True


_ROWS = select(Upload.id, Upload.owner_id, Upload.expires_at)


def _list_incoming(storage: Storage) -> dict[str, int]:
    """Bytes by id."""
    folder = storage.incoming
    return {path.name: disk.size_of(path) for path in folder.iterdir()} if folder.is_dir() else {}


def _unlink(storage: Storage, id: str) -> None:
    storage.upload(id).unlink(missing_ok=True)
    sync_folder(storage.incoming)
