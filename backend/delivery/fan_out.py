"""From events to deliveries: a cursor of its own follows the event log, and moves in the transaction that makes the
deliveries. So each event gets exactly one delivery for each channel that wants it, whenever the server is killed."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.coordination.clock import database_now
from backend.crash_points import durable_step
from backend.database import Database
from backend.delivery.problems import Problem
from backend.delivery.tables import Channel, ChannelState, Delivery, DeliveryCursor, DeliveryStatus
from backend.events import log
from backend.events.tables import Event, EventKind

logger = logging.getLogger(__name__)

#: Edits of one recording within this time are one delivery: the page saves while people type.
EDITS_TOGETHER = timedelta(seconds=60)

_ON = (ChannelState.ACTIVE.value, ChannelState.PAUSED.value)


async def prepare(session: AsyncSession) -> None:
    """Call it before a channel is added: the first one gets the events from now on, and nothing older is read."""
    if not await session.scalar(select(exists().select_from(Channel))):
        (await _lock_cursor(session)).position = (await log.state(session)).last


async def make_deliveries(database: Database) -> int:
    """Make the deliveries of the next events, at most `log.BATCH`; answers how many events they were."""
    async with database.read() as session:
        cursor = await session.get(DeliveryCursor, 1)
        found = await log.state(session)
        if (
            cursor is None
            or cursor.position == found.last
            or not await session.scalar(select(exists().select_from(Channel)))
        ):
            return 0
    with durable_step("delivery.rows"):
        async with database.write() as session:
            return await _advance(session)


async def _advance(session: AsyncSession) -> int:
    cursor = await _lock_cursor(session)
    found = await log.state(session)
    if not found.reaches(cursor.position):
        logger.error("Events were deleted, or are of another database, before they could be delivered")
    events = await log.read_after(session, cursor.position)
    if not events:
        cursor.position = found.last
        return 0
    owners = {event.owner_id for event in events}
    channels: dict[str, list[Channel]] = {}
    for channel in await session.scalars(
        select(Channel).where(Channel.owner_id.in_(owners), Channel.state.in_(_ON)).order_by(Channel.id)
    ):
        channels.setdefault(channel.owner_id, []).append(channel)
    for event in events:
        for channel in channels.get(event.owner_id, ()):
            if _wants(channel, event):
                session.add(await _delivery(session, channel, event))
    assert events[-1].position is not None
    cursor.position = events[-1].position
    return len(events)


def _wants(channel: Channel, event: Event) -> bool:
    about_itself = event.facts.get("channel") == channel.id
    return event.kind in channel.events and event.at >= channel.created_at and not about_itself


async def _delivery(session: AsyncSession, channel: Channel, event: Event) -> Delivery:
    not_before = now = await database_now(session)
    if event.kind == EventKind.TRANSCRIPT_EDITED.value:
        not_before = now + EDITS_TOGETHER
        for earlier in await _unsent(session, channel, event):
            not_before = min(not_before, earlier.not_before)  # so that it is sent though the edits go on
            earlier.status, earlier.code, earlier.ended_at = DeliveryStatus.SKIPPED.value, Problem.SUPERSEDED.value, now
    return Delivery(
        channel_id=channel.id,
        event_position=event.position,
        kind=event.kind,
        recording_id=event.recording_id,
        job_id=event.job_id,
        facts=event.facts,
        happened_at=event.at,
        not_before=not_before,
    )


async def _unsent(session: AsyncSession, channel: Channel, event: Event) -> Sequence[Delivery]:
    """Deliveries of the same kind and recording that have not been tried."""
    same = (Delivery.kind == event.kind) & (Delivery.recording_id == event.recording_id)
    untried = (Delivery.status == DeliveryStatus.WAITING.value) & (Delivery.attempt == 0)
    return (await session.scalars(select(Delivery).where(Delivery.channel_id == channel.id, same, untried))).all()


async def _lock_cursor(session: AsyncSession) -> DeliveryCursor:
    """One server at a time: the row stays locked until the commit."""
    cursor = await session.scalar(select(DeliveryCursor).where(DeliveryCursor.id == 1).with_for_update())
    if cursor is None:
        cursor = DeliveryCursor(id=1, position=0)
        session.add(cursor)
        await session.flush()
    return cursor
