from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.accounts.tables import AuditEntry
from backend.housekeeping.ground import Sweeper, summed
from backend.housekeeping.keeper import carry_out
from backend.housekeeping.sweepers import CLEANERS, DoneArtifacts, Trash
from backend.jobs.tables import Status
from tests.housekeeping.conftest import Place


async def test_the_trash_goes_when_its_days_are_over(place: Place) -> None:
    young, ripe = await place.recording(), await place.recording("eve")
    await place.put_in_trash(young, 29)
    await place.put_in_trash(ripe, 31)
    sweeper = Trash(days=30)

    items = await sweeper.find(place.ground, place.now)
    went = await carry_out(place.ground, sweeper, items, place.now)

    assert [(item.id, item.owner_id) for item in items] == [(ripe, "eve")]
    assert went == summed("trash", items)
    assert (await place.row(ripe), place.files(ripe)) == (None, [])
    assert len(place.files(young)) == 7
    async with place.database.read() as session:
        noted = select(AuditEntry.action).where(AuditEntry.subject_id == ripe)
        assert list(await session.scalars(noted)) == ["recording_deleted"]


async def test_what_was_restored_meanwhile_stays(place: Place) -> None:
    id = await place.recording()
    await place.put_in_trash(id, 31)
    sweeper = Trash(days=30)
    (item,) = await sweeper.find(place.ground, place.now)
    async with place.database.write() as session:
        row = await session.merge(await place.row(id))
        row.trashed_at = None

    assert not await sweeper.remove(place.ground, item, place.now)
    assert len(place.files(id)) == 7


async def test_artifacts_of_done_jobs_go_and_nothing_else(place: Place) -> None:
    id = await place.recording()
    sweeper = DoneArtifacts()

    (item,) = await sweeper.find(place.ground, place.now)
    assert await sweeper.remove(place.ground, item, place.now)

    assert place.files(id) == ["listen.m4a", "original.wav", "peaks.json"]
    assert await sweeper.find(place.ground, place.now) == []
    assert not await sweeper.remove(place.ground, item, place.now)
    assert len(await place.versions(id)) == 1


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED, Status.QUEUED, Status.RUNNING])
async def test_artifacts_that_are_all_there_is_stay(place: Place, status: Status) -> None:
    id = await place.recording()
    sweeper = DoneArtifacts()
    (item,) = await sweeper.find(place.ground, place.now)
    await place.change_job(item.id, status=status.value)

    assert await sweeper.find(place.ground, place.now) == []
    assert not await sweeper.remove(place.ground, item, place.now)
    assert len(place.files(id)) == 7


async def test_artifacts_that_could_not_be_made_again_stay(place: Place) -> None:
    id = await place.recording()
    async with place.database.write() as session:
        (await session.merge(await place.row(id))).original_removed_at = place.now

    assert await DoneArtifacts().find(place.ground, place.now) == []


async def test_artifacts_stay_while_another_job_of_the_recording_is_open(place: Place) -> None:
    from backend.jobs.tables import Job

    id = await place.recording()
    (item,) = await DoneArtifacts().find(place.ground, place.now)
    async with place.database.write() as session:
        session.add(Job(owner_id="ada", recording_id=id, options={}))

    assert not await DoneArtifacts().remove(place.ground, item, place.now)


@pytest.mark.parametrize("cleaner", [one for one in CLEANERS if one.kind != "uploads"], ids=lambda one: one.kind)
async def test_what_came_after_the_look_stays(place: Place, cleaner: Sweeper) -> None:
    """All that a clean-up takes was there, as it is, when people looked."""
    before = place.now - timedelta(hours=1)
    for _ in range(2):
        id = await place.recording(age=2)
        await place.put_in_trash(await place.recording(age=2), 1)
        await place.forget(await place.recording(age=2))
    shown = await cleaner.find(place.ground, before)
    late = await place.recording(age=0)
    await place.put_in_trash(late)
    lost = await place.recording(age=0)
    await place.forget(lost)
    await place.recording(age=0)

    found = await cleaner.find(place.ground, before)
    went = await carry_out(place.ground, cleaner, found, before)

    assert went == summed(cleaner.kind, shown)
    assert went.count >= 2
    assert len(place.files(late)) == len(place.files(lost)) == 7
    assert (place.storage.folder(id) / "original.wav").exists()
