"""The time zone of a person, in which the days and months of their quotas begin and the dates of their exports are."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.tables import User
from backend.errors import InvalidInput

#: As in the IANA database. The name becomes part of a path inside zoneinfo, so nothing else may reach it.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", re.ASCII)


class UnknownTimeZone(InvalidInput):
    code = "unknown_time_zone"
    detail = "This time zone is not known here. Use a name of the IANA database, such as Asia/Shanghai."


async def choose(session: AsyncSession, user_id: str, name: str) -> User:
    """Set the time zone of a user. Raises `UnknownTimeZone`."""
    if not _NAME.fullmatch(name) or name not in available_timezones():
        raise UnknownTimeZone
    user = await session.get_one(User, user_id)
    user.time_zone = name
    return user


async def local(session: AsyncSession, user_id: str, now: datetime) -> datetime:
    """`now` in the time zone of this user, or in UTC if none has been chosen."""
    name = await session.scalar(select(User.time_zone).where(User.id == user_id))
    return now.astimezone(_zone(name))


def day_of(local_time: datetime) -> tuple[datetime, datetime]:
    """The first moment of this day and of the next one. A day is 23 or 25 hours long where clocks change."""
    midnight = local_time.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    # Arithmetic on a local time leaves the clock reading unchanged, whatever the offset from UTC.
    return midnight.astimezone(timezone.utc), (midnight + timedelta(days=1)).astimezone(timezone.utc)


def _zone(name: str | None) -> tzinfo:
    try:
        return timezone.utc if name is None else ZoneInfo(name)
    except ZoneInfoNotFoundError:  # the database of time zones has changed
        return timezone.utc
