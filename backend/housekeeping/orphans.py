"""Orphans: files that no row names, left by a killed upload, delete or write."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.housekeeping import disk
from backend.housekeeping.context import BATCH, HousekeepingContext, Item
from backend.housekeeping.disk import Entry, Part
from backend.jobs.tables import FINAL, Job
from backend.recordings.tables import Recording


@dataclass(frozen=True, slots=True)
class _Row:
    """The files that a recording's rows name."""

    owner_id: str
    original: str | None  #: its file name; none if retention removed it, with its parts
    audio: bool  #: whether a listening copy may exist
    jobs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Orphans:
    kind: str = "orphans"

    async def find(self, context: HousekeepingContext, as_of: datetime) -> list[Item]:
        # The disk first: if a file has a row, the row existed before the file did, so it is found below.
        root = context.storage.root
        all_entries = await asyncio.to_thread(lambda: list(disk.entries(root)))
        async with context.database.read() as session:
            rows = await _rows(session, {entry.recording_id for entry in all_entries})
        return [
            _item(root, entry, rows)
            for entry in _orphaned(all_entries, rows, as_of.timestamp() - context.sweep_seconds)
        ]

    async def remove(self, context: HousekeepingContext, item: Item, as_of: datetime) -> bool:
        root = context.storage.root
        path, id = root / item.id, item.recording_id or ""
        current = await asyncio.to_thread(_current_entries, root, path, id)
        async with context.database.read() as session:
            rows = await _rows(session, {id})
        before = as_of.timestamp() - context.sweep_seconds
        if path not in {entry.path for entry in _orphaned(current, rows, before)}:
            return False
        await asyncio.to_thread(disk.remove, path)
        return True


async def looks_like_wrong_database(context: HousekeepingContext, items: list[Item]) -> bool:
    """Whether so many whole folders have no row that this is probably the wrong database. Nothing is swept then."""
    lost = sum(item.recording_id == item.id for item in items)
    async with context.database.read() as session:
        known = (await session.scalars(select(Recording.id).limit(lost + 1))).all()
    return lost > max(20, len(known))


def _current_entries(root: Path, path: Path, recording_id: str) -> list[Entry]:
    """The entries at this path, or of its recording, as they are now."""
    if not recording_id or path.parent.name == "transcripts":
        return [entry for entry in disk.entries_of_mirrors(root) if entry.path == path]
    return list(disk.folder_entries(root / recording_id)) if (root / recording_id).exists() else []


def _orphaned(entries: list[Entry], rows: dict[str, _Row], before: float) -> list[Entry]:
    """Entries that no row names and that have not changed since `before`. A folder includes all that is in it."""
    old = [entry for entry in entries if entry.newest < before and not _has_row(entry, rows)]
    whole = {entry.path for entry in old if entry.part in (Part.FOLDER, Part.JOB)}
    return [entry for entry in old if not whole & set(entry.path.parents)]


def _has_row(entry: Entry, rows: dict[str, _Row]) -> bool:
    row = rows.get(entry.recording_id)
    if row is None:  # its parts go with the folder, which is as new as the newest of them
        return bool(entry.recording_id) and entry.part not in (Part.FOLDER, Part.MIRROR)
    if entry.part is Part.ORIGINAL:
        return row.original is not None and entry.path.name in (row.original, "parts")
    if entry.part is Part.AUDIO:
        return row.audio
    if entry.part is Part.JOB:
        return entry.job_id in row.jobs
    return entry.part is not Part.LEFTOVER


def _item(root: Path, entry: Entry, rows: dict[str, _Row]) -> Item:
    row = rows.get(entry.recording_id)
    path = entry.path.relative_to(root).as_posix()
    return Item(path, entry.bytes, row.owner_id if row else None, entry.recording_id or None)


async def _rows(session: AsyncSession, ids: Collection[str]) -> dict[str, _Row]:
    jobs: dict[str, set[str]] = {}
    working: set[str] = set()
    found: dict[str, _Row] = {}
    ended = {status.value for status in FINAL}
    left = iter(sorted(ids))
    while batch := list(islice(left, BATCH)):
        of_these = select(Job.id, Job.recording_id, Job.status).where(Job.recording_id.in_(batch))
        for id, recording, status in await session.execute(of_these):
            jobs.setdefault(recording, set()).add(id)
            if status not in ended:
                working.add(recording)
        for row in await session.scalars(select(Recording).where(Recording.id.in_(batch))):
            found[row.id] = _Row(
                owner_id=row.owner_id,
                original=None if row.original_removed_at else f"original.{row.extension}",
                audio=row.audio_removed_at is None or row.id in working,  # a job may be making it again
                jobs=frozenset(jobs.get(row.id, ())),
            )
    return found
