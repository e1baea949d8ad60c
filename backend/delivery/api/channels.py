"""A person's own channels and their deliveries."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.audit import Action, note
from backend.accounts.dependencies import CurrentUser, ReadSession, SettingsDep, WriteSession, from_app_state
from backend.coordination.clock import database_now
from backend.database import after_commit
from backend.delivery import channels, queue
from backend.delivery.addresses import MAX_ADDRESS, host_of
from backend.delivery.channels import ChannelValues
from backend.delivery.kinds.table import KindName
from backend.delivery.problems import Problem
from backend.delivery.sender import Sender
from backend.delivery.tables import Channel, ChannelState, Content, Delivery, DeliveryStatus
from backend.encryption import DecryptionError
from backend.events.tables import EventKind
from backend.settings import Settings

router = APIRouter(prefix="/api/channels", tags=["channels"])

_Id = Path(pattern="^[0-9a-f]{32}$")
ChannelId = Annotated[str, _Id]
DeliveryId = Annotated[str, _Id]
SenderDep = Annotated[Sender, Depends(from_app_state("sender"))]

_Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]
_Address = Annotated[str, Field(min_length=1, max_length=MAX_ADDRESS)]
_Secret = Annotated[str, Field(max_length=200, pattern=r"^[\x21-\x7e]*$")]
_Events = Annotated[list[EventKind], Field(min_length=1, max_length=len(EventKind))]
_Language = Literal["zh", "en"]
_PAGE = 50


class ChannelOut(BaseModel):
    """Of the address only the host is returned, and no secret ever. `readable` is false where SECRET_KEY was changed:
    set address and secret again. `problem` is the code of the last failure since the last success."""

    id: str
    kind: KindName
    name: str
    host: str
    has_secret: bool
    readable: bool
    events: list[EventKind]
    content: Content
    language: _Language
    state: ChannelState
    problem: Problem | None
    failing_since: datetime | None
    two_secrets_until: datetime | None  #: the former secret signs too until then
    created_at: datetime


class NewChannelOut(ChannelOut):
    """`secret` verifies the signatures of a webhook. It is returned only once."""

    secret: str | None


class SecretOut(BaseModel):
    secret: str


class NewChannel(BaseModel):
    """A webhook gets a secret of its own. `events` says what is sent, `content` what goes along."""

    model_config = ConfigDict(extra="forbid")

    kind: KindName
    name: _Name
    address: _Address
    secret: _Secret | None = None
    events: _Events = [EventKind.TRANSCRIPT_PUBLISHED, EventKind.MINUTES_WRITTEN, EventKind.JOB_FAILED]
    content: Content | None = None
    language: _Language = "zh"


class ChannelChange(BaseModel):
    """What is left out stays. A secret of "" deletes the stored one."""

    model_config = ConfigDict(extra="forbid")

    name: _Name | None = None
    address: _Address | None = None
    secret: _Secret | None = None
    events: _Events | None = None
    content: Content | None = None
    language: _Language | None = None
    on: bool | None = None


class Try(BaseModel):
    """One attempt. `status` is that of HTTP; `reason` is a code of the receiver's own."""

    at: datetime
    status: int | None
    code: Problem | None
    reason: str | None
    seconds: float


class DeliveryOut(BaseModel):
    """`id` is the `webhook-id` of every attempt. `code` says why the last one failed, or why nothing is sent."""

    id: str
    kind: str
    recording_id: str | None
    happened_at: datetime
    status: DeliveryStatus
    code: Problem | None
    next_at: datetime | None
    queued_at: datetime
    ended_at: datetime | None
    history: list[Try]


class DeliveryPage(BaseModel):
    """`next` is the `before` of the next page."""

    deliveries: list[DeliveryOut]
    next: str | None


@router.get("", summary="My channels")
async def list_own(session: ReadSession, user: CurrentUser, settings: SettingsDep) -> list[ChannelOut]:
    rows = await channels.list_channels(session, owner_id=user.id)
    now = await database_now(session)
    return [ChannelOut(**_facts(row, settings, now)) for row in rows]


