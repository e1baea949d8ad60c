"""Who is asking, and with which session: the dependencies that every route names in its signature."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from fastapi.requests import HTTPConnection
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession

from backend import logs
from backend.accounts import audit, cookies, keys, second_factor, tokens
from backend.accounts.passwords import Passwords
from backend.accounts.presence import Presence
from backend.accounts.tables import Login, Role, User
from backend.accounts.throttle import Throttle
from backend.accounts.tickets import Purpose, Tickets
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


class KeyIsNotEnough(AppError):
    status = 403
    code = "key_is_not_enough"
    detail = "This key does not have the scope for this."


class SecondFactorWanted(AppError):
    status = 403
    code = "second_factor_wanted"
    detail = "This server wants admins to turn two-factor sign-in on first."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and with what: a login may do all that its user may, a key what its scopes say."""

    user: User
    login: tokens.Login | None  #: none for a key
    scopes: frozenset[str] = frozenset()  #: of the key
    by_ticket: bool = False  #: good for this one request


async def authenticate(session: AsyncSession, settings: Settings, token: str, kind: str = tokens.ACCESS) -> User:
    """The user whose token this is. A user who was disabled, or whose logins were ended, is out at once."""
    return (await _enter(session, settings, token, kind)).user


async def still_in(session: AsyncSession, login: tokens.Login) -> User:
    """The user of this login, if it has not ended; otherwise `NotSignedIn`."""
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


async def _enter(session: AsyncSession, settings: Settings, token: str, kind: str) -> Caller:
    try:
        login = tokens.read(settings, token, kind)
    except tokens.BadToken:
        raise NotSignedIn from None
    return Caller(await still_in(session, login), login)


def held(name: str) -> Callable[[HTTPConnection], Any]:
    """The dependency for what the app made once, at start, and holds under this name."""

    def get(connection: HTTPConnection) -> Any:
        return getattr(connection.app.state, name)

    return get


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


#: The settings the server was started with.
Configured = Annotated[Settings, Depends(held("settings"))]
#: The database itself, for routes that open sessions around something slow.
Stored = Annotated[Database, Depends(held("database"))]
#: The one bounded pool in which passwords are hashed.
Hashing = Annotated[Passwords, Depends(held("passwords"))]
#: The open sockets.
Listening = Annotated[Presence, Depends(held("presence"))]
#: The open tickets.
Ticketed = Annotated[Tickets, Depends(held("tickets"))]
#: What slows guessing down.
Throttled = Annotated[Throttle, Depends(held("throttle"))]
#: Where the request comes from; a proxy's word counts where the proxy is trusted.
Address = Annotated[str, Depends(_address)]


async def _reading(database: Stored) -> AsyncIterator[AsyncSession]:
    async with database.read() as session:
        yield session


async def _writing(database: Stored) -> AsyncIterator[AsyncSession]:
    async with database.write() as session:
        yield session


#: A session for looking.
Reading = Annotated[AsyncSession, Depends(_reading, scope="function")]
#: One transaction. It is committed before the answer leaves (that is what the scope is for): a failed commit is no 200.
Writing = Annotated[AsyncSession, Depends(_writing, scope="function")]

#: Headers of a program that has no token: what it begins an upload with, and what it then goes on with.
UPLOAD_TICKET, UPLOAD_TOKEN = "X-Upload-Ticket", "X-Upload-Token"

_bearer = OAuth2PasswordBearer(tokenUrl="/api/auth/login", auto_error=False)
_key_header = APIKeyHeader(name="X-API-Key", auto_error=False)


async def _caller(
    settings: Configured,
    database: Stored,
    token: Annotated[str | None, Depends(_bearer)],
    key: Annotated[str | None, Depends(_key_header)],
) -> Caller:
    if token is not None and token.startswith(keys.PREFIX):
        key = token
    if key is not None:
        return await _caller_by_key(database, key)
    if token is None:
        raise NotSignedIn
    # A session of its own, closed here: an upload that streams for an hour must not hold a connection meanwhile.
    async with database.read() as session:
        return await _enter(session, settings, token, tokens.ACCESS)


async def _caller_by_key(database: Database, key: str) -> Caller:
    now = utc_now()
    async with database.read() as session:
        row = await keys.find(session, key, now)
        user = await session.get(User, row.user_id) if row else None
    if row is None or user is None or not user.active:
        raise NotSignedIn
    logs.user_id.set(user.id)
    audit.actor.set((user.id, user.username))
    await keys.note_use(database, row, now)
    return Caller(user, None, frozenset(row.scopes))


