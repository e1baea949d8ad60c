"""The routes of a recording's transcript: read, save, rename a speaker, take away as a file."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.requests import HTTPConnection
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.access import CurrentUser, Reader, Reading, Stored, Viewer, Writing
from backend.accounts.audit import Action, note_apart
from backend.errors import AppError, InvalidInput
from backend.transcripts import service
from backend.transcripts.document import document_from_json
from backend.transcripts.export import content_disposition, content_type, file_name
from backend.transcripts.form import LARGEST, DocumentForm, Id, read_document
from backend.transcripts.look import Look, Script
from backend.transcripts.press import Press
from backend.transcripts.tables import Origin, Transcript

router = APIRouter(prefix="/api/recordings/{recording_id}/transcript", tags=["transcripts"])

RecordingId = Annotated[str, Path(max_length=64)]
#: The largest number every database can look for.
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
#: Every format of an export; see `backend.transcripts.export.FORMATS`.
Format = Literal["txt", "srt", "vtt", "md", "json", "csv", "docx", "pdf"]


class DocumentTooLarge(AppError):
    status = 413
    code = "document_too_large"
    detail = "This document is larger than any transcript can be."


class VersionAnswer(BaseModel):
    """A version without its document."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    origin: Origin
    author_id: str | None
    job_id: str | None
    aside: bool  #: made by a job after somebody had written; never the newest, until somebody takes it
    created_at: datetime


class TranscriptAnswer(VersionAnswer):
    """A version and its document."""

    recording_id: str
    document: DocumentForm


class Save(BaseModel):
    """`based_on` is the number of the version that was edited."""

    model_config = ConfigDict(extra="forbid")

    based_on: Number
    document: DocumentForm


class Take(BaseModel):
    """`based_on` is the number of the newest version, as far as the asker knows."""

    model_config = ConfigDict(extra="forbid")

    based_on: Number


class Rename(BaseModel):
    """Without `based_on` the speaker of whatever is the newest version is renamed; no name takes the name away."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=64)] | None
    based_on: Number | None = None


@router.get("", summary="The newest version, or any", response_model=TranscriptAnswer)
async def read(
    session: Reading, user: Reader, recording_id: RecordingId, version: Annotated[Number | None, Query()] = None
) -> Response:
    return await _answer(await _find(session, user.id, recording_id, version))


@router.get("/versions", summary="All versions, newest first")
async def versions(session: Reading, user: Reader, recording_id: RecordingId) -> list[VersionAnswer]:
    found = await service.versions(session, owner_id=user.id, recording_id=recording_id)
    return [VersionAnswer.model_validate(one) for one in found]


@router.post("/versions/{version}/take", summary="Make a version the newest again", response_model=TranscriptAnswer)
async def take(
    session: Writing, user: CurrentUser, recording_id: RecordingId, version: Annotated[Number, Path()], taken: Take
) -> Response:
    """An older one, or one that was laid aside. It becomes a version of its own; all others stay."""
    newest = await service.take(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        author_id=user.id,
        number=version,
        based_on=taken.based_on,
    )
    return await _answer(newest)


def _look(
    times: bool = True,
    speakers: bool = True,
    punctuation: bool = True,
    script: Script = Script.AS_IS,
    bom: Annotated[bool, Query(description="of a CSV: the mark that Excel wants")] = True,
) -> Look:
    return Look(times, speakers, punctuation, script, bom)


def _press(connection: HTTPConnection) -> Press:
    press: Press = connection.app.state.press
    return press


#: How somebody wants an export to look.
Shown = Annotated[Look, Depends(_look)]
#: What makes the files.
Pressed = Annotated[Press, Depends(_press)]


@router.get("/export", summary="A file to take away", response_class=Response)
async def take_away(
    database: Stored,
    press: Pressed,
    user: Viewer,
    recording_id: RecordingId,
    look: Shown,
    format: Format = "txt",
    version: Annotated[Number | None, Query()] = None,
) -> Response:
    # A session of its own: a PDF takes seconds, and nobody should wait for its connection meanwhile.
    async with database.read() as session:
        transcript = await _find(session, user.id, recording_id, version)
    answer = await attachment(press, transcript, format, f"转写稿 {recording_id[:8]}", look)
    await note_apart(database, Action.EXPORTED, subject=recording_id, format=format, version=transcript.number)
    return answer


#: What FastAPI would write for `Save`, had it been told; DocumentForm it knows from the answers.
_SAVE = {
    "title": "Save",
    "type": "object",
    "required": ["based_on", "document"],
    "properties": {
        "based_on": {"type": "integer", "minimum": 1},
        "document": {"$ref": "#/components/schemas/DocumentForm"},
    },
}


@router.put(
    "",
    summary="Save what was corrected",
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _SAVE}}}},
)
async def save(session: Writing, user: CurrentUser, recording_id: RecordingId, request: Request) -> VersionAnswer:
    # Read here and not by FastAPI, which would take any number of bytes from anybody before it asks who it is.
    sent = await asyncio.to_thread(_understood, await _body(request))
    base = await service.newest(session, owner_id=user.id, recording_id=recording_id)
    if base.number != sent.based_on:
        raise service.TranscriptChanged(base.number)
    document = await asyncio.to_thread(lambda: read_document(sent.document, document_from_json(base.document)))
    saved = await service.save(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        author_id=user.id,
        document=document,
        based_on=sent.based_on,
    )
    return VersionAnswer.model_validate(saved)


@router.patch("/speakers/{speaker}", summary="Name a speaker, everywhere", response_model=TranscriptAnswer)
async def rename(
    session: Writing, user: CurrentUser, recording_id: RecordingId, speaker: Annotated[Id, Path()], change: Rename
) -> Response:
    renamed = await service.rename(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        author_id=user.id,
        speaker=speaker,
        name=change.name,
        based_on=change.based_on,
    )
    return await _answer(renamed)


async def attachment(press: Press, transcript: Transcript, format: str, title: str, look: Look) -> Response:
    """The version as a download that is named after `title`."""
    data = await press.make(transcript.document, format, title, look)
    headers = {
        "Content-Disposition": content_disposition(file_name(title, format)),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(data, media_type=content_type(format), headers=headers)


async def _find(session: AsyncSession, owner_id: str, recording_id: str, number: int | None) -> Transcript:
    if number is None:
        return await service.newest(session, owner_id=owner_id, recording_id=recording_id)
    return await service.version(session, owner_id=owner_id, recording_id=recording_id, number=number)


async def _answer(transcript: Transcript) -> Response:
    head = VersionAnswer.model_validate(transcript).model_dump(mode="json")
    content: dict[str, Any] = {**head, "recording_id": transcript.recording_id, "document": transcript.document}
    # Twelve hours are megabytes, and they were checked when they were stored: a thread writes them as they are.
    text = await asyncio.to_thread(json.dumps, content, ensure_ascii=False)
    return Response(text.encode(), media_type="application/json")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise DocumentTooLarge
    return bytes(body)


def _understood(body: bytes) -> Save:
    try:
        return Save.model_validate_json(body)
    except ValidationError as error:
        fields = [
            {"field": ".".join(str(part) for part in problem["loc"]), "problem": problem["msg"]}
            for problem in error.errors(include_url=False, include_input=False, include_context=False)[:20]
        ]
        raise InvalidInput(fields=fields) from None
