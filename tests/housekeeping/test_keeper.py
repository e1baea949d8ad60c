import asyncio
import errno
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.accounts.tables import AuditEntry
from backend.database import new_id
from backend.housekeeping.ground import Ground, Item
from backend.housekeeping.keeper import Housekeeper, carry_out
from backend.housekeeping.retention import set_rule
from backend.housekeeping.tables import Keeps, Since
from backend.recordings.files import Storage
from tests.housekeeping.conftest import Place


@pytest.fixture
def keeper(place: Place) -> Housekeeper:
    return Housekeeper(place.ground, trash_days=30, every_seconds=3600)


async def test_a_round_sweeps_and_applies_the_rules(place: Place, keeper: Housekeeper) -> None:
    kept, old = await place.recording(), await place.recording(age=91)
    trashed, lost = await place.recording(), await place.recording()
    await place.put_in_trash(trashed, 31)
    await place.forget(lost)
    async with place.database.write() as session:
        await set_rule(session, Keeps.ORIGINALS, 90, Since.UPLOADED)

    went = await keeper.round(place.now)

    assert {one.kind: one.count for one in went} == {"orphans": 3, "uploads": 0, "trash": 1, "originals": 1}
    assert [place.files(id) for id in (trashed, lost)] == [[], []]
    assert "original.wav" not in place.files(old)
    assert len(place.files(kept)) == 7
    assert keeper.last_run_at == place.now
    assert [one.count for one in await keeper.round(place.now)] == [0, 0, 0, 0]
    async with place.database.read() as session:
        noted = select(AuditEntry).where(AuditEntry.action == "retention_applied")
        (entry,) = (await session.scalars(noted)).all()
    assert (entry.actor_id, entry.facts["count"], entry.facts["kind"]) == (None, 1, "originals")


async def test_without_rules_nothing_that_has_a_row_goes(place: Place, keeper: Housekeeper) -> None:
    ids = [await place.recording(age=4000) for _ in range(2)]

    await keeper.round(place.now)

    assert [len(place.files(id)) for id in ids] == [7, 7]


async def test_what_was_trashed_and_restored_stays(place: Place, keeper: Housekeeper) -> None:
    id = await place.recording(age=91)
    async with place.database.write() as session:
        await set_rule(session, Keeps.RECORDINGS, 90, Since.UPLOADED)
    await keeper.round(place.now)
    async with place.database.write() as session:
        row = await session.merge(await place.row(id))
        assert row.trashed_at is not None
        row.trashed_at, row.restored_at = None, place.now

    await keeper.round(place.now + timedelta(days=89))
    row_ = await place.row(id)
    assert row_ is not None
    assert row_.trashed_at is None

    await keeper.round(place.now + timedelta(days=91))
    row_ = await place.row(id)
    assert row_ is not None
    assert row_.trashed_at is not None


async def test_nothing_is_swept_where_the_rows_seem_to_be_lost(place: Place, keeper: Housekeeper) -> None:
    lost = [await place.recording() for _ in range(21)]
    for id in lost:
        await place.forget(id)

    await keeper.round(place.now)

    assert [len(place.files(id)) for id in lost] == [7] * 21


class _NoDisk(Storage):
    """A disk that does not answer."""

    asked = False

    @property
    def root(self) -> Path:
        self.asked = True
        raise OSError(errno.EIO, "the disk does not answer")

    @root.setter
    def root(self, root: Path) -> None:
        """It is not there."""


class _Stubborn:
    """A sweeper whose first item cannot be removed."""

    kind = "stubborn"

    async def find(self, ground: Ground, as_of: object) -> list[Item]:
        return [Item(name, 1, None) for name in ("first", "second")]

    async def remove(self, ground: Ground, item: Item, as_of: object) -> bool:
        if item.id == "first":
            raise PermissionError(errno.EPERM, "it is not ours")
        return True


async def test_what_cannot_be_removed_keeps_nothing_else(place: Place) -> None:
    sweeper = _Stubborn()

    went = await carry_out(place.ground, sweeper, await sweeper.find(place.ground, place.now), place.now)

    assert (went.count, went.bytes) == (1, 1)


class _Slow:
    """A sweeper that is told to stop while it takes its first item away."""

    kind = "slow"

    def __init__(self, stopping: asyncio.Event) -> None:
        self.stopping = stopping
        self.gone: list[str] = []

    async def find(self, ground: Ground, as_of: object) -> list[Item]:
        return [Item(new_id(), 1, None) for _ in range(3)]

    async def remove(self, ground: Ground, item: Item, as_of: object) -> bool:
        self.stopping.set()
        self.gone.append(item.id)
        return True


async def test_who_is_told_to_stop_ends_what_was_begun(place: Place) -> None:
    stopping = asyncio.Event()
    sweeper = _Slow(stopping)

    went = await carry_out(place.ground, sweeper, await sweeper.find(place.ground, place.now), place.now, stopping)

    assert (went.count, len(sweeper.gone)) == (1, 1)


async def test_it_runs_at_start_and_stops_when_told(place: Place, keeper: Housekeeper) -> None:
    lost = await place.recording()
    await place.forget(lost)

    keeper.start()
    while keeper.last_run_at is None:
        await asyncio.sleep(0)
    await keeper.stop()

    assert place.files(lost) == []


async def test_an_unreachable_disk_ends_no_housekeeping(place: Place, keeper: Housekeeper) -> None:
    """What goes wrong in one round is tried in the next."""
    broken = Ground(place.database, _NoDisk(place.storage.root))
    keeper.ground, keeper.every_seconds = broken, 0.001
    lost = await place.recording()
    await place.forget(lost)

    keeper.start()
    while not broken.storage.asked:  # type: ignore[attr-defined]
        await asyncio.sleep(0)
    keeper.ground = place.ground
    while keeper.last_run_at is None:
        await asyncio.sleep(0)
    await keeper.stop()

    assert place.files(lost) == []
