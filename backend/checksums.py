"""What a file is known by again: its SHA-256."""

import hashlib
from collections.abc import Callable
from pathlib import Path

_BLOCK = 1 << 20


def sha256(path: Path, told: Callable[[int], None] = lambda _bytes: None) -> str:
    """Hash a file block by block, as 64 hexadecimal digits; `told` hears how many bytes more are done."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            told(len(block))
    return digest.hexdigest()
