"""The file of one upload while a request fills it. Lives in threads, one call at a time."""

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from backend.crash import durable_step
from backend.durable import sync_folder
from backend.recordings.files import disk_watched

_BLOCK = 1 << 20


class Digest(Protocol):
    """A running hash of hashlib."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> "Digest": ...


class Berth:
    """Bytes are written behind those that were acknowledged, and hashed on their way."""

    def __init__(self, path: Path, start: int, digests: Iterable[Digest], check_room: Callable[[], None]) -> None:
        self._path = path
        self._start = start
        self._digests = list(digests)
        self._check_room = check_room
        self._file = -1
        self.written = start  #: where the next byte goes

    def open(self) -> bool:
        """False where the file has lost bytes that were acknowledged."""
        with disk_watched():
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if self._start == 0:  # nothing was acknowledged yet, so nobody has made its name last
                sync_folder(self._path.parent)
            if os.fstat(self._file).st_size < self._start:
                return False
            os.ftruncate(self._file, self._start)  # what a killed server had not acknowledged
            os.lseek(self._file, self._start, os.SEEK_SET)
        return True

    def write(self, chunks: list[bytes]) -> None:
        with disk_watched():
            self._check_room()
            for chunk in chunks:
                left = memoryview(chunk)
                while left:
                    left = left[os.write(self._file, left) :]
                for digest in self._digests:
                    digest.update(chunk)
                self.written += len(chunk)

    def sync(self) -> None:
        with disk_watched(), durable_step("upload.chunk"):
            os.fsync(self._file)

    def sha256(self) -> str:
        """Of what was written so far, read again: a running hash dies with its server."""
        digest = hashlib.sha256()
        at = 0
        with disk_watched():
            while block := os.pread(self._file, min(_BLOCK, self.written - at), at):
                digest.update(block)
                at += len(block)
        return digest.hexdigest()

    def close(self, keep: int | None) -> None:
        """Cut off what was not acknowledged, where it is known how much was."""
        if self._file >= 0:
            try:
                if keep is not None:
                    os.ftruncate(self._file, keep)
            finally:
                os.close(self._file)
