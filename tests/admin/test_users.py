"""Who may change which account."""

from typing import Any

import pytest

from tests.accounts.people import PASSWORD, ROLES, Api

USERS = "/api/admin/users"
NEW = "明天早上九点半在一楼"

#: The routes for users, each with a valid body.
ROUTES: list[tuple[str, str, dict[str, Any] | None, int]] = [
    ("GET", USERS, None, 200),
    ("POST", USERS, {"username": "eve", "password": NEW}, 201),
    ("PATCH", USERS + "/{mary}", {"active": False}, 200),
    ("POST", USERS + "/{mary}/password", {"password": NEW}, 204),
]


@pytest.mark.parametrize("name", [None, "ada", "grace", "root"])
async def test_user_administration_is_for_admins(api: Api, name: str | None) -> None:
    expected = {None: (401, "not_signed_in"), "ada": (403, "forbidden")}

    for method, path, body, status in ROUTES:
        path = path.format(mary=api.people["mary"].id)
        answer = await api.client.request(method, path, headers=api.bearer(name), json=body)

        if name in expected:
            assert (answer.status_code, answer.json()["code"]) == expected[name]
        else:
            assert answer.status_code == status


async def test_accounts_are_listed_in_pages_with_a_total(api: Api) -> None:
    answer = await _get(api, limit=2, offset=1)

    assert [account["username"] for account in answer["accounts"]] == ["grace", "linus"]
    assert answer["total"] == len(ROLES)


async def test_accounts_are_found_by_part_of_the_name(api: Api) -> None:
    answer = await _get(api, text="OO", role="super_admin", active=True)

    assert [account["username"] for account in answer["accounts"]] == ["root", "toor"]
    assert set(answer["accounts"][0]) == {"id", "username", "role", "active", "pending", "created_at"}


async def test_invalid_page_parameters_are_refused(api: Api) -> None:
    for wrong in ({"limit": 0}, {"limit": 201}, {"offset": -1}, {"offset": 10**30}, {"role": "king"}):
        answer = await api.client.get(USERS, headers=api.bearer("grace"), params=wrong)

        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_a_created_user_can_sign_in(api: Api) -> None:
    answer = await _create(api, "grace", username=" 王小明 ", password=NEW)

    assert answer.status_code == 201
    assert (answer.json()["username"], answer.json()["role"]) == ("王小明", "user")
    assert (await api.login("王小明", NEW)).status_code == 200


@pytest.mark.parametrize(
    ("actor", "role", "status"),
    [
        ("grace", "user", 201),
        ("grace", "admin", 403),
        ("grace", "super_admin", 403),
        ("root", "admin", 201),
        ("root", "super_admin", 201),
        ("root", "king", 422),
    ],
)
async def test_only_a_super_admin_creates_admins(api: Api, actor: str, role: str, status: int) -> None:
    answer = await _create(api, actor, username="eve", password=NEW, role=role)

    assert answer.status_code == status
    assert (await api.login("eve", NEW)).status_code == (200 if status == 201 else 401)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"username": "ADA", "password": NEW}, 409, "username_taken"),
        ({"username": "", "password": NEW}, 422, "invalid_username"),
        ({"username": "a\u202eb", "password": NEW}, 422, "invalid_username"),
        ({"username": "eve", "password": "password"}, 422, "weak_password"),
        ({"username": "eve-is-here", "password": "eve-is-here"}, 422, "weak_password"),
        ({"username": "eve", "password": NEW, "id": "0" * 32}, 422, "invalid_input"),
        ({"username": "eve", "password": NEW, "token_epoch": 7}, 422, "invalid_input"),
    ],
)
async def test_an_invalid_account_is_not_created(api: Api, body: dict[str, Any], status: int, code: str) -> None:
    answer = await _create(api, "root", **body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await _get(api))["total"] == len(ROLES)


@pytest.mark.parametrize("other", ["linus", "root"])
async def test_an_admin_cannot_change_users_of_the_same_role_or_above(api: Api, other: str) -> None:
    changes: list[dict[str, Any]] = [{"role": "user"}, {"active": False}, {"role": "user", "active": False}, {}]
    for change in changes:
        answer = await _patch(api, "grace", other, **change)

        assert (answer.status_code, answer.json()["code"]) == (403, "out_of_reach")
    row = await api.row(other)
    assert (row.role, row.active) == (ROLES[other].value, True)


