"""What takes up the disk, what can be cleaned up, and the rules of what goes by itself. Recordings are not named."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.access import Admin, Configured, Reading, Stored, Writing
from backend.accounts.audit import Action, note_apart
from backend.accounts.tables import User
from backend.database import Database, utc_now
from backend.errors import Conflict
from backend.housekeeping import retention
from backend.housekeeping.ground import Sum, summed
from backend.housekeeping.keeper import Housekeeper, carry_out
from backend.housekeeping.retention import Retention
from backend.housekeeping.sweepers import CLEANERS
from backend.housekeeping.tables import Keeps, RetentionRule, Since
from backend.housekeeping.usage import Takes, usage

router = APIRouter(prefix="/api/admin", tags=["admin"])

#: How long a preview is good for.
_FRESH = timedelta(hours=1)

Cleanable = Literal["orphans", "uploads", "artifacts", "trash"]
Days = Annotated[int, Field(ge=1, le=36_500)]


class PreviewOutdated(Conflict):
    code = "preview_outdated"
    detail = "What you were shown is too old. Look again at what would be deleted, then say yes."


def _keeper(connection: HTTPConnection) -> Housekeeper:
    keeper: Housekeeper = connection.app.state.housekeeper
    return keeper


Keeper = Annotated[Housekeeper, Depends(_keeper)]


class Disk(BaseModel):
    total: int
    free: int
    reserve: int  #: free space that uploads never use up


class Kinds(BaseModel):
    originals: int = 0
    listening_copies: int = 0
    artifacts: int = 0
    transcripts: int = 0
    uploads: int = 0
    trash: int = 0


class AllKinds(Kinds):
    other: int = 0


class UserUsage(Kinds):
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
    kinds: AllKinds
    users: list[UserUsage]


class OwnersSum(BaseModel):
    user_id: str | None  #: none: what is nobody's any more
    username: str | None
    count: int
    bytes: int


class KindSum(BaseModel):
    kind: str
    count: int
    bytes: int
    users: list[OwnersSum]


class Cleanup(BaseModel):
    as_of: datetime
    kinds: list[KindSum]


class CleanupWish(BaseModel):
    """`as_of` is that of the preview: what has come since stays."""

    model_config = ConfigDict(extra="forbid")

    as_of: AwareDatetime
    kinds: Annotated[list[Cleanable], Field(min_length=1, max_length=len(CLEANERS))]


class Rule(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: Keeps
    days: int | None  #: null: nothing goes
    since: Since
    changed_at: datetime | None


class Rules(BaseModel):
    rules: list[Rule]
    every_minutes: float
    last_run_at: datetime | None  #: since this server was started


class RuleChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days: Days | None
    since: Since = Since.UPLOADED


class RulePreview(KindSum):
    as_of: datetime


@router.get("/storage", summary="What takes up the disk, by kind and by user")
async def storage(_admin: Admin, database: Stored, settings: Configured, keeper: Keeper) -> StorageState:
    used = await usage(database, keeper.ground.storage, settings.database_url)
    return StorageState(
        measured_at=utc_now(),
        disk=Disk(total=used.disk_total, free=used.disk_free, reserve=settings.disk_reserve_bytes),
        database=used.database,
        total=used.total,
        kinds=AllKinds(**{kind.value: used.kinds[kind] for kind in Takes}),
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


@router.get("/storage/cleanup", summary="What a clean-up would delete; nothing goes by looking")
async def preview(_admin: Admin, database: Stored, keeper: Keeper) -> Cleanup:
    """Orphans no row names; artifacts of done jobs, which can be made again; everything in everybody's trash."""
    now = utc_now()
    sums = [summed(cleaner.kind, await cleaner.find(keeper.ground, now)) for cleaner in CLEANERS]
    async with database.read() as session:
        return Cleanup(as_of=now, kinds=await _shown(session, sums))


@router.post("/storage/cleanup", summary="Delete what the preview has shown; answers what went")
async def clean_up(wish: CleanupWish, _admin: Admin, database: Stored, keeper: Keeper) -> Cleanup:
    """Nothing goes that was not there at `as_of`; what was restored or taken up again since stays."""
    if not timedelta(0) <= utc_now() - wish.as_of <= _FRESH:
        raise PreviewOutdated
    sums = []
    for cleaner in CLEANERS:
        if cleaner.kind in wish.kinds:
            items = await cleaner.find(keeper.ground, wish.as_of)
            went = await carry_out(keeper.ground, cleaner, items, wish.as_of)
            await _noted(database, Action.STORAGE_CLEANED, went)
            sums.append(went)
    async with database.read() as session:
        return Cleanup(as_of=wish.as_of, kinds=await _shown(session, sums))


@router.get("/retention", summary="What goes by itself, and after how many days")
async def rules(_admin: Admin, session: Reading, settings: Configured, keeper: Keeper) -> Rules:
    found = [Rule.model_validate(rule) for rule in await retention.rules(session)]
    return Rules(rules=found, every_minutes=settings.housekeeping_minutes, last_run_at=keeper.last_run_at)


@router.put("/retention/{kind}", summary="Set a rule; days null turns it off")
async def set_rule(kind: Keeps, body: RuleChange, _admin: Admin, session: Writing) -> Rule:
    """It is applied in the next round of housekeeping. Recordings go by way of their owners' trash."""
    rule: RetentionRule = await retention.set_rule(session, kind, body.days, body.since)
    return Rule.model_validate(rule)


@router.get("/retention/{kind}/preview", summary="What would go now with these values, saved or not")
async def preview_rule(
    kind: Keeps,
    days: Annotated[Days, Query()],
    _admin: Admin,
    session: Reading,
    keeper: Keeper,
    since: Since = Since.UPLOADED,
) -> RulePreview:
    now = utc_now()
    found = await Retention(kind, days, since).find(keeper.ground, now)
    (shown,) = await _shown(session, [summed(kind.value, found)])
    return RulePreview(as_of=now, **shown.model_dump())


async def _noted(database: Database, action: Action, went: Sum) -> None:
    if went.count:
        await note_apart(database, action, subject=went.kind, kind=went.kind, count=went.count, bytes=went.bytes)


async def _shown(session: AsyncSession, sums: Iterable[Sum]) -> list[KindSum]:
    """With the names of the owners, the largest first."""
    sums = list(sums)
    names = {id: name for id, name in await session.execute(select(User.id, User.username))}
    return [
        KindSum(
            kind=one.kind,
            count=one.count,
            bytes=one.bytes,
            users=[
                OwnersSum(user_id=owner, username=names.get(owner or ""), **asdict(share))
                for owner, share in sorted(one.owners.items(), key=lambda pair: (-pair[1].bytes, pair[0] or ""))
            ],
        )
        for one in sums
    ]
