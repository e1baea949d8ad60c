"""Serving the built page beside the API."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from backend.errors import install_handlers
from backend.forwarded_headers import PathPrefix
from backend.page import Page, is_built


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<!doctype html>the page <link href="./icon.svg">')
    (tmp_path / "assets" / "main-1a2b.js").write_text("go()")
    (tmp_path / "assets" / "main-1a2b.js.gz").write_bytes(gzip.compress(b"go()"))
    return tmp_path


@pytest.fixture
async def client(dist: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_handlers(app)

    @app.get("/api/things")
    async def things() -> list[str]:
        return ["thing"]

    @app.post("/upload")
    async def upload() -> None: ...

    app.router.routes.append(Page(dist))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/recordings/0123", "/sign-in?next=%2Fusers", "/apiary"])
async def test_every_path_of_the_page_serves_the_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 200
    assert answer.text == '<!doctype html>the page <link href="/icon.svg">'
    assert answer.headers["cache-control"] == "no-cache"


async def test_the_addresses_in_the_page_begin_with_the_prefix(client: httpx.AsyncClient) -> None:
    app = cast("httpx.ASGITransport", client._transport).app
    transport = httpx.ASGITransport(PathPrefix(cast("Any", app), "/asr"))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as under_asr:
        for path in ("/asr", "/asr/", "/asr/recordings/0123", "/recordings/0123", "/index.html"):
            assert '<link href="/asr/icon.svg">' in (await under_asr.get(path)).text
        assert (await under_asr.get("/asr/assets/main-1a2b.js")).text == "go()"
        assert (await under_asr.get("/asr/assets/other.js")).status_code == 404
        assert (await under_asr.get("/asr/api/nothing")).status_code == 404


async def test_assets_with_a_hash_in_their_name_are_immutable(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/main-1a2b.js", headers={"Accept-Encoding": "identity"})

    assert answer.text == "go()"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in answer.headers


async def test_clients_that_accept_gzip_get_the_compressed_file(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/main-1a2b.js", headers={"Accept-Encoding": "gzip"})

    assert answer.text == "go()"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_missing_files_and_routes_are_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/assets/other.js")).status_code == 404
    unknown = await client.get("/api/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_routes_of_the_server_are_not_shadowed_by_the_page(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/things")).json() == ["thing"]
    assert (await client.get("/docs")).status_code == 200
    assert (await client.get("/upload")).status_code == 405
    assert (await client.post("/recordings")).status_code == 404


@pytest.mark.parametrize("path", ["/../secret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret"])
async def test_nothing_outside_the_folder_is_served(client: httpx.AsyncClient, dist: Path, path: str) -> None:
    (dist.parent / "secret").write_text("secret")

    assert "secret" not in (await client.get(path)).text


def test_a_page_that_was_not_built_is_not_served(tmp_path: Path, dist: Path) -> None:
    assert is_built(dist)
    assert not is_built(tmp_path / "elsewhere")
