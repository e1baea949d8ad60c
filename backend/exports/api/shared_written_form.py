"""How the transcript behind a share link is written for its visitors: as spans over what was heard."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from backend.accounts.dependencies import DatabaseDep
from backend.disconnects import end_with_client
from backend.exports.api.style import SCRIPT_DESCRIPTION, RenderPoolDep
from backend.exports.api.written_form import NUMBERS_DESCRIPTION, WrittenTranscript
from backend.exports.spans import spans_of_document
from backend.jobs import queue
from backend.shares.api.visitors import Visit, visit_showing
from backend.transcripts import service as transcripts
from backend.transcripts.script import Script
from backend.transcripts.written_form import WrittenForm

router = APIRouter(prefix="/api/shares/{share_id}", tags=["shared"])


@router.get(
    "/transcript/written-form",
    summary="Numbers in digits and another script, as spans over the shared transcript",
    response_model=WrittenTranscript,
)
async def read(
    request: Request,
    database: DatabaseDep,
    render_pool: RenderPoolDep,
    visit: Annotated[Visit, Depends(visit_showing("transcript"))],
    numbers: Annotated[bool, Query(description=NUMBERS_DESCRIPTION)] = True,
    script: Annotated[Script, Query(description=SCRIPT_DESCRIPTION)] = Script.AS_IS,
) -> Response:
    """Of the newest version, as `/transcript`."""
    async with database.read() as session:
        found = await transcripts.newest(session, **visit.scope)
        form = WrittenForm(numbers, script, await queue.hotwords_of_recording(session, **visit.scope))
    # The visitors of a link wait for each other, and not for the exports of its owner.
    turn = f"share {visit.share.id}"
    rendering = render_pool.run(spans_of_document, form, found.document, found.number, user_id=turn)
    return Response(await end_with_client(request, rendering), media_type="application/json")
