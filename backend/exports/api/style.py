"""The options of an export in a query, and the answer with the file."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.requests import HTTPConnection

from backend.accounts.audit import Action, note_in_own_transaction
from backend.database import Database
from backend.disconnects import end_with_client
from backend.transcripts.export import content_disposition, content_type, file_name
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.file_properties import FileProperties
from backend.transcripts.render_pool import RenderPool
from backend.transcripts.script import Script
from backend.transcripts.tables import Transcript

#: Every format of an export; see `backend.transcripts.export.FORMATS`.
Format = Literal["txt", "srt", "vtt", "md", "json", "csv", "docx", "pdf"]
#: In the schema of the API.
SCRIPT_DESCRIPTION = (
    "simplified, traditional (no region), taiwan (characters and words), taiwan_characters, hong_kong. "
    "Speakers' names and hotwords stay as they are."
)


def get_export_style(
    times: bool = True,
    speakers: bool = True,
    punctuation: bool = True,
    script: Annotated[Script, Query(description=SCRIPT_DESCRIPTION)] = Script.AS_IS,
    bom: Annotated[bool, Query(description="start a CSV with the byte order mark that Excel needs")] = True,
    written_numbers: Annotated[bool, Query(description="numbers in digits, as people write them")] = False,
) -> ExportStyle:
    return ExportStyle(times, speakers, punctuation, script, bom, written_numbers)


def get_render_pool(connection: HTTPConnection) -> RenderPool:
    render_pool: RenderPool = connection.app.state.render_pool
    return render_pool


#: The style of an export, from the query.
ExportStyleDep = Annotated[ExportStyle, Depends(get_export_style)]
#: Renders the files.
RenderPoolDep = Annotated[RenderPool, Depends(get_render_pool)]


async def download(
    request: Request,
    database: Database,
    render_pool: RenderPool,
    transcript: Transcript,
    format: str,
    title: str,
    style: ExportStyle,
    *,
    user_id: str,
    properties: FileProperties,
    document: dict[str, Any] | None = None,
    **facts: str,
) -> Response:
    """The transcript as a download for this user, noted in the audit log with `facts`; `document` is written instead
    of its own. It is given up when the client disconnects."""
    written = transcript.document if document is None else document
    rendering = render_pool.render(written, format, title, style, properties, user_id=user_id)
    answer = file_answer(await end_with_client(request, rendering), format, title)
    subject, version = transcript.recording_id, transcript.number
    await note_in_own_transaction(database, Action.EXPORTED, subject=subject, format=format, version=version, **facts)
    return answer


def file_answer(data: bytes, format: str, title: str) -> Response:
    headers = {
        "Content-Disposition": content_disposition(file_name(title, format)),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(data, media_type=content_type(format), headers=headers)
