"""Follows the event log: answers the events of all servers, each once and in order."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backend.database import Database
from backend.events import log
from backend.events.tables import Event


@dataclass(frozen=True, slots=True)
class NewEvents:
    events: Sequence[Event] = ()
    lost: bool = False  #: there were others, which have been deleted already
    more: bool = False  #: there may be further ones: read again at once


@dataclass(slots=True)
class EventTailer:
    """One per process. It starts at the end of the log."""

    database: Database
    name: str = field(default_factory=lambda: secrets.token_hex(8))  #: of this tailer, in its notifications
    _cursor: int | None = None

    async def read(self, anybody: Callable[[], bool]) -> NewEvents:
        """The events since the last call. While nobody listens they are numbered, but not read."""
        async with self.database.read() as session:
            found = await log.state(session)
        if found.unnumbered:
            async with self.database.write() as session:
                found = await log.number(session, notify=self.name)
        # Asked after the state was read: whoever starts to listen from now on reads a later state.
        if not anybody():
            self._cursor = found.last
            return NewEvents(more=found.unnumbered)
        if self._cursor is None or not found.reaches(self._cursor):
            self._cursor = found.last
            return NewEvents(lost=True, more=found.unnumbered)
        if found.last == self._cursor:
            return NewEvents(more=found.unnumbered)
        async with self.database.read() as session:
            events = await log.read_after(session, self._cursor)
        if events:
            assert events[-1].position is not None
            self._cursor = events[-1].position
        return NewEvents(events, more=found.unnumbered or self._cursor < found.last)
