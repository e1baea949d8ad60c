"""The routes for numbers in digits and another script as spans over what was heard."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import DatabaseDep, Reader
from backend.disconnects import end_with_client
from backend.errors import InvalidInput
from backend.exports.api.style import SCRIPT_DESCRIPTION, RenderPoolDep
from backend.exports.spans import spans_of_document, spans_of_texts
from backend.jobs import queue
from backend.recordings import service as recordings
from backend.transcripts import service as transcripts
from backend.transcripts.api import Number, RecordingId
from backend.transcripts.script import Script
from backend.transcripts.written_form import WrittenForm

router = APIRouter(prefix="/api/recordings/{recording_id}/transcript/written-form", tags=["transcripts"])

NUMBERS_DESCRIPTION = "numbers in digits, as people write them"

#: The most characters of all texts of one request.
MAX_CHARACTERS = 200_000

#: So few take some milliseconds: not worth a child process, nor waiting for the user's exports.
_FEW_CHARACTERS = 5_000

#: [start, end, text]: offsets in code points of the text that was heard.
SpanAnswer = tuple[int, int, str]


class WrittenTranscript(BaseModel):
    """What is written otherwise in each segment of a version; segments in which nothing changes are left out."""

    number: int
    segments: dict[str, list[SpanAnswer]]


class TextsRequest(BaseModel):
    """Texts of a transcript, also of one that is being edited. `protected` are words that stay as they are, beside the
    hotwords of the recording: the names of its speakers."""

    model_config = ConfigDict(extra="forbid")

    texts: Annotated[list[Annotated[str, Field(max_length=20_000)]], Field(max_length=1000)]
    numbers: bool = True
    script: Script = Field(Script.AS_IS, description=SCRIPT_DESCRIPTION)
    protected: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=500)] = []


class WrittenTexts(BaseModel):
    """The spans of each text, in the order of the request."""

    spans: list[list[SpanAnswer]]


@router.get("", summary="Numbers in digits and another script, as spans", response_model=WrittenTranscript)
async def read(
    request: Request,
    database: DatabaseDep,
    render_pool: RenderPoolDep,
    user: Reader,
    recording_id: RecordingId,
    numbers: Annotated[bool, Query(description=NUMBERS_DESCRIPTION)] = True,
    script: Annotated[Script, Query(description=SCRIPT_DESCRIPTION)] = Script.AS_IS,
    version: Annotated[Number | None, Query(description="the newest one by default")] = None,
) -> Response:
    """Replace the characters from start up to end by the text, from the last span to the first. The times of a span
    are those of its characters."""
    scope = {"owner_id": user.id, "recording_id": recording_id}
    async with database.read() as session:
        if version is None:
            found = await transcripts.newest(session, **scope)
        else:
            found = await transcripts.version(session, **scope, number=version)
        form = WrittenForm(numbers, script, await queue.hotwords_of_recording(session, **scope))
    rendering = render_pool.run(spans_of_document, form, found.document, found.number, user_id=user.id)
    return Response(await end_with_client(request, rendering), media_type="application/json")


@router.post("", summary="The same for texts", response_model=WrittenTexts)
async def write_texts(
    request: Request,
    database: DatabaseDep,
    render_pool: RenderPoolDep,
    user: Reader,
    recording_id: RecordingId,
    body: TextsRequest,
) -> Response:
    characters = sum(map(len, body.texts))
    if characters > MAX_CHARACTERS:
        problem = f"The texts are longer than {MAX_CHARACTERS} characters. Send them in several requests."
        raise InvalidInput(problem, fields=[{"field": "texts", "problem": problem}])
    scope = {"owner_id": user.id, "recording_id": recording_id}
    async with database.read() as session:
        await recordings.find(session, **scope)
        hotwords = await queue.hotwords_of_recording(session, **scope)
    form = WrittenForm(body.numbers, body.script, (*hotwords, *body.protected))
    if characters <= _FEW_CHARACTERS:
        content = await asyncio.to_thread(spans_of_texts, form, body.texts)
    else:
        content = await end_with_client(request, render_pool.run(spans_of_texts, form, body.texts, user_id=user.id))
    return Response(content, media_type="application/json")
