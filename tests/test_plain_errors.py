"""What Starlette answers as plain text has the form of all other errors."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Route

from backend.plain_errors import PlainErrors


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "file").write_bytes(b"0123456789")

    async def file(_request: Request) -> FileResponse:
        return FileResponse(tmp_path / "file")

    async def refuses(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("no", 418)

    app = PlainErrors(Starlette(routes=[Route("/file", file), Route("/refuses", refuses)]))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server")


async def test_a_range_that_cannot_be_read_is_refused_with_a_code(client: httpx.AsyncClient) -> None:
    answer = await client.get("/file", headers={"Range": "bytes=abc"})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_range")


async def test_a_range_behind_the_end_is_refused_with_a_code_and_the_size(client: httpx.AsyncClient) -> None:
    answer = await client.get("/file", headers={"Range": "bytes=10-"})

    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == "bytes */10"
    assert int(answer.headers["Content-Length"]) == len(answer.content)


async def test_other_answers_are_left_alone(client: httpx.AsyncClient) -> None:
    part = await client.get("/file", headers={"Range": "bytes=2-4"})
    refused = await client.get("/refuses")

    assert (part.status_code, part.text) == (206, "234")
    assert (refused.status_code, refused.text) == (418, "no")
