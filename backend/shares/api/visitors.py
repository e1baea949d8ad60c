"""What somebody with a share link sees. The id in the address says which; the access code lets in."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.access import Address, Configured, Hashing, Stored, Throttled
from backend.accounts.audit import Action, note_apart
from backend.accounts.tables import User
from backend.accounts.throttle import Throttle
from backend.database import Database, utc_now
from backend.errors import AppError, NotFound
from backend.minutes import service as minutes
from backend.minutes.form import Action as ToDo
from backend.minutes.form import MinutesForm, SpeakerNote, Statement, Topic
from backend.recordings.api import Files, listen
from backend.recordings.tables import Recording
from backend.shares import passes, service
from backend.shares.api.links import ShareId
from backend.shares.tables import Share
from backend.transcripts import service as transcripts
from backend.transcripts.document import document_from_json

router = APIRouter(prefix="/api/shares/{share_id}", tags=["shared"])


class CodeWanted(AppError):
    status = 401
    code = "code_wanted"
    detail = "Give the access code of this link first."


class NotShared(NotFound):
    code = "not_shared"
    detail = "This link does not show that."


class Opening(BaseModel):
    model_config = ConfigDict(extra="forbid")

    access_code: str = Field(min_length=1, max_length=64)


class Shared(BaseModel):
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
    """`speaker` is null where naming one would be guessing; no text: it could not be recognised."""

    id: str
    speaker: str | None
    start: float
    end: float
    text: str


class SharedTranscript(BaseModel):
    """The newest version: names as they are now."""

    number: int
    speakers: list[SharedSpeaker]
    segments: list[SharedSegment]


class SharedMinutes(BaseModel):
    """The newest minutes; `parts` in the order in which their template shows them."""

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
    """What is being looked at: a share that is open at this moment."""

    share: Share
    recording: Recording
    owner: User

    @property
    def whose(self) -> dict[str, str]:
        return {"owner_id": self.owner.id, "recording_id": self.recording.id}


async def _found(database: Database, throttle: Throttle, address: str, share_id: str) -> Visit:
    try:
        async with database.read() as session:
            return Visit(*await service.find_open(session, share_id, utc_now()))
    except service.ShareGone:
        throttle.count(("stray", address))  # whoever tries ids has to wait longer and longer
        raise


async def _visit(
    request: Request, share_id: ShareId, settings: Configured, database: Stored, throttle: Throttled, address: Address
) -> Visit:
    visit = await _found(database, throttle, address, share_id)
    if not passes.lets_in(request, settings, share_id):
        raise CodeWanted
    return visit


#: Somebody who has given the code, before a share that is open now.
Visiting = Annotated[Visit, Depends(_visit)]


def _showing(part: str) -> Callable[[Visit], Awaitable[Visit]]:
    async def shown(visit: Visiting) -> Visit:
        if not getattr(visit.share, part):
            raise NotShared
        return visit

    return shown


@router.post("/open", summary="Give the access code")
async def open_share(
    request: Request,
    response: Response,
    share_id: ShareId,
    opening: Opening,
    settings: Configured,
    database: Stored,
    throttle: Throttled,
    address: Address,
    hashing: Hashing,
) -> Shared:
    """Sets the cookie that the other routes of this share want."""
    visit = await _found(database, throttle, address, share_id)
    with throttle.attempt(f"share {share_id}", address) as attempt:
        attempt.right = await hashing.verify(visit.share.code_hash, service.plain_code(opening.access_code))
    if not attempt.right:
        await note_apart(database, Action.SHARE_REFUSED, subject=visit.recording.id, share=share_id)
        raise service.WrongAccessCode
    now = utc_now()
    async with database.write() as session:
        await service.count_opening(session, visit.share, now)
    passes.give(response, request, settings, visit.share, now)
    return _shared(visit)


@router.get("", summary="What the link shows")
async def look(visit: Visiting) -> Shared:
    return _shared(visit)


@router.get("/transcript", summary="The transcript, to read")
async def transcript(visit: Annotated[Visit, Depends(_showing("transcript"))], database: Stored) -> SharedTranscript:
    async with database.read() as session:
        found = await transcripts.newest(session, **visit.whose)

    def shown() -> SharedTranscript:
        document = document_from_json(found.document)
        speakers = [SharedSpeaker(id=one.id, name=document.speaker_name(one.id)) for one in document.speakers]
        segments = [
            SharedSegment(id=one.id, speaker=one.speaker, start=one.start, end=one.end, text=one.text)
            for one in document.segments
        ]
        return SharedTranscript(number=found.number, speakers=speakers, segments=segments)

    return await asyncio.to_thread(shown)


@router.get("/audio", response_class=FileResponse, responses={200: {"content": {"audio/mp4": {}}}})
async def audio(visit: Annotated[Visit, Depends(_showing("audio"))], database: Stored, storage: Files) -> FileResponse:
    """The listening copy. Asks for ranges are answered with ranges, so a player can jump."""
    async with database.read() as session:
        return await listen(visit.recording.id, visit.owner, session, storage)


@router.get("/minutes", summary="The minutes, to read")
async def read_minutes(visit: Annotated[Visit, Depends(_showing("minutes"))], database: Stored) -> SharedMinutes:
    async with database.read() as session:
        found = await minutes.newest(session, **visit.whose)
        newest = await transcripts.newest(session, **visit.whose)
    document = await asyncio.to_thread(document_from_json, newest.document)
    content = MinutesForm.model_validate(found.content)
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


def _shared(visit: Visit) -> Shared:
    share, recording = visit.share, visit.recording
    return Shared(
        name=recording.name,
        duration=recording.duration,
        created_at=recording.created_at,
        audio=share.audio,
        transcript=share.transcript,
        minutes=share.minutes,
        expires_at=share.expires_at,
    )
