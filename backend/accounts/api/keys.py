"""The routes of one's own API keys. A key makes no keys: only a login does."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import keys
from backend.accounts.access import CurrentUser, Reading, Writing
from backend.accounts.keys import Scope
from backend.database import utc_now

router = APIRouter(prefix="/api/auth/keys", tags=["accounts"])


class NewKey(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=64, pattern=r"\S")
    scopes: list[Scope] = Field(min_length=1, max_length=3)
    days: Annotated[int, Field(ge=1, le=3650)] | None = Field(default=90, description="until it expires; null: never")


class KeyOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    start: str = Field(description="the first characters of the key")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class MadeKey(KeyOut):
    key: str = Field(description="the key itself: shown here and never again")


@router.get("", summary="My API keys")
async def my_keys(user: CurrentUser, session: Reading) -> list[KeyOut]:
    return [KeyOut.model_validate(row) for row in await keys.good_ones(session, user.id, utc_now())]


@router.post("", status_code=201, summary="Make an API key")
async def make_key(wanted: NewKey, user: CurrentUser, session: Writing) -> MadeKey:
    """Send it as `Authorization: Bearer …` or `X-API-Key`. Scopes: `upload` sends recordings and moves their jobs,
    `read` looks at everything of yours, `admin` runs the service."""
    now = utc_now()
    expires_at = None if wanted.days is None else now + timedelta(days=wanted.days)
    row, key = await keys.create(session, user, name=wanted.name, scopes=wanted.scopes, expires_at=expires_at, now=now)
    return MadeKey(**KeyOut.model_validate(row).model_dump(), key=key)


@router.delete("/{key_id}", status_code=204, summary="Revoke an API key of mine")
async def revoke_key(key_id: Annotated[str, Path(max_length=32)], user: CurrentUser, session: Writing) -> None:
    await keys.revoke(session, user_id=user.id, id=key_id, now=utc_now())
