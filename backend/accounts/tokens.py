"""Access tokens: short-lived signed notes that say who signed in. They are checked whole, or not believed at all."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import jwt

from backend.settings import Settings

#: Who makes the tokens, and for whom they are.
ISSUER = AUDIENCE = "meeting-asr"
#: What a token opens: every door, or only those behind which media lie.
ACCESS, MEDIA = "access", "media"


def upload(upload_id: str) -> str:
    """The kind of a token that opens one upload."""
    return f"upload {upload_id}"


#: Decoders of base64 pass over what does not belong there; we do not.
_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_CLAIMS = ["exp", "iat", "sub", "jti", "aud", "iss", "typ", "epoch"]


class BadToken(Exception):
    """Not made here, not for this, not valid any more, or no token at all."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a token says: whose it is, the user's `token_epoch` when it was made, and the row of the login."""

    user_id: str
    epoch: int
    id: str | None = None


def lifetime(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.access_token_expire_minutes)


def issue(settings: Settings, login: Login, now: datetime, kind: str = ACCESS, life: timedelta | None = None) -> str:
    """A token that is good from `now` for so long; for the set number of minutes, where nothing is said."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": login.user_id,
        "typ": kind,
        "epoch": login.epoch,
        "login": login.id,
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + (life or lifetime(settings)),
    }
    return jwt.encode(claims, settings.secret_key.get_secret_value(), settings.algorithm)


def read(settings: Settings, token: str, kind: str = ACCESS) -> Login:
    """What the token says, if it is one of ours, of this kind and in force; otherwise `BadToken`."""
    claims = _claims(settings, token, kind)
    return Login(claims["sub"], claims["epoch"], claims.get("login"))


def expiry(settings: Settings, token: str) -> datetime:
    """Until when an access token that can be read is good."""
    return datetime.fromtimestamp(_claims(settings, token, ACCESS)["exp"], timezone.utc)


def _claims(settings: Settings, token: str, kind: str) -> dict[str, Any]:
    if not _FORM.fullmatch(token):
        raise BadToken
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            settings.secret_key.get_secret_value(),
            algorithms=[settings.algorithm],  # the one we sign with; what the token's header wishes does not count
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": _CLAIMS, "strict_aud": True},
        )
    except jwt.InvalidTokenError as error:
        raise BadToken from error
    if claims["typ"] != kind or type(claims["epoch"]) is not int or not isinstance(claims.get("login"), str | None):
        raise BadToken
    return claims
