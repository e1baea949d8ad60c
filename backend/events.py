"""Publish and subscribe for job changes. A listener holds only the newest change of each job, so it is bounded."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """Job `job_id` of `owner_id` is now `state` (what `GET /api/jobs/{id}` would answer)."""

    owner_id: str
    job_id: str
    state: dict[str, Any] = field(compare=False)
    message: str = field(init=False, compare=False)  #: for the sockets: serialised once for all listeners

    def __post_init__(self) -> None:
        text = json.dumps({"type": "job", "job": self.state}, ensure_ascii=False, separators=(",", ":"))
        object.__setattr__(self, "message", text)


class Listener:
    """Iterate over it for the changes of one owner, or of everybody if `owner_id` is None."""

    def __init__(self, owner_id: str | None) -> None:
        self.owner_id = owner_id
        self._newest: dict[str, Change] = {}
        self._has_changes = asyncio.Event()

    def deliver(self, change: Change) -> None:
        if self.owner_id in (None, change.owner_id):
            self._newest.pop(change.job_id, None)  # so that the order is that of the latest changes
            self._newest[change.job_id] = change
            self._has_changes.set()

    async def __aiter__(self) -> AsyncIterator[Change]:
        while True:
            await self._has_changes.wait()
            self._has_changes.clear()
            while self._newest:
                yield self._newest.pop(next(iter(self._newest)))


class Bus:
    """Publish on the event loop only. Publishing never waits."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def publish(self, change: Change) -> None:
        for listener in self._listeners:
            listener.deliver(change)

    @contextmanager
    def listen(self, owner_id: str | None) -> Iterator[Listener]:
        """Start to listen before reading the present state, so that no change is missed in between."""
        listener = Listener(owner_id)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
