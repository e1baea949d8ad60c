"""Google says who somebody is; we check that it was Google, that it was said to us, just now, and about whom."""

import asyncio
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from backend.errors import AppError, ServiceBusy

#: Where Google keeps the certificates that its tokens are signed with.
CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
_ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})
_NONCE_SECONDS = 600.0
_MOST_NONCES = 10_000
_FETCH_SECONDS = 5.0


class GoogleOff(AppError):
    status = 404
    code = "google_off"
    detail = "Google sign-in is not set up on this server."


class NotFromGoogle(AppError):
    status = 401
    code = "google_refused"
    detail = "Google did not confirm this sign-in. Try again."


class GoogleUnreachable(ServiceBusy):
    code = "google_unreachable"
    detail = "Google cannot be reached from this server. Sign in with a password, or try again later."


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is: issuer and subject. The e-mail address is for people to read; it decides nothing."""

    issuer: str
    subject: str
    email: str
    nonce: str


class Google:
    """Made once. Certificates are fetched off the event loop, and kept as long as Google says."""

    def __init__(self, clients: tuple[str, ...], *, certs_url: str = CERTS_URL) -> None:
        self._clients = clients
        self._certs_url = certs_url
        self._certificates = _Certificates()
        self._nonces = Nonces()

    def nonce(self) -> str:
        """For the page to hand to Google, who puts it into the token; good once, for ten minutes."""
        if not self._clients:
            raise GoogleOff
        return self._nonces.issue()

    async def verify(self, credential: str) -> Person:
        """Who the ID token speaks of; otherwise `NotFromGoogle`. A token, like its nonce, is good once."""
        if not self._clients:
            raise GoogleOff
        claims = await asyncio.to_thread(self._claims, credential)
        subject, email = claims.get("sub"), claims.get("email")
        if claims.get("iss") not in _ISSUERS or not isinstance(subject, str) or not 0 < len(subject) <= 191:
            raise NotFromGoogle
        if claims.get("email_verified") is not True or not isinstance(email, str):
            raise NotFromGoogle
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not self._nonces.take(nonce):
            raise NotFromGoogle
        # Both spellings are one issuer.
        return Person("https://accounts.google.com", subject, email[:255], nonce)

    def give_back(self, person: Person) -> None:
        """The sign-in was not finished: the same token may come once more, with a code."""
        self._nonces.put_back(person.nonce)

    def _claims(self, credential: str) -> Mapping[str, Any]:
        from google.auth.exceptions import GoogleAuthError, TransportError
        from google.oauth2.id_token import verify_token
        from jwt import PyJWTError

        try:
            # Without an audience any Google token for anybody would do.
            claims: Mapping[str, Any] = verify_token(
                credential, self._certificates, audience=list(self._clients), certs_url=self._certs_url
            )
        except TransportError as error:
            raise GoogleUnreachable(headers={"Retry-After": "30"}) from error
        except (GoogleAuthError, PyJWTError, ValueError, TypeError, KeyError) as error:
            raise NotFromGoogle from error
        return claims


class Nonces:
    """What was handed out and has not come back yet; in memory, bounded."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[str, float] = OrderedDict()

    def issue(self) -> str:
        nonce = secrets.token_urlsafe(24)
        self._open[nonce] = self._clock() + _NONCE_SECONDS
        while len(self._open) > _MOST_NONCES:
            self._open.popitem(last=False)
        return nonce

    def put_back(self, nonce: str) -> None:
        self._open[nonce] = self._clock() + _NONCE_SECONDS

    def take(self, nonce: str) -> bool:
        return self._open.pop(nonce, 0.0) > self._clock()


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    data: bytes


class _Certificates:
    """The transport google-auth fetches through, which would otherwise ask Google at every sign-in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[str, float, _Answer] | None = None

    def __call__(self, url: str, method: str = "GET", **_more: Any) -> _Answer:
        with self._lock:
            if self._kept is not None and self._kept[0] == url and self._kept[1] > monotonic():
                return self._kept[2]
            answer = self._fetch(url)
            if answer.status == 200:
                self._kept = (url, monotonic() + _max_age(answer.headers), answer)
            return answer

    def _fetch(self, url: str) -> _Answer:
        import httpx
        from google.auth.exceptions import TransportError

        try:
            answer = httpx.get(url, timeout=_FETCH_SECONDS, follow_redirects=False)
        except httpx.HTTPError as error:
            raise TransportError(str(error)) from error
        return _Answer(answer.status_code, answer.headers, answer.content)


def _max_age(headers: Mapping[str, str]) -> float:
    found = re.search(r"max-age=(\d{1,9})", headers.get("cache-control", ""))
    return min(float(found.group(1)), 86_400.0) if found else 300.0
