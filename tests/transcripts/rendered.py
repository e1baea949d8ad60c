"""What children of the render pool call in tests: with few imports, so that they start fast."""

import os
import time
from pathlib import Path


def process_id() -> bytes:
    return str(os.getpid()).encode()


def wait_for_a_file(started: Path, until: Path) -> bytes:
    started.write_text(str(os.getpid()))
    while not until.exists():
        time.sleep(0.01)
    return b"done"


def use_memory(size: int) -> bytes:
    return bytes(size)


def die() -> bytes:
    os._exit(3)
