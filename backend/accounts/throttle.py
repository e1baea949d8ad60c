"""Guessing gets slower with every guess, per account and per address; nobody is locked out for good."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from time import monotonic

from backend.errors import TooManyRequests

#: Guesses that cost no waiting, by what is counted.
_FREE = {"account": 5, "address": 20, "pair": 5, "registration": 5, "nonce": 100, "stray": 30}
_LONGEST_SECONDS = 300.0
#: After so long without a guess nothing is held against anybody.
_FORGOTTEN_SECONDS = 3600.0
_MOST_KEYS = 20_000


class TooManyAttempts(TooManyRequests):
    code = "too_many_attempts"
    detail = "Too many attempts. Wait a little and try again."


@dataclass(slots=True)
class _Count:
    guesses: int = 0
    blocked_until: float = 0.0
    last: float = 0.0


class Attempt:
    """One guess, counted before it is looked at: a thousand at once are a thousand."""

    def __init__(self) -> None:
        self.right = False  #: nothing more is held against the account
        self.none = False  #: it was no guess: what went before is still held against the account


class Throttle:
    """Counts in memory, bounded; a restart forgives."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()

    @contextmanager
    def attempt(self, account: str, address: str) -> Iterator[Attempt]:
        """Around one guess at the secret of `account`. Raises `TooManyAttempts`; set `right` when the guess was.

        Who was in from this address before is counted apart from the rest of the world: a stranger who guesses from
        elsewhere keeps nobody out of his own account."""
        pair = _digest(f"{account}\0{address}")
        mine = ("pair", pair) if pair in self._known else ("account", _digest(account))
        attempt = Attempt()
        self.count(mine, ("address", address))
        try:
            yield attempt
        finally:
            if attempt.right:
                self._counts.pop(mine, None)
                self._remember(pair)
            if attempt.none:
                self._take_back(mine)
            if attempt.right or attempt.none:
                # Who signs in to an account of his own is not forgiven his guesses at others: one less, no more.
                self._take_back(("address", address))

    def count(self, *keys: tuple[str, str]) -> None:
        """One more of each; raises `TooManyAttempts`, and counts nothing, where one of them has to wait."""
        now = self._clock()
        wait = max((self._wait(key, now) for key in keys), default=0.0)
        if wait > 0:
            raise TooManyAttempts(headers={"Retry-After": str(ceil(wait))})
        for key in keys:
            count = self._counts.setdefault(key, _Count())
            self._counts.move_to_end(key)
            count.guesses += 1
            count.last = now
            if (above := count.guesses - _FREE[key[0]]) >= 0:
                count.blocked_until = now + min(2.0 ** min(above, 30), _LONGEST_SECONDS)
        while len(self._counts) > _MOST_KEYS:
            self._counts.popitem(last=False)

    def _take_back(self, key: tuple[str, str]) -> None:
        if (count := self._counts.get(key)) is not None:
            count.guesses -= 1
            if count.guesses < _FREE[key[0]]:
                count.blocked_until = 0.0

    def _wait(self, key: tuple[str, str], now: float) -> float:
        count = self._counts.get(key)
        if count is None:
            return 0.0
        if now - count.last > _FORGOTTEN_SECONDS:
            del self._counts[key]
            return 0.0
        return count.blocked_until - now

    def _remember(self, pair: str) -> None:
        self._known[pair] = None
        self._known.move_to_end(pair)
        while len(self._known) > _MOST_KEYS:
            self._known.popitem(last=False)


def _digest(text: str) -> str:
    # Names of any length come in, and a name may be a password that was typed into the wrong field.
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
