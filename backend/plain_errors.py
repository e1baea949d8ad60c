"""Errors that Starlette writes as plain text are answered in the form of all others: {"code", "detail"}."""

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: By the status: of `FileResponse` for a header Range, and of `RequestBodyLimitMiddleware`.
_ERRORS = {
    400: ("invalid_range", "The header Range cannot be read. Write it as bytes=0-1023."),
    413: ("request_too_large", "The request is too large. Send less at once."),
    416: ("range_not_satisfiable", "The file ends before the range begins. Content-Range tells its size."),
}


class PlainErrors:
    """Replaces the body of such answers, and keeps their headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def send_in_form(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] in _ERRORS:
                headers = MutableHeaders(raw=list(message["headers"]))
                replaced = headers.get("content-type", "text/plain").startswith("text/plain")
                if replaced:
                    for name in ("content-type", "content-length"):
                        del headers[name]
                    code, detail = _ERRORS[message["status"]]
                    answer = JSONResponse({"code": code, "detail": detail}, message["status"], headers=dict(headers))
                    await answer(scope, receive, send)
                    return
            if not replaced:
                await send(message)

        await self.app(scope, receive, send_in_form if scope["type"] == "http" else send)
