"""Every sweeper. Add a sweeper for everything new that is stored to the lists at the end."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from backend.crash_points import durable_step
from backend.housekeeping import disk
from backend.housekeeping.context import HousekeepingContext, Item, Sweeper
from backend.housekeeping.incoming import ExpiredUploads
from backend.housekeeping.orphans import Orphans
from backend.jobs import queue
from backend.jobs.tables import Job, Status
from backend.library import trash
from backend.recordings.files import Storage
from backend.recordings.service import RecordingNotFound
from backend.recordings.tables import Recording


@dataclass(frozen=True, slots=True)
class Trash:
    """Recordings that have been in the trash for so many days."""

    days: float
    kind: str = "trash"

    async def find(self, context: HousekeepingContext, as_of: datetime) -> list[Item]:
        long_enough = Recording.trashed_at <= as_of - timedelta(days=self.days)
        async with context.database.read() as session:
            query = select(Recording.id, Recording.owner_id).where(long_enough).order_by(Recording.id)
            found = [(id, owner) for id, owner in await session.execute(query)]
        sizes = await asyncio.to_thread(lambda: [size_of_recording(context.storage, id) for id, _ in found])
        return [Item(id, size, owner, id) for (id, owner), size in zip(found, sizes, strict=True)]

    async def remove(self, context: HousekeepingContext, item: Item, as_of: datetime) -> bool:
        long_enough = Recording.trashed_at <= as_of - timedelta(days=self.days)
        try:
            with durable_step("trash.rows"):
                async with context.database.write() as session:
                    await trash.delete(session, item.id, long_enough, reason="trash")
        except RecordingNotFound:  # it was restored or deleted meanwhile
            return False
        await context.storage.delete(item.id)
        return True


@dataclass(frozen=True, slots=True)
class DoneArtifacts:
    """Artifacts of done jobs: the transcript is published, and they can be made again from the original."""

    kind: str = "artifacts"

    async def find(self, context: HousekeepingContext, as_of: datetime) -> list[Item]:
        again = Recording.trashed_at.is_(None) & Recording.original_removed_at.is_(None)
        query = (
            select(Job.id, Job.recording_id, Job.owner_id)
            .join(Recording, Recording.id == Job.recording_id)
            .where(Job.status == Status.DONE.value, Job.finished_at <= as_of, again)
            .order_by(Job.id)
        )
        async with context.database.read() as session:
            found = [(job, recording, owner) for job, recording, owner in await session.execute(query)]
        folders = [context.storage.job_folder(recording, job) for job, recording, _ in found]
        sizes = await asyncio.to_thread(lambda: [disk.size_of(folder) for folder in folders])
        return [
            Item(job, size, owner, recording)
            for (job, recording, owner), size in zip(found, sizes, strict=True)
            if size
        ]

    async def remove(self, context: HousekeepingContext, item: Item, as_of: datetime) -> bool:
        return await remove_artifacts(context, item, as_of, (Status.DONE,))


async def remove_artifacts(
    context: HousekeepingContext, item: Item, as_of: datetime, statuses: Sequence[Status]
) -> bool:
    """Delete a job's folder, unless its recording has open jobs or the job was started again."""
    assert item.recording_id is not None
    folder = context.storage.job_folder(item.recording_id, item.id)
    going = folder.with_name(f"{disk.DELETING}{secrets.token_hex(8)}")
    async with context.database.write() as session:
        if await queue.open_jobs(session, item.recording_id):
            return False
        job = await session.get(Job, item.id)
        if job is None or Status(job.status) not in statuses or job.finished_at is None or job.finished_at > as_of:
            return False
        # Renamed while no job can start. If the process is killed now, the folder is an orphan by its name.
        if not await asyncio.to_thread(_rename, folder, going):
            return False
    await asyncio.to_thread(disk.remove, going)
    return True


def size_of_recording(storage: Storage, recording_id: str) -> int:
    """The bytes of all its files, mirrors included."""
    mirrors = disk.mirrors_of(storage.root, recording_id)
    return disk.size_of(storage.folder(recording_id)) + sum(disk.size_of(path) for path in mirrors)


def _rename(folder: Path, going: Path) -> bool:
    try:
        with durable_step("artifacts.going"):
            folder.rename(going)
    except FileNotFoundError:
        return False
    return True


#: What an admin can clean up at once, in this order. The page knows the kinds.
CLEANERS: tuple[Sweeper, ...] = (Orphans(), ExpiredUploads(), DoneArtifacts(), Trash(days=0.0))


def sweepers(trash_days: float) -> tuple[Sweeper, ...]:
    """The sweepers of every run, whatever the rules of retention are."""
    return (Orphans(), ExpiredUploads(), Trash(days=trash_days))
