"""The routes of one's own account: sign in and out, who am I, another name or password, where I am signed in."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import audit, cookies, logins, second_factor, service, tokens
from backend.accounts.access import (
    Address,
    Configured,
    CurrentLogin,
    CurrentUser,
    Hashing,
    Listening,
    NotSignedIn,
    Reading,
    Stored,
    Throttled,
    Ticketed,
    Writing,
    authenticate,
)
from backend.accounts.audit import Action
from backend.accounts.presence import Presence
from backend.accounts.tables import Role, User
from backend.accounts.tickets import LIFE_SECONDS, Purpose
from backend.database import Database, after_commit, utc_now
from backend.errors import AppError
from backend.settings import Settings


class Token(BaseModel):
    """Send `access_token` as `Authorization: Bearer …`; it is good for `expires_in` seconds.

    A cookie that scripts cannot read renews it at `/api/auth/refresh`; another lets media elements play."""

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
    pending: bool = False  #: waits for an admin's approval
    created_at: datetime


class NewName(BaseModel):
    """`password` is the present one; who has none (Google) leaves it empty."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(max_length=256)
    password: str = Field(default="", max_length=1024)


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(max_length=1024)
    new_password: str = Field(max_length=1024)


class Device(BaseModel):
    """One of my logins."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    device: str
    address: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    current: bool = False  #: the one that asks


class NewTicket(BaseModel):
    model_config = ConfigDict(extra="forbid")

    purpose: Purpose = Purpose.EVENTS


class Ticket(BaseModel):
    ticket: str
    expires_in: int


router = APIRouter(prefix="/api/auth", tags=["accounts"])


@router.post("/login", summary="Sign in with a name and a password")
async def login(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    request: Request,
    response: Response,
    settings: Configured,
    database: Stored,
    passwords: Hashing,
    throttle: Throttled,
    address: Address,
    code: Annotated[str | None, Form(max_length=64, description="of the authenticator, or a recovery code")] = None,
) -> Token:
    """Codes: wrong_credentials; waits_for_approval; second_factor_needed and wrong_code where two-factor sign-in is on;
    too_many_attempts with Retry-After, longer with every wrong guess."""
    if not cookies.origin_is_ours(request, settings):
        raise cookies.ForeignOrigin  # or a page elsewhere could sign people in to an account of its own
    with throttle.attempt(service.throttle_key(form.username), address) as attempt:
        try:
            user = await service.sign_in(database, passwords, form.username, form.password)
            await second_factor.check(database, settings, user, code, utc_now())
        except (second_factor.SecondFactorNeeded, service.WaitsForApproval):
            attempt.none = True  # the password was right; guesses at the code go on counting
            raise
        attempt.right = True
    return await sign_in(user, request, response, settings, database, how="password")


@router.post("/refresh", summary="Renew my login with its cookie")
async def refresh(
    request: Request, response: Response, settings: Configured, database: Stored, presence: Listening
) -> Token:
    """Wants the header X-Requested-With or an Origin of ours. Each cookie is good once: a spent one that comes back
    ends the login. renewed_elsewhere means that another window was faster, and has brought the new cookie."""
    cookies.check_origin(request, settings)
    cookie = request.cookies.get(cookies.REFRESH)
    if cookie is None:
        raise logins.NotRenewed
    user, row, next_one = await logins.renew(database, presence, cookie, utc_now())
    return _token(settings, request, response, tokens.Login(user.id, user.token_epoch, row.id), next_one)


@router.post("/logout", status_code=204, summary="Sign this device out")
async def logout(
    request: Request, response: Response, settings: Configured, database: Stored, presence: Listening
) -> None:
    """Ends the login of the bearer token, of the cookie, or of both; says the same where there was none."""
    if (cookie := request.cookies.get(cookies.REFRESH)) is not None:
        cookies.check_origin(request, settings)
        await logins.end_by_token(database, presence, cookie, utc_now())
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        await _end_bearer(settings, database, presence, token)
    cookies.clear_cookies(response)


@router.get("/me", summary="Who am I")
async def me(user: CurrentUser) -> Account:
    return Account.model_validate(user)


@router.patch("/me", summary="Give myself another name to sign in with")
async def rename_me(
    body: NewName, user: CurrentUser, database: Stored, passwords: Hashing, throttle: Throttled, address: Address
) -> Account:
    """Codes: wrong_password, username_taken, invalid_username. Logins and keys stay as they are."""
    with throttle.attempt(service.throttle_key(user.username), address) as attempt:
        await service.check_password(passwords, user, body.password)
        attempt.right = True
    async with database.write() as session:
        return Account.model_validate(await service.rename_oneself(session, user.id, body.username))


@router.post("/password", summary="Change my password; every other login ends")
async def change_password(
    body: PasswordChange,
    user: CurrentUser,
    request: Request,
    response: Response,
    settings: Configured,
    database: Stored,
    passwords: Hashing,
    presence: Listening,
    throttle: Throttled,
    address: Address,
) -> Token:
    with throttle.attempt(service.throttle_key(user.username), address) as attempt:
        try:
            user = await service.change_password(database, passwords, user, body.current_password, body.new_password)
        except service.WrongPassword:
            raise
        except AppError:
            attempt.right = True  # whatever was wrong, it was not the old password
            raise
        attempt.right = True
    presence.end(user.id)
    return await sign_in(user, request, response, settings, database, how="password")


@router.post("/logout-everywhere", status_code=204, summary="End every login of mine, this one too")
async def logout_everywhere(user: CurrentUser, response: Response, session: Writing, presence: Listening) -> None:
    await service.end_logins(session, user.id)
    after_commit(session, lambda: presence.end(user.id))
    cookies.clear_cookies(response)


@router.get("/logins", summary="Where I am signed in")
async def my_logins(user: CurrentUser, login: CurrentLogin, session: Reading) -> list[Device]:
    found = await logins.open_ones(session, user.id, utc_now())
    return [Device.model_validate(row).model_copy(update={"current": row.id == login.id}) for row in found]


@router.delete("/logins/{login_id}", status_code=204, summary="End one login of mine")
async def end_login(
    login_id: Annotated[str, Path(max_length=32)], user: CurrentUser, session: Writing, presence: Listening
) -> None:
    await logins.end(session, presence, user_id=user.id, id=login_id, now=utc_now())


@router.post("/tickets", status_code=201, summary="A ticket for the WebSocket, good once, for half a minute")
async def new_ticket(_user: CurrentUser, login: CurrentLogin, tickets: Ticketed, wanted: NewTicket) -> Ticket:
    return Ticket(ticket=tickets.issue(login, wanted.purpose), expires_in=int(LIFE_SECONDS))


async def sign_in(
    user: User, request: Request, response: Response, settings: Settings, database: Database, *, how: str
) -> Token:
    """Open a login for somebody who has shown who he or she is."""
    device = "".join(filter(str.isprintable, request.headers.get("user-agent", "")))
    async with database.write() as session:
        row, secret = await logins.open_login(session, user, device=device, now=utc_now(), days=settings.login_days)
        audit.note(session, Action.SIGNED_IN, subject=row.id, by=user, how=how)
    return _token(settings, request, response, tokens.Login(user.id, user.token_epoch, row.id), secret)


async def _end_bearer(settings: Settings, database: Database, presence: Presence, token: str) -> None:
    try:
        async with database.read() as session:
            user = await authenticate(session, settings, token)
        login = tokens.read(settings, token)
        async with database.write() as session:
            await logins.end(session, presence, user_id=user.id, id=login.id or "", now=utc_now())
    except (NotSignedIn, logins.LoginNotFound):
        pass  # there was nothing to end


def _token(settings: Settings, request: Request, response: Response, login: tokens.Login, refresh_token: str) -> Token:
    response.headers["Cache-Control"] = "no-store"
    cookies.set_cookies(response, request, settings, login, refresh_token)
    token = tokens.issue(settings, login, utc_now())
    return Token(access_token=token, expires_in=int(tokens.lifetime(settings).total_seconds()))
