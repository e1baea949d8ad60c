"""Self-registration. The answer does not depend on whether the name was free, so it reveals no account."""

import logging

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import audit, service
from backend.accounts.audit import Action
from backend.accounts.passwords import Passwords
from backend.accounts.tables import AuditEntry, User
from backend.accounts.throttle import network_of
from backend.database import Database
from backend.errors import AppError, TooManyRequests
from backend.settings import Registration

logger = logging.getLogger(__name__)

#: Accounts that may wait for approval at the same time, of all and of one network (the size that one customer of a
#: provider has), so that one network cannot keep all others out.
_MAX_PENDING, _MAX_PENDING_PER_NETWORK = 200, 50
_NETWORK_BITS = {"bits": 24, "bits_v6": 48}


class RegistrationOff(AppError):
    status = 403
    code = "registration_off"
    detail = "Registration is off on this server. Ask an admin for an account."


class TooManyPendingAccounts(TooManyRequests):
    code = "too_many_waiting"
    detail = "Too many accounts are waiting for approval. Ask an admin, or try again later."


async def register(database: Database, passwords: Passwords, mode: Registration, username: str, password: str) -> None:
    """Create an account with the lowest role. A name that is taken is no error: the caller must not learn of it."""
    if mode is Registration.OFF:
        raise RegistrationOff
    service.username_key(username)
    password_hash = await passwords.hash(password, username=username)
    needs_approval = mode is Registration.APPROVAL
    try:
        async with database.write() as session:
            if needs_approval:
                await check_waiting_room(session)
            user = await service.create(session, username=username, password_hash=password_hash)
            user.active, user.pending = not needs_approval, needs_approval
            audit.note(session, Action.REGISTERED, subject=user.id, mode=mode.value)
    except service.UsernameTaken:
        logger.info("Registration of a name that is taken")


async def check_waiting_room(session: AsyncSession) -> None:
    """Raise TooManyPendingAccounts if no further account may wait for approval, or none from this client's network."""
    registered = (AuditEntry.subject_id == User.id) & (AuditEntry.action == Action.REGISTERED.value)
    waiting = select(AuditEntry.address).select_from(User).outerjoin(AuditEntry, registered).where(User.pending)
    addresses = (await session.scalars(waiting)).all()
    here = network_of(audit.address.get() or "", **_NETWORK_BITS)
    from_here = sum(network_of(address or "", **_NETWORK_BITS) == here for address in addresses)
    if len(addresses) >= _MAX_PENDING or from_here >= _MAX_PENDING_PER_NETWORK:
        raise TooManyPendingAccounts(headers={"Retry-After": "3600"})
