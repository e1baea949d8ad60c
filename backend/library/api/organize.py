"""Tags and moves several recordings at once."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import CurrentUser, WriteSession
from backend.library.organize import Move, organize
from backend.recordings.service import MAX_PAGE_SIZE

router = APIRouter(prefix="/api/recordings", tags=["library"])

_Ids = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=MAX_PAGE_SIZE)]


class Organization(BaseModel):
    model_config = ConfigDict(extra="forbid")

    recording_ids: Annotated[_Ids, Field(min_length=1)]
    add_tags: _Ids = []
    remove_tags: _Ids = []
    folder_id: str | None = Field(
        default=None, max_length=64, description="null: out of every folder; left out: they stay where they are"
    )


@router.post("/organize", status_code=204, summary="Tag several recordings, or move them to a folder")
async def organize_recordings(body: Organization, user: CurrentUser, session: WriteSession) -> None:
    """All of them, or none. A recording lies in one folder at most, and has any number of tags."""
    await organize(
        session,
        owner_id=user.id,
        recordings=body.recording_ids,
        add_tags=body.add_tags,
        remove_tags=body.remove_tags,
        move=Move(body.folder_id) if "folder_id" in body.model_fields_set else None,
    )
