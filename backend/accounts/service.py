"""Accounts: finding them, signing in, and who may change whom."""

import logging
import unicodedata
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import audit, keys, logins
from backend.accounts.audit import Action
from backend.accounts.passwords import Passwords
from backend.accounts.tables import Role, User
from backend.database import Database, utc_now
from backend.errors import AppError, Conflict, InvalidInput, NotFound

logger = logging.getLogger(__name__)

#: Unicode categories that a user name may not contain: control and format characters (they hide or reorder text), line
#: separators, surrogates.
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class WrongCredentials(AppError):
    """The same for an unknown name, a wrong password and a disabled account."""

    status = 401
    code = "wrong_credentials"
    detail = "The user name or password is wrong."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class ApprovalPending(AppError):
    """Raised only after the right password or a valid Google sign-in."""

    status = 403
    code = "waits_for_approval"
    detail = "An admin has to approve this account first."


class WrongPassword(AppError):
    status = 403
    code = "wrong_password"
    detail = "The current password is wrong."


class UsernameTaken(Conflict):
    code = "username_taken"
    detail = "This user name is taken."


class InvalidUsername(InvalidInput):
    code = "invalid_username"
    detail = "A user name has 1 to 64 visible characters."


class UserNotFound(NotFound):
    code = "user_not_found"
    detail = "There is no such user."


class NotPendingApproval(Conflict):
    code = "not_waiting"
    detail = "This account is not waiting for approval."


class InsufficientRole(AppError):
    status = 403
    code = "out_of_reach"
    detail = "Only a super admin may change users of your role or above, or give these roles."


class CannotChangeSelf(Conflict):
    code = "not_oneself"
    detail = "You cannot change your own account here."


async def sign_in(database: Database, passwords: Passwords, username: str, password: str) -> User:
    """The user with this name and password. Raises `ApprovalPending`, or `WrongCredentials` in constant time."""
    # No session is open while the hash is computed, so that waiting sign-ins do not use up the connections.
    async with database.read() as session:
        user = await find_by_name(session, username)
    right = await passwords.verify(user.password_hash if user else None, password)
    if user is not None and right and user.pending:
        raise ApprovalPending
    if user is None or user.password_hash is None or not right or not user.active:
        logger.info("Sign-in refused", extra={"user": user.id if user else None})
        async with database.write() as session:
            # The typed name is not stored: it may be a password entered in the wrong field.
            audit.note(session, Action.SIGN_IN_REFUSED, subject=user.id if user else None)
        raise WrongCredentials
    if renewed := await passwords.renew(user.password_hash, password):
        async with database.write() as session:
            same = (User.id == user.id, User.password_hash == user.password_hash)
            await session.execute(update(User).where(*same).values(password_hash=renewed))
    logger.info("Signed in", extra={"user": user.id})
    return user


async def check_password(passwords: Passwords, user: User, password: str) -> None:
    """Raise `WrongPassword` if this is not the user's password. A user without one (Google) always passes."""
    if user.password_hash is not None and not await passwords.verify(user.password_hash, password):
        raise WrongPassword


async def change_password(
    database: Database, passwords: Passwords, user: User, old: str, new: str, *, revoke_keys: bool = False
) -> User:
    """Replace the password and end every login, and with `revoke_keys` every API key. The user returned has the new
    `token_epoch`."""
    if not await passwords.verify(user.password_hash, old):
        raise WrongPassword
    new_hash = await passwords.hash(new, username=user.username)
    async with database.write() as session:
        # another request may have changed the password or ended the logins while the hash was made
        current = await session.get(User, user.id, with_for_update=True)
        if current is None or current.token_epoch != user.token_epoch or current.password_hash != user.password_hash:
            raise Conflict
        current.password_hash = new_hash
        await session.flush()
        await logins.end_all(session, current.id, utc_now())
        if revoke_keys:
            await keys.revoke_active(session, current.id, utc_now())
        audit.note(session, Action.PASSWORD_CHANGED, subject=current.id, by=current)
        await session.refresh(current)
    logger.info("Password changed", extra={"user": user.id})
    return current


async def end_logins(session: AsyncSession, user_id: str) -> None:
    """Invalidate every token of this user."""
    await logins.end_all(session, user_id, utc_now())
    audit.note(session, Action.LOGINS_ENDED, subject=user_id)
    logger.info("Logins ended", extra={"user": user_id})


async def create(session: AsyncSession, *, username: str, password_hash: str | None, role: Role = Role.USER) -> User:
    """Add a user. The caller decides the role; it never comes from a self-registration."""
    name = username.strip()
    user = User(username=name, username_key=username_key(name), password_hash=password_hash, role=role.value)
    session.add(user)
    try:
        await session.flush()
    except IntegrityError as error:
        raise UsernameTaken from error
    audit.note(session, Action.USER_CREATED, subject=user.id, role=role.value)
    logger.info("User created", extra={"user": user.id, "role": role.value})
    return user


async def find(session: AsyncSession, user_id: str) -> User:
    """The user with this id. Raises `UserNotFound`."""
    user = await session.get(User, user_id)
    if user is None:
        raise UserNotFound
    return user


async def find_by_name(session: AsyncSession, username: str) -> User | None:
    """The user with this name, spelled in any way that `username_key` treats as equal; none if there is none."""
    try:
        key = username_key(username)
    except InvalidUsername:
        return None
    return (await session.scalars(select(User).where(User.username_key == key))).one_or_none()


