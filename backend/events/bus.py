"""Publish and subscribe inside one process. A listener is bounded: it holds the newest state of each job, and so many
events; when there are more, it is told that it has missed some."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

#: Events that wait for one slow listener.
_MAX_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """Job `job_id` of `owner_id` is now `state` (what `GET /api/jobs/{id}` would answer)."""

    owner_id: str
    job_id: str
    state: dict[str, Any] = field(compare=False)
    message: str = field(init=False, compare=False)  #: for the sockets: serialised once for all listeners

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", _message({"type": "job", "job": self.state}))


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of `owner_id` that is no job's."""

    owner_id: str
    position: int
    event: dict[str, Any] = field(compare=False)
    message: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", _message({"type": "event", "event": self.event}))


class MissedEvents:
    """Events were lost for this listener: it needs the present state instead."""


class Listener:
    """Iterate over it for what happens to one owner, or to everybody if `owner_id` is None."""

    def __init__(self, owner_id: str | None) -> None:
        self.owner_id = owner_id
        self.after = 0  #: the position of its snapshot: earlier events are in it, and are not told
        self._newest: dict[str, Change] = {}
        self._events: deque[Happening] = deque()
        self._missed = False
        self._has_news = asyncio.Event()

    def deliver(self, news: Change | Happening) -> None:
        if self.owner_id not in (None, news.owner_id):
            return
        if isinstance(news, Change):
            self._newest.pop(news.job_id, None)  # so that the order is that of the latest changes
            self._newest[news.job_id] = news
        elif len(self._events) < _MAX_EVENTS:
            self._events.append(news)
        else:
            return self.miss()
        self._has_news.set()

    def miss(self) -> None:
        """What waits is given up for a new snapshot."""
        self._events.clear()
        self._newest.clear()
        self._missed = True
        self._has_news.set()

    async def __aiter__(self) -> AsyncIterator[Change | Happening | MissedEvents]:
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            while self._missed or self._events or self._newest:
                if self._missed:
                    self._missed = False
                    yield MissedEvents()
                elif self._events:
                    if (event := self._events.popleft()).position > self.after:
                        yield event
                else:
                    yield self._newest.pop(next(iter(self._newest)))


class Bus:
    """Publish on the event loop only. Publishing never waits."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    def publish(self, news: Change | Happening) -> None:
        for listener in self._listeners:
            listener.deliver(news)

    def publish_loss(self) -> None:
        """Events were deleted before they could be told."""
        for listener in self._listeners:
            listener.miss()

    @contextmanager
    def listen(self, owner_id: str | None) -> Iterator[Listener]:
        """Start to listen before reading the present state, so that no change is missed in between."""
        listener = Listener(owner_id)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


def _message(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
