"""Suggests names of speakers with a quote as evidence; the route that renames a speaker applies them."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from backend.accounts.dependencies import CurrentUser, DatabaseDep
from backend.engines.language_model_protocol import LanguageModelError
from backend.minutes import budget
from backend.minutes.api.model import LanguageModelWithinBudget, ModelsDep
from backend.minutes.cached_model import CachedModel
from backend.minutes.names import suggest
from backend.transcripts import service as transcripts
from backend.transcripts.api import RecordingId
from backend.transcripts.document import document_from_json

router = APIRouter(prefix="/api/recordings/{recording_id}/speaker-names", tags=["minutes"])


class SuggestionOut(BaseModel):
    """`quote` was said in `segment` and contains the name."""

    model_config = ConfigDict(from_attributes=True)

    speaker: str
    name: str
    segment: str
    quote: str


@router.post("", summary="Suggest names for speakers without a name")
async def names(
    database: DatabaseDep,
    user: CurrentUser,
    recording_id: RecordingId,
    models: ModelsDep,
    model: LanguageModelWithinBudget,
) -> list[SuggestionOut]:
    """Calls the language model at most once; nothing is changed. The list is empty where no names are mentioned."""
    async with database.read() as session:
        transcript = await transcripts.newest(session, owner_id=user.id, recording_id=recording_id)
    document = await asyncio.to_thread(document_from_json, transcript.document)
    cached_model = CachedModel(model)
    try:
        return [SuggestionOut.model_validate(one) for one in await suggest(document, cached_model)]
    except LanguageModelError as error:
        raise await models.explain(error, user.id) from None
    finally:
        scope = {"owner_id": user.id, "purpose": "names"}
        await budget.record_usage(database, **scope, model=model.name, endpoint=model.source, usage=cached_model.billed)
