"""API keys: seen once, kept as a hash, good for their scopes until they end."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.accounts.tables import ApiKey, User
from backend.database import utc_now
from tests.accounts.people import PASSWORD, House

KEYS = "/api/auth/keys"
USERS = "/api/admin/users"


async def test_a_key_is_shown_once(house: House) -> None:
    made = await _make(house, "ada", name=" upload from the meeting room ", scopes=["upload", "read"])

    listed = (await house.client.get(KEYS, headers=house.bearer("ada"))).json()
    assert made["key"].startswith("masr_")
    assert made["name"] == "upload from the meeting room"
    assert made["scopes"] == ["read", "upload"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert "key" not in listed[0]
    assert made["key"] not in str(listed)
    async with house.database.read() as session:
        assert made["key"] not in repr(vars((await session.scalars(select(ApiKey))).one()))


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_a_key_comes_in_by_either_header(house: House, header: str) -> None:
    key = (await _make(house, "grace", scopes=["admin"]))["key"]
    value = f"Bearer {key}" if header == "Authorization" else key

    assert (await house.client.get(USERS, headers={header: value})).status_code == 200
    assert (await house.client.get(USERS, headers={header: value + "x"})).status_code == 401
    assert (await house.client.get(USERS, params={"key": key, "api_key": key})).status_code == 401


async def test_a_key_is_no_login(house: House) -> None:
    key = (await _make(house, "root", scopes=["admin", "read", "upload"]))["key"]

    for method, path, body in (
        ("GET", KEYS, None),
        ("POST", KEYS, {"name": "x", "scopes": ["admin"]}),
        ("GET", "/api/auth/logins", None),
        ("POST", "/api/auth/tickets", {}),
        ("POST", "/api/auth/password", {"current_password": PASSWORD, "new_password": "明天早上九点半在一楼"}),
    ):
        answer = await house.client.request(method, path, headers={"X-API-Key": key}, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "key_is_not_enough")


async def test_a_user_makes_no_key_of_an_admin(house: House) -> None:
    answer = await house.client.post(KEYS, headers=house.bearer("ada"), json={"name": "x", "scopes": ["admin"]})

    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_scope")


async def test_the_key_of_a_demoted_admin_runs_nothing(house: House) -> None:
    key = (await _make(house, "grace", scopes=["admin"]))["key"]

    await house.client.patch(f"{USERS}/{house.people['grace'].id}", headers=house.bearer("root"), json={"role": "user"})

    assert (await house.client.get(USERS, headers={"X-API-Key": key})).status_code == 403


@pytest.mark.parametrize("how", ["revoked", "expired", "disabled", "reset"])
async def test_a_key_ends(house: House, how: str) -> None:
    made = await _make(house, "grace", scopes=["admin"], days=1)
    user = f"{USERS}/{house.people['grace'].id}"

    match how:
        case "revoked":
            await house.client.delete(f"{KEYS}/{made['id']}", headers=house.bearer("grace"))
        case "expired":
            async with house.database.write() as session:
                await session.execute(update(ApiKey).values(expires_at=utc_now() - timedelta(seconds=1)))
        case "disabled":
            async with house.database.write() as session:
                await session.execute(update(User).where(User.username == "grace").values(active=False))
        case _:
            await house.client.post(
                user + "/password", headers=house.bearer("root"), json={"password": "明天早上九点半在一楼"}
            )

    assert (await house.client.get(USERS, headers={"X-API-Key": made["key"]})).status_code == 401


async def test_nobody_revokes_the_key_of_another(house: House) -> None:
    made = await _make(house, "ada", scopes=["read"])

    assert (await house.client.delete(f"{KEYS}/{made['id']}", headers=house.bearer("root"))).status_code == 404
    assert (await house.client.delete(f"{KEYS}/{made['id']}", headers=house.bearer("ada"))).status_code == 204
    assert (await house.client.delete(f"{KEYS}/{made['id']}", headers=house.bearer("ada"))).status_code == 404
    assert (await house.client.get(KEYS, headers=house.bearer("ada"))).json() == []


async def test_the_last_use_is_noted(house: House) -> None:
    made = await _make(house, "grace", scopes=["admin"])
    assert made["used_at"] is None

    await house.client.get(USERS, headers={"X-API-Key": made["key"]})

    assert (await house.client.get(KEYS, headers=house.bearer("grace"))).json()[0]["used_at"] is not None


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": " ", "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "days": 0},
        {"name": "x", "scopes": ["read"], "user_id": "0" * 32},
    ],
)
async def test_a_key_is_not_made_so(house: House, body: dict[str, Any]) -> None:
    answer = await house.client.post(KEYS, headers=house.bearer("root"), json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_there_is_an_end_to_the_keys_of_one_user(house: House) -> None:
    for _ in range(50):
        await _make(house, "ada", scopes=["read"])

    answer = await house.client.post(KEYS, headers=house.bearer("ada"), json={"name": "x", "scopes": ["read"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_keys")


async def _make(house: House, who: str, *, name: str = "a key", **wanted: Any) -> Any:
    answer = await house.client.post(KEYS, headers=house.bearer(who), json={"name": name, **wanted})
    assert answer.status_code == 201, answer.text
    return answer.json()
