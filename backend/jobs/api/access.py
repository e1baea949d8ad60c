"""What the routes of this package need of the house, beside the session and the user."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Header

from backend.accounts.access import held
from backend.events import Bus
from backend.jobs.herald import Herald
from backend.jobs.queue import Limits
from backend.jobs.repeats import Repeats
from backend.jobs.runner import Runner
from backend.recordings.dock import Dock
from backend.recordings.files import Storage


@dataclass(slots=True)
class TheHouse:
    """Made once by the app, at start."""

    storage: Storage
    limits: Limits  #: of the settings; those in force are `queue.limits_now`
    bus: Bus
    herald: Herald
    runner: Runner
    dock: Dock
    repeats: Repeats = field(default_factory=Repeats)
    _errands: set["asyncio.Task[None]"] = field(default_factory=set)

    def later(self, errand: Coroutine[Any, Any, None]) -> None:
        """Run something after the answer; the server waits for it before it goes down."""
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def finish_errands(self) -> None:
        await asyncio.gather(*self._errands, return_exceptions=True)


House = Annotated[TheHouse, Depends(held("house"))]
#: What makes a request that is sent twice be done once.
IdempotencyKey = Annotated[
    str | None, Header(description="Sent again with the same key, the same request gives the first answer again")
]
#: The header of an answer that was given before.
REPLAYED = {"Idempotency-Replayed": "true"}
