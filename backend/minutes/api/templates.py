"""Templates: the built-in ones and those for everybody to read, people's own to write."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.access import CurrentUser, Reader, Reading, Writing
from backend.minutes import wardrobe
from backend.minutes.templates import BUILT_IN, PARTS, Template

router = APIRouter(prefix="/api/templates", tags=["minutes"])

Part = Literal["headline", "overview", "decisions", "actions", "questions", "topics", "speakers", "keywords"]
Key = Annotated[str, Path(max_length=32)]


class TemplateOut(BaseModel):
    """`shared` are those that admins made for everybody."""

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
    """`guidance` is what the model is told to look at; `parts` are shown in this order."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]
    guidance: Annotated[str, Field(max_length=1000)] = ""
    parts: Annotated[list[Part], Field(min_length=1, max_length=len(PARTS))]

    def given(self) -> dict[str, Any]:
        return {"name": self.name, "guidance": self.guidance, "parts": list(dict.fromkeys(self.parts))}


@router.get("", summary="Built-in templates, those for everybody, and my own")
async def templates(session: Reading, user: Reader) -> list[TemplateOut]:
    return [TemplateOut.of(one) for one in await wardrobe.every(session, owner_id=user.id)]


@router.post("", status_code=201, summary="Make a template of my own")
async def make_template(session: Writing, user: CurrentUser, asked: TemplateIn) -> TemplateOut:
    return TemplateOut.of(await wardrobe.save(session, owner_id=user.id, key=None, **asked.given()))


@router.put("/{template}", summary="Change a template of my own; it is a new version")
async def change_template(session: Writing, user: CurrentUser, template: Key, asked: TemplateIn) -> TemplateOut:
    """Minutes keep the version they were made with."""
    return TemplateOut.of(await wardrobe.save(session, owner_id=user.id, key=template, **asked.given()))


@router.delete("/{template}", status_code=204, summary="Delete a template of my own")
async def delete_template(session: Writing, user: CurrentUser, template: Key) -> None:
    await wardrobe.delete(session, owner_id=user.id, key=template)
