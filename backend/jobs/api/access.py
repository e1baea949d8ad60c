"""What the routes of this package need of the house, beside the session and the user."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends
from fastapi.requests import HTTPConnection

from backend.events import Bus
from backend.jobs.herald import Herald
from backend.jobs.queue import Limits
from backend.jobs.runner import Runner
from backend.recordings.files import Storage


@dataclass(slots=True)
class TheHouse:
    """Made once by the app, at start."""

    storage: Storage
    limits: Limits
    bus: Bus
    herald: Herald
    runner: Runner
    _errands: set["asyncio.Task[None]"] = field(default_factory=set)

    def later(self, errand: Coroutine[Any, Any, None]) -> None:
        """Run something after the answer; the server waits for it before it goes down."""
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def finish_errands(self) -> None:
        await asyncio.gather(*self._errands, return_exceptions=True)


def _house(connection: HTTPConnection) -> TheHouse:
    house: TheHouse = connection.app.state.house
    return house


House = Annotated[TheHouse, Depends(_house)]
