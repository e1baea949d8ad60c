"""Links between users and Google accounts. They are matched by issuer and subject, never by e-mail address."""

import re
import secrets

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import audit, service
from backend.accounts.audit import Action
from backend.accounts.google import GoogleIdentity
from backend.accounts.registration import RegistrationOff, check_waiting_room
from backend.accounts.tables import Identity, User
from backend.database import Database
from backend.errors import Conflict, NotFound
from backend.settings import Registration


class LinkedToAnotherUser(Conflict):
    code = "linked_elsewhere"
    detail = "This Google account is linked to another user."


class NotLinked(NotFound):
    code = "not_linked"
    detail = "Your account is not linked with Google."


class OnlySignInMethod(Conflict):
    code = "last_way_in"
    detail = "Your account has no password, so you could not sign in without Google. Ask an admin to set one."


async def sign_in(database: Database, mode: Registration, identity: GoogleIdentity) -> User:
    """The user linked to this Google account. An unknown one is registered, if the registration mode allows it."""
    async with database.write() as session:
        user = await _find(session, identity)
        if user is None:
            if mode is Registration.OFF:
                raise RegistrationOff
            user = await _register(session, mode, identity)
    if user.pending:
        raise service.ApprovalPending
    if not user.active:
        raise service.WrongCredentials
    return user


async def link(session: AsyncSession, user: User, identity: GoogleIdentity) -> None:
    """Let this Google account sign in as `user`, who is signed in."""
    known = await _find(session, identity)
    if known is not None and known.id != user.id:
        raise LinkedToAnotherUser
    if known is None:
        session.add(_identity(user, identity))
        try:
            await session.flush()
        except IntegrityError as error:
            raise LinkedToAnotherUser from error
        audit.note(session, Action.IDENTITY_LINKED, subject=user.id)


async def unlink(session: AsyncSession, user: User) -> None:
    linked = (await session.scalars(select(Identity).where(Identity.user_id == user.id))).all()
    if not linked:
        raise NotLinked
    if user.password_hash is None:
        raise OnlySignInMethod
    for identity in linked:
        await session.delete(identity)
    audit.note(session, Action.IDENTITY_UNLINKED, subject=user.id)


async def linked_emails(session: AsyncSession, user_id: str) -> list[str]:
    return list((await session.scalars(select(Identity.email).where(Identity.user_id == user_id))).all())


async def _find(session: AsyncSession, identity: GoogleIdentity) -> User | None:
    matches = (Identity.issuer == identity.issuer) & (Identity.subject == identity.subject)
    query = select(User).join(Identity, Identity.user_id == User.id).where(matches)
    return (await session.scalars(query)).one_or_none()


async def _register(session: AsyncSession, mode: Registration, identity: GoogleIdentity) -> User:
    needs_approval = mode is Registration.APPROVAL
    if needs_approval:
        await check_waiting_room(session)
    user = await service.create(session, username=await _free_name(session, identity), password_hash=None)
    user.active, user.pending = not needs_approval, needs_approval
    session.add(_identity(user, identity))
    audit.note(session, Action.REGISTERED, subject=user.id, mode=mode.value, how="google")
    return user


def _identity(user: User, identity: GoogleIdentity) -> Identity:
    return Identity(user_id=user.id, issuer=identity.issuer, subject=identity.subject, email=identity.email)


async def _free_name(session: AsyncSession, identity: GoogleIdentity) -> str:
    """The part of the e-mail address before the @, with a random suffix if the name is taken."""
    name = re.sub(r"[^\w.+-]", "", identity.email.partition("@")[0])[:48] or "user"
    while await service.find_by_name(session, name) is not None:
        name = f"{name[:48]}-{secrets.token_hex(3)}"
    return name
