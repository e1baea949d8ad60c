"""Jobs over REST: make one again, look at it, cancel it, retry it, read what it has heard."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import func, select

from backend.accounts.access import Configured, CurrentUser, Reader, Reading, Stored, Uploader, Writing
from backend.accounts.audit import Action, note
from backend.database import after_commit, utc_now
from backend.jobs import queue, quotas
from backend.jobs.api.access import REPLAYED, House, IdempotencyKey
from backend.jobs.heard import heard_so_far
from backend.jobs.herald import gone
from backend.jobs.options import check_options
from backend.jobs.state import JobState, state, states
from backend.jobs.tables import FINAL, Job, Kind, Lane, Status
from backend.jobs.workspace import Workspace
from backend.recordings import service as recordings
from backend.recordings.api import OriginalRemoved
from backend.recordings.tables import not_trashed
from backend.transcripts import service as transcripts
from backend.transcripts.document import document_to_json

router = APIRouter(tags=["jobs"])


class JobPage(BaseModel):
    jobs: list[JobState]
    total: int  #: of the jobs asked for, on all pages


class NewJob(BaseModel):
    """Options of the job; those left out keep their defaults."""

    transcriber: str | None = None
    diarizer: str | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    hotwords: list[str] = Field(default_factory=list)
    polish: bool = False
    minutes: str | None = None
    replace: bool = False  #: be the newest version, also where people have written since the machine's last
    fresh: bool = False  #: make everything again, also what an earlier job has made with the same options


class QueueState(BaseModel):
    """The queue in numbers; other people's jobs are counted, never named."""

    waiting: int
    running: int
    mine_waiting: int
    mine_running: int
    max_concurrent: int
    max_per_user: int
    max_size: int


class QuotaState(BaseModel):
    """What one user may have (null: no limit), and has."""

    minutes_a_month: float | None
    stored_bytes: int | None
    queued_jobs: int | None
    used_minutes_this_month: float
    used_stored_bytes: int
    used_trash_bytes: int  #: of these, in the trash
    used_queued_jobs: int

    @classmethod
    def of(cls, may: quotas.Quotas, has: quotas.Used) -> "QuotaState":
        return cls(
            minutes_a_month=may.minutes_a_month,
            stored_bytes=may.stored_bytes,
            queued_jobs=may.queued_jobs,
            used_minutes_this_month=round(has.minutes_this_month, 2),
            used_stored_bytes=has.stored_bytes,
            used_trash_bytes=has.trash_bytes,
            used_queued_jobs=has.queued_jobs,
        )


@router.post("/api/recordings/{recording_id}/jobs", status_code=201, summary="Make the transcript of a recording again")
async def make_again(
    recording_id: str,
    asked: NewJob,
    response: Response,
    user: Uploader,
    database: Stored,
    house: House,
    settings: Configured,
    idempotency_key: IdempotencyKey = None,
) -> JobState:
    """What an earlier job made with the same engine and options is taken over. The result is a version of its own: laid
    aside where somebody has written since the machine's last version, unless `replace` says otherwise."""
    request = ["job", recording_id, asked.model_dump(mode="json")]
    async with (
        house.repeats.turn(database, owner_id=user.id, key=idempotency_key, asked=request) as turn,
        database.write() as session,
    ):
        recording = await recordings.find(session, owner_id=user.id, recording_id=recording_id)
        if turn.answer is not None:
            response.headers.update(REPLAYED)
            return JobState.model_validate(turn.answer)
        if recording.original_removed_at is not None:
            raise OriginalRemoved
        options = check_options(asked.model_dump())
        job = await queue.add(
            session,
            owner_id=user.id,
            recording_id=recording.id,
            options=options.model_dump(mode="json", exclude_defaults=True),
            limits=house.limits,
        )
        await quotas.charge(session, user, settings, recording.duration or 0.0)
        after_commit(session, house.runner.wake)
        after_commit(session, lambda: house.herald.changed(job.id))
        queued = await state(session, job, house.limits)
        await turn.remember(session, queued.model_dump(mode="json"))
    return queued


