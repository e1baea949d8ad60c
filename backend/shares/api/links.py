"""Routes for owners: create, list and revoke share links."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.accounts.dependencies import CurrentUser, DatabaseDep, PasswordsDep, ReadSession, WriteSession
from backend.database import utc_now
from backend.shares import service
from backend.transcripts.api import RecordingId

router = APIRouter(prefix="/api/recordings/{recording_id}/shares", tags=["shares"])

ShareId = Annotated[str, Path(max_length=64)]


class NewShare(BaseModel):
    """What the link shows (at least one part), and for how many days."""

    model_config = ConfigDict(extra="forbid")

    audio: bool = False
    transcript: bool = False
    minutes: bool = False
    days: int = Field(default=30, ge=1, le=service.MAX_DAYS)

    @model_validator(mode="after")
    def _shows_something(self) -> "NewShare":
        if not (self.audio or self.transcript or self.minutes):
            raise ValueError("select at least one of audio, transcript and minutes")
        return self


class ShareOut(BaseModel):
    """The link is /s/ followed by the id. `opened` counts how often the right code was entered."""

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


class CreatedShare(ShareOut):
    """The access code is shown only in this response."""

    access_code: str


@router.post("", status_code=201, summary="Create a share link")
async def create(
    recording_id: RecordingId, body: NewShare, user: CurrentUser, database: DatabaseDep, passwords: PasswordsDep
) -> CreatedShare:
    access_code = service.new_code()
    code_hash = await passwords.hash(service.normalize_code(access_code), username="")
    async with database.write() as session:
        share = await service.create(
            session,
            owner_id=user.id,
            recording_id=recording_id,
            code_hash=code_hash,
            audio=body.audio,
            transcript=body.transcript,
            minutes=body.minutes,
            days=body.days,
            now=utc_now(),
        )
        return CreatedShare(**ShareOut.model_validate(share).model_dump(), access_code=access_code)


@router.get("", summary="All share links of a recording, newest first")
async def list_shares(recording_id: RecordingId, user: CurrentUser, session: ReadSession) -> list[ShareOut]:
    found = await service.list_shares(session, owner_id=user.id, recording_id=recording_id)
    return [ShareOut.model_validate(one) for one in found]


@router.delete("/{share_id}", status_code=204, summary="Revoke a share link")
async def revoke(recording_id: RecordingId, share_id: ShareId, user: CurrentUser, session: WriteSession) -> None:
    await service.revoke(session, owner_id=user.id, recording_id=recording_id, share_id=share_id, now=utc_now())
