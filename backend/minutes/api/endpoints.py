"""Endpoints of language models for a user: list, choose, edit own ones, test."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import CurrentUser, DatabaseDep, Reader, ReadSession, SettingsDep, WriteSession
from backend.accounts.tables import Role
from backend.database import Database
from backend.engines.model_endpoint import BUILT_IN, Endpoint, WireProtocol
from backend.minutes import budget, endpoints
from backend.minutes.api.model import ModelsDep
from backend.minutes.endpoints import EndpointNotFound, EndpointValues
from backend.minutes.models import Models
from backend.minutes.tables import LanguageEndpoint
from backend.settings import Settings

router = APIRouter(prefix="/api/language-model", tags=["language model"])

EndpointId = Annotated[str, Path(pattern="^([0-9a-f]{32}|built-in)$")]
_Line = Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]


class EndpointOut(BaseModel):
    """The key is never returned. Only admins see the `url` of shared ones; `used_tokens` are of the last 24 hours."""

    id: str
    name: str
    url: str
    model: str
    context_tokens: int
    allow_private: bool
    has_key: bool
    key_readable: bool  #: false: SECRET_KEY was changed; set the key again
    shared: bool
    default: bool  #: the one that is used
    used_tokens: int
    protocol: WireProtocol
    temperature: float | None
    headers: list[str]  #: their names; the values are never returned
    parameters: dict[str, Any]  #: only for those who may change it


class EndpointIn(BaseModel):
    """Without `key` the stored key stays, unless the address changes; an empty one deletes it. A header of null keeps
    its stored value, also unless the address changes. `parameters` are further members of the requests' JSON; keys and
    tokens belong into `headers`, which are stored encrypted. `temperature` null is the default, 0.2."""

    model_config = ConfigDict(extra="forbid")

    name: _Line
    url: Annotated[str, Field(min_length=1, max_length=500)]
    key: Annotated[str, Field(max_length=500, pattern=r"^[\x21-\x7e]*$")] | None = None
    model: Annotated[str, Field(min_length=1, max_length=128, pattern=r"\S")]
    context_tokens: Annotated[int, Field(ge=2048, le=4_000_000)] = 8192
    protocol: WireProtocol = WireProtocol.OPENAI
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    headers: Annotated[dict[str, str | None], Field(max_length=20)] = {}
    parameters: dict[str, Any] = {}

    def to_values(self) -> EndpointValues:
        return EndpointValues(**self.model_dump())


class DefaultEndpoint(BaseModel):
    model_config = ConfigDict(extra="forbid")

    endpoint: Annotated[str, Field(max_length=32)] | None


class EndpointTestOut(BaseModel):
    """`ok`, or the code and the description of the error; `reason` is the endpoint's own, for admins and for the owner
    of the endpoint. `adapted` says what the endpoint wants otherwise than most, which is done from now on:
    thinking_off, thinking_room, stream_only, no_system_role, json_schema, no_json_format, length_parameter,
    answer_limit, no_temperature, small_context."""

    ok: bool
    code: str | None
    detail: str
    model: str
    seconds: float
    prompt_tokens: int
    completion_tokens: int
    reason: str | None = None
    adapted: list[str] = []


@router.get("/endpoints", summary="Endpoints I may use")
async def list_usable(
    session: ReadSession, user: Reader, settings: SettingsDep, models: ModelsDep
) -> list[EndpointOut]:
    rows = list(await endpoints.list_endpoints(session, owner_id=None))
    if (await endpoints.system_wide_choice(session)).own_endpoints:
        rows += await endpoints.list_endpoints(session, owner_id=user.id)
    chosen = await endpoints.endpoint_for(session, owner_id=user.id)
    used = await budget.by_endpoint(session, owner_id=user.id)
    admin = Role(user.role).rank >= Role.ADMIN.rank
    return endpoint_list(rows, models.built_in, settings, chosen.id if chosen else BUILT_IN, used, admin=admin)


@router.put("/default", status_code=204, summary="Choose the endpoint used for me")
async def choose(session: WriteSession, user: CurrentUser, body: DefaultEndpoint) -> None:
    """None is the system-wide choice."""
    await endpoints.choose(session, owner_id=user.id, endpoint=body.endpoint)


@router.post("/endpoints", status_code=201, summary="Add an own endpoint")
async def add(session: WriteSession, user: CurrentUser, settings: SettingsDep, body: EndpointIn) -> EndpointOut:
    """Not in a private network. Codes: own_endpoints_off, language_model_address, endpoint_headers,
    endpoint_parameters, too_many_endpoints."""
    row = await endpoints.save(session, settings, owner_id=user.id, id=None, values=body.to_values())
    return endpoint_out(row, settings)


@router.put("/endpoints/{endpoint_id}", summary="Change an own endpoint")
async def change(
    session: WriteSession, user: CurrentUser, settings: SettingsDep, endpoint_id: EndpointId, body: EndpointIn
) -> EndpointOut:
    row = await endpoints.save(session, settings, owner_id=user.id, id=endpoint_id, values=body.to_values())
    return endpoint_out(row, settings)


@router.delete("/endpoints/{endpoint_id}", status_code=204, summary="Delete an own endpoint")
async def delete(session: WriteSession, user: CurrentUser, endpoint_id: EndpointId) -> None:
    await endpoints.delete(session, owner_id=user.id, id=endpoint_id)


@router.post("/endpoints/{endpoint_id}/test", summary="Test an endpoint with a small question")
async def test(
    database: DatabaseDep, user: CurrentUser, settings: SettingsDep, models: ModelsDep, endpoint_id: EndpointId
) -> EndpointTestOut:
    async with database.read() as session:
        await budget.check(session, owner_id=user.id, daily_tokens=settings.openai_daily_tokens)
        endpoint = await _find_endpoint(session, user.id, endpoint_id, models, settings)
    mine = endpoint.owner_id == user.id or Role(user.role).rank >= Role.ADMIN.rank
    return await test_and_record(endpoint, models, database, user.id, with_reason=mine)


async def test_and_record(
    endpoint: Endpoint, models: Models, database: Database, owner_id: str, *, with_reason: bool
) -> EndpointTestOut:
    """Send a small question and store its tokens as usage."""
    found = await models.test_endpoint(endpoint)
    await budget.record_usage(
        database, owner_id=owner_id, purpose="test", model=endpoint.model, endpoint=endpoint.id, usage=found.usage
    )
    return EndpointTestOut(
        ok=found.ok,
        code=found.code,
        detail=found.detail,
        model=endpoint.model,
        seconds=found.seconds,
        prompt_tokens=found.usage.prompt_tokens,
        completion_tokens=found.usage.completion_tokens,
        reason=found.reason or None if with_reason else None,
        adapted=list(found.adapted),
    )


async def _find_endpoint(session: AsyncSession, owner_id: str, id: str, models: Models, settings: Settings) -> Endpoint:
    if id != BUILT_IN:
        return endpoints.to_endpoint(await endpoints.find(session, owner_id=owner_id, id=id), settings)
    if models.built_in is None:
        raise EndpointNotFound
    return models.built_in


def endpoint_list(
    rows: list[LanguageEndpoint],
    built_in: Endpoint | None,
    settings: Settings,
    default: str,
    used: dict[str, int],
    *,
    admin: bool,
) -> list[EndpointOut]:
    """The endpoint of the settings first, then those of `rows`."""
    found = []
    if built_in is not None:
        found.append(
            EndpointOut(
                id=BUILT_IN, name=".env", url=built_in.url, model=built_in.model,
                context_tokens=built_in.context_tokens, allow_private=built_in.allow_private,
                has_key=settings.openai_api_key is not None, key_readable=True, shared=True,
                default=False, used_tokens=0, protocol=built_in.protocol, temperature=built_in.temperature, headers=[],
                parameters={},
            )
        )  # fmt: skip
    found += [endpoint_out(row, settings) for row in rows]
    for one in found:
        one.default, one.used_tokens = one.id == default, used.get(one.id, 0)
        if one.shared and not admin:
            one.url, one.headers, one.parameters = "", [], {}
    return found


def endpoint_out(row: LanguageEndpoint, settings: Settings) -> EndpointOut:
    return EndpointOut(
        id=row.id,
        name=row.name,
        url=row.url,
        model=row.model,
        context_tokens=row.context_tokens,
        allow_private=row.allow_private,
        has_key=bool(row.secret),
        key_readable=endpoints.key_is_readable(row, settings),
        shared=row.owner_id is None,
        default=False,
        used_tokens=0,
        protocol=WireProtocol(row.protocol),
        temperature=row.temperature,
        headers=endpoints.header_names(row, settings),
        parameters=row.parameters or {},
    )
