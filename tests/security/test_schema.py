"""No request that can be made out of the schema, in order or not, makes the server stumble.

Schemathesis draws the requests: the same ones in every run. What takes things away is asked last.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, openapi, serializer
from schemathesis.schemas import BaseSchema

from backend.recordings.tus import CHUNK
from tests.security.rules import RULES, Rule, Whose
from tests.security.world import SPOKEN, Route, World
from tests.serving import Server

#: Of each route, for each of the askers.
_EXAMPLES = 12

#: A piece of an upload is bytes, like any other file.
serializer.alias(CHUNK, "application/octet-stream")

_ROUTES = sorted(RULES, key=lambda route: (RULES[route].ends, route[1].startswith("/api/auth/logout"), route[1]))


@pytest.fixture(scope="module")
def schema(world: World) -> BaseSchema:
    return openapi.from_dict(world.schema)


@pytest.fixture(scope="module")
def line() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def requests_of(operation: Any, owned: dict[str, str]) -> st.SearchStrategy[Case]:
    """Requests in order about things that are there, requests in order about anything, and requests out of order."""
    names = {parameter.name for parameter in operation.path_parameters}
    there = {name: value for name, value in {"speaker": "S1", "name": "scripted", **owned}.items() if name in names}
    ways = [operation.as_strategy(), operation.as_strategy(GenerationMode.NEGATIVE)]
    if there:
        ways += [operation.as_strategy(path_parameters=there)] * 2
    return st.one_of(ways)


@pytest.mark.parametrize("route", [pytest.param(route, id=" ".join(route)) for route in _ROUTES])
def test_nothing_the_schema_allows_or_forbids_makes_the_server_stumble(
    world: World, server: Server, schema: BaseSchema, line: requests.Session, route: Route
) -> None:
    method, path = route
    operation = schema[path][method]
    askers = _askers(RULES[route])

    @settings(
        max_examples=_EXAMPLES * len(askers),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests_of(operation, world.owned), st.sampled_from(askers))
    def ask(case: Case, who: str) -> None:
        sent = {**SPOKEN, **world.people[who]}
        sent = {name: value for name, value in sent.items() if name not in (case.headers or {})}
        answer = case.call(base_url=world.base, session=line, headers=sent, timeout=30)

        assert answer.status_code < 500, f"{case.as_curl_command()}\n{answer.text}"

    ask()
    assert "Traceback" not in server.log.read_text()


def _askers(rule: Rule) -> list[str]:
    return {Whose.ADMIN: ["admin", "owner"], Whose.ANYBODY: ["anybody", "owner"]}.get(rule.whose, ["owner", "admin"])
