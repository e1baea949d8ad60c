"""Deletes a user, either with all recordings or after transferring them to another user."""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import audit, service
from backend.accounts.audit import Action
from backend.comments.tables import Comment
from backend.errors import Conflict
from backend.events.log import record
from backend.events.tables import EventKind
from backend.jobs.tables import Job, Status
from backend.library.transfer import transfer
from backend.minutes.tables import Exchange, Minutes, Polish, Repair, Translation
from backend.recordings.tables import Recording
from backend.search import index
from backend.search.tables import Passage, SearchText
from backend.shares.tables import Share
from backend.transcripts.tables import Transcript


class UserHasRunningJob(Conflict):
    code = "still_working"
    detail = "A job of this user is running. Cancel it or wait for it to end before you transfer the recordings."


@dataclass(frozen=True, slots=True)
class DataToDelete:
    """Ids of the data to delete after the commit; empty if everything was transferred."""

    recordings: list[str]
    jobs: list[str]


async def delete(session: AsyncSession, *, actor_id: str, user_id: str, new_owner_id: str | None) -> DataToDelete:
    """Delete an account that the actor may change. With a new owner its recordings are transferred, not deleted."""
    user = await service.find_changeable(session, actor_id=actor_id, user_id=user_id)
    jobs = list(await session.scalars(select(Job.id).where(Job.owner_id == user_id)))
    recordings = list(await session.scalars(select(Recording.id).where(Recording.owner_id == user_id)))
    if new_owner_id is not None:
        await _transfer_ownership(session, user_id, new_owner_id)
    audit.note(
        session, Action.USER_DELETED, subject=user_id, name=user.username, recordings=len(recordings), to=new_owner_id
    )
    await session.flush()
    for id in recordings:
        if new_owner_id is not None:
            facts = {"from": user_id}
            record(session, EventKind.RECORDING_TRANSFERRED, owner_id=new_owner_id, recording_id=id, **facts)
        else:
            await index.delete_of(session, id)
            record(session, EventKind.RECORDING_DELETED, owner_id=user_id, recording_id=id, jobs=[])
    await session.delete(user)
    await session.flush()
    return DataToDelete([], []) if new_owner_id is not None else DataToDelete(recordings, jobs)


async def _transfer_ownership(session: AsyncSession, user_id: str, new_owner_id: str) -> None:
    if new_owner_id == user_id:
        raise service.UserNotFound
    await service.find(session, new_owner_id)
    running = (Job.owner_id == user_id) & (Job.status == Status.RUNNING.value)
    if await session.scalar(select(Job.id).where(running).limit(1)) is not None:
        raise UserHasRunningJob  # its runner would publish results for the old owner
    owned = (
        Recording,
        Job,
        Transcript,
        Minutes,
        Polish,
        Exchange,
        Repair,
        Translation,
        Share,
        Comment,
        Passage,
        SearchText,
    )
    for table in owned:
        await session.execute(update(table).where(table.owner_id == user_id).values(owner_id=new_owner_id))
    await transfer(session, owner_id=user_id, new_owner_id=new_owner_id)
