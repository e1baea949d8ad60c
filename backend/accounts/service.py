"""Accounts: who there is, how they sign in, and who may change whom."""

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

#: What a user name may not hold: control and format characters (they hide or turn text), line ends, half characters.
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class WrongCredentials(AppError):
    """Says the same of an unknown name, a wrong password and a disabled account."""

    status = 401
    code = "wrong_credentials"
    detail = "User name or password is wrong."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class WaitsForApproval(AppError):
    """Said only to somebody who has shown the right password, or whom Google vouches for."""

    status = 403
    code = "waits_for_approval"
    detail = "An admin has to approve this account first."


class WrongPassword(AppError):
    status = 403
    code = "wrong_password"
    detail = "The present password is wrong."


class UsernameTaken(Conflict):
    code = "username_taken"
    detail = "There is already a user of this name."


class InvalidUsername(InvalidInput):
    code = "invalid_username"
    detail = "A user name has 1 to 64 visible characters."


class UserNotFound(NotFound):
    code = "user_not_found"
    detail = "There is no such user."


class NotWaiting(Conflict):
    code = "not_waiting"
    detail = "This account is not waiting for approval."


class OutOfReach(AppError):
    status = 403
    code = "out_of_reach"
    detail = "Only a super admin changes or appoints somebody of your own role or above."


class NotOneself(Conflict):
    code = "not_oneself"
    detail = "Nobody changes his or her own account here."


async def sign_in(database: Database, passwords: Passwords, username: str, password: str) -> User:
    """The user with this name and password; otherwise `WrongCredentials`, after the same time whatever was wrong,
    or `WaitsForApproval`."""
    # No session is open while the hash is computed: waiting logins must not use up the connections.
    async with database.read() as session:
        user = await find_by_name(session, username)
    known = await passwords.verify(user.password_hash if user else None, password)
    if user is not None and known and user.pending:
        raise WaitsForApproval
    if user is None or user.password_hash is None or not known or not user.active:
        logger.info("Sign-in refused", extra={"user": user.id if user else None})
        async with database.write() as session:
            # The name that was typed is not kept: it may be a password in the wrong field.
            audit.note(session, Action.SIGN_IN_REFUSED, subject=user.id if user else None)
        raise WrongCredentials
    if renewed := await passwords.renew(user.password_hash, password):
        async with database.write() as session:
            same = (User.id == user.id, User.password_hash == user.password_hash)
            await session.execute(update(User).where(*same).values(password_hash=renewed))
    logger.info("Signed in", extra={"user": user.id})
    return user


async def check_password(passwords: Passwords, user: User, password: str) -> None:
    """Raise `WrongPassword` for any but the user's own. Who has none (Google) has nothing to show."""
    if user.password_hash is not None and not await passwords.verify(user.password_hash, password):
        raise WrongPassword


async def change_password(database: Database, passwords: Passwords, user: User, old: str, new: str) -> User:
    """Give `user`, who knows the old password, a new one. Every login ends; the user returned has the new epoch."""
    if not await passwords.verify(user.password_hash, old):
        raise WrongPassword
    new_hash = await passwords.hash(new, username=user.username)
    async with database.write() as session:
        # somebody else may have changed the password or ended the logins while the hash was made
        mine = await session.get(User, user.id, with_for_update=True)
        if mine is None or mine.token_epoch != user.token_epoch or mine.password_hash != user.password_hash:
            raise Conflict
        mine.password_hash = new_hash
        await session.flush()
        await logins.end_all(session, mine.id, utc_now())
        audit.note(session, Action.PASSWORD_CHANGED, subject=mine.id, by=mine)
        await session.refresh(mine)
    logger.info("Password changed", extra={"user": user.id})
    return mine


async def end_logins(session: AsyncSession, user_id: str) -> None:
    """Make every token of this user worthless."""
    await logins.end_all(session, user_id, utc_now())
    audit.note(session, Action.LOGINS_ENDED, subject=user_id)
    logger.info("Logins ended", extra={"user": user_id})


async def create(session: AsyncSession, *, username: str, password_hash: str | None, role: Role = Role.USER) -> User:
    """Add a user. The role is the caller's decision and never taken from a stranger's body."""
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
    """The user with this id; otherwise `UserNotFound`."""
    user = await session.get(User, user_id)
    if user is None:
        raise UserNotFound
    return user


async def find_by_name(session: AsyncSession, username: str) -> User | None:
    """The user whom people mean by this name; a name nobody can have is nobody's."""
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
    """One page of the users, by name, and how many there are on all pages."""
    wanted: list[ColumnElement[bool]] = []
    if text.strip():
        wanted.append(User.username_key.contains(_folded(_visible(text)), autoescape=True))
    if role is not None:
        wanted.append(User.role == role.value)
    if active is not None:
        wanted.append(User.active == active)
    if pending is not None:
        wanted.append(User.pending == pending)
    page = select(User).where(*wanted).order_by(User.username_key).limit(limit).offset(offset)
    total = await session.scalar(select(func.count()).select_from(User).where(*wanted))
    return (await session.scalars(page)).all(), total or 0


