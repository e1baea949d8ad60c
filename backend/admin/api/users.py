"""The routes of those who run the service: who has an account, with which role, and whether it is open."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import keys, second_factor, service
from backend.accounts.access import Admin, Configured, Hashing, Listening, Reading, Stored, Writing
from backend.accounts.api.account import Account
from backend.accounts.audit import Action, note
from backend.accounts.tables import Role, User
from backend.admin import leaving
from backend.database import after_commit, utc_now
from backend.jobs import quotas
from backend.jobs.api.access import House, TheHouse
from backend.jobs.api.jobs import QuotaState
from backend.settings import Settings

router = APIRouter(prefix="/api/admin/users", tags=["admin"])

UserId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class AccountPage(BaseModel):
    """One page of the accounts, and how many there are on all pages."""

    accounts: list[Account]
    total: int


class NewAccount(BaseModel):
    model_config = ConfigDict(extra="forbid")

    username: str = Field(max_length=256)
    password: str = Field(max_length=1024)
    role: Role = Role.USER


class AccountChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    username: str | None = Field(default=None, max_length=256)
    role: Role | None = None
    active: bool | None = None


class QuotaChange(BaseModel):
    """Null: as the settings say for everybody. What is left out is null."""

    model_config = ConfigDict(extra="forbid")

    minutes_a_month: float | None = Field(default=None, ge=0, le=1e9)
    stored_bytes: int | None = Field(default=None, ge=0, le=2**62)
    queued_jobs: int | None = Field(default=None, ge=0, le=10_000)


class QuotasOfUser(QuotaState):
    own: QuotaChange  #: what was said of this user alone


class NewPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str = Field(max_length=1024)


@router.get("", summary="Find accounts")
async def find(
    _admin: Admin,
    session: Reading,
    text: Annotated[str, Query(max_length=256)] = "",
    role: Role | None = None,
    active: bool | None = None,
    pending: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> AccountPage:
    users, total = await service.search(
        session, text=text, role=role, active=active, pending=pending, limit=limit, offset=offset
    )
    return AccountPage(accounts=[Account.model_validate(user) for user in users], total=total)


@router.post("", status_code=201, summary="Create an account")
async def create(body: NewAccount, admin: Admin, database: Stored, passwords: Hashing) -> Account:
    if not service.may_change(Role(admin.role), body.role.rank):
        raise service.OutOfReach
    password_hash = await passwords.hash(body.password, username=body.username)
    # The transaction begins after the hash is made: on SQLite everybody else's writing waits for it.
    async with database.write() as session:
        user = await service.create(session, username=body.username, password_hash=password_hash, role=body.role)
    return Account.model_validate(user)


@router.patch("/{user_id}", summary="Rename, appoint, demote, disable or enable somebody below you")
async def change(user_id: UserId, body: AccountChange, admin: Admin, session: Writing, presence: Listening) -> Account:
    user = await service.reach(session, actor_id=admin.id, user_id=user_id)
    if body.username is not None:
        user = await service.rename(session, actor_id=admin.id, user_id=user_id, username=body.username)
    if body.role is not None:
        user = await service.set_role(session, actor_id=admin.id, user_id=user_id, role=body.role)
    if body.active is not None:
        user = await service.set_active(session, actor_id=admin.id, user_id=user_id, active=body.active)
        if not body.active:
            after_commit(session, lambda: presence.end(user_id))
    return Account.model_validate(user)


@router.post("/{user_id}/approve", summary="Let somebody in who asked for an account")
async def approve(user_id: UserId, admin: Admin, session: Writing) -> Account:
    return Account.model_validate(await service.approve(session, actor_id=admin.id, user_id=user_id))


@router.post("/{user_id}/reject", status_code=204, summary="Turn somebody away who asked for an account")
async def reject(user_id: UserId, admin: Admin, session: Writing) -> None:
    await service.reject(session, actor_id=admin.id, user_id=user_id)


@router.delete("/{user_id}", status_code=204, summary="Delete somebody below you, or hand the recordings over")
async def delete(
    user_id: UserId,
    admin: Admin,
    session: Writing,
    presence: Listening,
    house: House,
    to: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="who takes the recordings over")] = None,
) -> None:
    """Without `to` everything goes: recordings, jobs, transcripts, and their files. Running jobs are stopped."""
    left = await leaving.delete(session, actor_id=admin.id, user_id=user_id, heir_id=to)
    after_commit(session, lambda: presence.end(user_id))
    after_commit(session, lambda: house.later(_clear(house, left)))


@router.get("/{user_id}/quotas", summary="What somebody may have, and has")
async def quotas_of(user_id: UserId, _admin: Admin, session: Reading, settings: Configured) -> QuotasOfUser:
    return await _quotas(session, settings, await service.find(session, user_id))


@router.patch("/{user_id}/quotas", summary="Say how much somebody below you may have")
async def set_quotas(
    user_id: UserId, body: QuotaChange, admin: Admin, session: Writing, settings: Configured
) -> QuotasOfUser:
    user = await service.reach(session, actor_id=admin.id, user_id=user_id)
    user.max_minutes_a_month, user.max_bytes = body.minutes_a_month, body.stored_bytes
    user.max_queued = body.queued_jobs
    note(session, Action.USER_CHANGED, subject=user_id, quotas=body.model_dump())
    return await _quotas(session, settings, user)


@router.post("/{user_id}/logins/end", status_code=204, summary="End every login and key of somebody below you")
async def end_logins(user_id: UserId, admin: Admin, session: Writing, presence: Listening) -> None:
    await service.reach(session, actor_id=admin.id, user_id=user_id)
    await service.end_logins(session, user_id)
    await keys.revoke_all(session, user_id, utc_now())
    after_commit(session, lambda: presence.end(user_id))


@router.delete("/{user_id}/two-factor", status_code=204, summary="Turn somebody's two-factor sign-in off")
async def remove_second_factor(user_id: UserId, admin: Admin, session: Writing) -> None:
    """For somebody below you who has lost the authenticator and the recovery codes."""
    await service.reach(session, actor_id=admin.id, user_id=user_id)
    await second_factor.remove(session, user_id)


@router.post("/{user_id}/password", status_code=204, summary="Reset the password of somebody below you")
async def reset_password(
    user_id: UserId, body: NewPassword, admin: Admin, database: Stored, passwords: Hashing, presence: Listening
) -> None:
    async with database.read() as session:
        user = await service.find(session, user_id)
    password_hash = await passwords.hash(body.password, username=user.username)
    async with database.write() as session:
        await service.set_password(session, actor_id=admin.id, user_id=user_id, password_hash=password_hash)
    presence.end(user_id)


async def _quotas(session: AsyncSession, settings: Settings, user: User) -> QuotasOfUser:
    state = QuotaState.of(quotas.quotas_of(user, settings), await quotas.used_by(session, user.id, utc_now()))
    own = QuotaChange(
        minutes_a_month=user.max_minutes_a_month, stored_bytes=user.max_bytes, queued_jobs=user.max_queued
    )
    return QuotasOfUser(**state.model_dump(), own=own)


async def _clear(house: TheHouse, left: leaving.Left) -> None:
    await house.runner.drop(left.jobs)
    for recording in left.recordings:
        await house.storage.delete(recording)
