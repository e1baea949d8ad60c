"""A file that lies in the folder of its recording becomes two rows in one transaction: the recording and its job."""

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.tables import User
from backend.database import Database, after_commit
from backend.jobs import queue, quotas
from backend.jobs.api.access import TheHouse
from backend.jobs.options import Options
from backend.jobs.state import JobState, state
from backend.recordings import service
from backend.recordings.api import RecordingOut
from backend.recordings.files import Storage
from backend.recordings.intake import Received
from backend.recordings.tables import Recording
from backend.settings import Settings


class Taken(BaseModel):
    """The recording that was stored, and the job that was queued for it."""

    recording: RecordingOut
    job: JobState


async def take_in(
    session: AsyncSession,
    house: TheHouse,
    settings: Settings,
    user: User,
    recording_id: str,
    received: Received,
    seconds: float,
    options: Options,
) -> Taken:
    """Raises QueueFull, or what quota is passed; the runner and the listeners hear of it after the commit."""
    recording = await service.create(session, owner_id=user.id, recording_id=recording_id, received=received)
    recording.duration = seconds
    job = await queue.add(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        options=options.model_dump(mode="json", exclude_defaults=True),
        limits=house.limits,
    )
    await quotas.charge(session, user, settings, seconds)
    after_commit(session, house.runner.wake)
    after_commit(session, lambda: house.herald.changed(job.id))
    return Taken(recording=RecordingOut.model_validate(recording), job=await state(session, job, house.limits))


async def discard(database: Database, storage: Storage, recording_id: str) -> None:
    """Remove the folder of a recording that did not come about. A commit that was reported as failed, or not awaited to
    its end, may have happened: then the rows are there, and the files stay."""
    try:
        async with database.read() as session:
            came_about = await session.get(Recording, recording_id) is not None
    except SQLAlchemyError:
        return  # nobody knows; if it did not, the folder is swept later
    if not came_about:
        await storage.delete(recording_id)
