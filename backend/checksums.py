"""Checksums of files: SHA-256."""

import hashlib
from collections.abc import Callable
from pathlib import Path

_BLOCK = 1 << 20


def sha256(path: Path, report_progress: Callable[[int], None] = lambda _bytes: None) -> str:
    """The hash of a file as 64 hexadecimal digits. `report_progress` is called with the size of every block read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            report_progress(len(block))
    return digest.hexdigest()
