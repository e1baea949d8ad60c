"""Logins: one a device, renewed with a cookie that is good once, ended from anywhere."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from backend.accounts import logins, tokens
from backend.accounts.cookies import MEDIA, REFRESH
from backend.accounts.presence import Presence
from backend.accounts.tables import AuditEntry, Login
from backend.database import Database, utc_now
from tests.accounts.people import PASSWORD, House, settle

OURS = {"X-Requested-With": "tests"}


async def test_the_cookies_are_for_the_browser_alone(house: House) -> None:
    answer = await house.login("ada")

    cookies = {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}
    assert set(cookies) == {REFRESH, MEDIA}
    for line in cookies.values():
        assert "HttpOnly" in line
        assert "SameSite=strict" in line
        assert "Secure" not in line  # this request came over http
    assert "Path=/api/auth" in cookies[REFRESH]
    assert "Path=/api/recordings" in cookies[MEDIA]


async def test_over_https_the_cookies_go_over_https_only(house: House) -> None:
    form = {"username": "ada", "password": PASSWORD}

    answer = await house.client.post("https://house/api/auth/login", data=form)

    assert all("Secure" in line for line in answer.headers.get_list("set-cookie"))


async def test_the_cookie_renews_the_login_and_is_replaced(house: House) -> None:
    await house.login("ada")
    first = house.client.cookies[REFRESH]

    answer = await _refresh(house)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert house.client.cookies[REFRESH] != first
    assert (await _me(house, answer.json()["access_token"])).json()["username"] == "ada"
    assert (await _refresh(house)).status_code == 200


@pytest.mark.parametrize("cookie", ["", ".", "junk", "0" * 32 + ".junk", "é"])
async def test_without_a_good_cookie_nothing_is_renewed(house: House, cookie: str) -> None:
    answer = await house.client.post(
        "/api/auth/refresh",
        headers={**OURS, b"Cookie".decode(): f"{REFRESH}=".encode() + cookie.encode()},  # type: ignore[dict-item]
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_a_refresh_token_opens_no_other_door(house: House) -> None:
    await house.login("ada")

    assert (await _me(house, house.client.cookies[REFRESH])).status_code == 401
    assert (await _me(house, house.client.cookies[MEDIA])).status_code == 401


async def test_a_spent_token_that_comes_back_ends_the_login(house: House) -> None:
    token = (await house.login("ada")).json()["access_token"]
    stolen = house.client.cookies[REFRESH]
    await _refresh(house)
    await _some_time_passes(house.database)

    replayed = await _refresh(house, stolen)

    assert replayed.status_code == 401
    assert (await _refresh(house)).status_code == 401  # the family is dead, its newest token too
    assert (await _me(house, token)).status_code == 401
    assert "refresh_reused" in await _noted(house.database)
    assert (await house.login("ada")).status_code == 200


async def test_a_token_older_than_the_last_two_ends_the_login_even_at_once(house: House) -> None:
    await house.login("ada")
    stolen = house.client.cookies[REFRESH]
    await _refresh(house)
    await _refresh(house)

    assert (await _refresh(house, stolen)).status_code == 401
    assert (await _refresh(house)).status_code == 401


async def test_of_two_windows_that_renew_at_once_one_wins_and_none_is_signed_out(house: House) -> None:
    await house.login("ada")
    cookie = house.client.cookies[REFRESH]

    answers = await asyncio.gather(*(_refresh(house, cookie) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert late.json()["code"] == "renewed_elsewhere"
    assert "set-cookie" not in late.headers
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert (await _refresh(house, winner.cookies[REFRESH])).status_code == 200


async def test_a_login_ends_after_its_days_however_often_it_was_renewed(house: House) -> None:
    token = (await house.login("ada")).json()["access_token"]
    async with house.database.write() as session:
        await session.execute(update(Login).values(expires_at=utc_now() - timedelta(seconds=1)))

    assert (await _refresh(house)).status_code == 401
    assert (await _me(house, token)).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://house.evil.example"}, 403),
        ({"Origin": "https://evil.example", **OURS}, 403),
        ({"Origin": "http://house"}, 200),
        ({"Origin": "http://localhost:3030"}, 200),
        (OURS, 200),
    ],
)
async def test_another_site_cannot_use_the_cookie(house: House, headers: dict[str, str], status: int) -> None:
    await house.login("ada")

    renewed = await house.client.post("/api/auth/refresh", headers=headers)
    left = await house.client.post("/api/auth/logout", headers=headers)

    assert renewed.status_code == status
    assert left.status_code == (204 if status == 200 else 403)
    assert await _open(house.database) == (0 if status == 200 else 1)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://house.evil.example"])
async def test_another_site_signs_nobody_in_to_an_account_of_its_own(house: House, origin: str) -> None:
    form = {"username": "ada", "password": PASSWORD}

    answer = await house.client.post("/api/auth/login", data=form, headers={"Origin": origin})

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("by", ["cookie", "token"])
async def test_signing_out_ends_this_login_and_no_other(house: House, by: str) -> None:
    elsewhere = (await house.login("ada")).json()["access_token"]
    token = (await house.login("ada")).json()["access_token"]
    cookie = house.client.cookies[REFRESH]
    if by == "token":
        house.client.cookies.clear()
    bearer = {"Authorization": f"Bearer {token}"} if by == "token" else {}

    answer = await house.client.post("/api/auth/logout", headers={**OURS, **bearer})

    assert answer.status_code == 204
    assert REFRESH not in house.client.cookies
    assert (await _me(house, token)).status_code == 401
    assert (await _refresh(house, cookie)).status_code == 401
    assert (await _me(house, elsewhere)).status_code == 200


async def test_signing_out_twice_is_no_error(house: House) -> None:
    for headers in ({}, {"Authorization": "Bearer junk"}, {**OURS, "Cookie": f"{REFRESH}=junk"}):
        assert (await house.client.post("/api/auth/logout", headers=headers)).status_code == 204


async def test_my_logins_are_listed_with_the_one_that_asks(house: House) -> None:
    await house.client.post(
        "/api/auth/login", data={"username": "ada", "password": PASSWORD}, headers={b"User-Agent": b"Mozilla\t5.0"}
    )
    await house.login("grace")
    token = (await house.login("ada")).json()["access_token"]

    found = (await house.client.get("/api/auth/logins", headers={"Authorization": f"Bearer {token}"})).json()

    assert [one["current"] for one in found] == [True, False]
    assert found[1]["device"] == "Mozilla5.0"
    assert set(found[0]) == {"id", "device", "address", "created_at", "used_at", "expires_at", "current"}


async def test_one_login_can_be_ended_from_another(house: House) -> None:
    lost = (await house.login("ada")).json()["access_token"]
    cookie = house.client.cookies[REFRESH]
    here = {"Authorization": f"Bearer {(await house.login('ada')).json()['access_token']}"}
    other = next(
        one["id"] for one in (await house.client.get("/api/auth/logins", headers=here)).json() if not one["current"]
    )

    foreign = await house.client.delete(f"/api/auth/logins/{other}", headers=house.bearer("grace"))
    mine = await house.client.delete(f"/api/auth/logins/{other}", headers=here)
    again = await house.client.delete(f"/api/auth/logins/{other}", headers=here)

    assert (foreign.status_code, mine.status_code, again.status_code) == (404, 204, 404)
    assert (await _me(house, lost)).status_code == 401
    assert (await _refresh(house, cookie)).status_code == 401


@pytest.mark.parametrize("how", ["password", "everywhere", "disabled", "reset"])
async def test_what_ends_every_login_ends_their_cookies_too(house: House, how: str) -> None:
    token = (await house.login("ada")).json()["access_token"]
    cookie = house.client.cookies[REFRESH]
    mine = {"Authorization": f"Bearer {token}"}
    user, new = f"/api/admin/users/{house.people['ada'].id}", "明天早上九点半在一楼"

    match how:
        case "password":
            body = {"current_password": PASSWORD, "new_password": new}
            answer = await house.client.post("/api/auth/password", headers=mine, json=body)
        case "everywhere":
            answer = await house.client.post("/api/auth/logout-everywhere", headers=mine)
        case "disabled":
            answer = await house.client.patch(user, headers=house.bearer("root"), json={"active": False})
        case _:
            answer = await house.client.post(user + "/password", headers=house.bearer("root"), json={"password": new})

    assert answer.is_success
    assert (await _refresh(house, cookie)).status_code == 401
    assert (await _me(house, token)).status_code == 401


async def test_the_database_holds_no_token(house: House) -> None:
    await house.login("ada")
    secret = house.client.cookies[REFRESH].partition(".")[2]

    async with house.database.read() as session:
        row = (await session.scalars(select(Login))).one()

    assert secret not in repr(vars(row))


async def test_a_token_of_a_login_that_was_never_opened_is_not_believed(house: House) -> None:
    ada, grace = house.people["ada"], house.people["grace"]
    await house.login("grace")
    async with house.database.read() as session:
        row = (await session.scalars(select(Login).where(Login.user_id == grace.id))).one()

    for id in ("0" * 32, row.id):
        forged = tokens.issue(house.settings, tokens.Login(ada.id, 0, id), utc_now())
        assert (await _me(house, forged)).status_code == 401


async def test_old_logins_are_forgotten_when_somebody_signs_in(database: Database) -> None:
    ada = (await settle(database))["ada"]
    long_ago = utc_now() - timedelta(days=200)
    async with database.write() as session:
        await logins.open_login(session, ada, device="old", now=long_ago, days=30)
        await logins.open_login(session, ada, device="new", now=utc_now(), days=30)

    async with database.read() as session:
        assert [row.device for row in await session.scalars(select(Login))] == ["new"]


async def test_who_listens_hears_the_end_of_the_own_login_only(database: Database) -> None:
    presence = Presence()

    with (
        presence.enter(tokens.Login("ada", 0, "here")) as here,
        presence.enter(tokens.Login("ada", 0, "there")) as there,
        presence.enter(tokens.Login("eve", 0, "x")) as x,
    ):
        presence.end("ada", "here")
        assert [over.is_set() for over in (here, there, x)] == [True, False, False]
        presence.end("ada")
        assert [over.is_set() for over in (here, there, x)] == [True, True, False]

    assert presence.count() == 0


async def _refresh(house: House, cookie: str | None = None) -> httpx.Response:
    if cookie is None:
        return await house.client.post("/api/auth/refresh", headers=OURS)
    async with httpx.AsyncClient(transport=house.client._transport, base_url="http://house") as other:
        return await other.post("/api/auth/refresh", headers={**OURS, "Cookie": f"{REFRESH}={cookie}"})


async def _me(house: House, token: str) -> Any:
    return await house.client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})


async def _some_time_passes(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(Login).values(used_at=utc_now() - timedelta(minutes=1)))


async def _noted(database: Database) -> list[str]:
    async with database.read() as session:
        return list((await session.scalars(select(AuditEntry.action).order_by(AuditEntry.number))).all())


async def _open(database: Database) -> int:
    async with database.read() as session:
        return len((await session.scalars(select(Login).where(Login.ended_at.is_(None)))).all())
