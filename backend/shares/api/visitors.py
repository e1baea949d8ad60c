"""Routes for visitors with a share link. The id is in the URL; the access code is required once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.audit import Action, note_in_own_transaction
from backend.accounts.dependencies import DatabaseDep, PasswordsDep, RemoteAddress, SettingsDep, ThrottleDep, clock_of
from backend.accounts.tables import User
from backend.accounts.throttle import Throttle
from backend.database import Database, utc_now
from backend.errors import AppError, NotFound
from backend.minutes import service as minutes
from backend.minutes.schema import Action as ToDo
from backend.minutes.schema import MinutesContent, SpeakerNote, Statement, Topic
from backend.recordings.api.dependencies import StorageDep
from backend.recordings.api.recordings import get_audio
from backend.recordings.tables import Recording
from backend.recordings.titles import title_of
from backend.shares import access_cookie, service
from backend.shares.api.links import ShareId
from backend.shares.tables import Share
from backend.transcripts import service as transcripts
from backend.transcripts.document import document_from_json

router = APIRouter(prefix="/api/shares/{share_id}", tags=["shared"])


class AccessCodeRequired(AppError):
    status = 401
    code = "code_wanted"
    detail = "Enter the access code of this link first."


class NotShared(NotFound):
    code = "not_shared"
    detail = "This link does not include that."


class AccessCode(BaseModel):
    model_config = ConfigDict(extra="forbid")

    access_code: str = Field(min_length=1, max_length=64)


class SharedRecording(BaseModel):
    """What the link shows."""

    name: str
    duration: float | None
    created_at: datetime
    audio: bool
    transcript: bool
    minutes: bool
    expires_at: datetime


class SharedSpeaker(BaseModel):
    id: str
    name: str


class SharedSegment(BaseModel):
    """`speaker` is null if the speaker is uncertain; empty `text`: the speech could not be recognised."""

    id: str
    speaker: str | None
    start: float
    end: float
    text: str


class SharedTranscript(BaseModel):
    """The newest version, with current speaker names."""

    number: int
    speakers: list[SharedSpeaker]
    segments: list[SharedSegment]


class SharedMinutes(BaseModel):
    """The newest minutes; `parts` in the order of the template."""

    number: int
    stale: bool
    parts: list[str]
    title: str
    headline: Statement | None
    overview: list[Statement]
    decisions: list[Statement]
    actions: list[ToDo]
    questions: list[Statement]
    topics: list[Topic]
    speakers: list[SpeakerNote]
    keywords: list[str]


@dataclass(frozen=True, slots=True)
class Visit:
    """An open share with its recording and owner."""

    share: Share
    recording: Recording
    owner: User

    @property
    def scope(self) -> dict[str, str]:
        return {"owner_id": self.owner.id, "recording_id": self.recording.id}


async def _find_visit(database: Database, throttle: Throttle, address: str, share_id: str) -> Visit:
    try:
        async with database.read() as session:
            return Visit(*await service.find_open(session, share_id, utc_now()))
    except service.ShareGone:
        await throttle.count(("share", address))  # slows down trying ids
        raise


async def _visit(
    request: Request,
    share_id: ShareId,
    settings: SettingsDep,
    database: DatabaseDep,
    throttle: ThrottleDep,
    address: RemoteAddress,
) -> Visit:
    visit = await _find_visit(database, throttle, address, share_id)
    if not access_cookie.is_valid(request, settings, share_id, clock_of(request).now()):
        raise AccessCodeRequired
    return visit


#: An open share whose access code the visitor has entered.
VisitDep = Annotated[Visit, Depends(_visit)]


def visit_showing(part: str) -> Callable[[Visit], Awaitable[Visit]]:
    """A dependency: the visit, where the share shows `part` ("audio", "transcript" or "minutes")."""

    async def check(visit: VisitDep) -> Visit:
        if not getattr(visit.share, part):
            raise NotShared
        return visit

    return check


@router.post("/open", summary="Enter the access code")
async def open_share(
    request: Request,
    response: Response,
    share_id: ShareId,
    body: AccessCode,
    settings: SettingsDep,
    database: DatabaseDep,
    throttle: ThrottleDep,
    address: RemoteAddress,
    passwords: PasswordsDep,
) -> SharedRecording:
    """Sets the cookie that the other routes of this share require."""
    visit = await _find_visit(database, throttle, address, share_id)
    async with throttle.attempt(f"share {share_id}", address) as attempt:
        attempt.succeeded = await passwords.verify(visit.share.code_hash, service.normalize_code(body.access_code))
    if not attempt.succeeded:
        await note_in_own_transaction(database, Action.SHARE_REFUSED, subject=visit.recording.id, share=share_id)
        raise service.WrongAccessCode
    now = clock_of(request).now()
    async with database.write() as session:
        await service.count_opening(session, visit.share, now)
    access_cookie.set_cookie(response, request, settings, visit.share, now)
    return _shared_recording(visit)


@router.get("", summary="What the link shows")
async def show(visit: VisitDep) -> SharedRecording:
    return _shared_recording(visit)


@router.get("/transcript", summary="The transcript")
async def transcript(
    visit: Annotated[Visit, Depends(visit_showing("transcript"))], database: DatabaseDep
) -> SharedTranscript:
    async with database.read() as session:
        found = await transcripts.newest(session, **visit.scope)

    def convert() -> SharedTranscript:
        document = document_from_json(found.document)
        speakers = [SharedSpeaker(id=one.id, name=document.speaker_name(one.id)) for one in document.speakers]
        segments = [
            SharedSegment(id=one.id, speaker=one.speaker, start=one.start, end=one.end, text=one.text)
            for one in document.segments
        ]
        return SharedTranscript(number=found.number, speakers=speakers, segments=segments)

    return await asyncio.to_thread(convert)


@router.get("/audio", response_class=FileResponse, responses={200: {"content": {"audio/mp4": {}}}})
async def audio(
    visit: Annotated[Visit, Depends(visit_showing("audio"))], database: DatabaseDep, storage: StorageDep
) -> FileResponse:
    """The listening copy. Range requests are supported, so that players can seek."""
    async with database.read() as session:
        return await get_audio(visit.recording.id, visit.owner, session, storage)


@router.get("/minutes", summary="The minutes")
async def read_minutes(
    visit: Annotated[Visit, Depends(visit_showing("minutes"))], database: DatabaseDep
) -> SharedMinutes:
    async with database.read() as session:
        found = await minutes.newest(session, **visit.scope)
        newest = await transcripts.newest(session, **visit.scope)
    document = await asyncio.to_thread(document_from_json, newest.document)
    content = MinutesContent.model_validate(found.content)
    known = {speaker.id for speaker in document.speakers}
    speakers = [
        one.model_copy(update={"name": document.speaker_name(one.speaker)}) if one.speaker in known else one
        for one in content.speakers
    ]
    return SharedMinutes(
        **{**content.model_dump(include=set(SharedMinutes.model_fields)), "speakers": speakers},
        number=found.number,
        stale=found.transcript != newest.number,
        parts=found.template["parts"],
    )


def _shared_recording(visit: Visit) -> SharedRecording:
    share, recording = visit.share, visit.recording
    return SharedRecording(
        name=title_of(recording.name),
        duration=recording.duration,
        created_at=recording.created_at,
        audio=share.audio,
        transcript=share.transcript,
        minutes=share.minutes,
        expires_at=share.expires_at,
    )
