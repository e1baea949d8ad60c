"""Minutes: read, list versions, export."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.audit import Action, note_in_own_transaction
from backend.accounts.dependencies import DatabaseDep, Reader, ReadSession
from backend.disconnects import end_with_client
from backend.minutes import service, template_store
from backend.minutes.files import render_arguments, source_document
from backend.minutes.render import render
from backend.minutes.schema import MinutesContent
from backend.minutes.tables import Minutes
from backend.recordings import service as recordings
from backend.transcripts.api import Number, RecordingId, RenderPoolDep
from backend.transcripts.export import content_disposition, content_type, file_name

router = APIRouter(prefix="/api/recordings/{recording_id}/minutes", tags=["minutes"])


class MinutesVersion(BaseModel):
    """`stale` where the transcript has a newer version than `transcript`. Minutes are never remade automatically."""

    number: int
    transcript: int
    stale: bool
    template: dict[str, Any]
    model: str
    language: str
    covered: int
    segments: int
    job_id: str | None
    created_at: datetime


class MinutesAnswer(MinutesVersion):
    recording_id: str
    content: MinutesContent


@router.get("", summary="The newest minutes, or any version")
async def read(
    session: ReadSession, user: Reader, recording_id: RecordingId, version: Annotated[Number | None, Query()] = None
) -> MinutesAnswer:
    """Every statement names the ids of the segments that are its evidence; `content.coverage` says what was read."""
    found = await _find(session, user.id, recording_id, version)
    last = await service.newest_transcript(session, owner_id=user.id, recording_id=recording_id)
    content = MinutesContent.model_validate(found.content)
    return MinutesAnswer(**_version(found, last).model_dump(), recording_id=recording_id, content=content)


@router.get("/versions", summary="All minutes, newest first")
async def versions(session: ReadSession, user: Reader, recording_id: RecordingId) -> list[MinutesVersion]:
    await recordings.find(session, owner_id=user.id, recording_id=recording_id)
    last = await service.newest_transcript(session, owner_id=user.id, recording_id=recording_id)
    found = await service.versions(session, owner_id=user.id, recording_id=recording_id)
    return [_version(one, last) for one in found]


@router.get("/export", summary="Export as a file", response_class=Response)
async def export_file(
    request: Request,
    database: DatabaseDep,
    render_pool: RenderPoolDep,
    user: Reader,
    recording_id: RecordingId,
    format: Literal["md", "json", "docx"] = "md",
    version: Annotated[Number | None, Query()] = None,
    template: Annotated[str | None, Query(max_length=32)] = None,
) -> Response:
    """Named after the recording. `template` selects and orders the parts without another call of the model."""
    async with database.read() as session:
        found = await _find(session, user.id, recording_id, version)
        recording = await recordings.find(session, owner_id=user.id, recording_id=recording_id)
        override_template = await template_store.find(session, owner_id=user.id, key=template) if template else None
        document, stale = await source_document(session, found)
    title = f"{file_name(recording.name, format).removesuffix(f'.{format}')} 纪要"
    arguments = render_arguments(found, document, format, title, stale, override_template)
    data = await end_with_client(request, render_pool.run(render, *arguments, user_id=user.id))
    await note_in_own_transaction(database, Action.EXPORTED, subject=recording_id, format=format, minutes=found.number)
    headers = {"Content-Disposition": content_disposition(file_name(title, format)), "Cache-Control": "no-store"}
    return Response(data, media_type=content_type(format), headers=headers)


async def _find(session: AsyncSession, owner_id: str, recording_id: str, number: int | None) -> Minutes:
    if number is None:
        return await service.newest(session, owner_id=owner_id, recording_id=recording_id)
    return await service.version(session, owner_id=owner_id, recording_id=recording_id, number=number)


def _version(found: Minutes, last: int) -> MinutesVersion:
    coverage = found.content["coverage"]
    return MinutesVersion(
        number=found.number,
        transcript=found.transcript,
        stale=found.transcript != last,
        template=found.template,
        model=found.model,
        language=found.content["language"],
        covered=coverage["covered"],
        segments=coverage["segments"],
        job_id=found.job_id,
        created_at=found.created_at,
    )
