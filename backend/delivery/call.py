"""One request to a receiver: limited in time and bytes, at a checked address, without redirects."""

import asyncio
import ssl
from collections.abc import Collection

import httpx2

from backend.delivery.kinds.protocol import Answer, OutgoingRequest
from backend.delivery.problems import Problem
from backend.outbound.address_guard import HostNotFound, OutboundError, PrivateAddress
from backend.outbound.pinned_transport import PinnedTransport
from backend.recordings.timeouts import with_timeout

#: From the start of a call to the end of its answer.
SECONDS = 15.0
#: Of an answer no more is read.
MAX_ANSWER = 64 * 1024

_CONNECT_SECONDS = 5.0
#: No connection is used twice: receivers with one IP address must each show their own certificate.
_HEADERS = {"connection": "close", "accept-encoding": "identity", "user-agent": "MeetingASR"}


class CallFailed(Exception):
    """There is no answer. The code says why."""

    def __init__(self, code: Problem) -> None:
        super().__init__(code)
        self.code = code


class Caller:
    """Sends requests. `private_hosts` are the names of hosts that may have an address in a private network."""

    def __init__(self, private_hosts: Collection[str] = (), seconds: float = SECONDS) -> None:
        self._private_hosts = frozenset(private_hosts)
        self._seconds = seconds
        self._public = PinnedTransport(allow_private=False)
        self._private = PinnedTransport(allow_private=True)

    async def send(self, request: OutgoingRequest, *, reads_body: bool) -> Answer:
        """Raises CallFailed."""
        try:
            return await with_timeout(self._seconds, self._send(request, reads_body))
        except (asyncio.TimeoutError, httpx2.TimeoutException):
            raise CallFailed(Problem.TIMEOUT) from None
        except PrivateAddress:
            raise CallFailed(Problem.PRIVATE_ADDRESS) from None
        except HostNotFound:
            raise CallFailed(Problem.HOST_NOT_FOUND) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OutboundError, OSError, ValueError) as error:
            raise CallFailed(_code(error)) from None

    async def close(self) -> None:
        await self._public.aclose()
        await self._private.aclose()

    async def _send(self, request: OutgoingRequest, reads_body: bool) -> Answer:
        url = httpx2.URL(request.url)
        transport = self._private if url.host.lower() in self._private_hosts else self._public
        timeout = {"connect": _CONNECT_SECONDS, "read": self._seconds, "write": self._seconds, "pool": self._seconds}
        outgoing = httpx2.Request(
            "POST",
            url,
            headers={**_HEADERS, **request.headers},
            content=request.body,
            extensions={"timeout": timeout},
        )
        response = await transport.handle_async_request(outgoing)
        try:
            body = b""
            if reads_body:
                async for chunk in response.aiter_raw():
                    body += chunk[: MAX_ANSWER - len(body)]
                    if len(body) >= MAX_ANSWER:
                        break
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, body)
        finally:
            await response.aclose()


def _code(error: BaseException) -> Problem:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return Problem.CERTIFICATE if isinstance(cause, ssl.SSLCertVerificationError) else Problem.TLS
        cause = cause.__cause__ or cause.__context__
    return Problem.UNREACHABLE if isinstance(error, (httpx2.NetworkError, OSError)) else Problem.BROKEN_ANSWER
