"""HTTP routes of a user's folders."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import CurrentUser, Reader, ReadSession, WriteSession
from backend.library import folders
from backend.library.api.tags import Name
from backend.library.tables import MAX_LEVELS

router = APIRouter(prefix="/api/folders", tags=["library"])

FolderId = Annotated[str, Path(max_length=64)]


class FolderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    parent_id: str | None = Field(description="the folder it lies in; null at the top")


class CountedFolder(FolderOut):
    recordings: int = Field(description="in it and in the folders inside it, without those in the trash")


class NewFolder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    parent_id: str | None = Field(default=None, max_length=64, description="null: at the top")


class FolderChange(BaseModel):
    """Only what is given is changed."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    parent_id: str | None = Field(default=None, max_length=64, description="null: to the top")


@router.get("", summary="My folders, by name")
async def list_folders(user: Reader, session: ReadSession) -> list[CountedFolder]:
    found = await folders.list_folders(session, owner_id=user.id)
    return [CountedFolder(id=one.id, name=one.name, parent_id=one.parent_id, recordings=count) for one, count in found]


@router.post("", status_code=201, summary=f"Create a folder, at most {MAX_LEVELS} levels deep")
async def create_folder(body: NewFolder, user: CurrentUser, session: WriteSession) -> FolderOut:
    folder = await folders.create(session, owner_id=user.id, name=body.name, parent_id=body.parent_id)
    return FolderOut.model_validate(folder)


@router.patch("/{folder_id}", summary="Rename or move a folder")
async def change_folder(folder_id: FolderId, body: FolderChange, user: CurrentUser, session: WriteSession) -> FolderOut:
    """It moves with everything in it."""
    folder = (await folders.read_tree(session, owner_id=user.id))[folder_id]
    if "parent_id" in body.model_fields_set:
        folder = await folders.move(session, owner_id=user.id, folder_id=folder_id, parent_id=body.parent_id)
    if body.name is not None:
        folder = await folders.rename(session, owner_id=user.id, folder_id=folder_id, name=body.name)
    return FolderOut.model_validate(folder)


@router.delete("/{folder_id}", status_code=204, summary="Delete a folder and the folders inside it")
async def delete_folder(folder_id: FolderId, user: CurrentUser, session: WriteSession) -> None:
    """No recording is deleted: those that were in it lie where the folder lay."""
    await folders.delete(session, owner_id=user.id, folder_id=folder_id)
