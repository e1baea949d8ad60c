"""The routes of running the service: every job, the engines. What people said and what they call it is not shown."""

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.access import Admin, Reading, Stored, Writing, held
from backend.accounts.audit import Action, note, note_apart
from backend.accounts.tables import User
from backend.database import after_commit
from backend.engines.hosts import Engines
from backend.errors import Conflict, NotFound
from backend.jobs import queue
from backend.jobs.api.access import House, TheHouse
from backend.jobs.state import Warned, states
from backend.jobs.tables import Job, Kind, Stage, Status
from backend.recordings.tables import not_trashed

router = APIRouter(prefix="/api/admin", tags=["admin"])

JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
#: The engines and their processes.
Hosted = Annotated[Engines, Depends(held("engines"))]
EngineName = Annotated[str, Path(max_length=64)]
AlsoAtWork = Annotated[bool, Query(description="also while it works: its job then begins again")]


class EngineNotFound(NotFound):
    code = "engine_not_found"
    detail = "There is no such engine, or it has not been asked since the server started."


class EngineBusy(Conflict):
    code = "engine_busy"
    detail = "This engine is at work. Wait for its job to end, or unload it all the same."


class AnyJob(BaseModel):
    """A job as those see it who run the service."""

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
    error: Warned | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class AnyJobs(BaseModel):
    jobs: list[AnyJob]
    total: int


class EngineState(BaseModel):
    """An engine that has been asked since the server started."""

    name: str
    alive: bool
    pid: int | None
    memory: int  #: bytes
    busy: bool
    served: int


@router.get("/jobs", summary="Everybody's jobs, newest first")
async def any_jobs(
    _admin: Admin,
    session: Reading,
    house: House,
    status: Status | None = None,
    kind: Kind | None = None,
    owner_id: Annotated[str | None, Query(max_length=32)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> AnyJobs:
    wanted = [not_trashed(Job.recording_id)]
    if status is not None:
        wanted.append(Job.status == status.value)
    if kind is not None:
        wanted.append(Job.kind == kind.value)
    if owner_id is not None:
        wanted.append(Job.owner_id == owner_id)
    query = select(Job).where(*wanted).order_by(Job.created_at.desc(), Job.id).limit(limit).offset(offset)
    total = await session.scalar(select(func.count()).select_from(Job).where(*wanted))
    return AnyJobs(jobs=await _told(session, house, (await session.scalars(query)).all()), total=total or 0)


@router.post("/jobs/{job_id}/cancel", summary="Stop anybody's job; what it has heard is kept")
async def cancel(job_id: JobId, _admin: Admin, session: Writing, house: House) -> AnyJob:
    job = await queue.cancel(session, await _find(session, job_id))
    note(session, Action.JOB_CANCELLED, subject=job_id, owner=job.owner_id)
    after_commit(session, lambda: house.later(house.runner.drop([job_id])))
    after_commit(session, lambda: house.herald.changed(job_id))
    return (await _told(session, house, [job]))[0]


@router.post("/jobs/{job_id}/retry", summary="Queue anybody's ended job again")
async def retry(job_id: JobId, _admin: Admin, session: Writing, house: House) -> AnyJob:
    job = await queue.retry(session, await _find(session, job_id), house.limits)
    note(session, Action.JOB_RETRIED, subject=job_id, owner=job.owner_id)
    after_commit(session, house.runner.wake)
    after_commit(session, lambda: house.herald.changed(job_id))
    return (await _told(session, house, [job]))[0]


@router.post("/jobs/{job_id}/front", summary="Have anybody's waiting job claimed before all others")
async def to_front(job_id: JobId, _admin: Admin, session: Writing, house: House) -> AnyJob:
    """The limits hold for it too. The last one moved goes first."""
    job = await queue.to_front(session, await _find(session, job_id))
    note(session, Action.JOB_FRONTED, subject=job_id, owner=job.owner_id)
    after_commit(session, house.runner.wake)
    after_commit(session, lambda: house.herald.changed(job_id))
    return (await _told(session, house, [job]))[0]


@router.get("/engines", summary="The engines that have been asked: alive, busy, memory")
async def look_at_engines(_admin: Admin, engines: Hosted) -> list[EngineState]:
    return [EngineState.model_validate(one) for one in engines.state()]


@router.post("/engines/{name}/unload", status_code=204, summary="Free the memory of an engine")
async def unload(
    name: EngineName, _admin: Admin, engines: Hosted, database: Stored, at_work: AlsoAtWork = False
) -> None:
    """It is loaded again with the next job."""
    await _moved(engines.unload(name, at_work=at_work))
    await note_apart(database, Action.ENGINE_UNLOADED, subject=name)


@router.post("/engines/{name}/restart", status_code=204, summary="Have a new process of an engine")
async def restart(
    name: EngineName, _admin: Admin, engines: Hosted, database: Stored, at_work: AlsoAtWork = False
) -> None:
    await _moved(engines.restart(name, at_work=at_work))
    await note_apart(database, Action.ENGINE_RESTARTED, subject=name)


async def _moved(move: Awaitable[bool]) -> None:
    try:
        if not await move:
            raise EngineBusy
    except KeyError:
        raise EngineNotFound from None


async def _find(session: AsyncSession, job_id: str) -> Job:
    job = await session.scalar(select(Job).where(Job.id == job_id, not_trashed(Job.recording_id)))
    if job is None:
        raise queue.JobNotFound
    return job


async def _told(session: AsyncSession, house: TheHouse, jobs: Sequence[Job]) -> list[AnyJob]:
    owners = select(User.id, User.username).where(User.id.in_({job.owner_id for job in jobs}))
    names = {id: name for id, name in await session.execute(owners)}
    told = await states(session, list(jobs), house.limits)
    return [
        AnyJob(
            owner_id=job.owner_id,
            owner_name=names.get(job.owner_id, ""),
            **{name: value for name, value in state if name in AnyJob.model_fields},
        )
        for job, state in zip(jobs, told, strict=True)
    ]
