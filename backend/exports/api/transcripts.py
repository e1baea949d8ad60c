"""Routes to download transcripts, named after their recordings."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import time_zones
from backend.accounts.audit import Action, note
from backend.accounts.dependencies import DatabaseDep, Reader, Viewer
from backend.database import utc_now
from backend.exports.api.style import (
    SCRIPT_DESCRIPTION,
    ExportStyleDep,
    Format,
    RenderPoolDep,
    download,
)
from backend.exports.hotwords import with_hotwords
from backend.exports.properties import properties_of
from backend.exports.zip_stream import stream_zip
from backend.recordings import service as recordings
from backend.transcripts import service as transcripts
from backend.transcripts.api import Number, RecordingId
from backend.transcripts.export import content_disposition
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.script import Script

router = APIRouter(tags=["exports"])


class ExportRequest(BaseModel):
    """Which recordings, in which format and style."""

    model_config = ConfigDict(extra="forbid")

    recording_ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=200)
    format: Format = "txt"
    times: bool = True
    speakers: bool = True
    punctuation: bool = True
    script: Script = Field(Script.AS_IS, description=SCRIPT_DESCRIPTION)
    bom: bool = True
    written_numbers: bool = False  #: 320万 for 三百二十万


@router.get(
    "/api/recordings/{recording_id}/export",
    summary="Download the newest transcript as a file",
    response_class=Response,
)
async def export_one(
    request: Request,
    recording_id: RecordingId,
    database: DatabaseDep,
    render_pool: RenderPoolDep,
    user: Viewer,
    style: ExportStyleDep,
    format: Format = "txt",
) -> Response:
    """The file is named after the recording."""
    async with database.read() as session:
        recording = await recordings.find(session, owner_id=user.id, recording_id=recording_id)
        transcript = await transcripts.newest(session, owner_id=user.id, recording_id=recording_id)
        style = await with_hotwords(session, style, owner_id=user.id, recording_id=recording_id)
        facts: dict[str, Any] = {
            "user_id": user.id,
            "properties": await properties_of(session, transcript, recording, user),
        }
    return await download(request, database, render_pool, transcript, format, recording.name, style, **facts)


@router.get(
    "/api/recordings/{recording_id}/transcript/export",
    summary="Download any version of the transcript as a file",
    response_class=Response,
)
async def export_version(
    request: Request,
    recording_id: RecordingId,
    database: DatabaseDep,
    render_pool: RenderPoolDep,
    user: Viewer,
    style: ExportStyleDep,
    format: Format = "txt",
    version: Annotated[Number | None, Query(description="the newest one by default")] = None,
) -> Response:
    """The file is named after the recording's id."""
    # A separate session: a PDF takes seconds, and its connection should be free meanwhile.
    async with database.read() as session:
        scope = {"owner_id": user.id, "recording_id": recording_id}
        if version is None:
            transcript = await transcripts.newest(session, **scope)
        else:
            transcript = await transcripts.version(session, **scope, number=version)
        recording = await recordings.find(session, **scope)
        style = await with_hotwords(session, style, **scope)
        facts: dict[str, Any] = {
            "user_id": user.id,
            "properties": await properties_of(session, transcript, recording, user),
        }
    title = f"文稿 {recording_id[:8]}"
    return await download(request, database, render_pool, transcript, format, title, style, **facts)


@router.post("/api/exports", summary="Download several transcripts as a zip", response_class=StreamingResponse)
async def export_zip(
    body: ExportRequest, database: DatabaseDep, render_pool: RenderPoolDep, user: Reader
) -> StreamingResponse:
    """One file per recording, named after it. A text file lists the recordings without a transcript."""
    ids = list(dict.fromkeys(body.recording_ids))
    async with database.read() as session:
        today = await time_zones.local(session, user.id, utc_now())
        found = [await recordings.find(session, owner_id=user.id, recording_id=id) for id in ids]
        if not await transcripts.existing(session, owner_id=user.id, recording_ids=ids):
            raise transcripts.TranscriptNotFound
    await render_pool.check(body.format)
    async with database.write() as session:
        for id in ids:
            note(session, Action.EXPORTED, subject=id, format=body.format, together=len(ids))
    style = ExportStyle(body.times, body.speakers, body.punctuation, body.script, body.bom, body.written_numbers)
    return StreamingResponse(
        stream_zip(database, render_pool, owner=user, recordings=found, format=body.format, style=style),
        media_type="application/zip",
        headers={"Content-Disposition": content_disposition(f"文稿 {today:%Y-%m-%d}.zip")},
    )
