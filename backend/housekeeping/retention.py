"""Retention: removes things after so many days, but not from recordings in the trash or with open jobs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.audit import Action, note
from backend.crash_points import durable_step
from backend.database import utc_now
from backend.events.log import record
from backend.events.tables import EventKind
from backend.housekeeping import disk
from backend.housekeeping.context import BATCH, HousekeepingContext, Item
from backend.housekeeping.sweepers import remove_artifacts, size_of_recording
from backend.housekeeping.tables import RetentionKind, RetentionRule, RetentionStart
from backend.jobs import queue
from backend.jobs.tables import FINAL, Job
from backend.library import trash
from backend.recordings.files import Storage
from backend.recordings.service import RecordingNotFound
from backend.recordings.tables import Recording
from backend.transcripts.tables import Transcript


async def rules(session: AsyncSession) -> list[RetentionRule]:
    """One rule of every kind; those that nobody has set are off."""
    found = {rule.kind: rule for rule in await session.scalars(select(RetentionRule))}
    off = {"days": None, "since": RetentionStart.UPLOADED.value}
    return [found.get(kind.value) or RetentionRule(kind=kind.value, **off) for kind in RetentionKind]


async def set_rule(
    session: AsyncSession, kind: RetentionKind, days: int | None, since: RetentionStart
) -> RetentionRule:
    rule = await session.get(RetentionRule, kind.value)
    if rule is None:
        rule = RetentionRule(kind=kind.value)
        session.add(rule)
    rule.days, rule.since, rule.changed_at = days, since.value, utc_now()
    note(session, Action.RETENTION_SET, subject=kind.value, days=days, since=since.value)
    await session.flush()
    return rule


@dataclass(frozen=True, slots=True)
class Retention:
    """The sweeper of one rule."""

    target: RetentionKind
    days: int
    since: RetentionStart

    @property
    def kind(self) -> str:
        return self.target.value

    async def find(self, context: HousekeepingContext, as_of: datetime) -> list[Item]:
        async with context.database.read() as session:
            due = await self._due(session, as_of)
            jobs = await self._ended_jobs(session, due, as_of) if self.target is RetentionKind.ARTIFACTS else []
        return await asyncio.to_thread(self._with_sizes, context.storage, due, jobs)

    async def remove(self, context: HousekeepingContext, item: Item, as_of: datetime) -> bool:
        assert item.recording_id is not None
        if self.target is RetentionKind.ARTIFACTS:
            return await remove_artifacts(context, item, as_of - timedelta(days=self.days), tuple(FINAL))
        try:
            with durable_step("retention.rows"):
                async with context.database.write() as session:
                    if await queue.open_jobs(session, item.recording_id):
                        return False
                    due = await self._due(session, as_of, item.recording_id)
                    if not due:
                        return False
                    await self._mark_removed(session, due[0])
        except RecordingNotFound:
            return False
        # The rows are changed already. If the process is killed now, the files are orphans.
        if self.target is not RetentionKind.RECORDINGS:
            await asyncio.to_thread(_remove_files, self._files(context.storage, due[0]))
        return True

    async def _due(self, session: AsyncSession, as_of: datetime, only: str | None = None) -> Sequence[Recording]:
        ended = [status.value for status in FINAL]
        working = select(Job.id).where(Job.recording_id == Recording.id, Job.status.not_in(ended)).exists()
        worked = select(func.max(Job.finished_at)).where(Job.recording_id == Recording.id).scalar_subquery()
        saved = select(func.max(Transcript.created_at)).where(Transcript.recording_id == Recording.id)
        query = select(Recording, worked, saved.scalar_subquery()).where(Recording.trashed_at.is_(None), ~working)
        if self.target is RetentionKind.ORIGINALS:
            is_transcribed = select(Transcript.id).where(Transcript.recording_id == Recording.id).exists()
            query = query.where(Recording.original_removed_at.is_(None), is_transcribed)
        elif self.target is RetentionKind.LISTENING_COPIES:
            query = query.where(Recording.audio_removed_at.is_(None))
        if only is not None:
            query = query.where(Recording.id == only)
        before = as_of - timedelta(days=self.days)
        found = (await session.execute(query.where(Recording.created_at <= before).order_by(Recording.id))).all()
        return [row[0] for row in found if self._started_at(*row) <= before]

    def _started_at(self, recording: Recording, worked: datetime | None, saved: datetime | None) -> datetime:
        moments = [recording.created_at, recording.restored_at]
        if self.since is RetentionStart.WORKED:
            moments += [worked, saved]
        return max(moment for moment in moments if moment is not None)

    async def _mark_removed(self, session: AsyncSession, recording: Recording) -> None:
        now = utc_now()
        if self.target is RetentionKind.RECORDINGS:
            await trash.move_to_trash(session, recording, now, reason="retention", days=self.days)
            return
        if self.target is RetentionKind.ORIGINALS:
            recording.original_removed_at = now
            note(session, Action.ORIGINAL_REMOVED, subject=recording.id, days=self.days)
            kind = EventKind.ORIGINAL_REMOVED
        else:
            recording.audio_removed_at = now
            note(session, Action.AUDIO_REMOVED, subject=recording.id, days=self.days)
            kind = EventKind.AUDIO_REMOVED
        record(session, kind, owner_id=recording.owner_id, recording_id=recording.id)

    def _files(self, storage: Storage, recording: Recording) -> list[Path]:
        if self.target is RetentionKind.ORIGINALS:
            return [storage.original(recording), storage.folder(recording.id) / "parts"]
        return [storage.listening_copy(recording.id), storage.peaks(recording.id)]

    async def _ended_jobs(self, session: AsyncSession, due: Sequence[Recording], as_of: datetime) -> list[Job]:
        ended = Job.status.in_([status.value for status in FINAL])
        long_ago = Job.finished_at <= as_of - timedelta(days=self.days)
        found: list[Job] = []
        for start in range(0, len(due), BATCH):
            these = [recording.id for recording in due[start : start + BATCH]]
            found += await session.scalars(select(Job).where(ended, long_ago, Job.recording_id.in_(these)))
        return found

    def _with_sizes(self, storage: Storage, due: Sequence[Recording], jobs: Sequence[Job]) -> list[Item]:
        if self.target is RetentionKind.ARTIFACTS:
            sizes = [(job, disk.size_of(storage.job_folder(job.recording_id, job.id))) for job in jobs]
            return [Item(job.id, size, job.owner_id, job.recording_id) for job, size in sizes if size]
        if self.target is RetentionKind.RECORDINGS:
            return [Item(one.id, size_of_recording(storage, one.id), one.owner_id, one.id) for one in due]
        with_sizes = [(one, sum(disk.size_of(path) for path in self._files(storage, one))) for one in due]
        return [Item(one.id, size, one.owner_id, one.id) for one, size in with_sizes if size]


def _remove_files(paths: Sequence[Path]) -> None:
    for path in paths:
        disk.remove(path)
