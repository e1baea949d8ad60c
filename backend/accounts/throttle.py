"""Limits sign-in attempts per account and per address. The wait grows with each attempt, up to five minutes."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from math import ceil

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.tables import AttemptCount
from backend.coordination.clock import Clock, database_now
from backend.database import Database
from backend.errors import TooManyRequests

#: Attempts without a wait, by what is counted.
_FREE_ATTEMPTS = {"account": 5, "address": 20, "pair": 5, "device": 5, "registration": 5, "nonce": 100, "share": 30}
#: What is counted by the network of an address.
_BY_NETWORK = frozenset({"address", "registration", "nonce", "share"})
_MAX_WAIT_SECONDS = 300.0
#: After this long without an attempt a count is reset.
_RESET_AFTER = timedelta(hours=1)
#: How long somebody who has signed in from a network is known there.
_KNOWN_FOR = timedelta(days=90)
#: The kind of the rows of those who are known.
_KNOWN = "known"
_MAX_ROWS = 20_000
#: Counts of one server between two removals of what is over `_MAX_ROWS`.
_SWEEP_EVERY = 500

#: What is counted, and for whom: kind and sha256.
_Key = tuple[str, str]


class TooManyAttempts(TooManyRequests):
    code = "too_many_attempts"
    detail = "Too many attempts. Wait a little and try again."


class Attempt:
    """One attempt. It is counted before it is checked, so that simultaneous attempts all count."""

    def __init__(self) -> None:
        self.succeeded = False  #: resets the count that this attempt belongs to
        self.uncounted = False  #: not a guess: takes this attempt back, and keeps the earlier ones


@dataclass(slots=True)
class Throttle:
    """Counts in rows, so that all servers count together; bounded in number."""

    database: Database
    clock: Clock = database_now
    _counted: int = 0

    @asynccontextmanager
    async def attempt(self, account: str, address: str, device: str | None = None) -> AsyncIterator[Attempt]:
        """Wrap one check of the secret of `account`; set `succeeded` on success. Raises `TooManyAttempts`.

        People who are known are not held by guesses of others: a `device` that has signed in to this account has a
        count of its own, and so has a network from which somebody has. All others share the counts of the account and
        of their network."""
        network = network_of(address)
        pair = f"{account}\0{network}"
        keys = [_key("account", account), _key("address", network)]
        if device is not None:
            keys = [_key("device", device)]
        elif await self._is_known(pair):
            keys = [_key("pair", pair)]
        attempt = Attempt()
        await self._count(keys)
        try:
            yield attempt
        finally:
            if attempt.succeeded:
                await self._make(_key(_KNOWN, pair))
            if attempt.succeeded or attempt.uncounted:
                async with self.database.write() as session:
                    if attempt.succeeded:
                        await session.execute(delete(AttemptCount).where(_is(keys[0])))
                        now = await self.clock(session)
                        known = update(AttemptCount).where(_is(_key(_KNOWN, pair)))
                        await session.execute(known.values(last_at=now))
                    else:
                        await _uncount(session, keys[0])
                    # Only this attempt: signing in to one's own account must not reset guesses at other accounts.
                    for key in keys[1:]:
                        await _uncount(session, key)

    async def count(self, *keys: tuple[str, str]) -> None:
        """Count one attempt for each key. Raises `TooManyAttempts`, and counts nothing, if one of them has to wait."""
        await self._count([_key(kind, network_of(value) if kind in _BY_NETWORK else value) for kind, value in keys])

    async def _count(self, keys: Sequence[_Key]) -> None:
        while not await self._try_to_count(sorted(keys)):
            pass  # a count was reset at the same time

    async def _try_to_count(self, keys: Sequence[_Key]) -> bool:
        async with self.database.read() as session:  # those who have to wait write nothing
            now = await self.clock(session)
            counts = (await session.scalars(select(AttemptCount).where(_is(*keys)))).all()
        _refuse_if_blocked(counts, now)
        for key in set(keys) - {(count.kind, count.key) for count in counts}:
            await self._make(key)
        async with self.database.write() as session:
            now = await self.clock(session)
            counts = [count for key in keys if (count := await _locked(session, key)) is not None]
            if len(counts) < len(keys):
                return False
            _refuse_if_blocked(counts, now)
            for count in counts:
                count.attempts = 1 if now - count.last_at > _RESET_AFTER else count.attempts + 1
                count.last_at = max(count.last_at, now)
                if (above := count.attempts - _FREE_ATTEMPTS[count.kind]) >= 0:
                    count.blocked_until = now + timedelta(seconds=min(2.0 ** min(above, 30), _MAX_WAIT_SECONDS))
        self._counted += 1
        if self._counted % _SWEEP_EVERY == 0:
            async with self.database.write() as session:
                await delete_expired(session, now)
        return True

    async def _make(self, key: _Key) -> None:
        """Make the row of a key if there is none. In a transaction of its own: MariaDB locks a row that exists for
        whoever tries to make it again, and two who do so would wait for each other."""
        kind, digest = key
        with suppress(IntegrityError):  # there is one
            async with self.database.write() as session:
                now = await self.clock(session)
                await session.execute(insert(AttemptCount).values(kind=kind, key=digest, attempts=0, last_at=now))

    async def _is_known(self, pair: str) -> bool:
        async with self.database.read() as session:
            now = await self.clock(session)
            row = await session.scalar(select(AttemptCount).where(_is(_key(_KNOWN, pair))))
        return row is not None and now - row.last_at <= _KNOWN_FOR


async def delete_expired(session: AsyncSession, now: datetime, most: int = _MAX_ROWS) -> None:
    """Remove counts that are reset anyway, and the oldest above `most`."""
    known = AttemptCount.kind == _KNOWN
    for rows, lifetime in ((known, _KNOWN_FOR), (~known, _RESET_AFTER)):
        await session.execute(delete(AttemptCount).where(rows, AttemptCount.last_at < now - lifetime))
        newest = select(AttemptCount.last_at).where(rows).order_by(AttemptCount.last_at.desc())
        too_old = await session.scalar(newest.offset(most).limit(1))
        if too_old is not None:
            await session.execute(delete(AttemptCount).where(rows, AttemptCount.last_at <= too_old))


async def _locked(session: AsyncSession, key: _Key) -> AttemptCount | None:
    """The row of a key. Until the transaction ends nobody else changes it."""
    row: AttemptCount | None = await session.scalar(select(AttemptCount).where(_is(key)).with_for_update())
    return row


async def _uncount(session: AsyncSession, key: _Key) -> None:
    if (row := await _locked(session, key)) is not None:
        row.attempts = max(0, row.attempts - 1)
        if row.attempts < _FREE_ATTEMPTS[row.kind]:
            row.blocked_until = None


def _refuse_if_blocked(counts: Iterable[AttemptCount], now: datetime) -> None:
    waits = [count.blocked_until - now for count in counts if count.blocked_until is not None]
    wait = max(waits, default=timedelta(0)).total_seconds()
    if wait > 0:
        raise TooManyAttempts(headers={"Retry-After": str(ceil(wait))})


def _is(*keys: _Key) -> ColumnElement[bool]:
    return or_(*((AttemptCount.kind == kind) & (AttemptCount.key == digest) for kind, digest in keys))


def network_of(address: str, *, bits: int = 32, bits_v6: int = 64) -> str:
    """The network that an address belongs to: by default the address itself, and the /64 of an IPv6 address, all of
    which one person has. What is no address stays as it is."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip_network((ip, bits if ip.version == 4 else bits_v6), strict=False))


def _key(kind: str, value: str) -> _Key:
    # Names may have any length, and a name may be a password typed into the wrong field.
    return kind, hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
