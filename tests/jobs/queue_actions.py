"""The functions of the queue, each in its own transaction."""

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from backend.database import Database
from backend.jobs import queue
from backend.jobs.queue import (
    Limits,
)
from backend.jobs.tables import Job, Kind, Status

if TYPE_CHECKING:
    from tests.jobs.conftest import MakeRecording

LIMITS = Limits(concurrent=3, per_user=2, size=50)
LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.utc)


class QueueActions:
    """The functions of the queue, each in its own transaction."""

    def __init__(self, database: Database, recording_of: "MakeRecording") -> None:
        self.database = database
        self.recording_of = recording_of

    async def add(self, owner: str, limits: Limits = LIMITS, kind: Kind = Kind.TRANSCRIPT) -> Job:
        recording = await self.recording_of(owner)
        scope = {"owner_id": owner, "recording_id": recording}
        async with self.database.write() as session:
            return await queue.add(session, **scope, options={}, limits=limits, kind=kind)

    async def claim(self, runner: str = "r1", limits: Limits = LIMITS, now: datetime | None = None) -> Job | None:
        async with self.database.write() as session:
            return await queue.claim(session, runner=runner, limits=limits, now=now)

    async def done(self, job: Job) -> None:
        async with self.database.write() as session:
            await queue.finish(session, job, Status.DONE)

    async def row(self, id: str) -> Job:
        async with self.database.read() as session:
            return await session.get_one(Job, id)
