"""Limits sign-in attempts per account and per address. The wait grows with each attempt, up to five minutes."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from math import ceil
from time import monotonic

from backend.errors import TooManyRequests

#: Attempts without a wait, by what is counted.
_FREE_ATTEMPTS = {"account": 5, "address": 20, "pair": 5, "device": 5, "registration": 5, "nonce": 100, "share": 30}
#: What is counted by the network of an address.
_BY_NETWORK = frozenset({"address", "registration", "nonce", "share"})
_MAX_WAIT_SECONDS = 300.0
#: After this long without an attempt a count is reset.
_RESET_AFTER_SECONDS = 3600.0
_MAX_KEYS = 20_000


class TooManyAttempts(TooManyRequests):
    code = "too_many_attempts"
    detail = "Too many attempts. Wait a little and try again."


@dataclass(slots=True)
class _Count:
    attempts: int = 0
    blocked_until: float = 0.0
    last: float = 0.0


class Attempt:
    """One attempt. It is counted before it is checked, so that simultaneous attempts all count."""

    def __init__(self) -> None:
        self.succeeded = False  #: resets the count that this attempt belongs to
        self.uncounted = False  #: not a guess: takes this attempt back, and keeps the earlier ones


class Throttle:
    """Counts in memory, bounded in size; a restart resets them."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()

    @contextmanager
    def attempt(self, account: str, address: str, device: str | None = None) -> Iterator[Attempt]:
        """Wrap one check of the secret of `account`; set `succeeded` on success. Raises `TooManyAttempts`.

        People who are known are not held by guesses of others: a `device` that has signed in to this account has a
        count of its own, and so has a network from which somebody has. All others share the counts of the account and
        of their network."""
        network = network_of(address)
        pair = _digest(f"{account}\0{network}")
        keys = [("account", _digest(account)), ("address", network)]
        if device is not None:
            keys = [("device", _digest(device))]
        elif pair in self._known:
            keys = [("pair", pair)]
        attempt = Attempt()
        self.count(*keys)
        try:
            yield attempt
        finally:
            if attempt.succeeded:
                self._counts.pop(keys[0], None)
                self._remember(pair)
            if attempt.uncounted:
                self._uncount(keys[0])
            if attempt.succeeded or attempt.uncounted:
                # Only this attempt: signing in to one's own account must not reset guesses at other accounts.
                for key in keys[1:]:
                    self._uncount(key)

    def count(self, *keys: tuple[str, str]) -> None:
        """Count one attempt for each key. Raises `TooManyAttempts`, and counts nothing, if one of them has to wait."""
        now = self._clock()
        keys = tuple((kind, network_of(value) if kind in _BY_NETWORK else value) for kind, value in keys)
        wait = max((self._wait(key, now) for key in keys), default=0.0)
        if wait > 0:
            raise TooManyAttempts(headers={"Retry-After": str(ceil(wait))})
        for key in keys:
            count = self._counts.setdefault(key, _Count())
            self._counts.move_to_end(key)
            count.attempts += 1
            count.last = now
            if (above := count.attempts - _FREE_ATTEMPTS[key[0]]) >= 0:
                count.blocked_until = now + min(2.0 ** min(above, 30), _MAX_WAIT_SECONDS)
        while len(self._counts) > _MAX_KEYS:
            self._counts.popitem(last=False)

    def _uncount(self, key: tuple[str, str]) -> None:
        if (count := self._counts.get(key)) is not None:
            count.attempts -= 1
            if count.attempts < _FREE_ATTEMPTS[key[0]]:
                count.blocked_until = 0.0

    def _wait(self, key: tuple[str, str], now: float) -> float:
        count = self._counts.get(key)
        if count is None:
            return 0.0
        if now - count.last > _RESET_AFTER_SECONDS:
            del self._counts[key]
            return 0.0
        return count.blocked_until - now

    def _remember(self, pair: str) -> None:
        self._known[pair] = None
        self._known.move_to_end(pair)
        while len(self._known) > _MAX_KEYS:
            self._known.popitem(last=False)


def network_of(address: str, *, bits: int = 32, bits_v6: int = 64) -> str:
    """The network that an address belongs to: by default the address itself, and the /64 of an IPv6 address, all of
    which one person has. What is no address stays as it is."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip_network((ip, bits if ip.version == 4 else bits_v6), strict=False))


def _digest(text: str) -> str:
    # Names may have any length, and a name may be a password typed into the wrong field.
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
