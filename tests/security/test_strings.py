"""No input causes a server error or reveals internals."""

from typing import Any

import httpx
import pytest

from tests.security.rules import RULES, Access
from tests.security.scenario import PATH_DEFAULTS, Scenario

NASTY = [
    "' OR 1=1 --",
    '"; DROP TABLE users; --',
    "%00",
    "\ud7ff\u202e𝕏😀",
    "-i",
    "../../etc/passwd",
    "9" * 400,
    "{{7*7}}${7*7}<script>",
]
#: Callers with access, so that the input is processed as far as possible.
CALLERS = {Access.ANYBODY: "anybody", Access.SIGNED_IN: "owner", Access.OWNER: "owner", Access.ADMIN: "admin"}


@pytest.mark.parametrize("nasty", NASTY)
def test_no_parameter_causes_a_server_error(scenario: Scenario, nasty: str) -> None:
    failures = []
    with httpx.Client(base_url=scenario.base, timeout=30) as client:
        for (method, path), rule in RULES.items():
            if rule.ends or path.endswith(("/audio", "/original", "/video")):
                continue
            names = _parameters(scenario.schema["paths"][path][method.lower()])
            filled = path
            for name in names["path"]:
                filled = filled.replace(f"{{{name}}}", httpx.URL("http://x", path=f"/{nasty}").raw_path.decode()[1:])
            answer = client.request(
                method,
                filled,
                params=dict.fromkeys(names["query"], nasty),
                headers=scenario.people[CALLERS[rule.access]],
                json=None if rule.body is None else dict.fromkeys(rule.body, nasty),
            )
            if answer.status_code >= 500 or any(word in answer.text for word in ("Traceback", "sqlalchemy", "SELECT ")):
                failures.append((method, filled, answer.status_code))

    assert failures == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 10_000, b'{"a":' * 5_000])
def test_no_body_causes_a_server_error(scenario: Scenario, body: bytes) -> None:
    failures = []
    with httpx.Client(base_url=scenario.base, timeout=30) as client:
        for (method, path), rule in RULES.items():
            if rule.body is None or rule.ends:
                continue
            filled = path.format_map({**PATH_DEFAULTS, **scenario.owned})
            headers = {**scenario.people[CALLERS[rule.access]], "Content-Type": "application/json"}
            answer = client.request(method, filled, headers=headers, content=body)
            if answer.status_code >= 500:
                failures.append((method, filled, answer.status_code))

    assert failures == []


def test_json_sent_as_text_is_refused(scenario: Scenario) -> None:
    headers = {**scenario.people["owner"], "Content-Type": "text/plain"}

    answer = httpx.post(f"{scenario.base}/api/auth/keys", headers=headers, content=b'{"name": "x", "scopes": ["read"]}')

    assert answer.status_code in (415, 422)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1/?x=", "a/../admin", ""])
def test_the_host_header_does_not_affect_authorization(scenario: Scenario, host: str) -> None:
    for who, status in (("anybody", 401), ("owner", 403), ("admin", 200)):
        answer = httpx.get(f"{scenario.base}/api/admin/users", headers={**scenario.people[who], "Host": host})

        assert answer.status_code in (status, 400)


def test_no_url_parameter_takes_a_secret(scenario: Scenario) -> None:
    names = {
        name
        for path, methods in scenario.schema["paths"].items()
        for method in methods.values()
        for name in (*_parameters(method)["query"], *_parameters(method)["path"])
    }

    assert names & {"token", "ticket", "access_token", "key", "api_key", "password", "code", "secret"} == set()


def _parameters(operation: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"path": [], "query": []}
    for parameter in operation.get("parameters", []):
        found.setdefault(parameter["in"], []).append(parameter["name"])
    return found
