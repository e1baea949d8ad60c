"""The public state of a job: the same JSON over REST and over the WebSocket."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.jobs import queue
from backend.jobs.forecast import forecast, forecast_running, waits_for_engine
from backend.jobs.order import fair_order
from backend.jobs.tables import Job, Kind, Pool, Stage, Status
from backend.recordings.tables import Recording


class JobMessage(BaseModel):
    """A warning or an error."""

    code: str
    detail: str
    names: str | None = None  #: what it is about, such as the hotwords that were left out


class StageProgress(BaseModel):
    """How much of the audio a stage has done, in seconds."""

    name: Stage
    done_seconds: float
    total_seconds: float
    waits_behind: int | None = None  #: jobs that have the engine before it; null while it works


class JobState(BaseModel):
    """A job as the API answers it."""

    id: str
    recording_id: str
    recording_name: str
    kind: Kind
    status: Status
    stage: Stage | None
    stages: list[StageProgress]
    position: int | None  #: place in its pool of the queue from 1, while queued
    eta_seconds: float | None  #: until the end, at the measured rate; null while it cannot be estimated
    attempt: int
    warnings: list[JobMessage]
    error: JobMessage | None
    options: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


async def states(session: AsyncSession, jobs: list[Job], limits: queue.Limits) -> list[JobState]:
    """The states of these jobs, with their places in the queue."""
    places: Mapping[str, int] = {}
    ends: Mapping[str, float] = {}
    if any(job.status == Status.QUEUED.value for job in jobs):
        limits = await queue.limits_now(session, limits)
        orders = {pool: fair_order(await queue.snapshot(session, pool), limits.per_user) for pool in Pool}
        places = {waiting.id: place for order in orders.values() for place, waiting in enumerate(order, 1)}
        ends = await forecast(session, orders[Pool.ENGINES], limits)
    if any(job.status == Status.RUNNING.value and waits_for_engine(job.progress) for job in jobs):
        ends = {**ends, **await forecast_running(session)}
    ids = {job.recording_id for job in jobs}
    named = select(Recording.id, Recording.name).where(Recording.id.in_(ids))
    names = {id: name for id, name in (await session.execute(named))}
    return [
        _state(job, names.get(job.recording_id, ""), places.get(job.id), ends.get(job.id, job.eta_seconds))
        for job in jobs
    ]


async def state(session: AsyncSession, job: Job, limits: queue.Limits) -> JobState:
    return (await states(session, [job], limits))[0]


def _state(job: Job, name: str, position: int | None, eta: float | None) -> JobState:
    return JobState(
        id=job.id,
        recording_id=job.recording_id,
        recording_name=name,
        kind=Kind(job.kind),
        status=Status(job.status),
        stage=Stage(job.stage) if job.stage else None,
        stages=[
            StageProgress(
                name=stage,
                done_seconds=seconds[0],
                total_seconds=seconds[1],
                waits_behind=int(seconds[2]) if len(seconds) > 2 else None,
            )
            for stage in Stage
            if (seconds := job.progress.get(stage.value))
        ],
        position=position if job.status == Status.QUEUED.value else None,
        eta_seconds=None if eta is None else round(eta, 1),
        attempt=job.attempt,
        warnings=[JobMessage.model_validate(warning) for warning in job.warnings],
        error=JobMessage(code=job.error_code, detail=job.error_detail or "") if job.error_code else None,
        options=job.options,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )
