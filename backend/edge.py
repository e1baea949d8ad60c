"""What every request passes on its way in, and every answer on its way out."""

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.accounts import audit

#: What FastAPI reads for a route before the route is asked.
_SMALL_BODY_BYTES = 64 * 1024

#: An answer of the API is no page: nothing in it is ever run or shown in a frame.
_API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
#: The interactive documentation comes with one inline script.
_DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class WhereFrom:
    """The audit log wants to know where a request comes from."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            audit.address.set((scope.get("client") or ("",))[0][:64])
            audit.actor.set(None)
        await self.app(scope, receive, send)


class SmallBodies:
    """FastAPI reads a form or JSON whole before it asks who is there. The routes that stream theirs ask first."""

    def __init__(self, app: ASGIApp, streamed: Collection[tuple[str, str]]) -> None:
        self.app = app
        self.streamed = streamed
        self.limited = RequestBodyLimitMiddleware(app, max_body_size=_SMALL_BODY_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streams = scope["type"] == "http" and (scope["method"], scope["path"]) in self.streamed
        saves = scope["type"] == "http" and scope["method"] == "PUT"  # a document; its route has a limit of its own
        await (self.app if streams or saves else self.limited)(scope, receive, send)


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
        if api:
            headers["Cache-Control"] = "no-store"
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
