"""The dependencies of the routes: who gets in, and what a session promises."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from backend import logs
from backend.accounts import service, tokens
from backend.accounts.access import Admin, CurrentUser, NotSignedIn, Reading, SuperAdmin, Writing, authenticate
from backend.accounts.tables import Role, User
from backend.database import Database, utc_now
from backend.settings import Settings
from tests.accounts.people import House, make_app, open_house


@pytest.fixture
async def house(settings: Settings, database: Database) -> AsyncIterator[House]:
    """A house with a door for each dependency."""
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
    async def number(session: Reading) -> int:
        return await session.scalar(select(func.count()).select_from(User)) or 0

    @app.post("/twice")
    async def twice(session: Writing) -> str:
        session.add(User(username="ada", username_key="ada"))  # refused when the transaction is committed
        return "done"

    @app.post("/fail")
    async def fail(session: Writing) -> None:
        await service.create(session, username="ghost", password_hash=None)
        raise service.UserNotFound

    async with open_house(app) as house:
        yield house


@pytest.mark.parametrize(
    ("door", "welcome"),
    [
        ("/users", {"ada", "grace", "root"}),
        ("/admins", {"grace", "root"}),
        ("/super-admins", {"root"}),
    ],
)
async def test_each_door_opens_for_its_role_and_those_above(house: House, door: str, welcome: set[str]) -> None:
    for name in ("ada", "grace", "root"):
        answer = await house.client.get(door, headers=house.bearer(name))

        if name in welcome:
            assert (200, name) == (answer.status_code, answer.json())
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_without_a_token_no_door_opens(house: House) -> None:
    for door in ("/users", "/admins", "/super-admins"):
        for header in (None, "", "Bearer", "Bearer ", "Basic YTpi", "junk"):
            answer = await house.client.get(door, headers={} if header is None else {"Authorization": header})

            assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_counts_in_the_header_only(house: House) -> None:
    token = house.bearer("root")["Authorization"].removeprefix("Bearer ")

    for where in (
        house.client.get("/users", params={"token": token, "access_token": token}),
        house.client.get("/users", headers={"Cookie": f"access_token={token}"}),
        house.client.get("/users", headers={"X-Token": token}),
    ):
        assert (await where).status_code == 401


async def test_a_bad_token_opens_no_door(house: House) -> None:
    for token in ("junk", "a.b.c", "\u00e9"):
        answer = await house.client.get("/users", headers={b"Authorization": f"Bearer {token}".encode()})

        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_an_expired_token_opens_no_door(house: House) -> None:
    ada = house.people["ada"]
    old = tokens.issue(house.settings, tokens.Login(ada.id, 0), utc_now() - timedelta(days=1))

    answer = await house.client.get("/users", headers={"Authorization": f"Bearer {old}"})

    assert answer.status_code == 401


async def test_a_disabled_user_is_out_at_once(house: House) -> None:
    headers = house.bearer("ada")
    assert (await house.client.get("/users", headers=headers)).status_code == 200

    async with house.database.write() as session:
        await session.execute(update(User).where(User.username == "ada").values(active=False))

    assert (await house.client.get("/users", headers=headers)).status_code == 401


async def test_a_deleted_user_is_out_at_once(house: House) -> None:
    headers = house.bearer("ada")

    async with house.database.write() as session:
        await session.delete(await service.find(session, house.people["ada"].id))

    assert (await house.client.get("/users", headers=headers)).status_code == 401


async def test_a_demoted_admin_is_a_user_at_once(house: House) -> None:
    headers = house.bearer("grace")
    assert (await house.client.get("/admins", headers=headers)).status_code == 200

    async with house.database.write() as session:
        await session.execute(update(User).where(User.username == "grace").values(role=Role.USER.value))

    assert (await house.client.get("/admins", headers=headers)).status_code == 403
    assert (await house.client.get("/users", headers=headers)).status_code == 200


async def test_logins_that_were_ended_are_dead(house: House) -> None:
    headers = house.bearer("ada")

    async with house.database.write() as session:
        await service.end_logins(session, house.people["ada"].id)

    assert (await house.client.get("/users", headers=headers)).status_code == 401


async def test_a_socket_is_asked_the_same_question(house: House) -> None:
    async with house.database.read() as session:
        token = house.bearer("ada")["Authorization"].removeprefix("Bearer ")

        assert house.people["ada"].id == (await authenticate(session, house.settings, token)).id
        with pytest.raises(NotSignedIn):
            await authenticate(session, house.settings, "junk")


async def test_the_log_of_a_request_names_its_user(house: House) -> None:
    answer = await house.client.get("/logged-as", headers=house.bearer("ada"))

    assert house.people["ada"].id == answer.json()


async def test_a_user_who_sends_for_an_hour_holds_no_connection(house: House) -> None:
    answer = await house.client.post("/slow", headers=house.bearer("ada"))

    assert answer.json() == [0, 0]


async def test_a_commit_that_fails_is_no_success(house: House) -> None:
    answer = await house.client.post("/twice")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


async def test_an_error_leaves_nothing_behind(house: House) -> None:
    before = (await house.client.get("/count")).json()

    answer = await house.client.post("/fail")

    assert answer.status_code == 404
    assert before == (await house.client.get("/count")).json()


async def test_many_ask_at_once(house: House) -> None:
    answers = await asyncio.gather(*(house.client.get("/users", headers=house.bearer("ada")) for _ in range(60)))

    assert {200} == {answer.status_code for answer in answers}


def test_the_docs_know_how_to_sign_in(settings: Settings, database: Database) -> None:
    schema = make_app(settings, database).openapi()

    flows = schema["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]
    assert flows["password"]["tokenUrl"] == "/api/auth/login"
    assert schema["paths"]["/api/auth/me"]["get"]["security"]