async def set_role(session: AsyncSession, *, actor_id: str, user_id: str, role: Role) -> User:
    """Appoint or demote somebody; in force with the user's next request."""
    user = await reach(session, actor_id=actor_id, user_id=user_id, role=role)
    audit.note(session, Action.USER_CHANGED, subject=user.id, role=[user.role, role.value])
    user.role = role.value
    logger.info("Role set", extra={"by": actor_id, "changed": user_id, "role": role.value})
    return user


async def rename(session: AsyncSession, *, actor_id: str, user_id: str, username: str) -> User:
    """Give somebody another name to sign in with; `UsernameTaken` where it is somebody else's."""
    user = await reach(session, actor_id=actor_id, user_id=user_id)
    return await _named(session, user, username)


async def rename_oneself(session: AsyncSession, user_id: str, username: str) -> User:
    """Give oneself another name to sign in with. Logins and keys stay good: none of them knows the name."""
    user = await session.get(User, user_id, with_for_update=True)
    if user is None:
        raise UserNotFound
    return await _named(session, user, username)


async def set_active(session: AsyncSession, *, actor_id: str, user_id: str, active: bool) -> User:
    """Disable or enable an account. Who is disabled is out at once, and signs in anew when enabled."""
    user = await reach(session, actor_id=actor_id, user_id=user_id)
    if user.active != active:
        audit.note(session, Action.USER_CHANGED, subject=user.id, active=active)
    if active:
        user.pending = False  # to enable somebody is to approve
    if user.active and not active:
        await session.flush()
        await logins.end_all(session, user.id, utc_now())
        await session.refresh(user)
    user.active = active
    logger.info("Account enabled" if active else "Account disabled", extra={"by": actor_id, "changed": user_id})
    return user


async def approve(session: AsyncSession, *, actor_id: str, user_id: str) -> User:
    """Let somebody in who asked for an account."""
    user = await reach(session, actor_id=actor_id, user_id=user_id)
    if not user.pending:
        raise NotWaiting
    user.pending, user.active = False, True
    audit.note(session, Action.APPROVED, subject=user.id)
    return user


async def reject(session: AsyncSession, *, actor_id: str, user_id: str) -> None:
    """Forget somebody who asked for an account. The name is free again."""
    user = await reach(session, actor_id=actor_id, user_id=user_id)
    if not user.pending:
        raise NotWaiting
    audit.note(session, Action.REJECTED, subject=user.id, name=user.username)
    await session.delete(user)


async def set_password(session: AsyncSession, *, actor_id: str, user_id: str, password_hash: str) -> User:
    """Give somebody else a new password; end the logins made with the old one, and the keys."""
    user = await reach(session, actor_id=actor_id, user_id=user_id)
    user.password_hash = password_hash
    await session.flush()
    await logins.end_all(session, user.id, utc_now())
    await session.refresh(user)
    await keys.revoke_all(session, user.id, utc_now())
    audit.note(session, Action.PASSWORD_RESET, subject=user.id)
    logger.info("Password reset", extra={"by": actor_id, "changed": user_id})
    return user


async def reach(session: AsyncSession, *, actor_id: str, user_id: str, role: Role | None = None) -> User:
    """The user `user_id`, if `actor_id` may change him or her (and give `role`); otherwise `OutOfReach`.

    Both rows are read and locked inside the transaction: of two super admins who demote each other at once, one
    succeeds and stays. So there is always one left.
    """
    if actor_id == user_id:
        raise NotOneself
    both = select(User).where(User.id.in_((actor_id, user_id))).order_by(User.id)
    found = {user.id: user for user in await session.scalars(both.with_for_update(), execution_options=_FRESH)}
    actor, user = found.get(actor_id), found.get(user_id)
    if user is None:
        raise UserNotFound
    highest = max(Role(user.role).rank, role.rank if role else 0)
    if actor is None or not actor.active or not may_change(Role(actor.role), highest):
        raise OutOfReach
    return user


async def _named(session: AsyncSession, user: User, username: str) -> User:
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


#: Rows seen earlier in the same session are read again.
_FRESH = {"populate_existing": True}


def may_change(actor: Role, rank: int) -> bool:
    """Nobody changes somebody of the same rank or above, but for super admins."""
    return actor is Role.SUPER_ADMIN or (actor is Role.ADMIN and actor.rank > rank)


def username_key(username: str) -> str:
    """What makes two names the same to people: width, case and the number of spaces do not count."""
    name = username.strip()
    key = _folded(name)
    if not 1 <= len(name) <= 64 or not 1 <= len(key) <= 128 or _visible(name) != name:
        raise InvalidUsername
    return key


def throttle_key(username: str) -> str:
    """Under which guesses at this name are counted, whether anybody has it or not."""
    return _folded(username[:256])


def _folded(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def _visible(text: str) -> str:
    return "".join(character for character in text if unicodedata.category(character) not in _FORBIDDEN)
