"""No string is ever a piece of SQL: not an error, not a row more, and not a second of waiting."""

from typing import Any

import httpx
import pytest

from tests.security.rules import RULES, Whose
from tests.security.world import NOBODYS, World

#: Errors, unions, booleans, comments, stacked statements and naps, for each of the databases we run on.
CORPUS = [
    "'",
    '"',
    "`",
    "\\",
    "';--",
    "' OR '1'='1",
    "' OR 1=1 --",
    '" OR ""="',
    "') OR ('1'='1' --",
    "' UNION SELECT NULL,username,password_hash FROM users --",
    "1; DROP TABLE users; --",
    "'; UPDATE users SET role='super_admin'; --",
    "' AND (SELECT COUNT(*) FROM users) > 0 --",
    "' AND 1=randomblob(500000000) --",
    "'; SELECT pg_sleep(20); --",
    "' OR SLEEP(20)#",
    "' AND extractvalue(1,concat(0x7e,version()))-- -",
    "%' ESCAPE '%' OR '%'='",
    "\\' OR 1=1 --",
    "ˈ OR 1=1 --",
    "＇ OR 1=1 --",
    "0x27204f5220313d31",
    "$$;SELECT 1$$",
]
_SAID = ("sqlite", "sqlalchemy", "syntax error", "psycopg", "asyncpg", "mysql", "mariadb", "Traceback", "password_hash")


@pytest.mark.parametrize("text", CORPUS)
def test_no_parameter_is_ever_a_piece_of_sql(world: World, text: str) -> None:
    stumbled = []
    said = [word for word in _SAID if word not in text]  # a recording may be called like this, and then it is
    _call_it_by_its_name(world)
    # a nap of twenty seconds would be longer than anybody waits for an answer here
    with httpx.Client(base_url=world.base, timeout=15) as client:
        for (method, path), rule in RULES.items():
            if rule.ends or path.endswith("/original"):
                continue
            names = [one["name"] for one in _parameters(world, method, path) if one["in"] == "query"]
            filled = path.format_map({**NOBODYS, **world.owned})
            answer = client.request(
                method,
                filled,
                params=dict.fromkeys(names, text),
                headers=world.people["admin" if rule.whose is Whose.ADMIN else "owner"],
                json=None if rule.body is None else dict.fromkeys(rule.body, text),
            )
            if answer.status_code >= 500 or any(word in answer.text for word in said):
                stumbled.append((method, filled, answer.status_code, answer.text[:200]))

    assert stumbled == []


def _call_it_by_its_name(world: World) -> None:
    """The owner's recording has had many names by now."""
    path = f"{world.base}/api/recordings/{world.owned['recording_id']}"
    httpx.patch(path, headers=world.people["owner"], json={"name": "周会"}, timeout=15).raise_for_status()


@pytest.mark.parametrize("text", CORPUS)
def test_looking_for_sql_finds_nothing_and_nobody(world: World, text: str) -> None:
    _call_it_by_its_name(world)
    with httpx.Client(base_url=world.base, headers=world.people["owner"], timeout=15) as owner:
        assert owner.get("/api/recordings", params={"q": text}).json()["total"] == 0
    with httpx.Client(base_url=world.base, headers=world.people["admin"], timeout=15) as admin:
        assert admin.get("/api/admin/users", params={"text": text}).json()["total"] == 0
        assert admin.get("/api/admin/audit", params={"subject_id": text[:64]}).json()["entries"] == []


@pytest.mark.parametrize("text", CORPUS)
def test_nobody_signs_in_with_a_piece_of_sql(world: World, text: str) -> None:
    for form in ({"username": text, "password": "x"}, {"username": f"owner{text}", "password": text}):
        assert httpx.post(f"{world.base}/api/auth/login", data=form, timeout=15).status_code in (401, 422, 429)


def _parameters(world: World, method: str, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.schema["paths"][path][method.lower()].get("parameters", [])
    return found
