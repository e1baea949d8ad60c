"""Logins: a device signs in, renews its login with a token that is good once, and is signed out for good."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import audit, tokens
from backend.accounts.audit import Action
from backend.accounts.presence import Presence
from backend.accounts.tables import Login, User
from backend.database import Database, after_commit
from backend.errors import AppError, Conflict, NotFound

#: Two tabs renew at once: one wins, and the other hears within this time that it came second. Nobody gets two tokens.
_TOGETHER = timedelta(seconds=10)
#: An ended login is kept so long, so that a token stolen from it is recognised.
_REMEMBERED = timedelta(days=90)


class NotRenewed(AppError):
    status = 401
    code = "not_signed_in"
    detail = "Sign in again."


class RenewedElsewhere(Conflict):
    code = "renewed_elsewhere"
    detail = "Another window has just renewed this login. Try again."


class LoginNotFound(NotFound):
    code = "login_not_found"
    detail = "There is no such login, or it has ended."


async def open_login(session: AsyncSession, user: User, *, device: str, now: datetime, days: int) -> tuple[Login, str]:
    """A new login of `user`, and its first refresh token."""
    secret = secrets.token_urlsafe(32)
    login = Login(
        user_id=user.id,
        secret_hash=_hash(secret),
        device=device[:200],
        address=audit.address.get() or "",
        created_at=now,
        used_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(login)
    old = (Login.user_id == user.id) & ((Login.ended_at < now - _REMEMBERED) | (Login.expires_at < now - _REMEMBERED))
    await session.execute(delete(Login).where(old))
    await session.flush()
    return login, f"{login.id}.{secret}"


async def renew(database: Database, presence: Presence, token: str, now: datetime) -> tuple[User, Login, str]:
    """The user, the login and the next refresh token, for the newest one. One that was spent ends the login."""
    id, _, secret = token.partition(".")
    given = _hash(secret)
    async with database.write() as session:
        login = await session.get(Login, id, with_for_update=True)
        user = await session.get(User, login.user_id) if login else None
        if login is None or user is None or not user.active or login.ended_at or login.expires_at <= now:
            raise NotRenewed
        if hmac.compare_digest(login.secret_hash, given):
            secret = secrets.token_urlsafe(32)
            login.spent_hash, login.secret_hash = given, _hash(secret)
            login.used_at, login.address = now, audit.address.get() or ""
            return user, login, f"{login.id}.{secret}"
        if given == login.spent_hash and now - login.used_at < _TOGETHER:
            raise RenewedElsewhere
        login.ended_at = now
        audit.note(session, Action.REFRESH_REUSED, subject=login.id, by=user)
        after_commit(session, lambda: presence.end(user.id, login.id))
    raise NotRenewed


async def open_ones(session: AsyncSession, user_id: str, now: datetime) -> Sequence[Login]:
    """The logins of this user, the last used first."""
    still = (Login.user_id == user_id) & Login.ended_at.is_(None) & (Login.expires_at > now)
    return (await session.scalars(select(Login).where(still).order_by(Login.used_at.desc(), Login.id))).all()


async def good_ones(session: AsyncSession, logins: Collection[tokens.Login], now: datetime) -> set[tokens.Login]:
    """Those of the logins that have not ended, with what two queries say of all of them."""
    users = select(User.id, User.token_epoch).where(User.active, User.id.in_({login.user_id for login in logins}))
    epochs = {id: epoch for id, epoch in await session.execute(users)}
    ids = {login.id for login in logins if login.id is not None}
    open_ = select(Login.id, Login.user_id).where(Login.id.in_(ids), Login.ended_at.is_(None), Login.expires_at > now)
    owners = {id: user_id for id, user_id in await session.execute(open_)}
    return {
        login
        for login in logins
        if epochs.get(login.user_id) == login.epoch and (login.id is None or owners.get(login.id) == login.user_id)
    }


async def end(session: AsyncSession, presence: Presence, *, user_id: str, id: str, now: datetime) -> None:
    """Sign one device out."""
    mine = (Login.id == id) & (Login.user_id == user_id) & Login.ended_at.is_(None)
    if await session.scalar(select(Login.id).where(mine)) is None:
        raise LoginNotFound
    await session.execute(update(Login).where(mine).values(ended_at=now))
    audit.note(session, Action.SIGNED_OUT, subject=id)
    after_commit(session, lambda: presence.end(user_id, id))


async def end_by_token(database: Database, presence: Presence, token: str, now: datetime) -> None:
    """Sign out the device that has this refresh token; any other token signs nobody out."""
    id, _, secret = token.partition(".")
    async with database.write() as session:
        login = await session.get(Login, id)
        if login is None or login.ended_at or not hmac.compare_digest(login.secret_hash, _hash(secret)):
            return
        audit.actor.set(None)
        login.ended_at = now
        audit.note(session, Action.SIGNED_OUT, subject=id, by=await session.get(User, login.user_id))
        after_commit(session, lambda: presence.end(login.user_id, id))


async def end_all(session: AsyncSession, user_id: str, now: datetime) -> None:
    """Make every token of this user worthless, at once. Open sockets are told by `Presence.end`."""
    await session.execute(update(User).where(User.id == user_id).values(token_epoch=User.token_epoch + 1))
    still = (Login.user_id == user_id) & Login.ended_at.is_(None)
    await session.execute(update(Login).where(still).values(ended_at=now))


def _hash(secret: str) -> str:
    # A secret of 256 random bits needs no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
