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
from backend.events.tables import Event
from backend.housekeeping import snapshot
from backend.housekeeping.backup import MANIFEST, Manifest, TargetExists, backup, manifest_from_json, write_backup
from backend.housekeeping.backup_archive import new_archive
from backend.housekeeping.check import check_installation
from backend.housekeeping.restore import BackupDamaged, InvalidBackup, NotEmpty, restore
from backend.jobs.queue import Limits
from backend.jobs.tables import Job, Status
from backend.recordings.tables import Recording
from backend.search import full_text
from tests.housekeeping.conftest import SOUND, Installation


class RestoreTarget:
    """An empty installation to restore a backup into."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/there/server.db"
        self.uploads = folder / "there" / "uploads"
        (folder / "there").mkdir()

    async def restored(self, source: Path) -> Manifest:
        return await restore(source, self.url, self.uploads)

    async def is_green(self) -> bool:
        report = await check_installation(self.url, self.uploads, limits=Limits())
        assert report.problems == []
        return report.green


@pytest.fixture
def restore_target(tmp_path: Path) -> RestoreTarget:
    return RestoreTarget(tmp_path)


@pytest.fixture
async def opened(restore_target: RestoreTarget) -> AsyncIterator[Database]:
    database = connect(restore_target.url)
    yield database
    await database.close()


async def make_backup(installation: Installation, target: Path, **more: bool) -> Manifest:
    return await backup(installation.settings.database_url, installation.settings.uploads_dir, target, **more)


async def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    async with database.read() as session:
        found = {}
        for table in Base.metadata.sorted_tables:
            # The index of the search is made again: in another order, which gives them other ids.
            left_out = ("mirrored", "moves", *(["id"] if table.name in full_text.TABLES else []))
            columns = [column for column in table.columns if column.name not in left_out]
            order = select(*columns).order_by(*table.primary_key.columns)
            found[table.name] = [tuple(row) for row in await session.execute(order)]
            if table.name in full_text.TABLES:
                found[table.name].sort()
        return found


@pytest.mark.parametrize("target", ["kept", "kept.tar"])
@pytest.mark.parametrize("portable", [False, True])
async def test_a_restored_backup_has_the_same_rows_and_files(
    installation: Installation,
    restore_target: RestoreTarget,
    opened: Database,
    tmp_path: Path,
    target: str,
    portable: bool,
) -> None:
    ids = [await installation.recording(owner) for owner in ("ada", "eve", "ada")]
    await installation.put_in_trash(ids[2])
    async with installation.database.write() as session:
        note(session, Action.EXPORTED, subject=ids[0], format="文本")

    manifest = await make_backup(installation, tmp_path / target, portable=portable)
    await restore_target.restored(tmp_path / target)

    assert (manifest.kind, manifest.damaged, manifest.gone) == ("rows" if portable else "sqlite", [], [])
    assert await restore_target.is_green()
    assert await rows(opened) == await rows(installation.database)
    for id in ids:
        assert (restore_target.uploads / id / "original.wav").read_bytes() == SOUND
        assert (restore_target.uploads / id / "listen.m4a").exists()
        assert not (restore_target.uploads / id / "jobs").exists()  # a done job can make them again
    mirrors = sorted(path.name for path in (restore_target.uploads / "transcripts").iterdir())
    assert mirrors == sorted(f"{id}.{suffix}" for id in ids[:2] for suffix in ("json", "txt"))


async def test_the_audit_log_is_still_append_only(
    installation: Installation, restore_target: RestoreTarget, opened: Database, tmp_path: Path
) -> None:
    await installation.recording()
    async with installation.database.write() as session:
        note(session, Action.EXPORTED)
    await make_backup(installation, tmp_path / "kept", portable=True)
    await restore_target.restored(tmp_path / "kept")

    async with opened.read() as session:
        assert [one.action for one in await session.scalars(select(AuditEntry))] == ["exported"]


async def test_open_jobs_continue_after_a_restore(
    installation: Installation, restore_target: RestoreTarget, opened: Database, tmp_path: Path
) -> None:
    id = await installation.recording()
    job = await installation.job_of(id)
    heartbeat = {
        "runner": "host:1:1.00",
        "heartbeat_at": installation.now,
        "started_at": installation.now,
        "finished_at": None,
    }
    await installation.change_job(job, status=Status.RUNNING.value, attempt=2, **heartbeat)
    half = installation.storage.job_folder(id, job) / ".normalize-x"
    half.mkdir()
    (half / "speech.wav").write_bytes(b"half")

    await make_backup(installation, tmp_path / "kept")
    await restore_target.restored(tmp_path / "kept")

    assert await restore_target.is_green()
    async with opened.read() as session:
        again = await session.get_one(Job, job)
    assert (again.status, again.attempt, again.failures, again.runner) == ("queued", 2, 0, None)
    names = sorted(path.name for path in (restore_target.uploads / id / "jobs" / job).iterdir())
    assert names == ["sentences.json", "sentences.json.seal", "speech.wav", "speech.wav.seal"]


async def test_recordings_deleted_during_a_backup_stay_deleted(
    installation: Installation, restore_target: RestoreTarget, opened: Database, tmp_path: Path
) -> None:
    kept_id, deleted, lost = [await installation.recording() for _ in range(3)]
    taken = await snapshot.take_snapshot(installation.settings.database_url, tmp_path / "then", portable=False)
    await installation.delete_row(deleted)
    await installation.storage.delete(deleted)
    (installation.storage.folder(lost) / "original.wav").unlink()
    async with installation.database.write() as session:
        (await session.merge(await installation.row(lost))).original_removed_at = installation.now
    with new_archive(tmp_path / "kept") as shelf:
        manifest = await write_backup(installation.database, installation.storage, shelf, taken, link=False)
    assert (manifest.gone, manifest.originals_gone) == ([deleted], [lost])

    await restore_target.restored(tmp_path / "kept")

    assert await restore_target.is_green()
    async with opened.read() as session:
        left = {one.id: one.original_removed_at for one in await session.scalars(select(Recording))}
    assert set(left) == {kept_id, lost}
    assert left[lost] is not None
    async with opened.read() as session:
        told = [(one.kind, one.recording_id) for one in await session.scalars(select(Event))]
    assert ("recording.deleted", deleted) in told
    assert ("recording.original_removed", lost) in told


async def test_damaged_originals_are_reported(installation: Installation, tmp_path: Path) -> None:
    id, lost = await installation.recording(), await installation.recording()
    (installation.storage.folder(id) / "original.wav").write_bytes(b"rot")
    (installation.storage.folder(lost) / "original.wav").unlink()

    manifest = await make_backup(installation, tmp_path / "kept")

    assert sorted(manifest.damaged) == sorted([id, lost])


async def test_hard_links_are_used_for_immutable_files_only(
    installation: Installation, restore_target: RestoreTarget, tmp_path: Path
) -> None:
    id = await installation.recording()
    await make_backup(installation, tmp_path / "kept", link=True)

    folder, copied = installation.storage.folder(id), tmp_path / "kept" / "uploads" / id
    assert os.path.samefile(folder / "original.wav", copied / "original.wav")
    assert not os.path.samefile(folder / "peaks.json", copied / "peaks.json")
    await installation.storage.delete(id)
    await restore_target.restored(tmp_path / "kept")
    assert await restore_target.is_green()


async def test_only_the_owner_can_read_a_backup(installation: Installation, tmp_path: Path) -> None:
    await installation.recording()
    await make_backup(installation, tmp_path / "kept")
    await make_backup(installation, tmp_path / "kept.tar")

    folder = tmp_path / "kept"
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.rglob("*"), tmp_path / "kept.tar")} == {0}


async def test_backup_and_restore_overwrite_nothing(
    installation: Installation, restore_target: RestoreTarget, tmp_path: Path
) -> None:
    id = await installation.recording()
    await make_backup(installation, tmp_path / "kept")
    for taken in ("kept", "kept.tar"):
        (tmp_path / "kept.tar").touch()
        with pytest.raises(TargetExists):
            await make_backup(installation, tmp_path / taken)

    with pytest.raises(NotEmpty, match="exists"):
        await restore(tmp_path / "kept", installation.settings.database_url, restore_target.uploads)
    with pytest.raises(NotEmpty, match=id):
        await restore(tmp_path / "kept", restore_target.url, _only(installation, id))
    assert not restore_target.uploads.exists()
    await restore_target.restored(tmp_path / "kept")
    with pytest.raises(NotEmpty):
        await restore_target.restored(tmp_path / "kept")
    assert await restore_target.is_green()


def _only(installation: Installation, id: str) -> Path:
    shutil.rmtree(installation.settings.uploads_dir / "transcripts")
    return installation.settings.uploads_dir


@pytest.mark.parametrize("harm", ["changed", "missing", "database", "no manifest", "unknown format", "newer"])
@pytest.mark.parametrize("name", ["kept", "kept.tar"])
async def test_a_damaged_backup_restores_nothing(
    installation: Installation, restore_target: RestoreTarget, tmp_path: Path, harm: str, name: str
) -> None:
    id = await installation.recording()
    folder = tmp_path / "kept"
    await make_backup(installation, folder)
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
    elif harm == "unknown format":
        manifest.write_text('{"format": 7}')
    else:
        manifest.write_text(json.dumps({**json.loads(manifest.read_bytes()), "revision": "9999"}))
    if name == "kept.tar":
        _pack(folder, tmp_path / name)

    with pytest.raises((BackupDamaged, InvalidBackup)):
        await restore_target.restored(tmp_path / name)

    assert not Path(restore_target.url.removeprefix("sqlite:///")).exists()
    assert not restore_target.uploads.exists() or list(restore_target.uploads.iterdir()) == []


def _pack(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.add(path, path.relative_to(folder).as_posix())


async def test_a_tar_cannot_write_outside_the_target(
    installation: Installation, restore_target: RestoreTarget, tmp_path: Path
) -> None:
    await installation.recording()
    await make_backup(installation, tmp_path / "kept")
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
        await restore_target.restored(target)

    assert not list(tmp_path.rglob("escaped"))
    assert "../../escaped" in manifest_from_json(json.dumps(data).encode()).files


async def test_a_killed_restore_can_be_repeated(
    installation: Installation, restore_target: RestoreTarget, tmp_path: Path
) -> None:
    await installation.recording()
    await make_backup(installation, tmp_path / "kept")
    stage = restore_target.uploads / ".restoring"
    stage.mkdir(parents=True)
    (stage / "half").write_bytes(b"x")
    Path(restore_target.url.removeprefix("sqlite:///")).with_name(".server.db.restoring").write_bytes(
        b"half a database"
    )

    await restore_target.restored(tmp_path / "kept")

    assert await restore_target.is_green()
    assert not stage.exists()
    assert sorted(path.name for path in restore_target.uploads.parent.iterdir()) == ["server.db", "uploads"]


async def test_password_hashes_are_restored(
    installation: Installation, restore_target: RestoreTarget, opened: Database, tmp_path: Path
) -> None:
    await installation.user("ada")
    async with installation.database.write() as session:
        (await session.get_one(User, "ada")).password_hash = "$argon2id$…"
    await make_backup(installation, tmp_path / "kept", portable=True)
    await restore_target.restored(tmp_path / "kept")

    async with opened.read() as session:
        assert (await session.get_one(User, "ada")).password_hash == "$argon2id$…"
