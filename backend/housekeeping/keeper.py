"""The housekeeper: at start and then at regular times sweeps what is nobody's and applies the rules of retention."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from backend.accounts.audit import Action, note_apart
from backend.database import utc_now
from backend.housekeeping.ground import Ground, Item, Sum, Sweeper, summed
from backend.housekeeping.orphans import Orphans, lost_rows
from backend.housekeeping.retention import Retention, rules
from backend.housekeeping.sweepers import sweepers
from backend.housekeeping.tables import Keeps, Since
from backend.jobs import repeats
from backend.recordings.patience import within

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Housekeeper:
    """Start it once per process. It is told to stop, never cancelled: what it has begun to take away it takes away."""

    ground: Ground
    trash_days: float
    every_seconds: float
    last_run_at: datetime | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._rounds(), name="housekeeping")

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def round(self, now: datetime) -> list[Sum]:
        """Sweep, then apply the rules; answers what went."""
        gone = [await self._swept(sweeper, now) for sweeper in sweepers(self.trash_days)]
        async with self.ground.database.read() as session:
            on = [rule for rule in await rules(session) if rule.days is not None]
        for rule in on:
            assert rule.days is not None
            sweeper = Retention(Keeps(rule.kind), rule.days, Since(rule.since))
            went = await self._swept(sweeper, now)
            if went.count:
                facts = {"kind": went.kind, "count": went.count, "bytes": went.bytes, "days": rule.days}
                await note_apart(self.ground.database, Action.RETENTION_APPLIED, subject=went.kind, **facts)
            gone.append(went)
        async with self.ground.database.write() as session:
            await repeats.forget(session, now)
        self.last_run_at = now
        return gone

    async def _swept(self, sweeper: Sweeper, now: datetime) -> Sum:
        items = await sweeper.find(self.ground, now)
        if isinstance(sweeper, Orphans) and await lost_rows(self.ground, items):
            logger.error("Most recordings have no row; is this the right database? Nothing was swept")
            items = []
        went = await carry_out(self.ground, sweeper, items, now, self._stopping)
        if went.count:
            logger.info("Housekeeping", extra={"kind": went.kind, "count": went.count, "bytes": went.bytes})
        return went

    async def _rounds(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.round(utc_now())
            except (SQLAlchemyError, OSError):
                logger.warning("Housekeeping will be tried again", exc_info=True)
            with suppress(asyncio.TimeoutError):
                await within(self.every_seconds, self._stopping.wait())


async def carry_out(
    ground: Ground, sweeper: Sweeper, items: Sequence[Item], as_of: datetime, stopping: asyncio.Event | None = None
) -> Sum:
    """Take the items away, one after the other; answers which of them went."""
    went: list[Item] = []
    for item in items:
        if stopping is not None and stopping.is_set():
            break
        try:
            if await sweeper.remove(ground, item, as_of):
                went.append(item)
        except OSError:
            # The rows are right already; the files are found again in the next round.
            logger.warning("Something could not be removed", exc_info=True, extra={"kind": sweeper.kind})
    return summed(sweeper.kind, went)
