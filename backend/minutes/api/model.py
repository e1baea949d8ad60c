"""The language model as routes see it: there or not, and whether it answers."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.requests import HTTPConnection
from pydantic import BaseModel

from backend.accounts.access import Admin, Configured, CurrentUser, Reader, Reading
from backend.engines.language import LanguageModel, LanguageModelMissing, Tally
from backend.minutes import budget

router = APIRouter(prefix="/api/language-model", tags=["language model"])


def _perhaps(connection: HTTPConnection) -> LanguageModel | None:
    model: LanguageModel | None = connection.app.state.language_model
    return model


def _model(connection: HTTPConnection) -> LanguageModel:
    model = _perhaps(connection)
    if model is None:
        raise LanguageModelMissing
    return model


#: The language model, or LanguageModelMissing before anything else is done.
Model = Annotated[LanguageModel, Depends(_model)]


async def _affordable(model: Model, session: Reading, user: CurrentUser, settings: Configured) -> LanguageModel:
    await budget.check(session, owner_id=user.id, daily_tokens=settings.openai_daily_tokens)
    return model


#: The language model, for somebody who may still ask it today.
Affordable = Annotated[LanguageModel, Depends(_affordable)]


class LanguageModelState(BaseModel):
    """Whether there is one, its name, and what to do where there is none. The key and the address are not told."""

    configured: bool
    model: str | None = None
    used_tokens: int = 0  #: mine, of the last 24 hours
    daily_tokens: int = 0  #: that I may use; 0 means no limit
    code: str | None = None
    detail: str | None = None


@router.get("", summary="Whether a language model is set up")
async def language_model(
    session: Reading,
    user: Reader,
    settings: Configured,
    model: Annotated[LanguageModel | None, Depends(_perhaps)],
) -> LanguageModelState:
    if model is None:
        missing = LanguageModelMissing()
        return LanguageModelState(configured=False, code=missing.code, detail=missing.detail)
    used = await budget.used(session, owner_id=user.id)
    return LanguageModelState(
        configured=True, model=model.name, used_tokens=used, daily_tokens=settings.openai_daily_tokens
    )


class _Pong(BaseModel):
    ok: bool


@router.post("/test", summary="Ask it something small", response_model=LanguageModelState)
async def test(_user: Admin, model: Model) -> LanguageModelState:
    """Answers with the code of what is wrong, if anything is."""
    await model.fill_in(_Pong, "只回答一个JSON对象。", '回答 {"ok": true}', most_tokens=200, tally=Tally())
    return LanguageModelState(configured=True, model=model.name)
