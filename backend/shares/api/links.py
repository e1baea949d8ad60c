"""Share links for their owners: make, list, revoke."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.accounts.access import CurrentUser, Hashing, Reading, Stored, Writing
from backend.database import utc_now
from backend.shares import service
from backend.transcripts.api import RecordingId

router = APIRouter(prefix="/api/recordings/{recording_id}/shares", tags=["shares"])

ShareId = Annotated[str, Path(max_length=64)]


class NewShare(BaseModel):
    """What the link shows, one thing at least, and for how many days."""

    model_config = ConfigDict(extra="forbid")

    audio: bool = False
    transcript: bool = False
    minutes: bool = False
    days: int = Field(default=30, ge=1, le=service.LONGEST_DAYS)

    @model_validator(mode="after")
    def _something(self) -> "NewShare":
        if not (self.audio or self.transcript or self.minutes):
            raise ValueError("a link that shows nothing is no link")
        return self


class ShareOut(BaseModel):
    """The link is /s/ and the id. `opened` counts how often the right code was given."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    audio: bool
    transcript: bool
    minutes: bool
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opened: int
    opened_at: datetime | None


class ShareMade(ShareOut):
    """The access code is seen this once."""

    access_code: str


@router.post("", status_code=201, summary="Make a share link")
async def create(
    recording_id: RecordingId, wanted: NewShare, user: CurrentUser, database: Stored, hashing: Hashing
) -> ShareMade:
    access_code = service.new_code()
    code_hash = await hashing.hash(service.plain_code(access_code), username="")
    async with database.write() as session:
        share = await service.create(
            session,
            owner_id=user.id,
            recording_id=recording_id,
            code_hash=code_hash,
            audio=wanted.audio,
            transcript=wanted.transcript,
            minutes=wanted.minutes,
            days=wanted.days,
            now=utc_now(),
        )
        return ShareMade(**ShareOut.model_validate(share).model_dump(), access_code=access_code)


@router.get("", summary="All share links of a recording, newest first")
async def shares(recording_id: RecordingId, user: CurrentUser, session: Reading) -> list[ShareOut]:
    found = await service.of_recording(session, owner_id=user.id, recording_id=recording_id)
    return [ShareOut.model_validate(one) for one in found]


@router.delete("/{share_id}", status_code=204, summary="Revoke a share link, at once")
async def revoke(recording_id: RecordingId, share_id: ShareId, user: CurrentUser, session: Writing) -> None:
    await service.revoke(session, owner_id=user.id, recording_id=recording_id, share_id=share_id, now=utc_now())
