"""The channels of a person: add, change, delete. Addresses and secrets are stored encrypted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.coordination.clock import database_now
from backend.delivery import fan_out
from backend.delivery.errors import (
    MAX_PER_OWNER,
    ChannelNotFound,
    InvalidChannelAddress,
    InvalidChannelSecret,
    TooManyChannels,
)
from backend.delivery.kinds.protocol import Destination
from backend.delivery.kinds.table import KINDS
from backend.delivery.kinds.webhook import new_secret
from backend.delivery.problems import Problem
from backend.delivery.tables import Channel, ChannelState, Content, Delivery, DeliveryStatus
from backend.encryption import decrypt, encrypt
from backend.settings import Settings

#: How long the former secret signs too after a change.
OLD_SECRET_HOURS = 24

_ADDRESS, _SECRET = "address of a channel", "secret of a channel"


@dataclass(frozen=True, slots=True)
class ChannelValues:
    """The editable values of a channel; None keeps the stored value. An empty secret deletes it."""

    name: str | None = None
    address: str | None = None
    secret: str | None = None
    events: Sequence[str] | None = None
    content: Content | None = None
    language: str | None = None
    on: bool | None = None


async def list_channels(session: AsyncSession, *, owner_id: str) -> Sequence[Channel]:
    own = select(Channel).where(Channel.owner_id == owner_id)
    return (await session.scalars(own.order_by(Channel.name, Channel.id))).all()


async def find(session: AsyncSession, *, owner_id: str, id: str) -> Channel:
    found = await session.scalar(select(Channel).where(Channel.id == id, Channel.owner_id == owner_id))
    if found is None:
        raise ChannelNotFound
    return found


async def add(
    session: AsyncSession, settings: Settings, *, owner_id: str, kind: str, values: ChannelValues
) -> tuple[Channel, str | None]:
    """The new channel, with its secret if that is made here: it is never told again. It gets the events that happen
    from now on. Raises InvalidChannelAddress, InvalidChannelSecret or TooManyChannels."""
    count = select(func.count()).select_from(Channel).where(Channel.owner_id == owner_id)
    if (await session.scalar(count) or 0) >= MAX_PER_OWNER:
        raise TooManyChannels
    chosen = KINDS[kind]
    if values.address is None:
        raise InvalidChannelAddress
    if values.secret and chosen.own_secret:
        raise InvalidChannelSecret
    await fan_out.prepare(session)
    row = Channel(owner_id=owner_id, kind=kind, name="", content=chosen.default_content.value, events=[])
    made = new_secret() if chosen.own_secret else None
    session.add(row)
    chosen.check(values.address, values.secret or None)
    _set(row, settings, values)
    if made:
        row.sealed_secret = _seal(settings, _SECRET, made)
    await session.flush()
    return row, made


async def change(
    session: AsyncSession, settings: Settings, *, owner_id: str, id: str, values: ChannelValues
) -> Channel:
    """A robot's secret is deleted with a change of its address: it is never used at another one."""
    row = await find(session, owner_id=owner_id, id=id)
    kind = KINDS[row.kind]
    if values.secret and kind.own_secret:
        raise InvalidChannelSecret
    if values.address is not None:
        kind.check(values.address, values.secret or None)
        if not kind.own_secret:
            row.sealed_secret = None
    elif values.secret:
        kind.check(destination(row, settings, await database_now(session)).address, values.secret)
    _set(row, settings, values)
    if values.on is False:
        await _turn_off(session, row)
    elif values.on or values.address is not None or values.secret is not None:
        await revive(session, row)
    await session.flush()
    return row


async def change_secret(session: AsyncSession, settings: Settings, *, owner_id: str, id: str) -> str:
    """The new secret of a webhook. The former one signs too for a day, so that the receiver loses nothing."""
    row = await find(session, owner_id=owner_id, id=id)
    if not KINDS[row.kind].own_secret:
        raise InvalidChannelSecret
    made = new_secret()
    row.sealed_old_secret, row.sealed_secret = row.sealed_secret, _seal(settings, _SECRET, made)
    row.old_secret_until = await database_now(session) + timedelta(hours=OLD_SECRET_HOURS)
    await session.flush()
    return made


async def delete(session: AsyncSession, *, owner_id: str, id: str) -> None:
    """With its deliveries."""
    await session.delete(await find(session, owner_id=owner_id, id=id))


async def revive(session: AsyncSession, row: Channel) -> None:
    """Use it again, from now on."""
    row.state, row.failures, row.failing_since, row.problem = ChannelState.ACTIVE.value, 0, None, None
    row.free_at = await database_now(session)


def destination(row: Channel, settings: Settings, now: datetime) -> Destination:
    """Raises DecryptionError where SECRET_KEY was changed since."""
    key = settings.secret_key.get_secret_value()
    old = row.sealed_old_secret if row.old_secret_until is not None and row.old_secret_until > now else None
    sealed = [one for one in (row.sealed_secret, old) if one]
    return Destination(decrypt(key, _ADDRESS, row.sealed_address), tuple(decrypt(key, _SECRET, one) for one in sealed))


async def _turn_off(session: AsyncSession, row: Channel) -> None:
    row.state = ChannelState.OFF.value
    waiting = (Delivery.channel_id == row.id) & (Delivery.status == DeliveryStatus.WAITING.value)
    ended = {
        "status": DeliveryStatus.SKIPPED.value,
        "code": Problem.CHANNEL_OFF.value,
        "ended_at": await database_now(session),
    }
    await session.execute(update(Delivery).where(waiting).values(**ended))


def _set(row: Channel, settings: Settings, values: ChannelValues) -> None:
    if values.name is not None:
        row.name = values.name.strip()
    if values.address is not None:
        row.sealed_address = _seal(settings, _ADDRESS, values.address)
    if values.secret is not None:
        row.sealed_secret = _seal(settings, _SECRET, values.secret) if values.secret else None
    if values.events is not None:
        row.events = sorted(set(values.events))
    if values.content is not None:
        row.content = values.content.value
    if values.language is not None:
        row.language = values.language


def _seal(settings: Settings, purpose: str, plaintext: str) -> str:
    return encrypt(settings.secret_key.get_secret_value(), purpose, plaintext)
