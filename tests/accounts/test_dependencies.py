"""Authentication, roles and the database sessions of the routes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from backend import logs
from backend.accounts import service, tokens
from backend.accounts.dependencies import (
    Admin,
    CurrentUser,
    NotSignedIn,
    ReadSession,
    SuperAdmin,
    WriteSession,
    authenticate,
)
from backend.accounts.tables import Role, User
from backend.database import Database, utc_now
from backend.settings import Settings
from tests.accounts.people import Api, make_app, open_api


@pytest.fixture
async def api(settings: Settings, database: Database) -> AsyncIterator[Api]:
    """An app with one route for each dependency."""
    app = make_app(settings, database)

    @app.get("/users")
    async def users(user: CurrentUser) -> str:
        return user.username

    @app.get("/admins")
    async def admins(user: Admin) -> str:
        return user.username

    @app.get("/super-admins")
    async def super_admins(user: SuperAdmin) -> str:
        return user.username

    @app.get("/logged-as")
    async def logged_as(_user: CurrentUser) -> str | None:
        return logs.user_id.get()

    @app.post("/slow")
    async def slow(_user: CurrentUser) -> list[int]:
        return [engine.pool.checkedout() for engine in (database.reader, database.writer)]  # type: ignore[attr-defined]

    @app.get("/count")
    async def number(session: ReadSession) -> int:
        return await session.scalar(select(func.count()).select_from(User)) or 0

    @app.post("/twice")
    async def twice(session: WriteSession) -> str:
        session.add(User(username="ada", username_key="ada"))  # refused when the transaction is committed
        return "done"

    @app.post("/fail")
    async def fail(session: WriteSession) -> None:
        await service.create(session, username="ghost", password_hash=None)
        raise service.UserNotFound

    async with open_api(app) as api:
        yield api


@pytest.mark.parametrize(
    ("route", "allowed"),
    [
        ("/users", {"ada", "grace", "root"}),
        ("/admins", {"grace", "root"}),
        ("/super-admins", {"root"}),
    ],
)
async def test_each_route_allows_its_role_and_higher_roles(api: Api, route: str, allowed: set[str]) -> None:
    for name in ("ada", "grace", "root"):
        answer = await api.client.get(route, headers=api.bearer(name))

        if name in allowed:
            assert (200, name) == (answer.status_code, answer.json())
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_request_without_a_token_is_refused(api: Api) -> None:
    for route in ("/users", "/admins", "/super-admins"):
        for header in (None, "", "Bearer", "Bearer ", "Basic YTpi", "junk"):
            answer = await api.client.get(route, headers={} if header is None else {"Authorization": header})

            assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_is_accepted_in_the_header_only(api: Api) -> None:
    token = api.bearer("root")["Authorization"].removeprefix("Bearer ")

    for where in (
        api.client.get("/users", params={"token": token, "access_token": token}),
        api.client.get("/users", headers={"Cookie": f"access_token={token}"}),
        api.client.get("/users", headers={"X-Token": token}),
    ):
        assert (await where).status_code == 401


async def test_an_invalid_token_is_refused(api: Api) -> None:
    for token in ("junk", "a.b.c", "\u00e9"):
        answer = await api.client.get("/users", headers={b"Authorization": f"Bearer {token}".encode()})

        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_an_expired_token_is_refused(api: Api) -> None:
    ada = api.people["ada"]
    old = tokens.issue(api.settings, tokens.Login(ada.id, 0), utc_now() - timedelta(days=1))

    answer = await api.client.get("/users", headers={"Authorization": f"Bearer {old}"})

    assert answer.status_code == 401


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_server_whose_clock_is_an_hour_off_accepts_tokens_of_another_as_long_as_that_one(
    api: Api, hours: int
) -> None:
    ada, right = api.people["ada"], utc_now() + timedelta(hours=hours)
    lifetime = tokens.lifetime(api.settings)

    async def answer(issued_at: datetime) -> int:
        token = tokens.issue(api.settings, tokens.Login(ada.id, 0), issued_at)
        return (await api.client.get("/users", headers={"Authorization": f"Bearer {token}"})).status_code

    assert await answer(right) == 401  # this server goes by its own clock

    api.clock.offset = timedelta(hours=hours)  # as its heartbeat finds it

    assert await answer(right) == 200
    assert await answer(right - lifetime + timedelta(minutes=2)) == 200
    assert await answer(right - lifetime - timedelta(minutes=2)) == 401
    assert await answer(utc_now()) == 401


async def test_a_disabled_user_is_refused_at_once(api: Api) -> None:
    headers = api.bearer("ada")
    assert (await api.client.get("/users", headers=headers)).status_code == 200

    async with api.database.write() as session:
        await session.execute(update(User).where(User.username == "ada").values(active=False))

    assert (await api.client.get("/users", headers=headers)).status_code == 401


async def test_a_deleted_user_is_refused_at_once(api: Api) -> None:
    headers = api.bearer("ada")

    async with api.database.write() as session:
        await session.delete(await service.find(session, api.people["ada"].id))

    assert (await api.client.get("/users", headers=headers)).status_code == 401


async def test_a_demoted_admin_loses_admin_rights_at_once(api: Api) -> None:
    headers = api.bearer("grace")
    assert (await api.client.get("/admins", headers=headers)).status_code == 200

    async with api.database.write() as session:
        await session.execute(update(User).where(User.username == "grace").values(role=Role.USER.value))

    assert (await api.client.get("/admins", headers=headers)).status_code == 403
    assert (await api.client.get("/users", headers=headers)).status_code == 200


async def test_a_token_of_an_ended_login_is_refused(api: Api) -> None:
    headers = api.bearer("ada")

    async with api.database.write() as session:
        await service.end_logins(session, api.people["ada"].id)

    assert (await api.client.get("/users", headers=headers)).status_code == 401


async def test_authenticate_can_be_called_outside_of_a_request(api: Api) -> None:
    async with api.database.read() as session:
        token = api.bearer("ada")["Authorization"].removeprefix("Bearer ")

        assert api.people["ada"].id == (await authenticate(session, api.settings, token, api.clock)).id
        with pytest.raises(NotSignedIn):
            await authenticate(session, api.settings, "junk", api.clock)


async def test_the_log_of_a_request_names_its_user(api: Api) -> None:
    answer = await api.client.get("/logged-as", headers=api.bearer("ada"))

    assert api.people["ada"].id == answer.json()


async def test_a_slow_request_holds_no_database_connection(api: Api) -> None:
    answer = await api.client.post("/slow", headers=api.bearer("ada"))

    assert answer.json() == [0, 0]


async def test_a_failed_commit_is_answered_with_an_error(api: Api) -> None:
    answer = await api.client.post("/twice")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


async def test_an_error_rolls_back_the_transaction(api: Api) -> None:
    before = (await api.client.get("/count")).json()

    answer = await api.client.post("/fail")

    assert answer.status_code == 404
    assert before == (await api.client.get("/count")).json()


async def test_many_requests_at_once_succeed(api: Api) -> None:
    answers = await asyncio.gather(*(api.client.get("/users", headers=api.bearer("ada")) for _ in range(60)))

    assert {200} == {answer.status_code for answer in answers}


def test_the_api_schema_describes_how_to_sign_in(settings: Settings, database: Database) -> None:
    schema = make_app(settings, database).openapi()

    flows = schema["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]
    assert flows["password"]["tokenUrl"] == "/api/auth/login"
    assert schema["paths"]["/api/auth/me"]["get"]["security"]
