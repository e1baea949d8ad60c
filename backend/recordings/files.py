"""The paths of all files of recordings and uploads. No other module builds such a path."""

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
from backend.crash_points import durable_step
from backend.errors import AppError
from backend.recordings.whitelists import EXTENSIONS

#: Only our own ids become part of a path, nothing that a person typed.
_ID = re.compile(r"[0-9a-zA-Z_-]{1,64}")
_SUFFIX = re.compile(r"[a-z0-9.]{1,32}")

_NAME_CHARACTERS = 255
#: Some scripts and emoji need these two; every other invisible character is removed from a name.
_JOINERS = "\u200c\u200d"


class DiskFull(AppError):
    status = 507
    code = "disk_full"
    detail = "The disk of the server is full. Tell its administrator, and try again later."


@contextmanager
def translate_disk_full() -> Iterator[None]:
    """Raise DiskFull if the disk or its quota is full."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise


class StoredRecording(Protocol):
    """The attributes of a recording that determine the path of its original."""

    @property
    def id(self) -> str: ...
    @property
    def extension(self) -> str: ...


class Storage:
    """The uploads folder. The methods that return paths do not touch the disk; writers create folders themselves."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, recording_id: str) -> Path:
        return self.root / _valid_part(recording_id)

    def original(self, recording: StoredRecording) -> Path:
        return self.original_named(recording.id, recording.extension)

    def original_named(self, recording_id: str, extension: str) -> Path:
        return self.folder(recording_id) / f"original.{_valid_part(extension)}"

    def part(self, recording_id: str, name: str) -> Path:
        """One file of a recording that consists of several; `name` as in `backend.recordings.parts`."""
        stem, _, extension = name.partition(".")
        return self.folder(recording_id) / "parts" / f"{_valid_part(stem)}.{_valid_part(extension)}"

    @property
    def incoming(self) -> Path:
        """The folder of uploads that have not become recordings yet."""
        return self.root / "incoming"

    def upload(self, upload_id: str) -> Path:
        return self.incoming / _valid_part(upload_id)

    def listening_copy(self, recording_id: str) -> Path:
        """The audio that the browser plays; written by the stage `prepare`."""
        return self.folder(recording_id) / "listen.m4a"

    def peaks(self, recording_id: str) -> Path:
        """The waveform as JSON; written by the stage `prepare`."""
        return self.folder(recording_id) / "peaks.json"

    def job_folder(self, recording_id: str, job_id: str) -> Path:
        return self.folder(recording_id) / "jobs" / _valid_part(job_id)

    def mirror(self, recording_id: str, suffix: str) -> Path:
        """The newest transcript as a file, for people who look into the folder; `suffix` without its dot."""
        if not _SUFFIX.fullmatch(suffix.strip(".")):
            raise ValueError("not a valid suffix")
        return self.root / "transcripts" / f"{_valid_part(recording_id)}.{suffix.strip('.')}"

    def make_folder(self, folder: Path) -> Path:
        """Create `folder` and its parents, readable only by the server."""
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(mode=0o700, exist_ok=True)
            durable.sync_folder(path.parent)
        return folder

    def check_free_space(self, size: int, reserve: int) -> None:
        """Raise DiskFull if storing `size` more bytes would leave less than `reserve`."""
        folder = next(path for path in (self.root, *self.root.parents) if path.exists())
        if shutil.disk_usage(folder).free < size + reserve:
            raise DiskFull

    async def write_durably(self, path: Path, data: bytes) -> None:
        """Write `data` to `path` atomically and sync it to the disk. The folder is created if it is missing."""
        await asyncio.to_thread(self._write_durably, path, data)

    async def delete(self, recording_id: str) -> None:
        """Delete all files of the recording, including its mirrored transcripts. Deleting twice is not an error."""
        folder = self.folder(recording_id)
        with durable_step("delete.files"):
            await asyncio.to_thread(self._delete, folder)

    async def delete_mirrors(self, recording_id: str) -> None:
        await asyncio.to_thread(self._delete_mirrors, _valid_part(recording_id))

    def _write_durably(self, path: Path, data: bytes) -> None:
        self.make_folder(path.parent)
        durable.write_durably(path, data)

    def _delete(self, folder: Path) -> None:
        while folder.exists():
            try:
                shutil.rmtree(folder)
            except FileNotFoundError:
                continue  # another task is deleting it too
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:  # a file was added meanwhile
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
    """A name that is safe to display: the last part of the path, without control and direction characters."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode())
    name = re.split(r"[/\\]", name.rstrip("/\\ "))[-1]
    visible = (char for char in name if char in _JOINERS or unicodedata.category(char)[0] != "C")
    name = (
        "".join(" " if unicodedata.category(char)[0] == "Z" else char for char in visible).strip().strip("\u200c\u200d")
    )
    if len(name) > _NAME_CHARACTERS:
        stem, dot, suffix = name.rpartition(".")
        ending = f"{dot}{suffix}" if dot and len(suffix) <= 16 else ""
        name = (stem if ending else name)[: _NAME_CHARACTERS - len(ending)] + ending
    return name if name.strip(". ") else "recording"


def clean_typed_name(name: str) -> str:
    """The same of a name that a person wrote, in which slashes are no path: they become full-width ones, so that the
    name can be that of a file everywhere."""
    return clean_name(name.replace("/", "／").replace("\\", "＼"))


def extension_of(name: str) -> str:
    """The extension under which a file of this name is stored: one of `EXTENSIONS`, otherwise `bin`."""
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    return suffix if suffix in EXTENSIONS else "bin"


def _valid_part(part: str) -> str:
    if not _ID.fullmatch(part):
        raise ValueError("not a valid id")
    return part
