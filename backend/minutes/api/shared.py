"""What admins set up for everybody: endpoints of language models, which of them is asked, and shared templates."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.access import Admin, Configured, Reading, Stored, Writing
from backend.accounts.audit import Action, note
from backend.engines.language_model import BUILT_IN
from backend.minutes import budget, endpoints, wardrobe
from backend.minutes.api.endpoints import EndpointId, EndpointIn, EndpointOut, TriedOut, listed, shown, tried
from backend.minutes.api.model import TheModels
from backend.minutes.api.templates import Key, TemplateIn, TemplateOut
from backend.minutes.endpoints import EndpointNotFound

router = APIRouter(prefix="/api/admin", tags=["admin"])


class SharedEndpointIn(EndpointIn):
    allow_private: bool = False  #: a server of your own, in your own network


class HouseChoice(BaseModel):
    """`default` none or built-in: that of .env. `own_endpoints`: people may have endpoints of their own."""

    model_config = ConfigDict(extra="forbid")

    default: Annotated[str, Field(max_length=32)] | None
    own_endpoints: bool


@router.get("/language-model", summary="Which endpoint is asked, and whether people may have their own")
async def read_choice(_admin: Admin, session: Reading) -> HouseChoice:
    found = await endpoints.house(session)
    return HouseChoice(default=found.endpoint, own_endpoints=found.own_endpoints)


@router.put("/language-model", summary="Say which endpoint is asked, and whether people may have their own")
async def set_choice(_admin: Admin, session: Writing, asked: HouseChoice) -> HouseChoice:
    await endpoints.choose_for_all(session, endpoint=asked.default, own_endpoints=asked.own_endpoints)
    note(session, Action.LANGUAGE_MODEL_CHOSEN, subject=asked.default, own_endpoints=asked.own_endpoints)
    return asked


@router.get("/language-model/endpoints", summary="The endpoints of the house")
async def shared(_admin: Admin, session: Reading, settings: Configured, models: TheModels) -> list[EndpointOut]:
    """`used_tokens` are everybody's."""
    default = (await endpoints.house(session)).endpoint or BUILT_IN
    used = await budget.by_endpoint(session, owner_id=None)
    rows = list(await endpoints.of(session, owner_id=None))
    return listed(rows, models.built_in, settings, default, used, admin=True)


@router.post("/language-model/endpoints", status_code=201, summary="Add an endpoint for everybody")
async def add(_admin: Admin, session: Writing, settings: Configured, asked: SharedEndpointIn) -> EndpointOut:
    row = await endpoints.save(session, settings, owner_id=None, id=None, given=asked.given())
    note(session, Action.ENDPOINT_SAVED, subject=row.id, url=row.url, allow_private=row.allow_private)
    return shown(row, settings)


@router.put("/language-model/endpoints/{shared_endpoint_id}", summary="Change an endpoint of the house")
async def change(
    _admin: Admin, session: Writing, settings: Configured, shared_endpoint_id: EndpointId, asked: SharedEndpointIn
) -> EndpointOut:
    row = await endpoints.save(session, settings, owner_id=None, id=shared_endpoint_id, given=asked.given())
    note(session, Action.ENDPOINT_SAVED, subject=row.id, url=row.url, allow_private=row.allow_private)
    return shown(row, settings)


@router.delete(
    "/language-model/endpoints/{shared_endpoint_id}", status_code=204, summary="Delete an endpoint of the house"
)
async def delete(_admin: Admin, session: Writing, shared_endpoint_id: EndpointId) -> None:
    """Whoever it was asked for is back with what the house says, and the house with .env."""
    await endpoints.delete(session, owner_id=None, id=shared_endpoint_id)
    note(session, Action.ENDPOINT_DELETED, subject=shared_endpoint_id)


@router.post(
    "/language-model/endpoints/{shared_endpoint_id}/test", summary="Ask an endpoint of the house something small"
)
async def test(
    admin: Admin, database: Stored, settings: Configured, models: TheModels, shared_endpoint_id: EndpointId
) -> TriedOut:
    endpoint = models.built_in
    if shared_endpoint_id != BUILT_IN:
        async with database.read() as session:
            rows = await endpoints.of(session, owner_id=None)
        row = next((row for row in rows if row.id == shared_endpoint_id), None)
        endpoint = endpoints.opened(row, settings) if row else None
    if endpoint is None:
        raise EndpointNotFound
    return await tried(endpoint, models, database, admin.id)


@router.post("/templates", status_code=201, summary="Make a template for everybody")
async def make_template(_admin: Admin, session: Writing, asked: TemplateIn) -> TemplateOut:
    return await _save(session, None, asked)


@router.put("/templates/{shared_template}", summary="Change a template of everybody; it is a new version")
async def change_template(_admin: Admin, session: Writing, shared_template: Key, asked: TemplateIn) -> TemplateOut:
    """Minutes keep the version they were made with."""
    return await _save(session, shared_template, asked)


@router.delete("/templates/{shared_template}", status_code=204, summary="Delete a template of everybody")
async def delete_template(_admin: Admin, session: Writing, shared_template: Key) -> None:
    await wardrobe.delete(session, owner_id=None, key=shared_template)
    note(session, Action.TEMPLATE_DELETED, subject=shared_template)


async def _save(session: AsyncSession, key: str | None, asked: TemplateIn) -> TemplateOut:
    template = await wardrobe.save(session, owner_id=None, key=key, **asked.given())
    note(session, Action.TEMPLATE_SAVED, subject=template.key, version=template.version)
    return TemplateOut.of(template)
