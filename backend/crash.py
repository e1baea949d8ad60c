"""Where a test may kill the process: before and after each durable step, and only if CRASH_AT names the place."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase

#: Read once: it names the point at which the process kills itself, like "after:turns.json.seal";
#: names of files that hold an id are given as a pattern, like "after:*.minutes.md".
_POINT = os.environ.get("CRASH_AT", "")


@contextmanager
def durable_step(name: str) -> Iterator[None]:
    """Wrap the making of something that must last."""
    crash_point(f"before:{name}")
    yield
    crash_point(f"after:{name}")


def crash_point(name: str) -> None:
    if _POINT and fnmatchcase(name, _POINT):
        os.kill(os.getpid(), signal.SIGKILL)
