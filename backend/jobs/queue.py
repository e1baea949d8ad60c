"""The queue is a table. Every change of a job's status is one UPDATE that names what it expects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import utc_now
from backend.errors import Conflict, NotFound, TooManyRequests
from backend.jobs.order import Line, Waiting, fair_order
from backend.jobs.tables import FINAL, Gate, Job, Kind, Lane, Status
from backend.recordings.service import RecordingNotFound
from backend.recordings.tables import Recording, not_trashed

#: No retry waits longer.
LONGEST_DELAY = timedelta(hours=1)


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


class Fenced(Exception):
    """The job is no longer this attempt's: it was cancelled, deleted or given to another runner."""


@dataclass(frozen=True, slots=True)
class Limits:
    """They hold at every instant. What an admin has set meanwhile goes before those of the settings: `limits_now`."""

    concurrent: int = 3  #: jobs running that need the engines
    per_user: int = 2  #: of one owner, in one lane
    size: int = 50  #: jobs waiting
    language: int = 4  #: jobs running that wait for a language model

    def of(self, lane: Lane) -> int:
        return self.concurrent if lane is Lane.ENGINES else self.language


#: What `Waiting` is made of.
_WAITING = (Job.id, Job.owner_id, Job.attempt, Job.created_at, Job.fronted_at)


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life of a running attempt, as it stands in its row. Only whether it changes says anything: clocks of
    servers differ, and jump."""

    job_id: str
    attempt: int
    at: datetime | None

    @classmethod
    def of(cls, job: Job) -> "Beat":
        return cls(job.id, job.attempt, job.beat_at)


async def limits_now(session: AsyncSession, limits: Limits) -> Limits:
    """The limits in force: those an admin has set, and the settings' where none were."""
    gate = (await session.execute(select(Gate.max_concurrent, Gate.max_per_user, Gate.max_size))).one_or_none()
    concurrent, per_user, size = gate or (None, None, None)
    values = {"concurrent": concurrent, "per_user": per_user, "size": size}
    return replace(limits, **{name: value for name, value in values.items() if value})


async def set_limits(session: AsyncSession, **values: int | None) -> None:
    """Set some of max_concurrent, max_per_user and max_size; none is as the settings say. The next claim feels it."""
    await _pass_gate(session)
    await session.execute(update(Gate).where(Gate.id == 1).values(**values))


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
    await _must_not_be_trashed(session, recording_id)
    await check_room(session, limits)
    job = Job(owner_id=owner_id, recording_id=recording_id, kind=kind.value, lane=kind.lane.value, options=options)
    session.add(job)
    await session.flush()
    return job


async def check_room(session: AsyncSession, limits: Limits) -> None:
    """Raise QueueFull when one more job could not wait now."""
    waiting = await session.scalar(select(func.count()).where(Job.status == Status.QUEUED.value))
    if (waiting or 0) >= (await limits_now(session, limits)).size:
        raise QueueFull(headers={"Retry-After": "60"})


async def anybody_waits(session: AsyncSession) -> bool:
    """Whether a claim could find something: a look that takes no gate and writes nothing."""
    return await session.scalar(select(Job.id).where(Job.status == Status.QUEUED.value).limit(1)) is not None


async def claim(session: AsyncSession, *, runner: str, limits: Limits, now: datetime | None = None) -> Job | None:
    """Give the next job to `runner`, or None when nothing may start now."""
    now = now or utc_now()
    await _pass_gate(session)
    limits = await limits_now(session, limits)
    for lane in Lane:
        if job := await _claim_in(lane, session, runner, limits, now):
            return job
    return None


async def _claim_in(lane: Lane, session: AsyncSession, runner: str, limits: Limits, now: datetime) -> Job | None:
    running = await _running(session, lane)
    if sum(running.values()) >= limits.of(lane):
        return None
    line = Line(*await _heads(session, lane, now), running)
    first = next(iter(fair_order(line, limits.per_user)), None)
    if first is None or running.get(first.owner_id, 0) >= limits.per_user:
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


async def look(session: AsyncSession, lane: Lane) -> Line:
    """A whole lane as it stands, also jobs whose time has not come."""
    query = select(*_WAITING).where(Job.status == Status.QUEUED.value, Job.lane == lane.value)
    waiting = [Waiting(*row) for row in (await session.execute(query))]
    owners = {job.owner_id for job in waiting}
    theirs = Job.owner_id.in_(owners) & (Job.lane == lane.value)
    last = select(Job.owner_id, func.max(Job.started_at)).where(theirs).group_by(Job.owner_id)
    served = {owner: when for owner, when in (await session.execute(last)) if when is not None}
    return Line(waiting, served, await _running(session, lane))


