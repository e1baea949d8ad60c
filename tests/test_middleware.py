"""The headers that every answer of the app has."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from backend.accounts.throttle import Throttle
from backend.app import create_app
from backend.database import Database
from backend.settings import Settings


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    app.state.database = database
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        yield client
    app.state.passwords.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/health", 200), ("GET", "/api/auth/me", 401), ("GET", "/api/none", 404), ("PUT", "/health", 405)],
)
async def test_every_answer_has_security_headers(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == status
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in answer.headers
    assert "server" not in answer.headers


async def test_answers_of_the_api_are_not_stored(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/auth/me")).headers["Cache-Control"] == "no-store"


async def test_https_answers_have_strict_transport_security(client: httpx.AsyncClient) -> None:
    direct = await client.get("https://server/health")
    proxied = await client.get("/health", headers={"X-Forwarded-Proto": "https"})

    assert "max-age=31536000" in direct.headers["Strict-Transport-Security"]
    assert "max-age=31536000" in proxied.headers["Strict-Transport-Security"]


async def test_no_script_of_a_page_is_inline(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/")).headers["Content-Security-Policy"]

    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts == "script-src 'self'"


async def test_the_documentation_can_be_turned_off(settings: Settings, client: httpx.AsyncClient) -> None:
    app = create_app(settings.model_copy(update={"docs": False}))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as bare:
        for path in ("/docs", "/redoc", "/openapi.json"):
            assert (await bare.get(path)).status_code == 404
    app.state.passwords.close()

    for path in ("/docs", "/redoc"):
        docs = await client.get(path)
        assert docs.status_code == 200
        assert "https://" not in docs.headers["Content-Security-Policy"]
        assert "http" not in "".join(re.findall(r'(?:src|href)="([^"]*)"', docs.text))  # its scripts come from here


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3030.evil.example"])
async def test_a_foreign_origin_gets_no_cors_headers(client: httpx.AsyncClient, origin: str) -> None:
    answer = await client.get("/health", headers={"Origin": origin})

    assert "access-control-allow-origin" not in answer.headers


async def test_x_forwarded_for_is_trusted_from_trusted_proxies_only(settings: Settings, database: Database) -> None:
    app = create_app(settings.model_copy(update={"trusted_proxies": "10.0.0.0/8"}))
    app.state.throttle = Throttle(lambda: 0.0)
    app.state.database = database

    statuses = {}
    for proxy in ("10.1.2.3", "192.0.2.7"):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(proxy, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            statuses[proxy] = [
                (
                    await client.post(
                        "/api/auth/login",
                        data={"username": f"{proxy} {number}", "password": "guess"},
                        headers={"X-Forwarded-For": f"203.0.113.{number}"},
                    )
                ).status_code
                for number in range(21)
            ]
    app.state.passwords.close()

    assert set(statuses["10.1.2.3"]) == {401}
    assert statuses["192.0.2.7"] == [401] * 20 + [429]


@pytest.mark.parametrize("path", ["/s/0123", "/api/shares/0123"])
async def test_search_engines_do_not_index_shares(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "X-Robots-Tag" not in (await client.get("/health")).headers
