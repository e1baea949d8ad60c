"""Access tokens: short-lived JWTs that name a login. Every claim is checked."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import jwt

from backend.database import utc_now
from backend.settings import Settings

#: Issuer and audience of the tokens.
ISSUER = AUDIENCE = "meeting-asr"
#: The kind of a token: for every route, or only for those that serve media.
ACCESS, MEDIA = "access", "media"


def upload_kind(upload_id: str) -> str:
    """The kind of a token that is good for one upload only."""
    return f"upload {upload_id}"


#: Python's base64 decoder ignores invalid characters; tokens that have any are refused here.
_FORMAT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
#: By so much the clocks of two servers may still differ when they were compared with that of the database.
_CLOCK_LEEWAY = timedelta(minutes=1)
#: Answers the time by which tokens are issued and read: see `backend.coordination.clock.ServerClock`.
Now = Callable[[], datetime]

_CLAIMS = ["exp", "iat", "sub", "jti", "aud", "iss", "typ", "epoch"]


class BadToken(Exception):
    """Not a token of this server, of another kind, or expired."""


@dataclass(frozen=True, slots=True)
class Login:
    """The content of a token: the user, the user's `token_epoch` at the time, and the id of the login row."""

    user_id: str
    epoch: int
    id: str | None = None


def lifetime(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.access_token_expire_minutes)


def issue(
    settings: Settings, login: Login, now: datetime, kind: str = ACCESS, valid_for: timedelta | None = None
) -> str:
    """A token valid from `now` for `valid_for`, by default for the minutes in the settings."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": login.user_id,
        "typ": kind,
        "epoch": login.epoch,
        "login": login.id,
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + (valid_for or lifetime(settings)),
    }
    return jwt.encode(claims, settings.secret_key.get_secret_value(), settings.algorithm)


def read(settings: Settings, token: str, kind: str = ACCESS, now: Now = utc_now) -> Login:
    """The content of a token of this kind that is valid `now`. Raises `BadToken`."""
    claims = _claims(settings, token, kind, now)
    return Login(claims["sub"], claims["epoch"], claims.get("login"))


def expiry(settings: Settings, token: str, now: Now = utc_now) -> datetime:
    """When a valid access token expires."""
    return datetime.fromtimestamp(_claims(settings, token, ACCESS, now)["exp"], timezone.utc)


def is_current(claims: dict[str, Any], now: datetime) -> bool:
    """Whether the claims are not from the future, and have not expired. PyJWT would ask the clock of this server."""
    issued, expires = claims["iat"], claims["exp"]
    if type(issued) is not int or type(expires) is not int:
        return False
    return issued <= (now + _CLOCK_LEEWAY).timestamp() and now.timestamp() < expires


def _claims(settings: Settings, token: str, kind: str, now: Now) -> dict[str, Any]:
    if not _FORMAT.fullmatch(token):
        raise BadToken
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            settings.secret_key.get_secret_value(),
            algorithms=[settings.algorithm],  # the one we sign with; the algorithm in the token's header is ignored
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": _CLAIMS, "strict_aud": True, "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError as error:
        raise BadToken from error
    if not is_current(claims, now()):
        raise BadToken
    if claims["typ"] != kind or type(claims["epoch"]) is not int or not isinstance(claims.get("login"), str | None):
        raise BadToken
    return claims
