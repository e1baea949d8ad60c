"""Routes for one's own account: signing in and out, profile, user name, password, logins, tickets."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import audit, cookies, device_cookie, keys, logins, second_factor, service, time_zones, tokens
from backend.accounts.audit import Action
from backend.accounts.dependencies import (
    CurrentLogin,
    CurrentUser,
    DatabaseDep,
    NotSignedIn,
    OpenSocketsDep,
    OwnAttempt,
    PasswordsDep,
    ReadSession,
    RemoteAddress,
    SettingsDep,
    ThrottleDep,
    TicketsDep,
    WriteSession,
    authenticate,
    clock_of,
)
from backend.accounts.open_sockets import OpenSockets
from backend.accounts.tables import Role, User
from backend.accounts.tickets import LIFETIME_SECONDS, Purpose
from backend.coordination.clock import ServerClock
from backend.database import Database, after_commit, utc_now
from backend.errors import AppError
from backend.settings import Settings


class Token(BaseModel):
    """Send `access_token` as `Authorization: Bearer …`; it is valid for `expires_in` seconds.

    The response also sets three HttpOnly cookies: one for `/api/auth/refresh`, one for media elements, and one by which
    this browser is known at the next sign-in, so that guesses of others cannot lock its user out."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  (the kind of token, not one)
    expires_in: int


class Account(BaseModel):
    """The public data of a user."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    username: str
    role: Role
    active: bool
    pending: bool = False  #: waiting for an admin's approval
    created_at: datetime


class OwnAccount(Account):
    """What only the user sees besides."""

    time_zone: str | None  #: a name of the IANA database; null until it is chosen


class UsernameChange(BaseModel):
    """`password` is the current one; empty for a user without one (Google)."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(max_length=256)
    password: str = Field(default="", max_length=1024)


class TimeZoneChoice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    time_zone: str = Field(max_length=64, description="a name of the IANA database, such as Asia/Shanghai")


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(max_length=1024)
    new_password: str = Field(max_length=1024)
    revoke_keys: bool = Field(default=False, description="revoke all my API keys, too")


class PasswordChanged(Token):
    keys_left: int = Field(description="API keys that are still valid")


