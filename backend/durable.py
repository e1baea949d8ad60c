"""Durable files: written under a temporary name, flushed to the disk, then renamed, so a named file is whole."""

import os
import secrets
from pathlib import Path

from backend.crash_points import durable_step


def write_durably(path: Path, data: bytes) -> None:
    """Write `data` to `path`. A reader sees the old file or the new one, never a part, also after a power cut."""
    with durable_step(path.name):
        _write_durably(path, data)


def link_durably(source: Path, path: Path) -> None:
    """Make `path` a hard link to `source`, which must be on the same disk and never be written in place."""
    with durable_step(path.name):
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        os.link(source, part)
        part.replace(path)
        # Renaming onto another link of the same file does nothing and leaves both.
        part.unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush the names in `folder` to the disk; flushing a file does not flush its name."""
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
