"""The cookie of a visitor who entered the access code. It is valid for one share, for a few hours."""

from datetime import datetime, timedelta

import jwt
from starlette.requests import HTTPConnection
from starlette.responses import Response

from backend.accounts.tokens import ISSUER, is_current
from backend.path_prefix import prefix_of
from backend.settings import Settings
from backend.shares.tables import Share

COOKIE = "meeting_asr_share"
#: Long enough to listen to a long meeting. Every request also checks that the share is still open.
_LIFETIME = timedelta(hours=4)
#: An audience of its own, so that these tokens and access tokens are not interchangeable.
_AUDIENCE = "meeting-asr-share"


def cookie_path(connection: HTTPConnection, share_id: str) -> str:
    """The only path to which browsers send the cookie."""
    return f"{prefix_of(connection.scope)}/api/shares/{share_id}"


def set_cookie(response: Response, connection: HTTPConnection, settings: Settings, share: Share, now: datetime) -> None:
    """Set the cookie, HttpOnly and SameSite=strict."""
    expires_at = min(now + _LIFETIME, share.expires_at)
    claims = {"iss": ISSUER, "aud": _AUDIENCE, "sub": share.id, "iat": now, "exp": expires_at}
    token = jwt.encode(claims, settings.secret_key.get_secret_value(), settings.algorithm)
    secure = settings.cookie_secure or connection.url.scheme == "https"
    max_age = max(int((expires_at - now).total_seconds()), 1)
    path = cookie_path(connection, share.id)
    response.set_cookie(COOKIE, token, max_age, path=path, secure=secure, httponly=True, samesite="strict")


def is_valid(connection: HTTPConnection, settings: Settings, share_id: str, now: datetime) -> bool:
    """Whether the request has a valid cookie for this share."""
    try:
        claims = jwt.decode(
            connection.cookies.get(COOKIE, ""),
            settings.secret_key.get_secret_value(),
            algorithms=[settings.algorithm],
            audience=_AUDIENCE,
            issuer=ISSUER,
            options={
                "require": ["exp", "iat", "sub", "aud", "iss"],
                "strict_aud": True,
                "verify_exp": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidTokenError:
        return False
    return is_current(claims, now) and bool(claims["sub"] == share_id)
