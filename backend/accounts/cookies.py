"""The two cookies: one renews a login, one plays media. Scripts see neither, and no other site can send them."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from backend.accounts import tokens
from backend.database import utc_now
from backend.errors import AppError
from backend.settings import Settings

#: The refresh token goes where it is needed and nowhere else; likewise the token an <audio> element shows.
REFRESH, REFRESH_PATH = "meeting_asr_refresh", "/api/auth"
MEDIA, MEDIA_PATH = "meeting_asr_media", "/api/recordings"


class ForeignOrigin(AppError):
    status = 403
    code = "foreign_origin"
    detail = "This request came from another web site."


def set_cookies(
    response: Response, connection: HTTPConnection, settings: Settings, login: tokens.Login, refresh: str
) -> None:
    """For the browser to keep: the refresh token as long as the login lives, the media token like an access token."""
    secure = settings.cookie_secure or connection.url.scheme in ("https", "wss")
    media = tokens.issue(settings, login, utc_now(), tokens.MEDIA)
    life = int(tokens.lifetime(settings).total_seconds())
    for name, value, path, seconds in (
        (REFRESH, refresh, REFRESH_PATH, settings.login_days * 86400),
        (MEDIA, media, MEDIA_PATH, life),
    ):
        response.set_cookie(name, value, seconds, path=path, secure=secure, httponly=True, samesite="strict")


def clear_cookies(response: Response) -> None:
    response.delete_cookie(REFRESH, path=REFRESH_PATH, httponly=True, samesite="strict")
    response.delete_cookie(MEDIA, path=MEDIA_PATH, httponly=True, samesite="strict")


def check_origin(connection: HTTPConnection, settings: Settings) -> None:
    """Routes that believe a cookie want an origin of ours, or a header that no foreign page can send unasked."""
    if connection.headers.get("origin") is None:
        if "x-requested-with" in connection.headers:
            return
        raise ForeignOrigin("Send the header X-Requested-With with this request.")
    if not origin_is_ours(connection, settings):
        raise ForeignOrigin


def origin_is_ours(connection: HTTPConnection, settings: Settings) -> bool:
    """Browsers always say where a page comes from; programs say nothing, and bring a token all the same."""
    origin = connection.headers.get("origin")
    if origin is None or origin in settings.cors_origins:
        return True
    page = urlsplit(origin)
    return page.scheme in ("http", "https") and bool(page.netloc) and page.netloc == connection.headers.get("host")
