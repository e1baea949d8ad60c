"""The route to download minutes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from backend.accounts.audit import Action, note_in_own_transaction
from backend.accounts.dependencies import DatabaseDep, Reader
from backend.disconnects import end_with_client
from backend.exports.api.style import SCRIPT_DESCRIPTION, RenderPoolDep, file_answer
from backend.exports.properties import properties_of
from backend.jobs import queue
from backend.minutes import service, template_store
from backend.minutes.files import file_of, source_document
from backend.minutes.render import render
from backend.recordings import service as recordings
from backend.recordings.titles import title_of
from backend.transcripts.api import Number, RecordingId
from backend.transcripts.script import Script
from backend.transcripts.written_form import WrittenForm

router = APIRouter(tags=["exports"])


@router.get(
    "/api/recordings/{recording_id}/minutes/export", summary="Download minutes as a file", response_class=Response
)
async def export_minutes(
    request: Request,
    database: DatabaseDep,
    render_pool: RenderPoolDep,
    user: Reader,
    recording_id: RecordingId,
    format: Literal["md", "json", "docx", "pdf", "txt", "html"] = "md",
    version: Annotated[Number | None, Query(description="the newest one by default")] = None,
    template: Annotated[str | None, Query(max_length=32)] = None,
    script: Annotated[Script, Query(description=SCRIPT_DESCRIPTION)] = Script.AS_IS,
) -> Response:
    """Named after the recording. `template` selects and orders the parts without another call of the model. JSON has
    the minutes as they are stored; HTML is a fragment to paste as rich text."""
    scope = {"owner_id": user.id, "recording_id": recording_id}
    async with database.read() as session:
        if version is None:
            found = await service.newest(session, **scope)
        else:
            found = await service.version(session, **scope, number=version)
        recording = await recordings.find(session, **scope)
        override_template = await template_store.find(session, owner_id=user.id, key=template) if template else None
        document, stale = await source_document(session, found)
        properties = await properties_of(session, found, recording, user)
        form = WrittenForm(script=script, protected=await queue.hotwords_of_recording(session, **scope))
    title = f"{title_of(recording.name)} 纪要"
    fonts = await render_pool.check(format)
    file = file_of(found, document, title, stale, override_template, form, properties)
    data = await end_with_client(request, render_pool.run(render, file, format, fonts, user_id=user.id))
    await note_in_own_transaction(database, Action.EXPORTED, subject=recording_id, format=format, minutes=found.number)
    return file_answer(data, format, title)
