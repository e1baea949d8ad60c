"""`python -m backend backup`: the database, then every file its rows name, then a manifest. The server may run."""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend import migrations
from backend.crash_points import durable_step
from backend.database import Database, connect, utc_now
from backend.errors import AppError
from backend.housekeeping import snapshot
from backend.housekeeping.backup_archive import BackupArchive, FileChecksum, new_archive, private_folder
from backend.housekeeping.snapshot import Snapshot
from backend.jobs.tables import Status
from backend.recordings.files import Storage
from backend.recordings.tables import Recording

MANIFEST = "manifest.json"
FORMAT = 1

#: Files that are never written to again, so a hard link is as good as a copy.
_IMMUTABLE = ("original.", "listen.m4a")


class TargetExists(AppError):
    code = "backup_exists"
    detail = "The target exists already. Name a new folder or a new file."


@dataclass(slots=True)
class Manifest:
    """The contents of a backup. It is written last: a backup without it is incomplete."""

    made_at: str
    revision: str  #: of the database schema
    kind: str  #: sqlite or rows
    database: str  #: the name of its file
    files: dict[str, FileChecksum] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)  #: recordings deleted while the backup was made
    originals_gone: list[str] = field(default_factory=list)  #: those whose original was removed meanwhile
    damaged: list[str] = field(default_factory=list)  #: recordings whose original is missing or not what was uploaded

    def to_json(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1).encode()


async def backup(url: str, uploads_dir: Path, target: Path, *, link: bool = False, portable: bool = False) -> Manifest:
    """Back up everything to `target`, a new folder or a new `.tar`. Raises TargetExists."""
    if target.exists() and not (target.is_dir() and target.suffix != ".tar" and not any(target.iterdir())):
        raise TargetExists
    private_folder(target.parent)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as scratch, new_archive(target) as archive:
        database_snapshot = await snapshot.take_snapshot(url, Path(scratch) / "database", portable=portable)
        database = connect(url)
        try:
            return await write_backup(database, Storage(uploads_dir), archive, database_snapshot, link=link)
        finally:
            await database.close()


async def write_backup(
    database: Database, storage: Storage, archive: BackupArchive, database_snapshot: Snapshot, *, link: bool
) -> Manifest:
    """Add a snapshot to the archive, then the files that it names, then the manifest."""
    name = "database.sqlite" if database_snapshot.kind == "sqlite" else "database.jsonl"
    manifest = Manifest(utc_now().isoformat(), migrations.newest(), database_snapshot.kind, name)
    manifest.files[name] = await asyncio.to_thread(archive.put, name, database_snapshot.file)
    for id in sorted(database_snapshot.recordings):
        await _add_recording(database, storage, archive, id, database_snapshot, manifest, link)
    with durable_step("backup.manifest"):
        await asyncio.to_thread(archive.write, MANIFEST, manifest.to_json())
    return manifest


def manifest_from_json(data: bytes) -> Manifest:
    """Raises ValueError, KeyError or TypeError if it is not a manifest."""
    value: dict[str, Any] = json.loads(data)
    if value.pop("format") != FORMAT:
        raise ValueError("unknown format")
    value["files"] = {name: FileChecksum(**found) for name, found in value["files"].items()}
    return Manifest(**value)


async def _add_recording(
    database: Database,
    storage: Storage,
    archive: BackupArchive,
    id: str,
    database_snapshot: Snapshot,
    manifest: Manifest,
    link: bool,
) -> None:
    """Add the files of one recording. If it was deleted since the snapshot, the manifest says so for the restore."""
    sha256 = database_snapshot.recordings[id]
    added = await asyncio.to_thread(lambda: dict(_add_files(archive, storage, id, database_snapshot, link)))
    original = [found for name, found in added.items() if Path(name).name.startswith("original.")]
    if sha256 is not None and not (original and original[0].sha256 == sha256):
        async with database.read() as session:
            row = await session.scalar(select(Recording).where(Recording.id == id))
        if row is None:
            manifest.gone.append(id)
            return  # files of it that were added already are not in the manifest
        if row.original_removed_at is not None:
            manifest.originals_gone.append(id)
        else:
            manifest.damaged.append(id)
    manifest.files |= added


def _add_files(
    archive: BackupArchive, storage: Storage, id: str, database_snapshot: Snapshot, link: bool
) -> Iterator[tuple[str, FileChecksum]]:
    folder = storage.folder(id)
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not _is_backed_up(relative, database_snapshot) or not path.is_file():
            continue
        name = f"uploads/{id}/{relative.as_posix()}"
        is_immutable = path.name.startswith(_IMMUTABLE) or relative.parts[0] == "parts"
        try:
            yield name, archive.put(name, path, link=link and is_immutable)
        except FileNotFoundError:
            continue  # deleted a moment ago


def _is_backed_up(relative: Path, database_snapshot: Snapshot) -> bool:
    """No temporary files, and artifacts only of jobs that are not done: the others can be made again."""
    if any(part.startswith(".") for part in relative.parts):
        return False
    if relative.parts[0] != "jobs":
        return True
    status = database_snapshot.jobs.get(relative.parts[1]) if len(relative.parts) > 2 else None
    return status is not None and status != Status.DONE.value
