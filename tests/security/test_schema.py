"""No request that Schemathesis generates from the schema, valid or not, causes a server error.

The requests are the same in every run. Routes that delete things come last.
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
from tests.security.rules import RULES, Access, Rule
from tests.security.scenario import TUS_HEADERS, Route, Scenario
from tests.serving import Server

#: Requests per route and caller.
_EXAMPLES = 12

#: The body of a tus PATCH is binary.
serializer.alias(CHUNK, "application/octet-stream")

_ROUTES = sorted(RULES, key=lambda route: (RULES[route].ends, route[1].startswith("/api/auth/logout"), route[1]))


@pytest.fixture(scope="module")
def schema(scenario: Scenario) -> BaseSchema:
    return openapi.from_dict(scenario.schema)


@pytest.fixture(scope="module")
def line() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def requests_of(operation: Any, owned: dict[str, str]) -> st.SearchStrategy[Case]:
    """Valid requests for existing things, valid requests for anything, and invalid requests."""
    names = {parameter.name for parameter in operation.path_parameters}
    existing = {name: value for name, value in {"speaker": "S1", "name": "scripted", **owned}.items() if name in names}
    strategies = [operation.as_strategy(), operation.as_strategy(GenerationMode.NEGATIVE)]
    if existing:
        strategies += [operation.as_strategy(path_parameters=existing)] * 2
    return st.one_of(strategies)


@pytest.mark.parametrize("route", [pytest.param(route, id=" ".join(route)) for route in _ROUTES])
def test_no_generated_request_causes_a_server_error(
    scenario: Scenario, server: Server, schema: BaseSchema, line: requests.Session, route: Route
) -> None:
    method, path = route
    operation = schema[path][method]
    callers = _callers(RULES[route])

    @settings(
        max_examples=_EXAMPLES * len(callers),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests_of(operation, scenario.owned), st.sampled_from(callers))
    def send(case: Case, who: str) -> None:
        headers = {**TUS_HEADERS, **scenario.people[who]}
        headers = {name: value for name, value in headers.items() if name not in (case.headers or {})}
        answer = case.call(base_url=scenario.base, session=line, headers=headers, timeout=30)

        assert answer.status_code < 500, f"{case.as_curl_command()}\n{answer.text}"

    send()
    assert "Traceback" not in server.log.read_text()


def _callers(rule: Rule) -> list[str]:
    return {Access.ADMIN: ["admin", "owner"], Access.ANYBODY: ["anybody", "owner"]}.get(rule.access, ["owner", "admin"])
