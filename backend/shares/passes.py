"""The cookie of somebody who gave the access code: it opens one share for a few hours, and nothing else."""

from datetime import datetime, timedelta

import jwt
from starlette.requests import HTTPConnection
from starlette.responses import Response

from backend.accounts.tokens import ISSUER
from backend.settings import Settings
from backend.shares.tables import Share

COOKIE = "meeting_asr_share"
#: Long enough to hear a long meeting to its end. Whether the share still is one is looked up with every request.
_LIFE = timedelta(hours=4)
#: No other token is made for this audience, so none is taken for another.
_AUDIENCE = "meeting-asr-share"


def path_of(share_id: str) -> str:
    """Where the cookie goes, and nowhere else."""
    return f"/api/shares/{share_id}"


def give(response: Response, connection: HTTPConnection, settings: Settings, share: Share, now: datetime) -> None:
    """Let the browser in. Scripts do not see the cookie, and no other site can send it."""
    until = min(now + _LIFE, share.expires_at)
    claims = {"iss": ISSUER, "aud": _AUDIENCE, "sub": share.id, "iat": now, "exp": until}
    token = jwt.encode(claims, settings.secret_key.get_secret_value(), settings.algorithm)
    secure = settings.cookie_secure or connection.url.scheme == "https"
    life = max(int((until - now).total_seconds()), 1)
    response.set_cookie(COOKIE, token, life, path=path_of(share.id), secure=secure, httponly=True, samesite="strict")


def lets_in(connection: HTTPConnection, settings: Settings, share_id: str) -> bool:
    """Whether the code of this share was given here, not long ago."""
    try:
        claims = jwt.decode(
            connection.cookies.get(COOKIE, ""),
            settings.secret_key.get_secret_value(),
            algorithms=[settings.algorithm],
            audience=_AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "sub", "aud", "iss"], "strict_aud": True},
        )
    except jwt.InvalidTokenError:
        return False
    return bool(claims["sub"] == share_id)
