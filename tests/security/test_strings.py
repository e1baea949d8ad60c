"""No string, wherever it is put, makes the server stumble or say how it is built."""

from typing import Any

import httpx
import pytest

from tests.security.rules import RULES, Whose
from tests.security.world import NOBODYS, World

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
#: Asked of by somebody who may, in the hope that it gets far.
ASKERS = {Whose.ANYBODY: "anybody", Whose.SIGNED_IN: "owner", Whose.OWNER: "owner", Whose.ADMIN: "admin"}


@pytest.mark.parametrize("nasty", NASTY)
def test_no_parameter_makes_the_server_stumble(world: World, nasty: str) -> None:
    stumbled = []
    with httpx.Client(base_url=world.base, timeout=30) as client:
        for (method, path), rule in RULES.items():
            if rule.ends or path.endswith(("/audio", "/original")):
                continue
            names = _parameters(world.schema["paths"][path][method.lower()])
            filled = path
            for name in names["path"]:
                filled = filled.replace(f"{{{name}}}", httpx.URL("http://x", path=f"/{nasty}").raw_path.decode()[1:])
            answer = client.request(
                method,
                filled,
                params=dict.fromkeys(names["query"], nasty),
                headers=world.people[ASKERS[rule.whose]],
                json=None if rule.body is None else dict.fromkeys(rule.body, nasty),
            )
            if answer.status_code >= 500 or any(word in answer.text for word in ("Traceback", "sqlalchemy", "SELECT ")):
                stumbled.append((method, filled, answer.status_code))

    assert stumbled == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 10_000, b'{"a":' * 5_000])
def test_no_body_makes_the_server_stumble(world: World, body: bytes) -> None:
    stumbled = []
    with httpx.Client(base_url=world.base, timeout=30) as client:
        for (method, path), rule in RULES.items():
            if rule.body is None or rule.ends:
                continue
            filled = path.format_map({**NOBODYS, **world.owned})
            headers = {**world.people[ASKERS[rule.whose]], "Content-Type": "application/json"}
            answer = client.request(method, filled, headers=headers, content=body)
            if answer.status_code >= 500:
                stumbled.append((method, filled, answer.status_code))

    assert stumbled == []


def test_json_that_says_it_is_text_is_refused(world: World) -> None:
    headers = {**world.people["owner"], "Content-Type": "text/plain"}

    answer = httpx.post(f"{world.base}/api/auth/keys", headers=headers, content=b'{"name": "x", "scopes": ["read"]}')

    assert answer.status_code in (415, 422)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1/?x=", "a/../admin", ""])
def test_the_name_of_the_host_decides_nothing(world: World, host: str) -> None:
    for who, status in (("anybody", 401), ("owner", 403), ("admin", 200)):
        answer = httpx.get(f"{world.base}/api/admin/users", headers={**world.people[who], "Host": host})

        assert answer.status_code in (status, 400)


def test_no_address_takes_a_secret(world: World) -> None:
    asked = {
        name
        for path, methods in world.schema["paths"].items()
        for method in methods.values()
        for name in (*_parameters(method)["query"], *_parameters(method)["path"])
    }

    assert asked & {"token", "ticket", "access_token", "key", "api_key", "password", "code", "secret"} == set()


def _parameters(operation: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"path": [], "query": []}
    for parameter in operation.get("parameters", []):
        found.setdefault(parameter["in"], []).append(parameter["name"])
    return found
