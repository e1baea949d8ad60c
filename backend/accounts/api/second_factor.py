"""Routes for one's own second factor: state, enrolment, confirmation, new recovery codes, removal."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import second_factor, service
from backend.accounts.dependencies import (
    ClockDep,
    CurrentUser,
    DatabaseDep,
    OwnAttempt,
    PasswordsDep,
    ReadSession,
    SettingsDep,
)
from backend.accounts.tables import Role, SecondFactor

router = APIRouter(prefix="/api/auth/two-factor", tags=["accounts"])


class SecondFactorState(BaseModel):
    on: bool
    recovery_codes_left: int
    wanted: bool = Field(description="this server requires it for my role")


class PasswordConfirmation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str = Field(max_length=1024)


class Secret(BaseModel):
    """For the authenticator: `address` to show as a QR code, or `secret` to type."""

    secret: str
    address: str


class Code(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=64)


class RecoveryCodes(BaseModel):
    """Each is valid once, in case the authenticator is lost. They are shown only in this response."""

    recovery_codes: list[str]


@router.get("", summary="Whether two-factor sign-in is on")
async def state(user: CurrentUser, session: ReadSession, settings: SettingsDep) -> SecondFactorState:
    row = await session.get(SecondFactor, user.id)
    on = row is not None and row.confirmed_at is not None
    left = len(row.recovery_hashes) if row is not None and on else 0
    wanted = settings.admin_two_factor and Role(user.role).rank >= Role.ADMIN.rank
    return SecondFactorState(on=on, recovery_codes_left=left, wanted=wanted)


@router.post("", status_code=201, summary="Start setting up two-factor sign-in")
async def enroll(
    body: PasswordConfirmation,
    user: CurrentUser,
    settings: SettingsDep,
    database: DatabaseDep,
    passwords: PasswordsDep,
    own_attempt: OwnAttempt,
) -> Secret:
    """It is on only once the first code was confirmed. Users without a password (Google) leave it empty."""
    async with own_attempt as attempt:
        await service.check_password(passwords, user, body.password)
        attempt.succeeded = True
    async with database.write() as session:
        secret, uri = await second_factor.enroll(session, settings, user)
    return Secret(secret=secret, address=uri)


@router.post("/confirm", summary="Turn two-factor sign-in on with the first code")
async def confirm(
    body: Code,
    user: CurrentUser,
    settings: SettingsDep,
    database: DatabaseDep,
    clock: ClockDep,
    own_attempt: OwnAttempt,
) -> RecoveryCodes:
    async with own_attempt as attempt:
        async with database.write() as session:
            codes = await second_factor.confirm(session, settings, user, body.code, clock.now())
        attempt.succeeded = True
    return RecoveryCodes(recovery_codes=codes)


@router.post("/recovery-codes", summary="Replace the recovery codes; requires a code")
async def renew_recovery_codes(
    body: Code,
    user: CurrentUser,
    settings: SettingsDep,
    database: DatabaseDep,
    clock: ClockDep,
    own_attempt: OwnAttempt,
) -> RecoveryCodes:
    async with own_attempt as attempt:
        await second_factor.check(database, settings, user, body.code, clock.now())
        attempt.succeeded = True
    async with database.write() as session:
        return RecoveryCodes(recovery_codes=await second_factor.renew_recovery_codes(session, user.id))


@router.post("/remove", status_code=204, summary="Turn two-factor sign-in off; requires a code")
async def remove(
    body: Code,
    user: CurrentUser,
    settings: SettingsDep,
    database: DatabaseDep,
    clock: ClockDep,
    own_attempt: OwnAttempt,
) -> None:
    async with own_attempt as attempt:
        await second_factor.check(database, settings, user, body.code, clock.now())
        attempt.succeeded = True
    async with database.write() as session:
        await second_factor.remove(session, user.id)
