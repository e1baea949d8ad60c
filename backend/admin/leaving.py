"""A user goes: the files go too, or somebody else takes them over."""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import audit, service
from backend.accounts.audit import Action
from backend.errors import Conflict
from backend.jobs.tables import Job, Status
from backend.minutes.tables import Exchange, Minutes, Polish, Repair
from backend.recordings.tables import Recording
from backend.shares.tables import Share
from backend.transcripts.tables import Transcript


class StillWorking(Conflict):
    code = "still_working"
    detail = "A job of this user is running. Cancel it, or wait for its end, before you hand the recordings over."


@dataclass(frozen=True, slots=True)
class Left:
    """What is to be cleared away after the commit; nothing, where everything was handed over."""

    recordings: list[str]
    jobs: list[str]


async def delete(session: AsyncSession, *, actor_id: str, user_id: str, heir_id: str | None) -> Left:
    """Remove an account below the actor's. With an heir its recordings live on as the heir's; else they end with it."""
    user = await service.reach(session, actor_id=actor_id, user_id=user_id)
    jobs = list(await session.scalars(select(Job.id).where(Job.owner_id == user_id)))
    recordings = list(await session.scalars(select(Recording.id).where(Recording.owner_id == user_id)))
    if heir_id is not None:
        await _hand_over(session, user_id, heir_id)
    audit.note(
        session, Action.USER_DELETED, subject=user_id, name=user.username, recordings=len(recordings), to=heir_id
    )
    await session.flush()
    await session.delete(user)
    await session.flush()
    return Left([], []) if heir_id is not None else Left(recordings, jobs)


async def _hand_over(session: AsyncSession, user_id: str, heir_id: str) -> None:
    if heir_id == user_id:
        raise service.UserNotFound
    await service.find(session, heir_id)
    running = (Job.owner_id == user_id) & (Job.status == Status.RUNNING.value)
    if await session.scalar(select(Job.id).where(running).limit(1)) is not None:
        raise StillWorking  # its runner would publish in the name of somebody who is gone
    for table in (Recording, Job, Transcript, Minutes, Polish, Exchange, Repair, Share):
        await session.execute(update(table).where(table.owner_id == user_id).values(owner_id=heir_id))
