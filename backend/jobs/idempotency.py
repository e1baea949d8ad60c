"""Idempotency-Key: a request that is sent again with the same key is done once, and gets the first answer again."""

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
from backend.jobs.tables import IdempotencyRecord

#: How long an answer is stored.
RECORD_LIFETIME = timedelta(hours=48)

_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)


class InvalidIdempotencyKey(InvalidInput):
    code = "invalid_idempotency_key"
    detail = "An Idempotency-Key is 1 to 255 visible ASCII characters, such as a UUID."


class IdempotencyKeyReused(InvalidInput):
    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used for another request. Use a new one."


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request with its key. While it runs no other request with this key does."""

    owner_id: str
    key_hash: str | None  #: none for a request without a key
    request_hash: str
    answer: dict[str, Any] | None  #: the stored answer, if this key was used before

    async def store(self, session: AsyncSession, answer: dict[str, Any]) -> None:
        """Store the answer in the transaction that does the work."""
        if self.key_hash is None:
            return
        session.add(
            IdempotencyRecord(owner_id=self.owner_id, key=self.key_hash, request_hash=self.request_hash, answer=answer)
        )
        try:
            await session.flush()
        except IntegrityError:  # another server on this database was faster; a repeat will find its answer
            raise ServiceBusy(headers={"Retry-After": "1"}) from None


class IdempotencyKeys:
    """Runs one request at a time for each key of each user."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def begin(
        self, database: Database, *, owner_id: str, key: str | None, payload: Any
    ) -> AsyncIterator[IdempotentRequest]:
        """`payload` is the whole request, as JSON.

        Raises IdempotencyKeyReused when the key was used for another one."""
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        if key is None:
            yield IdempotentRequest(owner_id, None, digest, None)
            return
        hashed = hash_of(key)
        async with self._lock((owner_id, hashed)):
            first = await find_record(database, owner_id=owner_id, key=key)
            if first is not None and first.request_hash != digest:
                raise IdempotencyKeyReused
            yield IdempotentRequest(owner_id, hashed, digest, first.answer if first else None)

    @asynccontextmanager
    async def _lock(self, place: tuple[str, str]) -> AsyncIterator[None]:
        lock, waiting = self._locks.get(place, (asyncio.Lock(), 0))
        self._locks[place] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[place]
            if waiting == 1:
                del self._locks[place]
            else:
                self._locks[place] = lock, waiting - 1


async def find_record(database: Database, *, owner_id: str, key: str | None) -> IdempotencyRecord | None:
    """The stored answer for this key, if there is one."""
    if key is None:
        return None
    query = select(IdempotencyRecord).where(
        IdempotencyRecord.owner_id == owner_id, IdempotencyRecord.key == hash_of(key)
    )
    async with database.read() as session:
        found: IdempotencyRecord | None = await session.scalar(query)
    return found


async def delete_expired(session: AsyncSession, now: datetime) -> None:
    """Remove the answers that are older than `RECORD_LIFETIME`."""
    await session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.created_at <= now - RECORD_LIFETIME))


def hash_of(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise InvalidIdempotencyKey
    return hashlib.sha256(key.encode()).hexdigest()
