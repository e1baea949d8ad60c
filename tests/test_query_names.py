"""A misspelt parameter is refused by every route, and never ignored."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.settings import Settings


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
        yield client


async def test_every_route_refuses_a_name_it_does_not_have(app: FastAPI, client: httpx.AsyncClient) -> None:
    operations = [(method, path) for path, methods in app.openapi()["paths"].items() for method in methods]
    assert len(operations) > 100

    for method, path in operations:
        answer = await client.request(method, path.replace("{", "").replace("}", ""), params={"surely_unknown": "1"})
        assert answer.status_code == 422, (method, path)
        if method != "head":  # it has no body
            assert answer.json()["code"] == "unknown_parameter", (method, path)
            assert [field["field"] for field in answer.json()["fields"]] == ["surely_unknown"]


def test_every_json_body_refuses_a_field_it_does_not_have(app: FastAPI) -> None:
    description = app.openapi()
    schemas = description["components"]["schemas"]
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for methods in description["paths"].values()
        for operation in methods.values()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    named = {
        one["$ref"].rpartition("/")[2] for body in bodies for one in (body, *body.get("anyOf", [])) if "$ref" in one
    }

    assert len(named) > 30
    assert [name for name in named if schemas[name].get("additionalProperties") is not False] == []


async def test_the_answer_names_the_nearest_parameter(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/recordings", params={"statsu": "done", "limit": "5"})

    assert answer.json()["detail"] == "This route has no parameter statsu. Did you mean status?"


async def test_names_of_other_sources_are_not_parameters_of_the_query(client: httpx.AsyncClient) -> None:
    for name in ("recording_id", "authorization", "Idempotency-Key"):
        answer = await client.get("/api/recordings/0/transcript", params={name: "1"})
        assert answer.json()["code"] == "unknown_parameter", name


async def test_known_names_and_pages_are_left_alone(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).status_code == 200
    assert (await client.get("/openapi.json", params={"any": "1"})).status_code == 200
