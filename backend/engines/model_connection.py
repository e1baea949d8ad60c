"""One connection pool to an endpoint: sends a request and reads the events of its answer, within limits.

Redirects are not followed, because they could lead into a private network."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from backend.database import utc_now
from backend.engines.endpoint_reason import EndpointRefusal, reason_of, unreadable
from backend.engines.language_model_protocol import LanguageModelError
from backend.engines.model_endpoint import Endpoint, outbound_failure
from backend.engines.wire_formats import ChatCompletions, OwnWireFormat
from backend.outbound.address_guard import OutboundError

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

#: The most bytes of one answer, with everything around its text.
_MAX_BYTES = 16_000_000
_FIELDS = ("event:", "id:", "retry:", ":")

Result = TypeVar("Result")


class ModelConnection:
    """Raises EndpointRefusal for what the endpoint refuses, and LanguageModelError where it gives no answer."""

    def __init__(self, endpoint: Endpoint, wire: ChatCompletions | OwnWireFormat) -> None:
        self.endpoint = endpoint
        self._wire = wire
        self._client: httpx2.AsyncClient | None = None

    async def events(self, body: Mapping[str, Any], seconds: float) -> AsyncGenerator[Mapping[str, Any] | None, None]:
        """The JSON objects of the answer as they arrive, whether it is streamed or not; None is the end that a stream
        announces. `seconds` is the limit of the whole answer; the endpoint's timeout is that of each piece."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds

        def left() -> float:
            return (
                min(self.endpoint.timeout, max(end - clock(), 0.0)) if body.get("stream") else max(end - clock(), 0.0)
            )

        try:
            async with AsyncExitStack() as stack:
                response = await within(left(), stack.enter_async_context(self._sent(body)))
                parsed = await stack.enter_async_context(aclosing(_parse(_lines(response), each_line=self._wire.lines)))
                while True:
                    try:
                        event = await within(left(), anext(parsed))
                    except StopAsyncIteration:
                        return
                    if event is not None and self._wire.is_refusal(event):
                        raise EndpointRefusal(200, reason_of(event), _retry_after(response))
                    yield event
        except (EndpointRefusal, LanguageModelError, GeneratorExit, asyncio.CancelledError):
            raise
        except Exception as error:
            raise _failure(error) from None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    @asynccontextmanager
    async def _sent(self, body: Mapping[str, Any]) -> "AsyncIterator[httpx2.Response]":
        """The answer to this request, not yet read; only its head has arrived. Raises EndpointRefusal unless its status
        is 200."""
        client = await self._open_client()
        if isinstance(self._wire, ChatCompletions):
            # The SDK sends what it knows and what we add, and leaves the reading of the answer to us.
            completions = self._sdk(client).chat.completions.with_streaming_response
            more = {name: value for name, value in body.items() if name not in ("model", "messages")}
            async with completions.create(model=body["model"], messages=body["messages"], extra_body=more) as answer:
                yield answer.http_response
        else:
            url, headers = self._wire.url(self.endpoint), self._wire.headers(self.endpoint)
            async with client.stream("POST", url, json=body, headers=headers) as response:
                yield response

    def _sdk(self, client: "httpx2.AsyncClient") -> "AsyncOpenAI":
        from openai import AsyncOpenAI

        key = self.endpoint.key or "none"  # local endpoints want none, the SDK wants some
        return AsyncOpenAI(api_key=key, base_url=self.endpoint.url, max_retries=0, http_client=client)

    async def _open_client(self) -> "httpx2.AsyncClient":
        if self._client is None:
            await asyncio.to_thread(
                __import__, "openai" if isinstance(self._wire, ChatCompletions) else "httpx2"
            )  # half a second
            import httpx2

            from backend.outbound.pinned_transport import PinnedTransport

            if self._client is None:
                self._client = httpx2.AsyncClient(
                    follow_redirects=False,
                    timeout=self.endpoint.timeout,
                    transport=PinnedTransport(allow_private=self.endpoint.allow_private),
                    event_hooks={"request": [self._add_headers], "response": [_refuse]},
                )
        return self._client

    async def _add_headers(self, request: "httpx2.Request") -> None:
        request.headers.update(self.endpoint.headers)  # whatever the case of their names


async def within(seconds: float, request: Awaitable[Result]) -> Result:
    """The result, or asyncio.TimeoutError. The client's own timeout starts again with every byte it receives."""
    task = asyncio.ensure_future(request)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise asyncio.TimeoutError
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _refuse(response: "httpx2.Response") -> None:
    """Raises EndpointRefusal unless the status is 200. The SDK would read a reason of any length."""
    if response.status_code != 200:
        raise EndpointRefusal(response.status_code, reason_of(await _read(response)), _retry_after(response))


async def _read(response: "httpx2.Response") -> bytes:
    content = b""
    async for part in response.aiter_bytes():
        content += part
        if len(content) > _MAX_BYTES:
            raise unreadable()
    return content


async def _lines(response: "httpx2.Response") -> AsyncIterator[bytes]:
    rest, received = b"", 0
    async for part in response.aiter_bytes():
        received += len(part)
        if received > _MAX_BYTES:
            raise unreadable()
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line
    yield rest


async def _parse(lines: AsyncIterator[bytes], *, each_line: bool) -> AsyncGenerator[Mapping[str, Any] | None, None]:
    """Server-sent events, a JSON object a line, or one JSON object in all: endpoints send any of them for any request.

    What belongs to no event is read as a whole at the end."""
    other: list[bytes] = []
    events = 0
    async for line in lines:
        text = line.decode("utf-8", errors="replace").strip().removeprefix("\ufeff")
        if text.startswith("data:"):
            data = text[5:].strip()
            if data == "[DONE]":
                events += 1
                yield None
            elif (event := _json_object(data)) is not None:
                events += 1
                yield event
        elif each_line and (event := _json_object(text)) is not None:
            events += 1
            yield event
        elif text and not text.startswith(_FIELDS):
            other.append(line)
    content = b"\n".join(other)
    whole = _json_object(content.decode("utf-8-sig", errors="replace").strip())
    if whole is not None:
        yield whole
        yield None
    elif not events:
        raise EndpointRefusal(200, reason_of(content))


def _json_object(text: str) -> Mapping[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _failure(error: Exception) -> LanguageModelError:
    """The error in our own words for what happened on the way."""
    import httpx2

    causes = [error]
    while isinstance(cause := causes[-1].__cause__ or causes[-1].__context__, Exception):
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, OutboundError):
            return outbound_failure(cause)
    for cause in causes:  # the SDK wraps errors of the connection
        if isinstance(cause, asyncio.TimeoutError | httpx2.TimeoutException):
            return LanguageModelError("language_model_slow", "The language model did not answer in time.", retry=True)
        if isinstance(cause, httpx2.HTTPError | httpx2.InvalidURL | httpx2.StreamError | OSError):
            return unreadable()
    raise error


def _retry_after(response: "httpx2.Response") -> float:
    """The seconds of the endpoint's Retry-After header, or 0."""
    value = response.headers.get("retry-after", "")
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(value) - utc_now()).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0
