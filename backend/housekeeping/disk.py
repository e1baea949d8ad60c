"""The contents of the uploads folder: every entry with its size and age."""

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from backend.crash_points import durable_step
from backend.durable import sync_folder

_ID = re.compile(r"[0-9a-f]{32}")
_MIRRORS = "transcripts"
#: The start of the name of a job's folder that is being deleted.
DELETING = ".going-"


class Part(str, Enum):
    """What part of a recording an entry is."""

    FOLDER = "folder"  #: the whole recording; its parts are entries too
    ORIGINAL = "original"  #: or the parts of one that came in several files
    AUDIO = "audio"  #: the listening copy and the peaks
    JOB = "job"  #: the artifacts of one job
    MIRROR = "mirror"
    LEFTOVER = "rest"  #: a temporary file, perhaps of a process that was killed


@dataclass(frozen=True, slots=True)
class Entry:
    path: Path
    part: Part
    recording_id: str
    bytes: int
    newest: float  #: when it, or anything in it, was last written
    job_id: str | None = None


def entries(root: Path) -> Iterator[Entry]:
    """Every entry with a name of ours. Other files are ignored."""
    for path in _list_folder(root):
        if path.name == _MIRRORS:
            yield from entries_of_mirrors(root)
        elif _ID.fullmatch(path.name) and path.is_dir():
            yield from folder_entries(path)


def folder_entries(folder: Path) -> Iterator[Entry]:
    """The folder of one recording as a whole, then its parts."""
    id = folder.name
    yield _entry(folder, Part.FOLDER, id)
    for path in _list_folder(folder):
        if path.name.startswith("."):
            yield _entry(path, Part.LEFTOVER, id)
        elif path.name.startswith("original.") or path.name == "parts":
            yield _entry(path, Part.ORIGINAL, id)
        elif path.name in ("listen.m4a", "peaks.json"):
            yield _entry(path, Part.AUDIO, id)
        elif path.name == "jobs":
            for job in _list_folder(path):
                yield from _job_entries(job, id)


def mirrors_of(root: Path, recording_id: str) -> list[Path]:
    return sorted((root / _MIRRORS).glob(f"{recording_id}.*"))


def measure(path: Path) -> tuple[int, float]:
    """Bytes, and the time of the newest change; of something deleted meanwhile, what could be seen."""
    size, newest = 0, 0.0
    with suppress(FileNotFoundError, NotADirectoryError):
        own = path.lstat()
        newest = own.st_mtime
        if not stat.S_ISDIR(own.st_mode):
            return own.st_size, newest
        for below in _list_folder(path):
            more, later = measure(below)
            size, newest = size + more, max(newest, later)
    return size, newest


def size_of(path: Path) -> int:
    return measure(path)[0]


def remove(path: Path) -> None:
    """Delete a file or a folder, durably. Doing so twice is no error."""
    with durable_step("sweep.files"):
        if path.is_dir() and not path.is_symlink():
            _remove_folder(path)
        else:
            path.unlink(missing_ok=True)
        if path.parent.exists():
            sync_folder(path.parent)


def _remove_folder(folder: Path) -> None:
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue  # somebody else is deleting it too


def entries_of_mirrors(root: Path) -> Iterator[Entry]:
    for path in _list_folder(root / _MIRRORS):
        if path.name.startswith("."):
            yield _entry(path, Part.LEFTOVER, "")
        elif _ID.fullmatch(id := path.name.partition(".")[0]):
            yield _entry(path, Part.MIRROR, id)


def _job_entries(job: Path, recording_id: str) -> Iterator[Entry]:
    if not _ID.fullmatch(job.name):
        yield _entry(job, Part.LEFTOVER, recording_id)
        return
    yield _entry(job, Part.JOB, recording_id, job.name)
    for path in _list_folder(job):
        if path.name.startswith("."):
            yield _entry(path, Part.LEFTOVER, recording_id, job.name)


def _entry(path: Path, part: Part, recording_id: str, job_id: str | None = None) -> Entry:
    size, newest = measure(path)
    return Entry(path, part, recording_id, size, newest, job_id)


def _list_folder(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as found:
        return [folder / entry.name for entry in found]
    return []
