"""Admin routes for all jobs and for the engines. They never show transcripts or names of recordings."""

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.audit import Action, note, note_in_own_transaction
from backend.accounts.dependencies import Admin, DatabaseDep, ReadSession, WriteSession, from_app_state
from backend.accounts.tables import User
from backend.database import after_commit
from backend.engines.hosts import Engines
from backend.errors import Conflict, NotFound
from backend.jobs import queue
from backend.jobs.api.dependencies import Services, ServicesDep
from backend.jobs.state import JobMessage, states
from backend.jobs.tables import Job, Kind, Stage, Status
from backend.query_parameters import Offset
from backend.recordings.tables import not_trashed

router = APIRouter(prefix="/api/admin", tags=["admin"])

JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
EnginesDep = Annotated[Engines, Depends(from_app_state("engines"))]
EngineName = Annotated[str, Path(max_length=64)]
EvenIfBusy = Annotated[bool, Query(description="also while it is running a job; the job then starts again")]


class EngineNotFound(NotFound):
    code = "engine_not_found"
    detail = "There is no such engine, or it has not been used since the server started."


class EngineBusy(Conflict):
    code = "engine_busy"
    detail = "This engine is running a job. Wait for the job to end, or unload the engine anyway."


class AdminJob(BaseModel):
    """A job as admins see it."""

    id: str
    owner_id: str
    owner_name: str
    recording_id: str
    kind: Kind
    status: Status
    stage: Stage | None
    position: int | None
    eta_seconds: float | None
    attempt: int
    error: JobMessage | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class AdminJobs(BaseModel):
    jobs: list[AdminJob]
    total: int


class EngineState(BaseModel):
    """An engine that has been used since the server started."""

    name: str
    alive: bool
    pid: int | None
    memory: int  #: bytes
    busy: bool
    waiting: int  #: requests that wait for a turn
    served: int


@router.get("/jobs", summary="The jobs of all users, newest first")
async def list_jobs(
    _admin: Admin,
    session: ReadSession,
    services: ServicesDep,
    status: Status | None = None,
    kind: Kind | None = None,
    owner_id: Annotated[str | None, Query(max_length=32)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Offset = 0,
) -> AdminJobs:
    conditions = [not_trashed(Job.recording_id)]
    if status is not None:
        conditions.append(Job.status == status.value)
    if kind is not None:
        conditions.append(Job.kind == kind.value)
    if owner_id is not None:
        conditions.append(Job.owner_id == owner_id)
    query = select(Job).where(*conditions).order_by(Job.created_at.desc(), Job.id).limit(limit).offset(offset)
    total = await session.scalar(select(func.count()).select_from(Job).where(*conditions))
    return AdminJobs(jobs=await _admin_jobs(session, services, (await session.scalars(query)).all()), total=total or 0)


@router.post("/jobs/{job_id}/cancel", summary="Cancel any user's job; its partial transcript is kept")
async def cancel(job_id: JobId, _admin: Admin, session: WriteSession, services: ServicesDep) -> AdminJob:
    job = await queue.cancel(session, await _find(session, job_id))
    note(session, Action.JOB_CANCELLED, subject=job_id, owner=job.owner_id)
    after_commit(session, lambda: services.background.start(services.runner.stop_attempts([job_id])))
    return (await _admin_jobs(session, services, [job]))[0]


@router.post("/jobs/{job_id}/retry", summary="Queue any user's ended job again")
async def retry(job_id: JobId, _admin: Admin, session: WriteSession, services: ServicesDep) -> AdminJob:
    job = await queue.retry(session, await _find(session, job_id), services.limits)
    note(session, Action.JOB_RETRIED, subject=job_id, owner=job.owner_id)
    after_commit(session, services.runner.wake)
    return (await _admin_jobs(session, services, [job]))[0]


@router.post("/jobs/{job_id}/front", summary="Move any user's waiting job to the front of the queue")
async def move_to_front(job_id: JobId, _admin: Admin, session: WriteSession, services: ServicesDep) -> AdminJob:
    """The limits still apply. The job moved last is claimed first."""
    job = await queue.to_front(session, await _find(session, job_id))
    note(session, Action.JOB_MOVED_TO_FRONT, subject=job_id, owner=job.owner_id)
    after_commit(session, services.runner.wake)
    return (await _admin_jobs(session, services, [job]))[0]


@router.get("/engines", summary="The engines used since the server started: alive, busy, memory")
async def list_engines(_admin: Admin, engines: EnginesDep) -> list[EngineState]:
    return [EngineState.model_validate(one) for one in engines.state()]


@router.post("/engines/{name}/unload", status_code=204, summary="Free the memory of an engine")
async def unload(
    name: EngineName, _admin: Admin, engines: EnginesDep, database: DatabaseDep, at_work: EvenIfBusy = False
) -> None:
    """It is loaded again for the next job."""
    await _raise_if_busy(engines.unload(name, at_work=at_work))
    await note_in_own_transaction(database, Action.ENGINE_UNLOADED, subject=name)


@router.post("/engines/{name}/restart", status_code=204, summary="Restart the process of an engine")
async def restart(
    name: EngineName, _admin: Admin, engines: EnginesDep, database: DatabaseDep, at_work: EvenIfBusy = False
) -> None:
    await _raise_if_busy(engines.restart(name, at_work=at_work))
    await note_in_own_transaction(database, Action.ENGINE_RESTARTED, subject=name)


async def _raise_if_busy(done: Awaitable[bool]) -> None:
    try:
        if not await done:
            raise EngineBusy
    except KeyError:
        raise EngineNotFound from None


async def _find(session: AsyncSession, job_id: str) -> Job:
    job = await session.scalar(select(Job).where(Job.id == job_id, not_trashed(Job.recording_id)))
    if job is None:
        raise queue.JobNotFound
    return job


async def _admin_jobs(session: AsyncSession, services: Services, jobs: Sequence[Job]) -> list[AdminJob]:
    owners = select(User.id, User.username).where(User.id.in_({job.owner_id for job in jobs}))
    names = {id: name for id, name in await session.execute(owners)}
    job_states = await states(session, list(jobs), services.limits)
    return [
        AdminJob(
            owner_id=job.owner_id,
            owner_name=names.get(job.owner_id, ""),
            **{name: value for name, value in state if name in AdminJob.model_fields},
        )
        for job, state in zip(jobs, job_states, strict=True)
    ]
