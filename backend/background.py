"""Work that goes on after a request was answered. The server waits for it before it stops."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class BackgroundTasks:
    """Unlike FastAPI's, these are started by hand, after a commit, and outlive their request."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for all of them."""
        await asyncio.gather(*self._running, return_exceptions=True)
