"""What every request passes on its way in, and every answer on its way out."""

import asyncio
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend import logs
from backend.accounts import audit
from backend.database import new_id
from backend.errors import bug
from backend.recordings.patience import within

#: What FastAPI reads for a route before the route is asked.
_SMALL_BODY_BYTES = 64 * 1024
#: How long such a body may take to come, and a document: who sends a byte a second holds nothing open for ever.
_SMALL_BODY_SECONDS, _DOCUMENT_SECONDS = 20.0, 120.0

#: An answer of the API is no page: nothing in it is ever run or shown in a frame.
_API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
#: The interactive documentation comes with one inline script.
_DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class WhereFrom:
    """The logs want to know where a request comes from, and which one it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            audit.address.set((scope.get("client") or ("",))[0][:64])
            audit.actor.set(None)
            logs.request_id.set(new_id())
        await self.app(scope, receive, send)


class SmallBodies:
    """FastAPI reads a form or JSON whole before it asks who is there. The routes that stream theirs ask first; a path
    that ends with / stands for what lies right below it."""

    def __init__(
        self, app: ASGIApp, streamed: Collection[tuple[str, str]], seconds: float = _SMALL_BODY_SECONDS
    ) -> None:
        self.app = app
        self.streamed = streamed
        self.saved = _InTime(app, _DOCUMENT_SECONDS)
        self.limited = RequestBodyLimitMiddleware(_InTime(app, seconds), max_body_size=_SMALL_BODY_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streams = scope["type"] == "http" and self._streams(scope["method"], scope["path"])
        saves = scope["type"] == "http" and scope["method"] == "PUT"  # a document; its route has a limit of its own
        await (self.app if streams else self.saved if saves else self.limited)(scope, receive, send)

    def _streams(self, method: str, path: str) -> bool:
        above = path.rpartition("/")[0] + "/"
        return (method, path) in self.streamed or (method, above) in self.streamed


class _InTime:
    """A body that is not there after so many seconds is refused with 408."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        clock = asyncio.get_running_loop().time
        until, whole = clock() + self.seconds, False

        async def receive_in_time() -> Message:
            nonlocal whole
            if whole:
                return await receive()  # what comes now is the news that the client has gone
            try:
                if (left := until - clock()) <= 0:
                    raise asyncio.TimeoutError  # what comes byte by byte is always at hand
                message = await within(left, receive())
            except asyncio.TimeoutError:
                raise HTTPException(408, "The request took too long to arrive.") from None
            whole = not message.get("more_body")
            return message

        await self.app(scope, receive_in_time, send)


class LastResort:
    """What nobody expected becomes an answer here: Starlette's own place for that is outside of `CarefulHeaders`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = scope["type"] != "http"

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception as error:
            if started:
                raise  # the status has gone out already
            await (await bug(Request(scope), error, logs.request_id.get()))(scope, receive, send)


class CarefulHeaders:
    """Every answer says what a browser may do with it, and those of the API also that they are not to be stored.

    An answer given before the body was read ends the connection: a server that goes on reading what it has refused
    can be fed for ever."""

    def __init__(self, app: ASGIApp, *, google: bool = False) -> None:
        self.app = app
        self._page_policy = _page_policy(google)
        # Google's sign-in opens a window that has to talk back.
        self._opener = "same-origin-allow-popups" if google else "same-origin"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope)
        unread = "transfer-encoding" in sent or sent.get("content-length", "0") != "0"

        async def receive_and_note() -> Message:
            nonlocal unread
            message = await receive()
            unread = unread and bool(message.get("more_body"))
            return message

        async def send_carefully(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers(scope).items():
                    headers.setdefault(name, value)
                if unread:
                    headers["Connection"] = "close"
            await send(message)

        await self.app(scope, receive_and_note, send_carefully)

    def _headers(self, scope: Scope) -> dict[str, str]:
        path: str = scope["path"]
        api = path.startswith("/api/")
        policy = _API_POLICY if api else _DOCS_POLICY if path.startswith("/docs") else self._page_policy
        headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": self._opener,
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if request := logs.request_id.get():
            headers["X-Request-Id"] = request
        if path.startswith(("/s/", "/api/shares/")):  # a link that was sent to somebody is nothing to be found
            headers["X-Robots-Tag"] = "noindex, nofollow"
        if api:
            headers["Cache-Control"] = "no-store"
        if path.startswith("/api/uploads"):
            headers["Tus-Resumable"] = "1.0.0"
        if scope["scheme"] == "https":
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return headers


def _page_policy(google: bool) -> str:
    theirs = " https://accounts.google.com/gsi/" if google else ""
    return (
        f"default-src 'self'; script-src 'self'{theirs}; style-src 'self' 'unsafe-inline'{theirs}; "
        f"connect-src 'self'{theirs}; frame-src 'self'{theirs}; img-src 'self' data: blob:; media-src 'self' blob:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
