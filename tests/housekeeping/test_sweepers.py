from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.accounts.tables import AuditEntry
from backend.housekeeping.context import Sweeper, total_of
from backend.housekeeping.housekeeper import remove_items
from backend.housekeeping.sweepers import CLEANERS, DoneArtifacts, Trash
from backend.jobs.tables import Status
from tests.housekeeping.conftest import Installation


async def test_trashed_recordings_are_deleted_after_their_days(installation: Installation) -> None:
    young, ripe = await installation.recording(), await installation.recording("eve")
    await installation.put_in_trash(young, 29)
    await installation.put_in_trash(ripe, 31)
    sweeper = Trash(days=30)

    items = await sweeper.find(installation.context, installation.now)
    removed = await remove_items(installation.context, sweeper, items, installation.now)

    assert [(item.id, item.owner_id) for item in items] == [(ripe, "eve")]
    assert removed == total_of("trash", items)
    assert (await installation.row(ripe), installation.files(ripe)) == (None, [])
    assert len(installation.files(young)) == 7
    async with installation.database.read() as session:
        noted = select(AuditEntry.action).where(AuditEntry.subject_id == ripe)
        assert list(await session.scalars(noted)) == ["recording_deleted"]


async def test_a_recording_restored_meanwhile_stays(installation: Installation) -> None:
    id = await installation.recording()
    await installation.put_in_trash(id, 31)
    sweeper = Trash(days=30)
    (item,) = await sweeper.find(installation.context, installation.now)
    async with installation.database.write() as session:
        row = await session.merge(await installation.row(id))
        row.trashed_at = None

    assert not await sweeper.remove(installation.context, item, installation.now)
    assert len(installation.files(id)) == 7


async def test_only_artifacts_of_done_jobs_are_removed(installation: Installation) -> None:
    id = await installation.recording()
    sweeper = DoneArtifacts()

    (item,) = await sweeper.find(installation.context, installation.now)
    assert await sweeper.remove(installation.context, item, installation.now)

    assert installation.files(id) == ["listen.m4a", "original.wav", "peaks.json"]
    assert await sweeper.find(installation.context, installation.now) == []
    assert not await sweeper.remove(installation.context, item, installation.now)
    assert len(await installation.versions(id)) == 1


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED, Status.QUEUED, Status.RUNNING])
async def test_artifacts_of_jobs_that_are_not_done_stay(installation: Installation, status: Status) -> None:
    id = await installation.recording()
    sweeper = DoneArtifacts()
    (item,) = await sweeper.find(installation.context, installation.now)
    await installation.change_job(item.id, status=status.value)

    assert await sweeper.find(installation.context, installation.now) == []
    assert not await sweeper.remove(installation.context, item, installation.now)
    assert len(installation.files(id)) == 7


async def test_artifacts_stay_if_the_original_is_gone(installation: Installation) -> None:
    id = await installation.recording()
    async with installation.database.write() as session:
        (await session.merge(await installation.row(id))).original_removed_at = installation.now

    assert await DoneArtifacts().find(installation.context, installation.now) == []


async def test_artifacts_stay_while_another_job_of_the_recording_is_open(installation: Installation) -> None:
    from backend.jobs.tables import Job

    id = await installation.recording()
    (item,) = await DoneArtifacts().find(installation.context, installation.now)
    async with installation.database.write() as session:
        session.add(Job(owner_id="ada", recording_id=id, options={}))

    assert not await DoneArtifacts().remove(installation.context, item, installation.now)


@pytest.mark.parametrize("cleaner", [one for one in CLEANERS if one.kind != "uploads"], ids=lambda one: one.kind)
async def test_a_cleanup_removes_only_what_its_preview_showed(installation: Installation, cleaner: Sweeper) -> None:
    """Whatever a clean-up removes was there, unchanged, at the preview."""
    before = installation.now - timedelta(hours=1)
    for _ in range(2):
        id = await installation.recording(age=2)
        await installation.put_in_trash(await installation.recording(age=2), 1)
        await installation.delete_row(await installation.recording(age=2))
    shown = await cleaner.find(installation.context, before)
    late = await installation.recording(age=0)
    await installation.put_in_trash(late)
    lost = await installation.recording(age=0)
    await installation.delete_row(lost)
    await installation.recording(age=0)

    found = await cleaner.find(installation.context, before)
    removed = await remove_items(installation.context, cleaner, found, before)

    assert removed == total_of(cleaner.kind, shown)
    assert removed.count >= 2
    assert len(installation.files(late)) == len(installation.files(lost)) == 7
    assert (installation.storage.folder(id) / "original.wav").exists()
