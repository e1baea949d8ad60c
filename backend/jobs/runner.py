"""The runner: claims jobs within the limits, sees them through, and puts back what it cannot finish."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from backend.database import Database
from backend.jobs import queue
from backend.jobs.attempt import Attempt
from backend.jobs.desk import Desk
from backend.jobs.herald import Herald
from backend.jobs.mirror import mirror_new, unmirror_trashed
from backend.jobs.pipeline import Pipeline
from backend.jobs.queue import Limits
from backend.jobs.tables import Job, Status
from backend.recordings.files import Storage

logger = logging.getLogger(__name__)

#: How often the queue is looked at though nobody called: for jobs whose time has come and for other servers' jobs.
LOOK_SECONDS = 2.0


def this_runner() -> str:
    """Host, process and the moment it began: never the same twice."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{_begun(os.getpid()):.2f}"


def is_dead(runner: str) -> bool:
    """Whether `runner` was a process of this host that has ended. Of other hosts nothing is known: False."""
    host, _, rest = runner.rpartition(":")[0].rpartition(":")
    pid, begun = int(rest), float(runner.rpartition(":")[2])
    if host != socket.gethostname()[:30]:
        return False
    try:
        return abs(_begun(pid) - begun) > 0.1
    except psutil.NoSuchProcess:
        return True


def _begun(pid: int) -> float:
    """When a process began: on Linux in seconds since the machine did, which no setting of the clock changes."""
    try:
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return int(ticks) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return psutil.Process(pid).create_time()


