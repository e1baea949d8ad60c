"""Verifies Google ID tokens: signature, issuer, audience, nonce and subject."""

import asyncio
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from backend.accounts.nonces import Nonces
from backend.errors import AppError, ServiceBusy

#: The certificates for the keys that Google signs its tokens with.
CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
_ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})
_FETCH_SECONDS = 5.0


class GoogleNotSetUp(AppError):
    status = 404
    code = "google_off"
    detail = "Google sign-in is not set up on this server."


class GoogleRefused(AppError):
    status = 401
    code = "google_refused"
    detail = "Google did not confirm this sign-in. Try again."


class GoogleUnreachable(ServiceBusy):
    code = "google_unreachable"
    detail = "Google cannot be reached from this server. Sign in with a password, or try again later."


@dataclass(frozen=True, slots=True)
class GoogleIdentity:
    """A Google account, identified by issuer and subject. The e-mail address is only for display."""

    issuer: str
    subject: str
    email: str
    nonce: str


class GoogleSignIn:
    """Create one per app. Certificates are fetched off the event loop and cached for as long as Google allows."""

    def __init__(self, clients: tuple[str, ...], nonces: Nonces, *, certs_url: str = CERTS_URL) -> None:
        self._clients = clients
        self._certs_url = certs_url
        self._certificates = _CertificateCache()
        self._nonces = nonces

    async def nonce(self) -> str:
        """A nonce that Google puts into the ID token. It is valid once, for ten minutes."""
        if not self._clients:
            raise GoogleNotSetUp
        return await self._nonces.issue()

    async def verify(self, credential: str) -> GoogleIdentity:
        """The account in a valid ID token. Raises `GoogleRefused`. A token, like its nonce, is accepted once."""
        if not self._clients:
            raise GoogleNotSetUp
        claims = await asyncio.to_thread(self._claims, credential)
        subject, email = claims.get("sub"), claims.get("email")
        if claims.get("iss") not in _ISSUERS or not isinstance(subject, str) or not 0 < len(subject) <= 191:
            raise GoogleRefused
        if claims.get("email_verified") is not True or not isinstance(email, str):
            raise GoogleRefused
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not await self._nonces.consume(nonce):
            raise GoogleRefused
        # Google uses two spellings for the same issuer.
        return GoogleIdentity("https://accounts.google.com", subject, email[:255], nonce)

    async def restore_nonce(self, identity: GoogleIdentity) -> None:
        """Accept the same token once more: the sign-in goes on with a second factor."""
        await self._nonces.restore(identity.nonce)

    def _claims(self, credential: str) -> Mapping[str, Any]:
        from google.auth.exceptions import GoogleAuthError, TransportError
        from google.oauth2.id_token import verify_token
        from jwt import PyJWTError

        try:
            # The audience is required: otherwise a token issued to any other website would be accepted.
            claims: Mapping[str, Any] = verify_token(
                credential, self._certificates, audience=list(self._clients), certs_url=self._certs_url
            )
        except TransportError as error:
            raise GoogleUnreachable(headers={"Retry-After": "30"}) from error
        except (GoogleAuthError, PyJWTError, ValueError, TypeError, KeyError) as error:
            raise GoogleRefused from error
        return claims


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    headers: Mapping[str, str]
    data: bytes


class _CertificateCache:
    """The HTTP transport for google-auth. It caches the certificates, which google-auth fetches for every sign-in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cached: tuple[str, float, _Response] | None = None

    def __call__(self, url: str, method: str = "GET", **_options: Any) -> _Response:
        with self._lock:
            if self._cached is not None and self._cached[0] == url and self._cached[1] > monotonic():
                return self._cached[2]
            response = self._fetch(url)
            if response.status == 200:
                self._cached = (url, monotonic() + _max_age(response.headers), response)
            return response

    def _fetch(self, url: str) -> _Response:
        import httpx
        from google.auth.exceptions import TransportError

        try:
            response = httpx.get(url, timeout=_FETCH_SECONDS, follow_redirects=False)
        except httpx.HTTPError as error:
            raise TransportError(str(error)) from error
        return _Response(response.status_code, response.headers, response.content)


def _max_age(headers: Mapping[str, str]) -> float:
    found = re.search(r"max-age=(\d{1,9})", headers.get("cache-control", ""))
    return min(float(found.group(1)), 86_400.0) if found else 300.0
