"""Housekeeping: removes orphans and expired things and applies the rules of retention, at start and then regularly."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from backend.accounts import throttle, tickets
from backend.accounts.audit import Action, note_in_own_transaction
from backend.coordination.clock import database_now
from backend.coordination.leases import Kind as LeaseKind
from backend.coordination.leases import Lease, Leases
from backend.database import utc_now
from backend.delivery import queue as deliveries
from backend.events import log as event_log
from backend.events.repair import repair
from backend.housekeeping.context import CleanupTotal, HousekeepingContext, Item, Sweeper, total_of
from backend.housekeeping.orphans import Orphans, looks_like_wrong_database
from backend.housekeeping.retention import Retention, rules
from backend.housekeeping.sweepers import sweepers
from backend.housekeeping.tables import RetentionKind, RetentionStart
from backend.jobs import idempotency
from backend.recordings.timeouts import with_timeout

logger = logging.getLogger(__name__)

#: How often a server looks whether the one that cleans up is gone.
_SUCCESSION_SECONDS = 60.0


@dataclass(slots=True)
class Housekeeper:
    """Start one per process: of all servers one does the work. It is stopped, never cancelled, so that a removal it has
    begun is completed."""

    context: HousekeepingContext
    trash_days: float
    every_seconds: float
    leases: Leases
    event_days: float = 30
    last_run_at: datetime | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _lease: Lease | None = None
    _task: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run_regularly(), name="housekeeping")

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            await self._task
        if self._lease is not None:
            self.leases.release(self._lease)
            self._lease = None

    async def is_responsible(self) -> bool:
        """Whether this server is the one that cleans up. It stays so until it stops or dies."""
        if self._lease is None or not await self.leases.is_held(self._lease):
            self._lease = await self.leases.acquire(LeaseKind.HOUSEKEEPING, 1)
        return self._lease is not None

    async def run_once(self, now: datetime) -> list[CleanupTotal]:
        """Sweep, then apply the rules; answers what was removed."""
        removed_totals = [await self._sweep(sweeper, now) for sweeper in sweepers(self.trash_days)]
        async with self.context.database.read() as session:
            on = [rule for rule in await rules(session) if rule.days is not None]
        for rule in on:
            assert rule.days is not None
            sweeper = Retention(RetentionKind(rule.kind), rule.days, RetentionStart(rule.since))
            removed = await self._sweep(sweeper, now)
            if removed.count:
                facts = {"kind": removed.kind, "count": removed.count, "bytes": removed.bytes, "days": rule.days}
                await note_in_own_transaction(
                    self.context.database, Action.RETENTION_APPLIED, subject=removed.kind, **facts
                )
            removed_totals.append(removed)
        async with self.context.database.write() as session:
            await idempotency.delete_expired(session, now)
            await tickets.delete_expired(session, await database_now(session))
            await throttle.delete_expired(session, await database_now(session))
            await deliveries.delete_expired(session, self.event_days)
        await repair(self.context.database)
        await event_log.delete_expired(self.context.database, self.event_days)
        self.last_run_at = now
        return removed_totals

    async def _sweep(self, sweeper: Sweeper, now: datetime) -> CleanupTotal:
        items = await sweeper.find(self.context, now)
        if isinstance(sweeper, Orphans) and await looks_like_wrong_database(self.context, items):
            logger.error("Most recordings have no row; is this the right database? Nothing was removed")
            items = []
        removed = await remove_items(self.context, sweeper, items, now, self._stopping)
        if removed.count:
            logger.info("Housekeeping", extra={"kind": removed.kind, "count": removed.count, "bytes": removed.bytes})
        return removed

    async def _run_regularly(self) -> None:
        while not self._stopping.is_set():
            pause = min(self.every_seconds, _SUCCESSION_SECONDS)
            try:
                if await self.is_responsible():
                    await self.run_once(utc_now())
                    pause = self.every_seconds
            except (SQLAlchemyError, OSError):
                logger.warning("Housekeeping will be tried again", exc_info=True)
            with suppress(asyncio.TimeoutError):
                await with_timeout(pause, self._stopping.wait())


async def remove_items(
    context: HousekeepingContext,
    sweeper: Sweeper,
    items: Sequence[Item],
    as_of: datetime,
    stopping: asyncio.Event | None = None,
) -> CleanupTotal:
    """Remove the items one by one; answers the total of those that were removed."""
    removed: list[Item] = []
    for item in items:
        if stopping is not None and stopping.is_set():
            break
        try:
            if await sweeper.remove(context, item, as_of):
                removed.append(item)
        except OSError:
            # The rows are right already. The next run finds the files again.
            logger.warning("Something could not be removed", exc_info=True, extra={"kind": sweeper.kind})
    return total_of(sweeper.kind, removed)
