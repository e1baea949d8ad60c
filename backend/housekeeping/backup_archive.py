"""The archive of a backup: a folder or a tar file. Files are written and read one by one, each flushed to the disk."""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from backend.durable import sync_folder

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileChecksum:
    """The size and the hash of a file."""

    size: int
    sha256: str


class BackupArchive(Protocol):
    """A backup that is being written. Names are relative, with slashes."""

    def put(self, name: str, source: Path, *, link: bool = False) -> FileChecksum: ...

    def write(self, name: str, data: bytes) -> None: ...


class FolderArchive:
    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, source: Path, *, link: bool = False) -> FileChecksum:
        target = self._place(name)
        if link:
            with source.open("rb") as file:
                found = copy(file, None)
            target.hardlink_to(source)
        else:
            with source.open("rb") as file, _private_file(target) as copied:
                found = copy(file, copied)
        sync_folder(target.parent)
        return found

    def write(self, name: str, data: bytes) -> None:
        with _private_file(self._place(name)) as file:
            file.write(data)
        sync_folder(self.root)

    def _place(self, name: str) -> Path:
        target = self.root / name
        private_folder(target.parent)
        return target


class TarArchive:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self.tar = tar

    def put(self, name: str, source: Path, *, link: bool = False) -> FileChecksum:
        with source.open("rb") as file:
            # Of the present size: what is appended meanwhile is left out.
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = os.fstat(file.fileno()).st_size, 0o600
            reader = _HashingReader(file)
            self.tar.addfile(entry, reader)  # type: ignore[arg-type]
            return FileChecksum(entry.size, reader.digest.hexdigest())

    def write(self, name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), 0o600
        self.tar.addfile(entry, io.BytesIO(data))


@contextmanager
def new_archive(target: Path) -> Iterator[BackupArchive]:
    """A new archive. A tar gets its name when it is complete; a folder is complete once it has its manifest."""
    private_folder(target.parent)
    if target.suffix != ".tar":
        target.mkdir(mode=0o700, exist_ok=True)
        yield FolderArchive(target)
        sync_folder(target.parent)
        return
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with _private_file(part) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            yield TarArchive(tar)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def members(source: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Every file of a backup with its name. Names that would lead out of the target folder are left out."""
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    yield path.relative_to(source).as_posix(), file
        return
    with tarfile.open(source, "r:") as tar:
        for entry in tar:
            name = PurePosixPath(entry.name)
            if entry.isfile() and not name.is_absolute() and ".." not in name.parts:
                member = tar.extractfile(entry)
                assert member is not None
                with member:
                    yield entry.name, cast(BinaryIO, member)


def copy(source: BinaryIO, target: BinaryIO | None) -> FileChecksum:
    """Copy `source` to `target`, if any, and hash it; it is read once."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(_BLOCK):
        digest.update(block)
        size += len(block)
        if target is not None:
            target.write(block)
    return FileChecksum(size, digest.hexdigest())


def extract(file: BinaryIO, target: Path) -> FileChecksum:
    """Write a member of a backup to `target`."""
    private_folder(target.parent)
    with _private_file(target) as copied:
        return copy(file, copied)


@contextmanager
def _private_file(path: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner can read, flushed to the disk when it is closed."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        with suppress(ValueError):  # the writer has closed it
            file.flush()
            os.fsync(file.fileno())


def private_folder(folder: Path) -> None:
    """Make `folder` and those above it, readable only by their owner, and flush their names to the disk."""
    for path in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        path.mkdir(mode=0o700, exist_ok=True)
        sync_folder(path.parent)


class _HashingReader:
    """A file that is hashed while tarfile reads it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block
