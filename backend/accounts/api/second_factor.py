"""The routes of one's own second factor: begin, confirm, look, other recovery codes, remove."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts import second_factor, service
from backend.accounts.access import Address, Configured, CurrentUser, Hashing, Reading, Stored, Throttled
from backend.accounts.tables import Role, SecondFactor
from backend.database import utc_now

router = APIRouter(prefix="/api/auth/two-factor", tags=["accounts"])


class State(BaseModel):
    on: bool
    recovery_codes_left: int
    wanted: bool = Field(description="this server wants it of people of my role")


class Beginning(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str = Field(max_length=1024)


class Secret(BaseModel):
    """For the authenticator: `address` as a QR code, or `secret` to type."""

    secret: str
    address: str


class Code(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=64)


class RecoveryCodes(BaseModel):
    """Each is good once, for the day the authenticator is lost. Shown here and never again."""

    recovery_codes: list[str]


@router.get("", summary="Whether two-factor sign-in is on")
async def look(user: CurrentUser, session: Reading, settings: Configured) -> State:
    row = await session.get(SecondFactor, user.id)
    on = row is not None and row.confirmed_at is not None
    left = len(row.recovery_hashes) if row is not None and on else 0
    wanted = settings.admin_two_factor and Role(user.role).rank >= Role.ADMIN.rank
    return State(on=on, recovery_codes_left=left, wanted=wanted)


@router.post("", status_code=201, summary="Begin two-factor sign-in")
async def begin(
    body: Beginning,
    user: CurrentUser,
    settings: Configured,
    database: Stored,
    passwords: Hashing,
    throttle: Throttled,
    address: Address,
) -> Secret:
    """It is on only when its first code was confirmed. Who has no password (Google) leaves it empty."""
    with throttle.attempt(service.throttle_key(user.username), address) as attempt:
        await service.check_password(passwords, user, body.password)
        attempt.right = True
    async with database.write() as session:
        secret, uri = await second_factor.begin(session, settings, user)
    return Secret(secret=secret, address=uri)


@router.post("/confirm", summary="Turn two-factor sign-in on with its first code")
async def confirm(
    body: Code, user: CurrentUser, settings: Configured, database: Stored, throttle: Throttled, address: Address
) -> RecoveryCodes:
    with throttle.attempt(service.throttle_key(user.username), address) as attempt:
        async with database.write() as session:
            codes = await second_factor.confirm(session, settings, user, body.code, utc_now())
        attempt.right = True
    return RecoveryCodes(recovery_codes=codes)


@router.post("/recovery-codes", summary="Other recovery codes, with a code; those there were are worthless")
async def renew_codes(
    body: Code, user: CurrentUser, settings: Configured, database: Stored, throttle: Throttled, address: Address
) -> RecoveryCodes:
    with throttle.attempt(service.throttle_key(user.username), address) as attempt:
        await second_factor.check(database, settings, user, body.code, utc_now())
        attempt.right = True
    async with database.write() as session:
        return RecoveryCodes(recovery_codes=await second_factor.renew_codes(session, user.id))


@router.post("/remove", status_code=204, summary="Turn two-factor sign-in off, with a code")
async def remove(
    body: Code, user: CurrentUser, settings: Configured, database: Stored, throttle: Throttled, address: Address
) -> None:
    with throttle.attempt(service.throttle_key(user.username), address) as attempt:
        await second_factor.check(database, settings, user, body.code, utc_now())
        attempt.right = True
    async with database.write() as session:
        await second_factor.remove(session, user.id)
