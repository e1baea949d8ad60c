"""Ask for minutes: a job of the same queue, to be followed, cancelled and retried like any other."""

from dataclasses import asdict
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.access import CurrentUser, Writing
from backend.database import after_commit
from backend.errors import Conflict
from backend.jobs import queue
from backend.jobs.api.access import House, TheHouse
from backend.jobs.state import JobState, state
from backend.jobs.tables import FINAL, Job, Kind
from backend.minutes.api.model import Affordable
from backend.minutes.templates import DEFAULT
from backend.minutes.wardrobe import find as find_template
from backend.recordings import service as recordings
from backend.transcripts import service as transcripts
from backend.transcripts.api import Number, RecordingId

Language = Literal["zh", "en", "ja", "ko", "fr", "de", "es"]

router = APIRouter(prefix="/api/recordings/{recording_id}", tags=["minutes"])


class AlreadyAsked(Conflict):
    code = "already_asked"
    detail = "The language model is already at it for this recording. Wait for it, or cancel that job."


class NewMinutes(BaseModel):
    """`template` is a key of `GET /api/templates`; `language` the transcript's where it is left out; `transcript` a
    version's number, the newest where it is left out."""

    model_config = ConfigDict(extra="forbid")

    template: str = DEFAULT
    language: Language | None = None
    transcript: Number | None = None


@router.post("/minutes", status_code=201, summary="Write minutes of the transcript")
async def write_minutes(
    recording_id: RecordingId, asked: NewMinutes, session: Writing, user: CurrentUser, house: House, _model: Affordable
) -> JobState:
    """A job of kind `minutes`, with a stage `summarize`. The transcript is not touched. Codes: language_model_missing,
    template_not_found, transcript_not_found, already_asked, queue_full, language_model_budget."""
    template = await find_template(session, owner_id=user.id, key=asked.template)
    options = asked.model_dump() | {"template": asdict(template)}
    return await _queued(session, user.id, recording_id, Kind.MINUTES, options, house)


@router.post("/polish", status_code=201, summary="Make the transcript readable")
async def polish(
    recording_id: RecordingId, session: Writing, user: CurrentUser, house: House, _model: Affordable
) -> JobState:
    """A job of kind `polish`. What comes of it is a version of its own with a list of changes to accept or reject;
    numbers, names, negations and the hotwords of the recording's jobs stay. Codes as for minutes."""
    jobs = await queue.of_recording(session, owner_id=user.id, recording_id=recording_id)
    hotwords = list(dict.fromkeys(word for job in jobs for word in job.options.get("hotwords", ())))
    return await _queued(session, user.id, recording_id, Kind.POLISH, {"hotwords": hotwords}, house)


@router.post("/repair", status_code=201, summary="Look for segments that were torn between speakers")
async def repair(
    recording_id: RecordingId, session: Writing, user: CurrentUser, house: House, _model: Affordable
) -> JobState:
    """A job of kind `repair`. It only proposes: `GET …/repair` shows what, `POST …/repair/review` does it. Codes as for
    minutes."""
    return await _queued(session, user.id, recording_id, Kind.REPAIR, {}, house)


async def _queued(
    session: AsyncSession, owner_id: str, recording_id: str, kind: Kind, options: dict[str, object], house: TheHouse
) -> JobState:
    recording = await recordings.find(session, owner_id=owner_id, recording_id=recording_id)
    if number := options.get("transcript"):
        assert isinstance(number, int)
        await transcripts.version(session, owner_id=owner_id, recording_id=recording_id, number=number)
    else:
        await transcripts.newest(session, owner_id=owner_id, recording_id=recording_id)
    mine = (Job.recording_id == recording.id) & (Job.owner_id == owner_id) & (Job.kind == kind.value)
    if await session.scalar(select(Job.id).where(mine, Job.status.not_in([status.value for status in FINAL])).limit(1)):
        raise AlreadyAsked
    job = await queue.add(
        session, owner_id=owner_id, recording_id=recording.id, options=options, limits=house.limits, kind=kind
    )
    after_commit(session, house.runner.wake)
    after_commit(session, lambda: house.herald.changed(job.id))
    return await state(session, job, house.limits)
