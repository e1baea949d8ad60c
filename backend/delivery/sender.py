"""The sender: makes deliveries of events, and sends them. Every server runs one, and they share the work."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from backend.coordination.server import Server
from backend.crash_points import durable_step
from backend.database import Database, utc_now
from backend.delivery import channels, queue
from backend.delivery.call import Caller, CallFailed
from backend.delivery.fan_out import make_deliveries
from backend.delivery.kinds.protocol import Outcome
from backend.delivery.kinds.table import KINDS
from backend.delivery.message import NotSent, Ready, load
from backend.delivery.queue import Claim
from backend.events.log import HAS_POSITIONS
from backend.recordings.timeouts import with_timeout
from backend.settings import Settings

logger = logging.getLogger(__name__)

#: How often the tables are looked at when nobody wakes the sender: for what is due, and for other servers' events.
_POLL_SECONDS = 1.0
#: Messages that this server sends at the same time, and the part of them for channels that have failed.
_AT_ONCE, _AT_ONCE_FAILING = 64, 16
#: A stopping server lets calls end for so long; then their deliveries are put back.
_STOP_SECONDS = 3.0


@dataclass(slots=True)
class Sender:
    """Start one per process. It is stopped, never cancelled, so that every result is written."""

    database: Database
    settings: Settings
    server: Server = field(default_factory=Server)
    caller: Caller | None = None
    _running: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)  #: by channel
    _failing: set[str] = field(default_factory=set)  #: those of them that have failed before
    _wake_up: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _patience_over: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        self.database.on_commit.append(self._committed)
        self._loop = asyncio.create_task(self._run(), name="sender")

    async def stop(self) -> None:
        """Claim nothing more, and let the calls under way end; put back those that take too long."""
        self._stopping.set()
        self._wake_up.set()
        self.database.on_commit.remove(self._committed)
        if self._loop is not None:
            await self._loop
        if self._running:
            await asyncio.wait(self._running.values(), timeout=_STOP_SECONDS)
        self._patience_over.set()
        await asyncio.gather(*self._running.values())
        if self.caller is not None:
            await self.caller.close()

    def wake(self) -> None:
        self._wake_up.set()

    async def look(self) -> None:
        """Make the deliveries of new events, and start to send what is due."""
        while await make_deliveries(self.database):
            pass
        for failing in (False, True):
            for channel_id in await self._due(failing):
                with durable_step("delivery.claim"):
                    async with self.database.write() as session:
                        claimed = await queue.claim(session, channel_id=channel_id, runner=self.server.name)
                if claimed is not None:
                    self._start(claimed, failing)

    async def attempt(self, claim: Claim) -> None:
        """Send it, and write what became of it."""
        started = time.monotonic()
        try:
            ready = await load(self.database, self.settings, claim)
        except NotSent as refused:
            async with self.database.write() as session:
                if refused.stop:
                    outcome = Outcome(refused.code, give_up=True, stop=True)
                    await queue.finish(session, claim, outcome, time.monotonic() - started)
                else:
                    await queue.skip(session, claim, refused.code)
            return
        sending = asyncio.ensure_future(self._call(ready))
        patience = asyncio.ensure_future(self._patience_over.wait())
        await asyncio.wait({sending, patience}, return_when=asyncio.FIRST_COMPLETED)
        patience.cancel()
        if not sending.done():
            sending.cancel()
            await asyncio.wait({sending})
            async with self.database.write() as session:
                await queue.put_back(session, claim)
            return
        outcome = sending.result()
        with durable_step("delivery.result"):
            async with self.database.write() as session:
                await queue.finish(session, claim, outcome, time.monotonic() - started)
        logger.info("Delivery tried", extra={"delivery": claim.delivery_id, "code": outcome.code})

    async def test(self, *, owner_id: str, channel_id: str) -> str:
        """Send `test.ping` through a channel now; answers the id of the delivery."""
        async with self.database.write() as session:
            channel = await channels.find(session, owner_id=owner_id, id=channel_id)
            claimed = await queue.add_test(session, channel, runner=self.server.name)
        # Goes on where the person who pressed the button has left.
        await asyncio.shield(asyncio.ensure_future(self.attempt(claimed)))
        return claimed.delivery_id

    async def _call(self, ready: Ready) -> Outcome:
        if self.caller is None:
            self.caller = await asyncio.to_thread(Caller, self.settings.delivery_private_hosts)
        kind = KINDS[ready.kind]
        try:
            request = kind.request(ready.message, ready.destination, utc_now())
            answer = await self.caller.send(request, reads_body=kind.reads_body)
        except CallFailed as failed:
            return Outcome(failed.code)
        return kind.outcome(answer, utc_now())

    async def _due(self, failing: bool) -> list[str]:
        mine = self._failing if failing else self._running.keys() - self._failing
        places = (_AT_ONCE_FAILING if failing else _AT_ONCE - _AT_ONCE_FAILING) - len(mine)
        if places <= 0 or self._stopping.is_set():
            return []
        async with self.database.read() as session:
            found = await queue.due_channels(session, places, failing=failing)
        return [id for id in found if id not in self._running]

    def _start(self, claim: Claim, failing: bool) -> None:
        if failing:
            self._failing.add(claim.channel_id)
        task = asyncio.create_task(self._run_attempt(claim), name=f"delivery {claim.delivery_id}")
        self._running[claim.channel_id] = task

    async def _run_attempt(self, claim: Claim) -> None:
        try:
            await self.attempt(claim)
        except SQLAlchemyError:
            # The claim ends with its lease, and the delivery is sent again under its id.
            logger.warning("The result of a delivery could not be written", exc_info=True)
        except Exception:  # one bad message must not end the sender
            logger.exception("A delivery failed here", extra={"delivery": claim.delivery_id})
        finally:
            del self._running[claim.channel_id]
            self._failing.discard(claim.channel_id)
            self.wake()

    def _committed(self, info: dict[Any, Any]) -> None:
        if info.get(HAS_POSITIONS):
            self._wake_up.set()

    async def _run(self) -> None:
        freed = False
        while not self._stopping.is_set():
            try:
                if not freed:
                    async with self.database.write() as session:
                        await queue.free_dead(session)
                    freed = True
                await self.look()
            except SQLAlchemyError:
                logger.warning("Deliveries cannot be sent yet", exc_info=True)
            with suppress(asyncio.TimeoutError):
                await with_timeout(_POLL_SECONDS, self._wake_up.wait())
            self._wake_up.clear()
