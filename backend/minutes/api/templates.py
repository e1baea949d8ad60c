"""Templates: the built-in ones to read, people's own to write."""

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
    model_config = ConfigDict(from_attributes=True)

    key: str
    name: str
    guidance: str
    parts: list[Part]
    version: int
    built_in: bool


class TemplateIn(BaseModel):
    """`guidance` is what the model is told to look at; `parts` are shown in this order."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]
    guidance: Annotated[str, Field(max_length=1000)] = ""
    parts: Annotated[list[Part], Field(min_length=1, max_length=len(PARTS))]


@router.get("", summary="Built-in templates and my own")
async def templates(session: Reading, user: Reader) -> list[TemplateOut]:
    return [_shown(one) for one in await wardrobe.every(session, owner_id=user.id)]


@router.post("", status_code=201, summary="Make a template of my own")
async def make_template(session: Writing, user: CurrentUser, asked: TemplateIn) -> TemplateOut:
    return _shown(await wardrobe.save(session, owner_id=user.id, key=None, **_given(asked)))


@router.put("/{template}", summary="Change a template of my own; it is a new version")
async def change_template(session: Writing, user: CurrentUser, template: Key, asked: TemplateIn) -> TemplateOut:
    """Minutes keep the version they were made with."""
    return _shown(await wardrobe.save(session, owner_id=user.id, key=template, **_given(asked)))


@router.delete("/{template}", status_code=204, summary="Delete a template of my own")
async def delete_template(session: Writing, user: CurrentUser, template: Key) -> None:
    await wardrobe.delete(session, owner_id=user.id, key=template)


def _shown(template: Template) -> TemplateOut:
    return TemplateOut(
        key=template.key,
        name=template.name,
        guidance=template.guidance,
        parts=template.parts,
        version=template.version,
        built_in=template.key in BUILT_IN,
    )


def _given(asked: TemplateIn) -> dict[str, Any]:
    return {"name": asked.name, "guidance": asked.guidance, "parts": list(dict.fromkeys(asked.parts))}
