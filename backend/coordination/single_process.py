"""SQLite serves one process: limits, wake-ups and the one writer of its file are that process's own."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.database import async_url


class SecondProcess(Exception):
    """Its text says what is wrong and what to do."""


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; none for other databases, and for one in memory."""
    parsed = async_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


@contextmanager
def only_process(url: str) -> Iterator[None]:
    """Raise `SecondProcess` if another server uses this SQLite file. A server that dies leaves nothing behind: the
    kernel holds the lock. Other databases serve as many processes as there are."""
    path = sqlite_file(url)
    lock = None if path is None else _open(path.with_name(f"{path.name}.lock"))
    if lock is None:
        yield
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SecondProcess(
                f"Another server uses {path}. SQLite serves one process: stop the other one, or set DATABASE_URL to "
                "PostgreSQL or MariaDB for several."
            ) from None
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(lock)


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None  # opening the database itself will tell why
