import asyncio
import errno
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.accounts.tables import AuditEntry
from backend.coordination.leases import Leases
from backend.database import new_id
from backend.housekeeping.context import HousekeepingContext, Item
from backend.housekeeping.housekeeper import Housekeeper, remove_items
from backend.housekeeping.retention import set_rule
from backend.housekeeping.tables import RetentionKind, RetentionStart
from backend.recordings.files import Storage
from tests.housekeeping.conftest import Installation


@pytest.fixture
def housekeeper(installation: Installation) -> Housekeeper:
    return housekeeper_of(installation)


def housekeeper_of(installation: Installation) -> Housekeeper:
    """That of a server of its own."""
    leases = Leases(installation.database)
    return Housekeeper(installation.context, trash_days=30, every_seconds=3600, leases=leases)


async def test_a_run_sweeps_and_applies_the_rules(installation: Installation, housekeeper: Housekeeper) -> None:
    kept, old = await installation.recording(), await installation.recording(age=91)
    trashed, lost = await installation.recording(), await installation.recording()
    await installation.put_in_trash(trashed, 31)
    await installation.delete_row(lost)
    async with installation.database.write() as session:
        await set_rule(session, RetentionKind.ORIGINALS, 90, RetentionStart.UPLOADED)

    removed = await housekeeper.run_once(installation.now)

    assert {one.kind: one.count for one in removed} == {"orphans": 3, "uploads": 0, "trash": 1, "originals": 1}
    assert [installation.files(id) for id in (trashed, lost)] == [[], []]
    assert "original.wav" not in installation.files(old)
    assert len(installation.files(kept)) == 7
    assert housekeeper.last_run_at == installation.now
    assert [one.count for one in await housekeeper.run_once(installation.now)] == [0, 0, 0, 0]
    async with installation.database.read() as session:
        noted = select(AuditEntry).where(AuditEntry.action == "retention_applied")
        (entry,) = (await session.scalars(noted)).all()
    assert (entry.actor_id, entry.facts["count"], entry.facts["kind"]) == (None, 1, "originals")


async def test_without_rules_nothing_with_a_row_is_removed(
    installation: Installation, housekeeper: Housekeeper
) -> None:
    ids = [await installation.recording(age=4000) for _ in range(2)]

    await housekeeper.run_once(installation.now)

    assert [len(installation.files(id)) for id in ids] == [7, 7]


async def test_days_start_again_when_a_recording_is_restored(
    installation: Installation, housekeeper: Housekeeper
) -> None:
    id = await installation.recording(age=91)
    async with installation.database.write() as session:
        await set_rule(session, RetentionKind.RECORDINGS, 90, RetentionStart.UPLOADED)
    await housekeeper.run_once(installation.now)
    async with installation.database.write() as session:
        row = await session.merge(await installation.row(id))
        assert row.trashed_at is not None
        row.trashed_at, row.restored_at = None, installation.now

    await housekeeper.run_once(installation.now + timedelta(days=89))
    row_ = await installation.row(id)
    assert row_ is not None
    assert row_.trashed_at is None

    await housekeeper.run_once(installation.now + timedelta(days=91))
    row_ = await installation.row(id)
    assert row_ is not None
    assert row_.trashed_at is not None


async def test_nothing_is_swept_if_most_rows_are_missing(installation: Installation, housekeeper: Housekeeper) -> None:
    lost = [await installation.recording() for _ in range(21)]
    for id in lost:
        await installation.delete_row(id)

    await housekeeper.run_once(installation.now)

    assert [len(installation.files(id)) for id in lost] == [7] * 21


class _BrokenDisk(Storage):
    """A disk that fails."""

    was_used = False

    @property
    def root(self) -> Path:
        self.was_used = True
        raise OSError(errno.EIO, "the disk does not answer")

    @root.setter
    def root(self, root: Path) -> None:
        """Ignored."""


class _FailingSweeper:
    """A sweeper whose first item cannot be removed."""

    kind = "stubborn"

    async def find(self, context: HousekeepingContext, as_of: object) -> list[Item]:
        return [Item(name, 1, None) for name in ("first", "second")]

    async def remove(self, context: HousekeepingContext, item: Item, as_of: object) -> bool:
        if item.id == "first":
            raise PermissionError(errno.EPERM, "it is not ours")
        return True


async def test_an_item_that_cannot_be_removed_does_not_stop_the_others(installation: Installation) -> None:
    sweeper = _FailingSweeper()

    removed = await remove_items(
        installation.context, sweeper, await sweeper.find(installation.context, installation.now), installation.now
    )

    assert (removed.count, removed.bytes) == (1, 1)


class _StoppedSweeper:
    """A sweeper that is stopped while it removes its first item."""

    kind = "slow"

    def __init__(self, stopping: asyncio.Event) -> None:
        self.stopping = stopping
        self.removed_ids: list[str] = []

    async def find(self, context: HousekeepingContext, as_of: object) -> list[Item]:
        return [Item(new_id(), 1, None) for _ in range(3)]

    async def remove(self, context: HousekeepingContext, item: Item, as_of: object) -> bool:
        self.stopping.set()
        self.removed_ids.append(item.id)
        return True


async def test_a_stopped_housekeeper_completes_the_removal_it_has_begun(installation: Installation) -> None:
    stopping = asyncio.Event()
    sweeper = _StoppedSweeper(stopping)

    removed = await remove_items(
        installation.context,
        sweeper,
        await sweeper.find(installation.context, installation.now),
        installation.now,
        stopping,
    )

    assert (removed.count, len(sweeper.removed_ids)) == (1, 1)


async def test_it_runs_at_start_and_can_be_stopped(installation: Installation, housekeeper: Housekeeper) -> None:
    lost = await installation.recording()
    await installation.delete_row(lost)

    housekeeper.start()
    while housekeeper.last_run_at is None:
        await asyncio.sleep(0)
    await housekeeper.stop()

    assert installation.files(lost) == []


async def test_housekeeping_survives_disk_errors(installation: Installation, housekeeper: Housekeeper) -> None:
    """What fails in one run is tried again in the next."""
    broken = HousekeepingContext(installation.database, _BrokenDisk(installation.storage.root))
    housekeeper.context, housekeeper.every_seconds = broken, 0.001
    lost = await installation.recording()
    await installation.delete_row(lost)

    housekeeper.start()
    while not broken.storage.was_used:  # type: ignore[attr-defined]
        await asyncio.sleep(0)
    housekeeper.context = installation.context
    while housekeeper.last_run_at is None:
        await asyncio.sleep(0)
    await housekeeper.stop()

    assert installation.files(lost) == []


async def test_one_server_cleans_up_until_it_stops(installation: Installation) -> None:
    one, other = housekeeper_of(installation), housekeeper_of(installation)

    assert [await one.is_responsible(), await other.is_responsible(), await one.is_responsible()] == [True, False, True]
    await one.stop()
    await one.leases.close()
    assert [await other.is_responsible(), await one.is_responsible()] == [True, False]
