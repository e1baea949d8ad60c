"""Templates of minutes: list all, edit own ones."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import CurrentUser, Reader, ReadSession, WriteSession
from backend.minutes import template_store
from backend.minutes.templates import BUILT_IN, PARTS, Template

router = APIRouter(prefix="/api/templates", tags=["minutes"])

Part = Literal["headline", "overview", "decisions", "actions", "questions", "topics", "speakers", "keywords"]
Key = Annotated[str, Path(max_length=32)]


class TemplateOut(BaseModel):
    """`shared`: made by an admin for all users."""

    key: str
    name: str
    guidance: str
    parts: list[Part]
    version: int
    built_in: bool
    shared: bool

    @staticmethod
    def of(template: Template) -> "TemplateOut":
        return TemplateOut(built_in=template.key in BUILT_IN, **asdict(template))


class TemplateIn(BaseModel):
    """`guidance` is part of the system prompt; `parts` are shown in this order."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]
    guidance: Annotated[str, Field(max_length=1000)] = ""
    parts: Annotated[list[Part], Field(min_length=1, max_length=len(PARTS))]

    def to_values(self) -> dict[str, Any]:
        return {"name": self.name, "guidance": self.guidance, "parts": list(dict.fromkeys(self.parts))}


class TemplateChange(TemplateIn):
    """`based_on` is the number of the version that was edited; null replaces any."""

    based_on: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None

    def to_values(self) -> dict[str, Any]:
        return super().to_values() | {"based_on": self.based_on}


@router.get("", summary="Built-in, shared and own templates")
async def templates(session: ReadSession, user: Reader) -> list[TemplateOut]:
    return [TemplateOut.of(one) for one in await template_store.list_templates(session, owner_id=user.id)]


@router.post("", status_code=201, summary="Create an own template")
async def make_template(session: WriteSession, user: CurrentUser, body: TemplateIn) -> TemplateOut:
    return TemplateOut.of(await template_store.save(session, owner_id=user.id, key=None, **body.to_values()))


@router.put("/{template}", summary="Change an own template, as a new version")
async def change_template(session: WriteSession, user: CurrentUser, template: Key, body: TemplateChange) -> TemplateOut:
    """Existing minutes keep the version they were made with. 409 `template_changed` with `template` where another
    version came in between."""
    return TemplateOut.of(await template_store.save(session, owner_id=user.id, key=template, **body.to_values()))


@router.delete("/{template}", status_code=204, summary="Delete an own template")
async def delete_template(session: WriteSession, user: CurrentUser, template: Key) -> None:
    await template_store.delete(session, owner_id=user.id, key=template)
