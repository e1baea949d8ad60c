"""Names for speakers, suggested with what was said; people take them over with the route that names a speaker."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from backend.accounts.access import CurrentUser, Stored
from backend.minutes import budget
from backend.minutes.api.model import Affordable
from backend.minutes.asking import Asking
from backend.minutes.names import suggest
from backend.transcripts import service as transcripts
from backend.transcripts.api import RecordingId
from backend.transcripts.document import document_from_json

router = APIRouter(prefix="/api/recordings/{recording_id}/speaker-names", tags=["minutes"])


class SuggestionOut(BaseModel):
    """`quote` was said in `segment`, and has the name in it."""

    model_config = ConfigDict(from_attributes=True)

    speaker: str
    name: str
    segment: str
    quote: str


@router.post("", summary="Suggest names for speakers who have none")
async def names(
    database: Stored, user: CurrentUser, recording_id: RecordingId, model: Affordable
) -> list[SuggestionOut]:
    """Takes one question to the language model; nothing is changed. Where nobody is called anything the list is
    empty."""
    async with database.read() as session:
        transcript = await transcripts.newest(session, owner_id=user.id, recording_id=recording_id)
    document = await asyncio.to_thread(document_from_json, transcript.document)
    asking = Asking(model)
    try:
        return [SuggestionOut.model_validate(one) for one in await suggest(document, asking)]
    finally:
        whose = {"owner_id": user.id, "purpose": "names"}
        await budget.note(database, **whose, model=model.name, endpoint=model.source, tally=asking.paid)
