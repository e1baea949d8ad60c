"""Logins of devices: opening, renewing with single-use refresh tokens, and ending."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import audit, tokens
from backend.accounts.audit import Action
from backend.accounts.open_sockets import OpenSockets
from backend.accounts.tables import Login, User
from backend.database import Database, after_commit
from backend.errors import AppError, NotFound

#: Two tabs may renew at once, and a page that is left loses the answer: within this time the spent token gets the same
#: answer again instead of ending the login.
_RENEWAL_GRACE = timedelta(seconds=10)
#: How long an ended login is stored, so that a token stolen from it is recognised.
_ENDED_LOGIN_RETENTION = timedelta(days=90)


class RenewalRefused(AppError):
    status = 401
    code = "not_signed_in"
    detail = "Sign in again."


class LoginNotFound(NotFound):
    code = "login_not_found"
    detail = "There is no such login, or it has ended."


async def open_login(session: AsyncSession, user: User, *, device: str, now: datetime, days: int) -> tuple[Login, str]:
    """Create a login for `user`. Returns it with its first refresh token."""
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
    old = (Login.user_id == user.id) & (
        (Login.ended_at < now - _ENDED_LOGIN_RETENTION) | (Login.expires_at < now - _ENDED_LOGIN_RETENTION)
    )
    await session.execute(delete(Login).where(old))
    await session.flush()
    return login, f"{login.id}.{secret}"


async def renew(
    database: Database, open_sockets: OpenSockets, secret_key: str, token: str, now: datetime
) -> tuple[User, Login, str]:
    """Exchange the newest refresh token for the next one. A token that was used before ends the login.

    The next one is derived from the token, so that both of two requests at once get it."""
    id, _, secret = token.partition(".")
    following = _following(secret_key, id, secret)
    given, next_hash = _hash(secret), _hash(following)
    async with database.write() as session:
        login = await session.get(Login, id, with_for_update=True)
        user = await session.get(User, login.user_id) if login else None
        if login is None or user is None or not user.active or login.ended_at or login.expires_at <= now:
            raise RenewalRefused
        if hmac.compare_digest(login.secret_hash, given):
            login.spent_hash, login.secret_hash = given, next_hash
            login.used_at, login.address = now, audit.address.get() or ""
            return user, login, f"{login.id}.{following}"
        is_repeated = given == login.spent_hash and hmac.compare_digest(login.secret_hash, next_hash)
        if is_repeated and now - login.used_at < _RENEWAL_GRACE:
            return user, login, f"{login.id}.{following}"
        login.ended_at = now
        audit.note(session, Action.REFRESH_REUSED, subject=login.id, by=user)
        after_commit(session, lambda: open_sockets.end(user.id, login.id))
    raise RenewalRefused


async def active_logins(session: AsyncSession, user_id: str, now: datetime) -> Sequence[Login]:
    """The open logins of this user, most recently used first."""
    not_ended = (Login.user_id == user_id) & Login.ended_at.is_(None) & (Login.expires_at > now)
    return (await session.scalars(select(Login).where(not_ended).order_by(Login.used_at.desc(), Login.id))).all()


async def filter_active(session: AsyncSession, logins: Collection[tokens.Login], now: datetime) -> set[tokens.Login]:
    """Those of `logins` that are still valid, found with two queries."""
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


async def end(session: AsyncSession, open_sockets: OpenSockets, *, user_id: str, id: str, now: datetime) -> None:
    """Sign out one device of this user."""
    matches = (Login.id == id) & (Login.user_id == user_id) & Login.ended_at.is_(None)
    if await session.scalar(select(Login.id).where(matches)) is None:
        raise LoginNotFound
    await session.execute(update(Login).where(matches).values(ended_at=now))
    audit.note(session, Action.SIGNED_OUT, subject=id)
    after_commit(session, lambda: open_sockets.end(user_id, id))


async def end_by_token(database: Database, open_sockets: OpenSockets, token: str, now: datetime) -> None:
    """Sign out the device that holds this refresh token. Any other token is ignored."""
    id, _, secret = token.partition(".")
    async with database.write() as session:
        login = await session.get(Login, id)
        if login is None or login.ended_at or not hmac.compare_digest(login.secret_hash, _hash(secret)):
            return
        audit.actor.set(None)
        login.ended_at = now
        audit.note(session, Action.SIGNED_OUT, subject=id, by=await session.get(User, login.user_id))
        after_commit(session, lambda: open_sockets.end(login.user_id, id))


async def end_all(session: AsyncSession, user_id: str, now: datetime) -> None:
    """Invalidate every token of this user. The caller ends open sockets with `OpenSockets.end`."""
    await session.execute(update(User).where(User.id == user_id).values(token_epoch=User.token_epoch + 1))
    not_ended = (Login.user_id == user_id) & Login.ended_at.is_(None)
    await session.execute(update(Login).where(not_ended).values(ended_at=now))


def _following(secret_key: str, login_id: str, secret: str) -> str:
    """The secret of the refresh token that comes after this one; nobody without the key can know it."""
    digest = hmac.digest(
        secret_key.encode(), f"refresh\0{login_id}\0{secret}".encode("utf-8", "replace"), hashlib.sha256
    )
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hash(secret: str) -> str:
    # The secret has 256 random bits, so it needs no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