async def test_an_admin_cannot_reset_passwords_of_the_same_role_or_above(api: Api) -> None:
    for other in ("linus", "root", "grace"):
        answer = await _reset(api, "grace", other, NEW)

        assert answer.status_code in (403, 409)
        assert (await api.login(other)).status_code == 200


async def test_role_changes_by_a_super_admin_take_effect_at_once(api: Api) -> None:
    ada, grace = api.bearer("ada"), api.bearer("grace")

    assert (await _patch(api, "root", "ada", role="admin")).json()["role"] == "admin"
    assert (await _patch(api, "root", "grace", role="user")).json()["role"] == "user"

    assert (await api.client.get(USERS, headers=ada)).status_code == 200
    assert (await api.client.get(USERS, headers=grace)).status_code == 403


async def test_admins_cannot_change_their_own_account(api: Api) -> None:
    for change in ({"role": "user"}, {"active": False}, {"active": True}):
        answer = await _patch(api, "root", "root", **change)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_oneself")
    assert (await _reset(api, "root", "root", NEW)).status_code == 409


async def test_disabling_ends_access_and_enabling_requires_a_new_sign_in(api: Api) -> None:
    token = api.bearer("ada")

    await _patch(api, "grace", "ada", active=False)
    assert (await api.client.get("/api/auth/me", headers=token)).status_code == 401
    assert (await api.login("ada")).status_code == 401

    await _patch(api, "grace", "ada", active=True)
    assert (await api.client.get("/api/auth/me", headers=token)).status_code == 401
    assert (await api.login("ada")).status_code == 200


async def test_a_password_reset_ends_existing_logins(api: Api) -> None:
    token = api.bearer("ada")

    answer = await _reset(api, "grace", "ada", NEW)

    assert answer.status_code == 204
    assert (await api.client.get("/api/auth/me", headers=token)).status_code == 401
    assert (await api.login("ada", PASSWORD)).status_code == 401
    assert (await api.login("ada", NEW)).status_code == 200


async def test_a_renamed_user_signs_in_with_the_new_name(api: Api) -> None:
    ada = f"/api/admin/users/{api.people['ada'].id}"
    root = api.bearer("root")

    conflict = await api.client.patch(ada, headers=root, json={"username": "ＧＲＡＣＥ"})
    invalid = await api.client.patch(ada, headers=root, json={"username": "a\u202eb"})
    renamed = await api.client.patch(ada, headers=root, json={"username": " 王小明 "})

    assert (conflict.status_code, conflict.json()["code"]) == (409, "username_taken")
    assert (invalid.status_code, invalid.json()["code"]) == (422, "invalid_username")
    assert renamed.json()["username"] == "王小明"
    assert (await api.login("ada")).status_code == 401
    assert (await api.login("王小明")).status_code == 200
    peer = f"/api/admin/users/{api.people['linus'].id}"
    assert (await api.client.patch(peer, headers=api.bearer("grace"), json={"username": "x"})).status_code == 403


async def test_a_partly_refused_change_changes_nothing(api: Api) -> None:
    answer = await _patch(api, "grace", "ada", active=False, role="admin")

    assert answer.status_code == 403
    assert (await api.row("ada")).active


@pytest.mark.parametrize(("id", "status"), [("0" * 32, 404), ("1", 422), ("%00", 422), ("' OR 1=1 --", 422)])
async def test_an_unknown_user_is_not_found(api: Api, id: str, status: int) -> None:
    changed = await api.client.patch(f"{USERS}/{id}", headers=api.bearer("root"), json={"active": False})
    reset = await api.client.post(f"{USERS}/{id}/password", headers=api.bearer("root"), json={"password": NEW})

    assert (changed.status_code, reset.status_code) == (status, status)


async def _get(api: Api, **params: Any) -> Any:
    answer = await api.client.get(USERS, headers=api.bearer("grace"), params=params)
    assert answer.status_code == 200
    return answer.json()


async def _create(api: Api, actor: str, **body: Any) -> Any:
    return await api.client.post(USERS, headers=api.bearer(actor), json=body)


async def _patch(api: Api, actor: str, other: str, **change: Any) -> Any:
    path = f"{USERS}/{api.people[other].id}"
    return await api.client.patch(path, headers=api.bearer(actor), json=change)


async def _reset(api: Api, actor: str, other: str, password: str) -> Any:
    path = f"{USERS}/{api.people[other].id}/password"
    return await api.client.post(path, headers=api.bearer(actor), json={"password": password})
