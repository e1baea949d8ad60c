"""One attempt at one job: run the pipeline, report progress, publish the result. Every write is fenced."""

import asyncio
import errno
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend import logs
from backend.crash_points import durable_step
from backend.database import Database
from backend.database_errors import refusal
from backend.engines.protocols import EngineError
from backend.errors import AppError
from backend.jobs import queue
from backend.jobs.advance import with_furthest
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.follow_up import queue_follow_up
from backend.jobs.language_model_jobs import LanguageModelJobs, LanguageModelResult
from backend.jobs.options import check_options
from backend.jobs.pipeline import Outcome, Pipeline, Source
from backend.jobs.progress_collector import ProgressCollector
from backend.jobs.queue import FencingError, Limits
from backend.jobs.tables import Job, Kind, Status
from backend.jobs.workspace import Workspace
from backend.metrics import Metrics
from backend.recordings.files import DiskFull, Storage
from backend.recordings.media_errors import DecoderBroken, InputMissing
from backend.recordings.parts import parts_of
from backend.recordings.tables import Recording
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document
from backend.transcripts.tables import Origin

logger = logging.getLogger(__name__)

#: Progress is written to the row, and published, at most this often.
REPORT_SECONDS = 0.5

#: How long a job waits for free disk space before it is tried again.
DISK_SECONDS = 30.0

#: How long a job waits for an FFmpeg that does not work before it is tried again.
DECODER_SECONDS = 60.0

#: Between two tries where the database is busy.
BUSY_PAUSE_SECONDS = 1.0

T = TypeVar("T")


