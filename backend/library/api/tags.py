"""HTTP routes of a user's tags."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import CurrentUser, Reader, ReadSession, WriteSession
from backend.library import tags
from backend.library.names import MAX_CHARACTERS

router = APIRouter(prefix="/api/tags", tags=["library"])

TagId = Annotated[str, Path(max_length=64)]
#: Longer than what may be left of it: spaces and control characters are removed first.
Name = Annotated[str, Field(min_length=1, max_length=4 * MAX_CHARACTERS)]


class TagOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str


class CountedTag(TagOut):
    recordings: int = Field(description="how many have it, without those in the trash")


class TagIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name


@router.get("", summary="My tags, by name")
async def list_tags(user: Reader, session: ReadSession) -> list[CountedTag]:
    found = await tags.list_tags(session, owner_id=user.id)
    return [CountedTag(id=tag.id, name=tag.name, recordings=count) for tag, count in found]


@router.post("", status_code=201, summary="Create a tag")
async def create_tag(body: TagIn, user: CurrentUser, session: WriteSession) -> TagOut:
    """Names that differ only in case or width are the same name."""
    return TagOut.model_validate(await tags.create(session, owner_id=user.id, name=body.name))


@router.patch("/{tag_id}", summary="Rename a tag")
async def rename_tag(tag_id: TagId, body: TagIn, user: CurrentUser, session: WriteSession) -> TagOut:
    return TagOut.model_validate(await tags.rename(session, owner_id=user.id, tag_id=tag_id, name=body.name))


@router.delete("/{tag_id}", status_code=204, summary="Delete a tag")
async def delete_tag(tag_id: TagId, user: CurrentUser, session: WriteSession) -> None:
    """The recordings that have it stay."""
    await tags.delete(session, owner_id=user.id, tag_id=tag_id)
