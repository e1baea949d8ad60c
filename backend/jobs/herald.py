"""The herald tells listeners how jobs stand: it is called with ids after a commit, and reads what was committed."""

import asyncio
import logging
from dataclasses import dataclass, field

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
            for job, told in zip(jobs, await states(session, jobs, self.limits), strict=True):
                self.bus.publish(Change(job.owner_id, job.id, told.model_dump(mode="json")))


def gone(owner_id: str, job_id: str) -> Change:
    """The change that says a job has been deleted."""
    return Change(owner_id, job_id, {"id": job_id, "status": "deleted"})
