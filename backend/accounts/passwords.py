"""Passwords: what may be one, and argon2id hashes of them, made and checked off the event loop by a bounded pool."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.errors import InvalidInput, TooManyRequests

MIN_LENGTH, MAX_LENGTH = 8, 128  #: characters, not bytes: 128 Chinese characters are as welcome

#: OWASP's minimum for argon2id (23 ms of one core). Hashes made with other parameters are renewed at the next sign-in.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1

#: A password that takes fewer guesses than this is among the first that anybody tries.
_MIN_GUESSES = 10**6
#: Only so much is looked at for that: the look takes longer than it should for long, made-up inputs.
_LOOKED_AT = 24
#: A well-formed hash of nothing: no password has it, and finding that out takes as long as for any other.
_NOBODYS = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"

#: What people here begin with, and an English list does not know.
_HABITS = ["5201314", "1314520", "woaini", "woaiwojia", "wodemima", "mima", "huiyi", "admin", "meeting"]

_Result = TypeVar("_Result")


class WeakPassword(InvalidInput):
    """`reason` is too_short, too_long, common or name."""

    code = "weak_password"


class Passwords:
    """Hashes and checks, `threads` at a time; with `waiting` of them at hand the next is refused (`TooManyRequests`).

    A flood of sign-ins is an attack on the CPU: it may cost those who sign in a moment, and nobody else anything.
    """

    def __init__(self, *, threads: int = 2, waiting: int = 64) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._pool = ThreadPoolExecutor(threads, "passwords")
        self._waiting = waiting
        self._entered = 0

    async def hash(self, password: str, *, username: str) -> str:
        """The hash to store for a new password of `username`; there is none for a `WeakPassword`."""
        return await self._run(self._checked_hash, password, username)

    async def verify(self, hash: str | None, password: str) -> bool:
        """Whether this is the password. Without a hash the answer is no, after the same time as any other no."""
        return await self._run(self._verify, hash, password)

    async def renew(self, hash: str, password: str) -> str | None:
        """A hash of the same password with the present parameters, where `hash` was made with others."""
        if not self._hasher.check_needs_rehash(hash):
            return None
        return await self._run(self._hasher.hash, _bytes(password))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., _Result], *arguments: str | bytes | None) -> _Result:
        if self._entered >= self._waiting:
            raise TooManyRequests(headers={"Retry-After": "2"})
        self._entered += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self._entered -= 1

    def _checked_hash(self, password: str, username: str) -> str:
        check(password, username)
        return self._hasher.hash(_bytes(password))

    def _verify(self, hash: str | None, password: str) -> bool:
        try:
            return self._hasher.verify(hash or _NOBODYS, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False


def check(password: str, username: str) -> None:
    """Raise `WeakPassword` for what may not be the password of `username`. Takes milliseconds of CPU."""
    password = _normal(password)
    if len(password) < MIN_LENGTH:
        raise WeakPassword(f"A password has at least {MIN_LENGTH} characters.", reason="too_short")
    if len(password) > MAX_LENGTH:
        raise WeakPassword(f"A password has at most {MAX_LENGTH} characters.", reason="too_long")
    name = _normal(username).casefold().strip()
    rest = password.casefold().replace(name, "")
    if name in password.casefold() and len(rest) < MIN_LENGTH / 2:
        raise WeakPassword("The user name is the first thing anybody tries. Choose another password.", reason="name")
    if _guesses(password) < _MIN_GUESSES:
        raise WeakPassword("This password is among the first that anybody tries. Choose another.", reason="common")


def _guesses(password: str) -> float:
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # a megabyte of lists: only where a password is chosen

    return float(zxcvbn(password[:_LOOKED_AT], user_inputs=_HABITS)["guesses"])


def _normal(password: str) -> str:
    # Full-width and half-width letters are one to whoever types with a Chinese input method.
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")  # JSON may carry half a character; that is no crash