async def _heads(session: AsyncSession, lane: Lane, now: datetime) -> tuple[list[Waiting], dict[str, datetime]]:
    """The first job of each owner whose time has come, those moved to the front, and when each owner was last served.

    It looks at as many rows as there are owners, however many jobs wait or have ended: each look is one step down an
    index."""
    queued = (Job.status == Status.QUEUED.value) & (Job.lane == lane.value)
    owners = select(func.min(Job.owner_id).label("id")).where(queued).cte("owners", recursive=True)
    next = select(func.min(Job.owner_id)).where(queued, Job.owner_id > owners.c.id).scalar_subquery()
    owners = owners.union_all(select(next).where(owners.c.id.is_not(None)))
    # Nobody waits longer than the longest delay: such a time was written by a clock that has been set back since.
    due = or_(Job.not_before <= now, Job.not_before > now + LONGEST_DELAY)
    mine = select(Job.id).where(queued, Job.owner_id == owners.c.id, due).order_by(Job.created_at).limit(1)
    last = select(func.max(Job.started_at)).where(Job.owner_id == owners.c.id, Job.lane == lane.value)
    query = select(mine.scalar_subquery(), last.scalar_subquery()).where(owners.c.id.is_not(None))
    found = {id: served for id, served in (await session.execute(query)) if id is not None}
    first = Job.id.in_(found.keys()) | (queued & Job.fronted_at.is_not(None) & due)
    heads = [Waiting(*row) for row in await session.execute(select(*_WAITING).where(first))]
    return heads, {head.owner_id: served for head in heads if (served := found.get(head.id)) is not None}


async def _running(session: AsyncSession, lane: Lane) -> dict[str, int]:
    at_work = (Job.status == Status.RUNNING.value) & (Job.lane == lane.value)
    counted = select(Job.owner_id, func.count()).where(at_work).group_by(Job.owner_id)
    return {owner: count for owner, count in (await session.execute(counted))}


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
    values |= {
        "error_code": code,
        "error_detail": detail,
        "not_before": utc_now() + min(timedelta(seconds=delay), LONGEST_DELAY),
    }
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
    session: AsyncSession, *, dead: Iterable[str] = (), silent: Iterable[Beat] = (), max_attempts: int
) -> list[Job]:
    """Put back the jobs that have lost their runner; give up on those that have had their attempts.

    Lost are the jobs of the runners in `dead`, and those of which nothing was heard since the beats in `silent`."""
    await _pass_gate(session)
    gone, seen = set(dead), {beat.job_id: beat for beat in silent}
    query = select(Job).where(Job.status == Status.RUNNING.value, Job.runner.in_(gone) | Job.id.in_(seen.keys()))
    moved: list[Job] = []
    for job in (await session.scalars(query)).all():
        if job.runner not in gone and Beat.of(job) != seen[job.id]:
            continue  # it spoke at the last moment
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


async def cancel(session: AsyncSession, job: Job, *, code: str | None = None, detail: str | None = None) -> Job:
    """Stop a waiting or running job; what it has heard so far is kept. Raises JobFinal when it has ended."""
    await _pass_gate(session)
    open_statuses = (Status.QUEUED, Status.RUNNING)
    values: dict[str, Any] = {"status": Status.CANCELLED.value, "finished_at": utc_now(), "eta_seconds": None}
    values |= {"runner": None} | ({"error_code": code, "error_detail": detail} if code else {})
    # Any attempt will do: a person cancels the job, whichever runner is at it.
    if not await _move(session, job.id, open_statuses, None, **values):
        raise JobFinal
    return await session.get_one(Job, job.id, populate_existing=True)


async def open_jobs(session: AsyncSession, recording_id: str) -> Sequence[Job]:
    """Those of a recording that wait or run. Until the transaction ends none is added, claimed or retried."""
    await _pass_gate(session)
    ended = [status.value for status in FINAL]
    query = select(Job).where(Job.recording_id == recording_id, Job.status.not_in(ended))
    return (await session.scalars(query)).all()


async def retry(session: AsyncSession, job: Job, limits: Limits) -> Job:
    """Queue an ended job again with a clean slate; its finished stages are not done twice."""
    await _pass_gate(session)
    await _must_not_be_trashed(session, job.recording_id)
    await check_room(session, limits)
    values: dict[str, Any] = {"status": Status.QUEUED.value, "failures": 0, "not_before": utc_now()}
    values |= {"finished_at": None, "stage": None, "progress": {}, "warnings": [], "fronted_at": None}
    values |= {"error_code": None, "error_detail": None}
    if not await _move(session, job.id, tuple(FINAL), job.attempt, **values):
        raise JobNotFinal
    return await session.get_one(Job, job.id, populate_existing=True)


async def to_front(session: AsyncSession, job: Job) -> Job:
    """Have a waiting job claimed before all others, also one whose time had not come. Raises JobNotWaiting."""
    await _pass_gate(session)
    now = utc_now()
    due = case((Job.not_before > now, now), else_=Job.not_before)
    if not await _move(session, job.id, (Status.QUEUED,), None, fronted_at=now, not_before=due):
        raise JobNotWaiting
    return await session.get_one(Job, job.id, populate_existing=True)


async def find(session: AsyncSession, *, owner_id: str, id: str) -> Job:
    """The job, unless its recording lies in the trash."""
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


async def _must_not_be_trashed(session: AsyncSession, recording_id: str) -> None:
    # Asked behind the gate, which whoever fills the trash has to pass too.
    trashed = (Recording.id == recording_id) & Recording.trashed_at.is_not(None)
    if await session.scalar(select(Recording.id).where(trashed)) is not None:
        raise RecordingNotFound


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
