"""Who is asking, and with which session: the dependencies that every route names in its signature."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession

from backend import logs
from backend.accounts import tokens
from backend.accounts.passwords import Passwords
from backend.accounts.tables import Role, User
from backend.database import Database
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


async def authenticate(session: AsyncSession, settings: Settings, token: str) -> User:
    """The user whose token this is. A user who was disabled, or whose logins were ended, is out at once."""
    try:
        login = tokens.read(settings, token)
    except tokens.BadToken:
        raise NotSignedIn from None
    user = await session.get(User, login.user_id)
    if user is None or not user.active or user.token_epoch != login.epoch:
        raise NotSignedIn
    logs.user_id.set(user.id)
    return user


def _settings(connection: HTTPConnection) -> Settings:
    settings: Settings = connection.app.state.settings
    return settings


def _database(connection: HTTPConnection) -> Database:
    database: Database = connection.app.state.database
    return database


def _passwords(connection: HTTPConnection) -> Passwords:
    passwords: Passwords = connection.app.state.passwords
    return passwords


#: The settings the server was started with.
Configured = Annotated[Settings, Depends(_settings)]
#: The database itself, for routes that open sessions around something slow.
Stored = Annotated[Database, Depends(_database)]
#: The one bounded pool in which passwords are hashed.
Hashing = Annotated[Passwords, Depends(_passwords)]


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

_bearer = OAuth2PasswordBearer(tokenUrl="/api/auth/login", auto_error=False)


async def _current_user(settings: Configured, database: Stored, token: Annotated[str | None, Depends(_bearer)]) -> User:
    if token is None:
        raise NotSignedIn
    # A session of its own, closed here: an upload that streams for an hour must not hold a connection meanwhile.
    async with database.read() as session:
        return await authenticate(session, settings, token)


#: The signed-in user, detached: for reading its columns, not for changing them.
CurrentUser = Annotated[User, Depends(_current_user)]


def _at_least(role: Role) -> Callable[[User], Awaitable[User]]:
    async def ranked(user: CurrentUser) -> User:
        if Role(user.role).rank < role.rank:
            raise Forbidden
        return user

    return ranked


#: The signed-in user, who runs the service.
Admin = Annotated[User, Depends(_at_least(Role.ADMIN))]
#: The signed-in user, who also appoints admins.
SuperAdmin = Annotated[User, Depends(_at_least(Role.SUPER_ADMIN))]
