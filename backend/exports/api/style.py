"""The options of an export in a query, and the answer with the file."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.requests import HTTPConnection

from backend.disconnects import end_with_client
from backend.transcripts.export import content_disposition, content_type, file_name
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.render_pool import RenderPool
from backend.transcripts.script import Script

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


async def attachment(
    request: Request,
    render_pool: RenderPool,
    document: dict[str, Any],
    format: str,
    title: str,
    style: ExportStyle,
    *,
    user_id: str,
) -> Response:
    """The stored document as a download for this user. It is given up when the client disconnects."""
    rendering = render_pool.render(document, format, title, style, user_id=user_id)
    return file_answer(await end_with_client(request, rendering), format, title)


def file_answer(data: bytes, format: str, title: str) -> Response:
    headers = {
        "Content-Disposition": content_disposition(file_name(title, format)),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(data, media_type=content_type(format), headers=headers)
