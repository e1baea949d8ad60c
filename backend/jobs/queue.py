"""The queue is a table. Every change of a job's status is one UPDATE that names what it expects."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import utc_now
from backend.errors import Conflict, NotFound, TooManyRequests
from backend.jobs.tables import FINAL, Gate, Job, Kind, Status


class JobNotFound(NotFound):
    code = "job_not_found"
    detail = "There is no such job, or it is not yours."


class JobNotFinal(Conflict):
    code = "job_not_final"
    detail = "This job is still waiting or running. Cancel it first."


class JobFinal(Conflict):
    code = "job_final"
    detail = "This job has already ended."


class QueueFull(TooManyRequests):
    code = "queue_full"
    detail = "The queue is full. Nothing was stored; try again in a minute."


class Fenced(Exception):
    """The job is no longer this attempt's: it was cancelled, deleted or given to another runner."""


@dataclass(frozen=True, slots=True)
class Limits:
    """They hold at every instant."""

    concurrent: int = 3  #: jobs running
    per_user: int = 2  #: of one owner
    size: int = 50  #: jobs waiting


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job, as far as the order is concerned."""

    id: str
    owner_id: str
    attempt: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """The queue at one moment: who waits, how many each owner has running, when each was last served."""

    waiting: Sequence[Waiting]
    running: Mapping[str, int]
    served: Mapping[str, datetime]


def fair_order(line: Line, limits: Limits) -> list[Waiting]:
    """The order in which waiting jobs will be claimed: the next is always the oldest of the owner with the fewest
    running, and among equals of the one who was served longest ago. Jobs of owners at their limit come behind."""
    lines: dict[str, list[Waiting]] = {}
    for job in sorted(line.waiting, key=lambda job: (job.created_at, job.id), reverse=True):
        lines.setdefault(job.owner_id, []).append(job)
    running, served = Counter(line.running), {owner: (when.timestamp(), 0) for owner, when in line.served.items()}
    order: list[Waiting] = []

    def turn(owner: str) -> tuple[bool, int, tuple[float, int], datetime, str]:
        first = lines[owner][-1]
        # Owners at their limit wait for one of their own to end; it is the same as starting behind everybody else.
        held = running[owner] >= limits.per_user
        return held, running[owner], served.get(owner, (0.0, 0)), first.created_at, first.id

    while lines:
        owner = min(lines, key=turn)
        order.append(lines[owner].pop())
        running[owner] += 1
        served[owner] = (float("inf"), len(order))
        if not lines[owner]:
            del lines[owner]
    return order


async def add(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    options: dict[str, Any],
    limits: Limits,
    kind: Kind = Kind.TRANSCRIPT,
) -> Job:
    """Queue a job; raises QueueFull, before anything is written, when no more may wait."""
    await _pass_gate(session)
    await check_room(session, limits)
    job = Job(owner_id=owner_id, recording_id=recording_id, kind=kind.value, options=options)
    session.add(job)
    await session.flush()
    return job


async def check_room(session: AsyncSession, limits: Limits) -> None:
    """Raise QueueFull when one more job could not wait now."""
    waiting = await session.scalar(select(func.count()).where(Job.status == Status.QUEUED.value))
    if (waiting or 0) >= limits.size:
        raise QueueFull(headers={"Retry-After": "60"})


async def claim(session: AsyncSession, *, runner: str, limits: Limits, now: datetime | None = None) -> Job | None:
    """Give the next job to `runner`, or None when nothing may start now."""
    now = now or utc_now()
    await _pass_gate(session)
    line = await look(session, now)
    if sum(line.running.values()) >= limits.concurrent:
        return None
    first = next(iter(fair_order(line, limits)), None)
    if first is None or line.running.get(first.owner_id, 0) >= limits.per_user:
        return None
    claimed = await _move(
        session,
        first.id,
        (Status.QUEUED,),
        first.attempt,
        status=Status.RUNNING.value,
        attempt=first.attempt + 1,
        runner=runner,
        started_at=now,
        beat_at=now,
        finished_at=None,
        error_code=None,
        error_detail=None,
        warnings=[],
        progress={},
        eta_seconds=None,
        stage=None,
    )
    return await session.get_one(Job, first.id, populate_existing=True) if claimed else None


async def look(session: AsyncSession, now: datetime | None = None) -> Line:
    """The queue as it stands; jobs whose time has not come are left out when `now` is given."""
    columns = (Job.id, Job.owner_id, Job.attempt, Job.created_at)
    query = select(*columns).where(Job.status == Status.QUEUED.value)
    if now is not None:
        query = query.where(Job.not_before <= now)
    waiting = [Waiting(*row) for row in (await session.execute(query))]
    owners = {job.owner_id for job in waiting}
    counted = select(Job.owner_id, func.count()).where(Job.status == Status.RUNNING.value).group_by(Job.owner_id)
    running = {owner: count for owner, count in (await session.execute(counted))}
    last = select(Job.owner_id, func.max(Job.started_at)).where(Job.owner_id.in_(owners)).group_by(Job.owner_id)
    served = {owner: when for owner, when in (await session.execute(last)) if when is not None}
    return Line(waiting, running, served)


async def finish(
    session: AsyncSession,
    job: Job,
    status: Status,
    *,
    code: str | None = None,
    detail: str | None = None,
    warnings: Sequence[dict[str, str]] = (),
) -> None:
    """End a running attempt. Raises Fenced when the attempt is no longer the one that runs."""
    values: dict[str, Any] = {"status": status.value, "finished_at": utc_now(), "eta_seconds": None, "runner": None}
    values |= {"error_code": code, "error_detail": detail, "warnings": list(warnings)}
    if status is Status.FAILED:
        values["failures"] = Job.failures + 1
    await _must(_move(session, job.id, (Status.RUNNING,), job.attempt, **values))


async def put_back(
    session: AsyncSession,
    job: Job,
    *,
    failed: bool,
    delay: float = 0.0,
    code: str | None = None,
    detail: str | None = None,
) -> None:
    """Queue a running attempt again, `delay` seconds from now. Raises Fenced like `finish`."""
    values: dict[str, Any] = {"status": Status.QUEUED.value, "runner": None, "eta_seconds": None, "stage": None}
    values |= {"error_code": code, "error_detail": detail, "not_before": utc_now() + timedelta(seconds=delay)}
    if failed:
        values["failures"] = Job.failures + 1
    await _must(_move(session, job.id, (Status.RUNNING,), job.attempt, **values))


async def report(session: AsyncSession, job: Job, **values: Any) -> None:
    """Note how far a running attempt is. Raises Fenced like `finish`."""
    await _must(_move(session, job.id, (Status.RUNNING,), job.attempt, beat_at=utc_now(), **values))


async def beat(session: AsyncSession, runner: str) -> dict[str, int]:
    """Say that `runner` is alive; answers the attempts that are still its own, by job."""
    mine = (Job.runner == runner) & (Job.status == Status.RUNNING.value)
    await session.execute(update(Job).where(mine).values(beat_at=utc_now()))
    return {id: attempt for id, attempt in (await session.execute(select(Job.id, Job.attempt).where(mine)))}


async def rescue(
    session: AsyncSession,
    *,
    dead: Iterable[str] = (),
    silent_since: datetime,
    max_attempts: int,
    spare: str | None = None,
) -> list[Job]:
    """Put back the jobs that have lost their runner; give up on those that have had their attempts.

    Lost are the jobs of the runners in `dead`, and those without a beat since `silent_since`, save `spare`'s own."""
    await _pass_gate(session)
    lost = Job.runner.in_(list(dead)) | (Job.beat_at < silent_since)
    query = select(Job).where(Job.status == Status.RUNNING.value, lost)
    if spare is not None:
        query = query.where(Job.runner != spare)
    moved: list[Job] = []
    for job in (await session.scalars(query)).all():
        values: dict[str, Any] = {"runner": None, "failures": job.failures + 1, "eta_seconds": None}
        if job.failures + 1 >= max_attempts:
            detail = f"The server stopped {job.failures + 1} times while it worked on this recording. Retry later."
            values |= {"status": Status.FAILED.value, "finished_at": utc_now()}
            values |= {"error_code": "runner_died", "error_detail": detail}
        else:
            values |= {"status": Status.QUEUED.value, "stage": None, "not_before": utc_now()}
        if await _move(session, job.id, (Status.RUNNING,), job.attempt, **values):
            moved.append(await session.get_one(Job, job.id, populate_existing=True))
    return moved


