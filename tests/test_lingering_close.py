"""A client that is refused while it still sends a body can read the answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from backend.lingering_close import LingeringCloseProtocol

Connect = Callable[[float], AbstractAsyncContextManager[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000000\r\n\r\n"
PIECE = b"x" * 500_000


async def refuse(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("refused", 401, {"Connection": "close"})


@pytest.fixture
def connect() -> Connect:
    """Send the beginning of a large request to a server that lingers for so many seconds."""

    @asynccontextmanager
    async def connect(seconds: float) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        protocol = type("Protocol", (LingeringCloseProtocol,), {"linger_seconds": seconds})
        app = Starlette(routes=[Route("/", refuse, methods=["POST"])])
        server = uvicorn.Server(uvicorn.Config(app, port=0, http=protocol, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve())
        async with asyncio.timeout(60):
            while not server.started:
                await asyncio.sleep(0.01)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.servers[0].sockets[0].getsockname()[1])
            writer.write(HEAD + PIECE)
            yield reader, writer
            writer.close()
        server.should_exit = True
        await serving

    return connect


async def test_the_answer_arrives_and_the_rest_of_the_body_is_discarded(connect: Connect) -> None:
    async with connect(60.0) as (reader, writer):
        answer = await reader.read()
        for _ in range(20):
            writer.write(PIECE)
            await writer.drain()

    assert answer.startswith(b"HTTP/1.1 401")
    assert answer.endswith(b"refused")


async def test_a_client_that_goes_on_sending_is_cut_off(connect: Connect) -> None:
    async with connect(0.2) as (reader, writer):
        answer = await reader.read()
        with pytest.raises(ConnectionError):
            while True:
                writer.write(PIECE)
                await writer.drain()

    assert answer.startswith(b"HTTP/1.1 401")


async def test_a_client_that_closes_ends_the_waiting(connect: Connect) -> None:
    async with connect(3600.0) as (reader, _writer):
        answer = await reader.read()

    assert answer.endswith(b"refused")  # and the server of the test has ended
