"""Who may do what to whose account."""

from typing import Any

import pytest

from tests.accounts.people import PASSWORD, ROLES, House

USERS = "/api/admin/users"
NEW = "明天早上九点半在一楼"

#: Every route of administration, with a body that is in order.
ROUTES: list[tuple[str, str, dict[str, Any] | None, int]] = [
    ("GET", USERS, None, 200),
    ("POST", USERS, {"username": "eve", "password": NEW}, 201),
    ("PATCH", USERS + "/{nobody}", {"active": False}, 200),
    ("POST", USERS + "/{nobody}/password", {"password": NEW}, 204),
]


@pytest.mark.parametrize("name", [None, "ada", "grace", "root"])
async def test_administration_is_for_admins(house: House, name: str | None) -> None:
    expected = {None: (401, "not_signed_in"), "ada": (403, "forbidden")}

    for method, path, body, status in ROUTES:
        path = path.format(nobody=house.people["nobody"].id)
        answer = await house.client.request(method, path, headers=house.bearer(name), json=body)

        if name in expected:
            assert (answer.status_code, answer.json()["code"]) == expected[name]
        else:
            assert answer.status_code == status


async def test_a_list_of_accounts_has_pages_and_a_total(house: House) -> None:
    answer = await _get(house, limit=2, offset=1)

    assert [account["username"] for account in answer["accounts"]] == ["grace", "linus"]
    assert answer["total"] == len(ROLES)


async def test_accounts_are_found_by_part_of_the_name(house: House) -> None:
    answer = await _get(house, text="OO", role="super_admin", active=True)

    assert [account["username"] for account in answer["accounts"]] == ["root", "toor"]
    assert set(answer["accounts"][0]) == {"id", "username", "role", "active", "pending", "created_at"}


async def test_a_page_that_cannot_be_is_refused(house: House) -> None:
    for wrong in ({"limit": 0}, {"limit": 201}, {"offset": -1}, {"offset": 10**30}, {"role": "king"}):
        answer = await house.client.get(USERS, headers=house.bearer("grace"), params=wrong)

        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_who_was_created_can_sign_in(house: House) -> None:
    answer = await _create(house, "grace", username=" 王小明 ", password=NEW)

    assert answer.status_code == 201
    assert (answer.json()["username"], answer.json()["role"]) == ("王小明", "user")
    assert (await house.login("王小明", NEW)).status_code == 200


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
async def test_only_a_super_admin_creates_admins(house: House, actor: str, role: str, status: int) -> None:
    answer = await _create(house, actor, username="eve", password=NEW, role=role)

    assert answer.status_code == status
    assert (await house.login("eve", NEW)).status_code == (200 if status == 201 else 401)


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
async def test_an_account_is_not_created_so(house: House, body: dict[str, Any], status: int, code: str) -> None:
    answer = await _create(house, "root", **body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await _get(house))["total"] == len(ROLES)


@pytest.mark.parametrize("other", ["linus", "root"])
async def test_an_admin_changes_nobody_of_the_own_role_or_above(house: House, other: str) -> None:
    changes: list[dict[str, Any]] = [{"role": "user"}, {"active": False}, {"role": "user", "active": False}, {}]
    for change in changes:
        answer = await _patch(house, "grace", other, **change)

        assert (answer.status_code, answer.json()["code"]) == (403, "out_of_reach")
    row = await house.row(other)
    assert (row.role, row.active) == (ROLES[other].value, True)


async def test_an_admin_resets_no_password_of_the_own_role_or_above(house: House) -> None:
    for other in ("linus", "root", "grace"):
        answer = await _reset(house, "grace", other, NEW)

        assert answer.status_code in (403, 409)
        assert (await house.login(other)).status_code == 200


