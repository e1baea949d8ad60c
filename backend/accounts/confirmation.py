"""Confirms that the person at a signed-in device is its user, before something that outlives the login."""

from datetime import datetime

from backend.accounts import second_factor, service
from backend.accounts.passwords import Passwords
from backend.accounts.tables import User
from backend.database import Database
from backend.errors import AppError
from backend.settings import Settings


class ConfirmationNeeded(AppError):
    status = 403
    code = "confirmation_needed"
    detail = "Send your password as `password`, or a code of your authenticator as `code`. Set up one of them first."


async def confirm(
    database: Database,
    settings: Settings,
    passwords: Passwords,
    user: User,
    *,
    password: str | None,
    code: str | None,
    now: datetime,
) -> None:
    """Return if the password or the code is right. Raises WrongPassword, WrongCode or ConfirmationNeeded."""
    async with database.read() as session:
        has_second_factor = await second_factor.is_enabled(session, user.id)
    if code and has_second_factor:
        await second_factor.check(database, settings, user, code, now)
    elif password and user.password_hash is not None:
        await service.check_password(passwords, user, password)
    else:
        raise ConfirmationNeeded
