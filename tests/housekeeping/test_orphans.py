import os
from datetime import timedelta
from pathlib import Path

import pytest

from backend.database import new_id
from backend.housekeeping.context import Item
from backend.housekeeping.orphans import Orphans, looks_like_wrong_database
from backend.jobs.tables import Status
from tests.housekeeping.conftest import Installation

SWEEP = Orphans()


async def found(installation: Installation) -> list[str]:
    return sorted(item.id for item in await SWEEP.find(installation.context, installation.now))


async def removed(installation: Installation) -> list[str]:
    items = await SWEEP.find(installation.context, installation.now)
    return sorted([item.id for item in items if await SWEEP.remove(installation.context, item, installation.now)])


def old(installation: Installation, path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    when = (installation.now - timedelta(days=1)).timestamp()
    for one in (path, *(parent for parent in path.parents if installation.storage.root in parent.parents)):
        os.utime(one, (when, when))
    return path


async def test_files_with_a_row_are_no_orphans(installation: Installation) -> None:
    kept, trashed = await installation.recording(), await installation.recording()
    await installation.put_in_trash(trashed)

    assert await found(installation) == []
    assert len(installation.files(kept)) == len(installation.files(trashed)) == 7


async def test_a_folder_without_a_row_is_removed_with_its_mirrors(installation: Installation) -> None:
    kept, lost = await installation.recording(), await installation.recording()
    await installation.delete_row(lost)

    assert await removed(installation) == [lost, f"transcripts/{lost}.json", f"transcripts/{lost}.txt"]

    assert await found(installation) == []
    assert not installation.storage.folder(lost).exists()
    assert len(installation.files(kept)) == 7
    assert sorted(path.name for path in installation.storage.root.glob("transcripts/*")) == [
        f"{kept}.json",
        f"{kept}.txt",
    ]


async def test_new_files_stay(installation: Installation) -> None:
    lost = await installation.recording()
    await installation.delete_row(lost)
    installation.age(lost, 0.5 / 24)

    assert await found(installation) == []

    installation.age(lost, 1.5 / 24)
    (installation.storage.folder(lost) / "jobs" / new_id()).mkdir()  # a change inside the folder
    assert await found(installation) == [f"transcripts/{lost}.json", f"transcripts/{lost}.txt"]


@pytest.mark.parametrize(
    "name",
    [".upload.part", ".0123456789abcdef.part", "jobs/{job}/.aa.part", "jobs/{job}/.normalize-x/speech.wav"],
)
async def test_temporary_files_of_a_killed_process_are_removed(installation: Installation, name: str) -> None:
    id = await installation.recording()
    folder = installation.storage.folder(id)
    left = old(installation, folder / name.format(job=await installation.job_of(id)))

    paths = await removed(installation)

    assert len(paths) == 1
    assert left.relative_to(installation.storage.root).as_posix().startswith(paths[0])
    assert not left.exists()
    assert len(installation.files(id)) == 7


async def test_only_the_folder_of_a_deleted_job_is_removed(installation: Installation) -> None:
    id = await installation.recording()
    lost = new_id()
    old(installation, installation.storage.job_folder(id, lost) / "speech.wav")
    old(installation, installation.storage.folder(id) / "jobs" / ".going-0123" / "speech.wav")

    assert await removed(installation) == [f"{id}/jobs/.going-0123", f"{id}/jobs/{lost}"]
    assert len(installation.files(id)) == 7


async def test_an_original_with_another_name_than_its_row_is_removed(installation: Installation) -> None:
    id = await installation.recording()
    old(installation, installation.storage.folder(id) / "original.mp3")

    assert await removed(installation) == [f"{id}/original.mp3"]
    assert (installation.storage.folder(id) / "original.wav").exists()


async def test_files_that_retention_has_marked_as_removed_are_removed(installation: Installation) -> None:
    id = await installation.recording()
    async with installation.database.write() as session:
        row = await installation.row(id)
        assert row is not None
        row = await session.merge(row)
        row.original_removed_at = row.audio_removed_at = installation.now
    job = await installation.job_of(id)
    await installation.change_job(job, status=Status.QUEUED.value)
    assert await found(installation) == [f"{id}/original.wav"]  # the job may be making the listening copy again

    await installation.change_job(job, status=Status.DONE.value)
    assert await removed(installation) == [f"{id}/listen.m4a", f"{id}/original.wav", f"{id}/peaks.json"]


async def test_files_with_other_names_are_ignored(installation: Installation) -> None:
    for name in ("README.md", "shell/jobs/x/speech.wav", "incoming/abc", "transcripts/notes.txt", "Bob's files/a.wav"):
        old(installation, installation.storage.root / name)

    assert await found(installation) == []


async def test_files_that_got_a_row_meanwhile_stay(installation: Installation) -> None:
    id = await installation.recording()
    items = [Item(id, 1, None, id), Item(f"{id}/original.wav", 1, None, id), Item(f"transcripts/{id}.txt", 1, None, id)]

    assert [await SWEEP.remove(installation.context, item, installation.now) for item in items] == [False, False, False]
    assert len(installation.files(id)) == 7


async def test_many_folders_without_rows_look_like_the_wrong_database(installation: Installation) -> None:
    for _ in range(21):
        old(installation, installation.storage.original_named(new_id(), "wav"))
    items = await SWEEP.find(installation.context, installation.now)

    assert await looks_like_wrong_database(installation.context, items)
    assert not await looks_like_wrong_database(installation.context, items[:20])
