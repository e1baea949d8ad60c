"""`python -m backend restore`: a backup into an empty place, every file compared with the manifest on its way."""

import asyncio
import os
import shutil
from pathlib import Path

from sqlalchemy import delete, inspect, update

from backend import migrations
from backend.crash import durable_step
from backend.database import Database, connect, utc_now
from backend.durable import sync_folder
from backend.errors import AppError
from backend.housekeeping import snapshot
from backend.housekeeping.backup import MANIFEST, Manifest, manifest_from_json
from backend.housekeeping.shelves import members, private_folder, take_out
from backend.jobs.mirror import mirror_new
from backend.jobs.tables import Job, Status
from backend.minutes.tables import Minutes
from backend.recordings.files import Storage
from backend.recordings.tables import Recording, Upload
from backend.transcripts.tables import Transcript

#: Everything is put here first, and moved to its place when all of it is there and right.
_STAGE = ".restoring"
#: What lies in an empty folder of uploads.
_EMPTY = {"README.md", ".gitkeep", _STAGE}


class NotEmpty(AppError):
    code = "not_empty"
    detail = "There is something at the place already. Nothing is overwritten."


class NoBackup(AppError):
    code = "no_backup"
    detail = "This is no whole backup: it has no manifest, or another program wrote it."


class BackupDamaged(AppError):
    code = "backup_damaged"
    detail = "Files of this backup are missing or are not what they were. Nothing was restored."


async def restore(source: Path, url: str, uploads_dir: Path) -> Manifest:
    """Raises NotEmpty, NoBackup or BackupDamaged before anything is in its place. The database comes last: where it
    is there, everything is."""
    manifest = await asyncio.to_thread(_manifest, source)
    await _must_be_empty(url, uploads_dir, manifest)
    stage = uploads_dir / _STAGE
    await asyncio.to_thread(_stage, source, stage, manifest)
    with durable_step("restore.files"):
        await asyncio.to_thread(_settle, stage, uploads_dir)
    if (path := snapshot.sqlite_path(url)) is not None:
        waiting = path.with_name(f".{path.name}{_STAGE}")
        await _fill(f"sqlite:///{waiting}", stage / manifest.database, manifest, uploads_dir, waiting)
        with durable_step("restore.database"):
            waiting.replace(path)
            sync_folder(path.absolute().parent)
    else:
        await _fill(url, stage / manifest.database, manifest, uploads_dir, None)
    await asyncio.to_thread(shutil.rmtree, stage)
    return manifest


def _manifest(source: Path) -> Manifest:
    try:
        for name, file in members(source):
            if name == MANIFEST:
                return manifest_from_json(file.read())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoBackup(f"{NoBackup.detail} ({error})") from error
    raise NoBackup


async def _must_be_empty(url: str, uploads_dir: Path, manifest: Manifest) -> None:
    path = snapshot.sqlite_path(url)
    if manifest.kind == "sqlite" and path is None:
        raise NoBackup("This backup is SQLite's own file. For another database make it with --portable.")
    if manifest.kind == "rows" and manifest.revision != migrations.newest():
        raise NoBackup(f"These rows are of revision {manifest.revision}; restore them with the program of then.")
    if manifest.revision > migrations.newest():
        raise NoBackup("This backup was made by a newer program. Update this one first.")
    if uploads_dir.exists() and (there := sorted({one.name for one in uploads_dir.iterdir()} - _EMPTY)):
        raise NotEmpty(f"{uploads_dir} holds {there[0]}. Empty it, or set UPLOADS_DIR to a new folder.")
    if path is not None:
        if path.exists() and path.stat().st_size:
            raise NotEmpty(f"{path} exists. Move it away, or set DATABASE_URL to a new file.")
        return
    database = connect(url)
    try:
        async with database.reader.connect() as connection:
            if await connection.run_sync(lambda here: inspect(here).get_table_names()):
                raise NotEmpty("The database has tables already. Create a new one, and set DATABASE_URL to it.")
    finally:
        await database.close()


def _stage(source: Path, stage: Path, manifest: Manifest) -> None:
    shutil.rmtree(stage, ignore_errors=True)  # of a restore that was killed
    private_folder(stage)
    left = dict(manifest.files)
    wrong: list[str] = []
    try:
        for name, file in members(source):
            if (expected := left.pop(name, None)) is not None and take_out(file, stage / name) != expected:
                wrong.append(name)
        if wrong or left:
            raise BackupDamaged(f"{BackupDamaged.detail} ({', '.join([*wrong, *sorted(left)][:5])})")
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise


def _settle(stage: Path, uploads_dir: Path) -> None:
    staged = stage / "uploads"
    for folder in sorted(staged.iterdir()) if staged.exists() else []:
        for below, _, _ in os.walk(folder):
            sync_folder(Path(below))
        folder.replace(uploads_dir / folder.name)
    sync_folder(uploads_dir)


async def _fill(url: str, file: Path, manifest: Manifest, uploads_dir: Path, waiting: Path | None) -> None:
    """The rows, with what has happened to them since: deleted recordings stay deleted, running jobs wait again."""
    if waiting is not None:
        for ending in ("", "-wal", "-shm"):
            waiting.with_name(waiting.name + ending).unlink(missing_ok=True)
    if manifest.kind == "sqlite":
        assert waiting is not None
        await asyncio.to_thread(shutil.copyfile, file, waiting)
    await asyncio.to_thread(migrations.upgrade, url)
    database = connect(url)
    try:
        if manifest.kind == "rows":
            await snapshot.load_rows(database, file)
        await _catch_up(database, manifest)
        await mirror_new(database, Storage(uploads_dir))
    finally:
        await database.close()  # SQLite has synced its file by then: all of it, also what was copied


async def _catch_up(database: Database, manifest: Manifest) -> None:
    now = utc_now()
    async with database.write() as session:
        await session.execute(delete(Recording).where(Recording.id.in_(manifest.gone)))
        lost = Recording.id.in_(manifest.originals_gone)
        await session.execute(update(Recording).where(lost).values(original_removed_at=now))
        # Their runner is on another machine, or dead; it is no fault of theirs, so no failure is counted.
        again = {"status": Status.QUEUED.value, "runner": None, "stage": None, "eta_seconds": None, "not_before": now}
        await session.execute(update(Job).where(Job.status == Status.RUNNING.value).values(**again))
        await session.execute(delete(Upload))  # files under way are in no backup: whoever sent them begins anew
        for table in (Transcript, Minutes):
            await session.execute(update(table).values(mirrored=False))
