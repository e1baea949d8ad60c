"""Where a test may kill the process: before and after each durable step, and only if CRASH_AT names the place."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

#: Read once: it names the point at which the process kills itself, like "after:turns.json.seal".
_POINT = os.environ.get("CRASH_AT", "")


@contextmanager
def durable_step(name: str) -> Iterator[None]:
    """Wrap the making of something that must last."""
    crash_point(f"before:{name}")
    yield
    crash_point(f"after:{name}")


def crash_point(name: str) -> None:
    if _POINT and name == _POINT:
        os.kill(os.getpid(), signal.SIGKILL)
