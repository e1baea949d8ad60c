"""One attempt at one job: run the pipeline, keep the row up to date, publish what came of it. Each write is fenced."""

import asyncio
import errno
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend import logs
from backend.crash import durable_step
from backend.database import Database, after_commit, is_busy
from backend.engines.ports import EngineError
from backend.errors import AppError
from backend.jobs import queue
from backend.jobs.desk import Desk, Written
from backend.jobs.follow import follow
from backend.jobs.herald import Herald
from backend.jobs.options import check_options
from backend.jobs.pace import Pace
from backend.jobs.pipeline import Outcome, Pipeline, Source
from backend.jobs.queue import Fenced, Limits
from backend.jobs.tables import Job, Kind, Stage, Status
from backend.jobs.workspace import Workspace
from backend.recordings.files import DiskFull, Storage
from backend.recordings.parts import parts_of
from backend.recordings.refusals import InputMissing
from backend.recordings.tables import Recording
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document
from backend.transcripts.tables import Origin

logger = logging.getLogger(__name__)

#: The row, and with it every listener, is told of progress at most this often.
REPORT_SECONDS = 0.5

#: How long a job waits for room on the disk before it is tried again.
DISK_SECONDS = 30.0

#: Between two tries where the database is busy.
BUSY_PAUSE_SECONDS = 1.0

T = TypeVar("T")


