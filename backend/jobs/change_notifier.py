"""Publishes the states of changed jobs: it is called with ids after a commit, and reads what was committed."""

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

#: Changes within this time are published together.
_BATCH_SECONDS = 0.1


@dataclass(slots=True)
class ChangeNotifier:
    database: Database
    bus: Bus
    limits: Limits
    _changed: set[str] = field(default_factory=set)
    _published: dict[str, dict[str, Any]] = field(default_factory=dict)  #: the last published states of waiting jobs
    _wake_up: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    def changed(self, *job_ids: str) -> None:
        """These jobs have changed, and perhaps the places of waiting jobs with them. Returns at once."""
        self._changed.update(job_ids)
        self._wake_up.set()

    def stop(self) -> None:
        """Publish what is left, then end."""
        self._stopping = True
        self._wake_up.set()

    async def run(self) -> None:
        while self._changed or not self._stopping:
            await self._wake_up.wait()
            self._wake_up.clear()
            ids, self._changed = self._changed, set()
            try:
                await self._publish(ids)
            except SQLAlchemyError:
                self._changed |= ids
                logger.warning("Changes could not be published yet", exc_info=True)
            await asyncio.sleep(_BATCH_SECONDS)

    async def _publish(self, ids: set[str]) -> None:
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
            new_states = [one.model_dump(mode="json") for one in await states(session, jobs, self.limits)]
        before, self._published = self._published, {}
        for job, state in zip(jobs, new_states, strict=True):
            if job.status == Status.QUEUED.value:
                self._published[job.id] = state
            if job.id in ids or before.get(job.id) != state:  # most waiting jobs have not changed
                self.bus.publish(Change(job.owner_id, job.id, state))


def job_deleted(owner_id: str, job_id: str) -> Change:
    """The change of a job that has been deleted."""
    return Change(owner_id, job_id, {"id": job_id, "status": "deleted"})
