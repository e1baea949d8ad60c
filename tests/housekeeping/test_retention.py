from datetime import timedelta

import pytest

from backend.database import new_id
from backend.housekeeping.ground import summed
from backend.housekeeping.keeper import carry_out
from backend.housekeeping.orphans import Orphans
from backend.housekeeping.retention import Retention, rules, set_rule
from backend.housekeeping.tables import Keeps, Since
from backend.jobs.tables import Job, Status
from tests.housekeeping.conftest import Place

ALL = {"listen.m4a", "original.wav", "peaks.json"}


async def test_nothing_goes_until_an_admin_says_so(place: Place) -> None:
    async with place.database.write() as session:
        found = await rules(session)
        assert [(rule.kind, rule.days, rule.since) for rule in found] == [
            (one.value, None, "uploaded") for one in Keeps
        ]
        await set_rule(session, Keeps.ORIGINALS, 90, Since.WORKED)
    async with place.database.write() as session:
        first = (await rules(session))[0]
        assert (first.days, first.since) == (90, "worked")
        await set_rule(session, Keeps.ORIGINALS, None, Since.WORKED)
    async with place.database.read() as session:
        assert [rule.days for rule in await rules(session)] == [None] * 4


@pytest.mark.parametrize(
    ("keeps", "left"),
    [
        (Keeps.ORIGINALS, {"listen.m4a", "peaks.json", "artifacts"}),
        (Keeps.LISTENING_COPIES, {"original.wav", "artifacts"}),
        (Keeps.ARTIFACTS, ALL),
        (Keeps.RECORDINGS, ALL | {"artifacts"}),  # they lie in the trash
    ],
)
async def test_a_rule_takes_what_it_shows_of_what_is_old(place: Place, keeps: Keeps, left: set[str]) -> None:
    young, old, others = await place.recording(), await place.recording(age=91), await place.recording("eve", age=92)
    rule = Retention(keeps, 90, Since.UPLOADED)

    shown = await rule.find(place.ground, place.now)
    went = await carry_out(place.ground, rule, shown, place.now)

    assert {item.recording_id for item in shown} == {old, others}
    assert went == summed(keeps.value, shown)
    assert went.count == 2
    assert went.bytes > 0
    for id in (old, others):
        assert {"artifacts" if "/" in name else name for name in place.files(id)} == left
        assert keeps is Keeps.RECORDINGS or len(await place.versions(id)) == 1
    assert len(place.files(young)) == 7
    assert await rule.find(place.ground, place.now) == []
    assert await Orphans().find(place.ground, place.now) == []


async def test_the_rows_say_what_is_gone(place: Place) -> None:
    id = await place.recording(age=91)
    for keeps in (Keeps.ORIGINALS, Keeps.LISTENING_COPIES):
        rule = Retention(keeps, 90, Since.UPLOADED)
        await carry_out(place.ground, rule, await rule.find(place.ground, place.now), place.now)

    row = await place.row(id)
    assert row is not None
    assert row.original_removed_at is not None
    assert row.audio_removed_at is not None


async def test_an_original_without_a_transcript_is_all_there_is(place: Place) -> None:
    id = await place.recording(age=91)
    async with place.database.write() as session:
        for version in await place.versions(id):
            await session.delete(await session.merge(version))

    assert await Retention(Keeps.ORIGINALS, 90, Since.UPLOADED).find(place.ground, place.now) == []


@pytest.mark.parametrize("keeps", Keeps)
async def test_what_somebody_works_on_stays(place: Place, keeps: Keeps) -> None:
    id = await place.recording(age=91)
    rule = Retention(keeps, 90, Since.UPLOADED)
    (item,) = await rule.find(place.ground, place.now)
    async with place.database.write() as session:
        session.add(Job(owner_id="ada", recording_id=id, options={}))

    assert await rule.find(place.ground, place.now) == []
    assert not await rule.remove(place.ground, item, place.now)
    assert len(place.files(id)) == 7


@pytest.mark.parametrize("what", ["restored", "job", "saved", "trashed", "deleted"])
async def test_what_happened_meanwhile_is_seen(place: Place, what: str) -> None:
    id = await place.recording(age=91)
    rule = Retention(Keeps.LISTENING_COPIES, 90, Since.WORKED)
    (item,) = await rule.find(place.ground, place.now)
    if what == "job":
        await place.change_job(await place.job_of(id), finished_at=place.now - timedelta(days=3))
    elif what == "trashed":
        await place.put_in_trash(id)
    elif what == "deleted":
        await place.forget(id)
    else:
        (version,) = await place.versions(id)
        async with place.database.write() as session:
            if what == "saved":
                (await session.merge(version)).created_at = place.now - timedelta(days=3)
            else:
                (await session.merge(await place.row(id))).restored_at = place.now - timedelta(days=3)

    assert await rule.find(place.ground, place.now) == []
    assert not await rule.remove(place.ground, item, place.now)
    assert len(place.files(id)) == 7


async def test_days_since_the_upload_do_not_ask_when_somebody_worked(place: Place) -> None:
    id = await place.recording(age=91)
    await place.change_job(await place.job_of(id), finished_at=place.now - timedelta(days=3))

    (item,) = await Retention(Keeps.ORIGINALS, 90, Since.UPLOADED).find(place.ground, place.now)
    assert item.id == id
    # The artifacts of a job that ended the other day are three days old, whatever the recording is.
    assert await Retention(Keeps.ARTIFACTS, 90, Since.UPLOADED).find(place.ground, place.now) == []


async def test_the_artifacts_of_every_ended_job_go(place: Place) -> None:
    id = await place.recording(age=91)
    await place.change_job(await place.job_of(id), status=Status.FAILED.value)
    rule = Retention(Keeps.ARTIFACTS, 90, Since.UPLOADED)

    await carry_out(place.ground, rule, await rule.find(place.ground, place.now), place.now)

    assert set(place.files(id)) == ALL


async def test_recordings_go_by_way_of_the_trash_and_their_owners_are_told(place: Place) -> None:
    id, job = await place.recording(age=91), new_id()
    told: list[tuple[str, list[str]]] = []
    ground = type(place.ground)(
        place.database, place.storage, gone=lambda owner, jobs: told.append((owner, list(jobs)))
    )
    job = await place.job_of(id)
    rule = Retention(Keeps.RECORDINGS, 90, Since.UPLOADED)

    await carry_out(ground, rule, await rule.find(ground, place.now), place.now)

    row = await place.row(id)
    assert row is not None
    assert row.trashed_at is not None
    assert told == [("ada", [job])]
