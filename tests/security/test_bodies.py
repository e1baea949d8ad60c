"""Request bodies are read only if they are allowed, up to a size limit and a time limit."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from backend.app import add_sign_in_state, create_app
from backend.coordination.leases import Leases
from backend.database import Database
from backend.lingering_close import LingeringCloseProtocol
from backend.middleware import BodySizeLimit
from backend.settings import Settings
from tests.serving import Server

LIMIT = 1 << 20
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
FORM = "Content-Type: multipart/form-data; boundary=x\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"), MAX_UPLOAD_BYTES=str(LIMIT))
    server.start()
    yield server
    server.close()


def begin(server: Server, headers: str, token: bool = True) -> socket.socket:
    """A connection on which the headers of an upload were sent, but no body."""
    line = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    authorization = f"Authorization: {server.client.headers['Authorization']}\r\n" if token else ""
    line.sendall(f"POST /api/recordings HTTP/1.1\r\nHost: x\r\n{authorization}{FORM}{headers}\r\n".encode())
    return line


def status(line: socket.socket) -> int:
    return int(line.makefile("rb").readline().split()[1])


def stored_files(server: Server) -> list[Path]:
    return [path for path in (server.folder / "uploads").rglob("*") if path.is_file()]


def test_a_body_with_a_too_large_content_length_is_refused_before_it_is_read(server: Server) -> None:
    with begin(server, f"Content-Length: {10 * LIMIT}\r\n") as line:
        assert status(line) == 413  # no body was sent

    assert stored_files(server) == []


def test_a_chunked_body_is_cut_off_soon_after_the_limit_and_leaves_nothing(server: Server) -> None:
    piece = b"10000\r\n" + bytes(65536) + b"\r\n"
    with begin(server, "Transfer-Encoding: chunked\r\n") as line:
        line.sendall(f"{len(HEAD):x}\r\n".encode() + HEAD + b"\r\n")
        sent = 0
        try:
            while sent < 1 << 30:
                line.sendall(piece)
                sent += 65536
        except OSError:
            pass  # the server closed the connection

    # 64 MiB allow for the operating system's socket buffers
    assert sent < LIMIT + LingeringCloseProtocol.linger_bytes + (64 << 20)
    assert stored_files(server) == []
    assert server.client.get("/api/recordings").json()["total"] == 0


@pytest.mark.parametrize("path", ["/upload", "/api/recordings"])
async def test_a_request_without_login_is_refused_before_its_body_is_read(
    settings: Settings, database: Database, path: str
) -> None:
    app = create_app(settings)
    app.state.database = database
    add_sign_in_state(app, settings, Leases(database))
    read, answers = 0, []

    async def receive() -> Message:
        nonlocal read
        read += 65536
        return {"type": "http.request", "body": bytes(65536), "more_body": True}

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(b"content-type", b"multipart/form-data; boundary=x"), (b"content-length", b"1073741824")]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": headers, "scheme": "http", "server": ("x", 80), "client": ("127.0.0.1", 5), "root_path": ""}
    await app(scope | {"http_version": "1.1", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    app.state.passwords.close()

    assert answers[0]["status"] == 401
    assert dict(answers[0]["headers"])[b"connection"] == b"close"
    assert read == 0


async def test_a_slow_body_is_refused_after_the_time_limit() -> None:
    async def read_it(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    async def for_ever() -> object:
        while True:
            yield b"x"
            await asyncio.sleep(0)

    app = BodySizeLimit(Starlette(routes=[Route("/", read_it, methods=["POST"])]), streamed=[], seconds=0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        assert (await client.post("/", content=for_ever())).status_code == 408  # type: ignore[arg-type]

    app = BodySizeLimit(Starlette(routes=[Route("/", read_it, methods=["POST"])]), streamed=[], seconds=30)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        assert (await client.post("/", content=b"all at once")).text == "11"
