"""Routes for one's own API keys. They require a login: a key cannot create keys."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import keys
from backend.accounts.confirmation import ConfirmationNeeded, confirm
from backend.accounts.dependencies import (
    CurrentUser,
    DatabaseDep,
    OwnAttempt,
    PasswordsDep,
    ReadSession,
    SettingsDep,
    WriteSession,
)
from backend.accounts.keys import Scope
from backend.database import utc_now

router = APIRouter(prefix="/api/auth/keys", tags=["accounts"])


class NewKey(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=64, pattern=r"\S")
    scopes: list[Scope] = Field(min_length=1, max_length=3)
    days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        default=90, description="days until it expires; null: never"
    )
    password: str | None = Field(default=None, max_length=1024, description="mine; for the scope admin")
    code: str | None = Field(default=None, max_length=64, description="of my authenticator, instead of the password")


class KeyOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    start: str = Field(description="the first characters of the key")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class CreatedKey(KeyOut):
    key: str = Field(description="the key itself, shown only in this response")


@router.get("", summary="My API keys")
async def my_keys(user: CurrentUser, session: ReadSession) -> list[KeyOut]:
    return [KeyOut.model_validate(row) for row in await keys.active_keys(session, user.id, utc_now())]


@router.post("", status_code=201, summary="Create an API key")
async def create_key(
    body: NewKey,
    user: CurrentUser,
    settings: SettingsDep,
    database: DatabaseDep,
    passwords: PasswordsDep,
    own_attempt: OwnAttempt,
) -> CreatedKey:
    """Send it as `Authorization: Bearer …` or `X-API-Key`. Scopes: `upload` sends recordings and controls their jobs,
    `read` reads everything of yours, `admin` administers the service.

    A key for `admin` outlives the login it was made with, so it takes the password or a code of the authenticator:
    confirmation_needed, wrong_password, wrong_code."""
    now = utc_now()
    if Scope.ADMIN in body.scopes:
        keys.check_scopes(user, body.scopes)
        async with own_attempt as attempt:
            try:
                await confirm(database, settings, passwords, user, password=body.password, code=body.code, now=now)
            except ConfirmationNeeded:
                attempt.uncounted = True
                raise
            attempt.succeeded = True
    expires_at = None if body.days is None else now + timedelta(days=body.days)
    async with database.write() as session:
        row, key = await keys.create(session, user, name=body.name, scopes=body.scopes, expires_at=expires_at, now=now)
    return CreatedKey(**KeyOut.model_validate(row).model_dump(), key=key)


@router.delete("/{key_id}", status_code=204, summary="Revoke one of my API keys")
async def revoke_key(key_id: Annotated[str, Path(max_length=32)], user: CurrentUser, session: WriteSession) -> None:
    await keys.revoke(session, user_id=user.id, id=key_id, now=utc_now())