@dataclass(slots=True)
class Attempt:
    """`run` ends the attempt in the database whatever happens to the pipeline; only the pipeline is ever cancelled."""

    database: Database
    storage: Storage
    pipeline: Pipeline
    desk: Desk
    herald: Herald
    job: Job
    limits: Limits
    max_attempts: int
    max_seconds: float
    stopping: bool = False  #: the server goes down: put the job back
    _stopped: bool = False
    _work: "asyncio.Task[Outcome] | asyncio.Task[Written] | None" = None

    def stop(self, *, put_back: bool) -> None:
        """Cancel the pipeline; the job is put back, or left as whoever moved it has left it."""
        self.stopping, self._stopped = put_back, True
        if self._work is not None:
            self._work.cancel()

    async def run(self) -> None:
        """See the job through. Raises nothing: what goes wrong is written on the job, and logged once, here."""
        logs.job_id.set(self.job.id)
        logs.user_id.set(self.job.owner_id)
        begun = time.monotonic()
        try:
            outcome = await self._pipelined()
            await self._publish(outcome)
            seconds = round(time.monotonic() - begun, 1)
            logger.info("Job finished", extra={"seconds": seconds, "audio": round(outcome.document.duration, 1)})
        except Fenced:
            logger.info("Job was taken from this attempt", extra={"attempt": self.job.attempt})
        except asyncio.CancelledError:
            if self.stopping:
                await self._end(queue.put_back, failed=False)
            else:
                logger.info("Job was taken from this attempt", extra={"attempt": self.job.attempt})
        except (AppError, EngineError) as error:
            logger.warning("Job failed", extra={"code": error.code, "attempt": self.job.attempt})
            await self._give_up(error.code, error.detail, retry=error.retry)
        except Exception as error:
            logger.exception("Job failed unexpectedly", extra={"attempt": self.job.attempt})
            await self._give_up(*_told(error), retry=True)
        finally:
            self.herald.changed(self.job.id)

    async def _pipelined(self) -> Outcome | Written:
        recording = await self._patiently(self._recording)
        original, *after = await asyncio.to_thread(_originals, self.storage, recording)
        source = Source(
            original=original,
            listening_copy=self.storage.listening_copy(recording.id),
            peaks=self.storage.peaks(recording.id),
            max_seconds=self.max_seconds,
            after=tuple(after),
        )
        workspace = Workspace(self.storage.job_folder(recording.id, self.job.id))
        reporter = _Reporter()
        if self.job.kind == Kind.TRANSCRIPT.value:
            options = check_options(self.job.options)
            self._work = asyncio.create_task(self.pipeline.run(source, workspace, options, reporter.note))
        else:
            patient = self.job.failures + 1 < self.max_attempts
            self._work = asyncio.create_task(self.desk.write(self.job, workspace, reporter.note, patient=patient))
        if self._stopped:
            self._work.cancel()
        telling = asyncio.create_task(self._keep_told(reporter))
        try:
            # Shielded, because nobody cancels the books: `stop` cancels the work itself.
            return await asyncio.shield(self._work)
        finally:
            reporter.ended.set()
            await telling

    async def _keep_told(self, reporter: "_Reporter") -> None:
        while not reporter.ended.is_set():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(reporter.ended.wait(), REPORT_SECONDS)
            if not (fresh := reporter.fresh()):
                continue
            try:
                async with self.database.write() as session:
                    await queue.report(session, self.job, **fresh)
                self.herald.changed(self.job.id)
            except Fenced:
                self.stop(put_back=False)
                return
            except SQLAlchemyError:
                # Progress is told again in half a second; the work itself must not end for it.
                logger.warning("Progress could not be noted", exc_info=True)

    async def _publish(self, outcome: Outcome | Written) -> None:
        """Versions and the finished job in one transaction, guarded by the attempt."""
        with durable_step("publish"):
            await self._patiently(partial(self._publish_once, outcome))

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it again for as long as the database says "later": what was heard is not thrown away for a lock.

        Where a commit came through and the answer did not, the second time finds itself fenced."""
        while True:
            try:
                return await work()
            except SQLAlchemyError as error:
                if self.stopping or not is_busy(error):
                    raise
                logger.warning("The database is busy; trying again", extra={"attempt": self.job.attempt})
            await asyncio.sleep(BUSY_PAUSE_SECONDS)

    async def _recording(self) -> Recording:
        async with self.database.read() as session:
            recording = await session.get(Recording, self.job.recording_id)
        if recording is None:
            raise Fenced
        return recording

    async def _publish_once(self, outcome: Outcome | Written) -> None:
        has_model = await self.desk.models.perhaps(self.job.owner_id) is not None
        async with self.database.write() as session:
            next, refused = await follow(session, self.job, self.limits, has_model=has_model)
            if next is not None:
                after_commit(session, partial(self.herald.changed, next.id))
            recording = await session.get(Recording, self.job.recording_id)
            if recording is None:
                raise Fenced
            if isinstance(outcome, Written):
                await outcome.keep(session)
            else:
                refused += await self._new_version(session, recording, outcome.document)
            await queue.finish(session, self.job, Status.DONE, warnings=[*outcome.warnings, *refused])

    async def _new_version(
        self, session: AsyncSession, recording: Recording, document: Document
    ) -> list[dict[str, str]]:
        recording.duration = document.duration
        recording.audio_removed_at = None  # where retention took the listening copy, prepare has made it again
        version = await transcripts.publish(
            session,
            recording_id=self.job.recording_id,
            owner_id=self.job.owner_id,
            job_id=self.job.id,
            origin=Origin.MACHINE,
            document=document,
            over_people=bool(self.job.options.get("replace")),
        )
        if not version.aside:
            return []
        why = (
            f"Somebody has written in this transcript. Version {version.number} lies beside it; take it if you want it."
        )
        return [{"code": "laid_aside", "detail": why}]

    async def _give_up(self, code: str, detail: str, *, retry: bool) -> None:
        if code == "disk_full":
            why = "The disk is full. The job goes on by itself when there is room."
            await self._end(queue.put_back, failed=False, delay=DISK_SECONDS, code="waiting_disk", detail=why)
        elif retry and self.job.failures + 1 < self.max_attempts:
            delay = 2.0 ** (self.job.failures + 1) * random.uniform(1.0, 1.3)  # noqa: S311  (jitter, not a secret)
            await self._end(queue.put_back, failed=True, delay=delay, code=code, detail=detail)
        else:
            await self._end(self._fail, code=code, detail=detail)

    async def _fail(self, session: AsyncSession, job: Job, *, code: str, detail: str) -> None:
        """What was to follow a polish follows it all the same, once: it can be made of the text as it is."""
        warnings: list[dict[str, str]] = []
        if job.kind == Kind.POLISH.value:
            has_model = await self.desk.models.perhaps(job.owner_id) is not None
            next, warnings = await follow(session, job, self.limits, has_model=has_model)
            if next is not None:
                after_commit(session, partial(self.herald.changed, next.id))
                alone = job.options | {"minutes": None}
                await session.execute(update(Job).where(Job.id == job.id).values(options=alone))
        await queue.finish(session, job, Status.FAILED, code=code, detail=detail, warnings=warnings)

    async def _end(self, move: object, **values: object) -> None:
        try:
            async with self.database.write() as session:
                await move(session, self.job, **values)  # type: ignore[operator]
        except Fenced:
            pass
        except SQLAlchemyError:
            # The row still says running; without a beat it is rescued.
            logger.exception("The end of an attempt could not be written")


def _originals(storage: Storage, recording: Recording) -> list[Path]:
    try:
        return parts_of(storage, recording)
    except FileNotFoundError:
        raise InputMissing from None


def _told(error: Exception) -> tuple[str, str]:
    """Code and detail of what nobody has foreseen, or of a disk that does not do what it is for."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull.code, DiskFull.detail
    if number == errno.EIO:
        code = "disk_failed"
        return code, "The disk failed. Tell whoever runs this server; retry later."
    code = "internal_error"
    return code, "Something went wrong here. It has been logged."


class _Reporter:
    """Gathers what the stages say until the row is told."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self._paces: dict[Stage, Pace] = {}
        self._told: dict[str, list[float]] = {}

    def note(self, stage: Stage, done: float, total: float) -> None:
        self._paces.setdefault(stage, Pace()).note(time.monotonic(), done, total)

    def fresh(self) -> dict[str, object]:
        """Values for the row, or nothing where nothing has changed."""
        progress = {
            stage.value: [round(pace.latest[1], 1), round(pace.latest[2], 1)] for stage, pace in self._paces.items()
        }
        if progress == self._told:
            return {}
        self._told = progress
        working = [stage for stage in Stage if stage in self._paces and not _done(self._paces[stage])]
        lefts = [self._paces[stage].seconds_left(time.monotonic()) for stage in working]
        # Stages side by side end with the slowest; one whose pace is unknown makes the whole unknown.
        known = [left for left in lefts if left is not None]
        eta = max(known) if known and len(known) == len(lefts) and Stage.PREPARE not in working else None
        stage = working[0] if working else list(self._paces)[-1]
        return {"stage": stage.value, "progress": progress, "eta_seconds": eta}


def _done(pace: Pace) -> bool:
    return pace.latest[1] >= pace.latest[2]
