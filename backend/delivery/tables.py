"""Channels, where a person's events are sent to, and deliveries: one row for each event and channel."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.coordination.clock import DatabaseTime
from backend.database import Base, BigInt, UtcDateTime, new_id


class ChannelState(str, Enum):
    ACTIVE = "active"
    PAUSED = "paused"  #: it has failed for long; deliveries wait, and one is tried now and then
    STOPPED = "stopped"  #: the receiver wants nothing more, or the channel cannot be used; its owner can turn it on
    OFF = "off"  #: turned off by its owner


class Content(str, Enum):
    """What goes along with an event. Each includes those before it."""

    IDS = "ids"  #: ids, numbers and codes only
    LINK = "link"  #: the name of the recording, and a link to it
    MINUTES = "minutes"  #: the minutes, where the event is about them
    TRANSCRIPT = "transcript"  #: the transcript, where the event is about it


class DeliveryStatus(str, Enum):
    WAITING = "waiting"
    SENDING = "sending"  #: a server is at it until `claimed_until`
    DELIVERED = "delivered"
    FAILED = "failed"  #: given up
    SKIPPED = "skipped"  #: nothing may be sent any more, or a newer event says the same


#: From these a delivery does not go on by itself.
ENDED = (DeliveryStatus.DELIVERED.value, DeliveryStatus.FAILED.value, DeliveryStatus.SKIPPED.value)


class Channel(Base):
    """Address and secrets are encrypted, and never returned."""

    __tablename__ = "channels"
    __table_args__ = (Index(None, "owner_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))  #: see `backend.delivery.kinds`
    name: Mapped[str] = mapped_column(String(64))  #: chosen by its owner
    sealed_address: Mapped[str] = mapped_column(Text)
    sealed_secret: Mapped[str | None] = mapped_column(Text)
    sealed_old_secret: Mapped[str | None] = mapped_column(Text)  #: signs too until `old_secret_until`
    old_secret_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    events: Mapped[list[str]] = mapped_column(JSON)  #: the kinds of events that it wants
    content: Mapped[str] = mapped_column(String(16))  #: a Content
    language: Mapped[str] = mapped_column(String(8), default="zh")  #: of messages to people: zh or en
    state: Mapped[str] = mapped_column(String(16), default=ChannelState.ACTIVE.value)
    #: No delivery is claimed before: the lease of the one under way, the pace of the kind, or a wish of the receiver.
    free_at: Mapped[datetime] = mapped_column(UtcDateTime, default=DatabaseTime())
    failures: Mapped[int] = mapped_column(default=0)  #: attempts that failed since the last success
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(String(32))  #: the code of the last failure since the last success
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=DatabaseTime())


class Delivery(Base):
    """Its id is the same on every attempt. It has what is needed of its event, which may be deleted before."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("event_position", "channel_id"),
        Index(None, "channel_id", "queued_at"),
        Index(None, "status", "not_before"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    channel_id: Mapped[str] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    event_position: Mapped[int | None] = mapped_column(BigInt)  #: none for a test
    kind: Mapped[str] = mapped_column(String(32))  #: of the event
    recording_id: Mapped[str | None] = mapped_column(String(32))
    job_id: Mapped[str | None] = mapped_column(String(32))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(16), default=DeliveryStatus.WAITING.value)
    attempt: Mapped[int] = mapped_column(default=0)  #: raised by each claim: the fence
    tries: Mapped[int] = mapped_column(default=0)  #: claims since it was made or sent again: the place in the schedule
    not_before: Mapped[datetime] = mapped_column(UtcDateTime, default=DatabaseTime())
    runner: Mapped[str | None] = mapped_column(String(64))  #: the server that sends it
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code: Mapped[str | None] = mapped_column(String(32))  #: why the last attempt failed, or why it was skipped
    history: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  #: the last attempts, oldest first
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=DatabaseTime())  #: made, or sent again by hand
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DeliveryCursor(Base):
    """One row: up to which position of the event log deliveries have been made."""

    __tablename__ = "delivery_cursor"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInt)
