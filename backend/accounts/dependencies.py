"""FastAPI dependencies shared by all routes: the authenticated user, database sessions and app-wide objects."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from fastapi.requests import HTTPConnection
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession

from backend import logs
from backend.accounts import audit, cookies, keys, second_factor, service, tokens
from backend.accounts.open_sockets import OpenSockets
from backend.accounts.passwords import Passwords
from backend.accounts.tables import Login, Role, User
from backend.accounts.throttle import Attempt, Throttle
from backend.accounts.tickets import Purpose, Tickets
from backend.coordination.clock import ServerClock
from backend.database import Database, utc_now
from backend.errors import AppError
from backend.settings import Settings


class NotSignedIn(AppError):
    status = 401
    code = "not_signed_in"
    detail = "Sign in first."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class Forbidden(AppError):
    status = 403
    code = "forbidden"
    detail = "Your role does not allow this."


class InsufficientScope(AppError):
    status = 403
    code = "key_is_not_enough"
    detail = "This API key does not have the required scope."


class SecondFactorRequired(AppError):
    status = 403
    code = "second_factor_wanted"
    detail = "Admins of this server must turn on two-factor sign-in first."


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request. A login may do everything its user may; an API key only what its scopes allow."""

    user: User
    login: tokens.Login | None  #: none for an API key
    scopes: frozenset[str] = frozenset()  #: of the API key
    by_ticket: bool = False  #: authenticated for this one request only


async def authenticate(
    session: AsyncSession, settings: Settings, token: str, clock: ServerClock, kind: str = tokens.ACCESS
) -> User:
    """The user of a valid token. It asks the database, so disabling a user or ending a login takes effect at once."""
    return (await _caller_by_token(session, settings, token, clock, kind)).user


async def user_of_login(session: AsyncSession, login: tokens.Login) -> User:
    """The user of this login. Raises `NotSignedIn` if the login has ended or the user is disabled."""
    user = await session.get(User, login.user_id)
    if user is None or not user.active or user.token_epoch != login.epoch:
        raise NotSignedIn
    if login.id is not None:
        row = await session.get(Login, login.id)
        if row is None or row.user_id != user.id or row.ended_at is not None or row.expires_at <= utc_now():
            raise NotSignedIn
    logs.user_id.set(user.id)
    audit.actor.set((user.id, user.username))
    return user


async def _caller_by_token(
    session: AsyncSession, settings: Settings, token: str, clock: ServerClock, kind: str = tokens.ACCESS
) -> Caller:
    try:
        login = tokens.read(settings, token, kind, clock.now)
    except tokens.BadToken:
        raise NotSignedIn from None
    return Caller(await user_of_login(session, login), login)


def from_app_state(name: str) -> Callable[[HTTPConnection], Any]:
    """A dependency that returns `app.state.<name>`, which the app sets once at start."""

    def get(connection: HTTPConnection) -> Any:
        return getattr(connection.app.state, name)

    return get


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


def clock_of(connection: HTTPConnection) -> ServerClock:
    """The clock for what is signed here and read at other servers."""
    clock: ServerClock = connection.app.state.clock
    return clock


ClockDep = Annotated[ServerClock, Depends(clock_of)]
SettingsDep = Annotated[Settings, Depends(from_app_state("settings"))]
#: The database itself, for routes that do something slow and open short sessions around it.
DatabaseDep = Annotated[Database, Depends(from_app_state("database"))]
#: The bounded pool that hashes passwords.
PasswordsDep = Annotated[Passwords, Depends(from_app_state("passwords"))]
OpenSocketsDep = Annotated[OpenSockets, Depends(from_app_state("open_sockets"))]
TicketsDep = Annotated[Tickets, Depends(from_app_state("tickets"))]
#: The rate limit for sign-in attempts.
ThrottleDep = Annotated[Throttle, Depends(from_app_state("throttle"))]
#: The client's address. Forwarded addresses count only if the proxy is trusted.
RemoteAddress = Annotated[str, Depends(_address)]


async def _read_session(database: DatabaseDep) -> AsyncIterator[AsyncSession]:
    async with database.read() as session:
        yield session


async def _write_session(database: DatabaseDep) -> AsyncIterator[AsyncSession]:
    async with database.write() as session:
        yield session


#: A read-only session.
ReadSession = Annotated[AsyncSession, Depends(_read_session, scope="function")]
#: One transaction. `scope="function"` commits before the response is sent, so a failed commit is not answered with 200.
WriteSession = Annotated[AsyncSession, Depends(_write_session, scope="function")]

#: Headers of a program without an access token: a ticket to create an upload, then a token to continue it.
UPLOAD_TICKET, UPLOAD_TOKEN = "X-Upload-Ticket", "X-Upload-Token"

_bearer = OAuth2PasswordBearer(tokenUrl="/api/auth/login", auto_error=False)
_key_header = APIKeyHeader(name="X-API-Key", auto_error=False)


async def _caller(
    settings: SettingsDep,
    database: DatabaseDep,
    clock: ClockDep,
    token: Annotated[str | None, Depends(_bearer)],
    key: Annotated[str | None, Depends(_key_header)],
) -> Caller:
    if token is not None and token.startswith(keys.PREFIX):
        key = token
    if key is not None:
        return await _caller_by_key(database, key)
    if token is None:
        raise NotSignedIn
    # A separate session, closed here: an upload that streams for an hour must not hold a connection.
    async with database.read() as session:
        return await _caller_by_token(session, settings, token, clock)


