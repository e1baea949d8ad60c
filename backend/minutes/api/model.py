"""Dependencies for the language model of the signed-in user, and routes for its state."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from backend.accounts.dependencies import (
    Admin,
    CurrentUser,
    DatabaseDep,
    Reader,
    ReadSession,
    SettingsDep,
    from_app_state,
)
from backend.engines.language_model_protocol import LanguageModel, LanguageModelError
from backend.minutes import budget, endpoints
from backend.minutes.models import Models

router = APIRouter(prefix="/api/language-model", tags=["language model"])


#: Finds the language model of a user.
ModelsDep = Annotated[Models, Depends(from_app_state("models"))]


async def _model(models: ModelsDep, user: CurrentUser) -> LanguageModel:
    return await models.get_model(user.id)


#: The language model of the signed-in user, or LanguageModelNotConfigured before anything else is done.
LanguageModelDep = Annotated[LanguageModel, Depends(_model)]


async def _model_within_budget(
    model: LanguageModelDep, session: ReadSession, user: CurrentUser, settings: SettingsDep
) -> LanguageModel:
    await budget.check(session, owner_id=user.id, daily_tokens=settings.openai_daily_tokens)
    return model


#: The language model, or BudgetSpent where the user has used up the daily tokens.
LanguageModelWithinBudget = Annotated[LanguageModel, Depends(_model_within_budget)]


class LanguageModelState(BaseModel):
    """Whether I have a language model, its name, and what to do if not. The key is never returned."""

    configured: bool
    model: str | None = None
    endpoint: str | None = None  #: id of the endpoint used for me
    own_allowed: bool = False  #: users may have their own endpoints
    used_tokens: int = 0  #: mine, since midnight in my time zone
    daily_tokens: int = 0  #: that I may use; 0 means no limit
    code: str | None = None
    detail: str | None = None


@router.get("", summary="Whether a language model is set up")
async def language_model(
    session: ReadSession, user: Reader, settings: SettingsDep, models: ModelsDep
) -> LanguageModelState:
    own_allowed = (await endpoints.system_wide_choice(session)).own_endpoints
    try:
        model = await models.get_model(user.id)
    except LanguageModelError as error:
        return LanguageModelState(configured=False, own_allowed=own_allowed, code=error.code, detail=error.detail)
    return LanguageModelState(
        configured=True,
        model=model.name,
        endpoint=model.source,
        own_allowed=own_allowed,
        used_tokens=await budget.tokens_used(session, owner_id=user.id),
        daily_tokens=settings.openai_daily_tokens,
    )


@router.post("/test", summary="Test the endpoint used for me", response_model=LanguageModelState)
async def test(user: Admin, database: DatabaseDep, models: ModelsDep) -> LanguageModelState:
    """Answers with an error code if the test fails. Its tokens count as usage."""
    endpoint = await models.endpoint(user.id)
    found = await models.test_endpoint(endpoint)
    scope = {"owner_id": user.id, "purpose": "test", "model": endpoint.model, "endpoint": endpoint.id}
    await budget.record_usage(database, **scope, usage=found.usage)
    if found.code is not None:
        error = LanguageModelError(found.code, found.detail)
        error.reason = found.reason
        raise await models.explain(error, user.id)
    return LanguageModelState(configured=True, model=endpoint.model, endpoint=endpoint.id)
