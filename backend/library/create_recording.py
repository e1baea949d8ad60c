"""Creates the rows of a recording and of its job in one transaction, for a file that is already in its folder."""

from collections.abc import Sequence

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.tables import User
from backend.database import Database, after_commit
from backend.errors import Conflict
from backend.jobs import queue, quotas
from backend.jobs.api.dependencies import Services
from backend.jobs.options import Options
from backend.jobs.state import JobState, state
from backend.recordings import service
from backend.recordings.api.recordings import RecordingNote, RecordingOut
from backend.recordings.files import Storage
from backend.recordings.multipart import ReceivedFile
from backend.recordings.tables import Recording
from backend.settings import Settings


class DuplicateRecording(Conflict):
    code = "duplicate_recording"
    detail = "You already have a recording with the same content. Open it, or request a second one."


class CreatedRecording(BaseModel):
    """The recording that was stored, and the job that was queued for it."""

    recording: RecordingOut
    job: JobState


async def create_recording(
    session: AsyncSession,
    services: Services,
    settings: Settings,
    user: User,
    recording_id: str,
    received: ReceivedFile,
    seconds: float,
    options: Options,
    *,
    notes: Sequence[RecordingNote] = (),
) -> CreatedRecording:
    """Raises QueueFull, or the error of the quota that is exceeded. The runner and the listeners are notified after the
    commit."""
    recording = await service.create(session, owner_id=user.id, recording_id=recording_id, received=received)
    recording.duration = seconds
    recording.notes = [note.model_dump() for note in notes] or None
    job = await queue.add(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        options=options.model_dump(mode="json", exclude_defaults=True),
        limits=services.limits,
    )
    await quotas.charge(session, user, settings, seconds)
    after_commit(session, services.runner.wake)
    return CreatedRecording(
        recording=RecordingOut.model_validate(recording), job=await state(session, job, services.limits)
    )


async def refuse_duplicate(session: AsyncSession, owner_id: str, sha256: str) -> None:
    """Raise DuplicateRecording, which names the recording, if the owner has one with this content."""
    if (known := await service.find_by_content(session, owner_id=owner_id, sha256=sha256)) is not None:
        raise DuplicateRecording(
            recording={"id": known.id, "name": known.name, "created_at": known.created_at.isoformat()}
        )


async def discard_files(database: Database, storage: Storage, recording_id: str) -> None:
    """Delete the files of a recording that was not created.

    A commit that was reported as failed, or that nobody waited for, may have succeeded: then the row exists, and the
    files are kept.
    """
    try:
        async with database.read() as session:
            exists = await session.get(Recording, recording_id) is not None
    except SQLAlchemyError:
        return  # unknown; if it was not created, housekeeping deletes the folder later
    if not exists:
        await storage.delete(recording_id)