async def cancel(session: AsyncSession, job: Job) -> Job:
    """Stop a waiting or running job; what it has heard so far is kept. Raises JobFinal when it has ended."""
    await _pass_gate(session)
    open_statuses = (Status.QUEUED, Status.RUNNING)
    values = {"status": Status.CANCELLED.value, "finished_at": utc_now(), "eta_seconds": None, "runner": None}
    # Any attempt will do: a person cancels the job, whichever runner is at it.
    if not await _move(session, job.id, open_statuses, None, **values):
        raise JobFinal
    return await session.get_one(Job, job.id, populate_existing=True)


async def retry(session: AsyncSession, job: Job, limits: Limits) -> Job:
    """Queue an ended job again with a clean slate; its finished stages are not done twice."""
    await _pass_gate(session)
    await check_room(session, limits)
    values: dict[str, Any] = {"status": Status.QUEUED.value, "failures": 0, "not_before": utc_now()}
    values |= {"finished_at": None, "stage": None, "progress": {}, "warnings": []}
    values |= {"error_code": None, "error_detail": None}
    if not await _move(session, job.id, tuple(FINAL), job.attempt, **values):
        raise JobNotFinal
    return await session.get_one(Job, job.id, populate_existing=True)


async def find(session: AsyncSession, *, owner_id: str, id: str) -> Job:
    job = await session.scalar(select(Job).where(Job.id == id, Job.owner_id == owner_id))
    if job is None:
        raise JobNotFound
    return job


async def of_recording(session: AsyncSession, *, owner_id: str, recording_id: str) -> Sequence[Job]:
    """Every job of a recording, newest first."""
    query = select(Job).where(Job.recording_id == recording_id, Job.owner_id == owner_id)
    return (await session.scalars(query.order_by(Job.created_at.desc(), Job.id))).all()


async def _pass_gate(session: AsyncSession) -> None:
    touched = await session.execute(update(Gate).where(Gate.id == 1).values(moves=Gate.moves + 1))
    if not _count(touched):
        await session.execute(insert(Gate).values(id=1, moves=0))


async def _move(
    session: AsyncSession, id: str, statuses: tuple[Status, ...], expected: int | None, **values: Any
) -> bool:
    """Compare and set: nothing happens, and the answer is False, unless status and attempt are as expected."""
    query = update(Job).where(Job.id == id, Job.status.in_([status.value for status in statuses])).values(**values)
    if expected is not None:
        query = query.where(Job.attempt == expected)
    return _count(await session.execute(query.execution_options(synchronize_session=False))) == 1


async def _must(move: Any) -> None:
    if not await move:
        raise Fenced


def _count(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