@router.get("/api/jobs", summary="My jobs, newest first")
async def my_jobs(
    session: Reading,
    user: Reader,
    house: House,
    status: Status | None = None,
    recording_id: str | None = None,
    kind: Kind | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> JobPage:
    mine = (Job.owner_id == user.id) & not_trashed(Job.recording_id)
    if status is not None:
        mine &= Job.status == status.value
    if kind is not None:
        mine &= Job.kind == kind.value
    if recording_id is not None:
        mine &= Job.recording_id == recording_id
    query = select(Job).where(mine).order_by(Job.created_at.desc(), Job.id).limit(limit).offset(offset)
    jobs = list((await session.scalars(query)).all())
    total = await session.scalar(select(func.count()).select_from(Job).where(mine))
    return JobPage(jobs=await states(session, jobs, house.limits), total=total or 0)


@router.get("/api/queue", summary="How full the queue is")
async def queue_state(session: Reading, user: Reader, house: House) -> QueueState:
    line, limits = await queue.look(session, Lane.ENGINES), await queue.limits_now(session, house.limits)
    return QueueState(
        waiting=len(line.waiting),
        running=sum(line.running.values()),
        mine_waiting=sum(job.owner_id == user.id for job in line.waiting),
        mine_running=line.running.get(user.id, 0),
        max_concurrent=limits.concurrent,
        max_per_user=limits.per_user,
        max_size=limits.size,
    )


@router.get("/api/quota", summary="How much I may have, and how much I have")
async def my_quota(session: Reading, user: Reader, settings: Configured) -> QuotaState:
    return QuotaState.of(quotas.quotas_of(user, settings), await quotas.used_by(session, user.id, utc_now()))


@router.get("/api/jobs/{job_id}", summary="One job")
async def one_job(job_id: str, session: Reading, user: Reader, house: House) -> JobState:
    return await state(session, await queue.find(session, owner_id=user.id, id=job_id), house.limits)


@router.post("/api/jobs/{job_id}/cancel", summary="Stop a job; what it has heard is kept")
async def cancel(job_id: str, session: Writing, user: Uploader, house: House) -> JobState:
    job = await queue.cancel(session, await queue.find(session, owner_id=user.id, id=job_id))
    after_commit(session, lambda: house.later(house.runner.drop([job_id])))
    after_commit(session, lambda: house.herald.changed(job_id))
    return await state(session, job, house.limits)


@router.post("/api/jobs/{job_id}/retry", summary="Queue an ended job again; finished stages are kept")
async def retry(job_id: str, session: Writing, user: Uploader, house: House, settings: Configured) -> JobState:
    """Costs no minutes: they were counted when the job was made."""
    job = await queue.retry(session, await queue.find(session, owner_id=user.id, id=job_id), house.limits)
    await quotas.charge(session, user, settings, 0.0)
    after_commit(session, house.runner.wake)
    after_commit(session, lambda: house.herald.changed(job_id))
    return await state(session, job, house.limits)


@router.delete("/api/jobs/{job_id}", status_code=204, summary="Delete an ended job and its artifacts")
async def delete(job_id: str, session: Writing, user: CurrentUser, house: House) -> None:
    """The recording and its transcripts stay."""
    job = await queue.find(session, owner_id=user.id, id=job_id)
    if job.status not in {status.value for status in FINAL}:
        raise queue.JobNotFinal
    folder = house.storage.job_folder(job.recording_id, job.id)
    await session.delete(job)
    note(session, Action.JOB_DELETED, subject=job.id, recording=job.recording_id)
    after_commit(session, lambda: house.bus.publish(gone(user.id, job_id)))
    after_commit(session, lambda: house.later(asyncio.to_thread(Workspace(folder).remove)))


@router.get("/api/jobs/{job_id}/transcript", summary="What the job has heard so far")
async def heard(job_id: str, session: Reading, user: Reader, house: House) -> dict[str, Any]:
    """A readable document from the first recognised sentence on: of a running job, and of one that was cancelled or
    failed. Speakers are null until they are known. A finished job gives the version it published."""
    job = await queue.find(session, owner_id=user.id, id=job_id)
    if job.kind != Kind.TRANSCRIPT.value:
        raise transcripts.TranscriptNotFound
    if job.status == Status.DONE.value:  # its artifacts may have been cleaned up; the version stays
        whole = await transcripts.of_job(session, owner_id=user.id, recording_id=job.recording_id, job_id=job_id)
        if whole is not None:
            return {"status": job.status, "whole": True, "document": whole.document}
    folder = house.storage.job_folder(job.recording_id, job.id)
    document = await asyncio.to_thread(heard_so_far, folder)
    return {"status": job.status, "whole": job.status == Status.DONE.value, "document": document_to_json(document)}