async def _caller_by_key(database: Database, key: str) -> Caller:
    now = utc_now()
    async with database.read() as session:
        row = await keys.find(session, key, now)
        user = await session.get(User, row.user_id) if row else None
    if row is None or user is None or not user.active:
        raise NotSignedIn
    logs.user_id.set(user.id)
    audit.actor.set((user.id, user.username))
    await keys.save_last_use(database, row, now)
    return Caller(user, None, frozenset(row.scopes))


CurrentCaller = Annotated[Caller, Depends(_caller)]


async def _current_login(caller: CurrentCaller) -> tokens.Login:
    if caller.login is None:
        raise InsufficientScope
    return caller.login


async def _current_user(caller: CurrentCaller) -> User:
    if caller.login is None:
        raise InsufficientScope
    return caller.user


def _with_scope(scope: keys.Scope) -> Callable[[Caller], Awaitable[User]]:
    async def check_scope(caller: CurrentCaller) -> User:
        if caller.login is None and scope.value not in caller.scopes:
            raise InsufficientScope
        return caller.user

    return check_scope


async def _viewer(
    connection: HTTPConnection,
    settings: SettingsDep,
    database: DatabaseDep,
    clock: ClockDep,
    token: Annotated[str | None, Depends(_bearer)],
    key: Annotated[str | None, Depends(_key_header)],
) -> User:
    if token is not None or key is not None:
        return await _with_scope(keys.Scope.READ)(await _caller(settings, database, clock, token, key))
    if (cookie := connection.cookies.get(cookies.MEDIA)) is None:
        raise NotSignedIn
    async with database.read() as session:
        return await authenticate(session, settings, cookie, clock, tokens.MEDIA)


async def _upload_creator(
    connection: HTTPConnection,
    settings: SettingsDep,
    database: DatabaseDep,
    tickets: TicketsDep,
    clock: ClockDep,
    token: Annotated[str | None, Depends(_bearer)],
    key: Annotated[str | None, Depends(_key_header)],
) -> Caller:
    if (ticket := connection.headers.get(UPLOAD_TICKET)) is not None:
        if (login := await tickets.redeem(ticket, Purpose.UPLOAD)) is None:
            raise NotSignedIn
        async with database.read() as session:
            return Caller(await user_of_login(session, login), login, by_ticket=True)
    caller = await _caller(settings, database, clock, token, key)
    await _with_scope(keys.Scope.UPLOAD)(caller)
    return caller


async def _upload_sender(
    upload_id: str,
    connection: HTTPConnection,
    settings: SettingsDep,
    database: DatabaseDep,
    clock: ClockDep,
    token: Annotated[str | None, Depends(_bearer)],
    key: Annotated[str | None, Depends(_key_header)],
) -> User:
    if (upload_token := connection.headers.get(UPLOAD_TOKEN)) is not None:
        async with database.read() as session:
            return await authenticate(session, settings, upload_token, clock, tokens.upload_kind(upload_id))
    return await _with_scope(keys.Scope.UPLOAD)(await _caller(settings, database, clock, token, key))


#: The signed-in user, detached: its columns can be read, not changed. API keys are refused: a route accepts them only
#: if it names a scope.
CurrentUser = Annotated[User, Depends(_current_user)]
#: The login of the request.
CurrentLogin = Annotated[tokens.Login, Depends(_current_login)]


def _own_attempt(
    user: CurrentUser, login: CurrentLogin, throttle: ThrottleDep, address: RemoteAddress
) -> AbstractAsyncContextManager[Attempt]:
    return throttle.attempt(service.throttle_key(user.username), address, device=f"login {login.user_id} {login.id}")


#: Counts a signed-in person's guesses at their own password or code. Each login has a count of its own, so that guesses
#: of others do not hold it.
OwnAttempt = Annotated[AbstractAsyncContextManager[Attempt], Depends(_own_attempt)]
#: Any login, or an API key with the scope read.
Reader = Annotated[User, Depends(_with_scope(keys.Scope.READ))]
#: Any login, or an API key with the scope upload.
Uploader = Annotated[User, Depends(_with_scope(keys.Scope.UPLOAD))]
#: A `Reader`, or the media cookie: an <audio> element cannot send headers.
Viewer = Annotated[User, Depends(_viewer)]

#: Who may create an upload: an `Uploader`, or the holder of a ticket.
UploadCreator = Annotated[Caller, Depends(_upload_creator)]
#: Who may continue the upload in the path: an `Uploader`, or the holder of the token of this upload.
UploadSender = Annotated[User, Depends(_upload_sender)]


def _at_least(role: Role) -> Callable[..., Awaitable[User]]:
    async def check_role(
        user: Annotated[User, Depends(_with_scope(keys.Scope.ADMIN))], settings: SettingsDep, database: DatabaseDep
    ) -> User:
        if Role(user.role).rank < role.rank:
            raise Forbidden
        if settings.admin_two_factor:
            async with database.read() as session:
                if not await second_factor.is_enabled(session, user.id):
                    raise SecondFactorRequired
        return user

    return check_role


#: An admin with a login, or an API key of an admin with the scope admin.
Admin = Annotated[User, Depends(_at_least(Role.ADMIN))]
#: Likewise for super admins.
SuperAdmin = Annotated[User, Depends(_at_least(Role.SUPER_ADMIN))]
