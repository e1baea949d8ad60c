"""HTTP routes of jobs: create, list, cancel, retry and delete them, and read their partial transcripts."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select

from backend.accounts.audit import Action, note
from backend.accounts.dependencies import (
    CurrentUser,
    DatabaseDep,
    Reader,
    ReadSession,
    SettingsDep,
    Uploader,
    WriteSession,
)
from backend.database import after_commit, utc_now
from backend.events.tables import EventKind
from backend.jobs import queue, quotas
from backend.jobs.api.dependencies import REPLAYED, IdempotencyKey, ServicesDep
from backend.jobs.job_events import record_job
from backend.jobs.options import check_options
from backend.jobs.partial_transcript import read_partial_transcript
from backend.jobs.state import JobState, state, states
from backend.jobs.tables import FINAL, Job, Kind, Pool, Status
from backend.jobs.workspace import Workspace
from backend.query_parameters import Offset
from backend.recordings import service as recordings
from backend.recordings.api.recordings import OriginalRemoved
from backend.recordings.tables import not_trashed
from backend.speech.languages import AUTO
from backend.transcripts import service as transcripts
from backend.transcripts.document import document_to_json

router = APIRouter(tags=["jobs"])


class JobPage(BaseModel):
    jobs: list[JobState]
    total: int  #: matching jobs on all pages


class JobRequest(BaseModel):
    """Options of the job; omitted ones have their defaults."""

    model_config = ConfigDict(extra="forbid")

    transcriber: str | None = None
    diarizer: str | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    hotwords: list[str] = Field(default_factory=list)
    language: str = AUTO
    polish: bool = False
    minutes: str | None = None
    replace: bool = False  #: become the newest version even if people have edited the transcript
    fresh: bool = False  #: do not reuse results of earlier jobs


class QueueState(BaseModel):
    """The queue in numbers. Jobs of other users are only counted."""

    waiting: int
    running: int
    mine_waiting: int
    mine_running: int
    max_concurrent: int
    max_per_user: int
    max_size: int


class QuotaState(BaseModel):
    """The quotas of one user (null: no limit) and their usage."""

    minutes_a_month: float | None
    stored_bytes: int | None
    queued_jobs: int | None
    used_minutes_this_month: float
    used_stored_bytes: int
    used_trash_bytes: int  #: included in `used_stored_bytes`
    used_queued_jobs: int

    @classmethod
    def of(cls, limits: quotas.Quotas, usage: quotas.QuotaUsage) -> "QuotaState":
        return cls(
            minutes_a_month=limits.minutes_a_month,
            stored_bytes=limits.stored_bytes,
            queued_jobs=limits.queued_jobs,
            used_minutes_this_month=round(usage.minutes_this_month, 2),
            used_stored_bytes=usage.stored_bytes,
            used_trash_bytes=usage.trash_bytes,
            used_queued_jobs=usage.queued_jobs,
        )


@router.post("/api/recordings/{recording_id}/jobs", status_code=201, summary="Queue another job for a recording")
async def create_job(
    recording_id: str,
    body: JobRequest,
    response: Response,
    user: Uploader,
    database: DatabaseDep,
    services: ServicesDep,
    settings: SettingsDep,
    idempotency_key: IdempotencyKey = None,
) -> JobState:
    """Results of earlier jobs with the same engine and options are reused. The new transcript becomes a side version if
    people have edited the transcript since the last job, unless `replace` is set."""
    payload = ["job", recording_id, body.model_dump(mode="json")]
    async with (
        services.idempotency_keys.begin(database, owner_id=user.id, key=idempotency_key, payload=payload) as idempotent,
        database.write() as session,
    ):
        recording = await recordings.find(session, owner_id=user.id, recording_id=recording_id)
        if idempotent.answer is not None:
            response.headers.update(REPLAYED)
            return JobState.model_validate(idempotent.answer)
        if recording.original_removed_at is not None:
            raise OriginalRemoved
        options = check_options(body.model_dump())
        job = await queue.add(
            session,
            owner_id=user.id,
            recording_id=recording.id,
            options=options.model_dump(mode="json", exclude_defaults=True),
            limits=services.limits,
        )
        await quotas.charge(session, user, settings, recording.duration or 0.0)
        after_commit(session, services.runner.wake)
        queued = await state(session, job, services.limits)
        await idempotent.store(session, queued.model_dump(mode="json"))
    return queued


@router.get("/api/jobs", summary="My jobs, newest first")
async def list_jobs(
    session: ReadSession,
    user: Reader,
    services: ServicesDep,
    status: Status | None = None,
    recording_id: str | None = None,
    kind: Kind | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Offset = 0,
) -> JobPage:
    filters = (Job.owner_id == user.id) & not_trashed(Job.recording_id)
    if status is not None:
        filters &= Job.status == status.value
    if kind is not None:
        filters &= Job.kind == kind.value
    if recording_id is not None:
        filters &= Job.recording_id == recording_id
    query = select(Job).where(filters).order_by(Job.created_at.desc(), Job.id).limit(limit).offset(offset)
    jobs = list((await session.scalars(query)).all())
    total = await session.scalar(select(func.count()).select_from(Job).where(filters))
    return JobPage(jobs=await states(session, jobs, services.limits), total=total or 0)


@router.get("/api/queue", summary="The state of the queue")
async def get_queue_state(session: ReadSession, user: Reader, services: ServicesDep) -> QueueState:
    snapshot, limits = await queue.snapshot(session, Pool.ENGINES), await queue.limits_now(session, services.limits)
    return QueueState(
        waiting=len(snapshot.waiting),
        running=sum(snapshot.running.values()),
        mine_waiting=sum(job.owner_id == user.id for job in snapshot.waiting),
        mine_running=snapshot.running.get(user.id, 0),
        max_concurrent=limits.concurrent,
        max_per_user=limits.per_user,
        max_size=limits.size,
    )


@router.get("/api/quota", summary="My quotas and their usage")
async def get_quota(session: ReadSession, user: Reader, settings: SettingsDep) -> QuotaState:
    return QuotaState.of(quotas.quotas_of(user, settings), await quotas.quota_usage(session, user.id, utc_now()))


@router.get("/api/jobs/{job_id}", summary="One job")
async def get_job(job_id: str, session: ReadSession, user: Reader, services: ServicesDep) -> JobState:
    return await state(session, await queue.find(session, owner_id=user.id, id=job_id), services.limits)


@router.post("/api/jobs/{job_id}/cancel", summary="Stop a job; its partial transcript is kept")
async def cancel_job(job_id: str, session: WriteSession, user: Uploader, services: ServicesDep) -> JobState:
    job = await queue.cancel(session, await queue.find(session, owner_id=user.id, id=job_id))
    after_commit(session, lambda: services.background.start(services.runner.stop_attempts([job_id])))
    return await state(session, job, services.limits)


@router.post("/api/jobs/{job_id}/retry", summary="Queue an ended job again; finished stages are kept")
async def retry_job(
    job_id: str, session: WriteSession, user: Uploader, services: ServicesDep, settings: SettingsDep
) -> JobState:
    """Uses no minutes of the quota: they were counted when the job was created."""
    job = await queue.retry(session, await queue.find(session, owner_id=user.id, id=job_id), services.limits)
    await quotas.charge(session, user, settings, 0.0)
    after_commit(session, services.runner.wake)
    return await state(session, job, services.limits)


@router.delete("/api/jobs/{job_id}", status_code=204, summary="Delete an ended job and its artifacts")
async def delete_job(job_id: str, session: WriteSession, user: CurrentUser, services: ServicesDep) -> None:
    """The recording and its transcripts are kept."""
    job = await queue.find(session, owner_id=user.id, id=job_id)
    if job.status not in {status.value for status in FINAL}:
        raise queue.JobNotFinal
    folder = services.storage.job_folder(job.recording_id, job.id)
    await session.delete(job)
    note(session, Action.JOB_DELETED, subject=job.id, recording=job.recording_id)
    record_job(session, EventKind.JOB_DELETED, job)
    after_commit(session, lambda: services.background.start(asyncio.to_thread(Workspace(folder).remove)))


@router.get("/api/jobs/{job_id}/transcript", summary="The partial transcript of a job")
async def get_partial_transcript(
    job_id: str, session: ReadSession, user: Reader, services: ServicesDep
) -> dict[str, Any]:
    """A document from the first recognised sentence on, for running, cancelled and failed jobs. Speakers are null until
    they are known. For a finished job this is the version that it published."""
    job = await queue.find(session, owner_id=user.id, id=job_id)
    if job.kind != Kind.TRANSCRIPT.value:
        raise transcripts.TranscriptNotFound
    if job.status == Status.DONE.value:  # its artifacts may have been cleaned up; the version is still there
        version = await transcripts.of_job(session, owner_id=user.id, recording_id=job.recording_id, job_id=job_id)
        if version is not None:
            return {"status": job.status, "whole": True, "document": version.document}
    folder = services.storage.job_folder(job.recording_id, job.id)
    document = await asyncio.to_thread(read_partial_transcript, folder)
    return {"status": job.status, "whole": job.status == Status.DONE.value, "document": document_to_json(document)}
