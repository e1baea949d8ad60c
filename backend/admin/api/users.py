"""Admin routes for accounts: roles, approval, quotas, logins, passwords and deletion."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import keys, second_factor, service
from backend.accounts.api.account import Account
from backend.accounts.audit import Action, note
from backend.accounts.dependencies import (
    Admin,
    DatabaseDep,
    OpenSocketsDep,
    PasswordsDep,
    ReadSession,
    SettingsDep,
    WriteSession,
)
from backend.accounts.tables import Role, User
from backend.admin import user_deletion
from backend.database import after_commit, utc_now
from backend.jobs import quotas
from backend.jobs.api.dependencies import Services, ServicesDep
from backend.jobs.api.jobs import QuotaState
from backend.query_parameters import Offset
from backend.settings import Settings

router = APIRouter(prefix="/api/admin/users", tags=["admin"])

UserId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class AccountPage(BaseModel):
    """One page of accounts, and the number of accounts on all pages."""

    accounts: list[Account]
    total: int


class NewAccount(BaseModel):
    model_config = ConfigDict(extra="forbid")

    username: str = Field(max_length=256)
    password: str = Field(max_length=1024)
    role: Role = Role.USER


class AccountChange(BaseModel):
    """Omitted fields stay as they are."""

    model_config = ConfigDict(extra="forbid")

    username: str | None = Field(default=None, max_length=256)
    role: Role | None = None
    active: bool | None = None


class QuotaChange(BaseModel):
    """Null: the default of the settings. Omitted fields are null."""

    model_config = ConfigDict(extra="forbid")

    minutes_a_month: float | None = Field(default=None, ge=0, le=1e9)
    stored_bytes: int | None = Field(default=None, ge=0, le=2**62)
    queued_jobs: int | None = Field(default=None, ge=0, le=10_000)


class QuotasOfUser(QuotaState):
    own: QuotaChange  #: set for this user only


class NewPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str = Field(max_length=1024)


@router.get("", summary="Find accounts")
async def find(
    _admin: Admin,
    session: ReadSession,
    text: Annotated[str, Query(max_length=256)] = "",
    role: Role | None = None,
    active: bool | None = None,
    pending: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Offset = 0,
) -> AccountPage:
    users, total = await service.search(
        session, text=text, role=role, active=active, pending=pending, limit=limit, offset=offset
    )
    return AccountPage(accounts=[Account.model_validate(user) for user in users], total=total)


@router.post("", status_code=201, summary="Create an account")
async def create(body: NewAccount, admin: Admin, database: DatabaseDep, passwords: PasswordsDep) -> Account:
    if not service.may_change(Role(admin.role), body.role.rank):
        raise service.InsufficientRole
    password_hash = await passwords.hash(body.password, username=body.username)
    # Hash before the transaction begins: on SQLite all other writes wait for it.
    async with database.write() as session:
        user = await service.create(session, username=body.username, password_hash=password_hash, role=body.role)
    return Account.model_validate(user)


@router.patch("/{user_id}", summary="Rename a user, change the role, disable or enable the account")
async def change(
    user_id: UserId, body: AccountChange, admin: Admin, session: WriteSession, open_sockets: OpenSocketsDep
) -> Account:
    user = await service.find_changeable(session, actor_id=admin.id, user_id=user_id)
    if body.username is not None:
        user = await service.rename(session, actor_id=admin.id, user_id=user_id, username=body.username)
    if body.role is not None:
        user = await service.set_role(session, actor_id=admin.id, user_id=user_id, role=body.role)
    if body.active is not None:
        user = await service.set_active(session, actor_id=admin.id, user_id=user_id, active=body.active)
        if not body.active:
            after_commit(session, lambda: open_sockets.end(user_id))
    return Account.model_validate(user)


@router.post("/{user_id}/approve", summary="Approve a registration")
async def approve(user_id: UserId, admin: Admin, session: WriteSession) -> Account:
    return Account.model_validate(await service.approve(session, actor_id=admin.id, user_id=user_id))


@router.post("/{user_id}/reject", status_code=204, summary="Reject a registration")
async def reject(user_id: UserId, admin: Admin, session: WriteSession) -> None:
    await service.reject(session, actor_id=admin.id, user_id=user_id)


@router.delete("/{user_id}", status_code=204, summary="Delete a user; optionally transfer the recordings")
async def delete(
    user_id: UserId,
    admin: Admin,
    session: WriteSession,
    open_sockets: OpenSocketsDep,
    services: ServicesDep,
    to: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="the new owner of the recordings")] = None,
) -> None:
    """Without `to` everything is deleted: recordings, jobs, transcripts and their files. Running jobs are stopped."""
    data = await user_deletion.delete(session, actor_id=admin.id, user_id=user_id, new_owner_id=to)
    after_commit(session, lambda: open_sockets.end(user_id))
    after_commit(session, lambda: services.background.start(_delete_files(services, data)))


@router.get("/{user_id}/quotas", summary="The quotas of a user and their usage")
async def quotas_of(user_id: UserId, _admin: Admin, session: ReadSession, settings: SettingsDep) -> QuotasOfUser:
    return await _quotas(session, settings, await service.find(session, user_id))


@router.patch("/{user_id}/quotas", summary="Set the quotas of a user")
async def set_quotas(
    user_id: UserId, body: QuotaChange, admin: Admin, session: WriteSession, settings: SettingsDep
) -> QuotasOfUser:
    user = await service.find_changeable(session, actor_id=admin.id, user_id=user_id)
    user.max_minutes_a_month, user.max_bytes = body.minutes_a_month, body.stored_bytes
    user.max_queued = body.queued_jobs
    note(session, Action.USER_CHANGED, subject=user_id, quotas=body.model_dump())
    return await _quotas(session, settings, user)


@router.post("/{user_id}/logins/end", status_code=204, summary="End all logins and keys of a user")
async def end_logins(user_id: UserId, admin: Admin, session: WriteSession, open_sockets: OpenSocketsDep) -> None:
    await service.find_changeable(session, actor_id=admin.id, user_id=user_id)
    await service.end_logins(session, user_id)
    await keys.revoke_all(session, user_id, utc_now())
    after_commit(session, lambda: open_sockets.end(user_id))


@router.delete("/{user_id}/two-factor", status_code=204, summary="Turn off a user's two-factor sign-in")
async def remove_second_factor(user_id: UserId, admin: Admin, session: WriteSession) -> None:
    """For a user who has lost both the authenticator and the recovery codes."""
    await service.find_changeable(session, actor_id=admin.id, user_id=user_id)
    await second_factor.remove(session, user_id)


@router.post("/{user_id}/password", status_code=204, summary="Reset the password of a user")
async def reset_password(
    user_id: UserId,
    body: NewPassword,
    admin: Admin,
    database: DatabaseDep,
    passwords: PasswordsDep,
    open_sockets: OpenSocketsDep,
) -> None:
    async with database.read() as session:
        user = await service.find(session, user_id)
    password_hash = await passwords.hash(body.password, username=user.username)
    async with database.write() as session:
        await service.set_password(session, actor_id=admin.id, user_id=user_id, password_hash=password_hash)
    open_sockets.end(user_id)


async def _quotas(session: AsyncSession, settings: Settings, user: User) -> QuotasOfUser:
    state = QuotaState.of(quotas.quotas_of(user, settings), await quotas.quota_usage(session, user.id, utc_now()))
    own = QuotaChange(
        minutes_a_month=user.max_minutes_a_month, stored_bytes=user.max_bytes, queued_jobs=user.max_queued
    )
    return QuotasOfUser(**state.model_dump(), own=own)


async def _delete_files(services: Services, data: user_deletion.DataToDelete) -> None:
    await services.runner.stop_attempts(data.jobs)
    for recording in data.recordings:
        await services.storage.delete(recording)
