"""The event log: record events in the transaction of the change, and read them by position without gaps.

Databases give ids when a row is inserted, and show it when its transaction is committed: whoever reads "after id 7"
may read 9 and never see 8, which is committed later. So a row gets its position only after its commit, from `number`.
Of two changes of one row the second waits for the commit of the first, and records its event after it: their positions
have the order of the changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import case, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.coordination.clock import database_now
from backend.database import Database
from backend.events.tables import Event, EventKind, EventSequence

#: PostgreSQL's channel on which the servers of one database tell each other that there are new positions.
CHANNEL = "meeting_asr_events"

#: In `session.info` of a transaction that records events.
HAS_EVENTS = "has_events"
#: The same of one that numbers events.
HAS_POSITIONS = "has_positions"

#: Events that are numbered, read or deleted in one step.
BATCH = 500


@dataclass(frozen=True, slots=True)
class LogState:
    last: int  #: the newest position
    swept: int  #: events up to this position have been deleted
    unnumbered: bool  #: whether there are committed events without a position

    def reaches(self, cursor: int) -> bool:
        """Whether every event after `cursor` can still be read. A cursor of another database may lie in the future."""
        return self.swept <= cursor <= self.last


def record(
    session: AsyncSession,
    kind: EventKind,
    *,
    owner_id: str,
    recording_id: str | None = None,
    job_id: str | None = None,
    **facts: Any,
) -> None:
    """Add an event to this transaction, after the change itself has been sent to the database.

    `facts` are ids, numbers and codes."""
    session.add(Event(kind=kind.value, owner_id=owner_id, recording_id=recording_id, job_id=job_id, facts=facts))
    session.info[HAS_EVENTS] = True


async def state(session: AsyncSession) -> LogState:
    unnumbered = exists().where(Event.position.is_(None))
    found = (await session.execute(select(EventSequence.last, EventSequence.swept, unnumbered))).one_or_none()
    return LogState(*found) if found else LogState(0, 0, unnumbered=True)


async def number(session: AsyncSession, notify: str = "") -> LogState:
    """Give the committed events that have no position the next ones. One server at a time: the row of the sequence
    stays locked until the commit, so that positions become visible in their order. A transaction that is still open
    delays nobody but itself.

    On PostgreSQL the other servers are notified at the commit, with `notify` as the payload. Answers the state after
    it."""
    sequence = await lock_sequence(session)
    query = select(Event.id).where(Event.position.is_(None)).order_by(Event.id).limit(BATCH)
    ids = (await session.scalars(query)).all()
    if not ids:
        return LogState(sequence.last, sequence.swept, unnumbered=False)
    positions = {id: sequence.last + count for count, id in enumerate(ids, 1)}
    statement = update(Event).where(Event.id.in_(ids)).values(position=case(positions, value=Event.id))
    await session.execute(statement.execution_options(synchronize_session=False))
    sequence.last += len(ids)
    session.info[HAS_POSITIONS] = True
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_notify(CHANNEL, notify)))
    return LogState(sequence.last, sequence.swept, unnumbered=len(ids) == BATCH)


async def read_after(session: AsyncSession, cursor: int, *, owner_id: str | None = None) -> Sequence[Event]:
    """The next events after a position, at most `BATCH`; of everybody without `owner_id`. See `LogState.reaches`."""
    query = select(Event).where(Event.position > cursor).order_by(Event.position).limit(BATCH)
    if owner_id is not None:
        query = query.where(Event.owner_id == owner_id)
    return (await session.scalars(query)).all()


async def delete_expired(database: Database, days: float) -> int:
    """Delete the events that are older than `days` by the database's clock; answers how many."""
    async with database.read() as session:
        now = await database_now(session)
        kept = select(Event.position).where(Event.at >= now - timedelta(days=days), Event.position.is_not(None))
        first_kept = await session.scalar(kept.order_by(Event.position).limit(1))
        log = await state(session)
    end = log.last if first_kept is None else first_kept - 1
    for start in range(log.swept, end, BATCH):
        async with database.write() as session:
            sequence = await lock_sequence(session)
            sequence.swept = max(sequence.swept, min(start + BATCH, end))
            expired = delete(Event).where(Event.position <= sequence.swept)
            await session.execute(expired.execution_options(synchronize_session=False))
    return max(end - log.swept, 0)


async def lock_sequence(session: AsyncSession) -> EventSequence:
    """Until the end of the transaction no other server gives positions."""
    query = select(EventSequence).where(EventSequence.id == 1)
    sequence = await session.scalar(query.with_for_update())
    if sequence is None:
        await session.execute(insert(EventSequence).values(id=1, last=0, swept=0))
        sequence = (await session.scalars(query)).one()
    return sequence
