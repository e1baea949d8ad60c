"""The language model as routes see it: there or not, and whether it answers."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from backend.accounts.access import Admin, Configured, CurrentUser, Reader, Reading, held
from backend.engines.language import LanguageModel, LanguageModelError, Tally
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


class _Pong(BaseModel):
    ok: bool


@router.post("/test", summary="Ask the one that is asked for me something small", response_model=LanguageModelState)
async def test(user: Admin, models: TheModels) -> LanguageModelState:
    """Answers with the code of what is wrong, if anything is."""
    model = await models.of(user.id)
    await model.fill_in(_Pong, "只回答一个JSON对象。", '回答 {"ok": true}', most_tokens=200, tally=Tally())
    return LanguageModelState(configured=True, model=model.name, endpoint=model.source)
