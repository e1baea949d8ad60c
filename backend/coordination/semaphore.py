"""A semaphore that all servers share."""

import asyncio
import logging
import random
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from backend.coordination.leases import Kind, Lease, Leases

logger = logging.getLogger(__name__)

#: Seconds between two looks for a free place, where another server holds the last one.
_RETRY_SECONDS = (0.2, 0.5)


@dataclass(slots=True)
class SharedSemaphore:
    """`async with` it: no more than `limit` are inside at once, at all servers together. Those of one server come in
    the order in which they asked; between servers chance decides."""

    leases: Leases
    kind: Kind
    limit: int
    _local: asyncio.Semaphore = field(init=False)
    _held: list[Lease] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._local = asyncio.Semaphore(self.limit)

    async def __aenter__(self) -> None:
        await self._local.acquire()
        try:
            self._held.append(await self._acquire())
        except BaseException:
            self._local.release()
            raise

    async def __aexit__(self, *_error: object) -> None:
        # Places are alike: which of ours is given back does not matter.
        self.leases.release(self._held.pop())
        self._local.release()

    async def _acquire(self) -> Lease:
        while True:
            try:
                if (lease := await self.leases.acquire(self.kind, self.limit)) is not None:
                    return lease
            except SQLAlchemyError:
                logger.warning("The database did not answer; trying again", exc_info=True)
            await asyncio.sleep(random.uniform(*_RETRY_SECONDS))  # noqa: S311
