"""The device cookie: a browser that has signed in as somebody has a count of failed sign-ins of its own.

So guesses of others cannot lock its user out (OWASP, "Device cookies"). It lets nobody in, and signing out does not
remove it."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from starlette.requests import HTTPConnection
from starlette.responses import Response

from backend.path_prefix import prefix_of
from backend.settings import Settings

NAME, _PATH = "meeting_asr_device", "/api/auth"
_LIFETIME = timedelta(days=365)


def set_cookie(response: Response, connection: HTTPConnection, settings: Settings, account: str, now: datetime) -> None:
    """Remember that this browser has signed in to `account`, a key of the throttle."""
    head = f"{secrets.token_hex(16)}.{int(now.timestamp())}"
    response.set_cookie(
        NAME,
        f"{head}.{_signature(settings, account, head)}",
        int(_LIFETIME.total_seconds()),
        path=prefix_of(connection.scope) + _PATH,
        secure=settings.cookie_secure or connection.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def find_device(connection: HTTPConnection, settings: Settings, account: str, now: datetime) -> str | None:
    """The id of this browser, if it has signed in to `account` within a year."""
    head, _, signature = connection.cookies.get(NAME, "").rpartition(".")
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), _signature(settings, account, head).encode()):
        return None
    id, _, since = head.partition(".")
    return id if now.timestamp() - int(since) < _LIFETIME.total_seconds() else None


def _signature(settings: Settings, account: str, head: str) -> str:
    key = settings.secret_key.get_secret_value().encode()
    return hmac.digest(key, f"device\0{account}\0{head}".encode("utf-8", "replace"), hashlib.sha256).hex()
