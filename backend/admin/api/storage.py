"""Admin routes for disk usage, clean-up and retention rules. Recordings are never named."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.audit import Action, note_in_own_transaction
from backend.accounts.dependencies import Admin, DatabaseDep, ReadSession, SettingsDep, WriteSession
from backend.accounts.tables import User
from backend.database import Database, utc_now
from backend.errors import Conflict
from backend.housekeeping import retention
from backend.housekeeping.context import CleanupTotal, total_of
from backend.housekeeping.housekeeper import Housekeeper, remove_items
from backend.housekeeping.retention import Retention
from backend.housekeeping.sweepers import CLEANERS
from backend.housekeeping.tables import RetentionKind, RetentionRule, RetentionStart
from backend.housekeeping.usage import StorageKind, usage
from backend.query_parameters import Moment

router = APIRouter(prefix="/api/admin", tags=["admin"])

#: How long a preview can be confirmed.
_PREVIEW_LIFETIME = timedelta(hours=1)

CleanupKind = Literal["orphans", "uploads", "artifacts", "trash"]
Days = Annotated[int, Field(ge=1, le=36_500)]


class PreviewOutdated(Conflict):
    code = "preview_outdated"
    detail = "The preview is outdated. Load it again, then confirm."


def _housekeeper(connection: HTTPConnection) -> Housekeeper:
    housekeeper: Housekeeper = connection.app.state.housekeeper
    return housekeeper


HousekeeperDep = Annotated[Housekeeper, Depends(_housekeeper)]


class Disk(BaseModel):
    total: int
    free: int
    reserve: int  #: free space that uploads must leave


class BytesByKind(BaseModel):
    originals: int = 0
    listening_copies: int = 0
    artifacts: int = 0
    transcripts: int = 0
    uploads: int = 0
    trash: int = 0


class AllBytesByKind(BytesByKind):
    other: int = 0


class UserUsage(BytesByKind):
    user_id: str
    username: str
    recordings: int
    total: int


class StorageState(BaseModel):
    """Bytes. `kinds` add up to `total`, which is everything under the folder of uploads."""

    measured_at: datetime
    disk: Disk
    database: int | None
    total: int
    kinds: AllBytesByKind
    users: list[UserUsage]


class OwnerTotal(BaseModel):
    user_id: str | None  #: none if the owner no longer exists
    username: str | None
    count: int
    bytes: int


class KindTotal(BaseModel):
    kind: str
    count: int
    bytes: int
    users: list[OwnerTotal]


class Cleanup(BaseModel):
    as_of: datetime
    kinds: list[KindTotal]


class CleanupRequest(BaseModel):
    """`as_of` is that of the preview. Anything newer is not deleted."""

    model_config = ConfigDict(extra="forbid")

    as_of: Moment
    kinds: Annotated[list[CleanupKind], Field(min_length=1, max_length=len(CLEANERS))]


class Rule(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: RetentionKind
    days: int | None  #: null: nothing is deleted
    since: RetentionStart
    changed_at: datetime | None


class Rules(BaseModel):
    rules: list[Rule]
    every_minutes: float
    last_run_at: datetime | None  #: since this server was started


class RuleChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days: Days | None
    since: RetentionStart = RetentionStart.UPLOADED


class RulePreview(KindTotal):
    as_of: datetime


@router.get("/storage", summary="What takes up the disk, by kind and by user")
async def storage(
    _admin: Admin, database: DatabaseDep, settings: SettingsDep, housekeeper: HousekeeperDep
) -> StorageState:
    used = await usage(database, housekeeper.context.storage, settings.database_url)
    return StorageState(
        measured_at=utc_now(),
        disk=Disk(total=used.disk_total, free=used.disk_free, reserve=settings.disk_reserve_bytes),
        database=used.database,
        total=used.total,
        kinds=AllBytesByKind(**{kind.value: used.kinds[kind] for kind in StorageKind}),
        users=[
            UserUsage(
                user_id=user.user_id,
                username=user.username,
                recordings=user.recordings,
                total=user.kinds.total(),
                **{kind.value: size for kind, size in user.kinds.items()},
            )
            for user in used.users
        ],
    )


@router.get("/storage/cleanup", summary="Preview what a clean-up would delete")
async def preview(_admin: Admin, database: DatabaseDep, housekeeper: HousekeeperDep) -> Cleanup:
    """Files without a database row, artifacts of finished jobs (they can be made again), and the trash of all users."""
    now = utc_now()
    sums = [total_of(cleaner.kind, await cleaner.find(housekeeper.context, now)) for cleaner in CLEANERS]
    async with database.read() as session:
        return Cleanup(as_of=now, kinds=await _totals(session, sums))


@router.post("/storage/cleanup", summary="Delete what the preview showed")
async def clean_up(body: CleanupRequest, _admin: Admin, database: DatabaseDep, housekeeper: HousekeeperDep) -> Cleanup:
    """Returns what was deleted. Things that are newer than `as_of`, or were restored since, are not deleted."""
    if not timedelta(0) <= utc_now() - body.as_of <= _PREVIEW_LIFETIME:
        raise PreviewOutdated
    sums = []
    for cleaner in CLEANERS:
        if cleaner.kind in body.kinds:
            items = await cleaner.find(housekeeper.context, body.as_of)
            deleted = await remove_items(housekeeper.context, cleaner, items, body.as_of)
            await _note_deletion(database, Action.STORAGE_CLEANED, deleted)
            sums.append(deleted)
    async with database.read() as session:
        return Cleanup(as_of=body.as_of, kinds=await _totals(session, sums))


@router.get("/retention", summary="The retention rules")
async def rules(_admin: Admin, session: ReadSession, settings: SettingsDep, housekeeper: HousekeeperDep) -> Rules:
    found = [Rule.model_validate(rule) for rule in await retention.rules(session)]
    return Rules(rules=found, every_minutes=settings.housekeeping_minutes, last_run_at=housekeeper.last_run_at)


@router.put("/retention/{kind}", summary="Set a retention rule; null days turn it off")
async def set_rule(kind: RetentionKind, body: RuleChange, _admin: Admin, session: WriteSession) -> Rule:
    """It applies from the next housekeeping run on. Recordings are moved to the trash of their owner first."""
    rule: RetentionRule = await retention.set_rule(session, kind, body.days, body.since)
    return Rule.model_validate(rule)


@router.get("/retention/{kind}/preview", summary="Preview what a rule with these values would delete now")
async def preview_rule(
    kind: RetentionKind,
    days: Annotated[Days, Query()],
    _admin: Admin,
    session: ReadSession,
    housekeeper: HousekeeperDep,
    since: RetentionStart = RetentionStart.UPLOADED,
) -> RulePreview:
    now = utc_now()
    found = await Retention(kind, days, since).find(housekeeper.context, now)
    (total,) = await _totals(session, [total_of(kind.value, found)])
    return RulePreview(as_of=now, **total.model_dump())


async def _note_deletion(database: Database, action: Action, deleted: CleanupTotal) -> None:
    if deleted.count:
        await note_in_own_transaction(
            database, action, subject=deleted.kind, kind=deleted.kind, count=deleted.count, bytes=deleted.bytes
        )


async def _totals(session: AsyncSession, sums: Iterable[CleanupTotal]) -> list[KindTotal]:
    """Add the names of the owners, sorted by size."""
    sums = list(sums)
    names = {id: name for id, name in await session.execute(select(User.id, User.username))}
    return [
        KindTotal(
            kind=one.kind,
            count=one.count,
            bytes=one.bytes,
            users=[
                OwnerTotal(user_id=owner, username=names.get(owner or ""), **asdict(share))
                for owner, share in sorted(one.owners.items(), key=lambda pair: (-pair[1].bytes, pair[0] or ""))
            ],
        )
        for one in sums
    ]
