"""A file that is named is whole: written under another name, flushed to the disk, then renamed."""

import os
import secrets
from pathlib import Path

from backend.crash import durable_step


def write_durably(path: Path, data: bytes) -> None:
    """Put `data` at `path` so that a reader, a crash or a power cut sees the old file or the new one, never a part."""
    with durable_step(path.name):
        _write_durably(path, data)


def link_durably(source: Path, path: Path) -> None:
    """Let `path` name the content of `source` too, which must lie on the same disk and never be written in place."""
    with durable_step(path.name):
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        os.link(source, part)
        part.replace(path)
        # Renaming a name onto another one of the same file does nothing, and leaves both.
        part.unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` as lasting as the files they name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_durably(path: Path, data: bytes) -> None:
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