Called = Annotated[Caller, Depends(_caller)]


async def _current_login(caller: Called) -> tokens.Login:
    if caller.login is None:
        raise KeyIsNotEnough
    return caller.login


async def _current_user(caller: Called) -> User:
    if caller.login is None:
        raise KeyIsNotEnough
    return caller.user


def _with_scope(scope: keys.Scope) -> Callable[[Caller], Awaitable[User]]:
    async def allowed(caller: Called) -> User:
        if caller.login is None and scope.value not in caller.scopes:
            raise KeyIsNotEnough
        return caller.user

    return allowed


async def _viewer(
    connection: HTTPConnection,
    settings: Configured,
    database: Stored,
    token: Annotated[str | None, Depends(_bearer)],
    key: Annotated[str | None, Depends(_key_header)],
) -> User:
    if token is not None or key is not None:
        return await _with_scope(keys.Scope.READ)(await _caller(settings, database, token, key))
    if (cookie := connection.cookies.get(cookies.MEDIA)) is None:
        raise NotSignedIn
    async with database.read() as session:
        return await authenticate(session, settings, cookie, tokens.MEDIA)


async def _starter(
    connection: HTTPConnection,
    settings: Configured,
    database: Stored,
    tickets: Ticketed,
    token: Annotated[str | None, Depends(_bearer)],
    key: Annotated[str | None, Depends(_key_header)],
) -> Caller:
    if (ticket := connection.headers.get(UPLOAD_TICKET)) is not None:
        if (login := tickets.take(ticket, Purpose.UPLOAD)) is None:
            raise NotSignedIn
        async with database.read() as session:
            return Caller(await still_in(session, login), login, by_ticket=True)
    caller = await _caller(settings, database, token, key)
    await _with_scope(keys.Scope.UPLOAD)(caller)
    return caller


async def _sender(
    upload_id: str,
    connection: HTTPConnection,
    settings: Configured,
    database: Stored,
    token: Annotated[str | None, Depends(_bearer)],
    key: Annotated[str | None, Depends(_key_header)],
) -> User:
    if (shown := connection.headers.get(UPLOAD_TOKEN)) is not None:
        async with database.read() as session:
            return await authenticate(session, settings, shown, tokens.upload(upload_id))
    return await _with_scope(keys.Scope.UPLOAD)(await _caller(settings, database, token, key))


#: The signed-in user, detached: for reading its columns, not for changing them. Keys are refused: what is not said
#: to be for a scope is for people.
CurrentUser = Annotated[User, Depends(_current_user)]
#: The login with which the signed-in user asks.
CurrentLogin = Annotated[tokens.Login, Depends(_current_login)]
#: The user of a route that a key with the scope read may ask, beside every login.
Reader = Annotated[User, Depends(_with_scope(keys.Scope.READ))]
#: Likewise with the scope upload.
Uploader = Annotated[User, Depends(_with_scope(keys.Scope.UPLOAD))]
#: A `Reader` of a route that only gives: a media element shows its cookie, as it can send no header.
Viewer = Annotated[User, Depends(_viewer)]

#: Who may begin an upload: an `Uploader`, or who shows a ticket.
Starter = Annotated[Caller, Depends(_starter)]
#: Who may go on with the upload that the path names: an `Uploader`, or who shows the token of this one.
Sender = Annotated[User, Depends(_sender)]


def _at_least(role: Role) -> Callable[..., Awaitable[User]]:
    async def ranked(
        user: Annotated[User, Depends(_with_scope(keys.Scope.ADMIN))], settings: Configured, database: Stored
    ) -> User:
        if Role(user.role).rank < role.rank:
            raise Forbidden
        if settings.admin_two_factor:
            async with database.read() as session:
                if not await second_factor.is_on(session, user.id):
                    raise SecondFactorWanted
        return user

    return ranked


#: The signed-in user, or a key with the scope admin, who runs the service.
Admin = Annotated[User, Depends(_at_least(Role.ADMIN))]
#: Likewise, who also appoints admins.
SuperAdmin = Annotated[User, Depends(_at_least(Role.SUPER_ADMIN))]
