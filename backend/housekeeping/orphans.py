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
from backend.housekeeping.disk import Entry, Part
from backend.housekeeping.ground import BATCH, Ground, Item
from backend.jobs.tables import FINAL, Job
from backend.recordings.tables import Recording


@dataclass(frozen=True, slots=True)
class _Row:
    """What the rows say of a recording's files."""

    owner_id: str
    original: str | None  #: the name it has; none where retention took it, with the parts of one in several parts
    audio: bool  #: the listening copy may be there
    jobs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Orphans:
    kind: str = "orphans"

    async def find(self, ground: Ground, as_of: datetime) -> list[Item]:
        # The disk first: whatever is named there was named by its row, if it has one, before the rows are read.
        root = ground.storage.root
        there = await asyncio.to_thread(lambda: list(disk.entries(root)))
        async with ground.database.read() as session:
            rows = await _rows(session, {entry.recording_id for entry in there})
        return [_item(root, entry, rows) for entry in _orphaned(there, rows, as_of.timestamp() - ground.sweep_seconds)]

    async def remove(self, ground: Ground, item: Item, as_of: datetime) -> bool:
        root = ground.storage.root
        path, id = root / item.id, item.recording_id or ""
        there = await asyncio.to_thread(_again, root, path, id)
        async with ground.database.read() as session:
            rows = await _rows(session, {id})
        before = as_of.timestamp() - ground.sweep_seconds
        if path not in {entry.path for entry in _orphaned(there, rows, before)}:
            return False
        await asyncio.to_thread(disk.remove, path)
        return True


async def lost_rows(ground: Ground, items: list[Item]) -> bool:
    """Whether so many whole folders have no row that it looks like the wrong database: nobody should sweep then."""
    lost = sum(item.recording_id == item.id for item in items)
    async with ground.database.read() as session:
        known = (await session.scalars(select(Recording.id).limit(lost + 1))).all()
    return lost > max(20, len(known))


def _again(root: Path, path: Path, recording_id: str) -> list[Entry]:
    """The entries that could be at this path, as they are now."""
    if not recording_id or path.parent.name == "transcripts":
        return [entry for entry in disk.entries_of_mirrors(root) if entry.path == path]
    return list(disk.folder_entries(root / recording_id)) if (root / recording_id).exists() else []


def _orphaned(there: list[Entry], rows: dict[str, _Row], before: float) -> list[Entry]:
    """Those that no row names and nobody has touched since `before`. A whole folder stands for all that is in it."""
    old = [entry for entry in there if entry.newest < before and not _named(entry, rows)]
    whole = {entry.path for entry in old if entry.part in (Part.FOLDER, Part.JOB)}
    return [entry for entry in old if not whole & set(entry.path.parents)]


def _named(entry: Entry, rows: dict[str, _Row]) -> bool:
    row = rows.get(entry.recording_id)
    if row is None:  # the folder stands for its parts: it is as young as the youngest of them
        return bool(entry.recording_id) and entry.part not in (Part.FOLDER, Part.MIRROR)
    if entry.part is Part.ORIGINAL:
        return row.original is not None and entry.path.name in (row.original, "parts")
    if entry.part is Part.AUDIO:
        return row.audio
    if entry.part is Part.JOB:
        return entry.job_id in row.jobs
    return entry.part is not Part.REST


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
