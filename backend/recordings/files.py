"""Where everything of a recording lies. Nobody else puts paths together."""

import asyncio
import errno
import re
import shutil
import time
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from backend import durable
from backend.errors import AppError
from backend.recordings.whitelists import EXTENSIONS

#: What may stand in a path: our own ids, nothing a person typed.
_ID = re.compile(r"[0-9a-zA-Z_-]{1,64}")
_SUFFIX = re.compile(r"[a-z0-9.]{1,32}")

_NAME_CHARACTERS = 255
#: Letters of other scripts need these two, emoji too; every other invisible character of a name is dropped.
_JOINERS = "\u200c\u200d"


class DiskFull(AppError):
    status = 507
    code = "disk_full"
    detail = "There is no room left on the server's disk. Tell the people who run it, and try again later."


class Stored(Protocol):
    """What is needed of a recording to find its original."""

    @property
    def id(self) -> str: ...
    @property
    def extension(self) -> str: ...


class Storage:
    """The folder of uploads. Looking up a path never touches the disk; folders are made by those who write."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, recording_id: str) -> Path:
        return self.root / _checked(recording_id)

    def original(self, recording: Stored) -> Path:
        return self.original_named(recording.id, recording.extension)

    def original_named(self, recording_id: str, extension: str) -> Path:
        return self.folder(recording_id) / f"original.{_checked(extension)}"

    def listening_copy(self, recording_id: str) -> Path:
        """What the browser plays; made by the stage prepare."""
        return self.folder(recording_id) / "listen.m4a"

    def peaks(self, recording_id: str) -> Path:
        """The waveform, as JSON; made by the stage prepare."""
        return self.folder(recording_id) / "peaks.json"

    def job_folder(self, recording_id: str, job_id: str) -> Path:
        return self.folder(recording_id) / "jobs" / _checked(job_id)

    def mirror(self, recording_id: str, suffix: str) -> Path:
        """The newest transcript as a file for people who look into the folder; `suffix` without its dot."""
        if not _SUFFIX.fullmatch(suffix.strip(".")):
            raise ValueError("not a suffix of ours")
        return self.root / "transcripts" / f"{_checked(recording_id)}.{suffix.strip('.')}"

    def make(self, folder: Path) -> Path:
        """Make `folder` and those above it, readable for nobody but the server."""
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(mode=0o700, exist_ok=True)
            durable.sync_folder(path.parent)
        return folder

    def check_room(self, wanted: int, reserve: int) -> None:
        """Raise DiskFull where `wanted` more bytes would eat into the reserve."""
        folder = next(path for path in (self.root, *self.root.parents) if path.exists())
        if shutil.disk_usage(folder).free < wanted + reserve:
            raise DiskFull

    async def write_durably(self, path: Path, data: bytes) -> None:
        """Put `data` at `path` whole or not at all, and make it last; its folder is made where it is missing."""
        await asyncio.to_thread(self._write_durably, path, data)

    async def delete(self, recording_id: str) -> None:
        """Remove every file of the recording, mirrored transcripts too. Doing so twice is no error."""
        await asyncio.to_thread(self._delete, self.folder(recording_id))

    async def sweep(self, known: Collection[str], older_than_seconds: float) -> list[str]:
        """Remove the folders that no row names and nobody has touched for so long; their ids come back."""
        return await asyncio.to_thread(self._sweep, known, older_than_seconds)

    def _write_durably(self, path: Path, data: bytes) -> None:
        self.make(path.parent)
        durable.write_durably(path, data)

    def _delete(self, folder: Path) -> None:
        while folder.exists():
            try:
                shutil.rmtree(folder)
            except FileNotFoundError:
                continue  # somebody else is at it too
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:  # a file came in between
                    raise
        mirrors = self.root / "transcripts"
        for mirror in mirrors.glob(f"{folder.name}.*"):
            mirror.unlink(missing_ok=True)
        for parent in (self.root, mirrors):
            if parent.exists():
                durable.sync_folder(parent)

    def _sweep(self, known: Collection[str], older_than_seconds: float) -> list[str]:
        if not self.root.exists():
            return []
        before = time.time() - older_than_seconds
        orphans = [
            path.name
            for path in self.root.iterdir()
            if re.fullmatch(r"[0-9a-f]{32}", path.name) and path.name not in known and _newest(path) < before
        ]
        for name in orphans:
            self._delete(self.root / name)
        return orphans


def clean_name(name: str) -> str:
    """The name a person gave, fit to be shown: the last part of its path, without control and direction marks."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode())
    name = re.split(r"[/\\]", name.rstrip("/\\ "))[-1]
    shown = (char for char in name if char in _JOINERS or unicodedata.category(char)[0] != "C")
    name = (
        "".join(" " if unicodedata.category(char)[0] == "Z" else char for char in shown).strip().strip("\u200c\u200d")
    )
    if len(name) > _NAME_CHARACTERS:
        stem, dot, suffix = name.rpartition(".")
        keep = f"{dot}{suffix}" if dot and len(suffix) <= 16 else ""
        name = (stem if keep else name)[: _NAME_CHARACTERS - len(keep)] + keep
    return name if name.strip(". ") else "recording"


def extension_of(name: str) -> str:
    """Under which extension a file of this name is stored: one of our list, else `bin`."""
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    return suffix if suffix in EXTENSIONS else "bin"


def _checked(part: str) -> str:
    if not _ID.fullmatch(part):
        raise ValueError("not an id of ours")
    return part


def _newest(folder: Path) -> float:
    times = [folder.stat().st_mtime]
    for path in folder.rglob("*"):
        try:
            times.append(path.stat().st_mtime)
        except FileNotFoundError:  # just renamed
            return time.time()
    return max(times)
