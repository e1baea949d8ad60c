"""Asked twice with one Idempotency-Key is done once: whoever asks again hears the first answer."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import Database
from backend.errors import InvalidInput, ServiceBusy
from backend.jobs.tables import Answered

#: How long an answer is remembered.
REMEMBERED = timedelta(hours=48)

_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)


class BadKey(InvalidInput):
    code = "invalid_idempotency_key"
    detail = "An Idempotency-Key is 1 to 255 visible ASCII characters, such as a UUID."


class KeyReused(InvalidInput):
    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used for another request. Take a new one."


@dataclass(frozen=True, slots=True)
class Turn:
    """One request with its key, while no other request with this key is at work."""

    owner_id: str
    key: str | None  #: its sha256; none where the request came without one
    asked: str
    answer: dict[str, Any] | None  #: the first one, where there is one

    async def remember(self, session: AsyncSession, answer: dict[str, Any]) -> None:
        """Keep the answer in the transaction that makes it true."""
        if self.key is None:
            return
        session.add(Answered(owner_id=self.owner_id, key=self.key, asked=self.asked, answer=answer))
        try:
            await session.flush()
        except IntegrityError:  # another server on this database was faster; the next time its answer is found
            raise ServiceBusy(headers={"Retry-After": "1"}) from None


class Repeats:
    """One request at a time for each key of each user."""

    def __init__(self) -> None:
        self._turns: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, database: Database, *, owner_id: str, key: str | None, asked: Any) -> AsyncIterator[Turn]:
        """`asked` is all that makes up the request, as JSON. Raises KeyReused where the key stands for another one."""
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        if key is None:
            yield Turn(owner_id, None, digest, None)
            return
        hashed = hash_of(key)
        async with self._alone((owner_id, hashed)):
            first = await find(database, owner_id=owner_id, key=key)
            if first is not None and first.asked != digest:
                raise KeyReused
            yield Turn(owner_id, hashed, digest, first.answer if first else None)

    @asynccontextmanager
    async def _alone(self, place: tuple[str, str]) -> AsyncIterator[None]:
        lock, waiting = self._turns.get(place, (asyncio.Lock(), 0))
        self._turns[place] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._turns[place]
            if waiting == 1:
                del self._turns[place]
            else:
                self._turns[place] = lock, waiting - 1


async def find(database: Database, *, owner_id: str, key: str | None) -> Answered | None:
    """What was answered to this key, if it was used."""
    if key is None:
        return None
    mine = select(Answered).where(Answered.owner_id == owner_id, Answered.key == hash_of(key))
    async with database.read() as session:
        found: Answered | None = await session.scalar(mine)
    return found


async def forget(session: AsyncSession, now: datetime) -> None:
    """Remove the answers that have been remembered long enough."""
    await session.execute(delete(Answered).where(Answered.created_at <= now - REMEMBERED))


def hash_of(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise BadKey
    return hashlib.sha256(key.encode()).hexdigest()