async def test_a_super_admin_appoints_and_demotes_at_once(house: House) -> None:
    ada, grace = house.bearer("ada"), house.bearer("grace")

    assert (await _patch(house, "root", "ada", role="admin")).json()["role"] == "admin"
    assert (await _patch(house, "root", "grace", role="user")).json()["role"] == "user"

    assert (await house.client.get(USERS, headers=ada)).status_code == 200
    assert (await house.client.get(USERS, headers=grace)).status_code == 403


async def test_nobody_changes_the_own_account_here(house: House) -> None:
    for change in ({"role": "user"}, {"active": False}, {"active": True}):
        answer = await _patch(house, "root", "root", **change)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_oneself")
    assert (await _reset(house, "root", "root", NEW)).status_code == 409


async def test_who_is_disabled_is_out_and_who_is_enabled_signs_in_anew(house: House) -> None:
    token = house.bearer("ada")

    await _patch(house, "grace", "ada", active=False)
    assert (await house.client.get("/api/auth/me", headers=token)).status_code == 401
    assert (await house.login("ada")).status_code == 401

    await _patch(house, "grace", "ada", active=True)
    assert (await house.client.get("/api/auth/me", headers=token)).status_code == 401
    assert (await house.login("ada")).status_code == 200


async def test_a_reset_password_ends_the_logins_made_with_the_old_one(house: House) -> None:
    token = house.bearer("ada")

    answer = await _reset(house, "grace", "ada", NEW)

    assert answer.status_code == 204
    assert (await house.client.get("/api/auth/me", headers=token)).status_code == 401
    assert (await house.login("ada", PASSWORD)).status_code == 401
    assert (await house.login("ada", NEW)).status_code == 200


async def test_who_was_renamed_signs_in_with_the_new_name(house: House) -> None:
    ada = f"/api/admin/users/{house.people['ada'].id}"
    root = house.bearer("root")

    taken = await house.client.patch(ada, headers=root, json={"username": "ＧＲＡＣＥ"})
    bad = await house.client.patch(ada, headers=root, json={"username": "a\u202eb"})
    renamed = await house.client.patch(ada, headers=root, json={"username": " 王小明 "})

    assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid_username")
    assert renamed.json()["username"] == "王小明"
    assert (await house.login("ada")).status_code == 401
    assert (await house.login("王小明")).status_code == 200
    above = f"/api/admin/users/{house.people['linus'].id}"
    assert (await house.client.patch(above, headers=house.bearer("grace"), json={"username": "x"})).status_code == 403


async def test_a_change_that_is_refused_in_part_is_not_made_at_all(house: House) -> None:
    answer = await _patch(house, "grace", "ada", active=False, role="admin")

    assert answer.status_code == 403
    assert (await house.row("ada")).active


@pytest.mark.parametrize(("id", "status"), [("0" * 32, 404), ("1", 422), ("%00", 422), ("' OR 1=1 --", 422)])
async def test_who_is_not_there_is_not_found(house: House, id: str, status: int) -> None:
    changed = await house.client.patch(f"{USERS}/{id}", headers=house.bearer("root"), json={"active": False})
    reset = await house.client.post(f"{USERS}/{id}/password", headers=house.bearer("root"), json={"password": NEW})

    assert (changed.status_code, reset.status_code) == (status, status)


async def _get(house: House, **wanted: Any) -> Any:
    answer = await house.client.get(USERS, headers=house.bearer("grace"), params=wanted)
    assert answer.status_code == 200
    return answer.json()


async def _create(house: House, actor: str, **body: Any) -> Any:
    return await house.client.post(USERS, headers=house.bearer(actor), json=body)


async def _patch(house: House, actor: str, other: str, **change: Any) -> Any:
    path = f"{USERS}/{house.people[other].id}"
    return await house.client.patch(path, headers=house.bearer(actor), json=change)


async def _reset(house: House, actor: str, other: str, password: str) -> Any:
    path = f"{USERS}/{house.people[other].id}/password"
    return await house.client.post(path, headers=house.bearer(actor), json={"password": password})
