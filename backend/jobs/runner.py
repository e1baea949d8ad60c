"""The runner: claims jobs within the limits, runs them, and puts back those it cannot finish."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from backend.coordination.server import Server, is_dead
from backend.database import Database
from backend.database_errors import DatabaseFull, DatabaseReadOnly, refusal
from backend.jobs import queue
from backend.jobs.attempt import Attempt
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.language_model_jobs import LanguageModelJobs
from backend.jobs.mirror import mirror_new, remove_trashed_mirrors
from backend.jobs.pipeline import Pipeline
from backend.jobs.queue import Limits
from backend.jobs.tables import Job, Status
from backend.metrics import Metrics
from backend.recordings.files import Storage
from backend.transcripts.render_pool import RenderPool

logger = logging.getLogger(__name__)

#: How often the queue is polled when nobody wakes the runner: for delayed jobs and for jobs of other servers.
POLL_SECONDS = 2.0

#: How often this runner looks for its jobs that another server has cancelled or deleted.
FENCE_SECONDS = 1.0


@dataclass(slots=True)
class Runner:
    """Start one per process. `stop` returns when every attempt has ended or been put back."""

    database: Database
    notifier: ChangeNotifier
    storage: Storage
    pipeline: Pipeline
    language_model_jobs: LanguageModelJobs
    limits: Limits
    render_pool: RenderPool
    max_attempts: int = 3
    max_seconds: float = 12 * 3600.0
    heartbeat_seconds: float = 3.0
    rescue_seconds: float = 9.0
    metrics: Metrics = field(default_factory=Metrics)
    server: Server = field(default_factory=Server)  #: this process among the others
    clock: Callable[[], float] = time.monotonic
    database_state: str = "ok"  #: ok, full, read_only or unreachable, as the last heartbeat found it
    _attempts: dict[str, Attempt] = field(default_factory=dict)
    _running: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    #: Heartbeats of other runners, and when each was first seen.
    _heartbeats_seen: dict[queue.Heartbeat, float] = field(default_factory=dict)
    _loops: list["asyncio.Task[None]"] = field(default_factory=list)
    _wake_up: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _mirroring: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: Held while the rows of this runner and its attempts are compared or changed.
    _claims_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def alive(self) -> bool:
        return bool(self._loops) and not any(loop.done() for loop in self._loops)

    async def start(self) -> None:
        """Put back the jobs of this host's dead runners, then start to claim."""
        await self._rescue(at_start=True)
        self._loops = [
            asyncio.create_task(self._every(POLL_SECONDS, self._claim_jobs, self._wake_up), name="claims"),
            asyncio.create_task(self._every(self.heartbeat_seconds, self._send_heartbeat), name="heartbeat"),
            asyncio.create_task(self._every(FENCE_SECONDS, self._stop_fenced_attempts), name="fences"),
            asyncio.create_task(self._every(self.heartbeat_seconds, self.database.checkpoint), name="checkpoint"),
            asyncio.create_task(self.notifier.run(), name="change notifier"),
        ]

    async def stop(self) -> None:
        """Claim nothing more, cancel the pipelines, and put their jobs back without counting a failure."""
        self._stopping.set()
        self._wake_up.set()
        for attempt in self._attempts.values():
            attempt.stop(put_back=True)
        await asyncio.gather(*self._running.values())
        self.notifier.stop()
        await asyncio.gather(*self._loops)
        with suppress(SQLAlchemyError):  # else the others notice it by its silence
            async with self.database.write() as session:
                await self.server.leave(session)

    def wake(self) -> None:
        """Claim now: a job was queued. Call it after the commit."""
        self._wake_up.set()

    async def stop_attempts(self, job_ids: list[str]) -> None:
        """Stop the pipelines of jobs that were cancelled or deleted; returns when they have stopped."""
        for id in job_ids:
            if attempt := self._attempts.get(id):
                attempt.stop(put_back=False)
        await asyncio.gather(*(self._running[id] for id in job_ids if id in self._running))

    async def _claim_jobs(self) -> None:
        while not self._stopping.is_set():
            async with self.database.read() as session:
                if not await queue.has_waiting_jobs(session):
                    return
            async with self._claims_lock:
                async with self.database.write() as session:
                    job = await queue.claim(session, runner=self.name, limits=self.limits)
                if job is None:
                    return
                attempt = Attempt(
                    database=self.database,
                    storage=self.storage,
                    pipeline=self.pipeline,
                    language_model_jobs=self.language_model_jobs,
                    notifier=self.notifier,
                    job=job,
                    limits=self.limits,
                    max_attempts=self.max_attempts,
                    max_seconds=self.max_seconds,
                    metrics=self.metrics,
                )
                assert job.started_at is not None
                self.metrics.job_started(job.kind, (job.started_at - job.not_before).total_seconds())
                self._attempts[job.id] = attempt
                self._running[job.id] = asyncio.create_task(self._run_attempt(attempt), name=f"job {job.id}")

    async def _run_attempt(self, attempt: Attempt) -> None:
        try:
            await attempt.run()
        finally:
            del self._attempts[attempt.job.id], self._running[attempt.job.id]
            self.wake()
        await self.mirror()

    async def _send_heartbeat(self) -> None:
        async with self._claims_lock:  # else a job that is just being claimed would look lost
            try:
                async with self.database.write() as session:
                    mine = await queue.heartbeat(session, self.name)
                    await self.server.beat(session)
            except SQLAlchemyError as error:
                self.database_state = _state(error)
                raise
            self.database_state = "ok"
            self._stop_all_but(mine)
            if lost := mine.keys() - self._attempts.keys():
                await self._reclaim(lost)
        await self._rescue()
        await self.mirror()

    async def _stop_fenced_attempts(self) -> None:
        """Stop attempts whose job was cancelled, deleted or taken at another server, also where an engine is silent."""
        if not self._attempts:
            return
        async with self._claims_lock:
            async with self.database.read() as session:
                mine = await queue.attempts_of(session, self.name)
            self._stop_all_but(mine)

    def _stop_all_but(self, mine: Mapping[str, int]) -> None:
        for id, attempt in self._attempts.items():
            if mine.get(id) != attempt.job.attempt:
                attempt.stop(put_back=False)

    async def _reclaim(self, ids: Collection[str]) -> None:
        """Put back jobs that only their rows call ours: the ends of their attempts could not be written. It counts
        against them as the end of a runner does."""
        async with self.database.write() as session:
            mine = (Job.id.in_(ids)) & (Job.runner == self.name) & (Job.status == Status.RUNNING.value)
            lost = [queue.Heartbeat.of(job) for job in await session.scalars(select(Job).where(mine))]
            await queue.rescue(session, expired=lost, max_attempts=self.max_attempts)
        self.wake()

    async def _rescue(self, at_start: bool = False) -> None:
        async with self.database.read() as session:
            query = select(Job).where(Job.status == Status.RUNNING.value, Job.runner != self.name)
            others = list((await session.scalars(query)).all())
        expired = self._expired_heartbeats(queue.Heartbeat.of(job) for job in others)
        dead = {job.runner for job in others if job.runner and is_dead(job.runner)}
        if not dead and not expired:
            return
        async with self.database.write() as session:
            jobs = await queue.rescue(session, dead=dead, expired=expired, max_attempts=self.max_attempts)
        for job in jobs:
            logger.warning("Job rescued", extra={"job": job.id, "status": job.status, "at_start": at_start})
        if jobs:
            self.wake()

    def _expired_heartbeats(self, beats: Iterable[queue.Heartbeat]) -> list[queue.Heartbeat]:
        """Heartbeats that have not changed for `rescue_seconds` by this process's monotonic clock."""
        now = self.clock()
        self._heartbeats_seen = {heartbeat: self._heartbeats_seen.get(heartbeat, now) for heartbeat in beats}
        return [heartbeat for heartbeat, since in self._heartbeats_seen.items() if now - since >= self.rescue_seconds]

    async def mirror(self) -> None:
        """Make the files under uploads/transcripts/ match the rows. One at a time, or a file could be deleted while
        it is written."""
        try:
            async with self._mirroring:
                await remove_trashed_mirrors(self.database, self.storage)
                await mirror_new(self.database, self.storage, self.render_pool)
        except OSError:
            # The transcript is safe in the database. The files are tried again with the next heartbeat.
            logger.warning("Transcripts could not be mirrored", exc_info=True)

    async def _every(
        self, seconds: float, work: Callable[[], Awaitable[None]], wake_up: asyncio.Event | None = None
    ) -> None:
        wake_up = wake_up or asyncio.Event()
        while not self._stopping.is_set():
            wake_up.clear()
            try:
                await work()
            except SQLAlchemyError:
                logger.warning("The database did not answer; trying again", exc_info=True)
            await _wait_for_any(self._stopping, wake_up, seconds)


def _state(error: SQLAlchemyError) -> str:
    answer = refusal(error)
    if answer is None:
        return "unreachable"
    return {DatabaseFull: "full", DatabaseReadOnly: "read_only"}.get(type(answer), "ok")  # busy: it works


async def _wait_for_any(stopping: asyncio.Event, wake_up: asyncio.Event, seconds: float) -> None:
    waits = {asyncio.create_task(stopping.wait()), asyncio.create_task(wake_up.wait())}
    _done, left = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in left:
        wait.cancel()
    await asyncio.gather(*left, return_exceptions=True)
