"""Password rules, and argon2id hashes that a bounded thread pool makes and verifies off the event loop."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.errors import InvalidInput, TooManyRequests

MIN_LENGTH, MAX_LENGTH = 8, 128  #: characters, not bytes

#: OWASP's minimum for argon2id (23 ms of one core). A hash made with other parameters is replaced at the next sign-in.
MEMORY_KIB, TIME_COST, PARALLELISM = 19 * 1024, 2, 1

#: A password that zxcvbn guesses in fewer attempts than this is refused as common.
_MIN_GUESSES = 10**6
#: zxcvbn rates only this many characters: its running time grows fast with the length of the input.
_MAX_RATED_LENGTH = 24
#: A well-formed hash that no password matches. Verifying against it takes as long as against a real one.
_DUMMY_HASH = f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p={PARALLELISM}${'A' * 22}${'A' * 43}"

#: Common in Chinese passwords or on this site, and missing from the English lists of zxcvbn.
_COMMON_WORDS = ["5201314", "1314520", "woaini", "woaiwojia", "wodemima", "mima", "huiyi", "admin", "meeting"]

_Result = TypeVar("_Result")


class WeakPassword(InvalidInput):
    """`reason` is too_short, too_long, common or name."""

    code = "weak_password"


class Passwords:
    """Hashes and verifies passwords, `threads` at a time. Beyond `max_pending` calls it raises `TooManyRequests`.

    A flood of sign-ins may delay other sign-ins, but must not take CPU from anything else. Tests lower `memory_kib`.
    """

    def __init__(self, *, threads: int = 2, max_pending: int = 64, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(time_cost=TIME_COST, memory_cost=memory_kib, parallelism=PARALLELISM)
        self._dummy_hash = _DUMMY_HASH.replace(f"$m={MEMORY_KIB},", f"$m={memory_kib},")
        self._pool = ThreadPoolExecutor(threads, "passwords")
        self._max_pending = max_pending
        self._pending = 0

    async def hash(self, password: str, *, username: str) -> str:
        """The hash to store for a new password of `username`. Raises `WeakPassword`."""
        return await self._run(self._checked_hash, password, username)

    async def verify(self, hash: str | None, password: str) -> bool:
        """Whether `password` matches. Without a hash it is false, after as much time as with a wrong password."""
        return await self._run(self._verify, hash, password)

    async def renew(self, hash: str, password: str) -> str | None:
        """A hash with the current parameters if `hash` was made with others, otherwise none."""
        if not self._hasher.check_needs_rehash(hash):
            return None
        return await self._run(self._hasher.hash, _bytes(password))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., _Result], *arguments: str | bytes | None) -> _Result:
        if self._pending >= self._max_pending:
            raise TooManyRequests(headers={"Retry-After": "2"})
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self._pending -= 1

    def _checked_hash(self, password: str, username: str) -> str:
        check(password, username)
        return self._hasher.hash(_bytes(password))

    def _verify(self, hash: str | None, password: str) -> bool:
        try:
            return self._hasher.verify(hash or self._dummy_hash, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False


def check(password: str, username: str) -> None:
    """Raise `WeakPassword` if `username` may not use this password. Takes milliseconds of CPU."""
    password = _normalized(password)
    if len(password) < MIN_LENGTH:
        raise WeakPassword(f"A password has at least {MIN_LENGTH} characters.", reason="too_short")
    if len(password) > MAX_LENGTH:
        raise WeakPassword(f"A password has at most {MAX_LENGTH} characters.", reason="too_long")
    name = _normalized(username).casefold().strip()
    rest = password.casefold().replace(name, "")
    if name in password.casefold() and len(rest) < MIN_LENGTH / 2:
        raise WeakPassword("The password is too similar to the user name. Choose another one.", reason="name")
    if _guesses(password) < _MIN_GUESSES:
        raise WeakPassword("This password is too common. Choose another one.", reason="common")


def _guesses(password: str) -> float:
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # loads a megabyte of word lists, so only when needed

    return float(zxcvbn(password[:_MAX_RATED_LENGTH], user_inputs=_COMMON_WORDS)["guesses"])


def _normalized(password: str) -> str:
    # A Chinese input method may type full-width or half-width letters for the same keys.
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _normalized(password).encode("utf-8", "surrogatepass")  # JSON may contain a lone surrogate
