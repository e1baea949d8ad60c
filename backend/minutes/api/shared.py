"""System-wide settings for admins: endpoints of language models, the default endpoint, and shared templates."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.audit import Action, note
from backend.accounts.dependencies import Admin, DatabaseDep, ReadSession, SettingsDep, WriteSession
from backend.engines.model_endpoint import BUILT_IN
from backend.minutes import budget, endpoints, template_store
from backend.minutes.api.endpoints import (
    EndpointId,
    EndpointIn,
    EndpointOut,
    EndpointTestOut,
    endpoint_list,
    endpoint_out,
    test_and_record,
)
from backend.minutes.api.model import ModelsDep
from backend.minutes.api.templates import Key, TemplateChange, TemplateIn, TemplateOut
from backend.minutes.endpoints import EndpointNotFound

router = APIRouter(prefix="/api/admin", tags=["admin"])


class SharedEndpointIn(EndpointIn):
    allow_private: bool = False  #: the endpoint may be in a private network


class SystemWideChoice(BaseModel):
    """`default`: None or built-in is the one of .env. `own_endpoints`: users may have their own endpoints."""

    model_config = ConfigDict(extra="forbid")

    default: Annotated[str, Field(max_length=32)] | None
    own_endpoints: bool


@router.get("/language-model", summary="The default endpoint, and whether users may have their own")
async def read_choice(_admin: Admin, session: ReadSession) -> SystemWideChoice:
    found = await endpoints.system_wide_choice(session)
    return SystemWideChoice(default=found.endpoint, own_endpoints=found.own_endpoints)


@router.put("/language-model", summary="Set the default endpoint, and whether users may have their own")
async def set_choice(_admin: Admin, session: WriteSession, body: SystemWideChoice) -> SystemWideChoice:
    await endpoints.choose_for_all(session, endpoint=body.default, own_endpoints=body.own_endpoints)
    note(session, Action.LANGUAGE_MODEL_CHOSEN, subject=body.default, own_endpoints=body.own_endpoints)
    return body


@router.get("/language-model/endpoints", summary="The system-wide endpoints")
async def shared(_admin: Admin, session: ReadSession, settings: SettingsDep, models: ModelsDep) -> list[EndpointOut]:
    """`used_tokens` are of all users."""
    default = (await endpoints.system_wide_choice(session)).endpoint or BUILT_IN
    used = await budget.by_endpoint(session, owner_id=None)
    rows = list(await endpoints.list_endpoints(session, owner_id=None))
    return endpoint_list(rows, models.built_in, settings, default, used, admin=True)


@router.post("/language-model/endpoints", status_code=201, summary="Add a system-wide endpoint")
async def add(_admin: Admin, session: WriteSession, settings: SettingsDep, body: SharedEndpointIn) -> EndpointOut:
    row = await endpoints.save(session, settings, owner_id=None, id=None, values=body.to_values())
    note(session, Action.ENDPOINT_SAVED, subject=row.id, url=row.url, allow_private=row.allow_private)
    return endpoint_out(row, settings)


@router.put("/language-model/endpoints/{shared_endpoint_id}", summary="Change a system-wide endpoint")
async def change(
    _admin: Admin, session: WriteSession, settings: SettingsDep, shared_endpoint_id: EndpointId, body: SharedEndpointIn
) -> EndpointOut:
    row = await endpoints.save(session, settings, owner_id=None, id=shared_endpoint_id, values=body.to_values())
    note(session, Action.ENDPOINT_SAVED, subject=row.id, url=row.url, allow_private=row.allow_private)
    return endpoint_out(row, settings)


@router.delete(
    "/language-model/endpoints/{shared_endpoint_id}", status_code=204, summary="Delete a system-wide endpoint"
)
async def delete(_admin: Admin, session: WriteSession, shared_endpoint_id: EndpointId) -> None:
    """Users who chose it use the default endpoint again; if it was the default, that of .env."""
    await endpoints.delete(session, owner_id=None, id=shared_endpoint_id)
    note(session, Action.ENDPOINT_DELETED, subject=shared_endpoint_id)


@router.post(
    "/language-model/endpoints/{shared_endpoint_id}/test", summary="Test a system-wide endpoint with a small question"
)
async def test(
    admin: Admin, database: DatabaseDep, settings: SettingsDep, models: ModelsDep, shared_endpoint_id: EndpointId
) -> EndpointTestOut:
    endpoint = models.built_in
    if shared_endpoint_id != BUILT_IN:
        async with database.read() as session:
            rows = await endpoints.list_endpoints(session, owner_id=None)
        row = next((row for row in rows if row.id == shared_endpoint_id), None)
        endpoint = endpoints.to_endpoint(row, settings) if row else None
    if endpoint is None:
        raise EndpointNotFound
    return await test_and_record(endpoint, models, database, admin.id, with_reason=True)


@router.post("/templates", status_code=201, summary="Create a shared template")
async def make_template(_admin: Admin, session: WriteSession, body: TemplateIn) -> TemplateOut:
    return await _save(session, None, body)


@router.put("/templates/{shared_template}", summary="Change a shared template, as a new version")
async def change_template(
    _admin: Admin, session: WriteSession, shared_template: Key, body: TemplateChange
) -> TemplateOut:
    """Existing minutes keep the version they were made with. 409 `template_changed` with `template` where another
    version came in between."""
    return await _save(session, shared_template, body)


@router.delete("/templates/{shared_template}", status_code=204, summary="Delete a shared template")
async def delete_template(_admin: Admin, session: WriteSession, shared_template: Key) -> None:
    await template_store.delete(session, owner_id=None, key=shared_template)
    note(session, Action.TEMPLATE_DELETED, subject=shared_template)


async def _save(session: AsyncSession, key: str | None, body: TemplateIn) -> TemplateOut:
    template = await template_store.save(session, owner_id=None, key=key, **body.to_values())
    note(session, Action.TEMPLATE_SAVED, subject=template.key, version=template.version)
    return TemplateOut.of(template)
