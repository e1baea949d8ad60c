"""The headers in which proxies say for whom they forward: believed from trusted proxies, else removed."""

import logging
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any, cast

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from backend.path_prefix import is_prefix

logger = logging.getLogger(__name__)

_PREFIX_HEADER = "x-forwarded-prefix"
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", _PREFIX_HEADER.encode()})
_MAX_PEERS = 16


class UntrustedProxies:
    """The peers that sent forwarded headers and are not trusted, the first sixteen.

    Only peers with a private address are recorded: anybody on the Internet can send such headers, and a proxy that an
    administrator has forgotten is almost always in the same network."""

    def __init__(self) -> None:
        self._peers: dict[str, None] = {}

    def record(self, peer: str) -> None:
        if peer in self._peers or len(self._peers) >= _MAX_PEERS or not _is_private(peer):
            return
        self._peers[peer] = None
        logger.warning("A peer sends forwarded headers and is not in TRUSTED_PROXIES", extra={"peer": peer})

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._peers))


class ForwardedHeaders(ProxyHeadersMiddleware):
    """The outermost middleware: it knows the address of the peer, the others that of the client."""

    def __init__(self, app: ASGIApp, trusted: Iterable[str], untrusted: UntrustedProxies) -> None:
        super().__init__(cast("Any", app), list(trusted))  # uvicorn has ASGI types of its own
        self.untrusted = untrusted

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            peer = (scope.get("client") or ("",))[0]
            if peer not in self.trusted_hosts:
                scope = self._without_forwarded(scope, peer)
        await super().__call__(scope, receive, send)

    def _without_forwarded(self, scope: Scope, peer: str) -> Scope:
        headers = [(name, value) for name, value in scope["headers"] if name not in _FORWARDED]
        if len(headers) == len(scope["headers"]):
            return scope
        self.untrusted.record(peer)
        return {**scope, "headers": headers}


class PathPrefix:
    """Finds the prefix of a request, whether or not the proxy removed it: `prefix`, or else X-Forwarded-Prefix.

    It stands inside of `ForwardedHeaders`, which removes that header where it is not trusted."""

    def __init__(self, app: ASGIApp, prefix: str | None) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        prefix = self._forwarded(scope) if self.prefix is None else self.prefix
        path: str = scope["path"]
        if path == prefix or path.startswith(f"{prefix}/"):
            path = path[len(prefix) :] or "/"
        await self.app({**scope, "root_path": prefix, "path": prefix + path}, receive, send)

    def _forwarded(self, scope: Scope) -> str:
        value = Headers(scope=scope).get(_PREFIX_HEADER, "").rstrip("/")
        return value if is_prefix(value) else ""


def _is_private(peer: str) -> bool:
    try:
        return not ip_address(peer.partition("%")[0]).is_global
    except ValueError:
        return False
