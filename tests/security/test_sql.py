"""SQL injection: no input causes a database error, finds extra rows or delays a response."""

import json
from typing import Any

import httpx
import pytest

from tests.security.rules import RULES, Access
from tests.security.scenario import PATH_DEFAULTS, Scenario

#: Errors, unions, booleans, comments, stacked statements and sleeps, for every supported database.
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
_LEAKS = (
    "sqlite",
    "sqlalchemy",
    "syntax error",
    "psycopg",
    "asyncpg",
    "mysql",
    "mariadb",
    "Traceback",
    "password_hash",
)


@pytest.mark.parametrize("text", CORPUS)
def test_no_parameter_is_run_as_sql(scenario: Scenario, text: str) -> None:
    failures = []
    _restore_texts(scenario)
    # a sleep of twenty seconds would exceed this timeout
    with httpx.Client(base_url=scenario.base, timeout=15) as client:
        for (method, path), rule in RULES.items():
            if rule.ends or path.endswith(("/original", "/video")):
                continue
            names = [one["name"] for one in _parameters(scenario, method, path) if one["in"] == "query"]
            filled = path.format_map({**PATH_DEFAULTS, **scenario.owned})
            answer = client.request(
                method,
                filled,
                params=dict.fromkeys(names, text),
                headers=scenario.people["admin" if rule.access is Access.ADMIN else "owner"],
                json=None if rule.body is None else dict.fromkeys(rule.body, text),
            )
            if answer.status_code >= 500 or any(word in _without_corpus(answer.text) for word in _LEAKS):
                failures.append((method, filled, answer.status_code, answer.text[:200]))

    assert failures == []


def _without_corpus(answer: str) -> str:
    """The answer without the texts themselves: they are names of what this test and the ones before it have made."""
    for text in sorted(CORPUS, key=len, reverse=True):
        for written in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], text):
            answer = answer.replace(written, "")
    return answer


def _restore_texts(scenario: Scenario) -> None:
    """Earlier requests have renamed the owner's recording and rewritten a line of its translation."""
    path = f"{scenario.base}/api/recordings/{scenario.owned['recording_id']}"
    line = f"{path}/translations/en/lines/{scenario.owned['segment']}"
    with httpx.Client(headers=scenario.people["owner"], timeout=15) as owner:
        owner.patch(path, json={"name": "周会"}).raise_for_status()
        owner.put(line, json={"text": "Hello"}).raise_for_status()


@pytest.mark.parametrize("text", CORPUS)
def test_searching_for_sql_finds_nothing(scenario: Scenario, text: str) -> None:
    _restore_texts(scenario)
    with httpx.Client(base_url=scenario.base, headers=scenario.people["owner"], timeout=15) as owner:
        assert owner.get("/api/recordings", params={"q": text}).json()["total"] == 0
    with httpx.Client(base_url=scenario.base, headers=scenario.people["admin"], timeout=15) as admin:
        assert admin.get("/api/admin/users", params={"text": text}).json()["total"] == 0
        assert admin.get("/api/admin/audit", params={"subject_id": text[:64]}).json()["entries"] == []


@pytest.mark.parametrize("text", CORPUS)
def test_sql_in_credentials_signs_nobody_in(scenario: Scenario, text: str) -> None:
    for form in ({"username": text, "password": "x"}, {"username": f"owner{text}", "password": text}):
        assert httpx.post(f"{scenario.base}/api/auth/login", data=form, timeout=15).status_code in (401, 422, 429)


def _parameters(scenario: Scenario, method: str, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scenario.schema["paths"][path][method.lower()].get("parameters", [])
    return found
