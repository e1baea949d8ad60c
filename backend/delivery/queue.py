"""The queue of deliveries: claims with a lease, results, and what ends a delivery otherwise.

A claim takes the channel as well, until the lease ends or the result is written: a channel gets one message at a time,
whichever server sends it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.coordination.clock import database_now
from backend.coordination.server import is_dead
from backend.delivery import schedule
from backend.delivery.errors import ChannelIsOff, DeliveryNotFound, DeliveryUnderWay, TooManyTests
from backend.delivery.kinds.protocol import Outcome
from backend.delivery.kinds.table import KINDS
from backend.delivery.problems import Problem
from backend.delivery.tables import ENDED, Channel, ChannelState, Delivery, DeliveryStatus
from backend.events.log import record
from backend.events.tables import EventKind

#: After so long a claim counts as lost. An attempt is far shorter.
LEASE = timedelta(seconds=60)

#: The kind of a delivery that only tests its channel.
TEST = "test.ping"

_TESTS_A_MINUTE = 5
_MAX_HISTORY = 20
_WAITING, _SENDING = DeliveryStatus.WAITING.value, DeliveryStatus.SENDING.value


@dataclass(frozen=True, slots=True)
class Claim:
    """This server sends a delivery, in its attempt of this number."""

    delivery_id: str
    channel_id: str
    attempt: int
    runner: str


async def due_channels(session: AsyncSession, limit: int, *, failing: bool) -> Sequence[str]:
    """The ids of channels with something to send, the longest waiting first. Channels that fail are apart, so that
    they take no place of the others."""
    now = await database_now(session)
    usable = Channel.state.in_((ChannelState.ACTIVE.value, ChannelState.PAUSED.value)) & (Channel.free_at <= now)
    lane = Channel.failures > 0 if failing else Channel.failures == 0
    query = (
        select(Channel.id)
        .join(Delivery, Delivery.channel_id == Channel.id)
        .where(_is_due(now), usable, lane)
        .group_by(Channel.id)
        .order_by(func.min(Delivery.not_before), Channel.id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def claim(session: AsyncSession, *, channel_id: str, runner: str) -> Claim | None:
    """Take the next delivery of a channel, unless another server was faster."""
    now = await database_now(session)
    free = (Channel.id == channel_id) & (Channel.free_at <= now)
    taken = await session.execute(update(Channel).where(free).values(free_at=now + LEASE))
    assert isinstance(taken, CursorResult)
    if not taken.rowcount:
        return None
    query = select(Delivery).where(Delivery.channel_id == channel_id, _is_due(now))
    delivery = await session.scalar(query.order_by(Delivery.not_before, Delivery.queued_at, Delivery.id).limit(1))
    if delivery is None:
        await session.execute(update(Channel).where(Channel.id == channel_id).values(free_at=now))
        return None
    return _take(delivery, runner, now)


async def add_test(session: AsyncSession, channel: Channel, *, runner: str) -> Claim:
    """A delivery that tests the channel, claimed already. It is tried even where the channel is paused."""
    if channel.state == ChannelState.OFF.value:
        raise ChannelIsOff
    now = await database_now(session)
    recent = (Delivery.kind == TEST) & (Delivery.queued_at > now - timedelta(minutes=1))
    count = select(func.count()).select_from(Delivery).where(Delivery.channel_id == channel.id, recent)
    if (await session.scalar(count) or 0) >= _TESTS_A_MINUTE:
        raise TooManyTests
    delivery = Delivery(channel_id=channel.id, kind=TEST, facts={}, happened_at=now, attempt=0, tries=0)
    claimed = _take(delivery, runner, now)
    session.add(delivery)
    await session.flush()
    return Claim(delivery.id, channel.id, claimed.attempt, runner)


async def finish(session: AsyncSession, claim: Claim, outcome: Outcome, seconds: float) -> bool:
    """Write the result of an attempt. False if the delivery is no longer this server's."""
    delivery = await _mine(session, claim)
    if delivery is None:
        return False
    now = await database_now(session)
    code = outcome.code.value if outcome.code else None
    tried = {"at": now.isoformat(), "status": outcome.status, "code": code, "reason": outcome.reason or None}
    delivery.history = [*delivery.history, {**tried, "seconds": round(seconds, 3)}][-_MAX_HISTORY:]
    delivery.code, delivery.runner, delivery.claimed_until = code, None, None
    channel = await session.get_one(Channel, claim.channel_id, with_for_update=True)
    interval = timedelta(seconds=KINDS[channel.kind].interval)
    if outcome.ok:
        delivery.status, delivery.ended_at = DeliveryStatus.DELIVERED.value, now
        channel.failures, channel.failing_since, channel.problem = 0, None, None
        channel.free_at = now + interval
        if channel.state != ChannelState.OFF.value:
            channel.state = ChannelState.ACTIVE.value
        return True
    delay = None
    if delivery.kind != TEST and not outcome.give_up:
        delay = schedule.delay_after(delivery.tries, random.random, outcome.retry_after)
    if channel.state == ChannelState.OFF.value:
        delivery.status, delivery.code, delivery.ended_at = DeliveryStatus.SKIPPED.value, Problem.CHANNEL_OFF.value, now
    elif delay is None:
        delivery.status, delivery.ended_at = DeliveryStatus.FAILED.value, now
    else:
        delivery.status, delivery.not_before = _WAITING, now + delay
    _note_failure(session, channel, outcome, now, interval)
    return True


async def put_back(session: AsyncSession, claim: Claim) -> None:
    """Let another server send it now, or this one after its restart."""
    if (delivery := await _mine(session, claim)) is not None:
        now = await database_now(session)
        delivery.status, delivery.runner, delivery.claimed_until = _WAITING, None, None
        delivery.tries -= 1
        await session.execute(update(Channel).where(Channel.id == claim.channel_id).values(free_at=now))


