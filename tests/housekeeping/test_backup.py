import json
import os
import shutil
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.accounts.audit import Action, note
from backend.accounts.tables import AuditEntry, User
from backend.database import Base, Database, connect
from backend.housekeeping import snapshot
from backend.housekeeping.backup import MANIFEST, Manifest, TargetTaken, backup, keep_all, manifest_from_json
from backend.housekeeping.check import check_house
from backend.housekeeping.restore import BackupDamaged, NoBackup, NotEmpty, restore
from backend.housekeeping.shelves import new_shelf
from backend.jobs.queue import Limits
from backend.jobs.tables import Job, Status
from backend.recordings.tables import Recording
from tests.housekeeping.conftest import SOUND, Place


class Elsewhere:
    """Where a backup is restored."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/there/house.db"
        self.uploads = folder / "there" / "uploads"
        (folder / "there").mkdir()

    async def restored(self, source: Path) -> Manifest:
        return await restore(source, self.url, self.uploads)

    async def is_green(self) -> bool:
        report = await check_house(self.url, self.uploads, limits=Limits())
        assert report.problems == []
        return report.green


@pytest.fixture
def there(tmp_path: Path) -> Elsewhere:
    return Elsewhere(tmp_path)


@pytest.fixture
async def opened(there: Elsewhere) -> AsyncIterator[Database]:
    database = connect(there.url)
    yield database
    await database.close()


async def kept(place: Place, target: Path, **more: bool) -> Manifest:
    return await backup(place.settings.database_url, place.settings.uploads_dir, target, **more)


async def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    async with database.read() as session:
        found = {}
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name not in ("mirrored", "moves")]
            order = select(*columns).order_by(*table.primary_key.columns)
            found[table.name] = [tuple(row) for row in await session.execute(order)]
        return found


@pytest.mark.parametrize("target", ["kept", "kept.tar"])
@pytest.mark.parametrize("portable", [False, True])
async def test_what_is_restored_is_what_was_kept(
    place: Place, there: Elsewhere, opened: Database, tmp_path: Path, target: str, portable: bool
) -> None:
    ids = [await place.recording(owner) for owner in ("ada", "eve", "ada")]
    await place.put_in_trash(ids[2])
    async with place.database.write() as session:
        note(session, Action.EXPORTED, subject=ids[0], format="文本")

    manifest = await kept(place, tmp_path / target, portable=portable)
    await there.restored(tmp_path / target)

    assert (manifest.kind, manifest.damaged, manifest.gone) == ("rows" if portable else "sqlite", [], [])
    assert await there.is_green()
    assert await rows(opened) == await rows(place.database)
    for id in ids:
        assert (there.uploads / id / "original.wav").read_bytes() == SOUND
        assert (there.uploads / id / "listen.m4a").exists()
        assert not (there.uploads / id / "jobs").exists()  # a done job can make them again
    mirrors = sorted(path.name for path in (there.uploads / "transcripts").iterdir())
    assert mirrors == sorted(f"{id}.{suffix}" for id in ids[:2] for suffix in ("json", "txt"))


async def test_the_audit_log_is_still_append_only(
    place: Place, there: Elsewhere, opened: Database, tmp_path: Path
) -> None:
    await place.recording()
    async with place.database.write() as session:
        note(session, Action.EXPORTED)
    await kept(place, tmp_path / "kept", portable=True)
    await there.restored(tmp_path / "kept")

    async with opened.read() as session:
        assert [one.action for one in await session.scalars(select(AuditEntry))] == ["exported"]


async def test_open_jobs_go_on_where_they_were(
    place: Place, there: Elsewhere, opened: Database, tmp_path: Path
) -> None:
    id = await place.recording()
    job = await place.job_of(id)
    beat = {"runner": "host:1:1.00", "beat_at": place.now, "started_at": place.now, "finished_at": None}
    await place.change_job(job, status=Status.RUNNING.value, attempt=2, **beat)
    half = place.storage.job_folder(id, job) / ".normalize-x"
    half.mkdir()
    (half / "speech.wav").write_bytes(b"half")

    await kept(place, tmp_path / "kept")
    await there.restored(tmp_path / "kept")

    assert await there.is_green()
    async with opened.read() as session:
        again = await session.get_one(Job, job)
    assert (again.status, again.attempt, again.failures, again.runner) == ("queued", 2, 0, None)
    names = sorted(path.name for path in (there.uploads / id / "jobs" / job).iterdir())
    assert names == ["sentences.json", "sentences.json.seal", "speech.wav", "speech.wav.seal"]


async def test_what_is_deleted_while_it_is_kept_stays_deleted(
    place: Place, there: Elsewhere, opened: Database, tmp_path: Path
) -> None:
    kept_id, deleted, lost = [await place.recording() for _ in range(3)]
    taken = await snapshot.take(place.settings.database_url, tmp_path / "then", portable=False)
    await place.forget(deleted)
    await place.storage.delete(deleted)
    (place.storage.folder(lost) / "original.wav").unlink()
    async with place.database.write() as session:
        (await session.merge(await place.row(lost))).original_removed_at = place.now
    with new_shelf(tmp_path / "kept") as shelf:
        manifest = await keep_all(place.database, place.storage, shelf, taken, link=False)
    assert (manifest.gone, manifest.originals_gone) == ([deleted], [lost])

    await there.restored(tmp_path / "kept")

    assert await there.is_green()
    async with opened.read() as session:
        left = {one.id: one.original_removed_at for one in await session.scalars(select(Recording))}
    assert set(left) == {kept_id, lost}
    assert left[lost] is not None


async def test_an_original_that_was_damaged_before_is_told(place: Place, tmp_path: Path) -> None:
    id, lost = await place.recording(), await place.recording()
    (place.storage.folder(id) / "original.wav").write_bytes(b"rot")
    (place.storage.folder(lost) / "original.wav").unlink()

    manifest = await kept(place, tmp_path / "kept")

    assert sorted(manifest.damaged) == sorted([id, lost])


async def test_links_share_what_never_changes(place: Place, there: Elsewhere, tmp_path: Path) -> None:
    id = await place.recording()
    await kept(place, tmp_path / "kept", link=True)

    folder, copied = place.storage.folder(id), tmp_path / "kept" / "uploads" / id
    assert os.path.samefile(folder / "original.wav", copied / "original.wav")
    assert not os.path.samefile(folder / "peaks.json", copied / "peaks.json")
    await place.storage.delete(id)
    await there.restored(tmp_path / "kept")
    assert await there.is_green()


async def test_a_backup_is_for_its_owner_alone(place: Place, tmp_path: Path) -> None:
    await place.recording()
    await kept(place, tmp_path / "kept")
    await kept(place, tmp_path / "kept.tar")

    folder = tmp_path / "kept"
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.rglob("*"), tmp_path / "kept.tar")} == {0}


async def test_nothing_is_written_over(place: Place, there: Elsewhere, tmp_path: Path) -> None:
    id = await place.recording()
    await kept(place, tmp_path / "kept")
    for taken in ("kept", "kept.tar"):
        (tmp_path / "kept.tar").touch()
        with pytest.raises(TargetTaken):
            await kept(place, tmp_path / taken)

    with pytest.raises(NotEmpty, match="exists"):
        await restore(tmp_path / "kept", place.settings.database_url, there.uploads)
    with pytest.raises(NotEmpty, match=id):
        await restore(tmp_path / "kept", there.url, _only(place, id))
    assert not there.uploads.exists()
    await there.restored(tmp_path / "kept")
    with pytest.raises(NotEmpty):
        await there.restored(tmp_path / "kept")
    assert await there.is_green()


def _only(place: Place, id: str) -> Path:
    shutil.rmtree(place.settings.uploads_dir / "transcripts")
    return place.settings.uploads_dir


@pytest.mark.parametrize("harm", ["changed", "missing", "database", "no manifest", "not ours", "newer"])
@pytest.mark.parametrize("name", ["kept", "kept.tar"])
async def test_a_damaged_backup_restores_nothing(
    place: Place, there: Elsewhere, tmp_path: Path, harm: str, name: str
) -> None:
    id = await place.recording()
    folder = tmp_path / "kept"
    await kept(place, folder)
    original = folder / "uploads" / id / "original.wav"
    manifest = folder / MANIFEST
    if harm == "changed":
        original.write_bytes(SOUND[::-1])
    elif harm == "missing":
        original.unlink()
    elif harm == "database":
        data = (folder / "database.sqlite").read_bytes()
        (folder / "database.sqlite").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif harm == "no manifest":
        manifest.unlink()
    elif harm == "not ours":
        manifest.write_text('{"format": 7}')
    else:
        manifest.write_text(json.dumps({**json.loads(manifest.read_bytes()), "revision": "9999"}))
    if name == "kept.tar":
        _pack(folder, tmp_path / name)

    with pytest.raises((BackupDamaged, NoBackup)):
        await there.restored(tmp_path / name)

    assert not Path(there.url.removeprefix("sqlite:///")).exists()
    assert not there.uploads.exists() or list(there.uploads.iterdir()) == []


def _pack(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.add(path, path.relative_to(folder).as_posix())


async def test_a_tar_puts_nothing_outside(place: Place, there: Elsewhere, tmp_path: Path) -> None:
    await place.recording()
    await kept(place, tmp_path / "kept")
    manifest = tmp_path / "kept" / MANIFEST
    data = json.loads(manifest.read_bytes())
    data["files"]["../../escaped"] = {"size": 1, "sha256": "0" * 64}
    manifest.write_text(json.dumps(data))
    target = tmp_path / "kept.tar"
    _pack(tmp_path / "kept", target)
    (tmp_path / "x").write_bytes(b"x")
    with tarfile.open(target, "a") as archive:
        archive.add(tmp_path / "x", "../../escaped")

    with pytest.raises(BackupDamaged):
        await there.restored(target)

    assert not list(tmp_path.rglob("escaped"))
    assert "../../escaped" in manifest_from_json(json.dumps(data).encode()).files


async def test_a_killed_restore_is_begun_anew(place: Place, there: Elsewhere, tmp_path: Path) -> None:
    await place.recording()
    await kept(place, tmp_path / "kept")
    stage = there.uploads / ".restoring"
    stage.mkdir(parents=True)
    (stage / "half").write_bytes(b"x")
    Path(there.url.removeprefix("sqlite:///")).with_name(".house.db.restoring").write_bytes(b"half a database")

    await there.restored(tmp_path / "kept")

    assert await there.is_green()
    assert not stage.exists()
    assert sorted(path.name for path in there.uploads.parent.iterdir()) == ["house.db", "uploads"]


async def test_users_can_still_sign_in(place: Place, there: Elsewhere, opened: Database, tmp_path: Path) -> None:
    await place.user("ada")
    async with place.database.write() as session:
        (await session.get_one(User, "ada")).password_hash = "$argon2id$…"
    await kept(place, tmp_path / "kept", portable=True)
    await there.restored(tmp_path / "kept")

    async with opened.read() as session:
        assert (await session.get_one(User, "ada")).password_hash == "$argon2id$…"