class LogoutEverywhere(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revoke_keys: bool = Field(default=False, description="revoke all my API keys, too")


class LoginsEnded(BaseModel):
    keys_left: int = Field(description="API keys that are still valid")


class Device(BaseModel):
    """A device that is signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    device: str
    address: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    current: bool = False  #: the one that sends this request


class TicketRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    purpose: Purpose = Purpose.EVENTS


class Ticket(BaseModel):
    ticket: str
    expires_in: int


router = APIRouter(prefix="/api/auth", tags=["accounts"])


@router.post("/login", summary="Sign in with a user name and a password")
async def login(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    request: Request,
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
    passwords: PasswordsDep,
    throttle: ThrottleDep,
    address: RemoteAddress,
    code: Annotated[
        str | None, Form(max_length=64, description="a code of the authenticator, or a recovery code")
    ] = None,
) -> Token:
    """Error codes: wrong_credentials; waits_for_approval; second_factor_needed and wrong_code with two-factor sign-in;
    too_many_attempts, with a Retry-After that grows with every failure."""
    if not cookies.is_allowed_origin(request, settings):
        raise cookies.ForeignOrigin  # otherwise another site could sign people in to an account of its own
    account = service.throttle_key(form.username)
    device = device_cookie.find_device(request, settings, account, utc_now())
    async with throttle.attempt(account, address, device) as attempt:
        try:
            user = await service.sign_in(database, passwords, form.username, form.password)
            await second_factor.check(database, settings, user, code, clock_of(request).now())
        except (second_factor.SecondFactorNeeded, service.ApprovalPending):
            attempt.uncounted = True  # the password was right, but guesses at the code must still count
            raise
        attempt.succeeded = True
    return await sign_in(user, request, response, settings, database, how="password")


@router.post("/refresh", summary="Renew the access token with the refresh cookie")
async def refresh(
    request: Request, response: Response, settings: SettingsDep, database: DatabaseDep, open_sockets: OpenSocketsDep
) -> Token:
    """Requires the header X-Requested-With or an allowed Origin. Each cookie is valid once: using it again ends the
    login. Within ten seconds it gets the same new cookie again, because the first answer may be lost."""
    cookies.check_origin(request, settings)
    cookie = request.cookies.get(cookies.REFRESH)
    if cookie is None:
        raise logins.RenewalRefused
    secret_key = settings.secret_key.get_secret_value()
    user, row, refresh_token = await logins.renew(database, open_sockets, secret_key, cookie, clock_of(request).now())
    return _token(settings, request, response, tokens.Login(user.id, user.token_epoch, row.id), refresh_token)


@router.post("/logout", status_code=204, summary="Sign this device out")
async def logout(
    request: Request, response: Response, settings: SettingsDep, database: DatabaseDep, open_sockets: OpenSocketsDep
) -> None:
    """Ends the login of the bearer token and of the cookie. No error if there is none."""
    if (cookie := request.cookies.get(cookies.REFRESH)) is not None:
        cookies.check_origin(request, settings)
        await logins.end_by_token(database, open_sockets, cookie, utc_now())
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        await _end_bearer(settings, database, open_sockets, token, clock_of(request))
    cookies.clear_cookies(response, request)


@router.get("/me", summary="The signed-in user")
async def me(user: CurrentUser) -> OwnAccount:
    return OwnAccount.model_validate(user)


@router.patch("/me", summary="Change my user name")
async def rename_me(
    body: UsernameChange,
    user: CurrentUser,
    database: DatabaseDep,
    passwords: PasswordsDep,
    own_attempt: OwnAttempt,
) -> Account:
    """Error codes: wrong_password, username_taken, invalid_username. Logins and keys stay valid."""
    async with own_attempt as attempt:
        await service.check_password(passwords, user, body.password)
        attempt.succeeded = True
    async with database.write() as session:
        return Account.model_validate(await service.rename_self(session, user.id, body.username))


@router.put("/me/time-zone", summary="Choose my time zone")
async def choose_time_zone(body: TimeZoneChoice, user: CurrentUser, session: WriteSession) -> OwnAccount:
    """My days and months begin at its midnight: for quotas, and for dates in exports. Error code: unknown_time_zone."""
    return OwnAccount.model_validate(await time_zones.choose(session, user.id, body.time_zone))


@router.post("/password", summary="Change my password and end all my other logins")
async def change_password(
    body: PasswordChange,
    user: CurrentUser,
    request: Request,
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
    passwords: PasswordsDep,
    open_sockets: OpenSocketsDep,
    own_attempt: OwnAttempt,
) -> PasswordChanged:
    """API keys stay valid unless `revoke_keys` is set; `keys_left` says how many are."""
    async with own_attempt as attempt:
        try:
            user = await service.change_password(
                database,
                passwords,
                user,
                body.current_password,
                body.new_password,
                revoke_keys=body.revoke_keys,
            )
        except service.WrongPassword:
            raise
        except AppError:
            attempt.succeeded = True  # something else was wrong; the current password was right
            raise
        attempt.succeeded = True
    open_sockets.end(user.id)
    token = await sign_in(user, request, response, settings, database, how="password")
    async with database.read() as session:
        left = len(await keys.active_keys(session, user.id, utc_now()))
    return PasswordChanged(**token.model_dump(), keys_left=left)


@router.post("/logout-everywhere", summary="End all my logins, including this one")
async def logout_everywhere(
    user: CurrentUser,
    request: Request,
    response: Response,
    session: WriteSession,
    open_sockets: OpenSocketsDep,
    body: LogoutEverywhere | None = None,
) -> LoginsEnded:
    """API keys stay valid unless `revoke_keys` is set; `keys_left` says how many are."""
    if body is not None and body.revoke_keys:
        await keys.revoke_active(session, user.id, utc_now())
    await service.end_logins(session, user.id)
    after_commit(session, lambda: open_sockets.end(user.id))
    cookies.clear_cookies(response, request)
    return LoginsEnded(keys_left=len(await keys.active_keys(session, user.id, utc_now())))


@router.get("/logins", summary="The devices I am signed in on")
async def my_logins(user: CurrentUser, login: CurrentLogin, session: ReadSession) -> list[Device]:
    found = await logins.active_logins(session, user.id, utc_now())
    return [Device.model_validate(row).model_copy(update={"current": row.id == login.id}) for row in found]


@router.delete("/logins/{login_id}", status_code=204, summary="Sign out one of my devices")
async def end_login(
    login_id: Annotated[str, Path(max_length=32)],
    user: CurrentUser,
    session: WriteSession,
    open_sockets: OpenSocketsDep,
) -> None:
    await logins.end(session, open_sockets, user_id=user.id, id=login_id, now=utc_now())


@router.post("/tickets", status_code=201, summary="Create a single-use ticket, valid for half a minute")
async def create_ticket(_user: CurrentUser, login: CurrentLogin, tickets: TicketsDep, body: TicketRequest) -> Ticket:
    return Ticket(ticket=await tickets.issue(login, body.purpose), expires_in=int(LIFETIME_SECONDS))


async def sign_in(
    user: User, request: Request, response: Response, settings: Settings, database: Database, *, how: str
) -> Token:
    """Open a login for an authenticated user and set its cookies."""
    device = "".join(filter(str.isprintable, request.headers.get("user-agent", "")))
    now = clock_of(request).now()
    async with database.write() as session:
        row, secret = await logins.open_login(session, user, device=device, now=now, days=settings.login_days)
        audit.note(session, Action.SIGNED_IN, subject=row.id, by=user, how=how)
    device_cookie.set_cookie(response, request, settings, service.throttle_key(user.username), utc_now())
    return _token(settings, request, response, tokens.Login(user.id, user.token_epoch, row.id), secret)


async def _end_bearer(
    settings: Settings, database: Database, open_sockets: OpenSockets, token: str, clock: ServerClock
) -> None:
    try:
        async with database.read() as session:
            user = await authenticate(session, settings, token, clock)
        login = tokens.read(settings, token, now=clock.now)
        async with database.write() as session:
            await logins.end(session, open_sockets, user_id=user.id, id=login.id or "", now=utc_now())
    except (NotSignedIn, logins.LoginNotFound):
        pass  # nothing to end


def _token(settings: Settings, request: Request, response: Response, login: tokens.Login, refresh_token: str) -> Token:
    response.headers["Cache-Control"] = "no-store"
    now = clock_of(request).now()
    cookies.set_cookies(response, request, settings, login, refresh_token, now)
    token = tokens.issue(settings, login, now)
    return Token(access_token=token, expires_in=int(tokens.lifetime(settings).total_seconds()))
