"""Asking for an account. The answer is the same whether the name was free or not: nobody learns who is here."""

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

#: Accounts that may wait for approval; a flood of them ends here.
_MOST_WAITING = 200


class RegistrationOff(AppError):
    status = 403
    code = "registration_off"
    detail = "Accounts are made by an admin here. Ask one."


class TooManyWaiting(TooManyRequests):
    code = "too_many_waiting"
    detail = "Many people are waiting for approval. Ask an admin, or try again later."


async def register(database: Database, passwords: Passwords, mode: Registration, username: str, password: str) -> None:
    """Make an account of the lowest role, if the name is free. Only what is wrong with the wish itself is said."""
    if mode is Registration.OFF:
        raise RegistrationOff
    service.username_key(username)
    password_hash = await passwords.hash(password, username=username)
    waits = mode is Registration.APPROVAL
    try:
        async with database.write() as session:
            waiting = await session.scalar(select(func.count()).select_from(User).where(User.pending))
            if waits and (waiting or 0) >= _MOST_WAITING:
                raise TooManyWaiting(headers={"Retry-After": "3600"})
            user = await service.create(session, username=username, password_hash=password_hash)
            user.active, user.pending = not waits, waits
            audit.note(session, Action.REGISTERED, subject=user.id, mode=mode.value)
    except service.UsernameTaken:
        logger.info("Registration of a name that is taken")
