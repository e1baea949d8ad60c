"""The headers that every answer of the app has."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from backend.accounts.throttle import Throttle
from backend.app import add_sign_in_state, create_app
from backend.coordination.leases import Leases
from backend.database import Database
from backend.settings import Settings
from tests.clocks import FixedClock


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    app.state.database = database
    add_sign_in_state(app, settings, Leases(database))
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


async def test_pages_of_listed_origins_may_send_every_header_that_a_route_reads(client: httpx.AsyncClient) -> None:
    description = (await client.get("/openapi.json")).json()
    operations = [operation for path in description["paths"].values() for operation in path.values()]
    read = {one["name"] for operation in operations for one in operation.get("parameters", []) if one["in"] == "header"}
    keys = {one["name"] for one in description["components"]["securitySchemes"].values() if one["type"] == "apiKey"}

    answer = await client.options(
        "/api/uploads",
        headers={
            "Origin": "http://localhost:3030",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": ", ".join(sorted({*read, *keys, "X-Upload-Token", "Authorization"})),
        },
    )

    assert {"Tus-Resumable", "X-API-Key"} <= {*read, *keys}
    assert answer.status_code == 200, answer.text


async def test_pages_of_listed_origins_may_read_why_a_body_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/api/auth/register", content=b"x" * 100_000, headers={"Origin": "http://localhost:3030"}
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3030"
    assert {"Retry-After", "X-Upload-Token"} <= set(answer.headers["Access-Control-Expose-Headers"].split(", "))


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3030.evil.example"])
async def test_a_foreign_origin_gets_no_cors_headers(client: httpx.AsyncClient, origin: str) -> None:
    answer = await client.get("/health", headers={"Origin": origin})

    assert "access-control-allow-origin" not in answer.headers


async def test_x_forwarded_for_is_trusted_from_trusted_proxies_only(settings: Settings, database: Database) -> None:
    app = create_app(settings.model_copy(update={"trusted_proxies": "10.0.0.0/8"}))
    app.state.throttle = Throttle(database, FixedClock())
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


@pytest.fixture
async def under_asr(settings: Settings, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server whose PUBLIC_URL has the path /asr/."""
    app = create_app(settings.model_copy(update={"public_url": "https://example.org/asr/"}))
    app.state.database = database
    add_sign_in_state(app, settings, Leases(database))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        yield client
    app.state.passwords.close()


@pytest.mark.parametrize("before", ["", "/asr"])
async def test_headers_are_the_same_under_a_path(under_asr: httpx.AsyncClient, before: str) -> None:
    share, uploads = await under_asr.get(f"{before}/api/shares/0123"), await under_asr.get(f"{before}/api/uploads")

    assert share.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert (uploads.headers["Cache-Control"], uploads.headers["Tus-Resumable"]) == ("no-store", "1.0.0")
    assert "'unsafe-inline'" in (await under_asr.get(f"{before}/docs")).headers["Content-Security-Policy"]


@pytest.mark.parametrize("before", ["", "/asr"])
async def test_the_description_of_the_api_names_the_path(under_asr: httpx.AsyncClient, before: str) -> None:
    description = (await under_asr.get(f"{before}/openapi.json")).json()

    assert description["servers"] == [{"url": "/asr"}]
    flow = description["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"]
    assert flow["tokenUrl"] == "/asr/api/auth/login"
    assert "/api/auth/login" in description["paths"]  # paths are relative to the server
    for page in ("docs", "redoc"):
        html = (await under_asr.get(f"{before}/{page}")).text
        assert "/asr/openapi.json" in html
        assert all(link.startswith("/asr/") for link in re.findall(r'(?:src|href)="([^"]*)"', html))


async def test_without_a_path_the_description_names_none(client: httpx.AsyncClient) -> None:
    assert "servers" not in (await client.get("/openapi.json")).json()


async def test_a_body_may_be_streamed_under_a_path_too(under_asr: httpx.AsyncClient) -> None:
    for before in ("", "/asr"):
        answer = await under_asr.post(f"{before}/api/recordings", content=b"x" * 100_000)
        assert answer.status_code == 401  # and not 413, which is for bodies that are read whole


async def test_the_origin_of_the_public_url_is_this_server_whatever_the_host_header_is(
    under_asr: httpx.AsyncClient,
) -> None:
    statuses = {
        origin: (await under_asr.post("/api/auth/refresh", headers={"Origin": origin})).json()["code"]
        for origin in ("https://example.org", "https://evil.example", "https://example.org.evil.example")
    }

    assert statuses.pop("https://example.org") != "foreign_origin"
    assert set(statuses.values()) == {"foreign_origin"}


@pytest.mark.parametrize(("method", "status"), [("PATCH", 401), ("delete", 401), ("HEAD", 401), ("PUT", 405)])
async def test_a_post_to_an_upload_has_the_method_it_names(client: httpx.AsyncClient, method: str, status: int) -> None:
    upload = f"/api/uploads/{'0' * 32}"

    plain = await client.post(upload)
    answer = await client.post(upload, headers={"X-HTTP-Method-Override": method})

    assert (plain.status_code, answer.status_code) == (405, status)


@pytest.mark.parametrize(("sent", "path"), [("GET", "/api/uploads/0123"), ("POST", "/api/auth/logout")])
async def test_no_other_request_changes_its_method(client: httpx.AsyncClient, sent: str, path: str) -> None:
    plain = await client.request(sent, path)
    named = await client.request(sent, path, headers={"X-HTTP-Method-Override": "PUT"})

    assert plain.status_code == named.status_code != 405
