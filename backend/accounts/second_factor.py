"""Two-factor sign-in: TOTP codes, each accepted once, and recovery codes in case the authenticator is lost."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import audit
from backend.accounts.audit import Action
from backend.accounts.tables import SecondFactor, User
from backend.database import Database
from backend.errors import AppError, Conflict, NotFound
from backend.settings import Settings

ISSUER = "Meeting ASR"
_STEP_SECONDS = 30
_RECOVERY_CODES = 10


class SecondFactorNeeded(AppError):
    """Raised only after the right password was given."""

    status = 401
    code = "second_factor_needed"
    detail = "Send the code of your authenticator, or a recovery code, as `code`."


class WrongCode(AppError):
    status = 401
    code = "wrong_code"
    detail = "The code is wrong or was used already. Wait for the next one."


class SecondFactorAlreadyOn(Conflict):
    code = "second_factor_on"
    detail = "Two-factor sign-in is already on. Remove it first."


class SecondFactorOff(NotFound):
    code = "second_factor_off"
    detail = "Two-factor sign-in is not on."


async def enroll(session: AsyncSession, settings: Settings, user: User) -> tuple[str, str]:
    """A new secret and its otpauth URI, to be shown as a QR code. It takes effect with the first right code."""
    row = await session.get(SecondFactor, user.id, with_for_update=True)
    if row is not None and row.confirmed_at is not None:
        raise SecondFactorAlreadyOn
    secret = pyotp.random_base32()
    if row is None:
        row = SecondFactor(user_id=user.id)
        session.add(row)
    row.secret = _cipher(settings).encrypt(secret.encode()).decode()
    return secret, pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)


async def confirm(session: AsyncSession, settings: Settings, user: User, code: str, now: datetime) -> list[str]:
    """Turn it on with the first right code. Returns the recovery codes, which cannot be shown again."""
    row = await session.get(SecondFactor, user.id, with_for_update=True)
    if row is None:
        raise SecondFactorOff
    if row.confirmed_at is not None:
        raise SecondFactorAlreadyOn
    if not _use_code(row, settings, code, now):
        raise WrongCode
    row.confirmed_at = now
    audit.note(session, Action.SECOND_FACTOR_ON, subject=user.id)
    return _issue_recovery_codes(row)


async def renew_recovery_codes(session: AsyncSession, user_id: str) -> list[str]:
    """New recovery codes in place of all existing ones."""
    row = await session.get(SecondFactor, user_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        raise SecondFactorOff
    audit.note(session, Action.RECOVERY_CODES_RENEWED, subject=user_id)
    return _issue_recovery_codes(row)


async def check(database: Database, settings: Settings, user: User, code: str | None, now: datetime) -> None:
    """Return if the user has no second factor or `code` is right; otherwise raise. A code is right only once."""
    async with database.read() as session:
        if not await is_enabled(session, user.id):
            return
    if not code:
        raise SecondFactorNeeded
    async with database.write() as session:
        row = await session.get(SecondFactor, user.id, with_for_update=True)
        right = row is None or _use_code(row, settings, code, now) or _use_recovery_code(row, code)
        if not right:
            audit.note(session, Action.SIGN_IN_REFUSED, subject=user.id, how="second_factor")
    if not right:
        raise WrongCode


async def remove(session: AsyncSession, user_id: str) -> None:
    row = await session.get(SecondFactor, user_id)
    if row is None:
        raise SecondFactorOff
    await session.delete(row)
    audit.note(session, Action.SECOND_FACTOR_OFF, subject=user_id)


async def is_enabled(session: AsyncSession, user_id: str) -> bool:
    query = select(SecondFactor.confirmed_at).where(SecondFactor.user_id == user_id)
    return await session.scalar(query) is not None


def _use_code(row: SecondFactor, settings: Settings, code: str, now: datetime) -> bool:
    code = "".join(code.split())
    if not (code.isascii() and code.isdigit()):
        return False
    try:
        secret = _cipher(settings).decrypt(row.secret.encode()).decode()
    except InvalidToken:
        return False  # SECRET_KEY has changed: recovery codes still work, and an admin can remove the second factor
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // _STEP_SECONDS
    for step in (present - 1, present, present + 1):  # clocks may differ a little
        if step > row.last_step and hmac.compare_digest(totp.at(step * _STEP_SECONDS), code):
            row.last_step = step
            return True
    return False


def _use_recovery_code(row: SecondFactor, code: str) -> bool:
    remaining = [known for known in row.recovery_hashes if not hmac.compare_digest(known, _hash(code))]
    if len(remaining) == len(row.recovery_hashes):
        return False
    row.recovery_hashes = remaining
    return True


def _issue_recovery_codes(row: SecondFactor) -> list[str]:
    codes = [_recovery_code() for _ in range(_RECOVERY_CODES)]
    row.recovery_hashes = [_hash(code) for code in codes]
    return codes


def _recovery_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _hash(code: str) -> str:
    # A code has 80 random bits, so it needs no slow hash.
    return hashlib.sha256(code.strip().lower().replace("-", "").encode("utf-8", "replace")).hexdigest()


def _cipher(settings: Settings) -> Fernet:
    """Encrypts the secrets, so that a copy of the database alone is not enough to make codes."""
    key = hmac.digest(settings.secret_key.get_secret_value().encode(), b"second factor", hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(key))
