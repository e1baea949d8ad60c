"""HTTP routes that queue language model jobs: minutes, polish, repair, translation. They are jobs like all others."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import CurrentUser, WriteSession
from backend.database import after_commit
from backend.errors import Conflict
from backend.jobs import queue
from backend.jobs.api.dependencies import Services, ServicesDep
from backend.jobs.state import JobState, state
from backend.jobs.tables import FINAL, Job, Kind
from backend.minutes.api.model import LanguageModelWithinBudget
from backend.minutes.template_store import find as find_template
from backend.minutes.templates import DEFAULT
from backend.minutes.translate import TARGETS
from backend.recordings import service as recordings
from backend.transcripts import service as transcripts
from backend.transcripts.api import Number, RecordingId

Language = Literal["zh", "en", "ja", "ko", "fr", "de", "es"]

router = APIRouter(prefix="/api/recordings/{recording_id}", tags=["minutes"])


class LanguageModelJobOpen(Conflict):
    code = "already_asked"
    detail = "The language model is already working on this recording. Wait for it, or cancel that job."


class MinutesRequest(BaseModel):
    """`template` is a key of `GET /api/templates`. `language` is by default that of the transcript. `transcript` is the
    number of a version, by default the newest."""

    model_config = ConfigDict(extra="forbid")

    template: str = DEFAULT
    language: Language | None = None
    transcript: Number | None = None


def _target(code: str) -> str:
    if code not in TARGETS:
        raise ValueError(f"is not one of {', '.join(TARGETS)}")
    return code


class TranslationRequest(BaseModel):
    """`language` is the code of one to translate into."""

    model_config = ConfigDict(extra="forbid")

    language: Annotated[str, AfterValidator(_target), Field(json_schema_extra={"enum": list(TARGETS)})]


@router.post("/minutes", status_code=201, summary="Write minutes of the transcript")
async def write_minutes(
    recording_id: RecordingId,
    body: MinutesRequest,
    session: WriteSession,
    user: CurrentUser,
    services: ServicesDep,
    _model: LanguageModelWithinBudget,
) -> JobState:
    """Queues a job of kind `minutes` with the stage `summarize`. The transcript does not change. Codes:
    language_model_missing, template_not_found, transcript_not_found, already_asked, queue_full,
    language_model_budget."""
    template = await find_template(session, owner_id=user.id, key=body.template)
    options = body.model_dump() | {"template": asdict(template)}
    return await _queue_job(session, user.id, recording_id, Kind.MINUTES, options, services)


@router.post("/polish", status_code=201, summary="Polish the transcript")
async def polish(
    recording_id: RecordingId,
    session: WriteSession,
    user: CurrentUser,
    services: ServicesDep,
    _model: LanguageModelWithinBudget,
) -> JobState:
    """Queues a job of kind `polish`. Its result is a new version with a list of changes to accept or reject. Numbers,
    names, negations and the hotwords of the recording's jobs are kept. Codes as for minutes."""
    hotwords = await queue.hotwords_of_recording(session, owner_id=user.id, recording_id=recording_id)
    return await _queue_job(session, user.id, recording_id, Kind.POLISH, {"hotwords": list(hotwords)}, services)


@router.post("/repair", status_code=201, summary="Look for segments that were split between speakers")
async def repair(
    recording_id: RecordingId,
    session: WriteSession,
    user: CurrentUser,
    services: ServicesDep,
    _model: LanguageModelWithinBudget,
) -> JobState:
    """Queues a job of kind `repair`. It only makes proposals: `GET …/repair` lists them and `POST …/repair/review`
    applies them. Codes as for minutes."""
    return await _queue_job(session, user.id, recording_id, Kind.REPAIR, {}, services)


@router.post("/translations", status_code=201, tags=["translations"], summary="Translate the newest version")
async def translate(
    recording_id: RecordingId,
    body: TranslationRequest,
    session: WriteSession,
    user: CurrentUser,
    services: ServicesDep,
    _model: LanguageModelWithinBudget,
) -> JobState:
    """Queues a job of kind `translation`. Where there is a translation into this language already, only segments that
    have changed since are translated; what a person wrote stays. Codes as for minutes."""
    options: dict[str, object] = {
        "language": body.language,
        "hotwords": list(await queue.hotwords_of_recording(session, owner_id=user.id, recording_id=recording_id)),
    }
    return await _queue_job(session, user.id, recording_id, Kind.TRANSLATION, options, services)


async def _queue_job(
    session: AsyncSession, owner_id: str, recording_id: str, kind: Kind, options: dict[str, object], services: Services
) -> JobState:
    recording = await recordings.find(session, owner_id=owner_id, recording_id=recording_id)
    if number := options.get("transcript"):
        assert isinstance(number, int)
        await transcripts.version(session, owner_id=owner_id, recording_id=recording_id, number=number)
    else:
        await transcripts.newest(session, owner_id=owner_id, recording_id=recording_id)
    same_kind = (Job.recording_id == recording.id) & (Job.owner_id == owner_id) & (Job.kind == kind.value)
    if await session.scalar(
        select(Job.id).where(same_kind, Job.status.not_in([status.value for status in FINAL])).limit(1)
    ):
        raise LanguageModelJobOpen
    job = await queue.add(
        session, owner_id=owner_id, recording_id=recording.id, options=options, limits=services.limits, kind=kind
    )
    after_commit(session, services.runner.wake)
    return await state(session, job, services.limits)
