"""Where a backup lies: a folder, or one tar file. Files go in one by one, each flushed, and come out the same way."""

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
class Print:
    """What tells a file from any other."""

    size: int
    sha256: str


class Shelf(Protocol):
    """Names are relative, with slashes."""

    def put(self, name: str, source: Path, *, link: bool = False) -> Print: ...

    def write(self, name: str, data: bytes) -> None: ...


class FolderShelf:
    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, source: Path, *, link: bool = False) -> Print:
        target = self._place(name)
        if link:
            with source.open("rb") as file:
                found = copy(file, None)
            target.hardlink_to(source)
        else:
            with source.open("rb") as file, _private(target) as copied:
                found = copy(file, copied)
        sync_folder(target.parent)
        return found

    def write(self, name: str, data: bytes) -> None:
        with _private(self._place(name)) as file:
            file.write(data)
        sync_folder(self.root)

    def _place(self, name: str) -> Path:
        target = self.root / name
        private_folder(target.parent)
        return target


class TarShelf:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self.archive = archive

    def put(self, name: str, source: Path, *, link: bool = False) -> Print:
        with source.open("rb") as file:
            # As long as it is now: what is appended meanwhile stays outside.
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = os.fstat(file.fileno()).st_size, 0o600
            listening = _Hashed(file)
            self.archive.addfile(entry, listening)  # type: ignore[arg-type]
            return Print(entry.size, listening.digest.hexdigest())

    def write(self, name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), 0o600
        self.archive.addfile(entry, io.BytesIO(data))


@contextmanager
def new_shelf(target: Path) -> Iterator[Shelf]:
    """An empty shelf. A tar has its name only when it is whole; a folder is whole once its manifest is there."""
    private_folder(target.parent)
    if target.suffix != ".tar":
        target.mkdir(mode=0o700, exist_ok=True)
        yield FolderShelf(target)
        sync_folder(target.parent)
        return
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with _private(part) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
            yield TarShelf(archive)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def members(source: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Every file of a backup with its name. Names that would lead out of a folder are not given."""
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    yield path.relative_to(source).as_posix(), file
        return
    with tarfile.open(source, "r:") as archive:
        for entry in archive:
            name = PurePosixPath(entry.name)
            if entry.isfile() and not name.is_absolute() and ".." not in name.parts:
                member = archive.extractfile(entry)
                assert member is not None
                with member:
                    yield entry.name, cast(BinaryIO, member)


def copy(source: BinaryIO, target: BinaryIO | None) -> Print:
    """All that is in `source`, read once."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(_BLOCK):
        digest.update(block)
        size += len(block)
        if target is not None:
            target.write(block)
    return Print(size, digest.hexdigest())


def take_out(file: BinaryIO, target: Path) -> Print:
    """Write a member of a backup where it belongs."""
    private_folder(target.parent)
    with _private(target) as copied:
        return copy(file, copied)


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner alone, on the disk when it is closed."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        with suppress(ValueError):  # closed by who wrote it
            file.flush()
            os.fsync(file.fileno())


def private_folder(folder: Path) -> None:
    """Make `folder` and those above it, for their owner alone, and let them last."""
    for path in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        path.mkdir(mode=0o700, exist_ok=True)
        sync_folder(path.parent)


class _Hashed:
    """A file that is hashed while a tar reads it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block
