"""Endpoints of language models: which there are for me, which is asked, my own, and whether one answers."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.access import Configured, CurrentUser, Reader, Reading, Stored, Writing
from backend.accounts.tables import Role
from backend.database import Database
from backend.engines.language_model import BUILT_IN, Endpoint
from backend.minutes import budget, endpoints
from backend.minutes.api.model import TheModels
from backend.minutes.endpoints import EndpointNotFound, Given
from backend.minutes.models import Models
from backend.minutes.tables import LanguageEndpoint
from backend.settings import Settings

router = APIRouter(prefix="/api/language-model", tags=["language model"])

EndpointId = Annotated[str, Path(pattern="^([0-9a-f]{32}|built-in)$")]
_Line = Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]


class EndpointOut(BaseModel):
    """No key is told. `url` of those of the house is for admins; `used_tokens` are of the last 24 hours."""

    id: str
    name: str
    url: str
    model: str
    context_tokens: int
    allow_private: bool
    has_key: bool
    key_readable: bool  #: false: SECRET_KEY was changed since; set the key again
    shared: bool
    default: bool  #: the one that is asked
    used_tokens: int


class EndpointIn(BaseModel):
    """Left out, the `key` stays, unless the address changes; an empty one takes it away."""

    model_config = ConfigDict(extra="forbid")

    name: _Line
    url: Annotated[str, Field(min_length=1, max_length=500)]
    key: Annotated[str, Field(max_length=500, pattern=r"^[\x21-\x7e]*$")] | None = None
    model: Annotated[str, Field(min_length=1, max_length=128, pattern=r"\S")]
    context_tokens: Annotated[int, Field(ge=2048, le=4_000_000)] = 8192

    def given(self) -> Given:
        return Given(**self.model_dump())


class Chosen(BaseModel):
    model_config = ConfigDict(extra="forbid")

    endpoint: Annotated[str, Field(max_length=32)] | None


class TriedOut(BaseModel):
    """`ok`, or the code and a sentence of what is wrong."""

    ok: bool
    code: str | None
    detail: str
    model: str
    seconds: float
    prompt_tokens: int
    completion_tokens: int


@router.get("/endpoints", summary="Endpoints I may use")
async def mine(session: Reading, user: Reader, settings: Configured, models: TheModels) -> list[EndpointOut]:
    rows = list(await endpoints.of(session, owner_id=None))
    if (await endpoints.house(session)).own_endpoints:
        rows += await endpoints.of(session, owner_id=user.id)
    chosen = await endpoints.chosen(session, owner_id=user.id)
    used = await budget.by_endpoint(session, owner_id=user.id)
    admin = Role(user.role).rank >= Role.ADMIN.rank
    return listed(rows, models.built_in, settings, chosen.id if chosen else BUILT_IN, used, admin=admin)


@router.put("/default", status_code=204, summary="Choose the one that is asked for me")
async def choose(session: Writing, user: CurrentUser, asked: Chosen) -> None:
    """Without one, the house's."""
    await endpoints.choose(session, owner_id=user.id, endpoint=asked.endpoint)


@router.post("/endpoints", status_code=201, summary="Add one of my own")
async def add(session: Writing, user: CurrentUser, settings: Configured, asked: EndpointIn) -> EndpointOut:
    """Never one in a private network. Codes: own_endpoints_off, language_model_address, too_many_endpoints."""
    row = await endpoints.save(session, settings, owner_id=user.id, id=None, given=asked.given())
    return shown(row, settings)


@router.put("/endpoints/{endpoint_id}", summary="Change one of my own")
async def change(
    session: Writing, user: CurrentUser, settings: Configured, endpoint_id: EndpointId, asked: EndpointIn
) -> EndpointOut:
    row = await endpoints.save(session, settings, owner_id=user.id, id=endpoint_id, given=asked.given())
    return shown(row, settings)


@router.delete("/endpoints/{endpoint_id}", status_code=204, summary="Delete one of my own")
async def delete(session: Writing, user: CurrentUser, endpoint_id: EndpointId) -> None:
    await endpoints.delete(session, owner_id=user.id, id=endpoint_id)


@router.post("/endpoints/{endpoint_id}/test", summary="Ask one something small")
async def test(
    database: Stored, user: CurrentUser, settings: Configured, models: TheModels, endpoint_id: EndpointId
) -> TriedOut:
    async with database.read() as session:
        await budget.check(session, owner_id=user.id, daily_tokens=settings.openai_daily_tokens)
        endpoint = await _found(session, user.id, endpoint_id, models, settings)
    return await tried(endpoint, models, database, user.id)


async def tried(endpoint: Endpoint, models: Models, database: Database, owner_id: str) -> TriedOut:
    """What came of asking it; its tokens are noted as anybody's."""
    found = await models.try_out(endpoint)
    await budget.note(
        database, owner_id=owner_id, purpose="test", model=endpoint.model, endpoint=endpoint.id, tally=found.tally
    )
    return TriedOut(
        ok=found.ok,
        code=found.code,
        detail=found.detail,
        model=endpoint.model,
        seconds=found.seconds,
        prompt_tokens=found.tally.prompt_tokens,
        completion_tokens=found.tally.completion_tokens,
    )


async def _found(session: AsyncSession, owner_id: str, id: str, models: Models, settings: Settings) -> Endpoint:
    if id != BUILT_IN:
        return endpoints.opened(await endpoints.find(session, owner_id=owner_id, id=id), settings)
    if models.built_in is None:
        raise EndpointNotFound
    return models.built_in


def listed(
    rows: list[LanguageEndpoint],
    built_in: Endpoint | None,
    settings: Settings,
    default: str,
    used: dict[str, int],
    *,
    admin: bool,
) -> list[EndpointOut]:
    """That of the settings first."""
    found = []
    if built_in is not None:
        found.append(
            EndpointOut(
                id=BUILT_IN, name=".env", url=built_in.url, model=built_in.model,
                context_tokens=built_in.context_tokens, allow_private=built_in.allow_private,
                has_key=settings.openai_api_key is not None, key_readable=True, shared=True,
                default=False, used_tokens=0,
            )
        )  # fmt: skip
    found += [shown(row, settings) for row in rows]
    for one in found:
        one.default, one.used_tokens = one.id == default, used.get(one.id, 0)
        one.url = one.url if admin or not one.shared else ""
    return found


def shown(row: LanguageEndpoint, settings: Settings) -> EndpointOut:
    return EndpointOut(
        id=row.id,
        name=row.name,
        url=row.url,
        model=row.model,
        context_tokens=row.context_tokens,
        allow_private=row.allow_private,
        has_key=bool(row.secret),
        key_readable=endpoints.readable(row, settings),
        shared=row.owner_id is None,
        default=False,
        used_tokens=0,
    )
