"""Tells the sockets of this server what was committed at any server: events, and the states of the jobs they change."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from backend.database import Database
from backend.events.bus import Bus, Change, Happening
from backend.events.log import HAS_EVENTS
from backend.events.postgres_listener import PostgresListener
from backend.events.tables import Event, EventKind
from backend.events.tailer import EventTailer
from backend.jobs.queue import Limits
from backend.jobs.state import states
from backend.jobs.tables import FINAL, Job, Status
from backend.recordings.tables import not_trashed

logger = logging.getLogger(__name__)

#: Changes within this time are published together; on PostgreSQL it is also the shortest time between notifications.
_BATCH_SECONDS = 0.1
#: How often the table is looked at while somebody listens: for the events of servers that have not notified this one,
#: and for the progress of their jobs, which is a column and no event.
_LOOK_SECONDS = 0.25
#: The same while notifications arrive.
_LOOK_SECONDS_NOTIFIED = 0.5
#: The same while nobody listens: for events of servers that ended before they numbered them.
_IDLE_SECONDS = 5.0

_ENDED = {status.value for status in FINAL}
#: These have the jobs of a recording in their facts.
_HIDES_JOBS = (EventKind.RECORDING_TRASHED.value, EventKind.RECORDING_DELETED.value)


@dataclass(slots=True)
class ChangeNotifier:
    """Start `run` once per process."""

    database: Database
    bus: Bus
    limits: Limits
    _tailer: EventTailer = field(init=False)
    _listener: PostgresListener = field(init=False)
    _changed: set[str] = field(default_factory=set)
    _published: dict[str, dict[str, Any]] = field(default_factory=dict)  #: the last published states of open jobs
    _heartbeats: dict[str, Any] = field(default_factory=dict)  #: of running jobs, as they were last looked at
    _wake_up: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._tailer = EventTailer(self.database)
        self._listener = PostgresListener(self.database, self._notified)

    def changed(self, *job_ids: str) -> None:
        """The progress of these jobs has changed. Changes with an event need no call. Returns at once."""
        self._changed.update(job_ids)
        self._wake_up.set()

    def wake(self) -> None:
        """Look now: somebody has started to listen."""
        self._wake_up.set()

    def stop(self) -> None:
        """Publish what is left, then end."""
        self._stopping = True
        self._wake_up.set()

    async def run(self) -> None:
        self.database.on_commit.append(self._committed)
        self.wake()
        try:
            while True:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._wake_up.wait(), self._pause())
                self._wake_up.clear()
                last = self._stopping
                try:
                    await self._look()
                except SQLAlchemyError:
                    logger.warning("Changes could not be published yet", exc_info=True)
                if last:
                    return
                await asyncio.sleep(_BATCH_SECONDS)
        finally:
            await self._listener.close()
            self.database.on_commit.remove(self._committed)

    def _pause(self) -> float:
        if not self.bus.has_listeners:
            return _IDLE_SECONDS
        return _LOOK_SECONDS_NOTIFIED if self._listener.connected else _LOOK_SECONDS

    def _committed(self, info: dict[Any, Any]) -> None:
        if info.pop(HAS_EVENTS, False):
            self._wake_up.set()

    def _notified(self, sender: str) -> None:
        if sender != self._tailer.name and self.bus.has_listeners:
            self._wake_up.set()

    async def _look(self) -> None:
        if not self._stopping:
            await self._listener.connect()
        news = await self._tailer.read(lambda: self.bus.has_listeners)
        if news.more:
            self._wake_up.set()
        if not self.bus.has_listeners:
            self._changed.clear()
            self._published.clear()
            self._heartbeats.clear()
            return
        if news.lost:
            self.bus.publish_loss()
        self._publish_events(news.events)
        await self._find_progress()
        await self._publish_states()

    def _publish_events(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.kind == EventKind.JOB_DELETED.value or event.kind in _HIDES_JOBS:
                for job in event.facts.get("jobs", (event.job_id,)):
                    self._changed.discard(job)
                    self._published.pop(job, None)
                    self.bus.publish(Change(event.owner_id, job, {"id": job, "status": "deleted"}))
            elif event.kind == EventKind.RECORDING_RESTORED.value:
                self._changed.update(event.facts["jobs"])
            elif event.job_id is not None:
                self._changed.add(event.job_id)
            if happening := happening_of(event):
                self.bus.publish(happening)

    async def _find_progress(self) -> None:
        """Every report of progress moves the heartbeat of its job."""
        query = select(Job.id, Job.heartbeat_at).where(Job.status == Status.RUNNING.value)
        async with self.database.read() as session:
            found = {id: at for id, at in await session.execute(query)}
        self._changed.update(id for id, at in found.items() if self._heartbeats.get(id) != at)
        self._heartbeats = found

    async def _publish_states(self) -> None:
        if not self._changed:
            return
        async with self.database.read() as session:
            waiting = Job.status == Status.QUEUED.value
            chosen = select(Job).where(or_(Job.id.in_(self._changed), waiting), not_trashed(Job.recording_id))
            ids, self._changed = self._changed, set()
            try:
                jobs = list((await session.scalars(chosen)).all())
                new_states = [one.model_dump(mode="json") for one in await states(session, jobs, self.limits)]
            except SQLAlchemyError:
                self._changed |= ids
                raise
        before = self._published
        self._published = {id: before[id] for id in self._heartbeats.keys() & before.keys()}
        for job, state in zip(jobs, new_states, strict=True):
            if job.status not in _ENDED:
                self._published[job.id] = state
            if before.get(job.id) != state:  # most waiting jobs have not changed
                self.bus.publish(Change(job.owner_id, job.id, state))


def happening_of(event: Event) -> Happening | None:
    """What a listener is told of an event; None for those of jobs, whose states tell more."""
    if event.kind.startswith("job."):
        return None
    assert event.position is not None
    facts = {"id": event.position, "at": event.at.isoformat(), "kind": event.kind, "facts": event.facts}
    facts |= {"recording_id": event.recording_id, "job_id": event.job_id}
    return Happening(event.owner_id, event.position, facts)
