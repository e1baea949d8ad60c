"""Points where a test can kill the process: before and after each durable step, if CRASH_AT names the point."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase

#: Read once. The point at which the process kills itself, like "after:turns.json.seal", or a pattern where a file name
#: has an id, like "after:*.minutes.md".
_POINT = os.environ.get("CRASH_AT", "")


@contextmanager
def durable_step(name: str) -> Iterator[None]:
    """Wrap a write that must survive a crash."""
    crash_point(f"before:{name}")
    yield
    crash_point(f"after:{name}")


def crash_point(name: str) -> None:
    if _POINT and fnmatchcase(name, _POINT):
        os.kill(os.getpid(), signal.SIGKILL)
