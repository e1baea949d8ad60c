"""`python -m backend restore`: restores a backup into an empty installation, comparing every file with the manifest."""

import asyncio
import os
import shutil
from pathlib import Path

from sqlalchemy import delete, inspect, select, update

from backend import migrations
from backend.crash_points import durable_step
from backend.database import Base, Database, connect, is_backed_up, utc_now
from backend.durable import sync_folder
from backend.errors import AppError
from backend.events.log import record
from backend.events.tables import EventKind
from backend.housekeeping import snapshot
from backend.housekeeping.backup import MANIFEST, Manifest, manifest_from_json
from backend.housekeeping.backup_archive import extract, members, private_folder
from backend.jobs.job_events import record_job
from backend.jobs.mirror import mirror_new
from backend.jobs.tables import Job, Status
from backend.library import trash
from backend.minutes.tables import Minutes
from backend.recordings.files import Storage
from backend.recordings.tables import Recording, Upload
from backend.search import rebuild as search_index
from backend.transcripts.render_pool import RenderPool
from backend.transcripts.tables import Transcript

#: Everything is extracted here first, and moved into place when all of it is there and correct.
_STAGE = ".restoring"
#: What an empty uploads folder may contain.
_EMPTY = {"README.md", ".gitkeep", _STAGE}


class NotEmpty(AppError):
    code = "not_empty"
    detail = "The target is not empty. Nothing is overwritten."


class InvalidBackup(AppError):
    code = "no_backup"
    detail = "This is not a complete backup: it has no manifest, or another program wrote it."


class BackupDamaged(AppError):
    code = "backup_damaged"
    detail = "Files of this backup are missing or damaged. Nothing was restored."


async def restore(source: Path, url: str, uploads_dir: Path) -> Manifest:
    """Raises NotEmpty, InvalidBackup or BackupDamaged before anything is in place. The database comes last: if it is in
    place, everything is."""
    manifest = await asyncio.to_thread(_manifest, source)
    await _check_target(url, uploads_dir, manifest)
    stage = uploads_dir / _STAGE
    await asyncio.to_thread(_extract_to, source, stage, manifest)
    with durable_step("restore.files"):
        await asyncio.to_thread(_move_into_place, stage, uploads_dir)
    if (path := snapshot.sqlite_path(url)) is not None:
        waiting = path.with_name(f".{path.name}{_STAGE}")
        await _fill_database(f"sqlite:///{waiting}", stage / manifest.database, manifest, uploads_dir, waiting)
        with durable_step("restore.database"):
            waiting.replace(path)
            sync_folder(path.absolute().parent)
    else:
        await _fill_database(url, stage / manifest.database, manifest, uploads_dir, None)
    await asyncio.to_thread(shutil.rmtree, stage)
    return manifest


def _manifest(source: Path) -> Manifest:
    try:
        for name, file in members(source):
            if name == MANIFEST:
                return manifest_from_json(file.read())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidBackup(f"{InvalidBackup.detail} ({error})") from error
    raise InvalidBackup


async def _check_target(url: str, uploads_dir: Path, manifest: Manifest) -> None:
    path = snapshot.sqlite_path(url)
    if manifest.kind == "sqlite" and path is None:
        raise InvalidBackup("This backup is SQLite's own file. For another database make it with --portable.")
    if manifest.kind == "rows" and manifest.revision != migrations.newest():
        raise InvalidBackup(
            f"These rows have revision {manifest.revision}; restore them with the program that made them."
        )
    if manifest.revision > migrations.newest():
        raise InvalidBackup("This backup was made by a newer program. Update this one first.")
    if uploads_dir.exists() and (existing := sorted({one.name for one in uploads_dir.iterdir()} - _EMPTY)):
        raise NotEmpty(f"{uploads_dir} holds {existing[0]}. Empty it, or set UPLOADS_DIR to a new folder.")
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


def _extract_to(source: Path, stage: Path, manifest: Manifest) -> None:
    shutil.rmtree(stage, ignore_errors=True)  # of a restore that was killed
    private_folder(stage)
    left = dict(manifest.files)
    wrong: list[str] = []
    try:
        for name, file in members(source):
            if (expected := left.pop(name, None)) is not None and extract(file, stage / name) != expected:
                wrong.append(name)
        if wrong or left:
            raise BackupDamaged(f"{BackupDamaged.detail} ({', '.join([*wrong, *sorted(left)][:5])})")
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise


def _move_into_place(stage: Path, uploads_dir: Path) -> None:
    staged = stage / "uploads"
    for folder in sorted(staged.iterdir()) if staged.exists() else []:
        for below, _, _ in os.walk(folder):
            sync_folder(Path(below))
        folder.replace(uploads_dir / folder.name)
    sync_folder(uploads_dir)


async def _fill_database(url: str, file: Path, manifest: Manifest, uploads_dir: Path, waiting: Path | None) -> None:
    """Restore the rows and bring them up to date: deleted recordings stay deleted, running jobs are queued again."""
    if waiting is not None:
        for ending in ("", "-wal", "-shm"):
            waiting.with_name(waiting.name + ending).unlink(missing_ok=True)
    if manifest.kind == "sqlite":
        assert waiting is not None
        await asyncio.to_thread(shutil.copyfile, file, waiting)
    await asyncio.to_thread(migrations.upgrade, url)
    database, render_pool = connect(url), RenderPool(Path())  # a mirror needs no fonts
    try:
        if manifest.kind == "rows":
            await snapshot.load_rows(database, file)
        await _catch_up(database, manifest)
        await search_index.rebuild(database)
        await mirror_new(database, Storage(uploads_dir), render_pool)
    finally:
        await render_pool.close()
        await database.close()  # by then SQLite has flushed the whole file, also the copied part


async def _catch_up(database: Database, manifest: Manifest) -> None:
    now = utc_now()
    async with database.write() as session:
        for id in manifest.gone:
            await trash.delete(session, id, reason="backup")
        lost = select(Recording).where(Recording.id.in_(manifest.originals_gone))
        for recording in (await session.scalars(lost)).all():
            recording.original_removed_at = now
            await session.flush()
            record(session, EventKind.ORIGINAL_REMOVED, owner_id=recording.owner_id, recording_id=recording.id)
        # Their runner is dead or on another machine. That is not the job's fault, so no failure is counted.
        again = {"status": Status.QUEUED.value, "runner": None, "stage": None, "eta_seconds": None, "not_before": now}
        for job in (await session.scalars(select(Job).where(Job.status == Status.RUNNING.value))).all():
            await session.execute(update(Job).where(Job.id == job.id).values(**again))
            record_job(session, EventKind.JOB_QUEUED, job)
        await session.execute(delete(Upload))  # unfinished uploads are in no backup: their senders start again
        for transient in Base.metadata.sorted_tables[::-1]:
            if not is_backed_up(transient):  # SQLite's file has them: of servers that are gone
                await session.execute(transient.delete())
        for table in (Transcript, Minutes):
            await session.execute(update(table).values(mirrored=False))