@router.post("", status_code=201, summary="Add a channel")
async def add(session: WriteSession, user: CurrentUser, settings: SettingsDep, body: NewChannel) -> NewChannelOut:
    """It gets what happens from now on. Codes: channel_address, channel_secret, too_many_channels."""
    values = ChannelValues(**body.model_dump(exclude={"kind"}))
    row, secret = await channels.add(session, settings, owner_id=user.id, kind=body.kind.value, values=values)
    note(session, Action.CHANNEL_SAVED, subject=row.id, kind=row.kind, host=host_of(body.address))
    return NewChannelOut(**_facts(row, settings, await database_now(session)), secret=secret)


@router.patch("/{channel_id}", summary="Change a channel, or turn it on or off")
async def change(
    session: WriteSession, user: CurrentUser, settings: SettingsDep, channel_id: ChannelId, body: ChannelChange
) -> ChannelOut:
    values = ChannelValues(**body.model_dump())
    row = await channels.change(session, settings, owner_id=user.id, id=channel_id, values=values)
    facts = _facts(row, settings, await database_now(session))
    note(session, Action.CHANNEL_SAVED, subject=row.id, kind=row.kind, host=facts["host"])
    return ChannelOut(**facts)


@router.delete("/{channel_id}", status_code=204, summary="Delete a channel with its deliveries")
async def delete(session: WriteSession, user: CurrentUser, channel_id: ChannelId) -> None:
    await channels.delete(session, owner_id=user.id, id=channel_id)
    note(session, Action.CHANNEL_DELETED, subject=channel_id)


@router.post("/{channel_id}/secret", summary="Make a new secret for a webhook")
async def change_secret(
    session: WriteSession, user: CurrentUser, settings: SettingsDep, channel_id: ChannelId
) -> SecretOut:
    """For a day each message has two signatures: by the new secret and by the former one."""
    return SecretOut(secret=await channels.change_secret(session, settings, owner_id=user.id, id=channel_id))


@router.post("/{channel_id}/test", summary="Send test.ping through a channel now")
async def test(sender: SenderDep, user: CurrentUser, channel_id: ChannelId) -> DeliveryOut:
    """Answers what became of it. Codes: channel_off, too_many_tests."""
    id = await sender.test(owner_id=user.id, channel_id=channel_id)
    async with sender.database.read() as session:
        return _delivery_out(await queue.find(session, channel_id=channel_id, id=id))


@router.get("/{channel_id}/deliveries", summary="Deliveries of a channel, newest first")
async def list_deliveries(
    session: ReadSession,
    user: CurrentUser,
    channel_id: ChannelId,
    before: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None,
) -> DeliveryPage:
    await channels.find(session, owner_id=user.id, id=channel_id)
    rows = await queue.list_deliveries(session, channel_id=channel_id, before=before, limit=_PAGE)
    return DeliveryPage(
        deliveries=[_delivery_out(row) for row in rows], next=rows[-1].id if len(rows) == _PAGE else None
    )


@router.post("/{channel_id}/deliveries/{delivery_id}/send", summary="Send a delivery again, under the same id")
async def send_again(
    session: WriteSession, user: CurrentUser, sender: SenderDep, channel_id: ChannelId, delivery_id: DeliveryId
) -> DeliveryOut:
    """Codes: channel_off, delivery_under_way."""
    channel = await channels.find(session, owner_id=user.id, id=channel_id)
    row = await queue.send_again(session, channel, id=delivery_id)
    after_commit(session, sender.wake)
    return _delivery_out(row)


def _facts(row: Channel, settings: Settings, now: datetime) -> dict[str, Any]:
    try:
        host, readable = host_of(channels.destination(row, settings, now).address), True
    except DecryptionError:
        host, readable = "", False
    both = row.old_secret_until is not None and row.old_secret_until > now
    facts = {
        name: getattr(row, name)
        for name in ("id", "kind", "name", "events", "content", "language", "state", "problem", "failing_since")
    }
    return facts | {
        "host": host,
        "readable": readable,
        "has_secret": row.sealed_secret is not None,
        "two_secrets_until": row.old_secret_until if both else None,
        "created_at": row.created_at,
    }


def _delivery_out(row: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=row.id,
        kind=row.kind,
        recording_id=row.recording_id,
        happened_at=row.happened_at,
        status=DeliveryStatus(row.status),
        code=row.code,
        next_at=row.not_before if row.status == DeliveryStatus.WAITING.value else None,
        queued_at=row.queued_at,
        ended_at=row.ended_at,
        history=[Try(**one) for one in row.history],
    )
