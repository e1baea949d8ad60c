"""API keys for programs, limited to scopes. The key itself is shown once; only its hash is stored."""

import hashlib
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import audit
from backend.accounts.audit import Action
from backend.accounts.tables import ApiKey, Role, User
from backend.database import Database
from backend.database_errors import refusal
from backend.errors import AppError, Conflict, InvalidInput, NotFound

logger = logging.getLogger(__name__)

#: The prefix of every key, so that people and secret scanners recognise them.
PREFIX = "masr_"
_MAX_PER_USER = 50
_USE_SAVED_EVERY = timedelta(minutes=1)


class Scope(str, Enum):
    UPLOAD = "upload"  #: send recordings, and queue, cancel and retry their jobs
    READ = "read"  #: read everything of its user
    ADMIN = "admin"  #: run the service; for keys of admins


class KeyNotFound(NotFound):
    code = "key_not_found"
    detail = "There is no such key, or it has been revoked."


class TooManyKeys(Conflict):
    code = "too_many_keys"
    detail = "You have reached the maximum number of API keys. Revoke one first."


class ScopeNotAllowed(AppError):
    status = 403
    code = "not_your_scope"
    detail = "Only keys of admins may have the scope admin."


async def create(
    session: AsyncSession, user: User, *, name: str, scopes: Sequence[Scope], expires_at: datetime | None, now: datetime
) -> tuple[ApiKey, str]:
    """Create a key. Returns its row and the key itself, which cannot be shown again."""
    check_scopes(user, scopes)
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("The expiry date is in the past.")
    has = await session.scalar(select(func.count()).select_from(ApiKey).where(_is_active(user.id, now)))
    if (has or 0) >= _MAX_PER_USER:
        raise TooManyKeys
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        user_id=user.id,
        name=name.strip(),
        start=key[: len(PREFIX) + 4],
        secret_hash=_hash(key),
        scopes=sorted({scope.value for scope in scopes}),
        expires_at=expires_at,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    audit.note(session, Action.KEY_CREATED, subject=row.id, name=row.name, scopes=row.scopes)
    return row, key


def check_scopes(user: User, scopes: Sequence[Scope]) -> None:
    """Raise ScopeNotAllowed if a key of this user may not have these scopes."""
    if Scope.ADMIN in scopes and Role(user.role).rank < Role.ADMIN.rank:
        raise ScopeNotAllowed


async def find(session: AsyncSession, key: str, now: datetime) -> ApiKey | None:
    """The row of a valid key."""
    row = (await session.scalars(select(ApiKey).where(ApiKey.secret_hash == _hash(key)))).one_or_none()
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return row


async def save_last_use(database: Database, row: ApiKey, now: datetime) -> None:
    """Save when the key was last used, at most once a minute. A database that cannot be written to is no reason to
    refuse somebody who only reads."""
    if row.used_at is not None and now - row.used_at < _USE_SAVED_EVERY:
        return
    try:
        async with database.write() as session:
            await session.execute(update(ApiKey).where(ApiKey.id == row.id).values(used_at=now))
    except SQLAlchemyError as error:
        if refusal(error) is None:
            raise
        logger.warning("The use of a key could not be saved", extra={"key": row.id})


async def active_keys(session: AsyncSession, user_id: str, now: datetime) -> Sequence[ApiKey]:
    """The valid keys of this user, newest first."""
    own = select(ApiKey).where(_is_active(user_id, now)).order_by(ApiKey.created_at.desc(), ApiKey.id)
    return (await session.scalars(own)).all()


async def revoke(session: AsyncSession, *, user_id: str, id: str, now: datetime) -> None:
    row = await session.get(ApiKey, id)
    if row is None or row.user_id != user_id or row.revoked_at is not None:
        raise KeyNotFound
    row.revoked_at = now
    audit.note(session, Action.KEY_REVOKED, subject=id)


async def revoke_active(session: AsyncSession, user_id: str, now: datetime) -> None:
    """Revoke every valid key of a user who asks for it."""
    for row in await active_keys(session, user_id, now):
        row.revoked_at = now
        audit.note(session, Action.KEY_REVOKED, subject=row.id)
    await session.flush()


async def revoke_all(session: AsyncSession, user_id: str, now: datetime) -> None:
    """For a user whose account may have been taken over."""
    not_revoked = (ApiKey.user_id == user_id) & ApiKey.revoked_at.is_(None)
    await session.execute(update(ApiKey).where(not_revoked).values(revoked_at=now))


def _is_active(user_id: str, now: datetime) -> ColumnElement[bool]:
    return (
        (ApiKey.user_id == user_id)
        & ApiKey.revoked_at.is_(None)
        & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
    )


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
