"""The file of an unfinished upload while a request writes to it. Used in threads, one call at a time."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from backend.crash_points import durable_step
from backend.durable import sync_folder
from backend.recordings.files import translate_disk_full

_BLOCK = 1 << 20


class Digest(Protocol):
    """A hash object of hashlib."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> "Digest": ...


class FileInUse(Exception):
    """Another request writes to the file, at this server or another one."""


class PartialFile:
    """Appends to the acknowledged bytes and hashes what it writes."""

    def __init__(self, path: Path, start: int, digests: Iterable[Digest], check_free_space: Callable[[], None]) -> None:
        self._path = path
        self._start = start
        self._digests = list(digests)
        self._check_free_space = check_free_space
        self._file = -1
        self.written = start  #: offset of the next byte

    def lock(self) -> None:
        """Keep other requests of all servers from writing, until `close`. Raises FileInUse. The kernel gives the lock
        back when the process dies; a file system without locks has none."""
        with translate_disk_full():
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _lock(self._file):
            os.close(self._file)
            self._file = -1
            raise FileInUse

    def open(self) -> bool:
        """Start to write, after `lock`. Returns False if the file has lost acknowledged bytes."""
        with translate_disk_full():
            if self._start == 0:  # the first request: nobody has synced the name of the file yet
                sync_folder(self._path.parent)
            if os.fstat(self._file).st_size < self._start:
                return False
            os.ftruncate(self._file, self._start)  # drop what a killed server had not acknowledged
            os.lseek(self._file, self._start, os.SEEK_SET)
        return True

    def write(self, chunks: list[bytes]) -> None:
        with translate_disk_full():
            self._check_free_space()
            for chunk in chunks:
                left = memoryview(chunk)
                while left:
                    left = left[os.write(self._file, left) :]
                for digest in self._digests:
                    digest.update(chunk)
                self.written += len(chunk)

    def sync(self) -> None:
        with translate_disk_full(), durable_step("upload.chunk"):
            os.fsync(self._file)

    def sha256(self) -> str:
        """Of everything written so far, read from the disk: a running hash is lost when the server restarts."""
        digest = hashlib.sha256()
        at = 0
        with translate_disk_full():
            while block := os.pread(self._file, min(_BLOCK, self.written - at), at):
                digest.update(block)
                at += len(block)
        return digest.hexdigest()

    def close(self, size: int | None) -> None:
        """Cut the file to its acknowledged `size`, if that is known."""
        if self._file >= 0:
            try:
                if size is not None:
                    os.ftruncate(self._file, size)
            finally:
                os.close(self._file)


def is_in_use(path: Path) -> bool:
    """Whether a request writes to this file, at any server."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _lock(file)
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # a file system without locks
    return True