async def search(
    session: AsyncSession,
    *,
    text: str = "",
    role: Role | None = None,
    active: bool | None = None,
    pending: bool | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[User], int]:
    """One page of users, sorted by name, and the number of users on all pages."""
    conditions: list[ColumnElement[bool]] = []
    if text.strip():
        conditions.append(User.username_key.contains(_normalized(_visible(text)), autoescape=True))
    if role is not None:
        conditions.append(User.role == role.value)
    if active is not None:
        conditions.append(User.active == active)
    if pending is not None:
        conditions.append(User.pending == pending)
    page = select(User).where(*conditions).order_by(User.username_key).limit(limit).offset(offset)
    total = await session.scalar(select(func.count()).select_from(User).where(*conditions))
    return (await session.scalars(page)).all(), total or 0


async def set_role(session: AsyncSession, *, actor_id: str, user_id: str, role: Role) -> User:
    """Change the role of a user. It takes effect with the user's next request."""
    user = await find_changeable(session, actor_id=actor_id, user_id=user_id, role=role)
    audit.note(session, Action.USER_CHANGED, subject=user.id, role=[user.role, role.value])
    user.role = role.value
    logger.info("Role set", extra={"by": actor_id, "changed": user_id, "role": role.value})
    return user


async def rename(session: AsyncSession, *, actor_id: str, user_id: str, username: str) -> User:
    """Change the user name. Raises `UsernameTaken`."""
    user = await find_changeable(session, actor_id=actor_id, user_id=user_id)
    return await _set_username(session, user, username)


async def rename_self(session: AsyncSession, user_id: str, username: str) -> User:
    """Change one's own user name. Logins and keys stay valid: they do not contain the name."""
    user = await session.get(User, user_id, with_for_update=True)
    if user is None:
        raise UserNotFound
    return await _set_username(session, user, username)


async def set_active(session: AsyncSession, *, actor_id: str, user_id: str, active: bool) -> User:
    """Disable or enable an account. Disabling ends every login; enabling does not bring them back."""
    user = await find_changeable(session, actor_id=actor_id, user_id=user_id)
    if user.active != active:
        audit.note(session, Action.USER_CHANGED, subject=user.id, active=active)
    if active:
        user.pending = False  # enabling an account approves it
    if user.active and not active:
        await session.flush()
        await logins.end_all(session, user.id, utc_now())
        await session.refresh(user)
    user.active = active
    logger.info("Account enabled" if active else "Account disabled", extra={"by": actor_id, "changed": user_id})
    return user


async def approve(session: AsyncSession, *, actor_id: str, user_id: str) -> User:
    """Approve a self-registered account."""
    user = await find_changeable(session, actor_id=actor_id, user_id=user_id)
    if not user.pending:
        raise NotPendingApproval
    user.pending, user.active = False, True
    audit.note(session, Action.APPROVED, subject=user.id)
    return user


async def reject(session: AsyncSession, *, actor_id: str, user_id: str) -> None:
    """Delete an account that waits for approval. Its name is free again."""
    user = await find_changeable(session, actor_id=actor_id, user_id=user_id)
    if not user.pending:
        raise NotPendingApproval
    audit.note(session, Action.REJECTED, subject=user.id, name=user.username)
    await session.delete(user)


async def set_password(session: AsyncSession, *, actor_id: str, user_id: str, password_hash: str) -> User:
    """Set the password of another user, end every login and revoke every key."""
    user = await find_changeable(session, actor_id=actor_id, user_id=user_id)
    user.password_hash = password_hash
    await session.flush()
    await logins.end_all(session, user.id, utc_now())
    await session.refresh(user)
    await keys.revoke_all(session, user.id, utc_now())
    audit.note(session, Action.PASSWORD_RESET, subject=user.id)
    logger.info("Password reset", extra={"by": actor_id, "changed": user_id})
    return user


async def find_changeable(session: AsyncSession, *, actor_id: str, user_id: str, role: Role | None = None) -> User:
    """The user `user_id`, if `actor_id` may change this account (and give it `role`). Raises `InsufficientRole`.

    Both rows are locked in this transaction: if two super admins demote each other at the same time, only one succeeds,
    so one super admin is always left.
    """
    if actor_id == user_id:
        raise CannotChangeSelf
    both = select(User).where(User.id.in_((actor_id, user_id))).order_by(User.id)
    found = {user.id: user for user in await session.scalars(both.with_for_update(), execution_options=_REREAD)}
    actor, user = found.get(actor_id), found.get(user_id)
    if user is None:
        raise UserNotFound
    highest = max(Role(user.role).rank, role.rank if role else 0)
    if actor is None or not actor.active or not may_change(Role(actor.role), highest):
        raise InsufficientRole
    return user


async def _set_username(session: AsyncSession, user: User, username: str) -> User:
    name, key = username.strip(), username_key(username)
    if name == user.username:
        return user
    audit.note(session, Action.USER_CHANGED, subject=user.id, username=[user.username, name])
    user.username, user.username_key = name, key
    try:
        await session.flush()
    except IntegrityError as error:
        raise UsernameTaken from error
    return user


#: Reads rows again that the session has already loaded.
_REREAD = {"populate_existing": True}


def may_change(actor: Role, rank: int) -> bool:
    """Admins may change users of a lower rank only; super admins may change everybody."""
    return actor is Role.SUPER_ADMIN or (actor is Role.ADMIN and actor.rank > rank)


def username_key(username: str) -> str:
    """The form in which names are compared: width, case and repeated spaces do not matter. Raises `InvalidUsername`."""
    name = username.strip()
    key = _normalized(name)
    if not 1 <= len(name) <= 64 or not 1 <= len(key) <= 128 or _visible(name) != name:
        raise InvalidUsername
    return key


def throttle_key(username: str) -> str:
    """The key under which failed sign-ins for this name are counted, whether or not the user exists."""
    return _normalized(username[:256])


def _normalized(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def _visible(text: str) -> str:
    return "".join(character for character in text if unicodedata.category(character) not in _FORBIDDEN)
