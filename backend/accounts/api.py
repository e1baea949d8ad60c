"""The routes of one's own account: sign in, who am I, change the password, end every login."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import service, tokens
from backend.accounts.access import Configured, CurrentUser, Hashing, Stored, Writing
from backend.accounts.tables import Role, User
from backend.database import utc_now
from backend.settings import Settings


class Token(BaseModel):
    """Send `access_token` as `Authorization: Bearer …`; it is good for `expires_in` seconds."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  (the kind of token, not one)
    expires_in: int


class Account(BaseModel):
    """A user as others may see him or her."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    username: str
    role: Role
    active: bool
    created_at: datetime


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(max_length=1024)
    new_password: str = Field(max_length=1024)


router = APIRouter(prefix="/api/auth", tags=["accounts"])


@router.post("/login", summary="Sign in with a name and a password")
async def login(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    response: Response,
    settings: Configured,
    database: Stored,
    passwords: Hashing,
) -> Token:
    user = await service.sign_in(database, passwords, form.username, form.password)
    return _token(settings, user, response)


@router.get("/me", summary="Who am I")
async def me(user: CurrentUser) -> Account:
    return Account.model_validate(user)


@router.post("/password", summary="Change my password; every other login ends")
async def change_password(
    body: PasswordChange,
    user: CurrentUser,
    response: Response,
    settings: Configured,
    database: Stored,
    passwords: Hashing,
) -> Token:
    user = await service.change_password(database, passwords, user, body.current_password, body.new_password)
    return _token(settings, user, response)


@router.post("/logout-everywhere", status_code=204, summary="End every login of mine, this one too")
async def logout_everywhere(user: CurrentUser, session: Writing) -> None:
    await service.end_logins(session, user.id)


def _token(settings: Settings, user: User, response: Response) -> Token:
    response.headers["Cache-Control"] = "no-store"
    token = tokens.issue(settings, tokens.Login(user.id, user.token_epoch), utc_now())
    return Token(access_token=token, expires_in=int(tokens.lifetime(settings).total_seconds()))
