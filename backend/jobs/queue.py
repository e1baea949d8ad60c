"""The queue is a table. Every change of a job's status is one UPDATE that names what it expects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.coordination.clock import database_now
from backend.database import utc_now
from backend.errors import Conflict, NotFound, TooManyRequests
from backend.events.tables import EventKind
from backend.jobs import reserved_place
from backend.jobs.advance import has_advanced, with_furthest
from backend.jobs.candidates import LONGEST_DELAY, WAITING_COLUMNS, running_by_owner
from backend.jobs.job_events import record_job
from backend.jobs.order import QueueSnapshot, WaitingJob
from backend.jobs.spread import is_turn
from backend.jobs.tables import FINAL, Job, Kind, Pool, QueueLock, Status
from backend.recordings.service import RecordingNotFound
from backend.recordings.tables import Recording, not_trashed

#: Starts of a job after which every end of its runner counts as a failure.
_MAX_STARTS = 10


class JobNotFound(NotFound):
    code = "job_not_found"
    detail = "There is no such job, or it is not yours."


class JobNotFinal(Conflict):
    code = "job_not_final"
    detail = "This job is still waiting or running. Cancel it first."


class JobNotWaiting(Conflict):
    code = "job_not_waiting"
    detail = "Only a waiting job can be moved to the front."


class JobFinal(Conflict):
    code = "job_final"
    detail = "This job has already ended."


class QueueFull(TooManyRequests):
    code = "queue_full"
    detail = "The queue is full. Nothing was stored; try again in a minute."


class FencingError(Exception):
    """This attempt has lost its job: it was cancelled, deleted or given to another runner."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of the settings. Those an admin has set come first: see `limits_now`."""

    concurrent: int = 3  #: running jobs that need the engines
    per_user: int = 2  #: running jobs of one owner in one pool
    size: int = 50  #: waiting jobs
    language: int = 4  #: running jobs that wait for a language model
    per_server: int | None = None  #: running jobs of one server that need the engines; none: an equal share

    def of(self, pool: Pool) -> int:
        return self.concurrent if pool is Pool.ENGINES else self.language


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The heartbeat of a running attempt, as its row has it. Compare it only for equality: the clocks of servers differ
    and jump."""

    job_id: str
    attempt: int
    at: datetime | None

    @classmethod
    def of(cls, job: Job) -> "Heartbeat":
        return cls(job.id, job.attempt, job.heartbeat_at)


async def limits_now(session: AsyncSession, limits: Limits) -> Limits:
    """The limits in force: those an admin has set, otherwise those of the settings."""
    limits_row = (
        await session.execute(select(QueueLock.max_concurrent, QueueLock.max_per_user, QueueLock.max_size))
    ).one_or_none()
    concurrent, per_user, size = limits_row or (None, None, None)
    values = {"concurrent": concurrent, "per_user": per_user, "size": size}
    return replace(limits, **{name: value for name, value in values.items() if value})


async def set_limits(session: AsyncSession, **values: int | None) -> None:
    """Set some of max_concurrent, max_per_user and max_size; None means the setting. The next claim uses them."""
    await _lock_queue(session)
    await session.execute(update(QueueLock).where(QueueLock.id == 1).values(**values))


async def add(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    options: dict[str, Any],
    limits: Limits,
    kind: Kind = Kind.TRANSCRIPT,
) -> Job:
    """Queue a job. Raises QueueFull, before anything is written, when too many wait."""
    await _lock_queue(session)
    await _check_not_trashed(session, recording_id)
    await check_capacity(session, limits)
    now = await database_now(session)
    job = Job(owner_id=owner_id, recording_id=recording_id, kind=kind.value, pool=kind.pool.value, options=options)
    job.created_at = job.not_before = now
    session.add(job)
    await session.flush()
    record_job(session, EventKind.JOB_QUEUED, job)
    return job


async def check_capacity(session: AsyncSession, limits: Limits) -> None:
    """Raise QueueFull when no further job can wait."""
    waiting = await session.scalar(select(func.count()).where(Job.status == Status.QUEUED.value))
    if (waiting or 0) >= (await limits_now(session, limits)).size:
        raise QueueFull(headers={"Retry-After": "60"})


async def has_waiting_jobs(session: AsyncSession) -> bool:
    """Whether a claim could find a job. It takes no lock and writes nothing."""
    return await session.scalar(select(Job.id).where(Job.status == Status.QUEUED.value).limit(1)) is not None


async def claim(session: AsyncSession, *, runner: str, limits: Limits, now: datetime | None = None) -> Job | None:
    """Give the next job to `runner`, or None when no job may start now."""
    await _lock_queue(session)
    now = now or await database_now(session)
    limits = await limits_now(session, limits)
    for pool in Pool:
        if job := await _claim_in(pool, session, runner, limits, now):
            return job
    return None


async def _claim_in(pool: Pool, session: AsyncSession, runner: str, limits: Limits, now: datetime) -> Job | None:
    first = await reserved_place.next_within_limits(session, pool, limits.of(pool), limits.per_user, now)
    if pool is Pool.ENGINES:
        if first is None:
            first = await reserved_place.next_job(session, now)
        elif not await is_turn(session, runner, first.id, limits.concurrent, limits.per_server, now):
            return None
    if first is None:
        return None
    claimed = await _transition(
        session,
        first.id,
        (Status.QUEUED,),
        first.attempt,
        status=Status.RUNNING.value,
        attempt=first.attempt + 1,
        runner=runner,
        started_at=now,
        heartbeat_at=now,
        finished_at=None,
        error_code=None,
        error_detail=None,
        warnings=[],
        eta_seconds=None,
        stage=None,
    )
    job = await session.get_one(Job, first.id, populate_existing=True) if claimed else None
    if job is not None:
        record_job(session, EventKind.JOB_STARTED, job)
    return job


async def snapshot(session: AsyncSession, pool: Pool) -> QueueSnapshot:
    """The whole of a pool now, with the jobs that may not start yet."""
    query = select(*WAITING_COLUMNS).where(Job.status == Status.QUEUED.value, Job.pool == pool.value)
    waiting = [WaitingJob(*row) for row in (await session.execute(query))]
    owners = {job.owner_id for job in waiting}
    theirs = Job.owner_id.in_(owners) & (Job.pool == pool.value)
    last = select(Job.owner_id, func.max(Job.started_at)).where(theirs).group_by(Job.owner_id)
    served = {owner: when for owner, when in (await session.execute(last)) if when is not None}
    return QueueSnapshot(waiting, served, await running_by_owner(session, pool))


async def _running_by_runner(session: AsyncSession) -> dict[str | None, int]:
    counted = select(Job.runner, func.count()).where(Job.status == Status.RUNNING.value).group_by(Job.runner)
    return {runner: count for runner, count in (await session.execute(counted))}


async def finish(
    session: AsyncSession,
    job: Job,
    status: Status,
    *,
    code: str | None = None,
    detail: str | None = None,
    warnings: Sequence[dict[str, str]] = (),
) -> None:
    """End a running attempt. Raises FencingError when it is no longer the one that runs."""
    values: dict[str, Any] = {
        "status": status.value,
        "finished_at": await database_now(session),
        "eta_seconds": None,
        "runner": None,
    }
    values |= {"error_code": code, "error_detail": detail, "warnings": list(warnings)}
    if status is Status.FAILED:
        values["failures"] = Job.failures + 1
    await _raise_if_fenced(_transition(session, job.id, (Status.RUNNING,), job.attempt, **values))
    record_job(session, EventKind(f"job.{status.value}"), job, code)


async def put_back(
    session: AsyncSession,
    job: Job,
    *,
    failed: bool,
    delay: float = 0.0,
    code: str | None = None,
    detail: str | None = None,
) -> None:
    """Queue the job of a running attempt again, to start in `delay` seconds. Raises FencingError like `finish`."""
    values: dict[str, Any] = {"status": Status.QUEUED.value, "runner": None, "eta_seconds": None, "stage": None}
    values |= {
        "error_code": code,
        "error_detail": detail,
        "not_before": await database_now(session) + min(timedelta(seconds=delay), LONGEST_DELAY),
    }
    values |= {"failures": Job.failures + 1} if failed else {}
    await _raise_if_fenced(_transition(session, job.id, (Status.RUNNING,), job.attempt, **values))
    record_job(session, EventKind.JOB_QUEUED, job, code)


async def report(session: AsyncSession, job: Job, **values: Any) -> None:
    """Store the progress of a running attempt. Raises FencingError like `finish`."""
    await _raise_if_fenced(
        _transition(session, job.id, (Status.RUNNING,), job.attempt, heartbeat_at=utc_now(), **values)
    )


async def heartbeat(session: AsyncSession, runner: str) -> dict[str, int]:
    """Write the heartbeat of `runner`; answers the attempts it still owns, by job. It writes even without any, so that
    a database that is full or read-only is noticed."""
    await _lock_queue(session)
    await session.execute(update(Job).where(_runs_at(runner)).values(heartbeat_at=utc_now()))
    return await attempts_of(session, runner)


async def attempts_of(session: AsyncSession, runner: str) -> dict[str, int]:
    """The attempts that `runner` owns, by job. It takes no lock and writes nothing."""
    query = select(Job.id, Job.attempt).where(_runs_at(runner))
    return {id: attempt for id, attempt in await session.execute(query)}


async def rescue(
    session: AsyncSession, *, dead: Iterable[str] = (), expired: Iterable[Heartbeat] = (), max_attempts: int
) -> list[Job]:
    """Put back the jobs that have lost their runner; fail those that have had all their attempts.

    Lost are the jobs of the runners in `dead`, and those whose heartbeat is still the one in `expired`. The end of a
    runner counts as a failure of a job that may be its cause: one that ran alone, or one that came no further than
    before. Others count only after `_MAX_STARTS` starts, so that jobs cannot end their runner together for ever."""
    await _lock_queue(session)
    dead_runners, seen = set(dead), {heartbeat.job_id: heartbeat for heartbeat in expired}
    query = select(Job).where(
        Job.status == Status.RUNNING.value, Job.runner.in_(dead_runners) | Job.id.in_(seen.keys())
    )
    company = await _running_by_runner(session)
    moved: list[Job] = []
    for job in (await session.scalars(query)).all():
        if job.runner not in dead_runners and Heartbeat.of(job) != seen[job.id]:
            continue  # its heartbeat came at the last moment
        suspect = company[job.runner] == 1 or not has_advanced(job) or job.attempt >= _MAX_STARTS
        failures = job.failures + suspect
        values: dict[str, Any] = {"runner": None, "failures": failures, "eta_seconds": None}
        values |= {"progress": with_furthest({}, job)}
        if failures >= max_attempts:
            detail = f"The server stopped {failures} times while it worked on this recording. Retry later."
            values |= {"status": Status.FAILED.value, "finished_at": await database_now(session)}
            values |= {"error_code": "runner_died", "error_detail": detail}
        else:
            values |= {"status": Status.QUEUED.value, "stage": None, "not_before": await database_now(session)}
        if await _transition(session, job.id, (Status.RUNNING,), job.attempt, **values):
            moved.append(await session.get_one(Job, job.id, populate_existing=True))
            record_job(session, EventKind(f"job.{moved[-1].status}"), job, moved[-1].error_code)
    return moved


async def cancel(session: AsyncSession, job: Job, *, code: str | None = None, detail: str | None = None) -> Job:
    """Stop a waiting or running job. Its partial transcript stays. Raises JobFinal when it has ended."""
    await _lock_queue(session)
    open_statuses = (Status.QUEUED, Status.RUNNING)
    values: dict[str, Any] = {
        "status": Status.CANCELLED.value,
        "finished_at": await database_now(session),
        "eta_seconds": None,
    }
    values |= {"runner": None} | ({"error_code": code, "error_detail": detail} if code else {})
    # Of any attempt: a person cancels the job, whichever runner works on it.
    if not await _transition(session, job.id, open_statuses, None, **values):
        raise JobFinal
    record_job(session, EventKind.JOB_CANCELLED, job, code)
    return await session.get_one(Job, job.id, populate_existing=True)


async def open_jobs(session: AsyncSession, recording_id: str) -> Sequence[Job]:
    """The jobs of a recording that wait or run. Until the transaction ends none is added, claimed or retried."""
    await _lock_queue(session)
    ended = [status.value for status in FINAL]
    query = select(Job).where(Job.recording_id == recording_id, Job.status.not_in(ended))
    return (await session.scalars(query)).all()


async def retry(session: AsyncSession, job: Job, limits: Limits) -> Job:
    """Queue an ended job again, with no failures counted. Its finished stages are not repeated."""
    await _lock_queue(session)
    await _check_not_trashed(session, job.recording_id)
    await check_capacity(session, limits)
    values: dict[str, Any] = {"status": Status.QUEUED.value, "failures": 0, "not_before": await database_now(session)}
    values |= dict.fromkeys(("finished_at", "stage", "fronted_at", "error_code", "error_detail"))
    values |= {"progress": {}, "warnings": []}
    if not await _transition(session, job.id, tuple(FINAL), job.attempt, **values):
        raise JobNotFinal
    record_job(session, EventKind.JOB_QUEUED, job)
    return await session.get_one(Job, job.id, populate_existing=True)


async def to_front(session: AsyncSession, job: Job) -> Job:
    """Have a waiting job claimed before all others, also one that may not start yet. Raises JobNotWaiting."""
    await _lock_queue(session)
    now = await database_now(session)
    due = case((Job.not_before > now, now), else_=Job.not_before)
    if not await _transition(session, job.id, (Status.QUEUED,), None, fronted_at=now, not_before=due):
        raise JobNotWaiting
    record_job(session, EventKind.JOB_MOVED_TO_FRONT, job)
    return await session.get_one(Job, job.id, populate_existing=True)


async def find(session: AsyncSession, *, owner_id: str, id: str) -> Job:
    """The job, unless its recording is in the trash."""
    mine = (Job.id == id) & (Job.owner_id == owner_id)
    job = await session.scalar(select(Job).where(mine, not_trashed(Job.recording_id)))
    if job is None:
        raise JobNotFound
    return job


async def of_recording(session: AsyncSession, *, owner_id: str, recording_id: str) -> Sequence[Job]:
    """Every job of a recording, newest first."""
    mine = (Job.recording_id == recording_id) & (Job.owner_id == owner_id)
    query = select(Job).where(mine, not_trashed(Job.recording_id))
    return (await session.scalars(query.order_by(Job.created_at.desc(), Job.id))).all()


async def hotwords_of_recording(session: AsyncSession, *, owner_id: str, recording_id: str) -> tuple[str, ...]:
    """The hotwords of all its jobs, those of the newest first."""
    jobs = await of_recording(session, owner_id=owner_id, recording_id=recording_id)
    return tuple(dict.fromkeys(word for job in jobs for word in job.options.get("hotwords", ())))


async def _check_not_trashed(session: AsyncSession, recording_id: str) -> None:
    # Only under the queue lock, which putting a recording in the trash takes too.
    trashed = (Recording.id == recording_id) & Recording.trashed_at.is_not(None)
    if await session.scalar(select(Recording.id).where(trashed)) is not None:
        raise RecordingNotFound


async def _lock_queue(session: AsyncSession) -> None:
    touched = await session.execute(update(QueueLock).where(QueueLock.id == 1).values(moves=QueueLock.moves + 1))
    if not _count(touched):
        await session.execute(insert(QueueLock).values(id=1, moves=0))


async def _transition(
    session: AsyncSession, id: str, statuses: tuple[Status, ...], expected: int | None, **values: Any
) -> bool:
    """Compare and set: changes the row and answers True only if status and attempt are as expected."""
    query = update(Job).where(Job.id == id, Job.status.in_([status.value for status in statuses])).values(**values)
    if expected is not None:
        query = query.where(Job.attempt == expected)
    return _count(await session.execute(query.execution_options(synchronize_session=False))) == 1


def _runs_at(runner: str) -> ColumnElement[bool]:
    return (Job.runner == runner) & (Job.status == Status.RUNNING.value)


async def _raise_if_fenced(transition: Any) -> None:
    if not await transition:
        raise FencingError


def _count(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
