"""A client that sends the head of a request slowly, or not at all, does not hold its connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from backend.head_timeout import HeadTimeoutProtocol

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"


class ImpatientProtocol(HeadTimeoutProtocol):
    head_seconds = 0.2


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = Starlette(routes=[Route("/", echo, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=ImpatientProtocol, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(30):
        while not server.started:
            await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def connect(port: int, start: bytes) -> Connection:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(start)
    return reader, writer


async def until_closed(connection: Connection) -> bytes:
    """What the server still sends before it closes the connection."""
    reader, writer = connection
    async with asyncio.timeout(30):
        rest = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return rest


@pytest.mark.parametrize("start", [b"", b"P", b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_head_that_does_not_arrive_closes_the_connection(port: int, start: bytes) -> None:
    assert await until_closed(await connect(port, start)) == b""


async def test_a_head_that_trickles_in_closes_the_connection(port: int) -> None:
    reader, writer = await connect(port, b"POST / HTTP/1.1\r\nX-Slow: ")

    async def trickle() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.01)

    trickling = asyncio.create_task(trickle())
    with contextlib.suppress(ConnectionError):
        assert await until_closed((reader, writer)) == b""
    trickling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await trickling


async def test_a_second_request_on_a_connection_has_a_deadline_too(port: int) -> None:
    reader, writer = await connect(port, HEAD + b"good")
    async with asyncio.timeout(30):
        assert (await reader.readuntil(b"good")).startswith(b"HTTP/1.1 200")

    writer.write(b"POST / HTTP/1.1\r\nX-Slow: ")

    assert await until_closed((reader, writer)) == b""


async def test_a_slow_body_is_not_cut(port: int) -> None:
    reader, writer = await connect(port, HEAD)

    await until_closed(await connect(port, b""))  # the deadline of a later head is over
    writer.write(b"late")

    async with asyncio.timeout(30):
        assert (await reader.readuntil(b"late")).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
