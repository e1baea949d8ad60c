import os
from datetime import timedelta
from pathlib import Path

import pytest

from backend.database import new_id
from backend.housekeeping.ground import Item
from backend.housekeeping.orphans import Orphans, lost_rows
from backend.jobs.tables import Status
from tests.housekeeping.conftest import Place

SWEEP = Orphans()


async def found(place: Place) -> list[str]:
    return sorted(item.id for item in await SWEEP.find(place.ground, place.now))


async def removed(place: Place) -> list[str]:
    items = await SWEEP.find(place.ground, place.now)
    return sorted([item.id for item in items if await SWEEP.remove(place.ground, item, place.now)])


def old(place: Place, path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    when = (place.now - timedelta(days=1)).timestamp()
    for one in (path, *(parent for parent in path.parents if place.storage.root in parent.parents)):
        os.utime(one, (when, when))
    return path


async def test_what_a_row_names_is_no_orphan(place: Place) -> None:
    kept, trashed = await place.recording(), await place.recording()
    await place.put_in_trash(trashed)

    assert await found(place) == []
    assert len(place.files(kept)) == len(place.files(trashed)) == 7


async def test_a_folder_without_a_row_goes_with_its_mirrors(place: Place) -> None:
    kept, lost = await place.recording(), await place.recording()
    await place.forget(lost)

    assert await removed(place) == [lost, f"transcripts/{lost}.json", f"transcripts/{lost}.txt"]

    assert await found(place) == []
    assert not place.storage.folder(lost).exists()
    assert len(place.files(kept)) == 7
    assert sorted(path.name for path in place.storage.root.glob("transcripts/*")) == [f"{kept}.json", f"{kept}.txt"]


async def test_what_is_young_stays(place: Place) -> None:
    lost = await place.recording()
    await place.forget(lost)
    place.age(lost, 0.5 / 24)

    assert await found(place) == []

    place.age(lost, 1.5 / 24)
    (place.storage.folder(lost) / "jobs" / new_id()).mkdir()  # somebody is at work in it
    assert await found(place) == [f"transcripts/{lost}.json", f"transcripts/{lost}.txt"]


@pytest.mark.parametrize(
    "name",
    [".upload.part", ".0123456789abcdef.part", "jobs/{job}/.aa.part", "jobs/{job}/.normalize-x/speech.wav"],
)
async def test_what_a_killed_writer_left_goes(place: Place, name: str) -> None:
    id = await place.recording()
    folder = place.storage.folder(id)
    left = old(place, folder / name.format(job=await place.job_of(id)))

    gone = await removed(place)

    assert len(gone) == 1
    assert left.relative_to(place.storage.root).as_posix().startswith(gone[0])
    assert not left.exists()
    assert len(place.files(id)) == 7


async def test_the_folder_of_a_job_that_is_gone_goes_alone(place: Place) -> None:
    id = await place.recording()
    lost = new_id()
    old(place, place.storage.job_folder(id, lost) / "speech.wav")
    old(place, place.storage.folder(id) / "jobs" / ".going-0123" / "speech.wav")

    assert await removed(place) == [f"{id}/jobs/.going-0123", f"{id}/jobs/{lost}"]
    assert len(place.files(id)) == 7


async def test_an_original_that_its_row_does_not_name_goes(place: Place) -> None:
    id = await place.recording()
    old(place, place.storage.folder(id) / "original.mp3")

    assert await removed(place) == [f"{id}/original.mp3"]
    assert (place.storage.folder(id) / "original.wav").exists()


async def test_what_retention_has_taken_by_its_row_goes(place: Place) -> None:
    id = await place.recording()
    async with place.database.write() as session:
        row = await place.row(id)
        assert row is not None
        row = await session.merge(row)
        row.original_removed_at = row.audio_removed_at = place.now
    job = await place.job_of(id)
    await place.change_job(job, status=Status.QUEUED.value)
    assert await found(place) == [f"{id}/original.wav"]  # the job may be making the listening copy again

    await place.change_job(job, status=Status.DONE.value)
    assert await removed(place) == [f"{id}/listen.m4a", f"{id}/original.wav", f"{id}/peaks.json"]


async def test_what_is_not_ours_is_left_alone(place: Place) -> None:
    for name in ("README.md", "shell/jobs/x/speech.wav", "incoming/abc", "transcripts/notes.txt", "Bob's files/a.wav"):
        old(place, place.storage.root / name)

    assert await found(place) == []


async def test_what_got_a_row_meanwhile_stays(place: Place) -> None:
    id = await place.recording()
    items = [Item(id, 1, None, id), Item(f"{id}/original.wav", 1, None, id), Item(f"transcripts/{id}.txt", 1, None, id)]

    assert [await SWEEP.remove(place.ground, item, place.now) for item in items] == [False, False, False]
    assert len(place.files(id)) == 7


async def test_a_disk_that_has_lost_its_rows_is_noticed(place: Place) -> None:
    for _ in range(21):
        old(place, place.storage.original_named(new_id(), "wav"))
    items = await SWEEP.find(place.ground, place.now)

    assert await lost_rows(place.ground, items)
    assert not await lost_rows(place.ground, items[:20])
