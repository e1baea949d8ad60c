"""ASGI middleware for every request: client address, body limits, security headers, unhandled errors."""

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
from backend.errors import internal_error_response
from backend.path_prefix import path_without_prefix
from backend.recordings.timeouts import with_timeout

#: The largest body that FastAPI reads before a route is called.
_SMALL_BODY_BYTES = 64 * 1024
#: Of the one route whose bodies are longer, by the end of its path: its 200,000 characters, even if each is escaped.
_LARGE_BODY_BYTES, _LARGE_BODY_PATH = 2 << 20, "/transcript/written-form"
#: How long such a body, and a saved document, may take to arrive: slow clients cannot hold connections open.
_SMALL_BODY_SECONDS, _DOCUMENT_SECONDS = 20.0, 120.0

METHOD_OVERRIDE = "X-HTTP-Method-Override"

#: For answers of the API: they are no pages, so nothing in them runs or is framed.
_API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
#: The interactive documentation has inline scripts.
_DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_DOCS = ("/docs", "/redoc")


class ClientAddress:
    """Records the client's address for the audit log, and a new request id for the logs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            audit.address.set((scope.get("client") or ("",))[0][:64])
            audit.actor.set(None)
            logs.request_id.set(new_id())
        await self.app(scope, receive, send)


class MethodOverride:
    """Takes the method of a POST to an upload from X-HTTP-Method-Override, as tus 1.0.0 requires: some networks let
    neither PATCH nor DELETE through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and _is_upload(path_without_prefix(scope)):
            method = Headers(scope=scope).get(METHOD_OVERRIDE, "POST").strip().upper()
            scope = {**scope, "method": method}
        await self.app(scope, receive, send)


class BodySizeLimit:
    """Limits the size and the time of request bodies, which FastAPI reads whole before it authenticates.

    The routes in `streamed` authenticate first and read their bodies themselves, so they are left alone. A path that
    ends with / stands for the paths directly below it."""

    def __init__(
        self, app: ASGIApp, streamed: Collection[tuple[str, str]], seconds: float = _SMALL_BODY_SECONDS
    ) -> None:
        self.app = app
        self.streamed = streamed
        self.saved = _BodyTimeout(app, _DOCUMENT_SECONDS)
        self.limited = RequestBodyLimitMiddleware(_BodyTimeout(app, seconds), max_body_size=_SMALL_BODY_BYTES)
        self.large = RequestBodyLimitMiddleware(_BodyTimeout(app, seconds), max_body_size=_LARGE_BODY_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._limited(scope)(scope, receive, send)

    def _limited(self, scope: Scope) -> ASGIApp:
        if scope["type"] != "http":
            return self.app
        path = path_without_prefix(scope)
        if self._streams(scope["method"], path):
            return self.app
        if scope["method"] == "PUT":  # a document: its route has its own size limit
            return self.saved
        return self.large if path.endswith(_LARGE_BODY_PATH) else self.limited

    def _streams(self, method: str, path: str) -> bool:
        above = path.rpartition("/")[0] + "/"
        return (method, path) in self.streamed or (method, above) in self.streamed


class _BodyTimeout:
    """Answers 408 when a body has not arrived after so many seconds."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        clock = asyncio.get_running_loop().time
        deadline, complete = clock() + self.seconds, False

        async def receive_in_time() -> Message:
            nonlocal complete
            if complete:
                return await receive()  # from now on the only message is that the client has disconnected
            try:
                if (left := deadline - clock()) <= 0:
                    raise asyncio.TimeoutError  # a body that trickles in never makes `with_timeout` wait
                message = await with_timeout(left, receive())
            except asyncio.TimeoutError:
                raise HTTPException(408, "The request took too long to arrive.") from None
            complete = not message.get("more_body")
            return message

        await self.app(scope, receive_in_time, send)


class UnhandledErrors:
    """Answers 500 for unhandled errors, inside `SecurityHeaders`; Starlette's own handler would be outside of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = scope["type"] != "http"

        async def send_and_track(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_track)
        except Exception as error:
            if started:
                raise  # the status has been sent already
            await (await internal_error_response(Request(scope), error, logs.request_id.get()))(scope, receive, send)


class SecurityHeaders:
    """Adds security headers to every answer, and no-store to those of the API.

    An answer that is given before the request's body was read closes the connection: otherwise the server would go on
    reading a body it has refused."""

    def __init__(self, app: ASGIApp, *, google: bool = False) -> None:
        self.app = app
        self._page_policy = _page_policy(google)
        # Google's sign-in opens a window that must be able to reach this one.
        self._opener = "same-origin-allow-popups" if google else "same-origin"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope)
        unread = "transfer-encoding" in sent or sent.get("content-length", "0") != "0"

        async def receive_and_track() -> Message:
            nonlocal unread
            message = await receive()
            unread = unread and bool(message.get("more_body"))
            return message

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers(scope).items():
                    headers.setdefault(name, value)
                if unread:
                    headers["Connection"] = "close"
            await send(message)

        await self.app(scope, receive_and_track, send_with_headers)

    def _headers(self, scope: Scope) -> dict[str, str]:
        path = path_without_prefix(scope)
        api = path.startswith("/api/")
        policy = _API_POLICY if api else _DOCS_POLICY if path.startswith(_DOCS) else self._page_policy
        headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": self._opener,
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if request := logs.request_id.get():
            headers["X-Request-Id"] = request
        if path.startswith(("/s/", "/api/shares/")):  # search engines must not index shared links
            headers["X-Robots-Tag"] = "noindex, nofollow"
        if api:
            headers["Cache-Control"] = "no-store"
        if _is_upload(path):
            headers["Tus-Resumable"] = "1.0.0"
        if scope["scheme"] == "https":
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return headers


def _is_upload(path: str) -> bool:
    return path == "/api/uploads" or path.startswith("/api/uploads/")


def _page_policy(allow_google: bool) -> str:
    google = " https://accounts.google.com/gsi/" if allow_google else ""
    return (
        f"default-src 'self'; script-src 'self'{google}; style-src 'self' 'unsafe-inline'{google}; "
        f"connect-src 'self'{google}; frame-src 'self'{google}; img-src 'self' data: blob:; media-src 'self' blob:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