async def skip(session: AsyncSession, claim: Claim, code: Problem) -> None:
    """End it without sending anything."""
    if (delivery := await _mine(session, claim)) is not None:
        now = await database_now(session)
        delivery.status, delivery.code, delivery.ended_at = DeliveryStatus.SKIPPED.value, code.value, now
        delivery.runner, delivery.claimed_until = None, None
        await session.execute(update(Channel).where(Channel.id == claim.channel_id).values(free_at=now))


async def free_dead(session: AsyncSession) -> int:
    """Put back what processes of this machine were sending that have ended; answers how much."""
    sending = select(Delivery).where(Delivery.status == _SENDING).with_for_update()
    dead = [one for one in await session.scalars(sending) if one.runner and is_dead(one.runner)]
    now = await database_now(session)
    for delivery in dead:
        delivery.status, delivery.runner, delivery.claimed_until = _WAITING, None, None
    held = Channel.id.in_({delivery.channel_id for delivery in dead})
    await session.execute(update(Channel).where(held).values(free_at=now))
    return len(dead)


async def list_deliveries(session: AsyncSession, *, channel_id: str, before: str | None, limit: int) -> list[Delivery]:
    """Newest first; `before` is the id of the last one of the page before."""
    query = select(Delivery).where(Delivery.channel_id == channel_id)
    if before is not None:
        last = await find(session, channel_id=channel_id, id=before)
        older = (Delivery.queued_at == last.queued_at) & (Delivery.id < last.id)
        query = query.where(or_(Delivery.queued_at < last.queued_at, older))
    query = query.order_by(Delivery.queued_at.desc(), Delivery.id.desc()).limit(limit)
    return list((await session.scalars(query)).all())


async def find(session: AsyncSession, *, channel_id: str, id: str) -> Delivery:
    found = await session.scalar(select(Delivery).where(Delivery.id == id, Delivery.channel_id == channel_id))
    if found is None:
        raise DeliveryNotFound
    return found


async def send_again(session: AsyncSession, channel: Channel, *, id: str) -> Delivery:
    """From the beginning of the schedule, under the same id."""
    if channel.state == ChannelState.OFF.value:
        raise ChannelIsOff
    delivery = await find(session, channel_id=channel.id, id=id)
    now = await database_now(session)
    values = {"status": _WAITING, "tries": 0, "not_before": now, "queued_at": now, "ended_at": None}
    idle = (Delivery.id == id) & (Delivery.status != _SENDING)
    changed = await session.execute(update(Delivery).where(idle).values(**values))
    assert isinstance(changed, CursorResult)
    if not changed.rowcount:
        raise DeliveryUnderWay
    await session.refresh(delivery)
    return delivery


async def delete_expired(session: AsyncSession, days: float) -> int:
    """Give up what has waited for too long, and delete what has ended so many days ago; answers how many these were."""
    now = await database_now(session)
    lost = (Delivery.status == _WAITING) & (Delivery.queued_at < now - schedule.MAX_WAIT)
    given_up = {"status": DeliveryStatus.FAILED.value, "code": Problem.EXPIRED.value, "ended_at": now}
    await session.execute(update(Delivery).where(lost).values(**given_up))
    old = Delivery.status.in_(ENDED) & (Delivery.ended_at < now - timedelta(days=days))
    deleted = await session.execute(delete(Delivery).where(old))
    assert isinstance(deleted, CursorResult)
    return deleted.rowcount


def _is_due(now: datetime) -> ColumnElement[bool]:
    waits = (Delivery.status == _WAITING) & (Delivery.not_before <= now)
    return waits | ((Delivery.status == _SENDING) & (Delivery.claimed_until <= now))


def _take(delivery: Delivery, runner: str, now: datetime) -> Claim:
    delivery.status, delivery.runner, delivery.claimed_until = _SENDING, runner, now + LEASE
    delivery.attempt += 1
    delivery.tries += 1
    return Claim(delivery.id, delivery.channel_id, delivery.attempt, runner)


async def _mine(session: AsyncSession, claim: Claim) -> Delivery | None:
    same = (Delivery.id == claim.delivery_id) & (Delivery.attempt == claim.attempt) & (Delivery.runner == claim.runner)
    query = select(Delivery).where(same, Delivery.status == _SENDING).with_for_update()
    return (await session.scalars(query)).one_or_none()


def _note_failure(
    session: AsyncSession, channel: Channel, outcome: Outcome, now: datetime, interval: timedelta
) -> None:
    channel.failures += 1
    channel.failing_since = channel.failing_since or now
    channel.problem = outcome.code.value if outcome.code else None
    pause = max(interval, schedule.wish(outcome.retry_after))
    for_long = now - channel.failing_since >= schedule.PAUSE_AFTER and channel.failures >= schedule.PAUSE_TRIES
    if channel.state != ChannelState.OFF.value and outcome.stop:
        _end(session, channel, ChannelState.STOPPED, outcome)
    elif channel.state == ChannelState.ACTIVE.value and for_long:
        _end(session, channel, ChannelState.PAUSED, outcome)
    if channel.state == ChannelState.PAUSED.value:
        pause = max(pause, schedule.TRIAL_EVERY)
    channel.free_at = now + pause


def _end(session: AsyncSession, channel: Channel, state: ChannelState, outcome: Outcome) -> None:
    """Its owner is told through the page and their other channels."""
    if channel.state != state.value:
        channel.state = state.value
        facts: dict[str, Any] = {"channel": channel.id, "state": state.value, "code": channel.problem}
        record(session, EventKind.CHANNEL_PAUSED, owner_id=channel.owner_id, **facts)
