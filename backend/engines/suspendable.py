"""A request that works in a thread of its own and can be suspended between chunks, so that another one has a turn."""

import threading
from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]


class SuspendableRequest:
    """`function` gets `yield_turn` and returns the answer. One thread calls `resume`, `pause` and `stop`, in the order
    the messages come; another one calls `work` for each `resume`."""

    def __init__(self, function: Callable[[Callable[[], None]], Answer]) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._turn, self._rested = threading.Semaphore(0), threading.Semaphore(0)
        self._answer: Answer | None = None
        self._working = self._pausing = self._stopping = False
        self._thread = threading.Thread(target=self._run, name="request", daemon=True)
        self._thread.start()

    def work(self) -> Answer | None:
        """Let it work until it yields (None) or ends (its answer)."""
        with self._lock:
            self._working = True
        self._turn.release()
        self._rested.acquire()
        with self._lock:
            self._working = False
        return self._answer

    def resume(self) -> None:
        """It has a new turn."""
        self._pausing = False

    def pause(self) -> None:
        """It yields when it can."""
        self._pausing = True

    def stop(self) -> bool:
        """It ends when it would yield. Returns whether it does not work now, so that `work` has to be called."""
        with self._lock:
            self._stopping = True
            return not self._working

    def _run(self) -> None:
        self._turn.acquire()
        try:
            self._answer = {"stopped": True} if self._stopping else self._function(self._yield_turn)
        except _StoppedError:
            self._answer = {"stopped": True}
        self._rested.release()

    def _yield_turn(self) -> None:
        if self._stopping:
            raise _StoppedError
        if not self._pausing:
            return
        self._rested.release()
        self._turn.acquire()
        if self._stopping:
            raise _StoppedError


class _StoppedError(BaseException):
    """Ends the thread of a request. Not an Exception, or an engine would handle it as a failure of its own."""