@dataclass(slots=True)
class Runner:
    """Start it once per process; `stop` returns when every attempt has ended or been put back."""

    database: Database
    herald: Herald
    storage: Storage
    pipeline: Pipeline
    desk: Desk
    limits: Limits
    max_attempts: int = 3
    max_seconds: float = 12 * 3600.0
    heartbeat_seconds: float = 10.0
    rescue_seconds: float = 30.0
    name: str = field(default_factory=this_runner)
    clock: Callable[[], float] = time.monotonic
    _attempts: dict[str, Attempt] = field(default_factory=dict)
    _running: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _heard: dict[queue.Beat, float] = field(default_factory=dict)  #: signs of life of others, and since when they stand
    _loops: list["asyncio.Task[None]"] = field(default_factory=list)
    _called: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _mirroring: asyncio.Lock = field(default_factory=asyncio.Lock)
    _books: asyncio.Lock = field(default_factory=asyncio.Lock)  #: rows that say "mine" and attempts in hand, compared

    @property
    def alive(self) -> bool:
        return bool(self._loops) and not any(loop.done() for loop in self._loops)

    async def start(self) -> None:
        """Take back the jobs of this host's dead runners, then begin to claim."""
        await self._rescue(at_start=True)
        self._loops = [
            asyncio.create_task(self._every(LOOK_SECONDS, self._look, self._called), name="claims"),
            asyncio.create_task(self._every(self.heartbeat_seconds, self._beat), name="heartbeat"),
            asyncio.create_task(self._every(self.heartbeat_seconds, self.database.forget), name="forgetting"),
            asyncio.create_task(self.herald.run(), name="herald"),
        ]

    async def stop(self) -> None:
        """Claim nothing more, cancel the pipelines, put their jobs back without counting the attempt."""
        self._stopping.set()
        self._called.set()
        for attempt in self._attempts.values():
            attempt.stop(put_back=True)
        await asyncio.gather(*self._running.values())
        self.herald.stop()
        await asyncio.gather(*self._loops)

    def wake(self) -> None:
        """Something was queued: look now. Call it after the commit."""
        self._called.set()

    async def drop(self, job_ids: list[str]) -> None:
        """These jobs were cancelled or deleted: stop their pipelines; returns when they have stopped."""
        for id in job_ids:
            if attempt := self._attempts.get(id):
                attempt.stop(put_back=False)
        await asyncio.gather(*(self._running[id] for id in job_ids if id in self._running))

    async def _look(self) -> None:
        while not self._stopping.is_set():
            async with self.database.read() as session:
                if not await queue.anybody_waits(session):
                    return
            async with self._books:
                async with self.database.write() as session:
                    job = await queue.claim(session, runner=self.name, limits=self.limits)
                if job is None:
                    return
                attempt = Attempt(
                    database=self.database,
                    storage=self.storage,
                    pipeline=self.pipeline,
                    desk=self.desk,
                    herald=self.herald,
                    job=job,
                    limits=self.limits,
                    max_attempts=self.max_attempts,
                    max_seconds=self.max_seconds,
                )
                self.herald.changed(job.id)
                self._attempts[job.id] = attempt
                self._running[job.id] = asyncio.create_task(self._see_through(attempt), name=f"job {job.id}")

    async def _see_through(self, attempt: Attempt) -> None:
        try:
            await attempt.run()
        finally:
            del self._attempts[attempt.job.id], self._running[attempt.job.id]
            self.wake()
        await self.mirror()

    async def _beat(self) -> None:
        async with self._books:  # else a job that is being claimed is in one of the two, and taken for lost
            async with self.database.write() as session:
                mine = await queue.beat(session, self.name)
            for id, attempt in self._attempts.items():
                if mine.get(id) != attempt.job.attempt:
                    attempt.stop(put_back=False)
            for id in mine.keys() - self._attempts.keys():
                await self._reclaim(id)
        await self._rescue()
        await self.mirror()

    async def _reclaim(self, id: str) -> None:
        """Put back a job that is ours by its row and by nothing else: the end of its attempt could not be written."""
        async with self.database.write() as session:
            job = await session.get(Job, id)
            if job is not None and job.runner == self.name and job.status == Status.RUNNING.value:
                await queue.put_back(session, job, failed=True)
        self.wake()

    async def _rescue(self, at_start: bool = False) -> None:
        async with self.database.read() as session:
            query = select(Job).where(Job.status == Status.RUNNING.value, Job.runner != self.name)
            others = list((await session.scalars(query)).all())
        silent = self._silent(queue.Beat.of(job) for job in others)
        dead = {job.runner for job in others if job.runner and is_dead(job.runner)}
        if not dead and not silent:
            return
        async with self.database.write() as session:
            jobs = await queue.rescue(session, dead=dead, silent=silent, max_attempts=self.max_attempts)
        for job in jobs:
            logger.warning("Job rescued", extra={"job": job.id, "status": job.status, "at_start": at_start})
            self.herald.changed(job.id)
        if jobs:
            self.wake()

    def _silent(self, beats: Iterable[queue.Beat]) -> list[queue.Beat]:
        """Those that have not changed for `rescue_seconds` by this process's own clock, which never jumps."""
        now = self.clock()
        self._heard = {beat: self._heard.get(beat, now) for beat in beats}
        return [beat for beat, since in self._heard.items() if now - since >= self.rescue_seconds]

    async def mirror(self) -> None:
        """Let the files under uploads/transcripts/ be what the rows say; one at a time, or a file could be taken away
        while it is written."""
        try:
            async with self._mirroring:
                await unmirror_trashed(self.database, self.storage)
                await mirror_new(self.database, self.storage)
        except OSError:
            # The transcript is safe in the database; the mirror is tried again with the next heartbeat.
            logger.warning("Transcripts could not be mirrored", exc_info=True)

    async def _every(
        self, seconds: float, work: Callable[[], Awaitable[None]], called: asyncio.Event | None = None
    ) -> None:
        called = called or asyncio.Event()
        while not self._stopping.is_set():
            called.clear()
            try:
                await work()
            except SQLAlchemyError:
                logger.warning("The database did not answer; trying again", exc_info=True)
            await _first(self._stopping, called, seconds)


async def _first(stopping: asyncio.Event, called: asyncio.Event, seconds: float) -> None:
    waits = {asyncio.create_task(stopping.wait()), asyncio.create_task(called.wait())}
    _done, left = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in left:
        wait.cancel()
    await asyncio.gather(*left, return_exceptions=True)
