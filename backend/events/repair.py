"""Whether the event log is whole, and its repair where rows were lost, for example by a restore of single tables."""

import logging
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import Database
from backend.events.log import lock_sequence
from backend.events.tables import Event, EventSequence

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogDamage:
    """What is wrong with the positions; everything is zero in a log that is whole."""

    missing: int = 0  #: positions that no event has, though they were given and not deleted
    whole_after: int = 0  #: from here on no position is missing
    last_too_low: int = 0  #: the newest position, if the next one would be given a second time


async def damage(session: AsyncSession) -> LogDamage:
    """Compare the positions with what the log says of them."""
    # One statement, so that all figures are of one moment while servers give positions.
    last = select(func.max(EventSequence.last)).scalar_subquery()
    swept = select(func.max(EventSequence.swept)).scalar_subquery()
    in_log = func.count(case((Event.position > func.coalesce(swept, 0), Event.id)))
    query = select(func.coalesce(last, 0), func.coalesce(swept, 0), in_log, func.coalesce(func.max(Event.position), 0))
    last_given, deleted, count, newest = (await session.execute(query)).one()
    newest_given = max(last_given, deleted, newest)
    missing = max(newest_given - deleted - count, 0)
    whole_after = await _whole_after(session, newest_given) if missing else 0
    return LogDamage(missing, whole_after, newest_given if newest_given > last_given else 0)


async def repair(database: Database) -> LogDamage:
    """Make the log whole; answers what was wrong. Readers whose cursor is before a gap are told that they have missed
    events, and positions go on after the newest one."""
    async with database.read() as session:
        if await damage(session) == LogDamage():
            return LogDamage()
    async with database.write() as session:
        sequence = await lock_sequence(session)
        found = await damage(session)
        sequence.last = max(sequence.last, found.last_too_low)
        sequence.swept = max(sequence.swept, found.whole_after)
    if found != LogDamage():
        logger.warning("The event log was repaired", extra={"missing": found.missing, "last": found.last_too_low})
    return found


async def _whole_after(session: AsyncSession, newest: int) -> int:
    """The highest position up to `newest` that no event has."""
    from_the_end = func.row_number().over(order_by=Event.position.desc())
    ranked = select((Event.position + from_the_end).label("constant")).where(Event.position.is_not(None)).subquery()
    run = select(func.count()).select_from(ranked).where(ranked.c.constant == newest + 1)
    return newest - int(await session.scalar(run) or 0)
