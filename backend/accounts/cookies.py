"""The refresh cookie and the media cookie. Both are HttpOnly and SameSite=strict."""

from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from backend.accounts import tokens
from backend.errors import AppError
from backend.path_prefix import prefix_of
from backend.settings import Settings

#: Names, and paths below the prefix of the server: each cookie is sent only to the routes that need it.
#: The media cookie is for <audio> elements.
REFRESH, REFRESH_PATH = "meeting_asr_refresh", "/api/auth"
MEDIA, MEDIA_PATH = "meeting_asr_media", "/api/recordings"


class ForeignOrigin(AppError):
    status = 403
    code = "foreign_origin"
    detail = "This request came from another web site."


def set_cookies(
    response: Response,
    connection: HTTPConnection,
    settings: Settings,
    login: tokens.Login,
    refresh: str,
    now: datetime,
) -> None:
    """Set both cookies: the refresh cookie lasts as long as the login, the media cookie as long as an access token."""
    secure = settings.cookie_secure or connection.url.scheme in ("https", "wss")
    media = tokens.issue(settings, login, now, tokens.MEDIA)
    life = int(tokens.lifetime(settings).total_seconds())
    for name, value, route, seconds in (
        (REFRESH, refresh, REFRESH_PATH, settings.login_days * 86400),
        (MEDIA, media, MEDIA_PATH, life),
    ):
        path = prefix_of(connection.scope) + route
        response.set_cookie(name, value, seconds, path=path, secure=secure, httponly=True, samesite="strict")


def clear_cookies(response: Response, connection: HTTPConnection) -> None:
    for name, route in ((REFRESH, REFRESH_PATH), (MEDIA, MEDIA_PATH)):
        path = prefix_of(connection.scope) + route
        response.delete_cookie(name, path=path, httponly=True, samesite="strict")


def check_origin(connection: HTTPConnection, settings: Settings) -> None:
    """Require, for routes that use a cookie, an allowed Origin or a header that needs CORS."""
    if connection.headers.get("origin") is None:
        if "x-requested-with" in connection.headers:
            return
        raise ForeignOrigin("Send the header X-Requested-With with this request.")
    if not is_allowed_origin(connection, settings):
        raise ForeignOrigin


def is_allowed_origin(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether Origin is absent (the caller is not a browser), in the settings, or this host itself."""
    origin = connection.headers.get("origin")
    if origin is None or origin in settings.own_origins:
        return True
    page = urlsplit(origin)
    return page.scheme in ("http", "https") and bool(page.netloc) and page.netloc == connection.headers.get("host")
