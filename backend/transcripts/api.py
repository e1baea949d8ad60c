"""The routes of a recording's transcript: read, save, rename a speaker. Its export: `backend.exports`."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import CurrentUser, Reader, ReadSession, WriteSession
from backend.errors import AppError, InvalidInput, invalid_field
from backend.transcripts import service
from backend.transcripts.document import document_from_json
from backend.transcripts.schema import MAX_BODY_BYTES, DocumentSchema, Id, read_document
from backend.transcripts.tables import Origin, Transcript

router = APIRouter(prefix="/api/recordings/{recording_id}/transcript", tags=["transcripts"])

RecordingId = Annotated[str, Path(max_length=64)]
#: Up to the largest integer that every database can compare.
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class DocumentTooLarge(AppError):
    status = 413
    code = "document_too_large"
    detail = "The document is too large for a transcript."


class VersionAnswer(BaseModel):
    """A version without its document."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    origin: Origin
    author_id: str | None
    job_id: str | None
    aside: bool  #: a side version: made by a job after a person had edited; not the newest until somebody restores it
    created_at: datetime


class TranscriptAnswer(VersionAnswer):
    """A version and its document."""

    recording_id: str
    document: DocumentSchema


class SaveRequest(BaseModel):
    """`based_on` is the number of the version that was edited."""

    model_config = ConfigDict(extra="forbid")

    based_on: Number
    document: DocumentSchema


class RestoreRequest(BaseModel):
    """`based_on` is the number of the newest version the client knows."""

    model_config = ConfigDict(extra="forbid")

    based_on: Number


class RenameRequest(BaseModel):
    """Without `based_on` the newest version is the base; an empty name removes the name. `expected_name` is the name
    that was read before, null for none; left out, any name is replaced."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=64)] | None
    based_on: Number | None = None
    expected_name: Annotated[str, Field(max_length=64)] | None = None


@router.get("", summary="The newest version, or any", response_model=TranscriptAnswer)
async def read(
    session: ReadSession, user: Reader, recording_id: RecordingId, version: Annotated[Number | None, Query()] = None
) -> Response:
    return await _answer(await _find(session, user.id, recording_id, version))


@router.get("/versions", summary="All versions, newest first")
async def versions(session: ReadSession, user: Reader, recording_id: RecordingId) -> list[VersionAnswer]:
    found = await service.versions(session, owner_id=user.id, recording_id=recording_id)
    return [VersionAnswer.model_validate(one) for one in found]


@router.post("/versions/{version}/take", summary="Make a version the newest again", response_model=TranscriptAnswer)
async def restore(
    session: WriteSession,
    user: CurrentUser,
    recording_id: RecordingId,
    version: Annotated[Number, Path()],
    taken: RestoreRequest,
) -> Response:
    """An older version or a side version. It becomes a new version; all others stay."""
    newest = await service.restore(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        author_id=user.id,
        number=version,
        based_on=taken.based_on,
    )
    return await _answer(newest)


#: The schema FastAPI would write for `SaveRequest`; it knows DocumentSchema from the answers.
_SAVE = {
    "title": "SaveRequest",
    "type": "object",
    "required": ["based_on", "document"],
    "properties": {
        "based_on": {"type": "integer", "minimum": 1},
        "document": {"$ref": "#/components/schemas/DocumentSchema"},
    },
}


@router.put(
    "",
    summary="Save a corrected document",
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _SAVE}}}},
)
async def save(session: WriteSession, user: CurrentUser, recording_id: RecordingId, request: Request) -> VersionAnswer:
    # Not read by FastAPI, which would read a body of any size before it authenticates the caller.
    request_body = await asyncio.to_thread(_parse_save, await _body(request))
    base = await service.newest(session, owner_id=user.id, recording_id=recording_id)
    if base.number != request_body.based_on:
        raise service.TranscriptChanged(base.number)
    document = await asyncio.to_thread(lambda: read_document(request_body.document, document_from_json(base.document)))
    saved = await service.save(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        author_id=user.id,
        document=document,
        based_on=request_body.based_on,
    )
    return VersionAnswer.model_validate(saved)


@router.patch("/speakers/{speaker}", summary="Rename a speaker", response_model=TranscriptAnswer)
async def rename(
    session: WriteSession,
    user: CurrentUser,
    recording_id: RecordingId,
    speaker: Annotated[Id, Path()],
    change: RenameRequest,
) -> Response:
    """409 `name_changed` with `name` where the speaker is no longer called `expected_name`."""
    renamed = await service.rename(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        author_id=user.id,
        speaker=speaker,
        name=change.name,
        based_on=change.based_on,
        expected_name=change.expected_name if "expected_name" in change.model_fields_set else ...,
    )
    return await _answer(renamed)


async def _find(session: AsyncSession, owner_id: str, recording_id: str, number: int | None) -> Transcript:
    if number is None:
        return await service.newest(session, owner_id=owner_id, recording_id=recording_id)
    return await service.version(session, owner_id=owner_id, recording_id=recording_id, number=number)


async def _answer(transcript: Transcript) -> Response:
    head = VersionAnswer.model_validate(transcript).model_dump(mode="json")
    content: dict[str, Any] = {**head, "recording_id": transcript.recording_id, "document": transcript.document}
    # Twelve hours are megabytes that were validated when stored: a thread writes them without validating again.
    text = await asyncio.to_thread(json.dumps, content, ensure_ascii=False)
    return Response(text.encode(), media_type="application/json")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise DocumentTooLarge
    return bytes(body)


def _parse_save(body: bytes) -> SaveRequest:
    try:
        return SaveRequest.model_validate_json(body)
    except ValidationError as error:
        fields = [invalid_field(problem) for problem in error.errors(include_url=False, include_input=False)[:20]]
        raise InvalidInput(fields=fields) from None
