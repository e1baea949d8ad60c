"""Peak memory of this process and all its children, sampled while something runs."""

import threading
from contextlib import suppress
from types import TracebackType

import psutil


class PeakMemory:
    """`with PeakMemory() as peak: …` then `peak.megabytes`: the largest sum of resident sizes seen, of the children."""

    def __init__(self, every: float = 0.05) -> None:
        self.megabytes = 0.0
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._ended.is_set():
            total = 0
            for child in me.children(recursive=True):
                with suppress(psutil.Error):
                    total += child.memory_info().rss
            self.megabytes = max(self.megabytes, total / 1e6)
            self._ended.wait(self._every)
