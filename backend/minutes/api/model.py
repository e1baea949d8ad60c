"""The language model as routes see it: there or not, and whether it answers."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from backend.accounts.access import Admin, Configured, CurrentUser, Reader, Reading, Stored, held
from backend.engines.language import LanguageModel, LanguageModelError
from backend.minutes import budget, endpoints
from backend.minutes.models import Models

router = APIRouter(prefix="/api/language-model", tags=["language model"])


#: Who finds the language model that is asked for somebody.
TheModels = Annotated[Models, Depends(held("models"))]


async def _model(models: TheModels, user: CurrentUser) -> LanguageModel:
    return await models.of(user.id)


#: The language model of the signed-in user, or LanguageModelMissing before anything else is done.
Model = Annotated[LanguageModel, Depends(_model)]


async def _affordable(model: Model, session: Reading, user: CurrentUser, settings: Configured) -> LanguageModel:
    await budget.check(session, owner_id=user.id, daily_tokens=settings.openai_daily_tokens)
    return model


#: The language model, for somebody who may still ask it today.
Affordable = Annotated[LanguageModel, Depends(_affordable)]


class LanguageModelState(BaseModel):
    """Whether there is one for me, its name, and what to do where there is none. No key is told."""

    configured: bool
    model: str | None = None
    endpoint: str | None = None  #: id of the one that is asked for me
    own_allowed: bool = False  #: people may have endpoints of their own
    used_tokens: int = 0  #: mine, of the last 24 hours
    daily_tokens: int = 0  #: that I may use; 0 means no limit
    code: str | None = None
    detail: str | None = None


@router.get("", summary="Whether a language model is set up")
async def language_model(session: Reading, user: Reader, settings: Configured, models: TheModels) -> LanguageModelState:
    own_allowed = (await endpoints.house(session)).own_endpoints
    try:
        model = await models.of(user.id)
    except LanguageModelError as error:
        return LanguageModelState(configured=False, own_allowed=own_allowed, code=error.code, detail=error.detail)
    return LanguageModelState(
        configured=True,
        model=model.name,
        endpoint=model.source,
        own_allowed=own_allowed,
        used_tokens=await budget.used(session, owner_id=user.id),
        daily_tokens=settings.openai_daily_tokens,
    )


@router.post("/test", summary="Ask the one that is asked for me something small", response_model=LanguageModelState)
async def test(user: Admin, database: Stored, models: TheModels) -> LanguageModelState:
    """Answers with the code of what is wrong, if anything is. Its tokens are noted as anybody's."""
    endpoint = await models.endpoint(user.id)
    found = await models.try_out(endpoint)
    whose = {"owner_id": user.id, "purpose": "test", "model": endpoint.model, "endpoint": endpoint.id}
    await budget.note(database, **whose, tally=found.tally)
    if found.code is not None:
        raise LanguageModelError(found.code, found.detail)
    return LanguageModelState(configured=True, model=endpoint.model, endpoint=endpoint.id)
