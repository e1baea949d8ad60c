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
from backend.crash import durable_step
from backend.database import Database, connect, utc_now
from backend.errors import AppError
from backend.housekeeping import snapshot
from backend.housekeeping.shelves import Print, Shelf, new_shelf, private_folder
from backend.housekeeping.snapshot import Snapshot
from backend.jobs.tables import Status
from backend.recordings.files import Storage
from backend.recordings.tables import Recording

MANIFEST = "manifest.json"
FORMAT = 1

#: Never written to once they have their names: a link of theirs is as good as a copy.
_LASTING = ("original.", "listen.m4a")


class TargetTaken(AppError):
    code = "backup_exists"
    detail = "There is something at that place already. Name a new folder or a new file."


@dataclass(slots=True)
class Manifest:
    """What a backup holds. It is written last: a backup without it is none."""

    made_at: str
    revision: str  #: of the database
    kind: str  #: sqlite or rows
    database: str  #: the name of its file
    files: dict[str, Print] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)  #: recordings deleted while the backup was made
    originals_gone: list[str] = field(default_factory=list)  #: retention took these meanwhile
    damaged: list[str] = field(default_factory=list)  #: originals that were not what had been uploaded, or missing

    def to_json(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1).encode()


async def backup(url: str, uploads_dir: Path, target: Path, *, link: bool = False, portable: bool = False) -> Manifest:
    """Keep everything at `target`, a new folder or a new `.tar`. Raises TargetTaken."""
    if target.exists() and not (target.is_dir() and target.suffix != ".tar" and not any(target.iterdir())):
        raise TargetTaken
    private_folder(target.parent)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as room, new_shelf(target) as shelf:
        taken = await snapshot.take(url, Path(room) / "database", portable=portable)
        database = connect(url)
        try:
            return await keep_all(database, Storage(uploads_dir), shelf, taken, link=link)
        finally:
            await database.close()


async def keep_all(database: Database, storage: Storage, shelf: Shelf, taken: Snapshot, *, link: bool) -> Manifest:
    """Put a snapshot on the shelf, and after it the files that it names."""
    name = "database.sqlite" if taken.kind == "sqlite" else "database.jsonl"
    manifest = Manifest(utc_now().isoformat(), migrations.newest(), taken.kind, name)
    manifest.files[name] = await asyncio.to_thread(shelf.put, name, taken.file)
    for id in sorted(taken.recordings):
        await _keep(database, storage, shelf, id, taken, manifest, link)
    with durable_step("backup.manifest"):
        await asyncio.to_thread(shelf.write, MANIFEST, manifest.to_json())
    return manifest


def manifest_from_json(data: bytes) -> Manifest:
    """Raises ValueError, KeyError or TypeError for what is none."""
    value: dict[str, Any] = json.loads(data)
    if value.pop("format") != FORMAT:
        raise ValueError("of another format")
    value["files"] = {name: Print(**found) for name, found in value["files"].items()}
    return Manifest(**value)


async def _keep(
    database: Database, storage: Storage, shelf: Shelf, id: str, taken: Snapshot, manifest: Manifest, link: bool
) -> None:
    """The files of one recording. What was deleted since the snapshot is noted, so that its row is not restored."""
    sha256 = taken.recordings[id]
    kept = await asyncio.to_thread(lambda: dict(_put_all(shelf, storage, id, taken, link)))
    original = [found for name, found in kept.items() if Path(name).name.startswith("original.")]
    if sha256 is not None and not (original and original[0].sha256 == sha256):
        async with database.read() as session:
            row = await session.scalar(select(Recording).where(Recording.id == id))
        if row is None:
            manifest.gone.append(id)
            return  # whatever was kept of it is named nowhere
        if row.original_removed_at is not None:
            manifest.originals_gone.append(id)
        else:
            manifest.damaged.append(id)
    manifest.files |= kept


def _put_all(shelf: Shelf, storage: Storage, id: str, taken: Snapshot, link: bool) -> Iterator[tuple[str, Print]]:
    folder = storage.folder(id)
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not _is_kept(relative, taken) or not path.is_file():
            continue
        name = f"uploads/{id}/{relative.as_posix()}"
        lasting = path.name.startswith(_LASTING) or relative.parts[0] == "parts"
        try:
            yield name, shelf.put(name, path, link=link and lasting)
        except FileNotFoundError:
            continue  # deleted a moment ago


def _is_kept(relative: Path, taken: Snapshot) -> bool:
    """Not what is half written, and of artifacts only those of jobs that still need them: the others can be made."""
    if any(part.startswith(".") for part in relative.parts):
        return False
    if relative.parts[0] != "jobs":
        return True
    status = taken.jobs.get(relative.parts[1]) if len(relative.parts) > 2 else None
    return status is not None and status != Status.DONE.value
