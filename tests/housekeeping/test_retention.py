from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.events.tables import Event, EventKind
from backend.housekeeping.context import total_of
from backend.housekeeping.housekeeper import remove_items
from backend.housekeeping.orphans import Orphans
from backend.housekeeping.retention import Retention, rules, set_rule
from backend.housekeeping.tables import RetentionKind, RetentionStart
from backend.jobs.tables import Job, Status
from tests.housekeeping.conftest import Installation

ALL = {"listen.m4a", "original.wav", "peaks.json"}


async def test_all_rules_are_off_until_an_admin_sets_them(installation: Installation) -> None:
    async with installation.database.write() as session:
        found = await rules(session)
        assert [(rule.kind, rule.days, rule.since) for rule in found] == [
            (one.value, None, "uploaded") for one in RetentionKind
        ]
        await set_rule(session, RetentionKind.ORIGINALS, 90, RetentionStart.WORKED)
    async with installation.database.write() as session:
        first = (await rules(session))[0]
        assert (first.days, first.since) == (90, "worked")
        await set_rule(session, RetentionKind.ORIGINALS, None, RetentionStart.WORKED)
    async with installation.database.read() as session:
        assert [rule.days for rule in await rules(session)] == [None] * 4


@pytest.mark.parametrize(
    ("target", "left"),
    [
        (RetentionKind.ORIGINALS, {"listen.m4a", "peaks.json", "artifacts"}),
        (RetentionKind.LISTENING_COPIES, {"original.wav", "artifacts"}),
        (RetentionKind.ARTIFACTS, ALL),
        (RetentionKind.RECORDINGS, ALL | {"artifacts"}),  # they lie in the trash
    ],
)
async def test_a_rule_removes_what_its_preview_shows(
    installation: Installation, target: RetentionKind, left: set[str]
) -> None:
    young, old, others = (
        await installation.recording(),
        await installation.recording(age=91),
        await installation.recording("eve", age=92),
    )
    rule = Retention(target, 90, RetentionStart.UPLOADED)

    shown = await rule.find(installation.context, installation.now)
    removed = await remove_items(installation.context, rule, shown, installation.now)

    assert {item.recording_id for item in shown} == {old, others}
    assert removed == total_of(target.value, shown)
    assert removed.count == 2
    assert removed.bytes > 0
    for id in (old, others):
        assert {"artifacts" if "/" in name else name for name in installation.files(id)} == left
        assert target is RetentionKind.RECORDINGS or len(await installation.versions(id)) == 1
    assert len(installation.files(young)) == 7
    assert await rule.find(installation.context, installation.now) == []
    assert await Orphans().find(installation.context, installation.now) == []


async def test_rows_record_what_was_removed(installation: Installation) -> None:
    id = await installation.recording(age=91)
    for target in (RetentionKind.ORIGINALS, RetentionKind.LISTENING_COPIES):
        rule = Retention(target, 90, RetentionStart.UPLOADED)
        await remove_items(
            installation.context, rule, await rule.find(installation.context, installation.now), installation.now
        )

    row = await installation.row(id)
    assert row is not None
    assert row.original_removed_at is not None
    assert row.audio_removed_at is not None


async def test_an_original_without_a_transcript_stays(installation: Installation) -> None:
    id = await installation.recording(age=91)
    async with installation.database.write() as session:
        for version in await installation.versions(id):
            await session.delete(await session.merge(version))

    assert (
        await Retention(RetentionKind.ORIGINALS, 90, RetentionStart.UPLOADED).find(
            installation.context, installation.now
        )
        == []
    )


@pytest.mark.parametrize("target", RetentionKind)
async def test_recordings_with_open_jobs_stay(installation: Installation, target: RetentionKind) -> None:
    id = await installation.recording(age=91)
    rule = Retention(target, 90, RetentionStart.UPLOADED)
    (item,) = await rule.find(installation.context, installation.now)
    async with installation.database.write() as session:
        session.add(Job(owner_id="ada", recording_id=id, options={}))

    assert await rule.find(installation.context, installation.now) == []
    assert not await rule.remove(installation.context, item, installation.now)
    assert len(installation.files(id)) == 7


@pytest.mark.parametrize("what", ["restored", "job", "saved", "trashed", "deleted"])
async def test_changes_since_the_preview_are_respected(installation: Installation, what: str) -> None:
    id = await installation.recording(age=91)
    rule = Retention(RetentionKind.LISTENING_COPIES, 90, RetentionStart.WORKED)
    (item,) = await rule.find(installation.context, installation.now)
    if what == "job":
        await installation.change_job(await installation.job_of(id), finished_at=installation.now - timedelta(days=3))
    elif what == "trashed":
        await installation.put_in_trash(id)
    elif what == "deleted":
        await installation.delete_row(id)
    else:
        (version,) = await installation.versions(id)
        async with installation.database.write() as session:
            if what == "saved":
                (await session.merge(version)).created_at = installation.now - timedelta(days=3)
            else:
                (await session.merge(await installation.row(id))).restored_at = installation.now - timedelta(days=3)

    assert await rule.find(installation.context, installation.now) == []
    assert not await rule.remove(installation.context, item, installation.now)
    assert len(installation.files(id)) == 7


async def test_days_since_the_upload_ignore_later_work(installation: Installation) -> None:
    id = await installation.recording(age=91)
    await installation.change_job(await installation.job_of(id), finished_at=installation.now - timedelta(days=3))

    (item,) = await Retention(RetentionKind.ORIGINALS, 90, RetentionStart.UPLOADED).find(
        installation.context, installation.now
    )
    assert item.id == id
    # The artifacts of a job that ended the other day are three days old, whatever the recording is.
    assert (
        await Retention(RetentionKind.ARTIFACTS, 90, RetentionStart.UPLOADED).find(
            installation.context, installation.now
        )
        == []
    )


async def test_artifacts_of_every_ended_job_are_removed(installation: Installation) -> None:
    id = await installation.recording(age=91)
    await installation.change_job(await installation.job_of(id), status=Status.FAILED.value)
    rule = Retention(RetentionKind.ARTIFACTS, 90, RetentionStart.UPLOADED)

    await remove_items(
        installation.context, rule, await rule.find(installation.context, installation.now), installation.now
    )

    assert set(installation.files(id)) == ALL


async def test_recordings_are_moved_to_the_trash_and_their_owners_notified(installation: Installation) -> None:
    id = await installation.recording(age=91)
    job = await installation.job_of(id)
    rule = Retention(RetentionKind.RECORDINGS, 90, RetentionStart.UPLOADED)

    due = await rule.find(installation.context, installation.now)
    await remove_items(installation.context, rule, due, installation.now)

    row = await installation.row(id)
    assert row is not None
    assert row.trashed_at is not None
    async with installation.database.read() as session:
        event = (await session.scalars(select(Event).where(Event.kind == EventKind.RECORDING_TRASHED.value))).one()
    assert (event.owner_id, event.recording_id, event.facts) == ("ada", id, {"jobs": [job]})
