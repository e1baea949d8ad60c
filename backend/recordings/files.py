"""Where everything of a recording lies. Nobody else puts paths together."""

import asyncio
import errno
import re
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from backend import durable
from backend.crash import durable_step
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


@contextmanager
def disk_watched() -> Iterator[None]:
    """Say DiskFull where the system says that a disk, or what one may use of it, is full."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise


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

    def part(self, recording_id: str, name: str) -> Path:
        """One of the files of a recording that came in several; `name` as in `backend.recordings.parts`."""
        stem, _, extension = name.partition(".")
        return self.folder(recording_id) / "parts" / f"{_checked(stem)}.{_checked(extension)}"

    @property
    def incoming(self) -> Path:
        """Where uploads lie until they become recordings."""
        return self.root / "incoming"

    def upload(self, upload_id: str) -> Path:
        return self.incoming / _checked(upload_id)

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
        folder = self.folder(recording_id)
        with durable_step("delete.files"):
            await asyncio.to_thread(self._delete, folder)

    async def delete_mirrors(self, recording_id: str) -> None:
        await asyncio.to_thread(self._delete_mirrors, _checked(recording_id))

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
        if self.root.exists():
            durable.sync_folder(self.root)
        self._delete_mirrors(folder.name)

    def _delete_mirrors(self, recording_id: str) -> None:
        mirrors = self.root / "transcripts"
        with durable_step("mirrors.gone"):
            for mirror in mirrors.glob(f"{recording_id}.*"):
                mirror.unlink(missing_ok=True)
            if mirrors.exists():
                durable.sync_folder(mirrors)


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