@dataclass(slots=True)
class Attempt:
    """`run` ends the attempt in the database whatever happens to the pipeline. Only the pipeline is ever cancelled."""

    database: Database
    storage: Storage
    pipeline: Pipeline
    language_model_jobs: LanguageModelJobs
    notifier: ChangeNotifier
    job: Job
    limits: Limits
    max_attempts: int
    max_seconds: float
    metrics: Metrics = field(default_factory=Metrics)
    stopping: bool = False  #: the server is shutting down: put the job back
    _stopped: bool = False
    _work: "asyncio.Task[Outcome] | asyncio.Task[LanguageModelResult] | None" = None

    def stop(self, *, put_back: bool) -> None:
        """Cancel the pipeline. The job is put back, or else its row is left as it is."""
        self.stopping, self._stopped = put_back, True
        if self._work is not None:
            self._work.cancel()

    async def run(self) -> None:
        """Run the job to its end. Raises nothing: errors are written to the job, and logged once, here."""
        logs.job_id.set(self.job.id)
        logs.user_id.set(self.job.owner_id)
        started = time.monotonic()
        try:
            outcome = await self._run_pipeline()
            await self._publish(outcome)
            seconds = round(time.monotonic() - started, 1)
            audio = outcome.document.duration if self.job.kind == Kind.TRANSCRIPT.value else 0.0
            self.metrics.job_done(self.job.kind, seconds, audio)
            logger.info("Job finished", extra={"seconds": seconds, "audio": round(outcome.document.duration, 1)})
        except FencingError:
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
            await self._give_up(*_code_and_detail(error), retry=True)

    async def _run_pipeline(self) -> Outcome | LanguageModelResult:
        recording = await self._retry_while_busy(self._recording)
        original, *following = await asyncio.to_thread(_originals, self.storage, recording)
        source = Source(
            original=original,
            listening_copy=self.storage.listening_copy(recording.id),
            peaks=self.storage.peaks(recording.id),
            max_seconds=self.max_seconds,
            following=tuple(following),
            owner_id=self.job.owner_id,
        )
        workspace = Workspace(self.storage.job_folder(recording.id, self.job.id))
        collector = ProgressCollector()
        if self.job.kind == Kind.TRANSCRIPT.value:
            options = check_options(self.job.options)
            self._work = asyncio.create_task(
                self.pipeline.run(source, workspace, options, collector.note, collector.note_wait)
            )
        else:
            fail_on_retryable = self.job.failures + 1 < self.max_attempts
            self._work = asyncio.create_task(
                self.language_model_jobs.run(self.job, workspace, collector.note, fail_on_retryable=fail_on_retryable)
            )
        if self._stopped:
            self._work.cancel()
        reporting = asyncio.create_task(self._report_progress(collector))
        try:
            # Shielded, so that cancelling this task does not cancel book-keeping: `stop` cancels the work itself.
            return await asyncio.shield(self._work)
        finally:
            collector.ended.set()
            await reporting
            if self.job.kind == Kind.TRANSCRIPT.value:
                self.metrics.engine_waited(collector.waited)

    async def _report_progress(self, collector: ProgressCollector) -> None:
        while not collector.ended.is_set():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(collector.ended.wait(), REPORT_SECONDS)
            if not (changed_values := collector.changed_values()):
                continue
            changed_values["progress"] = with_furthest(changed_values["progress"], self.job)
            try:
                async with self.database.write() as session:
                    await queue.report(session, self.job, **changed_values)
                self.notifier.changed(self.job.id)
            except FencingError:
                self.stop(put_back=False)
                return
            except SQLAlchemyError:
                # Progress is reported again in half a second; the work must not stop for it.
                logger.warning("Progress could not be written", exc_info=True)

    async def _publish(self, outcome: Outcome | LanguageModelResult) -> None:
        """Write the versions and the end of the job in one transaction, fenced by the attempt."""
        with durable_step("publish"):
            await self._retry_while_busy(partial(self._publish_once, outcome))

    async def _retry_while_busy(self, work: Callable[[], Awaitable[T]]) -> T:
        """Repeat `work` for as long as the database is busy, full or read-only: hours of recognition are not lost.

        If a commit succeeded but its answer was lost, the repetition raises FencingError."""
        while True:
            try:
                return await work()
            except SQLAlchemyError as error:
                if self.stopping or refusal(error) is None:
                    raise
                logger.warning("The database cannot be written to; trying again", extra={"attempt": self.job.attempt})
            await asyncio.sleep(BUSY_PAUSE_SECONDS)

    async def _recording(self) -> Recording:
        async with self.database.read() as session:
            recording = await session.get(Recording, self.job.recording_id)
        if recording is None:
            raise FencingError
        return recording

    async def _publish_once(self, outcome: Outcome | LanguageModelResult) -> None:
        has_model = await self.language_model_jobs.models.find_model(self.job.owner_id) is not None
        async with self.database.write() as session:
            _, refused = await queue_follow_up(session, self.job, self.limits, has_model=has_model)
            recording = await session.get(Recording, self.job.recording_id)
            if recording is None:
                raise FencingError
            if isinstance(outcome, LanguageModelResult):
                await outcome.save(session)
            else:
                refused += await self._new_version(session, recording, outcome.document)
            await queue.finish(session, self.job, Status.DONE, warnings=[*outcome.warnings, *refused])

    async def _new_version(
        self, session: AsyncSession, recording: Recording, document: Document
    ) -> list[dict[str, str]]:
        recording.duration = document.duration
        recording.audio_removed_at = None  # if retention removed the listening copy, prepare has made it again
        version = await transcripts.publish(
            session,
            recording_id=self.job.recording_id,
            owner_id=self.job.owner_id,
            job_id=self.job.id,
            origin=Origin.MACHINE,
            document=document,
            supersede_edits=bool(self.job.options.get("replace")),
        )
        if not version.aside:
            return []
        why = f"Somebody has edited this transcript. Version {version.number} was saved beside it; take it if you like."
        return [{"code": "laid_aside", "detail": why}]

    async def _give_up(self, code: str, detail: str, *, retry: bool) -> None:
        waits = code in ("disk_full", DecoderBroken.code)
        again = waits or (retry and self.job.failures + 1 < self.max_attempts)
        self.metrics.attempt_failed(self.job.kind, code, final=not again)
        if code == "disk_full":
            why = "The disk is full. The job continues by itself when there is free space."
            await self._end(queue.put_back, failed=False, delay=DISK_SECONDS, code="waiting_disk", detail=why)
        elif code == DecoderBroken.code:  # nothing is wrong with the job: it goes on when somebody has mended FFmpeg
            await self._end(queue.put_back, failed=False, delay=DECODER_SECONDS, code=code, detail=detail)
        elif again:
            delay = 2.0 ** (self.job.failures + 1) * random.uniform(1.0, 1.3)  # noqa: S311  (jitter, not a secret)
            await self._end(queue.put_back, failed=True, delay=delay, code=code, detail=detail)
        else:
            await self._end(self._fail, code=code, detail=detail)

    async def _fail(self, session: AsyncSession, job: Job, *, code: str, detail: str) -> None:
        """Minutes that were to follow a failed polish are queued all the same, once: they use the unpolished text."""
        warnings: list[dict[str, str]] = []
        if job.kind == Kind.POLISH.value:
            has_model = await self.language_model_jobs.models.find_model(job.owner_id) is not None
            next, warnings = await queue_follow_up(session, job, self.limits, has_model=has_model)
            if next is not None:
                without_minutes = job.options | {"minutes": None}
                await session.execute(update(Job).where(Job.id == job.id).values(options=without_minutes))
        await queue.finish(session, job, Status.FAILED, code=code, detail=detail, warnings=warnings)

    async def _end(self, transition: object, **values: object) -> None:
        try:
            async with self.database.write() as session:
                await transition(session, self.job, **values)  # type: ignore[operator]
        except FencingError:
            pass
        except SQLAlchemyError:
            # The row still says running. Without a heartbeat it will be rescued.
            logger.exception("The end of an attempt could not be written")


def _originals(storage: Storage, recording: Recording) -> list[Path]:
    try:
        return parts_of(storage, recording)
    except FileNotFoundError:
        raise InputMissing from None


def _code_and_detail(error: Exception) -> tuple[str, str]:
    """The code and detail of an unexpected error, or of a failing disk."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull.code, DiskFull.detail
    if number == errno.EIO:
        code = "disk_failed"
        return code, "The disk failed. Tell the administrator of this server, and retry later."
    code = "internal_error"
    return code, "Something went wrong here. It has been logged."
