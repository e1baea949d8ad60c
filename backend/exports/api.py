"""Transcripts to take home, named after their recordings."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.access import Reader, Stored, Viewer
from backend.accounts.audit import Action, note, note_apart
from backend.database import utc_now
from backend.exports.zips import zipped
from backend.recordings import service as recordings
from backend.transcripts import service as transcripts
from backend.transcripts.api import Format, Pressed, RecordingId, Shown, attachment
from backend.transcripts.export import content_disposition
from backend.transcripts.look import Look, Script

router = APIRouter(tags=["exports"])


class Several(BaseModel):
    """Which recordings, in which format, and how the files look."""

    model_config = ConfigDict(extra="forbid")

    recording_ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=200)
    format: Format = "txt"
    times: bool = True
    speakers: bool = True
    punctuation: bool = True
    script: Script = Script.AS_IS
    bom: bool = True


@router.get(
    "/api/recordings/{recording_id}/export",
    summary="Take the newest transcript away as a file",
    response_class=Response,
)
async def take_away(
    recording_id: RecordingId, database: Stored, press: Pressed, user: Viewer, look: Shown, format: Format = "txt"
) -> Response:
    """Named after the recording."""
    async with database.read() as session:
        recording = await recordings.find(session, owner_id=user.id, recording_id=recording_id)
        transcript = await transcripts.newest(session, owner_id=user.id, recording_id=recording_id)
    answer = await attachment(press, transcript, format, recording.name, look)
    await note_apart(database, Action.EXPORTED, subject=recording_id, format=format, version=transcript.number)
    return answer


@router.post("/api/exports", summary="Take several away as a zip", response_class=StreamingResponse)
async def take_several(wanted: Several, database: Stored, press: Pressed, user: Reader) -> StreamingResponse:
    """A file a recording, named after it. Recordings without a transcript are left out, and named in a file."""
    ids = list(dict.fromkeys(wanted.recording_ids))
    async with database.read() as session:
        found = [await recordings.find(session, owner_id=user.id, recording_id=id) for id in ids]
        if not await transcripts.existing(session, owner_id=user.id, recording_ids=ids):
            raise transcripts.TranscriptNotFound
    await press.check(wanted.format)
    async with database.write() as session:
        for id in ids:
            note(session, Action.EXPORTED, subject=id, format=wanted.format, together=len(ids))
    look = Look(wanted.times, wanted.speakers, wanted.punctuation, wanted.script, wanted.bom)
    return StreamingResponse(
        zipped(database, press, owner_id=user.id, recordings=found, format=wanted.format, look=look),
        media_type="application/zip",
        headers={"Content-Disposition": content_disposition(f"文稿 {utc_now():%Y-%m-%d}.zip")},
    )
