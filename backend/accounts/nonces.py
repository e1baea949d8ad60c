"""Nonces for sign-ins elsewhere: signed, so that every server knows them, and accepted once."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from backend.accounts.tables import UsedNonce
from backend.coordination.clock import Clock, database_now
from backend.database import Database

_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Nonces:
    """A nonce has a row only once it was used: strangers who ask for many store nothing."""

    database: Database
    secret_key: str
    clock: Clock = database_now

    async def issue(self) -> str:
        """A nonce that is valid for ten minutes."""
        async with self.database.read() as session:
            expires_at = await self.clock(session) + _LIFETIME
        head = f"{secrets.token_urlsafe(18)}.{int(expires_at.timestamp())}"
        return f"{head}.{self._signature(head)}"

    async def consume(self, nonce: str) -> bool:
        """Whether it is a nonce of this installation that is valid and was not used before."""
        head, _, signature = nonce.rpartition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(head).encode()):
            return False
        expires_at = datetime.fromtimestamp(int(head.rpartition(".")[2]), timezone.utc)
        try:
            async with self.database.write() as session:
                now = await self.clock(session)
                if expires_at <= now:
                    return False
                await session.execute(delete(UsedNonce).where(UsedNonce.expires_at <= now))
                await session.execute(insert(UsedNonce).values(hash=_hash(nonce), expires_at=expires_at))
        except IntegrityError:
            return False
        return True

    async def restore(self, nonce: str) -> None:
        """Accept it once more."""
        async with self.database.write() as session:
            await session.execute(delete(UsedNonce).where(UsedNonce.hash == _hash(nonce)))

    def _signature(self, head: str) -> str:
        return hmac.digest(self.secret_key.encode(), f"nonce\0{head}".encode("utf-8", "replace"), hashlib.sha256).hex()


def _hash(nonce: str) -> str:
    return hashlib.sha256(nonce.encode("utf-8", "replace")).hexdigest()
