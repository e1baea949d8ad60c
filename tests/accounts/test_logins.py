"""Logins: cookies, renewal with single-use refresh tokens, and ending them."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from backend.accounts import device_cookie, logins, tokens
from backend.accounts.cookies import MEDIA, REFRESH
from backend.accounts.open_sockets import OpenSockets
from backend.accounts.tables import AuditEntry, Login
from backend.coordination.leases import Leases
from backend.database import Database, utc_now
from tests.accounts.people import PASSWORD, Api, create_users

SAME_SITE = {"X-Requested-With": "tests"}


async def test_the_cookies_are_httponly_and_samesite(api: Api) -> None:
    answer = await api.login("ada")

    cookies = {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}
    assert set(cookies) == {REFRESH, MEDIA, device_cookie.NAME}
    for line in cookies.values():
        assert "HttpOnly" in line
        assert "SameSite=strict" in line
        assert "Secure" not in line  # this request came over http
    assert "Path=/api/auth" in cookies[REFRESH]
    assert "Path=/api/recordings" in cookies[MEDIA]


async def test_over_https_the_cookies_are_secure(api: Api) -> None:
    form = {"username": "ada", "password": PASSWORD}

    answer = await api.client.post("https://server/api/auth/login", data=form)

    assert all("Secure" in line for line in answer.headers.get_list("set-cookie"))


async def test_the_refresh_cookie_renews_the_login_and_is_replaced(api: Api) -> None:
    await api.login("ada")
    first = api.client.cookies[REFRESH]

    answer = await _refresh(api)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert api.client.cookies[REFRESH] != first
    assert (await _me(api, answer.json()["access_token"])).json()["username"] == "ada"
    assert (await _refresh(api)).status_code == 200


@pytest.mark.parametrize("cookie", ["", ".", "junk", "0" * 32 + ".junk", "é"])
async def test_an_invalid_cookie_renews_nothing(api: Api, cookie: str) -> None:
    answer = await api.client.post(
        "/api/auth/refresh",
        headers={**SAME_SITE, b"Cookie".decode(): f"{REFRESH}=".encode() + cookie.encode()},  # type: ignore[dict-item]
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_refresh_and_media_tokens_are_not_accepted_as_access_tokens(api: Api) -> None:
    await api.login("ada")

    assert (await _me(api, api.client.cookies[REFRESH])).status_code == 401
    assert (await _me(api, api.client.cookies[MEDIA])).status_code == 401


async def test_reusing_a_refresh_token_ends_the_login(api: Api) -> None:
    token = (await api.login("ada")).json()["access_token"]
    stolen = api.client.cookies[REFRESH]
    await _refresh(api)
    await _age_last_renewal(api.database)

    replayed = await _refresh(api, stolen)

    assert replayed.status_code == 401
    assert (await _refresh(api)).status_code == 401  # the login has ended, so its newest token is invalid too
    assert (await _me(api, token)).status_code == 401
    assert "refresh_reused" in await _logged_actions(api.database)
    assert (await api.login("ada")).status_code == 200


async def test_reusing_a_token_older_than_the_last_two_ends_the_login_at_once(api: Api) -> None:
    await api.login("ada")
    stolen = api.client.cookies[REFRESH]
    await _refresh(api)
    await _refresh(api)

    assert (await _refresh(api, stolen)).status_code == 401
    assert (await _refresh(api)).status_code == 401


async def test_simultaneous_renewals_all_get_the_next_token_and_none_is_signed_out(api: Api) -> None:
    await api.login("ada")
    cookie = api.client.cookies[REFRESH]

    answers = await asyncio.gather(*(_refresh(api, cookie) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [200] * 5
    [following] = {answer.cookies[REFRESH] for answer in answers}
    assert following != cookie
    assert (await _refresh(api, following)).status_code == 200


async def test_a_page_that_was_left_before_the_answer_came_is_not_signed_out(api: Api) -> None:
    await api.login("ada")
    cookie = api.client.cookies[REFRESH]
    await _refresh(api, cookie)  # its answer is lost

    again = await _refresh(api, cookie)

    assert again.status_code == 200
    assert (await _me(api, again.json()["access_token"])).status_code == 200
    assert "refresh_reused" not in await _logged_actions(api.database)


async def test_renewing_does_not_extend_a_login(api: Api) -> None:
    token = (await api.login("ada")).json()["access_token"]
    async with api.database.write() as session:
        await session.execute(update(Login).values(expires_at=utc_now() - timedelta(seconds=1)))

    assert (await _refresh(api)).status_code == 401
    assert (await _me(api, token)).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://server.evil.example"}, 403),
        ({"Origin": "https://evil.example", **SAME_SITE}, 403),
        ({"Origin": "http://server"}, 200),
        ({"Origin": "http://localhost:3030"}, 200),
        (SAME_SITE, 200),
    ],
)
async def test_another_site_cannot_use_the_cookie(api: Api, headers: dict[str, str], status: int) -> None:
    await api.login("ada")

    renewed = await api.client.post("/api/auth/refresh", headers=headers)
    logout = await api.client.post("/api/auth/logout", headers=headers)

    assert renewed.status_code == status
    assert logout.status_code == (204 if status == 200 else 403)
    assert await _count_open(api.database) == (0 if status == 200 else 1)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://server.evil.example"])
async def test_another_site_cannot_sign_a_visitor_in(api: Api, origin: str) -> None:
    form = {"username": "ada", "password": PASSWORD}

    answer = await api.client.post("/api/auth/login", data=form, headers={"Origin": origin})

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("by", ["cookie", "token"])
async def test_signing_out_ends_this_login_only(api: Api, by: str) -> None:
    elsewhere = (await api.login("ada")).json()["access_token"]
    token = (await api.login("ada")).json()["access_token"]
    cookie = api.client.cookies[REFRESH]
    if by == "token":
        api.client.cookies.clear()
    bearer = {"Authorization": f"Bearer {token}"} if by == "token" else {}

    answer = await api.client.post("/api/auth/logout", headers={**SAME_SITE, **bearer})

    assert answer.status_code == 204
    assert REFRESH not in api.client.cookies
    assert (await _me(api, token)).status_code == 401
    assert (await _refresh(api, cookie)).status_code == 401
    assert (await _me(api, elsewhere)).status_code == 200


async def test_signing_out_twice_is_no_error(api: Api) -> None:
    for headers in ({}, {"Authorization": "Bearer junk"}, {**SAME_SITE, "Cookie": f"{REFRESH}=junk"}):
        assert (await api.client.post("/api/auth/logout", headers=headers)).status_code == 204


async def test_logins_are_listed_and_the_current_one_is_marked(api: Api) -> None:
    await api.client.post(
        "/api/auth/login", data={"username": "ada", "password": PASSWORD}, headers={b"User-Agent": b"Mozilla\t5.0"}
    )
    await api.login("grace")
    token = (await api.login("ada")).json()["access_token"]

    found = (await api.client.get("/api/auth/logins", headers={"Authorization": f"Bearer {token}"})).json()

    assert [one["current"] for one in found] == [True, False]
    assert found[1]["device"] == "Mozilla5.0"
    assert set(found[0]) == {"id", "device", "address", "created_at", "used_at", "expires_at", "current"}


async def test_one_login_can_be_ended_from_another(api: Api) -> None:
    other_token = (await api.login("ada")).json()["access_token"]
    cookie = api.client.cookies[REFRESH]
    here = {"Authorization": f"Bearer {(await api.login('ada')).json()['access_token']}"}
    other = next(
        one["id"] for one in (await api.client.get("/api/auth/logins", headers=here)).json() if not one["current"]
    )

    foreign = await api.client.delete(f"/api/auth/logins/{other}", headers=api.bearer("grace"))
    own = await api.client.delete(f"/api/auth/logins/{other}", headers=here)
    again = await api.client.delete(f"/api/auth/logins/{other}", headers=here)

    assert (foreign.status_code, own.status_code, again.status_code) == (404, 204, 404)
    assert (await _me(api, other_token)).status_code == 401
    assert (await _refresh(api, cookie)).status_code == 401


@pytest.mark.parametrize("how", ["password", "everywhere", "disabled", "reset"])
async def test_what_ends_every_login_ends_their_cookies_too(api: Api, how: str) -> None:
    token = (await api.login("ada")).json()["access_token"]
    cookie = api.client.cookies[REFRESH]
    headers = {"Authorization": f"Bearer {token}"}
    user, new = f"/api/admin/users/{api.people['ada'].id}", "明天早上九点半在一楼"

    match how:
        case "password":
            body = {"current_password": PASSWORD, "new_password": new}
            answer = await api.client.post("/api/auth/password", headers=headers, json=body)
        case "everywhere":
            answer = await api.client.post("/api/auth/logout-everywhere", headers=headers)
        case "disabled":
            answer = await api.client.patch(user, headers=api.bearer("root"), json={"active": False})
        case _:
            answer = await api.client.post(user + "/password", headers=api.bearer("root"), json={"password": new})

    assert answer.is_success
    assert (await _refresh(api, cookie)).status_code == 401
    assert (await _me(api, token)).status_code == 401


async def test_the_database_contains_no_refresh_token(api: Api) -> None:
    await api.login("ada")
    secret = api.client.cookies[REFRESH].partition(".")[2]

    async with api.database.read() as session:
        row = (await session.scalars(select(Login))).one()

    assert secret not in repr(vars(row))


async def test_a_token_with_a_foreign_or_unknown_login_is_refused(api: Api) -> None:
    ada, grace = api.people["ada"], api.people["grace"]
    await api.login("grace")
    async with api.database.read() as session:
        row = (await session.scalars(select(Login).where(Login.user_id == grace.id))).one()

    for id in ("0" * 32, row.id):
        forged = tokens.issue(api.settings, tokens.Login(ada.id, 0, id), utc_now())
        assert (await _me(api, forged)).status_code == 401


async def test_old_logins_are_deleted_at_sign_in(database: Database) -> None:
    ada = (await create_users(database))["ada"]
    long_ago = utc_now() - timedelta(days=200)
    async with database.write() as session:
        await logins.open_login(session, ada, device="old", now=long_ago, days=30)
        await logins.open_login(session, ada, device="new", now=utc_now(), days=30)

    async with database.read() as session:
        assert [row.device for row in await session.scalars(select(Login))] == ["new"]


async def test_ending_a_login_ends_its_own_sockets_only(database: Database) -> None:
    open_sockets = OpenSockets(Leases(database))

    async with (
        open_sockets.register(tokens.Login("ada", 0, "here")) as here,
        open_sockets.register(tokens.Login("ada", 0, "there")) as there,
        open_sockets.register(tokens.Login("eve", 0, "x")) as x,
    ):
        open_sockets.end("ada", "here")
        assert [event.is_set() for event in (here, there, x)] == [True, False, False]
        open_sockets.end("ada")
        assert [event.is_set() for event in (here, there, x)] == [True, True, False]

    assert open_sockets.count() == 0


async def _refresh(api: Api, cookie: str | None = None) -> httpx.Response:
    if cookie is None:
        return await api.client.post("/api/auth/refresh", headers=SAME_SITE)
    async with httpx.AsyncClient(transport=api.client._transport, base_url="http://server") as other:
        return await other.post("/api/auth/refresh", headers={**SAME_SITE, "Cookie": f"{REFRESH}={cookie}"})


async def _me(api: Api, token: str) -> Any:
    return await api.client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})


async def _age_last_renewal(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(Login).values(used_at=utc_now() - timedelta(minutes=1)))


async def _logged_actions(database: Database) -> list[str]:
    async with database.read() as session:
        return list((await session.scalars(select(AuditEntry.action).order_by(AuditEntry.number))).all())


async def _count_open(database: Database) -> int:
    async with database.read() as session:
        return len((await session.scalars(select(Login).where(Login.ended_at.is_(None)))).all())
