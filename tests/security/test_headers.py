"""Security and CORS headers on every response, for every user and every status."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.settings import Settings
from tests.security.rules import RULES, Rule
from tests.security.scenario import Route, Scenario

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ROUTES = [pytest.param(route, rule, id=" ".join(route)) for route, rule in RULES.items() if not rule.ends]


_BYTES = ("audio/", "video/", "application/octet-stream", "application/zip")


@pytest.mark.parametrize(("route", "_rule"), _ROUTES)
def test_every_response_has_the_security_headers(scenario: Scenario, route: Route, _rule: Rule) -> None:
    for who in ("anybody", "other", "owner", "admin"):
        answer = scenario.send(route, who)

        assert _missing_headers(answer) == {}
        policy = _policy(answer)
        assert policy["default-src"] in ("'self'", "'none'")
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy.get("object-src", policy["default-src"]) == "'none'"
        assert "unsafe" not in policy.get("script-src", policy["default-src"])
        assert len(answer.headers["X-Request-Id"]) == 32
        assert "server" not in answer.headers
        if route[1].startswith("/api/"):
            # Media are large: the browser may cache them privately, but revalidates each time.
            media = answer.is_success and route[1].endswith(("/audio", "/original", "/peaks", "/video"))
            assert answer.headers["Cache-Control"] == ("private, no-cache" if media else "no-store")
        if answer.content and not answer.headers["Content-Type"].startswith(_BYTES):
            assert "json" in answer.headers["Content-Type"] or "charset=utf-8" in answer.headers["Content-Type"]


def _missing_headers(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in ALWAYS.items() if answer.headers.get(name) != value}


def _policy(answer: httpx.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost:3030.evil.example",
        "https://localhost:3030",
        "http://localhost:3031",
        "http://LOCALHOST:3030.",
        "http://localhost:3030/",
        "http://user@localhost:3030",
        "*",
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_an_unlisted_origin_gets_no_cors_headers(scenario: Scenario, origin: str, method: str) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "DELETE", **scenario.people["owner"]}

    answer = httpx.request(method, f"{scenario.base}/api/recordings", headers=headers)

    assert "access-control-allow-origin" not in answer.headers


def test_a_listed_origin_is_named_exactly_and_never_as_a_wildcard(scenario: Scenario) -> None:
    answer = httpx.get(f"{scenario.base}/api/recordings", headers={"Origin": "http://localhost:3030"})

    assert answer.headers["access-control-allow-origin"] == "http://localhost:3030"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
def test_no_method_echoes_the_request(scenario: Scenario, method: str) -> None:
    answer = httpx.request(method, f"{scenario.base}/api/auth/me", headers={"X-Secret": "a secret"})

    assert answer.status_code in (400, 404, 405)
    assert "a secret" not in answer.text


async def test_an_unhandled_error_is_answered_with_all_headers_and_its_request_id(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app: FastAPI = create_app(settings)

    @app.get("/api/broken")
    async def broken() -> Any:
        raise RuntimeError("SELECT secret FROM /home/somebody")

    transport = httpx.ASGITransport(app)  # an exception that is not handled would be raised here
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        answer = await client.get("/api/broken")
    app.state.passwords.close()

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert _missing_headers(answer) == {}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["request"] == answer.headers["X-Request-Id"]
    assert not any(word in answer.text for word in ("SELECT", "/home", "Traceback", "RuntimeError"))
    log = capsys.readouterr().err
    assert log.count("Request failed") == log.count("Traceback") == 1
    assert f'request="{answer.json()["request"]}"' in log
