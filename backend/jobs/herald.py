"""The herald tells listeners how jobs stand: it is called with ids after a commit, and reads what was committed."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from backend.database import Database
from backend.events import Bus, Change
from backend.jobs.queue import Limits
from backend.jobs.state import states
from backend.jobs.tables import Job, Status
from backend.recordings.tables import not_trashed

logger = logging.getLogger(__name__)

#: Changes within this time are told together.
_GATHER_SECONDS = 0.1


@dataclass(slots=True)
class Herald:
    database: Database
    bus: Bus
    limits: Limits
    _changed: set[str] = field(default_factory=set)
    _told: dict[str, dict[str, Any]] = field(default_factory=dict)  #: of those who wait: what was told of each last
    _called: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    def changed(self, *job_ids: str) -> None:
        """These jobs have changed, and with them perhaps the places of those who wait. Never waits."""
        self._changed.update(job_ids)
        self._called.set()

    def stop(self) -> None:
        """Tell what is left, then end."""
        self._stopping = True
        self._called.set()

    async def run(self) -> None:
        while self._changed or not self._stopping:
            await self._called.wait()
            self._called.clear()
            ids, self._changed = self._changed, set()
            try:
                await self._tell(ids)
            except SQLAlchemyError:
                self._changed |= ids
                logger.warning("Changes could not be told yet", exc_info=True)
            await asyncio.sleep(_GATHER_SECONDS)

    async def _tell(self, ids: set[str]) -> None:
        if not ids:
            return
        async with self.database.read() as session:
            waiting = Job.status == Status.QUEUED.value
            jobs = list(
                (
                    await session.scalars(
                        select(Job).where(or_(Job.id.in_(ids), waiting), not_trashed(Job.recording_id))
                    )
                ).all()
            )
            told = [one.model_dump(mode="json") for one in await states(session, jobs, self.limits)]
        before, self._told = self._told, {}
        for job, state in zip(jobs, told, strict=True):
            if job.status == Status.QUEUED.value:
                self._told[job.id] = state
            if job.id in ids or before.get(job.id) != state:  # most of those who wait go on waiting as they did
                self.bus.publish(Change(job.owner_id, job.id, state))


def gone(owner_id: str, job_id: str) -> Change:
    """The change that says a job has been deleted."""
    return Change(owner_id, job_id, {"id": job_id, "status": "deleted"})
