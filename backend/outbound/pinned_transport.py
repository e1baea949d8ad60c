"""An HTTP transport that resolves a name once, checks all of its addresses, and connects only to those."""

import httpx2

from backend.outbound.address_guard import resolve_host


class PinnedTransport(httpx2.AsyncBaseTransport):
    """The host name stays in the Host header and in TLS, where the certificate is checked against it. Proxies are not
    used: a proxy would resolve the name a second time, without our check."""

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        addresses = await resolve_host(host, port, allow_private=self.allow_private)
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_pin(request, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue  # such as an IPv6 address on a network without IPv6
        return await self._inner.handle_async_request(_pin(request, addresses[-1]))

    async def aclose(self) -> None:
        await self._inner.aclose()


def _pin(request: httpx2.Request, address: str) -> httpx2.Request:
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address.partition("%")[0]),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
