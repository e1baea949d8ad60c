"""A channel of ada to a real receiver, and a sender that is driven step by step."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.database import Database
from backend.delivery import channels
from backend.delivery.channels import ChannelValues
from backend.delivery.sender import Sender
from backend.delivery.tables import Channel, Delivery
from backend.events import log
from backend.events.tables import EventKind
from backend.settings import Settings
from tests.delivery.receiver import Receiver, serve_receiver
from tests.transcripts.conftest import TranscriptScenario, document, scenario  # noqa: F401  (fixtures)


@dataclass
class Scene:
    """Ada's recording, a receiver, and the sender of one server."""

    scenario: TranscriptScenario
    settings: Settings
    sender: Sender
    receiver: Receiver

    @property
    def database(self) -> Database:
        return self.scenario.database

    async def add(self, kind: str = "webhook", **values: Any) -> tuple[Channel, str | None]:
        """A channel of ada to the receiver, for renamed recordings unless it is told otherwise."""
        chosen = {"name": "a", "address": self.receiver.url, "events": [EventKind.RECORDING_RENAMED.value], **values}
        async with self.database.write() as session:
            return await channels.add(
                session, self.settings, owner_id=self.scenario.ada.id, kind=kind, values=ChannelValues(**chosen)
            )

    async def change(self, channel: Channel, **values: Any) -> Channel:
        async with self.database.write() as session:
            return await channels.change(
                session,
                self.settings,
                owner_id=self.scenario.ada.id,
                id=channel.id,
                values=ChannelValues(**values),
            )

    async def happen(self, kind: EventKind = EventKind.RECORDING_RENAMED, **facts: Any) -> None:
        async with self.database.write() as session:
            owner, recording = self.scenario.ada.id, self.scenario.recording_id
            log.record(session, kind, owner_id=owner, recording_id=recording, **facts)
        await self.number()

    async def number(self) -> None:
        async with self.database.write() as session:
            await log.number(session)

    async def work(self) -> None:
        """One look of the sender, until what it has started has ended; also what comes of it at once."""
        for _ in range(50):
            await self.sender.look()
            if not self.sender._running:
                return
            await asyncio.gather(*self.sender._running.values())

    async def elapse(self, **values: float) -> None:
        """Let so much time go by for what waits."""
        moved = timedelta(**values)
        async with self.database.write() as session:
            for delivery in await session.scalars(select(Delivery).where(Delivery.status != "delivered")):
                delivery.not_before -= moved
                delivery.queued_at -= moved
                if delivery.claimed_until is not None:
                    delivery.claimed_until -= moved
            for channel in await session.scalars(select(Channel)):
                channel.free_at -= moved
                if channel.failing_since is not None:
                    channel.failing_since -= moved

    async def deliveries(self) -> list[Delivery]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Delivery).order_by(Delivery.queued_at, Delivery.event_position)))

    async def statuses(self) -> list[tuple[str, str | None]]:
        return [(one.status, one.code) for one in await self.deliveries()]

    async def channel(self, id: str) -> Channel:
        async with self.database.read() as session:
            return await session.get_one(Channel, id)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve_receiver() as made:
        yield made


@pytest.fixture
async def scene(
    scenario: TranscriptScenario,  # noqa: F811
    settings: Settings,
    receiver: Receiver,
) -> AsyncIterator[Scene]:
    reachable = settings.model_copy(update={"delivery_private_hosts": ("127.0.0.1",)})
    sender = Sender(scenario.database, reachable)
    yield Scene(scenario, reachable, sender, receiver)
    if sender.caller is not None:
        await sender.caller.close()
