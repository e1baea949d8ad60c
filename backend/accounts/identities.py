"""Whose account belongs to whom at Google. Only issuer and subject say so: an e-mail address links nothing."""

import re
import secrets

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import audit, service
from backend.accounts.audit import Action
from backend.accounts.google import Person
from backend.accounts.registration import RegistrationOff
from backend.accounts.tables import Identity, User
from backend.database import Database
from backend.errors import Conflict, NotFound
from backend.settings import Registration


class LinkedElsewhere(Conflict):
    code = "linked_elsewhere"
    detail = "This Google account belongs to another user here."


class NotLinked(NotFound):
    code = "not_linked"
    detail = "Your account is not linked with Google."


class LastWayIn(Conflict):
    code = "last_way_in"
    detail = "This account has no password: without Google nobody could sign in. Ask an admin to set one."


async def sign_in(database: Database, mode: Registration, person: Person) -> User:
    """The user who is this person. Somebody new registers, as far as the server lets strangers do so."""
    async with database.write() as session:
        user = await _find(session, person)
        if user is None:
            if mode is Registration.OFF:
                raise RegistrationOff
            user = await _register(session, mode, person)
    if user.pending:
        raise service.WaitsForApproval
    if not user.active:
        raise service.WrongCredentials
    return user


async def link(session: AsyncSession, user: User, person: Person) -> None:
    """From now on this person may sign in as `user`, who is signed in and wants it so."""
    known = await _find(session, person)
    if known is not None and known.id != user.id:
        raise LinkedElsewhere
    if known is None:
        session.add(_identity(user, person))
        try:
            await session.flush()
        except IntegrityError as error:
            raise LinkedElsewhere from error
        audit.note(session, Action.IDENTITY_LINKED, subject=user.id)


async def unlink(session: AsyncSession, user: User) -> None:
    linked = (await session.scalars(select(Identity).where(Identity.user_id == user.id))).all()
    if not linked:
        raise NotLinked
    if user.password_hash is None:
        raise LastWayIn
    for identity in linked:
        await session.delete(identity)
    audit.note(session, Action.IDENTITY_UNLINKED, subject=user.id)


async def linked_emails(session: AsyncSession, user_id: str) -> list[str]:
    return list((await session.scalars(select(Identity.email).where(Identity.user_id == user_id))).all())


async def _find(session: AsyncSession, person: Person) -> User | None:
    theirs = (Identity.issuer == person.issuer) & (Identity.subject == person.subject)
    query = select(User).join(Identity, Identity.user_id == User.id).where(theirs)
    return (await session.scalars(query)).one_or_none()


async def _register(session: AsyncSession, mode: Registration, person: Person) -> User:
    waits = mode is Registration.APPROVAL
    user = await service.create(session, username=await _free_name(session, person), password_hash=None)
    user.active, user.pending = not waits, waits
    session.add(_identity(user, person))
    audit.note(session, Action.REGISTERED, subject=user.id, mode=mode.value, how="google")
    return user


def _identity(user: User, person: Person) -> Identity:
    return Identity(user_id=user.id, issuer=person.issuer, subject=person.subject, email=person.email)


async def _free_name(session: AsyncSession, person: Person) -> str:
    """Like the address before its @; where somebody has that name, with a few characters more."""
    wish = re.sub(r"[^\w.+-]", "", person.email.partition("@")[0])[:48] or "user"
    while await service.find_by_name(session, wish) is not None:
        wish = f"{wish[:48]}-{secrets.token_hex(3)}"
    return wish
