"""Self-registration. The answer does not depend on whether the name was free, so it reveals no account."""

import logging

from sqlalchemy import func, select

from backend.accounts import audit, service
from backend.accounts.audit import Action
from backend.accounts.passwords import Passwords
from backend.accounts.tables import User
from backend.database import Database
from backend.errors import AppError, TooManyRequests
from backend.settings import Registration

logger = logging.getLogger(__name__)

#: Accounts that may wait for approval at the same time.
_MAX_PENDING = 200


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
            waiting = await session.scalar(select(func.count()).select_from(User).where(User.pending))
            if needs_approval and (waiting or 0) >= _MAX_PENDING:
                raise TooManyPendingAccounts(headers={"Retry-After": "3600"})
            user = await service.create(session, username=username, password_hash=password_hash)
            user.active, user.pending = not needs_approval, needs_approval
            audit.note(session, Action.REGISTERED, subject=user.id, mode=mode.value)
    except service.UsernameTaken:
        logger.info("Registration of a name that is taken")
